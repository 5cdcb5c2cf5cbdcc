"""What the tests of the reading room share: one log, and a room over it that has all of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from events.audience import Reader
from projections.reading_room import ReadingRoom
from projections.sight import Sight
from schemas.registry import Registry
from tests.court import Court
from tests.docketing import Docket
from tests.logs import Ask, MemoryLog


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.load()


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def court(registry: Registry, tmp_path: Path) -> Iterator[Court]:
    court = Court(registry, tmp_path / "views.db")
    yield court
    court.database.close()


@pytest.fixture
def room(registry: Registry, log: MemoryLog, tmp_path: Path) -> Iterator[ReadingRoom]:
    room = ReadingRoom(registry, log, tmp_path / "views.db")
    yield room
    room.stop()


@pytest.fixture
def ask(room: ReadingRoom) -> Ask:
    """Give what brings the room up to date and returns somebody's sight."""

    def sight(reader: Reader) -> Sight:
        room.catch_up()
        assert room.stalls() == {}
        return room.purge(reader)

    return sight


@pytest.fixture
def docket(log: MemoryLog, ask: Ask) -> Docket:
    return Docket(log, ask)
