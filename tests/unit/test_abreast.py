"""Whose turn it is: not that of a hub that is behind while another is not; if all are, that of one of them."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from events.event import Position
from events.submission import StoreUnavailable
from hub.abreast import BEHIND_SECONDS, KEEP_SECONDS, OFFER_SECONDS, AbreastTurn
from hub.office_postgres import PostgresOffice
from hub.subscriptions.turn import Turn
from tests.many import until
from tests.postgres import fresh_database


class Machine:
    """What a hub knows of itself and of the log."""

    def __init__(self, turn: Turn) -> None:
        self.position = Position(7)
        self.log = Position(7)
        self.is_away = False
        self.is_in_step = True
        self.stalled: list[str] = []
        self.turn = AbreastTurn(turn, self, self.end, lambda: self.is_in_step)

    def stalls(self) -> list[str]:
        return self.stalled

    def end(self) -> Position:
        if self.is_away:
            raise StoreUnavailable
        return self.log

    def is_mine(self) -> bool:
        return self.turn.is_mine()


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what lets seconds pass."""
    now = [1000.0]
    monkeypatch.setattr("hub.abreast.time.monotonic", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[tuple[Machine, Machine]]:
    first, second = Machine(Turn(tmp_path)), Machine(Turn(tmp_path))
    with closing(first.turn), closing(second.turn):
        yield first, second


def test_a_hub_that_falls_behind_leaves_the_turn_and_gets_it_back_when_it_is_there(
    machines: tuple[Machine, Machine], go_on: Callable[[float], None]
) -> None:
    first, second = machines
    assert [first.is_mine(), second.is_mine()] == [True, False]
    go_on(2)
    first.log = second.log = second.position = Position(9)
    assert [first.is_mine(), second.is_mine()] == [True, False]
    go_on(BEHIND_SECONDS + 1)
    assert [first.is_mine(), second.is_mine(), first.is_mine()] == [False, True, False]
    go_on(OFFER_SECONDS + 1)
    assert [first.is_mine(), second.is_mine()] == [False, True]
    first.position = Position(9)
    second.turn.close()
    assert [first.is_mine(), second.is_mine()] == [True, False]


@pytest.mark.parametrize("fault", ["stalled", "off"])
def test_when_all_are_behind_the_work_is_done_all_the_same(
    machines: tuple[Machine, Machine], go_on: Callable[[float], None], fault: str
) -> None:
    first, second = machines
    assert first.is_mine()
    for one in machines:
        one.stalled = ["search"] if fault == "stalled" else []
        one.is_in_step = fault != "off"
    assert [first.is_mine(), second.is_mine()] == [False, False]
    go_on(OFFER_SECONDS + 1)
    assert [first.is_mine(), second.is_mine()] == [True, False]
    go_on(KEEP_SECONDS)
    assert not first.is_mine()


def test_who_starts_far_behind_lets_others_go_first(
    machines: tuple[Machine, Machine], go_on: Callable[[float], None]
) -> None:
    first, second = machines
    first.position = Position(1)
    assert [first.is_mine(), second.is_mine()] == [False, True]


def test_a_log_that_is_away_moves_nobody(
    machines: tuple[Machine, Machine], go_on: Callable[[float], None]
) -> None:
    first, _ = machines
    assert first.is_mine()
    first.is_away = True
    go_on(BEHIND_SECONDS + 1)
    assert first.is_mine()


@pytest.mark.parametrize(("ahead", "is_in_step"), [(0, True), (3600, False), (-3600, False)])
def test_a_clock_that_is_an_hour_off_is_known_by_the_databases(ahead: float, is_in_step: bool) -> None:
    office = PostgresOffice(fresh_database(), seconds=lambda: time.time() + ahead)
    with closing(office):
        tables = office.tables("any", "CREATE TABLE IF NOT EXISTS any_rows (no INTEGER PRIMARY KEY);")
        with tables.writing():
            pass
        until(lambda: office.number_of("any") == 1)
        assert office.is_in_step() == is_in_step
