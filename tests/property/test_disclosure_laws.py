"""Laws of disclosure control, held against trying out every table that a reader could think of."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.disclosure import LEAST, SMALL, hide_small
from events.disclosure_rules import figure_problems

Json = Any

GENDERS, STAGES = ("woman", "man"), ("trial", "prison")
PLACES = tuple(product(GENDERS, STAGES))
MOST = 9

counts = st.sampled_from((0, 1, 2, 3, 4, 5, 6, 7, MOST))
inner = st.lists(counts, min_size=4, max_size=4)
hiding = st.lists(st.booleans(), min_size=9, max_size=9)


def told(count: int, is_hidden: bool) -> Json:
    if 0 < count < LEAST:
        return SMALL
    return None if is_hidden else count


def sums(table: tuple[int, ...] | list[int]) -> list[int]:
    """Return the inner counts, both rows, both columns, and the total."""
    a, b, c, d = table
    return [a, b, c, d, a + b, c + d, a + c, b + d, a + b + c + d]


def groups() -> Iterator[dict[str, str]]:
    yield from ({"gender": gender, "stage": stage} for gender, stage in PLACES)
    yield from ({"gender": gender} for gender in GENDERS)
    yield from ({"stage": stage} for stage in STAGES)
    yield {}


def fits(value: int, said: Json) -> bool:
    return 0 < value < LEAST if said == SMALL else said is None or value == said


def thinkable(said: list[Json]) -> list[list[int]]:
    """Return every table that a reader could think of, as far as its counts are no greater than there can be."""
    spans = [
        range(1, LEAST) if one == SMALL else range(MOST + 4) if one is None else (one,) for one in said[:4]
    ]
    tables = (sums(table) for table in product(*spans))
    return [table for table in tables if all(map(fits, table, said))]


@given(inner, hiding)
def test_of_what_is_taken_no_hidden_count_is_known_to_be_small_or_known_better(
    table: list[int], hidden: list[bool]
) -> None:
    said = [told(count, is_hidden) for count, is_hidden in zip(sums(table), hidden, strict=True)]
    cells = [
        {"indicator": "i", "unit": "count", "value": value, "dims": dims}
        for value, dims in zip(said, groups(), strict=True)
    ]
    problems = figure_problems({"observations": cells}, {})
    assert {one.code for one in problems} <= {"reveals_a_cell"}
    is_refused = {int(one.pointer.split("/")[3]) for one in problems}
    tables = thinkable(said)
    for number, value in enumerate(said):
        known = {table[number] for table in tables}
        if value == SMALL:
            assert (number in is_refused) == (not {1, LEAST - 1} <= known)
        elif value is None:
            assert (number in is_refused) == (known <= set(range(1, LEAST)))
        else:
            assert number not in is_refused


@given(st.lists(st.integers(0, 12), min_size=1, max_size=4))
def test_of_what_the_hub_counts_no_small_count_is_known_better_than_that_it_is_small(
    table: list[int],
) -> None:
    counted = {f"c{number}": count for number, count in enumerate(table)}
    shown, total = hide_small(counted, sum(table))
    cells = [
        {"indicator": "i", "unit": "count", "value": value, "dims": {"status": code}}
        for code, value in shown.items()
    ]
    whole = {"indicator": "i", "unit": "count", "value": total, "dims": {}}
    # Of a small total no part is told, and what it says itself is all there is.
    if total != SMALL:
        assert figure_problems({"observations": [*cells, whole]}, {}) == []
    assert all(value is None or value == SMALL or value == counted[code] for code, value in shown.items())
    assert all(shown[code] in (SMALL, None) for code, count in counted.items() if 0 < count < LEAST)
