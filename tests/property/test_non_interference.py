"""Nothing in any answer depends on what its reader may not know: every address, byte for byte, headers included.

For a reader r and a store S: answer(r, S) == answer(r, S without what r may not know) == answer(r, S with something
else there). What r may know is said by `tests/oracle.py`, which trusts no code of the hub. A case is one reader over
one store.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st
from starlette.responses import Response

from events.cursor import Cursors
from hub.address import Address, Parameter
from hub.routes import addresses
from tests.asking import Pools, feed_questions, questions
from tests.comparing import compare
from tests.depth import in_depth
from tests.quick import quick_hubs
from tests.telling import Step
from tests.worlds import READERS, make_story, stories

Drawn = tuple[int, list[Step], bool, int]

PARTS = 8
STORES = in_depth(1, 5)
"""In each part; times the readers: 64 cases in every build, 320 in a deep run."""

SHARE = in_depth(0.1, 0.2)
"""Of all questions, that a reader asks in one case: more worlds find more than more questions about each."""

DEEP_PARTS = 2
DEEP_STORES = 1275
"""The same: 20,400 cases in a night."""


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with quick_hubs():
        yield


@st.composite
def worlds(draw: st.DrawFn) -> Drawn:
    partners = draw(st.integers(3, 5))
    return partners, draw(stories(partners)), draw(st.booleans()), draw(st.integers(0, 2**32))


def attempt(drawn: Drawn) -> None:
    partners, story, coda, chance = drawn
    with TemporaryDirectory() as folder:
        world = make_story(Path(folder, "whole"), partners, story, coda=coda)
        asyncio.run(compare(world, READERS, chance, SHARE))


@pytest.mark.parametrize("part", range(PARTS))
def test_what_a_reader_may_not_know_changes_no_byte_of_any_answer(part: int) -> None:
    tried = settings(max_examples=STORES, phases=[Phase.generate])(given(worlds())(attempt))
    seed(part)(tried)()


@pytest.mark.deep
@pytest.mark.timeout(36_000)
@pytest.mark.parametrize("part", range(DEEP_PARTS))
def test_what_a_reader_may_not_know_changes_no_byte_in_a_whole_night(part: int) -> None:
    settings(max_examples=DEEP_STORES, phases=[Phase.generate, Phase.shrink])(given(worlds())(attempt))()


def test_enough_cases_are_tried() -> None:
    assert PARTS * STORES * len(READERS) >= in_depth(64, 300)
    assert DEEP_PARTS * DEEP_STORES * len(READERS) >= 20_000


async def _unused(_: Any, __: Any) -> Response:
    return Response()


@pytest.mark.parametrize(
    ("path", "parameter"), [("/api/v1/new", "colour"), ("/api/v1/new/{colour}", "limit")]
)
def test_an_address_that_nobody_taught_these_questions_fails_them(path: str, parameter: str) -> None:
    pools = Pools([], 0, Cursors(bytes(32)), [])
    known = (Parameter(parameter, "", {}, str, required=True),)
    new = Address("GET", path, "new", _unused, "", "Events", known)
    with pytest.raises(KeyError):
        questions([new], pools, Random(1))


def test_every_get_address_is_asked_with_every_parameter() -> None:
    pools, table = Pools([], 0, Cursors(bytes(32)), []), addresses()
    asked = questions(table, pools, Random(1))
    asked += [one for row in table if row.follower for one in feed_questions(row, pools, Random(1))]
    assert {one.route for one in asked} == {row.path for row in table if row.method == "GET"}
    for row in table:
        for parameter in row.parameters:
            assert row.method != "GET" or pools.parameter(parameter.name, Random(1))
