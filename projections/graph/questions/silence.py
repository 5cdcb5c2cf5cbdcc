"""What nobody does in a matter: partners who could act, open needs, hearings and demands; and the whole answer."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from projections.graph.look import Look
from projections.graph.questions.deeds import Deeds, kind_of, status_of
from projections.graph.questions.inquiry import Inquiry
from projections.graph.questions.partners import Profile
from projections.graph.questions.said import Said, values_of
from projections.graph.questions.scope import Scope
from projections.graph.questions.support import MOST_PROOFS
from projections.graph.questions.who_acts import Act, by_partner, matter_of, twice
from projections.graph.questions.words import counted

Json = Any

OPEN_NEED = frozenset({"open", "changed", "partly_met"})
CANCELLED = frozenset({"cancelled"})
MOST_LISTED = 100
"""Of each kind of silence."""

MANDATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lawyer": ("responder", "monitor", "bar"),
        "threat": ("responder", "monitor", "bar"),
        "trial": ("observer",),
        "hearing": ("observer",),
        "need": ("responder", "funder", "legal_aid_provider"),
        "policy": ("policy", "bar"),
        "commitment": ("policy",),
    }
)
"""From the kind of a thing, whose work it is by their roles."""


class _Open(NamedTuple):
    """Something that waits for somebody: what it is, how it is read, and the events that name it."""

    ref: str
    names: tuple[str, ...]
    places: tuple[int, ...]
    events: list[Json]


def mandates(scope: Scope) -> frozenset[str]:
    """Return the roles whose work a matter is."""
    kinds = {kind_of(ref) for ref in scope.refs} & MANDATES.keys()
    return frozenset(role for kind in kinds for role in MANDATES[kind])


def answer(inquiry: Inquiry, known: Mapping[str, Profile], ref: str) -> Json | None:
    """Return who acts in the matter of a node, what nobody does, and what two do; None if it is not seen."""
    found = matter_of(inquiry, ref)
    if found is None:
        return None
    scope, acts = found
    with inquiry.lock:
        look = inquiry.look()
        deeds = Deeds(look)
        groups, double = by_partner(look, acts), twice(look, deeds, acts)
        needs = [_open(look, one) for one in scope.of("need") if _is_unmatched(look, deeds, one)]
        hearings = [_open(look, one) for one in scope.of("hearing") if _is_unobserved(look, deeds, one)]
        demands = [_open(look, one) for one in scope.of("statement") if _is_unanswered(deeds, one)]
    said = inquiry.said()
    said.load(place for one in (*hearings, *demands) for place in one.places)
    with inquiry.lock:
        look = inquiry.look()
        silence = {
            "partners": _silent(look, known, scope, acts),
            "needs": [
                _told(look, one, f"{one.ref} is open and nobody met it") for one in needs[:MOST_LISTED]
            ],
            "hearings": [_hearing(look, said, one) for one in hearings[:MOST_LISTED]],
            "demands": [told for one in demands[:MOST_LISTED] for told in _demands(look, said, one)],
        }
    return {
        "about": scope.start,
        "matter": list(scope.refs),
        "countries": list(scope.countries),
        "partners": groups,
        "silence": silence,
        "double": double,
    }


def _open(look: Look, ref: str) -> _Open:
    origins = sorted({one.origin for one in look.told(ref)}, key=lambda one: (one.time, one.source, one.id))
    events = [one.as_json() for one in origins[:MOST_PROOFS]]
    return _Open(ref, look.merged.all_of(ref), tuple(one.position for one in origins), events)


def _is_unmatched(look: Look, deeds: Deeds, need: str) -> bool:
    status = status_of(look, need)
    is_open = not status or not status.isdisjoint(OPEN_NEED)
    return is_open and not any(tie[2] == "MATCHES" for tie in deeds.ties(need))


def _is_unobserved(look: Look, deeds: Deeds, hearing: str) -> bool:
    """Tell whether a hearing takes or took place, as far as is known, without anybody there."""
    status = status_of(look, hearing)
    if status and status <= CANCELLED:
        return False
    ties = deeds.ties(hearing)
    return not any(tie[2] == "OBSERVED_BY" or (tie[2] == "FOLLOWS" and tie[1] == hearing) for tie in ties)


def _is_unanswered(deeds: Deeds, statement: str) -> bool:
    kinds = {tie[2] for tie in deeds.ties(statement)}
    return "ADDRESSES" in kinds and "RESPONDED" not in kinds


def _told(look: Look, one: _Open, says: str) -> Json:
    node = look.node(one.ref) if look.sees(one.ref) else {"ref": one.ref}
    return {**node, "says": says, "events": one.events}


def _hearing(look: Look, said: Said, one: _Open) -> Json:
    starts = values_of(said.node(one.names, one.places, "starts"), look.assessments)
    when = f" of {' or '.join(map(str, starts))}" if starts else ""
    return {**_told(look, one, f"the hearing{when} has no observer"), "starts": starts}


def _demands(look: Look, said: Said, one: _Open) -> list[Json]:
    demands = [
        item
        for each in values_of(said.node(one.names, one.places, "demands"), look.assessments)
        for item in each
    ]
    if not demands:
        return []
    due = values_of(said.node(one.names, one.places, "reply_expected_by"), look.assessments)
    says = f"{counted(len(demands), 'demand')}, and no answer"
    return [{**_told(look, one, says), "demands": demands, "reply_expected_by": due}]


def _silent(look: Look, known: Mapping[str, Profile], scope: Scope, acts: Sequence[Act]) -> list[Json]:
    """Return partners whose country or work it is and who have done nothing that these readers see."""
    acting = {act.partner for act in acts}
    roles = mandates(scope)
    found = []
    for ref in sorted(known.keys() - acting):
        one = known[ref]
        reasons = _reasons(one, scope.countries, roles)
        if reasons and "suspended" not in one.status and look.sees(ref):
            found.append(
                (-len(reasons), ref, {"partner": look.node(ref), "reasons": reasons, "events": one.events()})
            )
    return [told for *_, told in sorted(found, key=lambda one: one[:2])[:MOST_LISTED]]


def _reasons(one: Profile, countries: Collection[str], roles: Collection[str]) -> list[str]:
    shared = sorted(set(one.countries) & set(countries))
    fitting = sorted(set(one.roles) & set(roles))
    return [f"works in {code}" for code in shared] + [f"is {role}" for role in fitting]
