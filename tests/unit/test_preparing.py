"""Views are folded beside those that are served, and exchanged whole, or not at all."""

import gc
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest

from events.audience import Reader
from events.event import Position, RecordedEvent
from projections import generations, preparing
from projections.event_query import EventQuery
from projections.graph import sight
from projections.graph.exports import pieces
from projections.preparing import Exchange, PreparingFailed, prepare, take_prepared
from projections.reading_room import ReadingRoom
from projections.shelves import Code, Shelves
from schemas.registry import Registry
from tests.logs import MemoryLog

OWN = "harbour-bar-watch"


@pytest.fixture(scope="module")
def contracts() -> Registry:
    return Registry.load()


@pytest.fixture
def log() -> MemoryLog:
    made = MemoryLog()
    for number in range(1, 5):
        made.threat(number)
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "views.sqlite"


@pytest.fixture
def code(contracts: Registry, log: MemoryLog) -> Code:
    return Code(contracts, log)


def names(path: Path) -> set[str]:
    found = {one.name.removeprefix(path.name) for one in path.parent.iterdir()} - {".preparing.lock"}
    return {one for one in found if not one.endswith(("-wal", "-shm"))}


def seen(room: ReadingRoom) -> list[str]:
    return [one["id"] for one in room.purge(Reader(OWN, clearance="red")).events(EventQuery()).events]


def until(condition: object) -> None:
    gate = threading.Event()
    for _ in range(12_000):
        if condition():  # type: ignore[operator]
            return
        gate.wait(0.005)
    raise AssertionError("it never became so")


def change(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.execute(statement)


class Restless(MemoryLog):
    """A log in which somebody is erased whenever it was read to its end, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.ends = 0
        for number in range(1, 4):
            self.threat(number)

    def read(self, after: Position, limit: int) -> Sequence[RecordedEvent]:
        found = super().read(after, limit)
        self.ends += not found
        if not found and self.times:
            self.times -= 1
            self.erase(f"lawyer:{OWN}.{self.times + 1}")
        return found


def test_what_was_prepared_is_taken_at_the_next_start(code: Code, log: MemoryLog, path: Path) -> None:
    assert not take_prepared(code, path)
    made = prepare(code, path, [path.with_name("views-2.sqlite")])
    assert (made.position, made.is_current, made.file.parent) == (4, False, path.parent)
    assert len([*path.parent.glob("*.prepared-*")]) == 2
    log.threat(9)
    assert take_prepared(code, path)
    assert names(path) >= {""}
    room = ReadingRoom(code.registry, log, path)
    assert {one.state for one in room.status()} == {"live"}
    assert {one.lag for one in room.status()} == {1}
    room.catch_up()
    assert seen(room) == ["e5", "e4", "e3", "e2", "e1"] or sorted(seen(room)) == [
        "e1",
        "e2",
        "e3",
        "e4",
        "e5",
    ]
    room.stop()
    assert prepare(code, path).is_current
    change(path, "UPDATE tail_positions SET stamp = 'of another release' WHERE name = 'graph'")
    assert not prepare(code, path).is_current


def test_views_of_another_release_wait_for_it(code: Code, log: MemoryLog, path: Path) -> None:
    made = prepare(code, path)
    other = made.file.with_name(f"{path.name}.prepared-0123456789abcdef")
    made.file.rename(other)
    assert not take_prepared(code, path)
    with ReadingRoom(code.registry, log, path) as room:
        assert room.wait_for(log.head(), 10)
        assert other.is_file()
        # What is erased stands in them as well.
        log.erase(f"lawyer:{OWN}.1")
        assert room.wait_for(log.head(), 10)
        until(lambda: not other.exists())


def test_what_a_killed_process_left_is_put_in_order(code: Code, log: MemoryLog, path: Path) -> None:
    Shelves(code, path).close()
    made = prepare(code, path)
    made.file.rename(generations.second(path))
    draft = generations.preparing(path)
    draft.write_bytes(b"half")
    with generations.alone_preparing(path) as is_alone:
        assert is_alone
        assert not take_prepared(code, path)
        assert draft.exists()
        with pytest.raises(PreparingFailed, match="Somebody else"):
            prepare(code, path)
    assert not take_prepared(code, path)
    assert names(path) == {""}
    assert generations.stamps(path) != []
    assert generations.stamps(path.with_name("none")) == []


def test_an_erasure_meanwhile_is_folded_too(contracts: Registry, path: Path) -> None:
    assert prepare(Code(contracts, Restless(1)), path).position == 4
    assert len(names(path)) == 1
    with pytest.raises(PreparingFailed, match="Erasures came in"):
        prepare(Code(contracts, Restless(50)), path)
    assert names(path) == set()


def test_what_comes_meanwhile_and_erases_nothing_is_for_later(contracts: Registry, path: Path) -> None:
    log = Restless(0)

    class Growing(Restless):
        def read(self, after: Position, limit: int) -> Sequence[RecordedEvent]:
            found = super().read(after, limit)
            if not found and self.ends == 1:
                self.threat(8)
            return found

    assert prepare(Code(contracts, Growing(0)), path).position == 3
    assert log.ends == 0


def test_views_that_an_event_breaks_are_not_prepared(code: Code, log: MemoryLog, path: Path) -> None:
    log.add("threat.reported", {"threat": "threat:x.1", "title": "a lone \ud800"})
    with pytest.raises(PreparingFailed, match="cannot be folded"):
        prepare(code, path)
    assert names(path) == set()


def test_what_was_left_half_done_costs_nothing_but_starting_again(
    code: Code, log: MemoryLog, path: Path
) -> None:
    shelves = Shelves(code, generations.preparing(path))
    with suppress(KeyboardInterrupt), shelves.database.filling(["timeline_events_by_moment"]):
        shelves.tail.step()
        raise KeyboardInterrupt
    shelves.close()
    assert prepare(code, path).position == log.head()
    assert take_prepared(code, path)
    room = ReadingRoom(code.registry, log, path)
    assert {(one.state, one.lag) for one in room.status()} == {("live", 0)}
    assert sorted(seen(room)) == ["e1", "e2", "e3", "e4"]
    room.stop()


def test_what_was_prepared_is_served_as_safely_as_what_was_not(code: Code, path: Path) -> None:
    made = prepare(code, path)
    with closing(sqlite3.connect(made.file)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_log_that_fails_for_a_moment_is_read_again(contracts: Registry, path: Path) -> None:
    class Shaky(Restless):
        def read(self, after: Position, limit: int) -> Sequence[RecordedEvent]:
            if after and not self.ends:
                self.ends += 1
                raise ConnectionResetError
            return super().read(after, limit)

    log = Shaky(0)
    assert prepare(Code(contracts, log), path).position == 3
    assert len(names(path)) == 1


def test_a_room_exchanges_its_views_and_goes_on(code: Code, log: MemoryLog, path: Path) -> None:
    told: list[Position] = []
    with ReadingRoom(code.registry, log, path) as room:
        room.subscribe(told.append)
        assert room.wait_for(log.head(), 10)
        before = seen(room)
        for place in (generations.second(path), path):
            prepare(code, path)
            until(lambda place=place: generations.in_use(path) == [place])
            assert room.shelves.database.path == place
            assert seen(room) == before
        log.threat(7)
        assert room.wait_for(log.head(), 10)
        assert told[-1] == 5
        assert len(seen(room)) == 5
        prepare(code, path)
        until(lambda: generations.in_use(path) == [generations.second(path)])
        log.erase(f"lawyer:{OWN}.1")
        assert room.wait_for(log.head(), 10)


def is_exchanged(room: ReadingRoom, path: Path) -> bool:
    room.catch_up()
    return room.shelves.database.path != path


def test_an_export_that_was_begun_before_tells_nothing_that_was_taken_back_since(
    code: Code, log: MemoryLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sight, "_CHUNK", 1)
    monkeypatch.setattr(pieces, "PIECE", 1)
    room = ReadingRoom(code.registry, log, path)
    room.catch_up()
    nodes = room.purge(Reader(OWN, clearance="red")).export("json")
    told = [next(nodes), next(nodes)]
    assert prepare(code, path).is_current
    exchange = Exchange(code, path, room)
    thread = threading.Thread(target=exchange.now, daemon=True)
    thread.start()
    until(lambda: is_exchanged(room, path))
    log.retract("e4")
    log.erase(f"lawyer:{OWN}.3")
    room.catch_up()
    said = b"".join([*told, *nodes])
    assert f"threat:{OWN}.1".encode() in said
    assert f"threat:{OWN}.4".encode() not in said
    exchange.stop()
    thread.join(60)
    room.stop()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "LOOK_SECONDS", 0.001)


@pytest.mark.usefixtures("quick")
def test_whoever_still_reads_the_old_views_may_end(code: Code, log: MemoryLog, path: Path) -> None:
    """The collector, who stops everybody, looks ever more seldom meanwhile."""
    looks: list[str] = []

    def collect(phase: str, info: dict[str, int]) -> None:
        if (phase, info["generation"]) == ("stop", 2):
            looks.append(threading.current_thread().name)

    gc.callbacks.append(collect)
    room = ReadingRoom(code.registry, log, path)
    room.start()
    old = room.shelves.database
    prepare(code, path)
    until(lambda: room.shelves.database is not old)
    until(lambda: looks.count("exchange") > 2)
    gc.callbacks.remove(collect)
    assert generations.in_use(path) == [path, generations.second(path)]
    room.stop()
    assert generations.in_use(path) == [generations.second(path)]
    old.close()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("holds_itself", [False, True])
def test_old_views_go_though_the_collector_leaves_them_alone_and_then_it_leaves_the_new_ones_alone(
    code: Code, log: MemoryLog, path: Path, *, holds_itself: bool
) -> None:
    with ReadingRoom(code.registry, log, path) as room:
        assert room.wait_for(log.head(), 10)
        if holds_itself:
            held: list[object] = [room.shelves]
            held.append(held)
            del held
        gc.freeze()
        try:
            prepare(code, path)
            until(lambda: generations.in_use(path) == [generations.second(path)])
            assert gc.get_freeze_count() > 0
        finally:
            gc.unfreeze()


def test_a_room_that_closes_does_not_exchange(code: Code, log: MemoryLog, path: Path) -> None:
    room = ReadingRoom(code.registry, log, path)
    exchange = Exchange(code, path, room)
    assert not exchange.now()
    prepare(code, path)
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(exchange.now()))
    thread.start()
    # Nobody runs the tail, so that the offer stays.
    until(lambda: room._tail._offered is not None)
    exchange.stop()
    thread.join(10)
    assert told == [False]
    exchange.close()
    room.stop()
    assert generations.in_use(path) == [path, generations.second(path)]


def test_a_room_that_was_closed_while_views_were_opened_is_not_waited_for(
    code: Code, log: MemoryLog, path: Path
) -> None:
    room = ReadingRoom(code.registry, log, path)
    exchange = Exchange(code, path, room)
    prepare(code, path)
    room._tail.stop()
    exchange.stop()
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(exchange.now()), daemon=True)
    thread.start()
    thread.join(30)
    assert told == [False]
    exchange.close()
    room.stop()


def test_views_whose_numbers_mean_something_else_wait_for_the_next_start(
    code: Code, log: MemoryLog, path: Path
) -> None:
    room = ReadingRoom(code.registry, log, path)
    room.catch_up()
    old = room.shelves
    made = prepare(code, path)
    change(made.file, "UPDATE labels SET tlp = 'amber' WHERE no = 1")
    exchange = Exchange(code, path, room)
    assert not exchange.now()
    assert room.shelves is old
    assert made.file.exists()
    # Nor does it try again.
    assert not exchange.now()
    assert made.file.exists()
    room.stop()
