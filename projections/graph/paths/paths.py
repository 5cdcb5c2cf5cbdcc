"""Introduction paths: the best ways from one to another over those who know each other. Pure.

Two searches meet and go a little further. All that lies on ways of so many hops is a small graph; in that the
cheapest simple paths are found by Yen's algorithm (networkx).
"""

from collections.abc import Callable, Iterator
from itertools import islice, pairwise

import networkx as nx

from projections.graph.paths.meeting import MOST_HOPS, Acquainted, Meeting, Ways

Cost = Callable[[str, str], int]
Path = tuple[str, ...]

HUB_TIES = 200
"""Who has more ties than that introduces nobody in particular."""

DETOUR = 2
"""How many hops more than the shortest path a cheaper one may take."""

_MOST_ASKED = 20_000
"""Nodes whose acquaintances are asked for until the searches meet."""

_MOST_ASKED_FURTHER = 600
"""Nodes asked in all when the searches go further than that."""

_MOST_NODES = 400
_MOST_TIES = 1_200
"""Nodes, and ties in both directions, among which ways with more hops than the shortest are sought."""

_MOST_TRIES = 20_000
"""Steps of the search by hops."""

_MOST_LONG = 20
"""Paths of too many hops that are passed over."""


class Search:
    """One search between two nodes. The work is bounded; in a dense graph fewer paths than asked for may be found.

    Args:
        acquainted: who knows whom, and who may be passed.
        source: where to start.
        target: where to arrive; other than `source`.
    """

    def __init__(self, acquainted: Acquainted, source: int, target: int) -> None:
        self._meeting = Meeting(acquainted, source, target)
        self._ref = acquainted.ref
        self.nearness = self._meeting.nearness

    def shortest(self, k: int) -> list[Path]:
        """Find the k simple paths of fewest hops, at most `MOST_HOPS`; shortest first, then by their references."""
        found: list[Path] = []
        for hops in range(self._meet(), MOST_HOPS + 1):
            ways = self._meeting.within(hops) if self._meeting.widen(hops, _MOST_ASKED) else None
            if ways is None:
                break
            found += islice(_Walk(ways, self._ref(ways.source)).paths(), k - len(found))
            if len(found) == k:
                break
        return found

    def cheapest(self, k: int, cost: Cost) -> list[Path]:
        """Find the k cheapest simple paths of at most `MOST_HOPS` hops, and `DETOUR` more than the shortest.

        If there are fewer than k, longer ones count too. Of equally cheap ones, some; always the same.

        Args:
            k: how many, at least 1.
            cost: of a step, at least 1; the same in both directions.

        Returns:
            Paths from source to target, cheapest first, then by their references.
        """
        shortest = self._meet()
        found: list[Path] = []
        for most in range(min(MOST_HOPS, shortest + DETOUR), MOST_HOPS + 1):
            ways = self._ways(shortest, most)
            if ways is None:
                break
            found = self._cheapest(ways, k, cost)
            if len(found) >= k or ways.most < most:
                break
        return found

    def _meet(self) -> int:
        """Widen until there is a path; return its hops, more than `MOST_HOPS` if there is none."""
        for hops in range(1, MOST_HOPS + 1):
            if not self._meeting.widen(hops, _MOST_ASKED):
                break
            if self._meeting.within(hops) is not None:
                return hops
        return MOST_HOPS + 1

    def _ways(self, shortest: int, most: int) -> Ways | None:
        """Return the ways of at most `most` hops, or of fewer if these are too many; at least the shortest."""
        if shortest > MOST_HOPS:
            return None
        for hops in range(most, shortest, -1):
            if self._meeting.widen(hops, _MOST_ASKED_FURTHER):
                ways = self._meeting.within(hops, _MOST_NODES)
                if ways is not None and len(ways.pairs()[0]) <= _MOST_TIES:
                    return ways
        return self._meeting.within(shortest)

    def _cheapest(self, ways: Ways, k: int, cost: Cost) -> list[Path]:
        graph: nx.Graph[str] = nx.Graph()
        # References, and not numbers, say in which order equally cheap ones are met.
        for one, others in self._near(ways).items():
            graph.add_edges_from((one, other) for other in others)
        known: dict[tuple[str, str], int] = {}

        def weight(here: str, there: str, _: object = None) -> int:
            pair = (here, there) if here < there else (there, here)
            found = known.get(pair)
            if found is None:
                found = known[pair] = cost(*pair)
            return found

        ends = self._ref(ways.source), self._ref(ways.target)
        drawn = nx.shortest_simple_paths(graph, *ends, weight=weight)
        fitting = (tuple(path) for path in islice(drawn, k + _MOST_LONG) if len(path) <= ways.most + 1)
        found = list(islice(fitting, k))
        return sorted(found, key=lambda path: (sum(weight(*step) for step in pairwise(path)), path))

    def _near(self, ways: Ways) -> dict[str, list[str]]:
        """Return of each node those next to it, all by reference."""
        names = {number: self._ref(number) for number in ways.nodes.tolist()}
        near: dict[str, list[str]] = {name: [] for name in sorted(names.values())}
        for one, other in zip(*(column.tolist() for column in ways.pairs()), strict=True):
            near[names[one]].append(names[other])
        return {name: sorted(others) for name, others in near.items()}


class _Walk:
    """Walks every way of exactly `ways.most` hops, in the order of references, as long as there is work left."""

    def __init__(self, ways: Ways, start: str) -> None:
        self._ways = ways
        self._start = start
        self._left = _MOST_TRIES

    def paths(self) -> Iterator[Path]:
        return self._extend((self._start,), self._ways.source, self._ways.most)

    def _extend(self, path: Path, last: int, hops: int) -> Iterator[Path]:
        """Yield the simple paths that continue `path` by exactly `hops`."""
        self._left -= 1
        if self._left < 0:
            return
        for name, other, left in self._ways.near(last):
            if other == self._ways.target:
                if hops == 1:
                    yield (*path, name)
            elif hops > left and name not in path:
                yield from self._extend((*path, name), other, hops - 1)
