"""Who is within a few ties of some nodes: by sets of numbers, hop by hop."""

from collections.abc import Callable

import numpy as np

from projections.graph.around.surroundings import Numbers, Surroundings
from projections.graph.query import MOST_HOPS


def within(
    near: Surroundings,
    hops: int,
    most: int,
    kinds: frozenset[str],
    lies_there: Callable[[str], bool] | None,
) -> tuple[list[int], int]:
    """Return the nodes within some hops of those asked about, nearest first, then by reference, and how many in all.

    Args:
        near: gives the ties; the nodes that it was asked about are the start.
        hops: how far, at most `MOST_HOPS`.
        most: how many nodes are returned.
        kinds: of node that are passed and found, beside the start; none: all.
        lies_there: tells which nodes are passed and found; None: all.
    """

    def kept(nodes: Numbers) -> Numbers:
        if kinds:
            nodes = near.of_kinds(nodes, kinds)
        if lies_there is not None:
            nodes = nodes[np.array([lies_there(near.ref(node)) for node in nodes.tolist()], bool)]
        return nodes

    is_known = near.mask()
    frontier = near.asked
    is_known[frontier] = True
    found, total = frontier[:most].tolist(), len(frontier)
    for _ in range(min(hops, MOST_HOPS)):
        if not len(frontier):
            break
        is_reached = near.mask()
        is_reached[near.near(frontier)] = True
        frontier = kept(np.flatnonzero(is_reached & ~is_known).astype(np.int32))
        is_known[frontier] = True
        total += len(frontier)
        found += near.first(frontier, most - len(found))
    return found, total
