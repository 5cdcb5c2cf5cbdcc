"""Personal addresses: they read three addresses for their account alone, until somebody says no."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.accounts import FILE
from hub.personal.keys import MOST
from tests.running import NOON, TestClient, World, calling, make_world, threat

Json = Any
ADDRESSES = "/api/v1/addresses"
BASE = "http://hub.test"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world) as client:
        yield client


def make(door: TestClient, world: World, purpose: str = "feed", who: str = "observer", **more: Json) -> Json:
    answer = door.post(ADDRESSES, json={"for": purpose, **more}, headers=world.bearer(who))
    assert answer.status_code == 201, answer.text
    return answer.json()


def status(door: TestClient, made: Json, path: str = "/feed.json") -> int:
    return int(door.get(path, params={"key": made["key"]}).status_code)


def test_a_program_reads_by_the_address_alone(door: TestClient, world: World) -> None:
    posted = door.post("/api/v1/events", json=threat(1), headers=world.bearer("publisher")).json()
    feed, calendar = make(door, world, note="reader at home"), make(door, world, "calendar")
    assert [url.partition("?")[0] for url in feed["urls"]] == [f"{BASE}/feed.atom", f"{BASE}/feed.json"]
    asked = {"key": feed["key"], "at_least": posted["cursor"]}
    answer = door.get("/feed.json", params=asked)
    assert answer.json()["items"][0]["_hub"]["id"] == "t-1"
    assert feed["key"] not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
    assert answer.headers["cache-control"] == "private, no-cache"
    assert door.get(calendar["urls"][0].removeprefix(BASE)).status_code == 200


def test_it_opens_nothing_else(door: TestClient, world: World) -> None:
    feed, calendar = make(door, world), make(door, world, "calendar")
    assert status(door, feed, "/hearings.ics") == 401
    assert status(door, calendar, "/feed.atom") == 401
    assert status(door, feed, "/api/v1/events") == 400
    for key in (feed["key"], calendar["key"]):
        assert door.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_the_key_is_shown_once_and_kept_only_as_a_hash(door: TestClient, world: World) -> None:
    made = make(door, world, note="telephone")
    listed = door.get(ADDRESSES, headers=world.bearer("observer"))
    assert made["key"] not in listed.text
    assert listed.json()["addresses"] == [
        {name: made[name] for name in ("id", "for", "note", "created", "expires")}
    ]
    kept = (world.settings.data / FILE).read_bytes() + (world.settings.data / f"{FILE}-wal").read_bytes()
    assert made["key"].encode() not in kept
    assert len(made["key"]) >= len("hubread_") + 43


def test_a_revoked_address_works_no_more_at_once(door: TestClient, world: World) -> None:
    made, other = make(door, world), make(door, world)
    assert status(door, made) == 200
    one = f"{ADDRESSES}/{made['id']}"
    assert door.delete(one, headers=world.bearer("publisher")).status_code == 404
    assert door.delete(one, headers=world.bearer("observer")).status_code == 204
    assert door.delete(one, headers=world.bearer("observer")).status_code == 404
    assert (status(door, made), status(door, other)) == (401, 200)


def test_it_ends_with_its_token(door: TestClient, world: World) -> None:
    world.issue("short", "open-docket", "observer", expires=NOON + timedelta(hours=1))
    revoked, expiring = make(door, world), make(door, world, who="short")
    assert expiring["expires"] is not None
    world.revoke("observer")
    assert (status(door, revoked), status(door, expiring)) == (401, 200)
    world.clock.move(hours=1)
    assert status(door, expiring) == 401
    make(door, world, who="publisher")
    with closing(sqlite3.connect(world.settings.data / FILE)) as db:
        assert db.execute("SELECT count(*) FROM addresses").fetchone() == (1,)


def test_it_ends_with_its_partner(door: TestClient, world: World) -> None:
    made = make(door, world)
    suspended = {"partner": "partner:open-docket", "scope": "both"}
    raw = {
        "specversion": "1.0",
        "id": "s-1",
        "source": "urn:hub:partner:stewards",
        "type": "partner.suspended",
    }
    answer = door.post("/api/v1/events", json={**raw, "data": suspended}, headers=world.bearer("steward"))
    assert answer.status_code == 201, answer.text
    assert status(door, made) == 403


def test_it_works_only_from_where_its_token_does(door: TestClient, world: World) -> None:
    world.issue("office", "open-docket", "observer", networks=("192.0.2.0/24",))
    made = make(door, world)
    with closing(sqlite3.connect(world.settings.data / FILE)) as db, db:
        db.execute("UPDATE addresses SET account = ?", (world.accounts["office"].id,))
        db.execute("DROP TABLE row_checks")  # so that the row counts as written by the hub
    assert status(door, made) == 401


def test_an_account_has_so_many(door: TestClient, world: World) -> None:
    for _ in range(MOST):
        make(door, world)
    answer = door.post(ADDRESSES, json={"for": "feed"}, headers=world.bearer("observer"))
    assert answer.json()["errors"][0]["code"] == "too_many_items"
    make(door, world, who="publisher")


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ([], [("", "wrong_type")]),
        ({}, [("/for", "required")]),
        ({"for": "all", "note": "x" * 101, "why": 1}, [("/for", "unknown_code"), ("/note", "too_long"),
                                                       ("", "unknown_field")]),
        ({"for": "feed", "note": "at\u202e\0home"}, [("/note", "control_character"), ("/note", "bidi_override")]),
        ({"for": "feed", "note": "at\nhome"}, [("/note", "control_character")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_once(door: TestClient, world: World, body: Json, problems: Json) -> None:
    answer = door.post(ADDRESSES, json=body, headers=world.bearer("observer"))
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:hub:problem:address-refused"
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == problems


def test_the_public_has_none(door: TestClient) -> None:
    assert door.post(ADDRESSES, json={"for": "feed"}).status_code == 401
    assert door.get(ADDRESSES).status_code == 401
    assert door.get("/feed.json", params={"key": "hubread_guess"}).status_code == 401


def test_whoever_guesses_must_wait(door: TestClient, world: World) -> None:
    for number in range(200):
        if door.get("/feed.json", params={"key": f"hubread_{number}"}).status_code == 429:
            return
    raise AssertionError


def test_whoever_guesses_keeps_nobody_out_who_reads_from_the_same_place(
    door: TestClient, world: World
) -> None:
    """Calendar services, exits of Tor and offices have one address for many people."""
    made = make(door, world)
    assert status(door, made) == 200
    while status(door, {"key": "hubread_guess"}) != 429:
        pass
    assert status(door, made) == 200
    assert status(door, {"key": "hubread_guess"}) == 429
    world.revoke("observer")
    assert status(door, made) == 401


def test_a_key_shows_what_its_token_shows_byte_for_byte(door: TestClient, world: World) -> None:
    posted = door.post("/api/v1/events", json=threat(1), headers=world.bearer("publisher")).json()
    door.post("/api/v1/events", json=threat(2, tlp="amber+strict"), headers=world.bearer("publisher"))
    door.get("/feed.json", params={"at_least": posted["cursor"]})
    for purpose, path in (("feed", "/feed.atom"), ("feed", "/feed.json"), ("calendar", "/hearings.ics")):
        by_key = door.get(path, params={"key": make(door, world, purpose)["key"], "country": "QM"})
        by_token = door.get(path, params={"country": "QM"}, headers=world.bearer("observer"))
        assert (by_key.content, by_key.headers) == (by_token.content, by_token.headers)
