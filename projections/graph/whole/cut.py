"""The graph of one class of readers as compact arrays: who is tied to whom, and by how many claims."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from heapq import merge
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.claims import IDENTITIES

if TYPE_CHECKING:
    from projections.graph.journal import Columns

Numbers = NDArray[Any]

INTRODUCES_NOBODY = frozenset({"place", "standard", "indicator"})
"""Kinds of node left out: that two live in one country, or break one norm, ties nobody to anybody."""

_ALIKE = ("body", "partner")
"""Kinds that one organisation bears: what it is, and what it is here."""

_RUN = 20_000
"""References sorted at once; a longer sort would hold all other threads up for more than 50 ms."""


class Cut:
    """Undirected pairs of nodes that at least one visible claim ties, each once; whoever has no tie is not here.

    Nodes are numbered in the order of their references, so that what is hidden changes no number.

    Args:
        refs: of the nodes, sorted.
        first: of each pair the node with the smaller number; pairs are sorted.
        second: the other.
        claims: how many visible claims tie the pair, whatever kind and direction.
    """

    def __init__(self, refs: Sequence[str], first: Numbers, second: Numbers, claims: Numbers) -> None:
        self.refs = refs
        self.first = first
        self.second = second
        self.claims = claims

    def __len__(self) -> int:
        """How many nodes there are."""
        return len(self.refs)

    @property
    def size(self) -> int:
        """Nodes and pairs together: what a measure has to walk."""
        return len(self.refs) + len(self.first)

    @cached_property
    def digest(self) -> str:
        """A digest of the whole; two cuts that say the same have the same."""
        said = blake2b(digest_size=16)
        for column in (self.first, self.second, self.claims):
            said.update(column.tobytes())
        said.update("\n".join(self.refs).encode())
        return said.hexdigest()

    @cached_property
    def degrees(self) -> Numbers:
        """To how many others each node is tied."""
        nodes = len(self.refs)
        return np.bincount(self.first, minlength=nodes) + np.bincount(self.second, minlength=nodes)

    @cached_property
    def kinds(self) -> list[str]:
        """The kind of each node."""
        return [ref.partition(":")[0] for ref in self.refs]

    @cached_property
    def without_own_bodies(self) -> "Cut":
        """The same without bodies to which nobody but one partner is tied: each is that partner by another name."""
        is_body, is_partner = (np.array([kind == one for kind in self.kinds], bool) for one in _ALIKE)
        is_own = is_body & (self.degrees == 1)
        first, second = self.first, self.second
        keeps = ~((is_own[first] & is_partner[second]) | (is_own[second] & is_partner[first]))
        if keeps.all():
            return self
        first, second = first[keeps], second[keeps]
        is_left = np.zeros(len(self), bool)
        is_left[first] = is_left[second] = True
        numbers = (np.cumsum(is_left) - 1).astype(first.dtype)
        refs = [ref for ref, is_here in zip(self.refs, is_left.tolist(), strict=True) if is_here]
        return Cut(refs, numbers[first], numbers[second], self.claims[keeps])

    @cached_property
    def matrix(self) -> Any:
        """The claims as a symmetrical matrix of scipy (CSR)."""
        from scipy.sparse import coo_array

        shape = (len(self.refs), len(self.refs))
        half = coo_array((self.claims, (self.first, self.second)), shape).tocsr()
        whole = (half + half.T).tocsr()
        whole.sort_indices()
        return whole

    @cached_property
    def compiled(self) -> Any:
        """The pairs as a graph of NetworKit. There must be at least one: algorithms of NetworKit abort on none."""
        # Here and not above: the import takes a second, and most of what the hub's command does needs no measure.
        import networkit

        return networkit.GraphFromCoo((self.first, self.second), n=len(self.refs))

    def includes(self, other: "Cut") -> bool:
        """Tell whether every pair of another cut is one here, too."""
        if self.digest == other.digest:
            return True
        numbers = {ref: number for number, ref in enumerate(self.refs)}
        to = np.array([numbers.get(ref, -1) for ref in other.refs], np.int64)
        if (to < 0).any():
            return False
        nodes = len(self.refs)
        own = self.first.astype(np.int64) * nodes + self.second
        return bool(np.isin(to[other.first] * nodes + to[other.second], own).all())

    def around(self, node: int) -> list[tuple[int, int]]:
        """Return the neighbours of a node as (node, claims), most claims first, then by reference."""
        start, end = self.matrix.indptr[node : node + 2]
        found = zip(
            self.matrix.indices[start:end].tolist(), self.matrix.data[start:end].tolist(), strict=True
        )
        return sorted(found, key=lambda one: (-one[1], one[0]))


def cut_of(
    columns: "Columns",
    allowed: frozenset[int],
    canonical: Mapping[str, str] | None = None,
    kinds: frozenset[str] | None = None,
) -> Cut:
    """Return who is tied to whom by what some readers may see.

    Nodes of the kinds `INTRODUCES_NOBODY` and ties of the kinds `IDENTITIES` are left out.

    Args:
        columns: of the journal.
        allowed: numbers of the labels that these readers may see.
        canonical: references that are read as another one.
        kinds: keep only nodes of these kinds; None: of all others.
    """
    rows = columns.alive & _seen(columns.label, allowed) & _wanted_ties(columns)[columns.kind]
    source, target = columns.source[rows], columns.target[rows]
    refs: Sequence[str] = columns.refs
    kept = _wanted_nodes(columns, kinds)
    if canonical:
        refs, kept, to = _merged(columns, kept, canonical)
        source, target = to[source], to[target]
    rows = kept[source] & kept[target] & (source != target)
    return _numbered(refs, source[rows], target[rows])


def _seen(labels: Numbers, allowed: frozenset[int]) -> Numbers:
    table = np.zeros(int(labels.max(initial=0)) + 1, bool)
    table[[label for label in allowed if label < len(table)]] = True
    return table[labels]


def _wanted_ties(columns: "Columns") -> Numbers:
    return np.array([kind not in IDENTITIES for kind in columns.kinds], bool)


def _wanted_nodes(columns: "Columns", kinds: frozenset[str] | None) -> Numbers:
    wanted = [
        kind not in INTRODUCES_NOBODY and (kinds is None or kind in kinds) for kind in columns.node_kinds
    ]
    return np.array(wanted, bool)[columns.kind_of]


def _merged(
    columns: "Columns", kept: Numbers, canonical: Mapping[str, str]
) -> tuple[Sequence[str], Numbers, Numbers]:
    """Return references, which to keep, and node → the node that it is read as; that may be a new one."""
    nodes = len(columns.kind_of)
    refs, keeps = columns.refs[:nodes], kept.tolist()
    to = np.arange(nodes)
    fresh: dict[str, int] = {}
    for ref, name in canonical.items():
        number = columns.numbers.get(ref, nodes)
        if number < nodes:
            there = columns.numbers.get(name, nodes)
            if there >= nodes and name not in fresh:
                # Known by what is said of it alone, so that no tie has brought it here.
                fresh[name] = len(keeps)
                keeps.append(keeps[number])
            to[number] = fresh.get(name, there)
    return [*refs, *fresh], np.array(keeps, bool), to


def _numbered(refs: Sequence[str], source: Numbers, target: Numbers) -> Cut:
    is_used = np.zeros(len(refs), bool)
    is_used[source] = is_used[target] = True
    names = {refs[number]: number for number in np.flatnonzero(is_used).tolist()}
    in_order = tuple(_sorted(list(names)))
    count = len(in_order)
    rank = np.zeros(len(refs), np.int64)
    rank[np.fromiter((names[ref] for ref in in_order), np.int64, count)] = np.arange(count)
    one, other = rank[source], rank[target]
    keys = np.minimum(one, other) * count + np.maximum(one, other)
    pairs, claims = np.unique(keys, return_counts=True)
    first, second = np.divmod(pairs, max(count, 1))
    return Cut(in_order, first.astype(np.int32), second.astype(np.int32), claims.astype(np.int32))


def _sorted(refs: list[str]) -> Iterator[str]:
    return merge(*(sorted(refs[start : start + _RUN]) for start in range(0, len(refs), _RUN)))
