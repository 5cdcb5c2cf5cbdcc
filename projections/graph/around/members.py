"""Which nodes are read as one: worked out once for whoever reads the same persons as one."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.merging import Merged

Numbers = NDArray[Any]

_MOST_KEPT = 64


class Members:
    """What a `Merged` says, by ranks. False if nobody is read as another.

    Args:
        others: each rank that is read as another one.
        names: the rank to go by of each of them.
    """

    __slots__ = ("_in_order", "_names", "_others", "_table")

    def __init__(self, others: Numbers, names: Numbers) -> None:
        self._others = others
        self._names = names
        self._in_order = np.sort(names)
        self._table = np.empty(0, np.int32)

    def __bool__(self) -> bool:
        return bool(len(self._others))

    def table(self, size: int) -> Numbers:
        """Return rank → rank of the one that it is read as, for so many ranks; nobody changes it."""
        if size > len(self._table):
            self._table = np.arange(size * 9 // 8, dtype=np.int32)
            self._table[self._others] = self._names
        return self._table[:size]

    def behind(self, is_meant: Numbers) -> Numbers:
        """Return the ranks that are read as one of some.

        Args:
            is_meant: of each rank, whether it is one of those.
        """
        found: Numbers = self._others[is_meant[self._names]]
        return found

    def are_names(self, ranks: Numbers) -> Numbers:
        """Tell of some ranks whether others are read as them."""
        places = np.minimum(np.searchsorted(self._in_order, ranks), len(self._in_order) - 1)
        found: Numbers = self._in_order[places] == ranks
        return found

    def rename(self, is_meant: Numbers) -> None:
        """Mark, instead of whoever is read as another one, the one to go by.

        Args:
            is_meant: of each rank, whether it is marked.
        """
        names = self._names[is_meant[self._others]]
        is_meant[self._others] = False
        is_meant[names] = True


def members_of(merged: Merged, rank: Callable[[str], int]) -> Members:
    """Return the members by rank.

    Args:
        merged: who is read as one.
        rank: of a reference.
    """
    pairs = [(rank(one), rank(name)) for one, name in merged.canonical.items() if one != name]
    others, names = np.array(pairs, np.int32).reshape(-1, 2).T
    return Members(others, names)


class MembersKept:
    """Remembers the members of the last that were asked for, as long as ranks stay."""

    def __init__(self) -> None:
        self._turn = -1
        self._known: dict[int, tuple[Merged, Members]] = {}

    def of(self, merged: Merged, turn: int, rank: Callable[[str], int]) -> Members:
        """Return the members by rank.

        Args:
            merged: who is read as one.
            turn: counts how often ranks were given anew.
            rank: of a reference.
        """
        if turn != self._turn or len(self._known) >= _MOST_KEPT:
            self._known.clear()
            self._turn = turn
        known = self._known.get(id(merged))
        if known is not None and known[0] is merged:
            return known[1]
        found = members_of(merged, rank)
        self._known[id(merged)] = merged, found
        return found
