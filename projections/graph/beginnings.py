"""When something began, for programs that show a graph in time."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from projections.graph.claims import EdgeClaim
from projections.graph.exports.days import Days
from projections.graph.look import Look

Json = Any

_STANDS = frozenset({"lawyer", "partner", "body", "place", "standard", "indicator"})
"""Kinds that no tie begins: who joins an organisation was there before."""

_BEGIN_BEFORE: Mapping[str, str] = MappingProxyType({"action": "JOINS", "hearing": "FOLLOWS"})
"""Kind → the tie of another that may be dated before the first of its own: a call says no day, who joins it does."""


def dated(look: Look, ref: str) -> Json:
    """Return the short form of a node; one that happens has `since` if its own ties know the day.

    Its own ties are those that lead from it, as from a threat to whom it targets; of a call to act also those of who
    joins it, of a hearing that of the one that took its place: no program shows a tie before its ends. The earliest day
    counts.
    """
    said = look.node(ref)
    if said["kind"] in _STANDS:
        return said
    known = {look.when(claims, "since") for claims in _own(look, ref)}
    if said["kind"] in _BEGIN_BEFORE:
        known |= {look.when(claims, "since") for claims in _others(look, ref, _BEGIN_BEFORE[said["kind"]])}
    days = Days()
    began = [first for when in known if when is not None and (first := days.span(when, None)[0])]
    return {**said, "since": min(began)} if began else said


def _own(look: Look, ref: str) -> Iterator[Sequence[EdgeClaim]]:
    """Yield the visible claims behind each tie that leads from a node, at least those of which one knows a day."""
    graph, allowed, merged = look.network.graph, look.allowed, look.merged.canonical
    if look.then or ref in merged or ref not in graph:
        yield from _all(look, ref)
        return
    ties = graph.out_of(ref)
    if merged and not merged.keys().isdisjoint(ties):
        yield from _all(look, ref)
        return
    for parallel in ties.values():
        for held in parallel.values():
            claims = [claim for claim in held.claims if claim.since is not None and claim.label in allowed]
            if claims:
                yield claims


def _all(look: Look, ref: str) -> Iterator[Sequence[EdgeClaim]]:
    return (claims for source, _, _, claims in look.ties(ref) if source == ref)


def _others(look: Look, ref: str, kind: str) -> Iterator[Sequence[EdgeClaim]]:
    """Yield the visible claims behind each tie of a kind that leads to a node."""
    return (claims for _, target, tie, claims in look.ties(ref) if tie == kind and target == ref)
