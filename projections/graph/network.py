"""The graph in memory: who and what there is, who said so, and who may know it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from sys import intern
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.claim_graph import ClaimGraph
from projections.graph.claims import (
    CODED_KINDS,
    IDENTITIES,
    LIGHT,
    NUMBERED,
    EdgeClaim,
    Forms,
    Held,
    Judgement,
    Node,
    NodeClaim,
    Parallel,
    Prop,
    Reading,
    pair_of,
)
from projections.graph.sizes import Sizes
from projections.rule import made
from projections.shown import Assessment, Origin

Json = Any
Numbers = NDArray[Any]

_CODED = tuple(f"{kind}:" for kind in sorted(CODED_KINDS))

_FEW = 8
"""Labels up to which a tuple of them is quicker to look through than a dictionary is to make."""


class Network:
    """The master graph of all claims, whoever may see them; only sights ask it.

    `judged` holds who is said to be whom: the two references in their own order → what each event says.
    `assessed_turn` counts how often what is said of events has changed.
    """

    def __init__(self) -> None:
        self.graph = ClaimGraph()
        self.judged: dict[tuple[str, str], list[Judgement]] = {}
        self.nodes: dict[str, Node] = self.graph._node  # noqa: SLF001 - its own, faster than its view
        self._kinds: defaultdict[str, set[str]] = defaultdict(set)
        self._countries: defaultdict[str, set[str]] = defaultdict(set)
        self._assessments: defaultdict[str, list[tuple[int, int, Assessment]]] = defaultdict(list)
        self.assessed_turn = 0
        self._assessed: Numbers = np.zeros(0, np.int64)
        self._lately_assessed: list[int] = []
        self._ones: dict[int, tuple[int]] = {}
        self._sizes = Sizes(self._kinds, self.nodes)

    def add(self, reading: Reading, forms: Forms = NUMBERED) -> Mapping[str, Node]:
        """Fold in what one event says; nothing of that event may be here yet.

        Args:
            reading: with whatever `forms` gives the number of.
            forms: the numbers of the event's label.

        Returns:
            The nodes that it names, by reference.
        """
        origin, label, nodes, ties, assessment = reading
        met = self._add_nodes(origin, nodes, ties, forms)
        if ties:
            self._add_ties(origin, ties, forms, met)
        if assessment is not None:
            self._assessments[assessment.about_id].append((origin.position, label, assessment))
            self._lately_assessed.append(hash(assessment.about_id))
            self.assessed_turn += 1
        return met

    def _add_nodes(
        self, origin: Origin, nodes: Iterable[Json], ties: Iterable[Json], forms: Forms
    ) -> dict[str, Node]:
        known, met = self.nodes, dict[str, Node]()
        tied = {tie[1] for tie in ties}
        tied.update([tie[2] for tie in ties])
        for ref, level, props in nodes:
            label = forms[level]
            node = known.get(ref)
            if node is None:
                node = self._new_node(ref, label)
            elif label in node.labels:
                node.repeat(label)
            else:
                self._gain(node, label)
            met[ref] = node
            if props or ref not in tied:
                light = _light(props, forms) if props else ()
                self._tell(node, made(NodeClaim, (origin, label, light)))
        return met

    def _tell(self, node: Node, claim: NodeClaim) -> None:
        ref = node.ref
        if ref.startswith(_CODED):
            return
        if node.told:
            node.told.append(claim)
        else:
            node.told = [claim]
        for prop in claim.light:
            if prop.name == "country" and isinstance(prop.value, str):
                self._countries[prop.value].add(ref)

    def _add_ties(self, origin: Origin, ties: Iterable[Json], forms: Forms, met: Mapping[str, Node]) -> None:
        alike: tuple[int, str | None, str | None] | None = None
        for kind, source, target, level, since, until, props in ties:
            label = forms[level]
            # Most ties of an event are claimed alike, and share the claim.
            if (asserted := (label, since, until)) != alike:
                alike = asserted
                claim = made(EdgeClaim, (origin, label, since and intern(since), until and intern(until)))
                alone = Held((claim,))
                only: dict[str, Parallel] = {}
            one, other = met[source], met[target]
            parallel = one.out_of.get(other.ref)
            if parallel is None:
                parallel = only.get(kind)
                if parallel is None:
                    parallel = only[kind] = {intern(kind): alone}
            else:
                held = parallel.get(kind)
                parallel = {**parallel, intern(kind): alone if held is None else held.joined(claim)}
            one.out_of[other.ref] = other.into[one.ref] = parallel
            if kind in IDENTITIES:
                preferred = next((value for name, value, *_ in props if name == "preferred"), None)
                said = self.judged.setdefault(pair_of(source, target), [])
                said.append(Judgement(kind, claim, preferred))

    def remove(self, reading: Reading, forms: Forms = NUMBERED) -> None:
        """Forget what one event says, as it was added; nodes and edges without a claim vanish."""
        position = reading.origin.position
        for kind, source, target, *_ in reading.ties:
            self._remove_tie(position, kind, source, target)
        for ref, level, _ in reading.nodes:
            node = self.nodes[ref]
            node.told = [claim for claim in node.told if claim.origin.position != position]
            self._unmention(ref, node, forms[level])
        if reading.assessment is not None:
            about = self._assessments[reading.assessment.about_id]
            about[:] = [entry for entry in about if entry[0] != position]
            self.assessed_turn += 1

    def _remove_tie(self, position: int, kind: str, source: str, target: str) -> None:
        claims = self.graph.claims(source, target, kind)
        # Two ties of one event between the same two are one.
        if claims is not None:
            left = tuple([claim for claim in claims if claim.origin.position != position])
            self.graph.leave(source, target, kind, left)
        if kind in IDENTITIES:
            pair = pair_of(source, target)
            judged = [one for one in self.judged.get(pair, ()) if one.claim.origin.position != position]
            if judged:
                self.judged[pair] = judged
            else:
                self.judged.pop(pair, None)

    def _new_node(self, ref: str, label: int) -> Node:
        one = self._ones.get(label)
        if one is None:
            one = self._ones[label] = (label,)
            self._sizes.met(label)
        node = Node(one, ref)
        self.graph.node(node)
        kind, _, local = ref.partition(":")
        self._kinds[kind].add(ref)
        self._sizes.note(kind, one, 0, 1)
        if kind == "place":
            self._countries[local[:2]].add(ref)
        return node

    def _gain(self, node: Node, label: int) -> None:
        """Let a node bear one more label."""
        labels = node.labels
        before = len(labels)
        if type(labels) is dict:
            labels[label] = None
        elif before < _FEW:
            node.labels = labels = (*labels, label)
        else:
            node.labels = labels = dict.fromkeys((*labels, label))
        self._sizes.met(label)
        self._sizes.note(node.ref.partition(":")[0], labels, before, before + 1)

    def _unmention(self, ref: str, node: Node, label: int) -> None:
        if node.again is not None and node.again.get(label):
            node.again[label] -= 1
            return
        kind, labels = ref.partition(":")[0], node.labels
        left = [one for one in labels if one != label]
        node.labels = tuple(left) if len(left) <= _FEW else dict.fromkeys(left)
        self._sizes.note(kind, labels, len(labels), 0)
        self._sizes.note(kind, node.labels, 0, len(left))
        if not node.labels:
            self._forget_node(ref)

    def _forget_node(self, ref: str) -> None:
        self.graph.remove_node(ref)
        self._kinds[ref.partition(":")[0]].discard(ref)
        for refs in self._countries.values():
            refs.discard(ref)

    def sees(self, ref: str, allowed: frozenset[int]) -> bool:
        """Tell whether a node exists for those who may see `allowed`."""
        node = self.nodes.get(ref)
        return node is not None and not allowed.isdisjoint(node.labels)

    def size(self, allowed: frozenset[int], kinds: frozenset[str]) -> int:
        """Count the visible nodes, without visiting them again each time; no kinds: of all."""
        return self._sizes.of(allowed, kinds)

    def of_kinds(self, kinds: Iterable[str]) -> set[str]:
        """Return the nodes of some kinds; none given: all."""
        wanted = list(kinds)
        return set(self.nodes) if not wanted else set().union(*(self._kinds.get(kind, ()) for kind in wanted))

    def said_to_be_in(self, country: str) -> tuple[set[str], list[str]]:
        """Return the nodes that anybody ever put into a country, and its places among them."""
        named = self._countries.get(country, set())
        return named, sorted(ref for ref in named if ref.startswith("place:"))

    def ties(self, ref: str) -> Iterator[tuple[str, str, str, Sequence[EdgeClaim]]]:
        """Yield every tie of a node as (source, target, kind, claims), outgoing first."""
        yield from self.out_ties(ref)
        for other, parallel in self.graph.into(ref).items():
            # Who represents himself, say, is tied to himself once.
            for kind, held in parallel.items() if other != ref else ():
                yield other, ref, kind, held.claims

    def out_ties(self, ref: str) -> Iterator[tuple[str, str, str, Sequence[EdgeClaim]]]:
        """Yield the outgoing ties of a node."""
        for other, parallel in self.graph.out_of(ref).items():
            for kind, held in parallel.items():
                yield ref, other, kind, held.claims

    def kinds_between(self, source: str, target: str) -> list[str]:
        """Return the kinds of the ties from one node to another."""
        return list(self.graph.out_of(source).get(target, ())) if source in self.nodes else []

    def edge(self, source: str, target: str, kind: str) -> Sequence[EdgeClaim]:
        """Return the claims behind one edge."""
        return self.graph.claims(source, target, kind) or ()

    def assessed_events(self) -> Numbers:
        """Return what the journal has for the ids of events that others assess, sorted; also that of some others."""
        if self._lately_assessed:
            fresh = np.sort(np.array(self._lately_assessed, np.int64))
            self._assessed = np.insert(self._assessed, np.searchsorted(self._assessed, fresh), fresh)
            self._lately_assessed.clear()
        return self._assessed

    def assessed(self, event_id: str) -> Sequence[tuple[int, int, Assessment]]:
        """Return (position, label number, assessment) of what assesses events with an id."""
        return self._assessments.get(event_id, ())


def _light(props: Iterable[Json], forms: Forms) -> tuple[Prop, ...]:
    """Return the properties that stay in memory."""
    return tuple(
        [
            made(Prop, (intern(name), _shared(name, value), intern(at), forms[level]))
            for name, value, at, level in props
            if name in LIGHT
        ]
    )


def _shared(name: str, value: Json) -> Json:
    """Return the one copy of a code that thousands of events bring."""
    return intern(value) if name != "label" and type(value) is str else value
