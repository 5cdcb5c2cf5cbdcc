"""Measures of a large graph: a job that its class of readers may follow and cancel, and nobody else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import TestClient, World, calling, make_world, threat

Json = Any

MEASURES = ("central?by=pagerank", "central?by=betweenness", "central?by=core", "communities", "bridges")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = make_world(tmp_path)
    world.issue("anna", "open-docket", "coordinator", account="anna")
    world.issue("ben", "open-docket", "coordinator", account="ben")
    return world


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world) as client:
        answer = client.post("/api/v1/events", json=threat(1), headers=world.bearer("publisher"))
        assert answer.status_code == 201, answer.text
        assert client.get("/healthz", params={"at_least": answer.json()["cursor"]}).status_code == 200
        yield client


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every graph count as a large one."""
    monkeypatch.setattr("projections.graph.whole.measuring.MOST_WORK", 0)


def ask(door: TestClient, world: World, measure: str, who: str = "anna") -> Any:
    return door.get(f"/api/v1/graph/{measure}", headers=world.bearer(who))


def follow(door: TestClient, world: World, place: str, who: str = "anna") -> Any:
    while (answer := door.get(place, headers=world.bearer(who))).status_code == 202:
        assert 0 <= answer.json()["progress"] <= 1
    return answer


@pytest.mark.parametrize("measure", MEASURES)
def test_a_job_ends_with_what_a_small_graph_answers_at_once(
    measure: str, door: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = ask(door, world, measure)
    assert at_once.status_code == 200
    assert at_once.json()["nodes"] > 1
    monkeypatch.setattr("projections.graph.whole.measuring.MOST_WORK", 0)
    later = ask(door, world, measure)
    assert later.status_code == 202
    assert later.headers["location"] == f"/api/v1/graph/jobs/{later.json()['job']}"
    assert follow(door, world, later.headers["location"]).content == at_once.content


@pytest.mark.usefixtures("large")
def test_a_job_belongs_to_those_with_the_same_rights(door: TestClient, world: World) -> None:
    place = ask(door, world, "bridges").headers["location"]
    assert ask(door, world, "bridges", "ben").headers["location"] == place
    assert follow(door, world, place, "ben").status_code == 200
    for headers in ({}, world.bearer("publisher")):
        assert door.get(place, headers=headers).status_code == 404
        assert door.delete(place, headers=headers).status_code == 404
    assert door.get(place, headers=world.bearer("anna")).status_code == 200


@pytest.mark.usefixtures("large")
def test_a_cancelled_job_is_gone(door: TestClient, world: World) -> None:
    place = ask(door, world, "communities").headers["location"]
    gone = door.delete(place, headers=world.bearer("ben"))
    assert (gone.status_code, gone.content) == (204, b"")
    assert door.get(place, headers=world.bearer("anna")).status_code == 404
    assert door.delete(place, headers=world.bearer("anna")).status_code == 404
    assert ask(door, world, "communities").headers["location"] == place
