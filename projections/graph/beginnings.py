"""When something began, for programs that show a graph in time."""

from typing import Any

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
    days = Days()
    known = (look.when(claims, "since") for source, _, _, claims in look.ties(ref) if source == ref)
    began = [first for when in known if when is not None and (first := days.span(when, None)[0])]
    return {**said, "since": min(began)} if began else said
