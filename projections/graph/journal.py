"""The journal of ties: every claim on a tie as one row of narrow columns, beside the network.

Whole-graph measures read it, since a graph of Python objects takes seconds to convert. A row costs 42 bytes; what
a claim proves stays with the network.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.claims import Reading
from projections.graph.cut import Cut, cut_of
from schemas.edtf import NotEdtf, bounds

Numbers = NDArray[Any]

_COLUMNS = (
    ("source", np.int32),
    ("target", np.int32),
    ("kind", np.int16),
    ("label", np.int32),
    ("day", np.int32),
    ("born", np.int64),
    ("died", np.int64),
    ("order", np.int64),
)
_MOST_FRESH = 4_096
"""Rows that wait as Python tuples: written one by one into arrays they would cost ten times as much."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The journal as it was at one moment; later rows and deaths do not show.

    Args:
        refs: of the nodes, by number; may have more than there were then.
        numbers: reference → number of the node.
        kinds: of the ties, by number.
        node_kinds: kind → its number.
        kind_of: node → number of its kind.
        source: number of the node where the tie begins.
        target: number of the node where it ends.
        kind: number of the tie's kind.
        label: number of the label that the claim bears.
        day: from which the tie holds by this claim, `date.toordinal()`; 0 if that cannot be said.
        alive: whether the claim stood.
    """

    refs: Sequence[str]
    numbers: Mapping[str, int]
    kinds: tuple[str, ...]
    node_kinds: Mapping[str, int]
    kind_of: Numbers
    source: Numbers
    target: Numbers
    kind: Numbers
    label: Numbers
    day: Numbers
    alive: Numbers


class Journal:
    """Every claim on a tie, in the order in which they came. Hold the view's lock while calling.

    `born` is the place in the log of the change that brought a claim, `died` of the one that took it away, or 0.
    What has died stays until the process ends and is never shown: the past is asked of `History`.
    """

    def __init__(self) -> None:
        self._refs: list[str] = []
        self._numbers: dict[str, int] = {}
        self._kind_of = array("h")
        self._node_kinds: dict[str, int] = {}
        self._kinds: dict[str, int] = {}
        self._table = {name: np.empty(0, dtype) for name, dtype in _COLUMNS}
        self._length = 0
        self._last = 0
        self._fresh: list[tuple[int, ...]] = []
        self._late: dict[int, int] = {}
        self._changes: dict[int, int] = {}

    def __len__(self) -> int:
        """How many claims there ever were."""
        return self._length + len(self._fresh)

    def add(self, reading: Reading, at: int) -> None:
        """Write down the ties of what one event says; none of that event may be alive here.

        Args:
            reading: what it says.
            at: place in the log of the change that brings it.
        """
        if not reading.ties:
            return
        origin = reading.origin
        if origin.position > self._last:
            self._last = origin.position
        else:
            self._late[origin.position] = len(self)
        told = origin.as_of or origin.time
        for kind, source, target, label, since, *_ in reading.ties:
            day = _day(since or told)
            ends = self._number(source), self._number(target)
            number = self._kinds.setdefault(kind, len(self._kinds))
            self._fresh.append((*ends, number, label, day, at, 0, self._last))
            self._changes[label] = self._changes.get(label, 0) + 1
        if len(self._fresh) >= _MOST_FRESH:
            self._settle()

    def remove(self, reading: Reading, at: int) -> None:
        """Let the ties die that `add` wrote down of this reading.

        Args:
            reading: as it was added.
            at: place in the log of the change that takes it away.
        """
        if not reading.ties:
            return
        self._settle()
        start = self._late.pop(reading.origin.position, None)
        if start is None:
            order = self._table["order"][: self._length]
            start = int(np.searchsorted(order, reading.origin.position))
        self._table["died"][start : start + len(reading.ties)] = at
        for tie in reading.ties:
            self._changes[tie[3]] += 1

    def version(self, allowed: frozenset[int]) -> int:
        """Return a number that grows with every change of a claim that these readers may see, and with no other."""
        changes = self._changes
        return sum(changes[label] for label in allowed if label in changes)

    def columns(self) -> Columns:
        """Return all that there is now, without copying the rows; the lock may be let go then."""
        self._settle()
        rows = {name: column[: self._length] for name, column in self._table.items()}
        return Columns(
            self._refs,
            self._numbers,
            tuple(self._kinds),
            dict(self._node_kinds),
            np.array(self._kind_of, np.int16),
            rows["source"],
            rows["target"],
            rows["kind"],
            rows["label"],
            rows["day"],
            rows["died"] == 0,
        )

    def cut(
        self,
        allowed: frozenset[int],
        canonical: Mapping[str, str] | None = None,
        kinds: frozenset[str] | None = None,
    ) -> Cut:
        """Return who is tied to whom for some readers; see `projections.graph.cut.cut_of`."""
        return cut_of(self.columns(), allowed, canonical, kinds)

    def _number(self, ref: str) -> int:
        number = self._numbers.get(ref)
        if number is None:
            number = self._numbers[ref] = len(self._refs)
            kind = ref.partition(":")[0]
            self._kind_of.append(self._node_kinds.setdefault(kind, len(self._node_kinds)))
            self._refs.append(ref)
        return number

    def _settle(self) -> None:
        """Write what is fresh into the columns; whoever reads the rows before them is not disturbed."""
        if not self._fresh:
            return
        length = len(self)
        rows = np.array(self._fresh, np.int64)
        for place, (name, column) in enumerate(self._table.items()):
            if length > len(column):
                grown = np.empty(max(length, len(column) * 3 // 2), column.dtype)
                grown[: self._length] = column[: self._length]
                self._table[name] = grown
            self._table[name][self._length : length] = rows[:, place]
        self._length = length
        self._fresh.clear()


def _day(when: str) -> int:
    """Return the earliest day of a date (EDTF, or a moment), as an ordinal; 0 if it has none."""
    try:
        return date.fromisoformat(when[:10]).toordinal()
    except ValueError:
        pass
    try:
        first = bounds(when)[0]
    except NotEdtf:
        return 0
    return 0 if first is None else first.toordinal()
