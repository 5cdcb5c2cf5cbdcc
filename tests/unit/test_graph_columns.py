"""The columns behind neighbourhoods: rows by node, dates as numbers, values by day."""

from datetime import date

import numpy as np

from projections.graph.around.values import Given, value_of
from projections.graph.by_node import ByNode
from projections.graph.claims import Prop
from projections.graph.dates import Dates
from projections.shown import Origin

REFS = [f"lawyer:a.{number:02}" for number in reversed(range(40))]
ROWS = {name: np.arange(40, dtype=np.int32) for name in ("source", "target")} | {
    "kind": np.zeros(40, np.int16)
}


def test_nodes_come_first_by_reference_filed_or_not() -> None:
    by_node = ByNode(apart=1)
    by_node.follow({name: column[:39] for name, column in ROWS.items()}, REFS[:39])
    some = np.array([0, 38, 5, 39, 20, 21, 22, 23, 24], np.int32)
    assert by_node.first(some, REFS.__getitem__, 0) == []
    assert by_node.first(some, REFS.__getitem__, 1) == [39]
    assert by_node.first(some, REFS.__getitem__, 2) == [39, 38]
    assert by_node.first(some[:3], REFS.__getitem__, 5) == [38, 5, 0]


def test_rows_of_a_node_are_found_filed_or_not() -> None:
    by_node = ByNode(apart=100)
    filed = {name: column[:30] for name, column in ROWS.items()}
    by_node.follow(filed, REFS)
    by_node.follow(ROWS, REFS)
    assert by_node.filed == 30
    some = np.array([3, 35], np.int32)
    assert by_node.leaving(some, ROWS).tolist() == by_node.arriving(some, ROWS).tolist() == [3, 35]


def test_dates_know_the_days_between_which_they_lie() -> None:
    dates = Dates()
    march, moment, nothing = (dates.number(one) for one in ("2026-03", "2026-05-02T10:00:00.5Z", "soon"))
    some = np.array([0, march, moment, nothing])
    second = date(2026, 5, 2).toordinal()
    assert dates.first(some).tolist() == [0, date(2026, 3, 1).toordinal(), second, 0]
    assert dates.last(some).tolist() == [0, date(2026, 3, 31).toordinal(), second, 0]
    assert (dates.number("2026-03"), dates.texts[march]) == (march, "2026-03")


def given(value: str, day: str | None, source: str, reliability: str = "B") -> Given:
    origin = Origin(1, source, f"id-{value}", "t", "2026-11-01T00:00:00Z", day, reliability, "2")
    return Prop("status", value, "/status", 1), origin


def test_of_two_sources_on_one_day_the_more_reliable_is_shown_and_both_dispute() -> None:
    said = [given("open", "2026-03-01", "a", "C"), given("closed", "2026-03-01", "b", "A")]
    assert value_of(said, None) == ("closed", True)


def test_a_sources_newest_value_disputes_nothing() -> None:
    said = [given("open", "2026-03-01", "a"), given("closed", "2026-03-02", "a")]
    assert value_of(said, None) == value_of(said[::-1], None) == ("closed", False)
    assert value_of([*said, given("open", "2026-02-01", "b")], None) == ("closed", True)
    assert value_of([*said, given("lost", "2026-04", "b")], None) == ("lost", True)
