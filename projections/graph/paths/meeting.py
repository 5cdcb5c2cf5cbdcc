"""Two searches that grow towards each other, and the small graph of all ways between their starts. Pure.

Nodes are numbers, and are looked up by thousands. Their order makes no difference.
"""

import sys
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]

MOST_HOPS = 6

_FAR = 50
"""Hops to whom a search has not come; twice as much still fits into a byte."""

_NOBODY = np.zeros(0, np.int32)


class Acquainted(Protocol):
    """Who knows whom, by numbers. To be neighbours is mutual, and nobody is his own."""

    @property
    def size(self) -> int:
        """Numbers are less than that; it may grow with what is asked."""

    def ref(self, number: int) -> str:
        """Return what a number stands for."""

    def passes(self, some: Numbers) -> Numbers:
        """Tell of each node whether it may be passed."""

    def of_all(self, some: Numbers) -> tuple[Numbers, Numbers]:
        """Return every pair of neighbours whose first is among some, as two arrays, each pair once."""


class Ways:
    """All that lies on ways of at most `most` hops between two nodes.

    Args:
        acquainted: who knows whom.
        ends: where the ways start and end.
        most: hops.
        nodes: that lie on them, ends included.
        distances: of each node, how many hops it is at least from the source, and from the target.
    """

    def __init__(
        self,
        acquainted: Acquainted,
        ends: tuple[int, int],
        most: int,
        nodes: Numbers,
        distances: tuple[Numbers, Numbers],
    ) -> None:
        self._acquainted = acquainted
        self.source, self.target = ends
        self.most = most
        self.nodes = nodes
        self._far, self._left = (_table(acquainted.size, nodes, hops) for hops in distances)
        self._near: dict[int, list[tuple[str, int, int]]] = {}

    def pairs(self) -> tuple[Numbers, Numbers]:
        """Return the pairs of neighbours on the ways, each in both directions, as two arrays."""
        return self._fitting(*self._acquainted.of_all(self.nodes))

    def near(self, node: int) -> Sequence[tuple[str, int, int]]:
        """Return who is next to a node on such a way, by reference: (reference, number, hops to the target)."""
        known = self._near.get(node)
        if known is None:
            _, others = self._fitting(*self._acquainted.of_all(np.array([node], np.int32)))
            left = self._left[others].tolist()
            refs = map(self._acquainted.ref, found := others.tolist())
            known = self._near[node] = sorted(zip(refs, found, left, strict=True))
        return known

    def _fitting(self, some: Numbers, others: Numbers) -> tuple[Numbers, Numbers]:
        size = self._acquainted.size
        far, left = self._far, self._left = _fitted(self._far, size), _fitted(self._left, size)
        fits = np.minimum(far[some] + left[others], far[others] + left[some]) < self.most
        return some[fits], others[fits]


class Side:
    """What one search has reached: how far each node is, and who was reached last."""

    def __init__(self, start: int, size: int) -> None:
        self.start = start
        self.depth = 0
        self.frontier = np.array([start], np.int32)
        self.reached = [self.frontier]
        self.distance = _table(size, self.frontier, self.frontier * 0)

    def fit(self, size: int) -> None:
        """Make room for further nodes."""
        self.distance = _fitted(self.distance, size)

    def grow(self, meeting: "Meeting", end: int) -> None:
        """Go one hop further, through nobody that may not be passed, and not through `end`."""
        self.depth += 1
        found = meeting.neighbours(self.frontier[self.frontier != end])
        self.fit(meeting.size)
        self.frontier = _once(found[self.distance[found] == _FAR], meeting.size)
        self.distance[self.frontier] = self.depth
        self.reached.append(self.frontier)
        if not len(self.frontier):
            # There is nothing further: all that can be reached is known.
            self.depth = MOST_HOPS


class Meeting:
    """Two searches.

    To know all ways of so many hops, the searches need to see one hop less: the last hop lies between those whom they
    reached last.
    """

    def __init__(self, acquainted: Acquainted, source: int, target: int) -> None:
        self._acquainted = acquainted
        self._asked = 0
        self._here, self._there = (Side(start, acquainted.size) for start in (source, target))
        self._bridged = (-1, -1)
        self._bridges = _NOBODY, _NOBODY

    @property
    def size(self) -> int:
        """Numbers are less than that."""
        return self._acquainted.size

    def neighbours(self, some: Numbers) -> Numbers:
        """Return the neighbours of those who may be passed, and count that they were asked for."""
        passed = self._passed(some)
        self._asked += len(passed)
        return self._acquainted.of_all(passed)[1]

    def _passed(self, some: Numbers) -> Numbers:
        return some[self._acquainted.passes(some)]

    def nearness(self, node: int) -> int:
        """Return how many hops away the nearer start is; `MOST_HOPS` if the searches did not come there."""
        found = [int(side.distance[node]) for side in (self._here, self._there) if node < len(side.distance)]
        return min(found, default=MOST_HOPS) if min(found, default=_FAR) < _FAR else MOST_HOPS

    def widen(self, hops: int, most: int) -> bool:
        """Let the searches see ways of so many hops; False if that would ask more than `most` nodes."""
        while self._here.depth + self._there.depth + 1 < hops:
            one, other = self._here, self._there
            if len(other.frontier) < len(one.frontier):
                one, other = other, one
            if self._asked + len(one.frontier) > most:
                return False
            one.grow(self, other.start)
        return True

    def within(self, most: int, room: int = sys.maxsize) -> Ways | None:
        """Return the ways of at most `most` hops, which the searches must see.

        Returns:
            None if there are none, or if there may be more than `room` nodes on them.
        """
        here, there = self._here, self._there
        for side in (here, there):
            side.fit(self.size)
        bridges = self._find_bridges() if here.depth + there.depth < most else (_NOBODY, _NOBODY)
        if len(bridges[0]) > room:
            return None
        bridges = self._passable(*bridges)
        back, left = self._beyond(there, here.distance, most, bridges[0])
        forth, far = self._beyond(here, there.distance, most, bridges[1])
        both = self._both(most)
        nodes = np.concatenate((back, forth, both))
        if len(nodes) > room or not (nodes == here.start).any():
            return None
        far = np.concatenate((here.distance[back], far, here.distance[both]))
        left = np.concatenate((left, there.distance[forth], there.distance[both]))
        passed = self._acquainted.passes(nodes)
        ends = here.start, there.start
        return Ways(self._acquainted, ends, most, nodes[passed], (far[passed], left[passed]))

    def _both(self, most: int) -> Numbers:
        """Return whom both searches reached, and who lies on a way of so many hops."""
        reached = min(
            (side.reached for side in (self._here, self._there)), key=lambda some: sum(map(len, some))
        )
        nodes = np.concatenate(reached)
        return nodes[self._here.distance[nodes] + self._there.distance[nodes] <= most]

    def _find_bridges(self) -> tuple[Numbers, Numbers]:
        """Return who of those reached last from here knows whom of those reached last from there."""
        depths = self._here.depth, self._there.depth
        if self._bridged != depths:
            one, other = self._here, self._there
            if len(other.frontier) < len(one.frontier):
                one, other = other, one
            some, others = self._acquainted.of_all(one.frontier)
            other.fit(self.size)
            last = other.distance[others] == other.depth
            pairs = some[last], others[last]
            self._bridges = pairs if one is self._here else pairs[::-1]
            self._bridged = depths
        return self._bridges

    def _passable(self, some: Numbers, others: Numbers) -> tuple[Numbers, Numbers]:
        """Return the pairs of which both may be passed; where one may not, the other is not asked."""
        passes = self._acquainted.passes(some)
        some, others = some[passes], others[passes]
        passes = self._acquainted.passes(others)
        return some[passes], others[passes]

    def _beyond(self, side: Side, across: Numbers, most: int, bridged: Numbers) -> tuple[Numbers, Numbers]:
        """Go on from where a search stopped, among those whom the other one reached and who are near enough to it.

        Args:
            side: the search.
            across: how far from the start of the other one each is.
            most: hops in all.
            bridged: who is next to those whom the search reached last.

        Returns:
            Whom the search itself did not reach, and how far from the start of `side` each is.
        """
        found, hops = [_NOBODY], [_NOBODY.astype(np.int8)]
        known = _NOBODY.astype(np.int8)
        frontier = side.frontier
        if side.depth:
            frontier = frontier[across[frontier] + side.depth <= most]
        for hop in range(side.depth + 1, most + 1):
            if not len(frontier) and not len(bridged):
                break
            _, near = self._acquainted.of_all(self._passed(frontier))
            near, bridged = np.concatenate((bridged, near)) if len(bridged) else near, _NOBODY
            across, known = _fitted(across, self.size), _fitted(known, self.size)
            side.fit(self.size)
            fits = (side.distance[near] == _FAR) & (known[near] == _FAR) & (across[near] + hop <= most)
            frontier = _once(near[fits], self.size)
            known[frontier] = hop
            found.append(frontier)
            hops.append(np.full(len(frontier), hop, np.int8))
        return np.concatenate(found), np.concatenate(hops)


def _once(some: Numbers, size: int) -> Numbers:
    """Return each number once; cheaper than to sort them."""
    place = np.empty(size, np.int32)
    order = np.arange(len(some), dtype=np.int32)
    place[some] = order
    found: Numbers = some[place[some] == order]
    return found


def _table(size: int, nodes: Numbers, hops: Numbers) -> Numbers:
    """Return hops by number; `_FAR` where there are none."""
    found = np.full(size, _FAR, np.int8)
    found[nodes] = hops
    return found


def _fitted(table: Numbers, size: int) -> Numbers:
    """Return a table of hops with room for so many nodes."""
    room = size - len(table)
    return table if room <= 0 else np.concatenate((table, np.full(room * 2, _FAR, np.int8)))
