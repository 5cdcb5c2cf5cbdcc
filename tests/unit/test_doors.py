"""The smaller parts of the street door: bodies, timekeeper, what is newest, server."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from events.audience import Reader
from events.cursor import Cursors
from events.event import Position
from events.intake import Intake
from events.store import open_store
from events.submission import Publisher
from hub import latest
from hub.accounts import open_accounts
from hub.api import bodies
from hub.feeds.frames import Place
from hub.keys import cursor_key, open_vault
from hub.pulse import Pulse
from hub.server import address_of, open_socket
from hub.settings import SettingsRefused
from hub.timekeeper import release_due
from projections.event_query import EventQuery
from projections.reading_room import ReadingRoom
from tests.running import World, make_world, threat

OBSERVER = Reader("open-docket", "observer", "amber")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


class Archive:
    """A log with its views, folded in this thread."""

    def __init__(self, world: World) -> None:
        self.store = open_store(
            world.settings.store_url, world.registry, open_vault(world.settings.data, world.chance)
        )
        self.intake = Intake(world.registry, self.store, world.clock)
        self.room = ReadingRoom(world.registry, self.store, world.settings.data / "views.sqlite")

    def record(self, *events: dict[str, object]) -> None:
        checked = [self.intake.check(Publisher("harbour-bar-watch", "tests"), one) for one in events]
        assert {one.status for one in self.intake.record(checked)} == {"stored"}
        self.room.catch_up()


@pytest.fixture
def archive(world: World) -> Iterator[Archive]:
    opened = Archive(world)
    yield opened
    opened.room.stop()
    opened.store.close()


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"one\ntwo"], [b"one", b"two"]),
        ([b"o", b"ne\nt", b"wo\n"], [b"one", b"two"]),
        ([b"\n\nx\n"], [b"", b"", b"x"]),
        ([], []),
    ],
)
def test_a_body_is_split_into_lines_wherever_it_was_cut(pieces: list[bytes], lines: list[bytes]) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def split() -> list[bytes]:
        return [line async for line in bodies.lines(parts())]

    assert anyio.run(split) == lines


def test_an_embargo_is_released_once_when_it_is_due(archive: Archive, world: World) -> None:
    archive.record(threat(1, notbefore="2031-05-04T13:00:00Z"))
    assert not release_due(archive.intake, archive.room, world.clock)
    world.clock.move(hours=2)
    assert release_due(archive.intake, archive.room, world.clock)
    archive.room.catch_up()
    assert not release_due(archive.intake, archive.room, world.clock)
    assert archive.room.purge(OBSERVER).event("urn:hub:partner:harbour-bar-watch", "t-1") is not None


def test_a_log_that_takes_nothing_is_asked_again_later(archive: Archive, world: World) -> None:
    archive.record(threat(1, notbefore="2031-05-04T13:00:00Z"))
    world.clock.move(hours=2)
    archive.store.close()
    assert not release_due(archive.intake, archive.room, world.clock)


def test_the_newest_are_found_however_far_back(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "FIRST_WINDOW", 2)
    monkeypatch.setattr(latest, "MOST", 2)
    seen = [threat(number) for number in range(6)]
    hidden = [threat(number, tlp="red") for number in range(6, 12)]
    archive.record(*seen, *hidden)
    sight, head = archive.room.purge(OBSERVER), archive.store.head()
    assert [one["id"] for one in latest.latest_events(sight, head, 3, EventQuery())] == ["t-5", "t-4", "t-3"]
    everything = latest.latest_events(sight, head, 100, EventQuery())
    assert [one["id"] for one in everything[:6]] == ["t-5", "t-4", "t-3", "t-2", "t-1", "t-0"]
    place = latest.latest_place(sight, EventQuery(), head)
    assert place == Place(Position(head - 6))
    nothing = latest.latest_place(sight, EventQuery(types=("trial.*",)), head)
    assert nothing == Place(Position(0))


def test_cursors_of_a_folder_stay(world: World) -> None:
    cursor = Cursors(cursor_key(world.settings.data)).encode(Position(7))
    assert Cursors(cursor_key(world.settings.data)).decode(cursor) == (7, 0)


def test_a_port_that_is_taken_is_refused_in_a_sentence(world: World) -> None:
    with open_socket(world.settings) as bound:
        bound.listen()
        port = bound.getsockname()[1]
        with pytest.raises(SettingsRefused, match=f"cannot listen on 127.0.0.1 port {port}"):
            open_socket(replace(world.settings, port=port))


def test_an_address_of_either_family_is_written(world: World) -> None:
    with open_socket(world.settings) as bound:
        assert address_of(bound).startswith("http://127.0.0.1:")
    with open_socket(replace(world.settings, host="::1")) as bound:
        assert address_of(bound).startswith("http://[::1]:")


def test_the_pulse_goes_on_when_the_log_is_away(archive: Archive, world: World) -> None:
    accounts = open_accounts(world.settings.data, world.chance)
    archive.room.catch_up()

    async def beat() -> tuple[bool, bool]:
        pulse = Pulse(archive.room, archive.store.head, accounts, 0.01)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pulse.run)
            archive.store.close()
            bell = pulse.next()
            world.issue("another", "open-docket", "observer")
            with anyio.fail_after(60):
                await bell.wait()
            reached = await pulse.reach(archive.room.position, 0.01)
            beyond = await pulse.reach(Position(archive.room.position + 1), 0.01)
            tasks.cancel_scope.cancel()
        return reached, beyond

    assert anyio.run(beat) == (True, False)
    accounts.close()
