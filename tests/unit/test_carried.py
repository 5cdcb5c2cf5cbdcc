"""Views that are handed to another hub: what is said of them, and what tells that they belong there."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from events.event import Position
from projections import generations
from projections.boards.statements.clocks import own_clocks
from projections.carried import Carried, NotFitting, check, described
from projections.preparing import stamps_of
from projections.shelves import Code, Shelves
from projections.tail import BATCH
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
def code(contracts: Registry, log: MemoryLog) -> Code:
    return Code(contracts, log)


@pytest.fixture
def views(code: Code, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Views that were folded from the log, open."""
    file = tmp_path / "views.sqlite"
    shelves = Shelves(code, file)
    shelves.tail.catch_up()
    shelves.close()
    with closing(sqlite3.connect(file)) as db:
        yield db


def refusal(code: Code, said: Carried) -> str:
    with pytest.raises(NotFitting) as refused:
        check(code, stamps_of(code)[0], said)
    return str(refused.value)


def test_views_fit_the_log_that_they_were_folded_from(
    code: Code, log: MemoryLog, views: sqlite3.Connection
) -> None:
    said = described(code, views)
    assert (said.position, list(said.stamps)) == (4, generations.stamps_in(views))
    check(code, stamps_of(code)[0], said)
    # What comes later changes nothing, as long as nobody is erased.
    for number in range(5, 9):
        log.threat(number)
    check(code, stamps_of(code)[0], said)
    assert described(code, views) == said


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE tail_positions SET rebuilding = 1 WHERE name = 'graph'", "being folded anew"),
        ("INSERT INTO tail_requests VALUES('graph')", "being folded anew"),
        ("INSERT INTO tail_unclean VALUES(1)", "cleaned after an erasure"),
        ("UPDATE tail_positions SET position = 3 WHERE name = 'graph'", "at different events"),
    ],
)
def test_views_that_are_not_whole_are_not_handed_on(
    code: Code, views: sqlite3.Connection, statement: str, sentence: str
) -> None:
    views.execute(statement)
    with pytest.raises(NotFitting, match=sentence):
        described(code, views)


def test_views_of_other_code_do_not_fit(code: Code, views: sqlite3.Connection) -> None:
    said = described(code, views)
    (name, stamp), *rest = said.stamps
    assert "another release" in refusal(code, replace(said, stamps=((name, f"{stamp}0"), *rest)))
    first, *others = own_clocks().clocks
    clocks = replace(own_clocks(), clocks=(replace(first, days=7), *others))
    assert "other reply clocks" in refusal(replace(code, reply_clocks=clocks), said)
    # What is only read when somebody asks is in no view: any hub may set it as it likes.
    alike = replace(code, reply_clocks=replace(own_clocks(), stopped_by=frozenset()))
    check(alike, stamps_of(alike)[0], said)


def test_views_beyond_the_log_do_not_fit(code: Code, views: sqlite3.Connection) -> None:
    assert "does not have" in refusal(code, replace(described(code, views), position=Position(5)))


@pytest.mark.parametrize("how", ["erased", "withdrawn"])
def test_views_from_before_an_erasure_do_not_fit(
    code: Code, log: MemoryLog, views: sqlite3.Connection, how: str
) -> None:
    said = described(code, views)
    if how == "erased":
        log.erase(f"lawyer:{OWN}.1")
    else:
        log.withdraw("erase")
    assert "erased since" in refusal(code, said)


@pytest.mark.parametrize("other", [1, 2])
def test_views_of_another_log_do_not_fit(contracts: Registry, views: sqlite3.Connection, other: int) -> None:
    """Also of one that has the same event at that place, as a log that was restored and went on may have."""
    log = MemoryLog()
    for number in range(1, 5):
        log.threat(number if number != other else 9)
    code = Code(contracts, log)
    mine = MemoryLog()
    for number in range(1, 5):
        mine.threat(number)
    assert log.digest(log.events[-1]) == mine.digest(mine.events[-1])
    said = described(Code(contracts, mine), views)
    assert "another log" in refusal(code, said)


def test_of_a_long_log_its_last_events_tell(contracts: Registry) -> None:
    """Nobody reads all of it."""
    log = MemoryLog()
    for number in range(BATCH + 20):
        log.threat(number)
    code = Code(contracts, log)
    with closing(sqlite3.connect(":memory:")) as db:
        shelves = Shelves(code, Path(":memory:"))
        shelves.database.writer.backup(db)
        shelves.close()
        db.execute("UPDATE tail_positions SET position = ?", (BATCH + 10,))
        said = described(code, db)
    check(code, stamps_of(code)[0], said)
    log.reads = 0
    log.events[BATCH + 5] = replace(log.events[BATCH + 5], envelope={**log.events[0].envelope})
    assert "another log" in refusal(code, said)
    assert log.reads <= 4
