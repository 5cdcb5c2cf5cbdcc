"""The journal of ties: every claim on a tie as one row of narrow columns, beside the network.

Whole-graph measures read it, since a graph of Python objects takes seconds to convert. A row costs 47 bytes; what
a claim proves stays with the network.
"""

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from projections.graph.around.endings import Endings
from projections.graph.around.members import MembersKept
from projections.graph.by_node import MOST_APART, ByNode
from projections.graph.claims import NUMBERED, Forms, Node, Reading
from projections.graph.dates import Dates
from projections.graph.whole.cut import Cut, cut_of

Numbers = NDArray[Any]

Mark = tuple[int, int]
"""How many claims there were, and how often an event was taken away."""

_COLUMNS = (
    ("source", np.int32),
    ("target", np.int32),
    ("kind", np.int16),
    ("label", np.int32),
    ("since", np.int32),
    ("until", np.int32),
    ("died", np.bool_),
    ("order", np.int64),
    ("place", np.int64),
    ("name", np.int64),
)
_OF_A_TIE = ("source", "target", "kind", "label", "since", "until")
_OF_AN_EVENT = ("order", "place", "name")
"""Columns that are the same in all rows of an event; they wait once, with the number of its rows."""

_MOST_FRESH = 4_096
"""Rows that wait, one behind the other: written one by one into the columns they would cost ten times as much."""


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
    alive: Numbers


class Journal:
    """Every claim on a tie, in the order in which they came. Hold the view's lock while calling.

    What has died stays until the process ends and is never shown: the past is asked of `History`. `are_bare` says
    whether every reference stands in JSON as it is, between quotes.

    Args:
        apart: the newest claims that need not be filed by node, at least so many.
    """

    def __init__(self, apart: int = MOST_APART) -> None:
        self._refs: list[str] = []
        self._numbers: dict[str, int] = {}
        self._kind_of = array("h")
        self._node_kinds: dict[str, int] = {}
        self._kinds: dict[str, int] = {}
        self._table = {name: np.empty(0, dtype) for name, dtype in _COLUMNS}
        self._length = 0
        self._last = 0
        self._fresh = array("i")
        self._fresh_events = array("q")
        self._late: dict[int, int] = {}
        self._changes: defaultdict[int, int] = defaultdict(int)
        self._dead: list[range] = []
        self.are_bare = True
        self.dates = Dates()
        self.members = MembersKept()
        self.endings = Endings()
        self._by_node = ByNode(apart)

    def __len__(self) -> int:
        """How many claims there ever were."""
        return self._length + len(self._fresh) // len(_OF_A_TIE)

    def add(self, reading: Reading, forms: Forms, met: Mapping[str, Node]) -> None:
        """Write down the ties of what one event says; none of that event may be alive here.

        Args:
            reading: with whatever `forms` gives the number of.
            forms: the numbers of the event's label.
            met: the nodes that it names, of the network beside the journal.
        """
        ties = reading.ties
        if not ties:
            return
        origin = reading.origin
        position = origin.position
        if position > self._last:
            self._last = position
        else:
            self._late[position] = len(self)
        kinds, changes, fresh = self._kinds, self._changes, list[int]()
        alike: tuple[str | None, str | None] | None = None
        for kind, source, target, level, since, until, _ in ties:
            one, other, label = met[source], met[target], forms[level]
            if (asserted := (since, until)) != alike:
                alike = asserted
                first, last = map(self.dates.number, asserted)
            fresh += (
                one.number if one.number >= 0 else self._number(one),
                other.number if other.number >= 0 else self._number(other),
                kinds.setdefault(kind, len(kinds)),
                label,
                first,
                last,
            )
            changes[label] += 1
        self._fresh.extend(fresh)
        self._fresh_events.extend((self._last, position, hash(origin.id), len(ties)))
        if len(self._fresh) >= _MOST_FRESH * len(_OF_A_TIE):
            self._settle()

    def remove(self, reading: Reading, forms: Forms = NUMBERED) -> None:
        """Let the ties die that `add` wrote down of this reading.

        Args:
            reading: as it was added.
            forms: likewise.
        """
        if not reading.ties:
            return
        self._settle()
        start = self._late.pop(reading.origin.position, None)
        if start is None:
            order = self._table["order"][: self._length]
            start = int(np.searchsorted(order, reading.origin.position))
        self._table["died"][start : start + len(reading.ties)] = True
        self._dead.append(range(start, start + len(reading.ties)))
        for tie in reading.ties:
            self._changes[forms[tie[3]]] += 1

    def version(self, allowed: frozenset[int]) -> int:
        """Return a number that grows with every change of a claim that these readers may see, and with no other."""
        changes = self._changes
        return sum(changes[label] for label in allowed if label in changes)

    def forget(self) -> None:
        """Let go of the dates of claims that have died: something was erased."""
        self._settle()
        alive = np.logical_not(self._table["died"][: self._length])
        used = [self._table[name][: self._length][alive] for name in ("since", "until")]
        self.dates.forget(np.concatenate(used))
        self.endings.forget()

    def mark(self) -> Mark:
        """Return up to where the journal has come, for `since`."""
        return len(self), len(self._dead)

    def behind(self, mark: Mark) -> int:
        """Count the claims that came or died since a mark."""
        return len(self) - mark[0] + sum(map(len, self._dead[mark[1] :]))

    def since(self, mark: Mark) -> list[tuple[int, int, str, int]]:
        """Return source, target, kind and label of the claims that came or died since a mark."""
        self._settle()
        rows = list(chain(range(mark[0], self._length), *self._dead[mark[1] :]))
        kinds = list(self._kinds)
        source, target, kind, label = (
            self._table[name][rows].tolist() for name in ("source", "target", "kind", "label")
        )
        named = [kinds[number] for number in kind]
        return list(zip(source, target, named, label, strict=True))

    def by_node(self) -> tuple[ByNode, Mapping[str, Numbers]]:
        """Return the rows found by node, and all columns as they are now; both hold as long as the lock is held."""
        self._settle()
        rows = {name: column[: self._length] for name, column in self._table.items()}
        self._by_node.follow(rows, self._refs, len(self._dead))
        return self._by_node, rows

    @property
    def names(self) -> tuple[Sequence[str], Mapping[str, int], Sequence[str]]:
        """References by number, numbers by reference, and kinds of ties by number."""
        return self._refs, self._numbers, tuple(self._kinds)

    def number(self, ref: str) -> int | None:
        """Return the number of a reference; None if nobody was ever tied to it."""
        return self._numbers.get(ref)

    def seen(self, allowed: frozenset[int]) -> Numbers:
        """Return of every label that a claim bears, by number, whether these readers may see it."""
        table = np.zeros(max(max(allowed, default=0), max(self._changes, default=0)) + 1, bool)
        table[list(allowed)] = True
        return table

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
            np.logical_not(rows["died"]),
        )

    def cut(
        self,
        allowed: frozenset[int],
        canonical: Mapping[str, str] | None = None,
        kinds: frozenset[str] | None = None,
    ) -> Cut:
        """Return who is tied to whom for some readers; see `projections.graph.whole.cut.cut_of`."""
        return cut_of(self.columns(), allowed, canonical, kinds)

    def _number(self, node: Node) -> int:
        ref = node.ref
        number = self._numbers.get(ref)
        if number is None:
            number = self._numbers[ref] = len(self._refs)
            kind = ref.partition(":")[0]
            self._kind_of.append(self._node_kinds.setdefault(kind, len(self._node_kinds)))
            self._refs.append(ref)
            if self.are_bare:
                self.are_bare = orjson.dumps(ref) == b'"%b"' % ref.encode()
        node.number = number
        return number

    def _settle(self) -> None:
        """Write what is fresh into the columns; whoever reads the rows before them is not disturbed."""
        if not self._fresh:
            return
        length = len(self)
        rows = np.array(self._fresh, np.int32).reshape(-1, len(_OF_A_TIE))
        events = np.array(self._fresh_events, np.int64).reshape(-1, len(_OF_AN_EVENT) + 1)
        every = np.repeat(events[:, :-1], events[:, -1], axis=0)
        said = dict(zip((*_OF_A_TIE, *_OF_AN_EVENT), (*rows.T, *every.T), strict=True))
        for name, column in self._table.items():
            if length > len(column):
                grown = np.empty(max(length, len(column) * 3 // 2), column.dtype)
                grown[: self._length] = column[: self._length]
                self._table[name] = grown
            self._table[name][self._length : length] = said.get(name, False)
        self._length = length
        self._fresh, self._fresh_events = array("i"), array("q")
