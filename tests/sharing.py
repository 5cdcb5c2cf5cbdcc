"""What of a full product the default run asks: every value in its turn; the deep run asks all of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import pytest

T = TypeVar("T")


@dataclass(frozen=True)
class Share:
    """How much is asked: `is_whole` all, else of so many values one, from turn to turn another."""

    is_whole: bool

    def of(self, values: Sequence[T], one_in: int, turn: int) -> Sequence[T]:
        """Return every `one_in`-th value, beginning where the turn says; one at least, if there is any."""
        if self.is_whole or not values:
            return values
        return values[turn % min(one_in, len(values)) :: one_in]


in_turns = pytest.mark.parametrize(
    "share",
    [pytest.param(Share(is_whole=False), id="in turns"),
     pytest.param(Share(is_whole=True), id="whole", marks=pytest.mark.deep)],
)  # fmt: skip
"""Gives a test its `share`: the default run takes turns, the deep run asks the whole product as well."""
