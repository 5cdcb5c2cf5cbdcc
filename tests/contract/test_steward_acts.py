"""What stewards do is an event, which stewards read like any other, and which nobody can take back."""

import json
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from events.acts import StewardAct
from events.event import Position
from events.store import Store
from hub.accounts import FILE
from hub.commands.root import hub as command
from hub.commands.world import World as Terminal
from projections.rules import load_rules
from tests.running import TestClient, World, calling, make_world, recording, registry, serving, threat

Json = Any

EVENTS = "/api/v1/events"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path / "hub")


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world) as client:
        yield client


def run(world: World, *words: str, status: int = 0) -> str:
    """Call the command on the hub's folder; return what it prints."""
    environ = {"HUB_DATA": str(world.settings.data)}
    terminal = Terminal(world.clock, world.chance, lambda _: None, environ)
    result = CliRunner().invoke(command, list(words), obj=terminal, prog_name="hub")
    assert result.exit_code == status, (result.output, result.exception)
    return result.stdout if status == 0 else result.stderr


def acts(door: TestClient, world: World, who: str = "steward", **more: str) -> list[Json]:
    """Return the acts that an account may read, oldest first."""
    head = door.app_state["cursors"].encode(door.app_state["end_of_log"]())
    asked = {"type": "steward.*", "at_least": head, **more}
    answer = door.get(EVENTS, params=asked, headers=world.bearer(who))
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["events"]
    return found


def note(world: World, **more: Any) -> None:
    with recording(world) as intake:
        outcome = intake.note_steward_act(StewardAct("hub_mended", **more))
        assert outcome.status == "stored"


def test_an_act_is_an_event_like_any_other(door: TestClient, world: World) -> None:
    note(world, account="anna", partner="open-docket", subject="views", detail={"count": 3})
    [event] = acts(door, world)
    assert event["source"] == "urn:hub:partner:stewards"
    assert (event["type"], event["tlp"]) == ("steward.acted", "amber+strict")
    assert "audience" not in event
    assert event["data"] == {
        "action": "hub_mended", "account": "anna", "partner": "open-docket", "subject": "views",
        "detail": {"count": 3},
    }  # fmt: skip
    one = door.get(f"{EVENTS}/{event['source']}/{event['id']}", headers=world.bearer("steward"))
    assert one.json()["event"] == event


def test_only_stewards_read_acts_unless_the_act_names_others(door: TestClient, world: World) -> None:
    world.issue("strict", "open-docket", "coordinator", clearance="amber+strict")
    world.issue("green", "stewards", "observer", clearance="green")
    note(world, subject="one")
    note(world, subject="other", audience=("open-docket",))
    assert [one["data"]["subject"] for one in acts(door, world)] == ["one", "other"]
    assert [one["data"]["subject"] for one in acts(door, world, "strict")] == ["other"]
    for who in ("observer", "publisher", "green"):
        assert acts(door, world, who) == []
    assert door.get(EVENTS, params={"type": "steward.*"}).json()["events"] == []


def test_stewards_follow_acts(world: World) -> None:
    with serving(world) as hub:
        headers = {**world.bearer("steward"), "Accept": "text/event-stream"}
        asked = {"after": "now", "type": "steward.acted"}
        with httpx.stream("GET", f"{hub.url}/api/v1/feed", params=asked, headers=headers, timeout=10) as feed:
            messages = (json.loads(line[6:]) for line in feed.iter_lines() if line.startswith("data: "))
            assert next(messages)["kind"] == "live"
            note(world, subject="views")
            message = next(messages)
            assert (message["kind"], message["event"]["data"]["subject"]) == ("event", "views")


def test_every_view_takes_an_act_and_makes_nothing_of_it(door: TestClient, world: World) -> None:
    note(world, partner="open-docket", subject="views", detail={"text": "marigold"})
    assert len(acts(door, world)) == 1
    assert door.app_state["room"].stalls() == {}
    graph = door.get("/api/v1/graph", headers=world.bearer("steward")).json()
    assert not any(one["kind"] == "TOUCHES" for one in graph["edges"])
    assert "steward.acted.v1" not in load_rules(registry())


def test_no_partner_publishes_an_act(door: TestClient, world: World) -> None:
    own = {"specversion": "1.0", "id": "a-1", "source": "urn:hub:partner:stewards", "type": "steward.acted"}
    event = {**own, "data": {"action": "hub_mended", "account": "nobody"}}
    refused = door.post(EVENTS, json=event, headers=world.bearer("steward"))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_type")


@pytest.mark.parametrize(
    ("event_type", "data"),
    [
        ("record.retracted", {"reason": "false"}),
        ("record.corrected", {"changes": [{"pointer": "/account", "to": "nobody"}], "note": "No."}),
        ("record.corrected", {"changes": [], "tlp": "red", "note": "No."}),
    ],
)
def test_nobody_takes_an_act_back(
    door: TestClient, world: World, event_type: str, data: Mapping[str, Json]
) -> None:
    note(world, account="anna")
    [event] = acts(door, world)
    own = {"specversion": "1.0", "id": "r-1", "source": "urn:hub:partner:stewards", "type": event_type}
    amendment = {**own, "data": {"about_event": event["id"], **data}}
    door.post(EVENTS, json=amendment, headers=world.bearer("steward"))
    assert acts(door, world) == [event]
    assert door.app_state["room"].stalls() == {}


# From the command line


def test_a_token_that_is_issued_or_revoked_is_an_act(door: TestClient, world: World) -> None:
    words = ("open-docket", "--role", "observer", "--network", "192.0.2.0/24", "--expires", "1d")
    made = json.loads(run(world, "token", "add", *words, "--json"))
    run(world, "token", "revoke", made["id"])
    issued, revoked = (one["data"] for one in acts(door, world))
    assert issued == {
        "action": "token_issued", "account": "command", "partner": "open-docket", "subject": made["id"],
        "detail": {"role": "observer", "clearance": "amber", "read_only": False,
                   "expires": "2031-05-05T12:00:00Z"},
    }  # fmt: skip
    assert revoked == {
        "action": "token_revoked", "account": "command", "partner": "open-docket", "subject": made["id"],
    }  # fmt: skip
    said = json.dumps(acts(door, world))
    assert made["token"] not in said
    assert "192.0.2" not in said


def test_the_list_shows_from_where_a_token_works(world: World) -> None:
    networks = ("--network", "192.0.2.0/24", "--network", "2001:db8::/32")
    made = json.loads(run(world, "token", "add", "open-docket", "--role", "observer", *networks, "--json"))
    assert made["networks"] == ["192.0.2.0/24", "2001:db8::/32"]
    rows = [json.loads(line) for line in run(world, "token", "list", "open-docket", "--json").splitlines()]
    assert {row["id"]: row["networks"] for row in rows}[made["id"]] == made["networks"]
    assert "only from 192.0.2.0/24, 2001:db8::/32" in run(world, "token", "list")
    wrong = run(world, "token", "add", "open-docket", "--role", "observer", "--network", "home", status=2)
    assert "192.0.2.0/24" in wrong


def test_a_link_that_is_issued_is_an_act_and_signs_in_once(door: TestClient, world: World) -> None:
    made = json.loads(run(world, "token", "link", world.accounts["observer"].id, "--json"))
    assert [one["data"]["action"] for one in acts(door, world)] == ["link_issued"]
    path = made["link"].removeprefix("http://127.0.0.1:8000")
    assert path.rpartition("/")[2] not in json.dumps(acts(door, world))
    headers = {"Origin": "http://hub.test"}
    answers = [door.post(path, headers=headers, follow_redirects=False).status_code for _ in range(2)]
    assert answers == [303, 403]


def test_a_link_lives_as_long_as_it_says_and_needs_a_token_that_works(door: TestClient, world: World) -> None:
    link = run(world, "token", "link", world.accounts["observer"].id, "--lives", "5m").strip()
    world.clock.move(minutes=5)
    path = "/sign-in/" + link.rpartition("/")[2]
    assert door.post(path, headers={"Origin": "http://hub.test"}).status_code == 403
    run(world, "token", "link", "nobody", status=1)
    world.revoke("observer")
    run(world, "token", "link", world.accounts["observer"].id, status=1)
    run(world, "token", "revoke", "nobody", status=1)


def test_a_steward_belongs_to_a_partner_that_runs_the_hub(world: World) -> None:
    assert "no role as a steward" in run(world, "token", "add", "open-docket", "--role", "steward", status=2)
    run(world, "token", "add", "stewards", "--role", "steward")


def test_a_rebuild_is_an_act(door: TestClient, world: World) -> None:
    run(world, "rebuild", "graph")
    assert [(one["data"]["action"], one["data"]["subject"]) for one in acts(door, world)] == [
        ("views_rebuilt", "graph")
    ]


def test_a_partner_that_is_admitted_gets_a_token_by_an_act(door: TestClient, world: World) -> None:
    run(world, "partner", "add", "quill-network", "--name", "Quill Network", "--role", "monitor")
    assert [one["data"]["partner"] for one in acts(door, world)] == ["quill-network"]


def test_no_act_stands_in_the_way_of_what_others_publish(door: TestClient, world: World) -> None:
    note(world, subject="views")
    answer = door.post(EVENTS, json=threat(1), headers=world.bearer("publisher"))
    assert answer.status_code == 201


def test_a_demo_that_finds_its_port_taken_leaves_the_tokens_of_the_other(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        world = make_world(tmp_path / "hub")
        before = (world.settings.data / FILE).read_bytes()
        words = ("demo", "--data", str(world.settings.data), "--port", str(taken.getsockname()[1]))
        assert "cannot listen" in run(world, *words, status=2)
        assert (world.settings.data / FILE).read_bytes() == before
    assert "cannot listen" not in run(world, "token", "list")


# Beside the acts: what an operator lists without reading the whole log


def test_partners_are_listed_from_the_views_and_what_came_since(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_from: list[int] = []
    whole = Store.read

    def read(store: Store, after: Position, limit: int) -> Any:
        read_from.append(after)
        return whole(store, after, limit)

    monkeypatch.setattr(Store, "read", read)
    slugs = ["stewards", "harbour-bar-watch", "open-docket"]
    assert run_list(world) == slugs
    assert read_from[0] == 0
    with calling(world) as door:
        acts(door, world)
    run(world, "partner", "add", "quill-network", "--name", "Quill Network", "--role", "monitor")
    read_from.clear()
    assert run_list(world) == [*slugs, "quill-network"]
    assert read_from[0] == 3
    assert "quill-network: admitted" in run(world, "partner", "show", "quill-network")


def run_list(world: World) -> list[str]:
    return [json.loads(line)["partner"] for line in run(world, "partner", "list", "--json").splitlines()]


def test_views_of_another_log_are_not_believed(world: World) -> None:
    with calling(world) as door:
        acts(door, world)
    with closing(sqlite3.connect(world.settings.data / "views.sqlite")) as db, db:
        db.execute("UPDATE tail_positions SET position = 1000")
    assert run_list(world) == ["stewards", "harbour-bar-watch", "open-docket"]
    with closing(sqlite3.connect(world.settings.data / "views.sqlite")) as db, db:
        db.execute("DELETE FROM tail_positions")
    assert run_list(world) == ["stewards", "harbour-bar-watch", "open-docket"]
