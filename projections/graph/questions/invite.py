"""Whom to invite to an action: a sum of named reasons, each a number that can be checked. Never a black box."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from projections.graph.look import Look
from projections.graph.questions.candidates import Matter, measured
from projections.graph.questions.inquiry import Inquiry
from projections.graph.questions.partners import Profile
from projections.graph.questions.silence import mandates
from projections.graph.questions.support import events_of, step_as_json
from projections.graph.questions.who_acts import matter_of
from projections.graph.questions.words import counted

Json = Any


class Reason(NamedTuple):
    """Why to invite somebody.

    Args:
        weight: points for one of what is counted.
        most: how many count.
        says: in words, with `{n}` for the number and `{what}` for what was counted.
    """

    weight: float
    most: float
    says: str


REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "country": Reason(2.0, 1, "works in {what}"),
        "language": Reason(1.0, 2, "works in {what}"),
        "mandate": Reason(1.5, 2, "has {what}"),
        "response": Reason(2.0, 1, "joined {what}"),
        "capacity": Reason(1.0, 2, "has {what}"),
        "acting": Reason(0.5, 4, "has acted {what} in this matter"),
        "closeness": Reason(1.0, 1, "is {what} away, which counts {n}"),
    }
)
"""Every reason with its weight. The score is the sum of weight × number, the number being cut at `most`."""

_MOST_EVENTS = 5


class _Counted(NamedTuple):
    """A reason that somebody has: how many there are, what was counted, and what proves it."""

    name: str
    number: float
    what: str
    proof: Json

    def as_json(self) -> Json:
        """Return the reason with its points."""
        reason = REASONS[self.name]
        number = round(self.number, 4)
        return {
            "reason": self.name,
            "number": number,
            "weight": reason.weight,
            "points": round(self.points(), 4),
            "says": reason.says.format(n=number, what=self.what),
            **self.proof,
        }

    def points(self) -> float:
        """Return what the reason adds to the score."""
        reason = REASONS[self.name]
        return reason.weight * min(self.number, reason.most)


def answer(inquiry: Inquiry, known: Mapping[str, Profile], ref: str, limit: int) -> Json | None:
    """Return partners to invite to an action in the matter of a node, best first; None if it is not seen.

    Left out, and said so: whose body is named as the source of a threat in it, who is suspended, and who takes part in
    an open call already.

    Args:
        inquiry: whose.
        known: all visible partners.
        ref: of the node.
        limit: most partners.
    """
    found = matter_of(inquiry, ref)
    if found is None:
        return None
    matter = measured(inquiry, *found)
    left_out = {
        one.partner: because for one in known.values() if (because := _left_out(matter, one)) is not None
    }
    scored = [_scored(matter, one) for one in known.values() if one.partner not in left_out]
    invited = sorted((one for one in scored if one.reasons), key=lambda one: (-one.score, one.partner))
    with inquiry.lock:
        look = inquiry.look()
        return {
            "about": matter.scope.start,
            "items": [one.as_json(look) for one in invited[:limit]],
            "total": len(invited),
            "left_out": [{"partner": look.node(one), **left_out[one]} for one in sorted(left_out)],
            "weights": {name: {"weight": one.weight, "most": one.most} for name, one in REASONS.items()},
        }


class _Scored(NamedTuple):
    """A partner with its reasons, heaviest first, and the sum of their points."""

    partner: str
    score: float
    reasons: list[_Counted]

    def as_json(self, look: Look) -> Json:
        """Return the item that is answered."""
        reasons = [one.as_json() for one in self.reasons]
        return {"partner": look.node(self.partner), "score": self.score, "reasons": reasons}


def _scored(matter: Matter, one: Profile) -> _Scored:
    reasons = [counted for counted in _reasons(matter, one) if counted.number > 0]
    return _Scored(one.partner, round(sum(counted.points() for counted in reasons), 4), reasons)


def _left_out(matter: Matter, one: Profile) -> Json | None:
    if one.partner in matter.shunned:
        steps = [step_as_json(tie) for tie in matter.shunned[one.partner]]
        says = "its body, or one above it, is named as the source of a threat in this matter"
        return {"because": "conflict", "says": says, "steps": steps}
    if "suspended" in one.status:
        return {"because": "suspended", "says": "is suspended", "events": one.events()[-_MOST_EVENTS:]}
    if one.partner in matter.joined:
        source, target, kind, claims = matter.joined[one.partner]
        action = target if kind == "JOINS" else source
        says = f"takes part in {action} already"
        return {"because": "takes_part", "of": action, "says": says, "events": events_of(claims)}
    return None


def _reasons(matter: Matter, one: Profile) -> list[_Counted]:
    """Return every reason, also those of which there is none."""
    profiled = {"events": one.events()[:_MOST_EVENTS]}
    found = [_response(matter, one.partner), _capacity(matter, one.partner), _closeness(matter, one.partner)]
    for name, theirs, wanted in (
        ("country", one.countries, matter.scope.countries),
        ("language", one.languages, matter.languages),
        ("mandate", one.roles, mandates(matter.scope)),
    ):
        shared = sorted(set(theirs) & set(wanted))
        found.append(_Counted(name, len(shared), _listed(name, shared), profiled))
    acts = matter.acts.get(one.partner, [])
    told = {"acts": [act.as_json() for act in acts[:_MOST_EVENTS]]}
    found.append(_Counted("acting", len(acts), counted(len(acts), "time"), told))
    return sorted(found, key=lambda each: (-each.points(), each.name))


_CALLED = {
    "country": ("country concerned", "countries concerned"),
    "language": ("language wanted", "languages wanted"),
    "mandate": ("fitting role", "fitting roles"),
    "capacity": ("open offer that fits", "open offers that fit"),
}


def _listed(name: str, some: list[str]) -> str:
    """Return how many there are of what a reason counts, and which."""
    return f"{counted(len(some), *_CALLED[name])}: {', '.join(some)}"


def _response(matter: Matter, partner: str) -> _Counted:
    """Count how often somebody joined when such an action was called for by another."""
    asked = matter.calls.total - matter.calls.made.get(partner, 0)
    joined = matter.calls.joined.get(partner, ())
    events = [event for tie in joined[:_MOST_EVENTS] for event in events_of(tie[3])][:_MOST_EVENTS]
    share = len(joined) / asked if asked else 0.0
    return _Counted("response", share, f"{len(joined)} of {counted(asked, 'such call')}", {"events": events})


def _capacity(matter: Matter, partner: str) -> _Counted:
    ties = matter.offers.get(partner, [])
    named = [tie[0] for tie in ties[:_MOST_EVENTS]]
    events = [event for tie in ties[:_MOST_EVENTS] for event in events_of(tie[3])][:_MOST_EVENTS]
    says = f"{counted(len(ties), *_CALLED['capacity'])}: {', '.join(named)}"
    return _Counted("capacity", len(ties), says, {"offers": named, "events": events})


def _closeness(matter: Matter, partner: str) -> _Counted:
    way = matter.ways.get(partner, ())
    number = 1 / len(way) if way else 0.0
    return _Counted(
        "closeness", number, counted(len(way), "tie"), {"steps": [step_as_json(tie) for tie in way]}
    )
