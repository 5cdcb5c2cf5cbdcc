"""Who stands alone, who acts and whom to invite, over HTTP: at a past moment, and by a job where many are looked at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import TestClient, World, calling, make_world, threat

Json = Any

LAWYER = "lawyer:harbour-bar-watch.0001"
QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("alone", {}),
    ("who-acts", {"about": LAWYER}),
    ("invite", {"about": LAWYER}),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = make_world(tmp_path)
    world.issue("anna", "open-docket", "coordinator", account="anna")
    world.issue("ben", "open-docket", "coordinator", account="ben")
    return world


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world) as client:
        push(client, world, 1)
        yield client


def push(door: TestClient, world: World, number: int) -> None:
    answer = door.post("/api/v1/events", json=threat(number), headers=world.bearer("publisher"))
    assert answer.status_code == 201, answer.text
    assert door.get("/healthz", params={"at_least": answer.json()["cursor"]}).status_code == 200


def ask(door: TestClient, world: World, question: str, who: str = "anna", **asked: str) -> Any:
    return door.get(f"/api/v1/graph/{question}", params=asked, headers=world.bearer(who))


def follow(door: TestClient, world: World, place: str, who: str = "anna") -> Any:
    while (answer := door.get(place, headers=world.bearer(who))).status_code == 202:
        assert 0 <= answer.json()["progress"] <= 1
    return answer


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every number of lawyers be a large one."""
    monkeypatch.setattr("projections.graph.questions.standings.MOST_AT_ONCE", -1)
    monkeypatch.setattr("projections.graph.questions.standings.MOST_OF_THE_PAST", -1)


@pytest.mark.parametrize(("question", "asked"), QUESTIONS)
def test_what_is_known_today_is_what_is_so_and_yesterday_nothing_was_known(
    question: str, asked: dict[str, str], door: TestClient, world: World
) -> None:
    now = ask(door, world, question, **asked)
    assert now.status_code == 200
    assert ask(door, world, question, known_on="2031-05-04", **asked).content == now.content
    assert ask(door, world, question, as_of="2031-05-04", **asked).content == now.content
    before = ask(door, world, question, known_on="2031-05-03", **asked)
    if question == "alone":
        assert before.json() == {"items": [], "total": 0, "next": None, "as_of": "2031-05-03"}
    else:
        assert before.status_code == 404
    wrong = ask(door, world, question, as_of="yesterday", **asked)
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "not_a_date")


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("asked", [{}, {"known_on": "2031-05-03"}, {"as_of": "2031-05-03"}])
def test_where_many_are_looked_at_the_first_question_is_a_job(
    asked: dict[str, str], door: TestClient, world: World
) -> None:
    later = ask(door, world, "alone", **asked)
    assert later.status_code == 202
    place = later.headers["location"]
    assert place == f"/api/v1/graph/jobs/{later.json()['job']}"
    found = follow(door, world, place, "ben")
    assert found.status_code == 200
    at_once = ask(door, world, "alone", "ben", **asked)
    assert (at_once.status_code, at_once.content) == (200, found.content)
    for headers in ({}, world.bearer("publisher")):
        assert door.get(place, headers=headers).status_code == 404
    push(door, world, 2)
    assert ask(door, world, "alone").status_code == (202 if asked else 200)
    assert door.delete(place, headers=world.bearer("anna")).status_code == 204
    assert door.get(place, headers=world.bearer("anna")).status_code == 404
