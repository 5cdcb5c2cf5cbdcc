"""Who supports whom and how much: the derived tie `SUPPORTS`, a sum of deeds that fade (`domain/schemas.md` §11.3)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from projections.graph.claims import EdgeClaim
from projections.graph.eyes import Eyes, Tie
from projections.graph.questions.deeds import Deed
from projections.graph.questions.said import Said, codes_of
from schemas.edtf import NotEdtf, bounds

Json = Any

WEIGHTS: Mapping[str, int] = MappingProxyType(
    {"signature": 1, "observation": 2, "casework": 2, "delivered support": 3}
)
"""What a deed counts on its day."""

HALF_LIFE_DAYS = 180
"""After that many days a deed counts half."""

SUPPORTED = frozenset({"lawyer", "body", "case"})
"""Kinds of node that are supported."""

MOST_PROOFS = 5
"""Events that prove one step."""

_LENDS_A_NAME = frozenset({"signatory", "co_sponsor", "endorser"})
"""Roles in an action that count as a signature; all others work."""

_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "signed": "signature",
        "observed": "observation",
        "represents": "casework",
        "led": "casework",
        "delivered": "delivered support",
    }
)
_SAYS: Mapping[str, str] = MappingProxyType(
    {
        "signed": "wrote or signed {on}",
        "observed": "observed {on}",
        "represents": "represents {on}",
        "led": "called for {on}",
        "delivered": "delivered {on}",
        "joined": "joined {on} as {role}",
    }
)


class Weighed(NamedTuple):
    """A deed with what it counts.

    Args:
        deed: what was done.
        what: a key of `WEIGHTS`.
        role: in an action, as far as it is said.
        when: the day, as its event says it (EDTF).
        day: the earliest day that this admits.
        weight: on that day.
        now: on the day that is looked at.
    """

    deed: Deed
    what: str
    role: str
    when: str
    day: date
    weight: int
    now: float


class Support(NamedTuple):
    """What one partner does for somebody: `weight` is the sum of what its deeds count now."""

    partner: str
    weight: float
    since: date
    latest: date
    deeds: tuple[Weighed, ...]


def places_of(deeds: Iterable[Deed]) -> set[int]:
    """Return the events that must be read before the deeds can be weighed: those that tell the role of who joined."""
    return {claim.origin.position for deed in deeds if deed.what == "joined" for claim in deed.act[3]}


def weighed(deeds: Sequence[Deed], said: Said, eyes: Eyes, now: date) -> list[Weighed]:
    """Weigh deeds. Whoever left an action does not stand behind it; who signed its text joined it by that."""
    signed = {(deed.partner, deed.on) for deed in deeds if deed.what == "signed"}
    led = {(deed.partner, deed.on) for deed in deeds if deed.what == "led"}
    found = []
    for deed in deeds:
        claims = deed.act[3]
        if deed.what == "joined" and ((deed.partner, deed.on) in led or has_left(claims, now)):
            continue
        roles = codes_of(said.tie("JOINS", claims, "role"), eyes.assessments) if deed.what == "joined" else []
        lends = bool(roles) and _LENDS_A_NAME.issuperset(roles)
        if lends and any((deed.partner, text) in signed for text in _texts_of(eyes, deed.on)):
            continue
        what = _CLASSES.get(deed.what) or ("signature" if lends or not roles else "casework")
        day, when = day_of(claims)
        weight = WEIGHTS[what]
        role = ", ".join(roles)
        found.append(Weighed(deed, what, role, when, day, weight, weight * faded((now - day).days)))
    return found


def faded(days: int) -> float:
    """Return what is left of 1 after some days; what is still to come counts whole."""
    return float(0.5 ** (max(0, days) / HALF_LIFE_DAYS))


def _texts_of(eyes: Eyes, action: str) -> list[str]:
    return [
        target for source, target, kind, _ in eyes.ties(action) if kind == "PRODUCED" and source == action
    ]


def has_left(claims: Sequence[EdgeClaim], now: date) -> bool:
    """Tell whether the last that is known of somebody in an action by a day is that he left."""
    left = [span_of(claim.until)[1] for claim in claims if claim.until is not None]
    joined = [day_of([claim])[0] for claim in claims if claim.until is None]
    return any(day <= now for day in left) and max(left) >= max(joined, default=date.min)


def day_of(claims: Sequence[EdgeClaim]) -> tuple[date, str]:
    """Return the earliest day that claims on a tie give it, and how they write it."""
    whens = [claim.since or claim.origin.as_of or claim.origin.time[:10] for claim in claims]
    days = [(span_of(when)[0], when) for when in whens]
    return days[0] if len(days) == 1 else min(days)


def span_of(when: str | None) -> tuple[date, date]:
    """Return first and last day of a date of the world; an end that is open counts as the other."""
    said = when or ""
    if said[10:11] in ("", "T"):
        # A day or a moment, as most are; one with a fraction of a second is finer than EDTF allows, its day is not.
        try:
            day = date.fromisoformat(said[:10])
        except ValueError:
            pass
        else:
            return day, day
    try:
        first, last = bounds(said)
    except NotEdtf:
        first = last = None
    return first or last or date.min, last or first or date.min


def supports_of(found: Iterable[Weighed]) -> list[Support]:
    """Sum up deeds by partner, strongest first, then by reference."""
    by: defaultdict[str, list[Weighed]] = defaultdict(list)
    for one in found:
        by[one.deed.partner].append(one)
    supports = []
    for partner, deeds in by.items():
        deeds.sort(key=lambda one: (-one.day.toordinal(), one.what, one.deed.on))
        days = [one.day for one in deeds]
        total = round(sum(one.now for one in deeds), 4)
        supports.append(Support(partner, total, min(days), max(days), tuple(deeds)))
    return sorted(supports, key=lambda one: (-one.weight, one.partner))


def total_of(found: Iterable[Weighed]) -> float:
    """Return how much support there is in all."""
    return round(sum(sorted(one.now for one in found)), 4)


def open_to_all(found: Iterable[Weighed], *, is_named: bool) -> list[Weighed]:
    """Return the deeds that may be told to the public: statements, and for persons only who agreed to be named.

    Args:
        found: by visible claims.
        is_named: whether who is supported is no person, or one who agreed to be named in public (C5).
    """
    return [one for one in found if is_named and one.deed.what == "signed"]


def deed_as_json(one: Weighed) -> Json:
    """Return a deed with its weight then and now, in words, and with the events that prove each step."""
    says = _SAYS[one.deed.what].format(on=one.deed.on, role=one.role or "a member")
    return {
        "what": one.what,
        "of": one.deed.on,
        "when": one.when,
        "weight": one.weight,
        "weight_now": round(one.now, 4),
        "says": f"{one.deed.partner} {says}: counted {one.weight}, counts {round(one.now, 4)} now",
        "steps": [step_as_json(tie) for tie in one.deed.path],
    }


def step_as_json(tie: Tie) -> Json:
    """Return a tie with the events that prove it, oldest first."""
    source, target, kind, claims = tie
    return {"from": source, "to": target, "kind": kind, "events": events_of(claims)}


def events_of(claims: Iterable[EdgeClaim]) -> list[Json]:
    """Return at most `MOST_PROOFS` events behind claims, oldest first."""
    origins = {claim.origin for claim in claims}
    behind = sorted(origins, key=lambda origin: (origin.time, origin.source, origin.id))
    return [origin.as_json() for origin in behind[:MOST_PROOFS]]
