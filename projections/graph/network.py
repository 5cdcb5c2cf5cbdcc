"""The graph in memory: a networkx multigraph whose nodes and edges hold the claims behind them.

Adding an edge again under one key replaces its attributes in networkx, so that an edge is added once and its
list of claims is changed in place.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import networkx as nx

from projections.graph.claims import (
    CODED_KINDS,
    LIGHT,
    EdgeClaim,
    Judgement,
    Node,
    NodeClaim,
    Parallel,
    Prop,
    Reading,
    pair_of,
)
from projections.shown import Assessment, Origin

Json = Any

IDENTITY = frozenset({"SAME_AS", "NOT_SAME_AS", "POSSIBLY_SAME_AS"})
"""Ties that say whether two references mean the same."""


_NO_TIES: Mapping[str, Any] = MappingProxyType({})

if TYPE_CHECKING:
    _Multigraph = nx.MultiDiGraph[str]
else:
    _Multigraph = nx.MultiDiGraph


class ClaimGraph(_Multigraph):
    """A multigraph that hands out its own dictionaries, since walking them is faster than walking views."""

    _succ: dict[str, dict[str, dict[str, dict[str, list[EdgeClaim]]]]]
    _pred: dict[str, dict[str, dict[str, dict[str, list[EdgeClaim]]]]]

    def tie(self, source: str, target: str, kind: str) -> list[EdgeClaim]:
        """Return the list of claims on an edge, which is made if it is not there; both its nodes must be.

        The same as `add_edge`, at a fifth of its cost: the graph of a hub is made of nothing else.
        """
        parallel = self._succ[source].get(target)
        if parallel is None:
            parallel = self._succ[source][target] = self._pred[target][source] = {}
        held = parallel.get(kind)
        if held is None:
            held = parallel[kind] = {"claims": []}
        return held["claims"]

    def claims(self, source: str, target: str, kind: str) -> list[EdgeClaim] | None:
        """Return the list of claims on an edge; None if it is not there."""
        held = self._succ.get(source, _NO_TIES).get(target, _NO_TIES).get(kind)
        return None if held is None else held["claims"]

    def out_of(self, ref: str) -> Mapping[str, Parallel]:
        """Return the outgoing ties of a node by their target."""
        return self._succ[ref]

    def into(self, ref: str) -> Mapping[str, Parallel]:
        """Return the incoming ties of a node by their source."""
        return self._pred[ref]


class Network:
    """The master graph of all claims, whoever may see them; only sights ask it.

    `judged` holds who is said to be whom: the two references in their own order → what each event says.
    """

    def __init__(self) -> None:
        self.graph = ClaimGraph()
        self.judged: dict[tuple[str, str], list[Judgement]] = {}
        self.nodes: dict[str, Node] = {}
        self._sizes: Counter[tuple[str, frozenset[int]]] = Counter()
        self._kinds: defaultdict[str, set[str]] = defaultdict(set)
        self._countries: defaultdict[str, set[str]] = defaultdict(set)
        self._assessments: defaultdict[str, list[tuple[int, int, Assessment]]] = defaultdict(list)

    def add(self, reading: Reading) -> None:
        """Fold in what one event says; nothing of that event may be here yet."""
        origin = reading.origin
        for ref, label, props in reading.nodes:
            node = self.nodes.get(ref) or self._new_node(ref)
            self._relabel(ref, node, label, 1)
            if (props or _is_untied(ref, reading)) and ref.partition(":")[0] not in CODED_KINDS:
                light = tuple(Prop(*prop) for prop in props if prop[0] in LIGHT)
                node.told.append(NodeClaim(origin, label, light))
                for prop in light:
                    if prop.name == "country" and isinstance(prop.value, str):
                        self._countries[prop.value].add(ref)
        for tie in reading.ties:
            self._add_tie(origin, *tie)
        if reading.assessment is not None:
            entry = (origin.position, reading.label, reading.assessment)
            self._assessments[reading.assessment.about_id].append(entry)

    def _add_tie(self, origin: Origin, *tie: Json) -> None:
        kind, source, target, label, since, until, props = tie
        claim = EdgeClaim(origin, label, since, until)
        self.graph.tie(source, target, kind).append(claim)
        if kind in IDENTITY:
            preferred = next((value for name, value, *_ in props if name == "preferred"), None)
            said = self.judged.setdefault(pair_of(source, target), [])
            said.append(Judgement(kind, claim, preferred))

    def remove(self, reading: Reading) -> None:
        """Forget what one event says; nodes and edges without a claim vanish."""
        position = reading.origin.position
        for kind, source, target, *_ in reading.ties:
            self._remove_tie(position, kind, source, target)
        for ref, label, _ in reading.nodes:
            node = self.nodes[ref]
            node.told = [claim for claim in node.told if claim.origin.position != position]
            self._relabel(ref, node, label, -1)
            if not node.labels:
                self._forget_node(ref)
        if reading.assessment is not None:
            about = self._assessments[reading.assessment.about_id]
            about[:] = [entry for entry in about if entry[0] != position]

    def _remove_tie(self, position: int, kind: str, source: str, target: str) -> None:
        claims = self.graph.claims(source, target, kind)
        # Two ties of one event between the same two are one.
        if claims is not None:
            claims[:] = [claim for claim in claims if claim.origin.position != position]
            if not claims:
                self.graph.remove_edge(source, target, kind)
        if kind in IDENTITY:
            pair = pair_of(source, target)
            left = [one for one in self.judged.get(pair, ()) if one.claim.origin.position != position]
            if left:
                self.judged[pair] = left
            else:
                self.judged.pop(pair, None)

    def _new_node(self, ref: str) -> Node:
        node = self.nodes[ref] = Node()
        self.graph.add_node(ref)
        kind, _, local = ref.partition(":")
        self._kinds[kind].add(ref)
        if kind == "place":
            self._countries[local[:2]].add(ref)
        return node

    def _forget_node(self, ref: str) -> None:
        del self.nodes[ref]
        self.graph.remove_node(ref)
        self._kinds[ref.partition(":")[0]].discard(ref)
        for refs in self._countries.values():
            refs.discard(ref)

    def _relabel(self, ref: str, node: Node, label: int, by: int) -> None:
        before = node.labels.get(label, 0)
        if before and before + by:
            node.labels[label] = before + by
            return
        kind = ref.partition(":")[0]
        if node.labels:
            same = kind, frozenset(node.labels)
            self._sizes[same] -= 1
            if not self._sizes[same]:
                del self._sizes[same]
        if before:
            del node.labels[label]
        else:
            node.labels[label] = by
        if node.labels:
            self._sizes[kind, frozenset(node.labels)] += 1

    def sees(self, ref: str, allowed: frozenset[int]) -> bool:
        """Tell whether a node exists for those who may see `allowed`."""
        node = self.nodes.get(ref)
        return node is not None and not allowed.isdisjoint(node.labels)

    def size(self, allowed: frozenset[int], kinds: frozenset[str]) -> int:
        """Count the visible nodes without visiting them; no kinds: of all."""
        return sum(
            count
            for (kind, labels), count in self._sizes.items()
            if (not kinds or kind in kinds) and not allowed.isdisjoint(labels)
        )

    def of_kinds(self, kinds: Iterable[str]) -> set[str]:
        """Return the nodes of some kinds; none given: all."""
        wanted = list(kinds)
        return set(self.nodes) if not wanted else set().union(*(self._kinds.get(kind, ()) for kind in wanted))

    def said_to_be_in(self, country: str) -> tuple[set[str], list[str]]:
        """Return the nodes that anybody ever put into a country, and its places among them."""
        named = self._countries.get(country, set())
        return named, sorted(ref for ref in named if ref.startswith("place:"))

    def ties(self, ref: str) -> Iterator[tuple[str, str, str, list[EdgeClaim]]]:
        """Yield every tie of a node as (source, target, kind, claims), outgoing first."""
        yield from self.out_ties(ref)
        for other, parallel in self.graph.into(ref).items():
            for kind, held in parallel.items():
                yield other, ref, kind, held["claims"]

    def out_ties(self, ref: str) -> Iterator[tuple[str, str, str, list[EdgeClaim]]]:
        """Yield the outgoing ties of a node."""
        for other, parallel in self.graph.out_of(ref).items():
            for kind, held in parallel.items():
                yield ref, other, kind, held["claims"]

    def kinds_between(self, source: str, target: str) -> list[str]:
        """Return the kinds of the ties from one node to another."""
        return list(self.graph.out_of(source).get(target, ())) if source in self.nodes else []

    def edge(self, source: str, target: str, kind: str) -> Sequence[EdgeClaim]:
        """Return the claims behind one edge."""
        return self.graph.claims(source, target, kind) or ()

    def assessed(self, event_id: str) -> Sequence[tuple[int, int, Assessment]]:
        """Return (position, label number, assessment) of what assesses events with an id."""
        return self._assessments.get(event_id, ())


def _is_untied(ref: str, reading: Reading) -> bool:
    return not any(ref in (tie[1], tie[2]) for tie in reading.ties)
