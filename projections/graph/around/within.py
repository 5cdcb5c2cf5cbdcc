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
) -> tuple[Numbers, int]:
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
            nodes = nodes[np.array([lies_there(ref) for ref in near.refs(nodes)], bool)]
        return nodes

    is_known = near.mask()
    frontier = near.asked
    is_known[frontier] = True
    found, total, left = [frontier[:most]], len(frontier), most - len(frontier)
    for _ in range(min(hops, MOST_HOPS)):
        if not len(frontier):
            break
        is_reached = near.near(frontier)
        is_reached &= ~is_known
        frontier = kept(np.flatnonzero(is_reached).astype(np.int32))
        is_known[frontier] = True
        total += len(frontier)
        found.append(near.first(frontier, left))
        left -= len(found[-1])
    return np.concatenate(found), total
