"""Replay is boring: any batching, any restart point, twice or once give the same views, byte for byte."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.audience import PUBLIC, Reader
from events.event import Position, RecordedEvent
from projections.event_query import EventQuery
from projections.preparing import prepare
from projections.reading_room import ReadingRoom
from projections.shelves import Code
from schemas.registry import Registry
from tests.logs import PARTNER, MemoryLog
from tests.stories import LONGEST, Step, stories, tell, tell_on

Json = Any
Build = Callable[[MemoryLog, Path], ReadingRoom]
Prepare = Callable[[MemoryLog, Path], Path]


@pytest.fixture(scope="module")
def build() -> Build:
    """What makes a reading room; the registry stays out of hypothesis' sight, which would print it."""
    registry = Registry.load()
    return lambda log, path: ReadingRoom(registry, log, path)


@pytest.fixture(scope="module")
def prepared() -> Prepare:
    """What folds a log in one go, and gives the file; the registry stays out of hypothesis' sight."""
    registry = Registry.load()
    return lambda log, path: prepare(Code(registry, log), path).file


class ChoppyLog(MemoryLog):
    """A log that is read in batches of the sizes given, over and over."""

    def __init__(self, events: Sequence[RecordedEvent], sizes: Sequence[int]) -> None:
        super().__init__()
        self.events = list(events)
        self._sizes = sizes

    def read(self, after: Position, limit: int) -> Sequence[RecordedEvent]:
        self.reads += 1
        return self.events[after : after + min(limit, self._sizes[self.reads % len(self._sizes)])]


def dump(path: Path) -> dict[str, list[Json]]:
    """Return all that the file holds.

    Of the index its words and their places, since how they lie in segments depends on when they were written.
    Not `dossiers_refs`: a journal for the caches of sights, which says in which batch a reference was
    touched.
    """
    db = sqlite3.connect(path)
    try:
        tables = [
            row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        kept = [name for name in tables if not name.startswith(("search_index", "dossiers_refs"))]
        whole = {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in kept}
        db.execute(
            "CREATE VIRTUAL TABLE temp.search_words USING fts5vocab('main', 'search_index', 'instance')"
        )
        return {**whole, "search_index": db.execute("SELECT * FROM search_words").fetchall()}
    finally:
        db.close()


def made_of(path: Path) -> list[Json]:
    """Return which tables and indexes a file has."""
    db = sqlite3.connect(path)
    try:
        kept = "name NOT LIKE 'sqlite_%' AND type IN ('table', 'index')"
        return db.execute(
            f"SELECT type, name, tbl_name, sql FROM sqlite_master WHERE {kept} ORDER BY name"
        ).fetchall()
    finally:
        db.close()


def fold(
    build: Build, events: Sequence[RecordedEvent], sizes: Sequence[int], cuts: Sequence[int], path: Path
) -> None:
    """Fold a log into a file, letting go of everything after each of the cuts."""
    for cut in (*sorted(cuts), len(events)):
        room = build(ChoppyLog(events[:cut], sizes), path)
        try:
            room.catch_up()
            assert room.stalls() == {}
        finally:
            room.stop()


@settings(max_examples=15)
@given(
    story=stories(),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 12), max_size=3),
)
def test_batches_and_restarts_leave_no_trace(
    build: Build, story: list[Step], sizes: list[int], cuts: list[int]
) -> None:
    events = tell(story).events
    with TemporaryDirectory() as folder:
        once, choppy = Path(folder, "once.db"), Path(folder, "choppy.db")
        fold(build, events, [500], [], once)
        fold(build, events, sizes, [min(cut, len(events)) for cut in cuts], choppy)
        assert dump(choppy) == dump(once)


@settings(max_examples=10)
@given(story=stories())
def test_views_prepared_in_one_go_are_those_folded_one_by_one(
    build: Build, prepared: Prepare, story: list[Step]
) -> None:
    log = tell(story)
    with TemporaryDirectory() as folder:
        single, once = Path(folder, "single.db"), Path(folder, "once.db")
        fold(build, log.events, [1], [], single)
        file = prepared(log, once)
        assert dump(file) == dump(single)
        assert made_of(file) == made_of(single)
        # Whoever takes them folds on, and changes what is there.
        grown = [*log.events, *tell([*story, *story]).events[len(log.events) :]]
        for path in (file, single):
            fold(build, grown, [500], [], path)
        assert dump(file) == dump(single)


@settings(max_examples=10)
@given(story=stories(), name=st.sampled_from(["timeline", "search", "graph", "dossiers"]))
def test_a_rebuilt_view_is_what_it_was(build: Build, story: list[Step], name: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "views.db")
        room = build(tell(story), path)
        try:
            room.catch_up()
            before = dump(path)
            room.rebuild(name)
            room.catch_up()
            assert dump(path) == before
        finally:
            room.stop()


@settings(max_examples=40)
@given(story=stories(), seen=st.sets(st.integers(0, LONGEST)))
def test_what_is_folded_again_after_erasures_is_what_it_was(
    build: Build, story: list[Step], seen: set[int]
) -> None:
    """The log lacks by now what the views had read before it was erased."""
    log = MemoryLog()
    with TemporaryDirectory() as folder:
        live, again = Path(folder, "live.db"), Path(folder, "again.db")
        room = build(log, live)
        try:
            for number, step in enumerate(story):
                if number in seen:
                    room.catch_up()
                tell_on(log, step)
            room.catch_up()
            assert room.stalls() == {}
        finally:
            room.stop()
        fold(build, log.events, [500], [], again)
        assert dump(live) == dump(again)


@settings(max_examples=25)
@given(story=stories())
def test_hidden_events_change_nothing_that_is_shown(build: Build, story: list[Step]) -> None:
    """What a reader is told is the same when events that are red to him say something else."""
    with TemporaryDirectory() as folder:
        answers = []
        for word in ("first", "second"):
            log = tell(story, word)
            room = build(log, Path(folder, f"{word}.db"))
            try:
                room.catch_up()
                answers.append([_answers(room, reader) for reader in (PUBLIC, PARTNER)])
                assert word not in repr(answers[-1])
            finally:
                room.stop()
        assert answers[0] == answers[1]


def _answers(room: ReadingRoom, reader: Reader) -> Json:
    sight = room.purge(reader)
    lawyer = "lawyer:harbour-bar-watch.1"
    return [
        sight.events(EventQuery()),
        sight.events(EventQuery(types=("threat.*",), countries=("QM",))),
        sight.feed(Position(0), 0, EventQuery(), 100),
        sight.timeline(lawyer),
        sight.timeline(lawyer, "log"),
        [sight.search(word) for word in ("bail", "first", "second", "quiet")],
        [sight.event("urn:hub:partner:harbour-bar-watch", f"e{no}") for no in range(1, 14)],
    ]
