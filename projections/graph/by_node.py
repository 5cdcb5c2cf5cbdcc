"""Where in the journal the ties of a node stand, and which reference comes first: for whoever asks about a few nodes.

Nothing here depends on who reads: rows of claims are found, and whoever asks keeps those that he may see.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]

MOST_APART = 8_192
"""Rows, or a sixteenth of all, that are looked through each time rather than filed."""


class ByNode:
    """Rows of the journal filed by the node where a tie begins and by the one where it ends.

    The newest rows, from `filed` on, are not filed yet. Hold the view's lock.

    Args:
        apart: how many of them there may be at least.
    """

    def __init__(self, apart: int = MOST_APART) -> None:
        self._apart = apart
        self._leaving = _Filed("source", "target")
        self._arriving = _Filed("target", "source")
        self.filed = 0
        self._in_order = np.empty(0, np.int32)
        self.ranks = np.empty(0, np.int32)

    def follow(self, rows: Mapping[str, Numbers], refs: Sequence[str]) -> None:
        """File what has come.

        Args:
            rows: the columns of the journal.
            refs: of the nodes, by number; they have only become more.
        """
        length = len(rows["source"])
        if length - self.filed <= max(self._apart, self.filed // 16) and self.filed:
            return
        fresh = np.arange(self.filed, length, dtype=np.int32)
        for filed in (self._leaving, self._arriving):
            filed.add(rows, fresh, len(refs))
        self.filed = length
        self._rank(refs)

    def _rank(self, refs: Sequence[str]) -> None:
        known = len(self._in_order)
        fresh = sorted(range(known, len(refs)), key=refs.__getitem__)
        before = self._in_order
        # One number between numbers; those that follow each other directly come in their own order.
        places = [bisect_left(before, refs[one], key=refs.__getitem__) for one in fresh] if known else 0
        self._in_order = np.insert(before, places, np.array(fresh, np.int32))
        self.ranks = np.empty(len(refs), np.int32)
        self.ranks[self._in_order] = np.arange(len(refs), dtype=np.int32)

    def leaving(self, nodes: Numbers, rows: Mapping[str, Numbers]) -> Numbers:
        """Return the rows of ties that begin at some nodes; as far as they are filed, one tie after the other.

        Args:
            nodes: numbers, each once.
            rows: the columns of the journal.
        """
        return self._leaving.of(nodes, rows, self.filed)

    def arriving(self, nodes: Numbers, rows: Mapping[str, Numbers]) -> Numbers:
        """Return the rows of ties that end at some nodes, likewise."""
        return self._arriving.of(nodes, rows, self.filed)

    def first(self, nodes: Numbers, ref: Callable[[int], str], most: int) -> list[int]:
        """Return those of some nodes whose references come first, in order; numbers that nobody filed included.

        Args:
            nodes: numbers, each once.
            ref: gives the reference of a number.
            most: how many.
        """
        is_ranked = nodes < len(self.ranks)
        ranks = self.ranks[nodes[is_ranked]]
        if most <= 0:
            return []
        if len(ranks) > 4 * most:
            ranks = np.partition(ranks, most)[:most]
        found: list[int] = self._in_order[np.sort(ranks)[:most]].tolist()
        if not is_ranked.all():
            found = sorted(found + nodes[~is_ranked].tolist(), key=ref)[:most]
        return found


class _Filed:
    """Rows in the order of one end, then of the other, then of the kind: those of one tie follow each other."""

    def __init__(self, near: str, far: str) -> None:
        self._near, self._far = near, far
        self._rows = np.empty(0, np.int32)
        self._starts = np.zeros(1, np.int64)

    def add(self, rows: Mapping[str, Numbers], fresh: Numbers, nodes: int) -> None:
        own = self._sorted(rows, fresh)
        if len(self._rows):
            places = np.searchsorted(self._keys(rows, self._rows), self._keys(rows, own), side="right")
            own = np.insert(self._rows, places, own)
        self._rows = own
        self._starts = np.zeros(nodes + 1, np.int64)
        np.cumsum(np.bincount(rows[self._near][own], minlength=nodes), out=self._starts[1:])

    def _sorted(self, rows: Mapping[str, Numbers], some: Numbers) -> Numbers:
        return some[np.argsort(self._keys(rows, some), kind="stable")]

    def _keys(self, rows: Mapping[str, Numbers], some: Numbers) -> Numbers:
        near, far, kind = (rows[name][some] for name in (self._near, self._far, "kind"))
        return keys_of(near, far, kind)

    def of(self, nodes: Numbers, rows: Mapping[str, Numbers], filed: int) -> Numbers:
        known = nodes[nodes < len(self._starts) - 1]
        starts, ends = self._starts[known], self._starts[known + 1]
        counts = ends - starts
        total = int(counts.sum())
        places = np.arange(total) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        found: Numbers = self._rows[places]
        newest = rows[self._near][filed:]
        if not len(newest):
            return found
        # Marked in a table: it costs less than to look for each.
        is_meant = np.zeros(int(max(newest.max(), nodes.max(initial=0))) + 1, bool)
        is_meant[nodes] = True
        both: Numbers = np.concatenate([found, np.flatnonzero(is_meant[newest]) + filed])
        return both


def keys_of(near: Numbers, far: Numbers, kind: Numbers) -> Numbers:
    """Return one number for each tie: there are fewer than 2^28 nodes, and fewer than 256 kinds."""
    keys: Numbers = (near.astype(np.int64) << 36) | (far.astype(np.int64) << 8) | kind
    return keys
