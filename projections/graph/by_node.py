"""Where in the journal the ties of a node stand, and which reference comes first: for whoever asks about a few nodes.

Nothing here depends on who reads: rows of claims are found, and whoever asks keeps those that he may see. Nodes go by
their ranks in the order of their references; those that came since that order was made go by their numbers, which are
behind all ranks.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
Rows = Mapping[str, Numbers]
"""The columns of the journal."""

MOST_APART = 8_192
"""Rows, or a sixteenth of all, that are looked through each time rather than filed."""


class ByNode:
    """Rows of the journal filed by the node where a tie begins and by the one where it ends. Hold the view's lock.

    `leaving` and `arriving` are files that hold every row once between them each: what was filed, and what came since.
    Rows that had died when they were to be filed are left out; `has_dead` says whether others died since. `turn` counts
    how often ranks were given anew.

    Args:
        apart: how many of the newest rows there may be at least that are not filed yet.
    """

    def __init__(self, apart: int = MOST_APART) -> None:
        self._apart = apart
        self._filed = _Filed("source", "target"), _Filed("target", "source")
        self._late = _Late("source", "target"), _Late("target", "source")
        self.leaving, self.arriving = zip(self._filed, self._late, strict=True)
        self.filed = 0
        self.turn = 0
        self.has_dead = False
        self._deaths = 0
        self._ranks = np.empty(0, np.int32)
        self._numbers = np.empty(0, np.int32)

    @property
    def ranked(self) -> int:
        """How many nodes have a rank; ranks are less than that."""
        return len(self._numbers)

    def rank(self, number: int) -> int:
        """Return the rank of a number of the journal."""
        return int(self._ranks[number]) if number < len(self._ranks) else number

    def ranks(self, numbers: Numbers) -> Numbers:
        """Return the ranks of numbers of the journal."""
        return _swapped(numbers, self._ranks)

    def numbers(self, ranks: Numbers) -> Numbers:
        """Return the numbers of the journal of ranks."""
        return _swapped(ranks, self._numbers)

    def follow(self, rows: Rows, refs: Sequence[str], deaths: int = 0) -> None:
        """Take in what has come.

        Args:
            rows: the columns of the journal.
            refs: of the nodes, by number; they have only become more.
            deaths: how often rows have died.
        """
        length = len(rows["source"])
        if length - self.filed > max(self._apart, self.filed // 16) or not self.filed:
            self._rank(refs)
            fresh = np.arange(self.filed, length, dtype=np.int32)
            for filed in self._filed:
                filed.add(rows, fresh, self._ranks)
            self.filed, self._deaths = length, deaths
        self.has_dead = deaths > self._deaths
        for late in self._late:
            late.follow(rows, self.filed, self.ranks)

    def _rank(self, refs: Sequence[str]) -> None:
        known = len(self._numbers)
        fresh = sorted(range(known, len(refs)), key=refs.__getitem__)
        before = self._numbers
        # One number between numbers; those that follow each other directly come in their own order.
        places = [bisect_left(before, refs[one], key=refs.__getitem__) for one in fresh] if known else 0
        self._numbers = np.insert(before, places, np.array(fresh, np.int32))
        self._ranks = np.empty(len(refs), np.int32)
        self._ranks[self._numbers] = np.arange(len(refs), dtype=np.int32)
        self.turn += 1


def _swapped(some: Numbers, table: Numbers) -> Numbers:
    """Return what a table has for some numbers; those behind its end stay what they are."""
    if not len(some) or some.max() < len(table):
        return table[some]
    found = some.copy()
    is_known = some < len(table)
    found[is_known] = table[some[is_known]]
    return found


class _Filed:
    """Rows in the order of one end, then of the other, then of the kind: those of one tie follow each other.

    `far` is the rank of the other end, `label` that of the claim, `row` where it stands in the journal, of each.
    """

    def __init__(self, near: str, far: str) -> None:
        self._near, self._far = near, far
        self._starts = np.zeros(1, np.int64)
        self.row = self.far = self.label = np.empty(0, np.int32)

    def add(self, rows: Rows, fresh: Numbers, ranks: Numbers) -> None:
        """File some rows; the order of those that are filed does not change by new ranks."""
        own, fresh = (some[~rows["died"][some]] for some in (self.row, fresh))
        keys = self._keys(rows, fresh, ranks)
        order = np.argsort(keys, kind="stable")
        if len(own):
            places = np.searchsorted(self._keys(rows, own, ranks), keys[order], side="right")
            own = np.insert(own, places, fresh[order])
        else:
            own = fresh[order]
        # Side by side they are read several times faster than where they stand in the journal.
        self.row, self.far, self.label = own, ranks[rows[self._far][own]], rows["label"][own]
        self._starts = np.zeros(len(ranks) + 1, np.int64)
        np.cumsum(np.bincount(ranks[rows[self._near][own]], minlength=len(ranks)), out=self._starts[1:])

    def _keys(self, rows: Rows, some: Numbers, ranks: Numbers) -> Numbers:
        near, far = (ranks[rows[name][some]] for name in (self._near, self._far))
        return keys_of(near, far, rows["kind"][some])

    def places(self, nodes: Numbers, _: Numbers) -> Numbers:
        """Return where in this file the rows of some nodes stand, one node after the other.

        Args:
            nodes: ranks, each once.
        """
        known = nodes[nodes < len(self._starts) - 1]
        starts = self._starts[known]
        counts = self._starts[known + 1] - starts
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        found: Numbers = np.repeat(starts - ends + counts, counts)
        found += np.arange(total)
        return found


class _Late:
    """Rows that are not filed yet, in the order in which they came; see `_Filed`."""

    def __init__(self, near: str, far: str) -> None:
        self._near_name, self._far_name = near, far
        self._first = 0
        self._near = self.row = self.far = self.label = np.empty(0, np.int32)

    def follow(self, rows: Rows, first: int, ranks: Callable[[Numbers], Numbers]) -> None:
        """Take in the rows from one on."""
        length = len(rows["source"])
        if (first, length - first) != (self._first, len(self.row)):
            self._first = first
            self._near, self.far = (ranks(rows[name][first:]) for name in (self._near_name, self._far_name))
            self.row, self.label = np.arange(first, length, dtype=np.int32), rows["label"][first:]

    def places(self, _: Numbers, is_meant: Numbers) -> Numbers:
        """Return where in this file the rows of some nodes stand.

        Args:
            is_meant: of each rank, whether it is one of theirs.
        """
        # Marked in a table: it costs less than to look for each.
        found: Numbers = np.flatnonzero(is_meant[self._near])
        return found


File = _Filed | _Late
"""Rows with one end in common are found in it."""


def keys_of(near: Numbers, far: Numbers, kind: Numbers) -> Numbers:
    """Return one number for each tie: there are fewer than 2^28 nodes, and fewer than 256 kinds."""
    keys: Numbers = (near.astype(np.int64) << 36) | (far.astype(np.int64) << 8) | kind
    return keys
