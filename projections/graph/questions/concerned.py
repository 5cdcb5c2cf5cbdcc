"""Whom something concerns: from an event's subject along visible ties to lawyers, bodies and cases."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from projections.graph.questions.deeds import Deeds, kind_of

TOWARDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "body": frozenset({"SIGNED", "ISSUED"}),
        "statement": frozenset({"ABOUT", "PRODUCED"}),
        "action": frozenset({"ABOUT", "ADVANCES", "PRODUCED"}),
        "hearing": frozenset({"PART_OF", "FOLLOWS"}),
        "trial": frozenset({"PARTY_TO", "IN_CASE"}),
        "threat": frozenset({"TARGETS", "IN_CASE"}),
        "need": frozenset({"NEEDED_BY", "IN_CASE"}),
        "support": frozenset({"MATCHES"}),
        "offer": frozenset({"DRAWS_ON"}),
        "case": frozenset({"IN_CASE"}),
        "lawyer": frozenset({"IN_CASE"}),
    }
)
"""By which ties what happens to a node may bear on somebody's support."""

BY_PARTNER = frozenset(
    {"SIGNED", "ISSUED", "JOINS", "PROPOSED_BY", "OBSERVED_BY", "DELIVERED", "OFFERED_BY", "REPRESENTED_BY", "IS_BODY"}
)  # fmt: skip
"""Ties by which a partner's deeds begin."""

_OPENS_A_CASE = frozenset({"ABOUT", "ADVANCES", ""})
_IN_A_CASE = frozenset({"lawyer", "body", "threat", "trial", "need"})


def concerned(deeds: Deeds, starts: Iterable[str], *, by_partners: bool = False) -> set[str]:
    """Return every node that is reached; whoever is supported by way of one of the starts is among them.

    A case passes on only what is about itself: who shares it with somebody is not concerned by what he alone is.

    Args:
        deeds: gives the visible ties.
        starts: references; those that are not visible reach themselves alone.
        by_partners: whether starts that are partners lead to what they did.
    """
    reached: dict[tuple[str, bool], None] = {}
    waiting = [(ref, "") for ref in starts]
    while waiting:
        ref, way = waiting.pop()
        kind = kind_of(ref)
        passes_on = kind not in ("case", "lawyer") or way in _OPENS_A_CASE
        if (ref, passes_on) in reached:
            continue
        reached[ref, passes_on] = None
        along = (
            BY_PARTNER if kind == "partner" and by_partners and way == "" else TOWARDS.get(kind, frozenset())
        )
        if passes_on and along:
            waiting += _onward(deeds, ref, along)
    return {ref for ref, _ in reached}


def _onward(deeds: Deeds, ref: str, along: frozenset[str]) -> list[tuple[str, str]]:
    onward = []
    for source, target, kind, _ in deeds.ties(ref):
        other = target if source == ref else source
        if kind in along and (kind != "IN_CASE" or ref == source or kind_of(other) in _IN_A_CASE):
            onward.append((other, kind))
    return onward
