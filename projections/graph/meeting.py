"""Two searches that grow towards each other, and the small graph of all ways between their starts. Pure."""

import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

MOST_HOPS = 6


class Acquainted(Protocol):
    """Who knows whom. To be neighbours is mutual."""

    def passes(self, ref: str) -> bool:
        """Tell whether a node may be passed. Asked once a node."""

    def neighbours(self, ref: str) -> Iterable[str]:
        """Return all neighbours of a node. Slow; asked once a node."""

    def touching(self, refs: Iterable[str], among: Set[str]) -> Iterable[tuple[str, str]]:
        """Yield the pairs of neighbours, one of `refs` and one of `among`; some may come twice. Fast."""


@dataclass(frozen=True, slots=True)
class Ways:
    """All that lies on ways of at most `most` hops between two nodes.

    Args:
        source: where they start.
        target: where they end.
        most: hops.
        near: of each node, those next to it on such a way, sorted.
        left: of each node, how many hops it is from the target at least.
    """

    source: str
    target: str
    most: int
    near: Mapping[str, Sequence[str]]
    left: Mapping[str, int]

    @property
    def ties(self) -> int:
        """How many pairs of neighbours there are, each counted in both directions."""
        return sum(map(len, self.near.values()))


class Side:
    """What one search has reached: how far each node is, and who was reached last."""

    def __init__(self, start: str) -> None:
        self.start = start
        self.distance = {start: 0}
        self.frontier = [start]
        self.depth = 0

    def grow(self, meeting: "Meeting", end: str) -> None:
        """Go one hop further, through nobody that may not be passed, and not through `end`."""
        self.depth += 1
        distance, depth = self.distance, self.depth
        reached = []
        for node in self.frontier:
            for other in meeting.neighbours(node) if node != end and meeting.passes(node) else ():
                if other not in distance:
                    distance[other] = depth
                    reached.append(other)
        self.frontier = reached
        if not reached:
            # There is nothing further: all that can be reached is known.
            self.depth = MOST_HOPS


class Meeting:
    """Two searches. The order of answers makes no difference.

    To know all ways of so many hops, the searches need to see one hop less: the last hop lies between those whom they
    reached last, and to look for it there is far cheaper than to ask for everybody's acquaintances.
    """

    def __init__(self, acquainted: Acquainted, source: str, target: str) -> None:
        self._acquainted = acquainted
        self._passable: dict[str, bool] = {}
        self._asked = 0
        self._here, self._there = Side(source), Side(target)
        self._bridged = (-1, -1)
        self._bridges: list[tuple[str, str]] = []

    def passes(self, node: str) -> bool:
        """Tell whether a node may be passed, asking once."""
        known = self._passable.get(node)
        if known is None:
            known = self._passable[node] = self._acquainted.passes(node)
        return known

    def neighbours(self, node: str) -> Iterable[str]:
        """Return the neighbours of a node, and count that they were asked for."""
        self._asked += 1
        return self._acquainted.neighbours(node)

    def nearness(self, ref: str) -> int:
        """Return how many hops away the nearer start is; `MOST_HOPS` if the searches did not come there."""
        return min(side.distance.get(ref, MOST_HOPS) for side in (self._here, self._there))

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
        here, there = self._here.distance, self._there.distance
        bridges = self._find_bridges() if self._here.depth + self._there.depth < most else []
        if len(bridges) > room:
            return None
        bridges = [pair for pair in bridges if all(map(self.passes, pair))]
        back = self._beyond(self._there, here, most, [one for one, _ in bridges])
        forth = self._beyond(self._here, there, most, [other for _, other in bridges])
        # How far from the source and from the target, of whoever is on a way.
        far = {node: here[node] for node in back} | forth
        left = {node: there[node] for node in forth} | back
        for node in here.keys() & there.keys():
            if here[node] + there[node] <= most:
                far[node], left[node] = here[node], there[node]
        if self._here.start not in left or len(left) > room:
            return None
        left = {node: hops for node, hops in left.items() if self.passes(node)}
        near: dict[str, set[str]] = {node: set() for node in left}
        for node, other in self._acquainted.touching(left, left.keys()):
            if min(far[node] + left[other], far[other] + left[node]) < most:
                near[node].add(other)
        ordered = {node: sorted(near[node]) for node in sorted(near)}
        return Ways(self._here.start, self._there.start, most, ordered, left)

    def _find_bridges(self) -> list[tuple[str, str]]:
        """Return who of those reached last from here knows whom of those reached last from there."""
        depths = self._here.depth, self._there.depth
        if self._bridged != depths:
            here, there = self._here.frontier, self._there.frontier
            if len(here) <= len(there):
                pairs = list(self._acquainted.touching(here, set(there)))
            else:
                pairs = [(one, other) for other, one in self._acquainted.touching(there, set(here))]
            self._bridges, self._bridged = pairs, depths
        return self._bridges

    def _beyond(
        self, side: Side, across: Mapping[str, int], most: int, bridged: Iterable[str]
    ) -> dict[str, int]:
        """Go on from where a search stopped, among those whom the other one reached and who are near enough to it.

        Args:
            side: the search.
            across: how far from the start of the other one each is.
            most: hops in all.
            bridged: who is next to those whom the search reached last.

        Returns:
            How far from the start of `side` each is whom the search itself did not reach.
        """
        found: dict[str, int] = {}
        frontier = [node for node in side.frontier if across.get(node, most) + side.depth <= most]
        others: Iterable[str] = bridged
        for hops in range(side.depth + 1, most + 1):
            passed = [node for node in frontier if self.passes(node)]
            near = (other for _, other in self._acquainted.touching(passed, across.keys()))
            frontier = []
            for other in chain(others, near):
                if other not in side.distance and other not in found and across[other] + hops <= most:
                    found[other] = hops
                    frontier.append(other)
            others = ()
        return found
