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
    "kind": np.zeros(40, np.int16),
    "label": np.ones(40, np.int32),
    "died": np.zeros(40, bool),
}


def rows(most: int) -> dict[str, np.ndarray]:
    """Return the first of the columns."""
    return {name: column[:most] for name, column in ROWS.items()}


def found(by_node: ByNode, *numbers: int) -> list[list[int]]:
    """Return the rows that begin, and those that end, at some nodes."""
    is_meant = np.zeros(len(REFS), bool)
    nodes = by_node.ranks(np.array(numbers, np.int32))
    is_meant[nodes] = True
    return [
        [row for file in files for row in file.row[file.places(nodes, is_meant)].tolist()]
        for files in (by_node.leaving, by_node.arriving)
    ]


def test_ranks_are_in_the_order_of_references_and_those_of_later_nodes_behind_them() -> None:
    by_node = ByNode(apart=3)
    by_node.follow(rows(39), REFS[:39])
    every = np.arange(40, dtype=np.int32)
    assert by_node.ranks(every).tolist() == [*reversed(range(39)), 39]
    assert by_node.numbers(by_node.ranks(every)).tolist() == every.tolist()
    assert [by_node.rank(38), by_node.rank(39), by_node.ranked] == [0, 39, 39]


def test_rows_of_a_node_are_found_filed_or_not() -> None:
    by_node = ByNode(apart=100)
    by_node.follow(rows(30), REFS)
    by_node.follow(ROWS, REFS)
    assert by_node.filed == 30
    assert found(by_node, 3, 35) == [[3, 35], [3, 35]]


def test_rows_that_died_are_not_filed() -> None:
    by_node = ByNode(apart=1)
    by_node.follow(rows(30), REFS[:30])
    died = {**ROWS, "died": np.arange(40) == 7}
    by_node.follow({name: column[:31] for name, column in died.items()}, REFS, deaths=1)
    assert (by_node.has_dead, found(by_node, 7)) == (True, [[7], [7]])
    by_node.follow(died, REFS, deaths=1)
    assert (by_node.has_dead, found(by_node, 7, 8)) == (False, [[8], [8]])


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
