"""Who is next to whom, by numbers: rows of one array, so that thousands are looked up at once. Pure.

What came later stands beside the rows, and what went is written over in place, so that one change costs microseconds.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]

_HALF = 32
_LOWER = (1 << _HALF) - 1
_NOBODY = np.zeros(0, np.int32)


def distinct(keys: Numbers) -> Numbers:
    """Return each key once, sorted; sorts in place. The set of keys that numpy makes takes ten times as long."""
    keys.sort()
    is_new = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=is_new[1:])
    return keys[is_new]


class Pairs:
    """Directed pairs of numbers, each once; nobody is paired with himself.

    Args:
        first: of each pair; pairs may come twice.
        second: the other.
        size: numbers are less than that; later ones may be more.
    """

    def __init__(self, first: Numbers, second: Numbers, size: int) -> None:
        apart = first != second
        keys = distinct(first[apart].astype(np.int64) << _HALF | second[apart])
        rows, others = keys >> _HALF, keys & _LOWER
        self._rows = size
        self._others = others.astype(np.int32)
        self._start = np.zeros(size + 1, np.int32)
        np.cumsum(np.bincount(rows, minlength=size), out=self._start[1:])
        self._later: dict[int, list[int]] = {}
        self._has_later = np.zeros(size, bool)
        self._gone = 0

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self._others) - self._gone + sum(map(len, self._later.values()))

    def of(self, one: int) -> Numbers:
        """Return the others of one, in no order."""
        found = self._row(one)
        if self._gone:
            found = found[found != one]
        later = self._later.get(one)
        return np.concatenate((found, np.array(later, np.int32))) if later else found

    def _row(self, one: int) -> Numbers:
        return self._others[self._start[one] : self._start[one + 1]] if one < self._rows else _NOBODY

    def of_all(self, some: Numbers) -> tuple[Numbers, Numbers]:
        """Return every pair whose first is among some, as two arrays, in no order; `some` holds nobody twice."""
        known = some[some < self._rows]
        begin = self._start[known]
        counts = self._start[known + 1] - begin
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        first = np.repeat(known, counts)
        second = self._others[np.repeat(begin - ends + counts, counts) + np.arange(total, dtype=np.int32)]
        if self._gone:
            left = first != second
            first, second = first[left], second[left]
        return self._with_later(some, first, second) if self._later else (first, second)

    def _with_later(self, some: Numbers, first: Numbers, second: Numbers) -> tuple[Numbers, Numbers]:
        known = some[some < len(self._has_later)]
        added = [(one, self._later[one]) for one in known[self._has_later[known]].tolist()]
        ones = [np.full(len(others), one, np.int32) for one, others in added]
        others = [np.array(others, np.int32) for _, others in added]
        return np.concatenate((first, *ones)), np.concatenate((second, *others))

    def holds(self, one: int, other: int) -> bool:
        """Tell whether there is such a pair."""
        return one != other and (other in self._later.get(one, ()) or bool((self._row(one) == other).any()))

    def put(self, one: int, other: int) -> None:
        """Add a pair; nothing happens if it is there."""
        if one == other or self.holds(one, other):
            return
        if one >= len(self._has_later):
            grown = np.zeros(max(one + 1, len(self._has_later) * 9 // 8 + 64), bool)
            grown[: len(self._has_later)] = self._has_later
            self._has_later = grown
        self._later.setdefault(one, []).append(other)
        self._has_later[one] = True

    def drop(self, one: int, other: int) -> None:
        """Take a pair away; nothing happens if it is not there."""
        later = self._later.get(one, [])
        if other in later:
            later.remove(other)
            if not later:
                del self._later[one]
                self._has_later[one] = False
            return
        row = self._row(one)
        at = np.flatnonzero(row == other)
        # Who is paired with himself is nobody's pair.
        row[at] = one
        self._gone += len(at)

    @property
    def seconds(self) -> Numbers:
        """Everybody who is second of a pair; a number may come several times."""
        some = self._others
        if self._gone:
            some = some[some != np.repeat(np.arange(self._rows, dtype=np.int32), np.diff(self._start))]
        later = [other for others in self._later.values() for other in others]
        return np.concatenate((some, np.array(later, np.int32)))
