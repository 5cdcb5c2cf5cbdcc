"""After an erasure the file of the views, and its write-ahead log, hold nothing of what was erased."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from projections import scrubbing
from projections.reading_room import ReadingRoom
from projections.scrubbing import is_unclean
from tests.folding import registry
from tests.logs import OWNER, MemoryLog

Json = Any

ANN = "lawyer:harbour-bar-watch.1"
TOKEN = "Zanzibaroque"


@pytest.fixture
def log() -> MemoryLog:
    made = MemoryLog()
    for number in range(1, 40):
        made.threat(number)
    about = {"threat": "threat:harbour-bar-watch.t", "targets": [ANN], "categories": ["liberty.arrest"]}
    event = made.add("threat.reported", {**about, "narrative": f"{TOKEN} one " * 50})
    made.correct(event.id, ("/narrative", f"{TOKEN} two " * 90))
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "views.sqlite"


@pytest.fixture
def room(log: MemoryLog, path: Path) -> Iterator[ReadingRoom]:
    made = ReadingRoom(registry(), log, path)
    made.catch_up()
    yield made
    made.stop()


def holds(path: Path) -> bool:
    texts = [file.read_bytes().lower() for file in path.parent.iterdir() if file.is_file()]
    return any(TOKEN.lower().encode() in text for text in texts)


def test_what_is_erased_is_nowhere_in_the_file(log: MemoryLog, room: ReadingRoom, path: Path) -> None:
    assert holds(path)
    assert room.purge(OWNER).search(TOKEN)["total"]
    log.erase(ANN)
    room.catch_up()
    assert not holds(path)
    assert not is_unclean(room.shelves.database.writer)
    assert room.purge(OWNER).search(TOKEN)["total"] == 0
    assert room.purge(OWNER).search("plain-clothes")["total"] == 38


def test_somebody_who_reads_only_delays_it(log: MemoryLog, room: ReadingRoom, path: Path) -> None:
    with room.shelves.database.snapshot():
        log.erase(ANN)
        room.catch_up()
        assert is_unclean(room.shelves.database.writer)
    room.catch_up()
    assert not is_unclean(room.shelves.database.writer)
    assert not holds(path)


def test_a_process_that_was_killed_before_it_could_does_it_when_it_starts_again(
    log: MemoryLog, room: ReadingRoom, path: Path
) -> None:
    room.shelves.database.writer.execute("INSERT INTO tail_unclean VALUES(1)")
    room.stop()
    again = ReadingRoom(registry(), log, path)
    again.catch_up()
    assert not is_unclean(again.shelves.database.writer)
    again.stop()


def test_a_large_file_is_written_anew_beside_itself(
    log: MemoryLog, room: ReadingRoom, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "_IN_MEMORY_BYTES", 1)
    log.erase(ANN)
    room.catch_up()
    assert not holds(path)
