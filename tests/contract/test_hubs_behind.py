"""Hubs on one log of which one has stopped folding: others do its work, and what it lacks it does not deny."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import psycopg
import pytest
from eventsourcing.persistence import OperationalError

from events.intake import Intake
from events.submission import Publisher
from hub.office_postgres import TURN
from hub.views_files import VIEWS_FILE
from tests.archive_fixtures import Archive, TurnedClock, contracts, submission
from tests.many import beside, make_shared_world, until
from tests.postgres import fresh_database
from tests.receiver import Answering, receiving
from tests.running import Served, World, serving, threat
from tests.subscribing import Follower

Json = Any


@contextmanager
def standing_still(world: World) -> Iterator[None]:
    """Have the views of a hub take nothing: somebody else holds their file."""
    held = sqlite3.connect(world.settings.data / VIEWS_FILE, isolation_level=None)
    try:
        held.execute("BEGIN IMMEDIATE")
        yield
    finally:
        held.close()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_shared_world(tmp_path / "a", fresh_database(), fresh_database(), at_least_seconds=0.5)


def test_a_hub_whose_views_stand_still_leaves_to_others_what_is_done_once_for_all(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.abreast.BEHIND_SECONDS", 0.5)
    with receiving() as receiver, serving(world) as first:
        first.settle()
        with httpx.Client(base_url=first.url, timeout=30) as door:
            Follower(door, world).follow(receiver.url)
        first.post(threat(1), world.bearer("publisher"))
        receiver.wait_for(1)
        with serving(beside(world, tmp_path / "b")) as second, standing_still(world):
            second.post(threat(2), world.bearer("publisher"))
            receiver.wait_for(2)
            second.post(threat(3), world.bearer("publisher"))
            receiver.wait_for(3)
        assert receiver.ids() == ["t-1", "t-2", "t-3"]


def test_a_hub_that_lost_the_turn_while_it_sends_sends_no_more(world: World, tmp_path: Path) -> None:
    gates = {"t-1": Event(), "t-2": Event()}
    with receiving() as receiver, serving(world) as first:
        first.settle()
        with httpx.Client(base_url=first.url, timeout=30) as door:
            Follower(door, world).follow(receiver.url)
        receiver.answers = lambda came: Answering(
            held=gates.get(came.id) if receiver.ids().count(came.id) == 1 else None
        )
        for number in (1, 2, 3):
            first.post(threat(number), world.bearer("publisher"))
        receiver.wait_for(1)
        with serving(beside(world, tmp_path / "b")):
            while len(receiver.ids()) == 1:
                cut_turn(world)
            receiver.wait_for(3)
            gates["t-1"].set()
            until(lambda: not first.server.lifespan.state["dispatcher"].is_busy)
            gates["t-2"].set()
            receiver.wait_for(4)
        assert receiver.ids() == ["t-1", "t-1", "t-2", "t-3"]


def cut_turn(world: World) -> None:
    """Cut the connection of whoever has the turn, and give another time to take it."""
    with psycopg.connect(world.settings.store, autocommit=True) as line:
        query = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
        line.execute(query, (TURN,))
        line.execute("SELECT pg_sleep(0.5)")


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/api/v1/events", {"limit": "2"}),
        ("/api/v1/graph/changes", {"limit": "100"}),
    ],
)
def test_a_cursor_of_another_hub_is_not_taken_for_the_end_of_a_list(
    world: World, tmp_path: Path, path: str, asked: dict[str, str]
) -> None:
    with serving(world) as first, serving(beside(world, tmp_path / "b")) as second:
        first.settle()
        with standing_still(world):
            for number in range(1, 6):
                second.post(threat(number), world.bearer("publisher"))
            second.settle()
            name = "after" if path.endswith("events") else "since"
            cursor = last_cursor(second, world)
            late = asking(first, world, path, {**asked, name: cursor})
            assert (late.status_code, late.json()["type"]) == (503, "urn:hub:problem:not-yet"), late.text
        first.settle()
        one, other = (asking(hub, world, path, {**asked, name: cursor}).json() for hub in (first, second))
        assert one == other


def last_cursor(hub: Served, world: World) -> str:
    """Return the cursor behind the last but one of all events, as a reader of pages has it."""
    cursor: str | None = None
    while True:
        asked = {"limit": "2", **({} if cursor is None else {"after": cursor})}
        following = asking(hub, world, "/api/v1/events", asked).json()["next"]
        if following is None:
            assert cursor is not None
            return cursor
        cursor = following


def asking(hub: Served, world: World, path: str, asked: dict[str, str]) -> httpx.Response:
    return httpx.get(f"{hub.url}{path}", params=asked, headers=world.bearer("observer"), timeout=30)


def test_a_hub_that_freezes_while_it_writes_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("events.postgres.FROZEN_SECONDS", 1)
    url = fresh_database()
    with closing(Archive(url).begin().store) as frozen, closing(Archive(url).store) as other:
        intake = Intake(contracts(), other, TurnedClock())
        said = submission("harbour-bar-watch", "threat.reported", threat(1)["data"], id="t1")
        one = intake.check(Publisher("harbour-bar-watch", "tests"), said)

        def freeze_and_go_on() -> None:
            with frozen._recorder.unit() as unit:
                assert [told.status for told in intake.record([one])] == ["stored"]
                unit.known([b"of whoever goes on, and knows nothing of that"])

        with pytest.raises(OperationalError):
            freeze_and_go_on()
        assert [told.status for told in intake.record([one])] == ["duplicate"]
        assert frozen.head() == other.head()
