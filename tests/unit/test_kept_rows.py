"""What boards keep for each class of readers: no more in all than a machine can hold, and never a wrong row."""

import gc
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.audience import Reader
from projections.boards.countries.page import country_page
from projections.changes import Change
from projections.reading_room import ReadingRoom
from schemas.registry import Registry
from tests.logs import MemoryLog

Json = Any
NOW = datetime(2026, 11, 20, tzinfo=UTC)
FIRST, SECOND, THIRD = (
    Reader(slug, clearance=of) for slug, of in (("quill", "red"), ("lanterns", "amber"), ("docket", "green"))
)


@pytest.fixture
def log() -> MemoryLog:
    made = MemoryLog()
    for number in range(1, 7):
        made.threat(number)
    return made


@pytest.fixture
def room(log: MemoryLog, tmp_path: Path) -> Iterator[ReadingRoom]:
    made = ReadingRoom(Registry.load(), log, tmp_path / "views.sqlite")
    made.catch_up()
    yield made
    made.stop()


def page(room: ReadingRoom, reader: Reader) -> Json:
    return country_page(room.purge(reader).papers(NOW), "QM")


def test_rows_of_those_who_did_not_ask_for_longest_go_and_come_again_when_they_ask(room: ReadingRoom) -> None:
    pages = [page(room, FIRST)]
    own = len(room.shelves.stock)
    assert own >= 6
    pages += [page(room, SECOND), page(room, THIRD)]
    assert len(room.shelves.stock) == 3 * own
    room.shelves.stock.most = 2 * own
    assert page(room, SECOND) == pages[1]
    assert len(room.shelves.stock) == 2 * own
    assert [page(room, one) for one in (FIRST, SECOND, THIRD)] == pages
    assert len(room.shelves.stock) == 2 * own


def test_whoever_asks_keeps_what_he_asks_for_however_much_it_is(log: MemoryLog, room: ReadingRoom) -> None:
    own = page(room, FIRST) and len(room.shelves.stock)
    room.shelves.stock.most = 0
    page(room, SECOND)
    assert len(room.shelves.stock) == own
    log.threat(7)
    room.catch_up()
    assert page(room, SECOND)["safety"]["threats"]["count"] == 7
    assert page(room, FIRST)["safety"]["threats"]["count"] == 7
    assert len(room.shelves.stock) > own


def test_rows_of_classes_that_are_gone_count_until_they_are_the_oldest(
    log: MemoryLog, room: ReadingRoom
) -> None:
    page(room, FIRST)
    own = len(room.shelves.stock)
    log.erase("lawyer:harbour-bar-watch.1")
    room.catch_up()
    gc.collect()
    page(room, SECOND)
    assert len(room.shelves.stock) > own
    room.shelves.stock.most = own
    page(room, SECOND)
    assert len(room.shelves.stock) <= own


def test_rows_that_are_asked_for_while_views_are_folded_do_not_outlive_what_they_were_made_from(
    log: MemoryLog, room: ReadingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(room, FIRST)
    timeline, asked = room.shelves.timeline, []
    fold = timeline.fold

    def fold_late(db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        asked.append(page(room, FIRST))
        fold(db, changes)

    monkeypatch.setattr(timeline, "fold", fold_late)
    log.retract("e1")
    log.correct("e2", ("/categories", ["due_process.denial_of_counsel"]))
    room.catch_up()
    assert asked
    found = page(room, FIRST)
    assert found["safety"]["threats"]["count"] == 5
    room.shelves.stock.most = 0
    page(room, SECOND)
    assert found == page(room, FIRST)
