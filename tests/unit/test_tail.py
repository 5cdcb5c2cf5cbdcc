"""The tail: in order, exactly once, and one poison event stalls one view only."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from events.event import Position, RecordedEvent
from projections.changes import Change
from projections.database import Database
from projections.labels import Labels
from projections.positions import request_rebuild
from projections.rulings import Rulings
from projections.tail import BATCH, Stall, Tail, UnknownView, ViewStatus
from schemas.registry import Registry
from tests.logs import MemoryLog


class Notes:
    """A view that notes each change, in its table and in memory, and chokes on what it is told to."""

    def __init__(self, name: str, chokes_on: str = "", version: int = 1) -> None:
        self.name = name
        self.VERSION = version
        self.chokes_on = chokes_on
        self.schema = f"CREATE TABLE IF NOT EXISTS {name}_notes(no INTEGER PRIMARY KEY, said TEXT);"
        self.said: list[str] = []
        self.loads = 0

    def load(self, db: sqlite3.Connection) -> None:
        self.loads += 1
        self.said = [said for (said,) in db.execute(f"SELECT said FROM {self.name}_notes ORDER BY no")]

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        for change in changes:
            self.said.append(f"{change.kind} {change.event.id}")
            db.execute(f"INSERT INTO {self.name}_notes(said) VALUES(?)", (self.said[-1],))
            if change.event.id == self.chokes_on:
                raise ZeroDivisionError


class Bench:
    """A log, and tails over it that come and go."""

    def __init__(self, registry: Registry, path: Path) -> None:
        self.registry = registry
        self.path = path
        self.log = MemoryLog()
        self.open: list[Database] = []

    def tail(self, *views: Notes, log: MemoryLog | None = None) -> Tail:
        database = Database(self.path)
        self.open.append(database)
        labels = Labels(database.writer)
        log = log or self.log
        return Tail(log, Rulings(self.registry, log, labels), views, labels, database)


@pytest.fixture
def bench(registry: Registry, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(registry, tmp_path / "views.db")
    yield bench
    for database in bench.open:
        database.close()


@pytest.fixture
def follow() -> Iterator[Callable[[Tail], None]]:
    running: list[tuple[Tail, threading.Thread]] = []

    def start(tail: Tail) -> None:
        thread = threading.Thread(target=tail.run, args=(0.01,))
        running.append((tail, thread))
        thread.start()

    yield start
    for tail, thread in running:
        tail.stop()
        thread.join()


def test_views_get_every_change_once_and_go_on_where_they_were(bench: Bench) -> None:
    bench.log.threat(1)
    first = Notes("notes")
    bench.tail(first).catch_up()
    bench.log.retract("e1")
    again = Notes("notes")
    tail = bench.tail(again)
    assert (tail.position, tail.position_of("notes"), again.said) == (1, 1, ["put e1"])
    tail.catch_up()
    assert again.said == ["put e1", "put e2", "drop e1"]
    assert (tail.position, tail.status()) == (2, [ViewStatus("notes", "live", 0)])


def test_more_than_one_batch_is_read_in_batches(bench: Bench) -> None:
    for no in range(BATCH + 3):
        bench.log.threat(no)
    view = Notes("notes")
    heard: list[int] = []
    tail = bench.tail(view)
    tail.subscribe(heard.append)
    tail.catch_up()
    assert len(view.said) == BATCH + 3
    assert heard == [BATCH, BATCH + 3]
    assert bench.log.reads == 3


def test_a_poison_event_stalls_one_view_and_the_others_go_on(bench: Bench) -> None:
    for no in range(4):
        bench.log.threat(no)
    good, bad = Notes("good"), Notes("bad", "e3")
    tail = bench.tail(good, bad)
    tail.catch_up()
    bench.log.threat(5)
    tail.catch_up()
    assert (len(good.said), bad.said) == (5, ["put e1", "put e2"])
    assert tail.status() == [ViewStatus("good", "live", 0), ViewStatus("bad", "stalled", 3)]
    assert tail.stalls() == {"bad": Stall(Position(3), "ZeroDivisionError")}
    assert (tail.position, tail.position_of("bad")) == (5, 2)


def test_a_failure_that_passes_stalls_nothing(bench: Bench) -> None:
    bench.log.threat(1)
    bench.log.threat(2)
    view = Notes("notes", "e2")
    load = view.load

    def load_and_recover(db: sqlite3.Connection) -> None:
        load(db)
        view.chokes_on = "" if view.loads > 1 else "e2"

    view.load = load_and_recover  # type: ignore[method-assign]  # the view itself gets well between two attempts
    tail = bench.tail(view)
    tail.catch_up()
    assert (view.said, tail.stalls()) == (["put e1", "put e2"], {})


def test_a_stalled_view_is_tried_again_by_a_rebuild(bench: Bench) -> None:
    for no in range(3):
        bench.log.threat(no)
    good, bad = Notes("good"), Notes("bad", "e2")
    tail = bench.tail(good, bad)
    tail.catch_up()
    bad.chokes_on = ""
    tail.rebuild("bad")
    tail.catch_up()
    assert bad.said == ["put e1", "put e2", "put e3"]
    assert tail.status() == [ViewStatus("good", "live", 0), ViewStatus("bad", "live", 0)]
    with pytest.raises(UnknownView):
        tail.rebuild("worse")


def test_a_view_that_is_being_rebuilt_holds_up_nobody(bench: Bench) -> None:
    for no in range(BATCH + 1):
        bench.log.threat(no)
    quick, slow = Notes("quick"), Notes("slow")
    tail = bench.tail(quick, slow)
    tail.catch_up()
    request_rebuild(bench.path, "slow")
    request_rebuild(bench.path, "unknown")
    bench.log.threat(BATCH + 1)
    tail.step()
    assert (tail.position, tail.position_of("slow")) == (BATCH + 2, BATCH)
    assert tail.status()[1] == ViewStatus("slow", "rebuilding", 2)
    restarted = bench.tail(Notes("quick"), Notes("slow"))
    assert (restarted.position, restarted.status()[1].state) == (BATCH + 2, "rebuilding")
    tail.catch_up()
    assert tail.status()[1] == ViewStatus("slow", "live", 0)


def test_a_rebuild_may_be_asked_for_before_there_is_anything(bench: Bench) -> None:
    request_rebuild(bench.path, "notes")
    tail = bench.tail(Notes("notes"))
    tail.catch_up()
    assert tail.status() == [ViewStatus("notes", "live", 0)]


def test_new_code_of_a_view_rebuilds_that_view_alone(bench: Bench) -> None:
    bench.log.threat(1)
    bench.tail(Notes("old"), Notes("new")).catch_up()
    old, new = Notes("old"), Notes("new", version=2)
    tail = bench.tail(old, new)
    assert (old.said, new.said, tail.position) == (["put e1"], [], 1)
    assert [one.state for one in tail.status()] == ["live", "rebuilding"]
    tail.catch_up()
    assert new.said == ["put e1"]


def test_views_of_a_longer_log_are_made_anew(bench: Bench) -> None:
    bench.log.threat(1)
    bench.log.threat(2)
    bench.tail(Notes("notes", "e2")).catch_up()
    other = MemoryLog()
    other.threat(1, id="other")
    view = Notes("notes")
    tail = bench.tail(view, log=other)
    tail.catch_up()
    assert view.said == ["put other"]


def test_without_views_the_rulings_alone_go_on(bench: Bench) -> None:
    bench.log.threat(1)
    tail = bench.tail()
    tail.catch_up()
    assert bench.tail().position == 1


def test_whoever_waits_wakes_when_every_view_has_it(bench: Bench, follow: Callable[[Tail], None]) -> None:
    view = Notes("notes")
    tail = bench.tail(view)
    heard: list[int] = []
    end = tail.subscribe(heard.append)
    follow(tail)
    assert not tail.wait_for(Position(1), 0.01)
    bench.log.threat(1)
    assert tail.wait_for(Position(1), 30)
    end()
    bench.log.threat(2)
    assert tail.wait_for(Position(2), 30)
    assert (view.said, heard) == (["put e1", "put e2"], [1])


class FragileLog(MemoryLog):
    """A log whose reading fails a few times, and tells when it was tried again."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures
        self.failed = threading.Event()
        self.tail: Tail | None = None
        self.troubles: list[str | None] = []

    def read(self, after: Position, limit: int) -> Sequence[RecordedEvent]:
        if self.tail is not None:
            self.troubles.append(self.tail.trouble)
        if self.failures:
            self.failures -= 1
            raise ConnectionError
        return super().read(after, limit)


def test_a_log_that_cannot_be_read_is_tried_again(bench: Bench, follow: Callable[[Tail], None]) -> None:
    log = FragileLog(2)
    log.threat(1)
    tail = log.tail = bench.tail(Notes("notes"), log=log)
    follow(tail)
    assert tail.wait_for(Position(1), 30)
    assert log.troubles[:3] == [None, "ConnectionError", "ConnectionError"]


def test_rulings_that_fail_leave_nothing_behind(bench: Bench) -> None:
    bench.log.threat(1)
    view = Notes("notes")
    tail = bench.tail(view)
    bench.open[0].writer.execute("ALTER TABLE rulings_bears RENAME TO hidden")
    with pytest.raises(sqlite3.OperationalError):
        tail.step()
    bench.open[0].writer.execute("ALTER TABLE hidden RENAME TO rulings_bears")
    tail.catch_up()
    assert view.said == ["put e1"]


def test_an_erasure_is_told_to_whoever_keeps_something(bench: Bench) -> None:
    bench.log.threat(1)
    tail = bench.tail(Notes("notes"))
    told: list[int] = []
    tail.on_erasure(lambda: told.append(tail.position_of("notes")))
    tail.catch_up()
    assert told == []
    bench.log.erase("lawyer:harbour-bar-watch.1")
    bench.log.threat(2)
    tail.catch_up()
    assert told == [3]


def test_a_stalled_view_is_folded_anew_when_something_is_erased(bench: Bench) -> None:
    """As it stands it would never forget; the log has forgotten already."""
    bench.log.threat(1)
    bench.log.threat(2)
    bad, good = Notes("bad", "e2"), Notes("good")
    tail = bench.tail(good, bad)
    tail.catch_up()
    assert (bad.said, tail.status()[1].state) == (["put e1"], "stalled")
    bad.chokes_on = ""
    bench.log.erase("lawyer:harbour-bar-watch.1")
    tail.catch_up()
    assert bad.said == good.said == ["put e1", "put e2", "put e3", "put e1"]
    assert tail.stalls() == {}
