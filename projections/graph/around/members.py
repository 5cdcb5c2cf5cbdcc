"""Which numbers of the journal are read as one: worked out once for whoever reads the same persons as one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.merging import Merged

Numbers = NDArray[Any]

_MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class Members:
    """What a `Merged` says, by numbers. False if nobody is read as another.

    Args:
        others: each number that is read as another one.
        names: the number to go by of each of them.
    """

    others: Numbers
    names: Numbers

    def __bool__(self) -> bool:
        return bool(len(self.others))

    def table(self, size: int) -> Numbers:
        """Return number → number of the one that it is read as, for so many numbers."""
        to = np.arange(size, dtype=np.int32)
        to[self.others] = self.names
        return to

    def behind(self, is_meant: Numbers) -> Numbers:
        """Return the numbers that are read as one of some.

        Args:
            is_meant: of each number, whether it is one of those.
        """
        found: Numbers = self.others[is_meant[self.names]]
        return found


def members_of(merged: Merged, numbers: Mapping[str, int]) -> Members:
    """Return the members by number.

    Raises:
        KeyError: one of them has no number.
    """
    pairs = [(numbers[one], numbers[name]) for one, name in merged.canonical.items() if one != name]
    others, names = np.array(pairs, np.int32).reshape(-1, 2).T
    return Members(others, names)


class MembersKept:
    """Remembers the members of the last that were asked for: numbers, once given, stay."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Merged, Members]] = {}

    def of(self, merged: Merged, numbers: Mapping[str, int]) -> Members:
        """Return the members by number.

        Raises:
            KeyError: one of them has no number.
        """
        known = self._known.get(id(merged))
        if known is not None and known[0] is merged:
            return known[1]
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        found = members_of(merged, numbers)
        self._known[id(merged)] = merged, found
        return found
