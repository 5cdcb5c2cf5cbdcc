"""Break-glass: two stewards read one event that they may not see; every step is recorded, and its publisher told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from events.acts import StewardAct
from events.decisions.glass import REASONS
from tests.postgres import fresh_database
from tests.running import TestClient, World, calling, make_world, recording, threat

Json = Any

GLASS = "/api/v1/glass"
SOURCE = "urn:hub:partner:harbour-bar-watch"
REASON = {"code": "danger_to_life", "text": "A hotline call names this threat."}


on_both_stores = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest) -> str:
    """Say where the log is: in the hub's own folder, unless a test asks for PostgreSQL."""
    return fresh_database() if getattr(request, "param", "sqlite") == "postgresql" else ""


@pytest.fixture
def world(tmp_path: Path, store: str) -> World:
    world = make_world(tmp_path, store=store)
    for name in ("anna", "ben", "cleo"):
        world.issue(name, "stewards", "steward", account=name, clearance="amber+strict")
    world.issue("boss", "harbour-bar-watch", "coordinator", clearance="red")
    return world


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world) as client:
        yield client


def publish(door: TestClient, world: World, number: int = 1, **more: Json) -> str:
    event = threat(number, **{"tlp": "red", "data": {"narrative": "What only we know."}, **more})
    answer = door.post("/api/v1/events", json=event, headers=world.bearer("boss"))
    assert answer.status_code == 201, answer.text
    settle(door, answer.json()["cursor"])
    return str(event["id"])


def settle(door: TestClient, cursor: str) -> None:
    assert door.get("/healthz", params={"at_least": cursor}).status_code == 200


def ask(door: TestClient, world: World, who: str = "anna", event: str = "t-1", **more: Json) -> Any:
    body = {"source": SOURCE, "id": event, "reason": REASON, **more}
    return door.post(GLASS, json=body, headers=world.bearer(who))


def approve(door: TestClient, world: World, who: str, request: str) -> Any:
    return door.post(f"{GLASS}/{request}/approve", headers=world.bearer(who))


def read(door: TestClient, world: World, who: str, request: str) -> Any:
    return door.get(f"{GLASS}/{request}", headers=world.bearer(who))


def opened(door: TestClient, world: World, event: str = "t-1") -> str:
    request = str(ask(door, world, event=event).json()["request"])
    assert approve(door, world, "ben", request).status_code == 200
    return request


def acts(door: TestClient, world: World, who: str) -> list[Json]:
    """Return what an account may read of the steps, newest last."""
    head = door.app_state["cursors"].encode(door.app_state["end_of_log"]())
    asked = {"type": "steward.*", "at_least": head}
    events = door.get("/api/v1/events", params=asked, headers=world.bearer(who)).json()["events"]
    return [one["data"] for one in events]


@on_both_stores
def test_two_stewards_read_an_event_that_neither_may_see(door: TestClient, world: World) -> None:
    event_id = publish(door, world)
    alone = door.get(f"/api/v1/events/{SOURCE}/{event_id}", headers=world.bearer("anna"))
    assert alone.status_code == 404
    asked = ask(door, world)
    assert asked.status_code == 202
    said = asked.json()
    assert said == {
        "request": said["request"], "status": "asked", "source": SOURCE, "id": event_id,
        "partner": "harbour-bar-watch", "reason": REASON,
        "asked": {"account": "anna", "at": "2031-05-04T12:00:00.000000Z"}, "opened": None,
        "until": "2031-05-05T12:00:00.000000Z", "reads": 0,
    }  # fmt: skip
    agreed = approve(door, world, "ben", said["request"])
    assert (agreed.status_code, agreed.json()["status"]) == (200, "open")
    assert agreed.json()["opened"]["account"] == "ben"
    assert agreed.json()["until"] == "2031-05-04T13:00:00.000000Z"
    for who, reads in (("anna", 1), ("ben", 2)):
        shown = read(door, world, who, said["request"])
        assert shown.status_code == 200
        assert shown.json()["event"]["data"]["narrative"] == "What only we know."
        assert shown.json()["status"] == "active"
        assert set(shown.json()["receipt"]) == {"recorded", "digest"}
        assert shown.json()["glass"]["reads"] == reads
    still = door.get(f"/api/v1/events/{SOURCE}/{event_id}", headers=world.bearer("anna"))
    assert still.status_code == 404


@on_both_stores
def test_each_step_is_an_event_that_stewards_and_the_publisher_read(door: TestClient, world: World) -> None:
    publish(door, world)
    request = opened(door, world)
    read(door, world, "ben", request)
    steps = acts(door, world, "cleo")
    assert [(one["action"], one["account"]) for one in steps] == [
        ("glass_asked", "anna"), ("glass_opened", "ben"), ("glass_read", "ben"),
    ]  # fmt: skip
    assert {one["subject"] for one in steps} == {request}
    assert {one["partner"] for one in steps} == {"harbour-bar-watch"}
    assert steps[0]["detail"] == {
        "token": world.accounts["anna"].id, "source": SOURCE, "id": "t-1", **REASON
    }  # fmt: skip
    assert acts(door, world, "boss") == steps
    assert acts(door, world, "observer") == []
    assert "only we know" not in str(steps)


def test_the_publisher_looks_at_such_an_event_by_itself(door: TestClient, world: World) -> None:
    publish(door, world)
    ask(door, world)
    acts(door, world, "cleo")
    [event] = door.get(
        "/api/v1/events", params={"type": "steward.acted"}, headers=world.bearer("boss")
    ).json()["events"]
    world.issue("strict", "harbour-bar-watch", "coordinator", clearance="amber+strict")
    for who in ("boss", "strict", "cleo"):
        one = door.get(f"/api/v1/events/{event['source']}/{event['id']}", headers=world.bearer(who))
        assert one.status_code == 200
        assert one.json()["event"] == event


@on_both_stores
def test_nobody_tells_whether_there_is_such_an_event(door: TestClient, world: World) -> None:
    publish(door, world)
    there, nowhere = ask(door, world), ask(door, world, event="t-404")
    assert there.status_code == nowhere.status_code == 202
    hidden = {"request", "id"}
    one, other = ({k: v for k, v in answer.json().items() if k not in hidden} for answer in (there, nowhere))
    assert one == other
    request = nowhere.json()["request"]
    assert approve(door, world, "ben", request).status_code == 200
    assert read(door, world, "anna", request).status_code == 404
    assert acts(door, world, "cleo")[-1]["action"] == "glass_read"


@on_both_stores
def test_the_reading_is_recorded_before_it_is_answered(
    door: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(door, world)
    request = opened(door, world)
    heads: list[int] = []
    room = door.app_state["room"]
    whole = room.break_glass

    def looked(source: str, event_id: str) -> Json:
        heads.append(int(door.app_state["end_of_log"]()))
        return whole(source, event_id)

    before = int(door.app_state["end_of_log"]())
    monkeypatch.setattr(room, "break_glass", looked)
    assert read(door, world, "anna", request).status_code == 200
    assert heads == [before + 1]


@on_both_stores
def test_the_same_steward_cannot_approve(door: TestClient, world: World) -> None:
    request = ask(door, world).json()["request"]
    world.issue("anna again", "stewards", "steward", account="anna", clearance="red")
    for who in ("anna", "anna again"):
        refused = approve(door, world, who, request)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:hub:problem:glass-refused")
        assert [one["code"] for one in refused.json()["errors"]] == ["same_steward"]
    assert [one["action"] for one in acts(door, world, "cleo")] == ["glass_asked"]


@pytest.mark.parametrize(
    ("who", "minutes", "code"),
    [("cleo", 0, "not_yours"), ("anna", 60, "lapsed"), ("cleo", 60, "lapsed")],
)
def test_only_the_two_read_and_for_an_hour(
    door: TestClient, world: World, who: str, minutes: int, code: str
) -> None:
    publish(door, world)
    request = opened(door, world)
    world.clock.move(minutes=minutes)
    refused = read(door, world, who, request)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, code)
    world.clock.move(minutes=-1)
    assert read(door, world, "ben", request).status_code == 200


def test_before_a_second_steward_agrees_nobody_reads(door: TestClient, world: World) -> None:
    publish(door, world)
    request = ask(door, world).json()["request"]
    refused = read(door, world, "anna", request)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "not_open")


def test_a_request_is_approved_once_and_within_a_day(door: TestClient, world: World) -> None:
    request = opened(door, world)
    again = approve(door, world, "cleo", request)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (403, "already_decided")
    late = ask(door, world).json()["request"]
    world.clock.move(hours=24)
    refused = approve(door, world, "ben", late)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "lapsed")


def test_the_list_shows_what_waits_and_what_is_open(door: TestClient, world: World) -> None:
    def listed() -> list[tuple[str, str]]:
        answer = door.get(GLASS, headers=world.bearer("cleo"))
        return [(one["id"], one["status"]) for one in answer.json()["requests"]]

    assert listed() == []
    world.clock.move(hours=11, minutes=59)
    ask(door, world, event="t-1")
    second = ask(door, world, event="t-2").json()["request"]
    world.clock.move(hours=23)
    approve(door, world, "ben", second)
    assert listed() == [("t-1", "asked"), ("t-2", "open")]
    world.clock.move(hours=1)
    assert listed() == []


@on_both_stores
def test_a_restart_forgets_nothing(world: World) -> None:
    with calling(world) as door:
        publish(door, world)
        request = opened(door, world)
    with calling(world) as door:
        assert read(door, world, "anna", request).status_code == 200


def test_others_find_nothing_here(door: TestClient, world: World) -> None:
    request = opened(door, world)
    world.issue("pretender", "open-docket", "steward", clearance="red")
    nothing = door.get("/api/v1/nothing")
    for who in ("observer", "publisher", "boss", "pretender", None):
        headers = {} if who is None else world.bearer(who)
        for method, address in (
            ("GET", GLASS), ("POST", GLASS), ("GET", f"{GLASS}/{request}"), ("POST", f"{GLASS}/{request}/approve"),
        ):  # fmt: skip
            answer = door.request(method, address, headers=headers, json={} if method == "POST" else None)
            assert (answer.status_code, answer.content) == (404, nothing.content), (who, method, address)


@pytest.mark.parametrize("request_id", ["nothing", "20310504-00000000-0000-4000-8000-000000000000"])
def test_a_request_that_nobody_made_is_absent(door: TestClient, world: World, request_id: str) -> None:
    assert read(door, world, "anna", request_id).status_code == 404
    assert approve(door, world, "anna", request_id).status_code == 404


def test_a_read_only_steward_breaks_no_glass(door: TestClient, world: World) -> None:
    world.issue("guest", "stewards", "steward", account="guest", clearance="red", read_only=True)
    request = opened(door, world)
    assert ask(door, world, "guest").status_code == 403
    assert approve(door, world, "guest", request).status_code == 403
    assert read(door, world, "guest", request).status_code == 403
    assert door.get(GLASS, headers=world.bearer("guest")).status_code == 200


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"source": "urn:hub:elsewhere"}, "/source"),
        ({"source": 7}, "/source"),
        ({"event": ""}, "/id"),
        ({"event": "x" * 129}, "/id"),
        ({"reason": "because"}, "/reason"),
        ({"reason": {**REASON, "who": "x"}}, "/reason"),
        ({"reason": {**REASON, "code": "curiosity"}}, "/reason/code"),
        ({"reason": {**REASON, "text": "  "}}, "/reason/text"),
        ({"reason": {**REASON, "text": "x" * 501}}, "/reason/text"),
        ({"colour": "red"}, ""),
    ],
)
def test_a_request_that_does_not_fit_is_refused_with_its_place(
    door: TestClient, world: World, more: Json, pointer: str
) -> None:
    refused = ask(door, world, **more)
    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]
    assert acts(door, world, "cleo") == []


def test_what_is_no_object_or_no_json_is_refused(door: TestClient, world: World) -> None:
    assert door.post(GLASS, json=[], headers=world.bearer("anna")).status_code == 422
    headers = {**world.bearer("anna"), "Content-Type": "application/x-ndjson"}
    assert door.post(GLASS, content="{}", headers=headers).status_code == 415


def test_the_codes_of_the_reference_are_those_of_the_archive() -> None:
    from hub.api.contracts import components
    from tests.running import registry

    question = components(registry())["GlassQuestion"]["properties"]["reason"]
    assert tuple(question["properties"]["code"]["enum"]) == REASONS


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example"])
def test_another_page_breaks_no_glass_with_a_session(
    door: TestClient, world: World, origin: str | None
) -> None:
    own = {"Origin": "http://hub.test"}
    assert door.post("/sign-in", data={"token": world.tokens["anna"]}, headers=own).status_code == 200
    headers = {} if origin is None else {"Origin": origin}
    body = {"source": SOURCE, "id": "t-1", "reason": REASON}
    assert door.post(GLASS, json=body, headers=headers).status_code == 403
    assert door.post(f"{GLASS}/x/approve", headers=headers).status_code == 403
    assert door.post(GLASS, json=body, headers=own).status_code == 202


def test_the_archive_itself_opens_nothing_that_nobody_asked_for(world: World) -> None:
    detail = {"token": "t", "source": SOURCE, "id": "t-1"}
    with recording(world) as intake:
        outcome = intake.note_steward_act(StewardAct("glass_opened", "ben", None, "20310504-x", detail))
    assert (outcome.status, [one.code for one in outcome.problems]) == ("refused", ["unknown_request"])
