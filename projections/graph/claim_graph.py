"""A networkx multigraph whose nodes and edges hold the claims behind them.

Adding an edge again under one key replaces its attributes in networkx. Who adds claims asks the nodes themselves, which
hold their ties: that takes a fifth of the time of `add_edge`, and the graph of a hub is made of nothing else.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import networkx as nx

from projections.graph.claims import EdgeClaim, Held, Node, Parallel

_NO_TIES: Mapping[str, Any] = MappingProxyType({})

if TYPE_CHECKING:
    _Multigraph = nx.MultiDiGraph[str]
else:
    _Multigraph = nx.MultiDiGraph


class ClaimGraph(_Multigraph):
    """A multigraph that hands out its own dictionaries, since walking them is faster than walking views."""

    node_attr_dict_factory = Node
    edge_attr_dict_factory = Held

    _node: dict[str, Node]
    _succ: dict[str, dict[str, Parallel]]
    _pred: dict[str, dict[str, Parallel]]

    def node(self, node: Node) -> None:
        """Add a node that is not there, as `add_node` would."""
        ref = node.ref
        self._node[ref] = node
        self._succ[ref] = node.out_of
        self._pred[ref] = node.into

    def leave(self, source: str, target: str, kind: str, claims: tuple[EdgeClaim, ...]) -> None:
        """Leave some claims on an edge that is there; without any it vanishes."""
        one, other = self._node[source], self._node[target]
        left = {
            name: Held(claims) if name == kind else held
            for name, held in one.out_of[target].items()
            if claims or name != kind
        }
        if left:
            one.out_of[target] = other.into[source] = left
        else:
            del one.out_of[target], other.into[source]

    def claims(self, source: str, target: str, kind: str) -> Sequence[EdgeClaim] | None:
        """Return the claims on an edge; None if it is not there."""
        held: Held | None = self._succ.get(source, _NO_TIES).get(target, _NO_TIES).get(kind)
        return None if held is None else held.claims

    def out_of(self, ref: str) -> Mapping[str, Parallel]:
        """Return the outgoing ties of a node by their target."""
        return self._succ[ref]

    def into(self, ref: str) -> Mapping[str, Parallel]:
        """Return the incoming ties of a node by their source."""
        return self._pred[ref]
