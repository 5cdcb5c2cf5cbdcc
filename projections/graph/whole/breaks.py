"""Where a graph would break: nodes and pairs without which parts of it lose each other. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.whole.cut import Cut
from projections.graph.whole.measures import Step

Numbers = NDArray[Any]

ORGANISATIONS = frozenset({"partner", "body"})


@dataclass(frozen=True, slots=True)
class Breaks:
    """Where a cut would break. A part is what stays together when a node, or a pair's ties, are gone.

    Args:
        points: nodes whose loss leaves more parts than before; organisations first, then by `lost`.
        lost: of each, how many others lose the largest part.
        pairs: the two nodes of each pair whose ties nothing replaces, one row each, by the smaller side.
        sides: how many are on the side of either node, itself included.
        parent: tree of nodes and blocks (see `_Tree`): node → the block above it.
        above: block → the node above it.
        under: block → how many nodes are below it.
        whole: node → how many nodes its connected component has.
    """

    points: Numbers
    lost: Numbers
    pairs: Numbers
    sides: Numbers
    parent: Numbers
    above: Numbers
    under: Numbers
    whole: Numbers

    def parts(self, node: int) -> list[int]:
        """Return the sizes of the parts that the loss of a node leaves, largest first."""
        below = self.under[self.above == node]
        rest = int(self.whole[node]) - 1 - int(below.sum())
        return sorted([*below.tolist(), *([rest] if rest else [])], reverse=True)

    def lose(self, node: int, others: list[int]) -> list[int]:
        """Return those neighbours of a point that would lose the largest part; of equal parts the first stays."""
        below = {block: int(self.under[block]) for block in np.flatnonzero(self.above == node).tolist()}
        rest = int(self.whole[node]) - 1 - sum(below.values())
        largest = max(below.values())
        stays = self.parent[node] if rest >= largest else min(b for b in below if below[b] == largest)
        return [other for other in others if self._block(node, other) != stays]

    def _block(self, node: int, other: int) -> int:
        """Return the block that holds a node and its neighbour."""
        block = int(self.parent[other])
        return block if block >= 0 and self.above[block] == node else int(self.parent[node])


_NONE = np.zeros(0, np.int64)

NO_BREAKS = Breaks(_NONE, _NONE, _NONE.reshape(0, 2), _NONE.reshape(0, 2), _NONE, _NONE, _NONE, _NONE)
"""Of a cut without nodes, which `breaks` does not take."""


def breaks(cut: Cut, step: Step) -> Breaks:
    """Find the nodes (articulation points) and pairs (bridges) that nothing replaces.

    Raises:
        Abandoned: `step` says so.
    """
    blocks = _blocks(cut)
    step(0.3)
    tree = _tree(cut, blocks)
    step(0.6)
    weights = _under(tree, len(cut), len(blocks))
    step(0.9)
    return _found(cut, tree, weights, blocks)


def _blocks(cut: Cut) -> list[list[int]]:
    """Return the biconnected components, each sorted; in the order of their members, so that chance has no part."""
    import networkit

    found = networkit.components.BiconnectedComponents(cut.compiled).run().getComponents()
    return sorted(sorted(block) for block in found)


@dataclass(frozen=True, slots=True)
class _Tree:
    """Nodes and blocks as a forest below one root: a block hangs below the node where one enters it.

    Vertices are the nodes, then the blocks, then the root.

    Args:
        order: of the vertices, from the root outward.
        parent: of each vertex.
        whole: node → size of its connected component.
    """

    order: Numbers
    parent: Numbers
    whole: Numbers


def _tree(cut: Cut, blocks: list[list[int]]) -> _Tree:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    nodes, root = len(cut), len(cut) + len(blocks)
    _, component = connected_components(cut.matrix, directed=False)
    _, tops, counts = np.unique(component, return_index=True, return_counts=True)
    sizes = [len(block) for block in blocks]
    members = np.fromiter((node for block in blocks for node in block), np.int64, sum(sizes))
    holders = np.repeat(np.arange(nodes, root), sizes)
    rows, columns = np.concatenate([members, tops]), np.concatenate([holders, np.full(len(tops), root)])
    forest = coo_array((np.ones(len(rows), np.int8), (rows, columns)), (root + 1, root + 1)).tocsr()
    order, parent = breadth_first_order(forest, root, directed=False)
    return _Tree(order, parent, counts[component])


def _under(tree: _Tree, nodes: int, blocks: int) -> Numbers:
    """Return how many nodes are at or below each vertex."""
    weights = [1] * nodes + [0] * (blocks + 1)
    parent = tree.parent.tolist()
    for vertex in tree.order[:0:-1].tolist():
        weights[parent[vertex]] += weights[vertex]
    return np.array(weights, np.int64)


def _found(cut: Cut, tree: _Tree, weights: Numbers, blocks: list[list[int]]) -> Breaks:
    nodes, root = len(cut), len(cut) + len(blocks)
    above, under = tree.parent[nodes:root].astype(np.int64), weights[nodes:root]
    parent = np.where(tree.parent[:nodes] == root, -1, tree.parent[:nodes] - nodes)
    points, lost = _points(cut, tree, above, under)
    doubles = [number for number, block in enumerate(blocks) if len(block) == 2]
    ends = np.array([blocks[number] for number in doubles], np.int64).reshape(-1, 2)
    below = under[doubles]
    sides = np.stack([below, tree.whole[ends[:, 0]] - below], axis=1)
    is_upper = ends[:, 0] == above[doubles]
    sides[is_upper] = sides[is_upper][:, ::-1]
    order = np.lexsort((ends[:, 1], ends[:, 0], -sides.min(axis=1)))
    return Breaks(points, lost, ends[order], sides[order], parent, above, under, tree.whole)


def _points(cut: Cut, tree: _Tree, above: Numbers, under: Numbers) -> tuple[Numbers, Numbers]:
    nodes = len(cut)
    below = np.bincount(above, minlength=nodes)
    largest = np.zeros(nodes, np.int64)
    np.maximum.at(largest, above, under)
    rest = tree.whole - 1 - np.bincount(above, weights=under, minlength=nodes).astype(np.int64)
    lost = tree.whole - 1 - np.maximum(largest, rest)
    points = np.flatnonzero(below + (rest > 0) > 1)
    kind = np.array([cut.kinds[node] not in ORGANISATIONS for node in points.tolist()], bool)
    order = np.lexsort((points, -lost[points], kind))
    return points[order], lost[points[order]]
