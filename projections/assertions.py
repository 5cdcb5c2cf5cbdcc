"""Claims as nodes of the graph: which events assert what is shown, and which speak for or against which (§14.1, §14.2).

Every event is a claim. They are told on request alone, since there are more of them than of all other nodes together.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from events.event import SOURCE_PREFIX
from projections.claim_rows import Amendment, ClaimRows
from projections.graph.query import GraphQuery
from projections.graph.sight import GraphSight
from projections.shown import Origin

Json = Any

ASSERTS = "ASSERTS"
VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "corroborates": "CORROBORATES",
        "verifies": "CORROBORATES",
        "disputes": "DISPUTES",
        "refutes": "DISPUTES",
    }
)
AMENDS: Mapping[str, str] = MappingProxyType({"record.corrected": "CORRECTS", "record.retracted": "RETRACTS"})
KINDS = (ASSERTS, *dict.fromkeys(VERDICTS.values()), *AMENDS.values())
"""Ties that begin at a claim."""

CLAIM = "claim"
MOST_CLAIMS = 500
"""Claims told with one part of the graph, the newest first."""


class Assertions:
    """Tells, for one class of readers, which events are behind a part of the graph.

    Args:
        rows: knows events, and what was said of them.
        graph: knows what they are behind.
    """

    def __init__(self, rows: ClaimRows, graph: GraphSight) -> None:
        self._rows = rows
        self._graph = graph

    def are_asked(self, query: GraphQuery) -> bool:
        """Tell whether a question names claims: their ties, their kind, or one of them."""
        is_about = any(ref.startswith(f"{CLAIM}:") for ref in query.about)
        return is_about or CLAIM in query.kinds or not set(KINDS).isdisjoint(query.ties)

    def part(self, query: GraphQuery, find: Callable[[GraphQuery], Json], *, claims: bool) -> Json:
        """Return a part of the graph, with claims where the query names them, or all of them if `claims`.

        Args:
            query: which part; about a claim: what it asserts, that counts as one hop.
            find: answers it for all that is no claim.
            claims: add claims, whatever the query names.
        """
        if not (claims or self.are_asked(query)):
            return find(query)
        named = [kind for kind in query.ties if kind in KINDS]
        about = [ref for ref in query.about if ref.startswith(f"{CLAIM}:")]
        seen = [row for one in about if (row := self._rows.found(event_of(one)))]
        asserted = [ref for _, touched in seen for ref in touched]
        plain = _plain(query, asserted)
        if query.about and not plain.about:
            return {"nodes": [], "edges": [], "truncated": 0}
        found = find(plain)
        kinds = frozenset(named or KINDS)
        return self._with(query, found, kinds, frozenset(about))

    def _with(self, query: GraphQuery, found: Json, kinds: Collection[str], about: Collection[str]) -> Json:
        behind = self._graph.asserted(query, [node["ref"] for node in found["nodes"]], found["edges"])
        if about and len(about) == len(query.about):
            behind = {origin: refs for origin, refs in behind.items() if claim_of(*_name(origin)) in about}
        newest = sorted(behind, key=lambda one: (one.time, one.source, one.id), reverse=True)
        kept = newest[:MOST_CLAIMS]
        said = self._rows.amendments([_name(origin) for origin in kept], query.upto)
        nodes = {claim_of(*_name(one)): _node(one.source, one.id, one.type) for one in kept}
        edges = [_asserts(origin, ref) for origin in kept for ref in sorted(behind[origin])]
        for origin in kept:
            for one in filter(_kind, said[_name(origin)]):
                nodes.setdefault(claim_of(one.source, one.id), _node(one.source, one.id, one.type))
                edges.append(_amends(one, claim_of(*_name(origin))))
        is_alone = set(query.kinds) == {CLAIM}
        listed, tied = ([], []) if is_alone else (found["nodes"], found["edges"])
        there = {*nodes, *(node["ref"] for node in listed)}
        fitting = [edge for edge in edges if edge["kind"] in kinds and {edge["from"], edge["to"]} <= there]
        return {
            "nodes": [*listed, *(nodes[ref] for ref in sorted(nodes))],
            "edges": [*tied, *sorted(fitting, key=lambda one: (one["from"], one["kind"], one["to"]))],
            "truncated": found["truncated"] + len(newest) - len(kept),
        }

    def node(self, ref: str) -> Json | None:
        """Return one claim with its ties; None if these readers see no such event."""
        name = source, event_id = event_of(ref)
        seen = self._rows.found(name)
        if seen is None:
            return None
        ties: dict[str, list[Json]] = {}
        event_type, touched = seen
        for one in self._graph.short(touched):
            tie = {**_tie(ref, one["ref"], ASSERTS, None), "other": one}
            ties.setdefault(ASSERTS, []).append(tie)
        for said in (one for one in self._rows.amendments([name], None)[name] if _kind(one)):
            tie = {**_amends(said, ref), "other": _node(said.source, said.id, said.type)}
            ties.setdefault(tie["kind"], []).append(tie)
        return {**_node(source, event_id, event_type), "ties": ties, "truncated": 0, "props": {}}

    def tie(self, source: str, target: str, kind: str) -> Json | None:
        """Return one tie that begins at a claim, with the event that says so; None if these readers see none."""
        node: Json = self.node(source if kind == ASSERTS else target)
        for tie in () if node is None else node["ties"].get(kind, ()):
            if (tie["from"], tie["to"]) == (source, target):
                said = node["event"] if kind == ASSERTS else tie["other"]["event"]
                bare = {name: value for name, value in tie.items() if name != "other"}
                return {**bare, "props": {}, "claims": [{"event": said}]}
        return None


def _plain(query: GraphQuery, asserted: Sequence[str]) -> GraphQuery:
    """Return the question for what is no claim."""
    kinds = tuple(kind for kind in query.kinds if kind != CLAIM)
    ties = tuple(kind for kind in query.ties if kind not in KINDS)
    own = [ref for ref in query.about if not ref.startswith(f"{CLAIM}:")]
    hops = query.hops
    if query.about and not own:
        hops = max(0, hops - 1)
    if query.ties and not ties:
        hops = 0
    return replace(query, kinds=kinds, ties=ties, about=[*own, *asserted], hops=hops)


def claim_of(source: str, event_id: str) -> str:
    """Return the reference of an event as a claim: `claim:SLUG.ID`; odd characters of the id as `:` and two digits."""
    local = re.sub(
        r"[^A-Za-z0-9_.-]", lambda one: "".join(f":{byte:02x}" for byte in one[0].encode()), event_id
    )
    return f"{CLAIM}:{source.removeprefix(SOURCE_PREFIX)}.{local}"


def event_of(ref: str) -> tuple[str, str]:
    """Return source and id of the event that a claim is."""
    slug, _, local = ref.removeprefix(f"{CLAIM}:").partition(".")
    return f"{SOURCE_PREFIX}{slug}", unquote(local.replace(":", "%"))


def _name(origin: Origin) -> tuple[str, str]:
    return origin.source, origin.id


def _node(source: str, event_id: str, event_type: str) -> Json:
    event = {"source": source, "id": event_id, "type": event_type}
    return {"ref": claim_of(source, event_id), "kind": CLAIM, "label": event_type, "event": event}


def _tie(source: str, target: str, kind: str, since: str | None) -> Json:
    return {
        "from": source,
        "to": target,
        "kind": kind,
        "since": since,
        "until": None,
        "claims": 1,
        "status": "active",
    }


def _asserts(origin: Origin, ref: str) -> Json:
    return _tie(claim_of(*_name(origin)), ref, ASSERTS, origin.as_of)


def _kind(one: Amendment) -> str:
    """Return the tie that an amendment is; "" if it speaks neither for nor against."""
    return AMENDS.get(one.type) or VERDICTS.get(one.verdict, "")


def _amends(one: Amendment, ref: str) -> Json:
    return _tie(claim_of(one.source, one.id), ref, _kind(one), one.time[:10] or None)
