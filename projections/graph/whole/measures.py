"""Measures of a whole graph, by NetworKit. Pure: the same cut gives the same bytes, whatever was computed before.

NetworKit lets go of the interpreter's lock while it computes. On more than one thread it would add up in another
order each time, so that every measure runs on one.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.whole.cut import Cut

Numbers = NDArray[Any]
Step = Callable[[float], None]
"""Called between the steps of a computation with the share that is done; raises `Abandoned` to end it there."""


def unwatched(_: float) -> None:
    """Let a computation go on that nobody follows."""


EXACT_NODES = 2_000
"""Up to so many nodes every node is a source of the shortest ways that betweenness counts."""

EXACT_WORK = 30_000_000
"""Unless sources times nodes and pairs are more than that."""

SOURCES = 100
"""Sources of the shortest ways in larger graphs."""

_PIECES = 20
_DIGITS = 12

# The seed of NetworKit belongs to the process, so that whoever uses chance must be alone with it.
_CHANCE = threading.Lock()


class Abandoned(Exception):
    """Nobody wants the result any more."""


def pagerank(cut: Cut, step: Step) -> Numbers:
    """Return how often each node is passed by whoever follows ties at random (damping 0.85); the sum is 1.

    Raises:
        Abandoned: `step` says so; the same for all measures.
    """
    kit = _engine()
    found = kit.centrality.PageRank(cut.compiled, damp=0.85, tol=1e-10).run()
    step(1.0)
    return np.round(np.array(found.scores()), _DIGITS)


def core(cut: Cut, step: Step) -> Numbers:
    """Return for each node the greatest k such that it belongs to a group in which all have k ties to each other."""
    found = _engine().centrality.CoreDecomposition(cut.compiled).run()
    step(1.0)
    # By way of floats, which is what NetworKit gives: numpy reads them three times as fast.
    return np.array(found.scores(), np.float64).astype(np.int64)


def betweenness(cut: Cut, step: Step) -> Numbers:
    """Return which share of the shortest ways between two others leads through each node, 0 to 1.

    Exact while `sources_of` says None, else an estimate from so many sources, always the same ones; it may be a
    little over 1.
    """
    kit, nodes = _engine(), len(cut)
    if nodes < 3:
        return np.zeros(nodes)
    if sources_of(cut) is None:
        found = kit.centrality.Betweenness(cut.compiled, normalized=True).run()
        step(1.0)
        return np.round(np.array(found.scores()), _DIGITS)
    total = np.zeros(nodes)
    each = SOURCES // _PIECES
    for piece in range(_PIECES):
        with _seeded(piece):
            # NetworKit 11 takes one source more than it is asked for, and divides by the number asked.
            found = kit.centrality.EstimateBetweenness(cut.compiled, each - 1).run()
        total += np.array(found.scores()) * ((each - 1) / each)
        step((piece + 1) / _PIECES)
    return np.round(total / _PIECES / ((nodes - 1) * (nodes - 2)), _DIGITS)


def sources_of(cut: Cut) -> int | None:
    """Return from how many sources betweenness is estimated; None if it is exact."""
    is_small = len(cut) <= EXACT_NODES and len(cut) * cut.size <= EXACT_WORK
    return None if is_small else SOURCES


def communities(cut: Cut, step: Step) -> Numbers:
    """Return the number of each node's community (Leiden, modularity).

    Communities are numbered by size, the largest first, then by the reference of their first node.
    """
    kit = _engine()
    graph = cut.compiled
    with _seeded(0):
        found = kit.community.ParallelLeiden(graph).run().getPartition()
    step(1.0)
    labels = np.array(found.getVector(), np.int64)
    _, leaders, own, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    place = np.empty(len(sizes), np.int64)
    place[np.lexsort((leaders, -sizes))] = np.arange(len(sizes))
    return place[own]


CENTRAL: Mapping[str, Callable[[Cut, Step], Numbers]] = {
    "pagerank": pagerank,
    "betweenness": betweenness,
    "core": core,
}
"""What may be asked of `/graph/central`."""


def _engine() -> Any:
    """Return NetworKit, told to use one thread; it keeps that for each calling thread apart."""
    # Here and not above: the import takes a second, and most of what the hub's command does needs no measure.
    import networkit

    networkit.setNumberOfThreads(1)
    return networkit


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with _CHANCE:
        _engine().setSeed(seed, False)
        yield
