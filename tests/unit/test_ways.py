"""Pairs of numbers: what was there, what came later, what went."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from projections.graph.paths.ways import Pairs, distinct

Numbers = NDArray[Any]

SIZE = 6
ENDS = st.integers(0, SIZE - 1)
LATER = st.integers(0, SIZE + 90)


def numbers(*some: int) -> Numbers:
    return np.array(some, np.int32)


def pairs_of(*pairs: tuple[int, int], size: int = SIZE) -> Pairs:
    return Pairs(numbers(*(one for one, _ in pairs)), numbers(*(other for _, other in pairs)), size)


def told(pairs: Pairs, *some: int) -> list[tuple[int, int]]:
    first, second = pairs.of_all(numbers(*some))
    return sorted(zip(first.tolist(), second.tolist(), strict=True))


def test_a_pair_that_is_said_twice_is_one_and_nobody_is_paired_with_himself() -> None:
    pairs = pairs_of((1, 2), (1, 2), (3, 3), (0, 5))
    assert told(pairs, *range(SIZE)) == [(0, 5), (1, 2)]
    pairs.put(4, 4)
    assert (len(pairs), told(pairs, 4)) == (2, [])


def test_nobody_is_known_of_numbers_that_came_later() -> None:
    pairs = pairs_of((1, 2))
    assert told(pairs, 1, SIZE + 7) == [(1, 2)]
    assert pairs.of(SIZE + 7).tolist() == []
    assert told(pairs_of(size=0), 0) == []


def test_what_went_is_nobodys_and_may_come_again() -> None:
    pairs = pairs_of((1, 2), (1, 3), (4, 3))
    pairs.drop(1, 3)
    pairs.drop(1, 3)
    assert (pairs.of(1).tolist(), told(pairs, 1, 4), len(pairs)) == ([2], [(1, 2), (4, 3)], 2)
    assert sorted(pairs.seconds.tolist()) == [2, 3]
    pairs.put(1, 3)
    pairs.put(200, 1)
    assert told(pairs, 1, 200) == [(1, 2), (1, 3), (200, 1)]
    assert sorted(pairs.seconds.tolist()) == [1, 2, 3, 3]


@given(
    st.lists(st.tuples(ENDS, ENDS), max_size=8),
    st.lists(st.tuples(st.booleans(), LATER, LATER) | st.tuples(st.booleans(), ENDS, ENDS), max_size=16),
)
def test_pairs_are_those_of_a_set_whatever_came_and_went(
    first: list[tuple[int, int]], changes: list[tuple[bool, int, int]]
) -> None:
    pairs = pairs_of(*first)
    known = {(one, other) for one, other in first if one != other}
    for is_put, one, other in changes:
        (pairs.put if is_put else pairs.drop)(one, other)
        if is_put and one != other:
            known.add((one, other))
        else:
            known.discard((one, other))
        assert pairs.holds(one, other) is ((one, other) in known)
    everybody = range(SIZE + 91)
    assert told(pairs, *everybody) == sorted(known)
    assert len(pairs) == len(known)
    assert set(pairs.seconds.tolist()) == {other for _, other in known}
    for one in everybody:
        assert set(pairs.of(one).tolist()) == {other for start, other in known if start == one}


def test_keys_are_told_once_and_sorted() -> None:
    assert distinct(np.array([3, 1, 3, 2, 1])).tolist() == [1, 2, 3]
    assert distinct(np.array([], np.int64)).tolist() == []
