"""When something began, for programs that show a graph in time."""

from collections.abc import Iterator, Sequence
from typing import Any

from projections.graph.claims import EdgeClaim
from projections.graph.exports.days import Days
from projections.graph.look import Look

Json = Any

_STANDS = frozenset({"lawyer", "partner", "body", "place", "standard", "indicator"})
"""Kinds that no tie begins: who joins an organisation was there before."""


def dated(look: Look, ref: str) -> Json:
    """Return the short form of a node; one that happens has `since` if its own ties know the day.

    Its own ties are those that lead from it, as from a threat to whom it targets. The earliest day counts.
    """
    said = look.node(ref)
    if said["kind"] in _STANDS:
        return said
    known = {look.when(claims, "since") for claims in _own(look, ref)}
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
