"""How much every build tries, and how much more a deep run (`make test-deep`) does."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import settings

Amount = TypeVar("Amount")
Value = TypeVar("Value")


def in_depth(build: Amount, deep: Amount) -> Amount:
    """Return what a build takes, or what a deep run takes."""
    return deep if settings.get_current_profile_name() == "deep" else build


def in_turns(values: Sequence[Value], one_in: int, turn: int) -> Sequence[Value]:
    """Return every `one_in`-th value from where the turn says, one at least if there is any; all in a deep run."""
    if not values:
        return values
    return in_depth(values[turn % min(one_in, len(values)) :: one_in], values)
