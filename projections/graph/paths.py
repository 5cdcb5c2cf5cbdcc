"""Introduction paths: the shortest ways from one to another over those who know each other. Pure."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

Neighbours = Callable[[str], Sequence[str]]

MOST_HOPS = 6
HUB_TIES = 200
"""Who has more ties than that introduces nobody in particular."""

_DEPTH = 3
_MOST_SEEN = 20_000
_MOST_TRIES = 50_000


def introduction_paths(neighbours: Neighbours, source: str, target: str, k: int) -> list[tuple[str, ...]]:
    """Find the k shortest simple paths of at most `MOST_HOPS` hops.

    The work is bounded (`_MOST_TRIES` steps); in a dense graph fewer than k may be found.

    Args:
        neighbours: of a node, sorted; it decides who may be passed, and is asked once per node and search.
        source: where to start.
        target: where to arrive; other than `source`.
        k: how many, at least 1.

    Returns:
        Paths as references from source to target, shortest first, then by their references.
    """
    search = _Search(neighbours, target)
    return list(islice(search.paths(source), k))


class _Search:
    """One search: what has been asked, how far nodes are from the target, how much work is left."""

    def __init__(self, neighbours: Neighbours, target: str) -> None:
        self._ask = neighbours
        self._known: dict[str, Sequence[str]] = {}
        self._target = target
        self._left = _MOST_TRIES
        self._distance = {target: 0}
        self._beyond = self._look_back()

    def _look_back(self) -> int:
        """Measure distances around the target; return the least distance of whoever was not reached."""
        frontier = [self._target]
        for hop in range(1, _DEPTH + 1):
            reached = []
            for node in frontier:
                for other in self._neighbours(node):
                    if other not in self._distance:
                        self._distance[other] = hop
                        reached.append(other)
            if not reached:
                return MOST_HOPS + 1
            frontier = reached
            if len(self._distance) > _MOST_SEEN:
                return hop + 1
        return _DEPTH + 1

    def _neighbours(self, node: str) -> Sequence[str]:
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._ask(node)
        return known

    def paths(self, source: str) -> Iterator[tuple[str, ...]]:
        for hops in range(self._far(source), MOST_HOPS + 1):
            yield from self._extend((source,), hops)

    def _far(self, node: str) -> int:
        return self._distance.get(node, self._beyond)

    def _extend(self, path: tuple[str, ...], hops: int) -> Iterator[tuple[str, ...]]:
        """Yield the simple paths that continue `path` by exactly `hops`."""
        self._left -= 1
        if self._left < 0:
            return
        for other in self._neighbours(path[-1]):
            if other == self._target:
                if hops == 1:
                    yield (*path, other)
            elif hops > self._far(other) and other not in path:
                yield from self._extend((*path, other), hops - 1)
