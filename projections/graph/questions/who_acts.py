"""Who acts in a matter, and what nobody does: acts by partner, silence, and the same thing done twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

from projections.graph.look import Look
from projections.graph.questions.deeds import Deeds, kind_of
from projections.graph.questions.inquiry import Inquiry
from projections.graph.questions.scope import Scope, scope_of
from projections.graph.questions.support import day_of, span_of
from projections.graph.questions.words import counted
from projections.shown import Origin

Json = Any

TWICE_DAYS = 30
"""Two partners who do the same for the same within so many days may not know of each other."""

_TIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ISSUED": ("wrote", "from"),
        "SIGNED": ("signed", "from"),
        "OBSERVED_BY": ("observed", "to"),
        "OFFERED_BY": ("offered", "to"),
        "PROPOSED_BY": ("proposed", "to"),
        "JOINS": ("joined", "from"),
        "DELIVERED": ("delivered", "from"),
        "ASSESSED": ("assessed", "from"),
        "GRADED": ("graded", "from"),
        "REPRESENTED_BY": ("represents", "to"),
        "COMMITS": ("promised", "from"),
    }
)
"""Ties that tell of an act: what it is called, and at which end the partner stands."""

_ALIKE: Mapping[str, str] = MappingProxyType(
    {
        "observed": "observed {}",
        "wrote": "wrote about {}",
        "proposed": "called to act for {}",
        "delivered": "delivered help for {}",
        "reported": "reported on {}",
    }
)
"""Acts of which one may be enough, in words."""

_TO_THE_POINT = frozenset({"ABOUT", "ADVANCES", "MATCHES"})
_MOST_ACTS = 100


class Act(NamedTuple):
    """Something that a partner did.

    Args:
        partner: who, as a reference.
        what: in one word.
        on: to which node of the matter.
        day: the earliest that is known.
        origins: of the events that say so.
    """

    partner: str
    what: str
    on: str
    day: date
    origins: tuple[Origin, ...]

    def as_json(self) -> Json:
        """Return the act with its events, oldest first."""
        events = [one.as_json() for one in self.origins[:5]]
        return {"what": self.what, "of": self.on, "when": self.day.isoformat(), "events": events}


def acts_in(look: Look, deeds: Deeds, scope: Scope) -> list[Act]:
    """Return what partners did in a matter, newest first, then by partner, act and node."""
    found: dict[tuple[str, str, str], Act] = {}
    for ref in scope.refs:
        for act in (*_tied(deeds, ref), *_reported(look, ref)):
            key = act.partner, act.what, act.on
            known = found.get(key)
            found[key] = act if known is None else _joined(known, act)
    return sorted(found.values(), key=lambda act: (-act.day.toordinal(), act.partner, act.what, act.on))


def _joined(one: Act, other: Act) -> Act:
    origins = _in_order({*one.origins, *other.origins})
    return one._replace(day=min(one.day, other.day), origins=origins)


def _tied(deeds: Deeds, ref: str) -> Iterator[Act]:
    for source, target, kind, claims in deeds.ties(ref):
        what, end = _TIES.get(kind, ("", ""))
        partner = source if end == "from" else target
        if what and partner.startswith("partner:") and partner != ref:
            yield Act(partner, what, ref, day_of(claims)[0], _in_order({claim.origin for claim in claims}))


def _reported(look: Look, ref: str) -> Iterator[Act]:
    """Yield who told of a node, and who assessed what was told."""
    if kind_of(ref) in ("statement", "action", "offer", "case"):
        return  # who wrote, proposed or offered them is told by ties
    told: defaultdict[str, set[Origin]] = defaultdict(set)
    for claim in look.told(ref):
        if not claim.origin.type.startswith("partner."):  # that somebody was admitted is no act in a matter
            told[claim.origin.source].add(claim.origin)
    for source in sorted(told):
        origins = _in_order(told[source])
        yield Act(_partner(source), "reported", ref, min(map(_day, origins)), origins)
        for origin in origins:
            for one in look.assessments(origin):
                behind = Origin(0, one.source, one.id, "claim.assessed", one.time, None, "F", "6")
                yield Act(_partner(one.source), "assessed", ref, _day(behind), (behind,))


def _partner(source: str) -> str:
    return f"partner:{source.rpartition(':')[2]}"


def _day(origin: Origin) -> date:
    return span_of(origin.time[:10])[0]


def _in_order(origins: Iterable[Origin]) -> tuple[Origin, ...]:
    return tuple(sorted(origins, key=lambda one: (one.time, one.source, one.id)))


def twice(look: Look, deeds: Deeds, acts: Sequence[Act]) -> list[Json]:
    """Return what two partners did for the same thing within `TWICE_DAYS`, each pair of acts next to each other.

    Whoever joined the same action may well know of each other: such actions are named.
    """
    alike: defaultdict[tuple[str, str], list[Act]] = defaultdict(list)
    for act in acts:
        if act.what in _ALIKE:
            for aim in _aims(deeds, act):
                alike[act.what, aim].append(act)
    return [
        _twice(look, acts, (what, aim), pair)
        for what, aim in sorted(alike)
        for pair in pairwise(sorted(alike[what, aim], key=lambda act: (act.day, act.partner, act.on)))
        if pair[0].partner != pair[1].partner and (pair[1].day - pair[0].day).days <= TWICE_DAYS
    ]


def _twice(look: Look, acts: Sequence[Act], done: tuple[str, str], pair: tuple[Act, Act]) -> Json:
    one, other = pair
    who, too, aim = (
        look.node(ref)["label"] if look.sees(ref) else ref for ref in (one.partner, other.partner, done[1])
    )
    days = (other.day - one.day).days
    apart = f"{counted(days, 'day')} apart" if days else "on the same day"
    together = _joined_by(acts, one.partner) & _joined_by(acts, other.partner)
    return {
        "what": done[0],
        "for": done[1],
        "days_apart": days,
        "together": sorted(together),
        "acts": [{"partner": act.partner, **act.as_json()} for act in pair],
        "says": f"{who} and {too} both {_ALIKE[done[0]].format(aim)}, {apart}",
    }


def _joined_by(acts: Sequence[Act], partner: str) -> set[str]:
    return {act.on for act in acts if act.partner == partner and act.what in ("joined", "proposed")}


def _aims(deeds: Deeds, act: Act) -> list[str]:
    """Return what an act is for: what a statement or call is about, which need is met; else the node itself."""
    if act.what in ("wrote", "proposed", "delivered"):
        return sorted(tie[1] for tie in deeds.ties(act.on) if tie[0] == act.on and tie[2] in _TO_THE_POINT)
    return [act.on]


def by_partner(look: Look, acts: Sequence[Act]) -> list[Json]:
    """Return acts grouped by partner, whoever acted last first."""
    groups: defaultdict[str, list[Act]] = defaultdict(list)
    for act in acts:
        groups[act.partner].append(act)
    return [
        {
            "partner": look.node(partner) if look.sees(partner) else {"ref": partner, "kind": "partner"},
            "latest": some[0].day.isoformat(),
            "acts": [act.as_json() for act in some[:_MOST_ACTS]],
            "truncated": max(0, len(some) - _MOST_ACTS),
        }
        for partner, some in groups.items()
    ]


def matter_of(inquiry: Inquiry, ref: str) -> tuple[Scope, list[Act]] | None:
    """Return what belongs to a matter and what partners did in it; None if these readers do not see it."""
    with inquiry.lock:
        look = inquiry.look()
        ref = look.merged.of(ref)
        if not look.sees(ref):
            return None
        deeds = Deeds(look)
        scope = scope_of(look, deeds, ref)
        return scope, acts_in(look, deeds, scope)
