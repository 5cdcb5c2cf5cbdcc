"""A partner whose body is named as the source of a threat loses sight of that case; two stewards may lift it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import TestClient, World, admit, calling, make_world, recording, threat

Json = Any

BODY = "body:quill-network.bar"
CASE = "case:harbour-bar-watch.1"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = make_world(tmp_path)
    with recording(world) as intake:
        admit(intake, "quill-network", ["bar", "monitor"], body=BODY)
    world.issue("quill", "quill-network", "publisher")
    world.issue("ben", "stewards", "steward", account="ben", clearance="red")
    return world


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world) as client:
        yield client


def accuse(door: TestClient, world: World) -> str:
    """Publish two threats of one case, the second attributed to the bar; return the cursor."""
    door.post("/api/v1/events", json=threat(1, correlationid=CASE), headers=world.bearer("publisher"))
    named = threat(2, correlationid=CASE, data={"attributed_to": [{"body": BODY}]})
    answer = door.post("/api/v1/events", json=named, headers=world.bearer("publisher"))
    assert answer.status_code == 201, answer.text
    cursor: str = answer.json()["cursor"]
    return cursor


def seen(door: TestClient, world: World, who: str, cursor: str) -> list[str]:
    asked = {"at_least": cursor, "type": "threat.*"}
    answer = door.get("/api/v1/events", params=asked, headers=world.bearer(who))
    return [one["id"] for one in answer.json()["events"]]


def judge(door: TestClient, world: World, who: str, **said: Json) -> Any:
    body = {"case": CASE, "partner": "quill-network", "verdict": "lift", **said}
    return door.post("/api/v1/conflicts", json=body, headers=world.bearer(who))


def test_the_named_partner_loses_the_case_and_nobody_else_does(door: TestClient, world: World) -> None:
    cursor = accuse(door, world)
    assert seen(door, world, "quill", cursor) == []
    assert seen(door, world, "docket", cursor) == ["t-1", "t-2"]


def test_stewards_see_who_is_kept_out_and_two_of_them_lift_it(door: TestClient, world: World) -> None:
    cursor = accuse(door, world)
    listed = door.get(
        "/api/v1/conflicts", params={"at_least": cursor}, headers=world.bearer("steward")
    ).json()
    [item] = listed["items"]
    assert (item["case"], item["partner"]) == (CASE, "quill-network")
    assert [one["id"] for one in item["attributions"]] == ["t-2"]
    # What the bar could read before it was kept out.
    assert [one["id"] for one in item["may_hold"]] == ["t-1"]
    first = judge(door, world, "steward")
    again = judge(door, world, "steward", verdict="uphold")
    assert (first.status_code, again.status_code) == (201, 201)
    assert seen(door, world, "quill", again.json()["cursor"]) == []
    judge(door, world, "steward")
    last = judge(door, world, "ben")
    assert seen(door, world, "quill", last.json()["cursor"]) == ["t-1", "t-2"]
    left = door.get("/api/v1/conflicts", headers=world.bearer("steward")).json()
    assert left == {"items": [], "total": 0, "next": None}


def test_what_a_partner_could_read_until_a_correction_named_it_is_listed_strict_or_not(
    door: TestClient, world: World
) -> None:
    def say(event: Json) -> str:
        answer = door.post("/api/v1/events", json=event, headers=world.bearer("publisher"))
        assert answer.status_code == 201, answer.text
        cursor: str = answer.json()["cursor"]
        return cursor

    strict = {"tlp": "amber+strict", "audience": "quill-network,stewards"}
    for event in (
        threat(1, correlationid=CASE),
        threat(2, correlationid=CASE),
        threat(3, correlationid=CASE, **strict),
        threat(4, correlationid=CASE, tlp="amber+strict", audience="stewards"),
    ):
        say(event)
    changes = [{"pointer": "/attributed_to", "to": [{"body": BODY}]}]
    named = {"about_event": "t-1", "reason": "new_information", "changes": changes}
    say({**threat(1), "id": "c-1", "type": "record.corrected", "data": named})
    later = say(threat(5, correlationid=CASE))
    world.issue("team", "stewards", "steward", account="team", clearance="amber+strict")
    listed = door.get("/api/v1/conflicts", params={"at_least": later}, headers=world.bearer("team")).json()
    [item] = listed["items"]
    # The fourth was never for it, and the fifth came when it was kept out.
    assert [one["id"] for one in item["may_hold"]] == ["t-1", "t-2", "t-3"]
    # A further correction of the same event takes nothing off the list.
    further = {
        "about_event": "t-1",
        "reason": "typing",
        "changes": [{"pointer": "/title", "to": "Another title"}],
    }
    last = say({**threat(1), "id": "c-2", "type": "record.corrected", "data": further})
    listed = door.get("/api/v1/conflicts", params={"at_least": last}, headers=world.bearer("team")).json()
    assert listed["items"][0]["may_hold"] == item["may_hold"]


@pytest.mark.parametrize("who", ["publisher", "observer", "quill"])
def test_others_find_nothing_there(door: TestClient, world: World, who: str) -> None:
    accuse(door, world)
    assert door.get("/api/v1/conflicts", headers=world.bearer(who)).status_code == 404
    assert judge(door, world, who).status_code == 404


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"case": "lawyer:harbour-bar-watch.1"}, "/case"),
        ({"case": 7}, "/case"),
        ({"partner": "No Slug"}, "/partner"),
        ({"verdict": "perhaps"}, "/verdict"),
        ({"why": "x"}, ""),
    ],
)
def test_a_bad_judgement_is_refused_with_its_pointer(
    door: TestClient, world: World, said: Json, pointer: str
) -> None:
    answer = judge(door, world, "steward", **said)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


def test_a_judgement_is_one_json_object(door: TestClient, world: World) -> None:
    headers = world.bearer("steward")
    assert door.post("/api/v1/conflicts", json=[], headers=headers).status_code == 422
    assert door.post("/api/v1/conflicts", content="{}", headers=headers).status_code == 415
    body = {**headers, "Content-Type": "application/x-ndjson"}
    assert door.post("/api/v1/conflicts", content="{}", headers=body).status_code == 415
