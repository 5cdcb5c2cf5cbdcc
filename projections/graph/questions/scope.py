"""What belongs to a matter: the threats, trials, hearings, needs, statements and actions around one reference."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from projections.graph.look import Look
from projections.graph.questions.deeds import Deeds, kind_of, light_of

MOST_NODES = 2_000
"""Nodes of one matter; what is farther is left out, by reference."""

_MOST_HOPS = 6

_STEPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "case": frozenset({"IN_CASE", "ABOUT", "ADVANCES"}),
        "lawyer": frozenset({"TARGETS", "PARTY_TO", "NEEDED_BY", "IN_CASE", "ABOUT", "ADVANCES"}),
        "body": frozenset({"TARGETS", "PARTY_TO", "NEEDED_BY", "ABOUT", "ADVANCES"}),
        "threat": frozenset({"TARGETS", "ARISES_FROM", "IN_CASE", "ABOUT", "ADVANCES"}),
        "trial": frozenset({"PARTY_TO", "PART_OF", "ARISES_FROM", "IN_CASE", "ABOUT", "ADVANCES"}),
        "hearing": frozenset({"PART_OF", "FOLLOWS", "ABOUT", "ADVANCES"}),
        "need": frozenset({"MATCHES", "NEEDED_BY", "IN_CASE", "ADVANCES"}),
        "support": frozenset({"MATCHES", "DRAWS_ON"}),
        "action": frozenset({"PRODUCED", "ABOUT", "ADVANCES"}),
        "statement": frozenset({"PRODUCED", "ABOUT"}),
        "policy": frozenset({"ABOUT", "ADVANCES", "CONTRIBUTES_TO"}),
        "commitment": frozenset({"ABOUT", "ADVANCES", "CONTRIBUTES_TO"}),
    }
)
"""From a node of a kind, along which ties something belongs to the same matter."""

_SHARED = frozenset({"case", "lawyer", "body", "offer"})
"""Kinds that many matters share: passed only as the start."""

_LEADS_OUT = frozenset({"action", "statement"})
"""What may be about several matters: whom else it is about is followed only from the start."""

_NEVER = frozenset({"partner", "place", "standard", "indicator"})


class Scope(NamedTuple):
    """A matter.

    Args:
        start: what was asked about.
        refs: what belongs to it, sorted, `start` included.
        countries: where it is, sorted.
    """

    start: str
    refs: tuple[str, ...]
    countries: tuple[str, ...]

    def of(self, *kinds: str) -> list[str]:
        """Return what is of some kinds."""
        return [ref for ref in self.refs if kind_of(ref) in kinds]


def scope_of(look: Look, deeds: Deeds, start: str) -> Scope:
    """Return what belongs to the matter of a node: what happened to whom, and what answers to it."""
    seen = {start}
    frontier = [start]
    for _ in range(_MOST_HOPS):
        reached = {other for ref in frontier for other in _next(deeds, ref, is_start=ref == start)}
        frontier = sorted(reached - seen)[: MOST_NODES - len(seen)]
        seen.update(frontier)
    refs = tuple(sorted(seen))
    return Scope(start, refs, tuple(sorted(set().union(*(_countries(look, deeds, ref) for ref in refs)))))


def _next(deeds: Deeds, ref: str, *, is_start: bool) -> list[str]:
    kind = kind_of(ref)
    if kind in _SHARED and not is_start:
        return []
    along = _STEPS.get(kind, frozenset())
    stays = kind not in _LEADS_OUT or is_start
    return [
        other
        for source, target, tie, _ in deeds.ties(ref)
        if tie in along
        and (stays or source != ref or tie == "PRODUCED")
        and kind_of(other := target if source == ref else source) not in _NEVER
    ]


def _countries(look: Look, deeds: Deeds, ref: str) -> set[str]:
    found = {str(one) for one in light_of(look, ref, "country")}
    if kind_of(ref) in ("threat", "trial", "hearing", "lawyer"):
        found.update(
            tie[1].removeprefix("place:")[:2] for tie in deeds.ties(ref) if tie[1].startswith("place:")
        )
    return found
