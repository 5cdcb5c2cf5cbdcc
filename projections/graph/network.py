"""The graph in memory: a networkx multigraph whose nodes and edges hold the claims behind them.

Adding an edge again under one key replaces its attributes in networkx, so that an edge is added once and its
list of claims is changed in place.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import networkx as nx

from projections.shown import Assessment, Assessments, Claim, Origin

Json = Any

LIGHT = frozenset({"label", "country", "status"})
"""Properties kept in memory, since every answer shows them; the others are read from the table."""

CODED_KINDS = frozenset({"place", "standard"})
"""Kinds whose reference says it all; thousands of events name them, so their properties are not kept."""


class Prop(NamedTuple):
    """A property as one event gives it; `label` is the number of the label it bears."""

    name: str
    value: Json
    pointer: str
    label: int


class NodeClaim(NamedTuple):
    """That an event says something about a node; `light` are those of its properties that stay in memory."""

    origin: Origin
    light: tuple[Prop, ...]


class EdgeClaim(NamedTuple):
    """That an event says a tie exists, and since and until when."""

    origin: Origin
    label: int
    since: str | None
    until: str | None


class Reading(NamedTuple):
    """What one event says, labels as numbers; the form in which it is stored.

    Args:
        origin: the event.
        label: its own label.
        nodes: `[ref, label, [[name, value, pointer, label], ...]]` each.
        ties: `[kind, source, target, label, since, until, [[name, value, pointer, label], ...]]` each.
        assessment: if it assesses the claims of another.
    """

    origin: Origin
    label: int
    nodes: list[Json]
    ties: list[Json]
    assessment: Assessment | None


class Node:
    """What is known of a node: how many claims bear which label, and those that say something about it."""

    __slots__ = ("labels", "told")

    def __init__(self) -> None:
        self.labels: dict[int, int] = {}
        self.told: list[NodeClaim] = []


Parallel = Mapping[str, Mapping[str, list[EdgeClaim]]]
"""The ties of one direction between two nodes: kind → `claims` → the claims."""


if TYPE_CHECKING:
    _Multigraph = nx.MultiDiGraph[str]
else:
    _Multigraph = nx.MultiDiGraph


class ClaimGraph(_Multigraph):
    """A multigraph that hands out its own dictionaries, since walking them is faster than walking views."""

    _succ: dict[str, dict[str, dict[str, dict[str, list[EdgeClaim]]]]]
    _pred: dict[str, dict[str, dict[str, dict[str, list[EdgeClaim]]]]]

    def out_of(self, ref: str) -> Mapping[str, Parallel]:
        """Return the outgoing ties of a node by their target."""
        return self._succ[ref]

    def into(self, ref: str) -> Mapping[str, Parallel]:
        """Return the incoming ties of a node by their source."""
        return self._pred[ref]


class Network:
    """The master graph of all claims, whoever may see them; only sights ask it."""

    def __init__(self) -> None:
        self.graph = ClaimGraph()
        self.nodes: dict[str, Node] = {}
        self._edges: dict[tuple[str, str, str], list[EdgeClaim]] = {}
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
            if props and ref.partition(":")[0] not in CODED_KINDS:
                light = tuple(Prop(*prop) for prop in props if prop[0] in LIGHT)
                node.told.append(NodeClaim(origin, light))
                for prop in light:
                    if prop.name == "country" and isinstance(prop.value, str):
                        self._countries[prop.value].add(ref)
        for kind, source, target, label, since, until, _ in reading.ties:
            claims = self._edges.get((source, target, kind))
            if claims is None:
                claims = self._edges[source, target, kind] = []
                self.graph.add_edge(source, target, key=kind, claims=claims)
            claims.append(EdgeClaim(origin, label, since, until))
        if reading.assessment is not None:
            entry = (origin.position, reading.label, reading.assessment)
            self._assessments[reading.assessment.about_id].append(entry)

    def remove(self, reading: Reading) -> None:
        """Forget what one event says; nodes and edges without a claim vanish."""
        position = reading.origin.position
        for kind, source, target, *_ in reading.ties:
            claims = self._edges.get((source, target, kind), [])
            claims[:] = [claim for claim in claims if claim.origin.position != position]
            if not claims and self._edges.pop((source, target, kind), None) is not None:
                self.graph.remove_edge(source, target, kind)
        for ref, label, _ in reading.nodes:
            node = self.nodes[ref]
            node.told = [claim for claim in node.told if claim.origin.position != position]
            self._relabel(ref, node, label, -1)
            if not node.labels:
                self._forget_node(ref)
        if reading.assessment is not None:
            about = self._assessments[reading.assessment.about_id]
            about[:] = [entry for entry in about if entry[0] != position]

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
            self._sizes[kind, frozenset(node.labels)] -= 1
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

    def edge(self, source: str, target: str, kind: str) -> Sequence[EdgeClaim]:
        """Return the claims behind one edge."""
        return self._edges.get((source, target, kind), ())

    def light(self, ref: str, name: str, allowed: frozenset[int]) -> list[Claim]:
        """Return the visible claims on a property that stays in memory."""
        return [
            Claim(prop.value, claim.origin, prop.pointer)
            for claim in self.nodes[ref].told
            for prop in claim.light
            if prop.name == name and prop.label in allowed
        ]

    def assessments(self, allowed: frozenset[int]) -> Assessments:
        """Return the lookup of assessments that those who may see `allowed` see."""

        def about(origin: Origin) -> Sequence[Assessment]:
            entries = self._assessments.get(origin.id)
            return [one for _, label, one in entries if label in allowed] if entries else ()

        return about
