"""Following by webhook, by mail and on a page: what is taken, what is refused, and who sees which of it."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.api.parameters import URGENCIES
from hub.keys import KeyMissing, keys_folder
from hub.subscriptions.opening import open_shelf
from hub.subscriptions.shelf import FILE
from hub.subscriptions.terms import MOST
from schemas.registry import Registry
from tests.receiver import Receiver, receiving
from tests.running import TestClient, World, calling, make_world
from tests.subscribing import SUBSCRIPTIONS, Follower, Publisher, make_following_world

Json = Any


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_following_world(tmp_path)


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world) as client:
        yield client


@pytest.fixture
def observer(door: TestClient, world: World) -> Follower:
    return Follower(door, world)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Follower]:
    """One who follows at a hub with the rules of every day; nothing that he asks is taken."""
    world = make_world(tmp_path_factory.mktemp("strict"))
    with calling(world) as client:
        yield Follower(client, world)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def problems(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"] == "urn:hub:problem:subscription-refused"
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


def page(observer: Follower, **more: Json) -> Json:
    answer = observer.ask({"channel": "page", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_webhook_answers_with_its_secret_once(observer: Follower, receiver: Receiver, world: World) -> None:
    answer = observer.ask({
        "channel": "webhook", "url": f"{receiver.url}/", "about": "threat:harbour-bar-watch.0001",
        "type": ["threat.*", "hearing.*"], "country": "QM", "partner": "harbour-bar-watch", "why": "Our own case.",
    })  # fmt: skip
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{SUBSCRIPTIONS}/{made['id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert made.pop("secret").startswith("whsec_")
    assert made["follows"] == {
        "about": ["threat:harbour-bar-watch.0001"], "type": ["threat.*", "hearing.*"], "country": ["QM"],
        "partner": ["harbour-bar-watch"],
    }  # fmt: skip
    assert (made["state"], made["asks"], made["signature"], made["why"]) == (
        "active",
        False,
        ["v1"],
        "Our own case.",
    )
    assert made["expires"] == (world.clock() + timedelta(days=104)).isoformat(
        timespec="microseconds"
    ).replace("+00:00", "Z")
    assert observer.get(made) == made


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], [("", "wrong_type")]),
        ({}, [("/channel", "required")]),
        ({"channel": None, "url": "x", "rate": "daily", "frob": 1},
         [("/channel", "unknown_code"), ("/frob", "unknown_field")]),
        ({"channel": "pigeon", "url": "x"}, [("/channel", "unknown_code")]),
        ({"channel": "webhook"}, [("/url", "required")]),
        ({"channel": "webhook", "url": 7}, [("/url", "wrong_type")]),
        ({"channel": "webhook", "url": "x" * 2049}, [("/url", "too_long")]),
        ({"channel": "webhook", "url": "y", "signature": "v2"}, [("/signature", "unknown_code")]),
        ({"channel": "webhook", "url": "y", "signature": []}, [("/signature", "unknown_code")]),
        ({"channel": "webhook", "url": "y", "rate": "daily"}, [("/rate", "unknown_field")]),
        ({"channel": "mail"}, [("/address", "required"), ("/rate", "required")]),
        ({"channel": "mail", "address": "a@b\nc.example", "rate": "each"},
         [("/address", "wrong_form"), ("/rate", "unknown_code")]),
        ({"channel": "page", "since": "2031-01-01", "a/~b": 1},
         [("/a~1~0b", "unknown_field"), ("/since", "unknown_field")]),
        ({"channel": "page", "about": ["threat:x.1", "no reference"], "type": 3, "country": "qm"},
         [("/about/1", "wrong_form"), ("/country", "wrong_form"), ("/type", "wrong_type")]),
        ({"channel": "page", "about": ["threat:x.1"] * 101}, [("/about", "too_many_items")]),
        ({"channel": "page", "about": [], "country": []}, [("/about", "too_few_items"), ("/country", "too_few_items")]),
        ({"channel": "page", "urgency": "panic"}, [("/urgency", "unknown_code")]),
        ({"channel": "page", "type": "treat.*"}, [("/type", "unknown_code")]),
        ({"channel": "page", "type": ["threat.*", "hearing", 3, "["]},
         [("/type/1", "unknown_code"), ("/type/2", "wrong_type"), ("/type/3", "wrong_form")]),
        ({"channel": "page", "type": ["threat.*"] * 101}, [("/type", "too_many_items")]),
        ({"channel": "page", "why": "x" * 501}, [("/why", "too_long")]),
        ({"channel": "page", "why": "a\0b"}, [("/why", "control_character")]),
        ({"channel": "page", "why": "\u202eb"}, [("/why", "bidi_override")]),
    ],
)  # fmt: skip
def test_every_problem_of_a_wish_is_told_at_once(
    strict: Follower, body: Json, expected: list[tuple[str, str]]
) -> None:
    assert problems(strict.ask(body)) == expected


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({}, "webhook, mail, page"),
        ({"channel": "page", "type": "treat.*"}, "Did you mean threat.*?"),
        ({"channel": "page", "type": "qqq"}, "accountability.*, action.*, "),
        ({"channel": "page", "urgency": "panic"}, "urgent, high, normal, low"),
    ],
)
def test_what_would_be_taken_is_told(strict: Follower, body: Json, hint: str) -> None:
    [problem] = strict.ask(body).json()["errors"]
    assert problem["hint"].startswith(hint)


def test_the_urgencies_that_may_be_asked_for_are_those_of_the_vocabulary() -> None:
    assert tuple(Registry.load().vocabularies["urgency"].codes) == URGENCIES


def test_what_kind_of_body_is_read_is_told(strict: Follower) -> None:
    headers = {**strict.headers, "content-type": "text/xml"}
    answer = strict.door.post(SUBSCRIPTIONS, content="<x/>", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (415, "Send one of: application/json.")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example/x", "wrong_scheme"),
        ("ftp://hooks.example/x", "wrong_scheme"),
        ("https://name:word@hooks.example/", "has_userinfo"),
        ("https://hooks.example:22/", "wrong_port"),
        ("https://127.0.0.1/", "not_public"),
        ("https://10.1.2.3/", "not_public"),
        ("https://169.254.169.254/latest/", "not_public"),
        ("https://[::1]/", "not_public"),
        ("https://[64:ff9b::a00:1]/", "not_public"),
        ("https://[2002:a00:1::1]/", "not_public"),
        ("https://224.0.0.1/", "not_public"),
        ("https://localhost/", "not_public"),
        ("https://no..body.example/", "not_public"),
        (f"https://{'x' * 64}.example/", "not_public"),
        ("https://hooks.example/ x", "not_a_uri"),
        ("https://[hooks/", "not_a_uri"),
    ],
)
def test_no_webhook_leads_into_the_hubs_own_network(strict: Follower, url: str, code: str) -> None:
    assert problems(strict.ask({"channel": "webhook", "url": url})) == [("/url", code)]


def test_nobody_sees_what_others_follow(
    observer: Follower, door: TestClient, world: World, receiver: Receiver
) -> None:
    mine = observer.follow(receiver.url, why="A private reason.", about="threat:harbour-bar-watch.0001")
    mail = observer.ask({"channel": "mail", "address": "anna@docket.example", "rate": "weekly"}).json()
    for who in ("publisher", "docket", "steward"):
        other = Follower(door, world, who)
        for method, part in (("GET", ""), ("GET", "/deliveries"), ("GET", "/news"), ("DELETE", ""),
                             ("POST", "/test"), ("POST", "/replay"), ("POST", "/rotate")):  # fmt: skip
            answer = door.request(method, f"{SUBSCRIPTIONS}/{mine['id']}{part}", headers=other.headers)
            absent = door.request(method, f"{SUBSCRIPTIONS}/sub_x{part}", headers=other.headers)
            assert (answer.status_code, answer.json()) == (404, absent.json())
        listed = door.get(SUBSCRIPTIONS, headers=other.headers)
        assert listed.json()["subscriptions"] == []
        for hidden in ("private reason", receiver.url, "anna@", "threat:harbour"):
            assert hidden not in listed.text
    assert {one["id"] for one in listed.json()["others"]} == {mine["id"], mail["id"]}
    assert set(listed.json()["others"][0]) == {"id", "partner", "account", "channel", "created"}
    own = door.get(SUBSCRIPTIONS, headers=observer.headers).json()
    assert {one["id"]: one["why"] for one in own["subscriptions"]} == {
        mine["id"]: "A private reason.",
        mail["id"]: "",
    }
    assert "others" not in own


def test_the_public_and_foreign_pages_follow_nothing(
    door: TestClient, observer: Follower, world: World
) -> None:
    assert door.post(SUBSCRIPTIONS, json={"channel": "page"}).status_code == 401
    assert door.get(SUBSCRIPTIONS).status_code == 401
    accounts = door.app_state["accounts"]
    session = accounts.open_session(world.tokens["observer"], world.clock(), timedelta(hours=1))
    door.cookies.set("hub_session", session)
    assert door.post(SUBSCRIPTIONS, json={"channel": "page"}).status_code == 403
    asked = {"channel": "page"}
    own = door.post(SUBSCRIPTIONS, json=asked, headers={"origin": "http://hub.test"})
    assert own.status_code == 201
    # A session and its token are one account.
    assert observer.get(own.json())["channel"] == "page"


def test_a_read_only_account_may_follow(door: TestClient, world: World) -> None:
    world.issue("reader", "open-docket", "publisher", read_only=True)
    reader = Follower(door, world, "reader")
    made = page(reader)
    assert reader.act(made, "confirm")["state"] == "active"


def test_what_may_be_read_from_some_networks_only_is_not_sent_out_of_them(
    world: World, receiver: Receiver
) -> None:
    world.issue("bound", "open-docket", "observer", networks=("198.51.100.0/24",))
    mail = {"channel": "mail", "address": "anna@docket.example", "rate": "daily"}
    with calling(world, client=("198.51.100.7", 50_000)) as door:
        bound = Follower(door, world, "bound")
        for asked in ({"channel": "webhook", "url": f"{receiver.url}/"}, mail):
            assert problems(bound.ask(asked)) == [("/channel", "not_allowed")]
        assert page(bound, why="Two\nlines.")["why"] == "Two\nlines."


def test_ending_forgets(observer: Follower, door: TestClient, receiver: Receiver) -> None:
    made = observer.follow(receiver.url)
    observer.act(made, "test")
    address = f"{SUBSCRIPTIONS}/{made['id']}"
    assert door.delete(address, headers=observer.headers).status_code == 204
    assert door.delete(address, headers=observer.headers).status_code == 404
    assert door.get(SUBSCRIPTIONS, headers=observer.headers).json()["subscriptions"] == []
    assert door.app_state["subscriptions"].shelf.get(made["id"]) is None


def test_an_account_has_only_so_many(observer: Follower) -> None:
    for _ in range(MOST):
        made = page(observer)
    assert problems(observer.ask({"channel": "page"})) == [("", "too_many_items")]
    observer.door.delete(f"{SUBSCRIPTIONS}/{made['id']}", headers=observer.headers)
    page(observer)


def test_a_hub_without_a_mail_server_follows_by_no_mail(strict: Follower) -> None:
    asked = {"channel": "mail", "address": "anna@docket.example", "rate": "daily"}
    assert problems(strict.ask(asked)) == [("/channel", "not_allowed")]


def test_a_page_lists_what_is_new_since_the_last_visit(
    observer: Follower, door: TestClient, world: World
) -> None:
    publisher = Publisher(door, world)
    publisher.publish()
    # What every view has by now is no news.
    door.get("/api/v1/events", params={"at_least": publisher.cursor}, headers=observer.headers)
    made = page(observer, type="threat.*")
    first = publisher.publish()
    publisher.publish(tlp="red")
    second = publisher.publish(data={"title": "Seen"})
    asked = {"at_least": publisher.cursor}
    news = observer.get(made, "/news", **asked)
    assert [(one["kind"], one["event"]["id"]) for one in news["messages"]] == [
        ("event", first),
        ("event", second),
    ]
    assert news["messages"][1]["event"]["data"]["title"] == "Seen"
    assert news["messages"][0]["touches"]
    assert news["more"] is False
    # Reading moves nothing; saying how far one has read does.
    assert observer.get(made, "/news") == news
    one = observer.get(made, "/news", limit=1)
    assert ([part["id"] for part in one["messages"]], one["more"]) == ([first], True)
    rest = observer.get(made, "/news", after=one["cursor"])
    assert [part["id"] for part in rest["messages"]] == [second]
    assert observer.get(made, "/news") == rest
    publisher.retract(second, "r-1")
    news = observer.get(made, "/news", after=rest["cursor"], at_least=publisher.cursor)
    [gone] = news["messages"]
    assert (gone["kind"], gone["id"], gone["reason"]) == ("withdrawn", second, "retracted")
    assert "event" not in gone
    observer.get(made, "/news", after=news["cursor"])
    assert observer.get(made, "/news") == {"messages": [], "cursor": news["cursor"], "more": False}
    # An older cursor shows what came after it, and does not bring the visit back.
    assert [one["id"] for one in observer.get(made, "/news", after=made["cursor"])["messages"]] == [
        first,
        second,
    ]
    assert observer.get(made)["cursor"] == news["cursor"]


def test_a_page_shows_all_that_its_account_may_see(door: TestClient, world: World) -> None:
    world.issue("red", "harbour-bar-watch", "coordinator", clearance="red")
    red = Follower(door, world, "red")
    made = page(red, type="threat.*")
    publisher = Publisher(door, world)
    publisher.publish(tlp="red")
    news = red.get(made, "/news", at_least=publisher.cursor)
    assert [one["event"]["tlp"] for one in news["messages"]] == ["red"]


def test_what_is_hidden_does_not_move_a_page(observer: Follower, door: TestClient, world: World) -> None:
    publisher = Publisher(door, world)
    made = page(observer, type="threat.*")
    publisher.publish(tlp="red")
    before = observer.get(made, "/news", at_least=publisher.cursor)
    publisher.publish(tlp="red")
    assert observer.get(made, "/news", at_least=publisher.cursor) == before
    assert observer.get(made)["cursor"] == made["cursor"]
    assert page(observer, type="threat.*")["cursor"] == made["cursor"]


def test_a_visit_keeps_a_follow_alive(observer: Follower, world: World) -> None:
    visited, left = page(observer), page(observer)
    world.clock.move(days=60)
    observer.get(visited, "/news")
    world.clock.move(days=31)
    shown = observer.until(left, lambda one: one["asks"])
    assert observer.get(visited)["asks"] is False
    listed = observer.door.get(SUBSCRIPTIONS, headers=observer.headers).json()
    assert [(one["subscription"], one["code"]) for one in listed["notices"]] == [(left["id"], "asks")]
    assert shown["state"] == "active"
    world.clock.move(days=15)
    ended = observer.until(left, lambda one: one["state"] == "ended")
    assert (ended["reason"], ended["asks"]) == ("stale", False)
    assert problems(
        observer.door.post(f"{SUBSCRIPTIONS}/{left['id']}/confirm", headers=observer.headers)
    ) == [("", "ended")]
    observer.get(visited, "/news")
    world.clock.move(days=31)
    for _ in range(2000):
        listed = observer.door.get(SUBSCRIPTIONS, headers=observer.headers).json()["subscriptions"]
        if [one["id"] for one in listed] == [visited["id"]]:
            return
    raise AssertionError(listed)


def test_each_channel_knows_what_it_can(observer: Follower, receiver: Receiver) -> None:
    webhook, kept = observer.follow(receiver.url), page(observer)
    mail = observer.ask({"channel": "mail", "address": "anna@docket.example", "rate": "weekly"}).json()
    assert (mail["address"], mail["rate"]) == ("anna@docket.example", "weekly")
    assert observer.act(kept, "test", status=422)["errors"][0]["code"] == "not_allowed"
    assert observer.act(mail, "rotate", status=422)["errors"][0]["code"] == "not_allowed"
    news = observer.door.get(f"{SUBSCRIPTIONS}/{webhook['id']}/news", headers=observer.headers)
    assert problems(news) == [("", "not_allowed")]
    bodies: list[Json] = [{}, {"after": 1}, {"after": "begin", "more": 1}, []]
    for body in bodies:
        answer = observer.door.post(
            f"{SUBSCRIPTIONS}/{webhook['id']}/replay", json=body, headers=observer.headers
        )
        assert problems(answer) == [("/after", "required")]
    answer = observer.act(webhook, "replay", {"after": "A" * 22}, 400)
    assert answer["type"] == "urn:hub:problem:unknown-cursor"


def test_notes_addresses_and_secrets_lie_encrypted_and_are_logged_nowhere(
    observer: Follower, world: World, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        made = observer.follow(
            f"{receiver.url}/secret-path", why="Because of Dovrask.", about="lawyer:x.followed"
        )
        observer.act(made, "test")
    data = world.settings.data
    written = b"".join(one.read_bytes() for one in data.glob(f"{FILE}*"))
    for private in (
        "Dovrask",
        "secret-path",
        "followed",
        made["secret"],
        made["secret"].removeprefix("whsec_"),
    ):
        assert private.encode() not in written
    assert "Dovrask" not in caplog.text
    assert made["secret"] not in caplog.text
    assert (data / FILE).stat().st_mode & 0o777 == 0o600


def test_another_key_does_not_open_the_shelf(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    open_shelf(tmp_path, world.chance).close()
    key = keys_folder(tmp_path) / "subscriptions.key"
    whole = key.read_bytes()
    key.write_bytes(bytes(32))
    with pytest.raises(KeyMissing, match="secrets of subscriptions"):
        open_shelf(tmp_path, world.chance)
    key.unlink()
    with pytest.raises(KeyMissing, match=r"subscriptions\.key is missing"):
        open_shelf(tmp_path, world.chance)
    key.write_bytes(whole)
    open_shelf(tmp_path, world.chance).close()


def test_a_folder_of_an_earlier_version_gets_its_key(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    (keys_folder(tmp_path) / "subscriptions.key").unlink()
    with calling(world) as door:
        assert page(Follower(door, world))["state"] == "active"
