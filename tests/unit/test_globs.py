"""Which types of events a glob means, and that nothing is kept of what strangers ask for."""

import tracemalloc
from fnmatch import fnmatchcase
from itertools import product

import pytest

from projections.event_query import EventQuery
from schemas.globs import LONGEST_GLOB, is_of


@pytest.mark.parametrize("size", range(6))
def test_a_glob_means_what_it_means_elsewhere(size: int) -> None:
    names = ["".join(letters) for of in range(5) for letters in product("a.", repeat=of)]
    for letters in product("a.*?", repeat=size):
        glob = "".join(letters)
        assert [is_of(name, [glob]) for name in names] == [fnmatchcase(name, glob) for name in names], glob


def test_a_glob_that_is_longer_than_any_name_fits_none() -> None:
    assert is_of("a" * LONGEST_GLOB, ["a" * LONGEST_GLOB])
    assert not is_of("a", ["a" + "*" * LONGEST_GLOB])


def test_any_of_some_globs_will_do() -> None:
    assert is_of("threat.reported", ("trial.*", "threat.*"))
    assert not is_of("threat.reported", ("trial.*", "threat"))
    assert not is_of("threat.reported", ())


def test_nothing_stays_of_the_types_that_somebody_asks_for() -> None:
    def ask(number: int) -> None:
        EventQuery(types=("a" * 8_000 + "a*" * number, f"{number}*")).keys(("threat.reported",), lambda _: {})

    ask(0)
    tracemalloc.start()
    try:
        for number in range(1, 3_001):
            ask(number)
        assert tracemalloc.get_traced_memory()[0] < 4_000_000
    finally:
        tracemalloc.stop()
