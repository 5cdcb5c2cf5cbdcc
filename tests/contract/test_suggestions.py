"""Two partners tell of one lawyer in two spellings (scenario S2): suggested over HTTP to whom may know it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.demo.stories import stories
from tests.running import TestClient, World, calling, make_world

Json = Any

OWN, OTHER = "harbour-bar-watch", "open-docket"
X, Y = f"lawyer:{OWN}.L-0201", f"lawyer:{OTHER}.OD-0201"
T, U = f"threat:{OWN}.T-0201", f"threat:{OTHER}.T-0202"
WHERE = "/api/v1/identity/suggestions"


def s2() -> list[Json]:
    """Return the story, told by partners of this hub, the names open to the other and to stewards."""
    [story] = [one for one in stories() if one.name.startswith("s02")]
    events = json.loads(json.dumps(list(story.events)).replace("lanterns-for-counsel", OWN))
    for event in events[:4]:
        event["audience"] = f"{OWN},{OTHER},stewards"
        event["data"]["protection"]["consent_level"] = "C2"
    return list(events)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = make_world(tmp_path)
    made.issue("coordinator", OTHER, "coordinator", account="ann", clearance="amber+strict")
    return made


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world) as client:
        yield client


def tell(door: TestClient, world: World, *events: Json) -> str:
    for event in events:
        who = {OWN: "publisher", OTHER: "docket"}[event["source"].rpartition(":")[2]]
        answer = door.post("/api/v1/events", json=event, headers=world.bearer(who))
        assert answer.status_code == 201, answer.json()
    cursor: str = answer.json()["cursor"]
    return cursor


def pairs(door: TestClient, world: World, who: str | None, **query: str) -> list[tuple[str, str]]:
    headers = {} if who is None else world.bearer(who)
    answer = door.get(WHERE, params=query, headers=headers)
    assert answer.status_code == 200, answer.json()
    return [(one["left"]["ref"], one["right"]["ref"]) for one in answer.json()["items"]]


def test_s2_before_any_judgement_the_matcher_suggests_the_two_to_whom_may_see_both(
    door: TestClient, world: World
) -> None:
    story = s2()
    cursor = tell(door, world, *story[:4])
    assert pairs(door, world, "coordinator", at_least=cursor) == [(X, Y)]
    assert pairs(door, world, "steward") == [(X, Y)]
    for who in ("docket", "observer", "publisher", None):
        assert pairs(door, world, who) == []
    assert pairs(door, world, "coordinator", kind="threat") == []
    item = door.get(WHERE, params={"about": Y}, headers=world.bearer("coordinator")).json()["items"][0]
    assert any("isvael and yisvayel" in reason for reason in item["reasons"])
    judgement = {**item["judge"], "judgement": "unsure"}
    said = {
        "specversion": "1.0",
        "id": "judged",
        "source": f"urn:hub:partner:{OTHER}",
        "type": "identity.judged",
    }
    cursor = tell(door, world, {**said, "data": judgement})
    assert pairs(door, world, "coordinator", at_least=cursor) == []


def test_s2_after_the_two_are_judged_the_same_their_incident_is_suggested_and_the_split_takes_it_back(
    door: TestClient, world: World
) -> None:
    story = s2()
    cursor = tell(door, world, *story[:6])
    assert pairs(door, world, "coordinator", at_least=cursor, kind="threat") == [(T, U)]
    assert pairs(door, world, "coordinator") == []
    cursor = tell(door, world, *story[6:])
    assert pairs(door, world, "coordinator", at_least=cursor, kind="threat") == []
    assert pairs(door, world, "coordinator") == []


def test_what_is_not_known_is_absent_and_what_is_badly_asked_refused(door: TestClient, world: World) -> None:
    cursor = tell(door, world, *s2()[:1])
    shown = world.bearer("coordinator")
    asked = {"about": Y, "at_least": cursor}
    assert door.get(WHERE, params=asked, headers=shown).status_code == 404
    assert door.get(WHERE, params={"about": X}, headers=shown).json() == {"items": [], "next": None}
    for query in ({"kind": "body"}, {"limit": "16"}, {"limit": "0"}, {"about": "x"}):
        assert door.get(WHERE, params=query, headers=shown).status_code == 400
