"""Ties that follow from others: who supports whom, who acted together, where threats of a kind gather.

They are computed when asked for, from visible claims, and name the events that they follow from.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar

from projections.graph.around.surroundings import Surroundings
from projections.graph.claims import EdgeClaim
from projections.graph.eyes import Tie
from projections.graph.questions.concerned import concerned
from projections.graph.questions.deeds import Deeds, kind_of
from projections.graph.questions.inquiry import Inquiry
from projections.graph.questions.said import codes_of
from projections.graph.questions.support import (
    SUPPORTED,
    Support,
    day_of,
    deed_as_json,
    events_of,
    step_as_json,
)

Json = Any
T = TypeVar("T")

SUPPORTS, CO_ACTED_WITH, SHARES_THREAT_PATTERN = "SUPPORTS", "CO_ACTED_WITH", "SHARES_THREAT_PATTERN"
DERIVED = (SUPPORTS, CO_ACTED_WITH, SHARES_THREAT_PATTERN)
"""Every kind of derived tie."""

LEAST_CASES = 5
"""Visible cases from which on a pattern is one."""

CATEGORY = "category:"
"""Begins the reference of a kind of threat: the end of a pattern, and no node of the graph."""

MOST_TIES = 200
"""Derived ties of one kind and node that are told, by reference."""

MOST_SERVED = 50
"""Of those that a partner may support, how many are looked at, by reference."""

MOST_LISTED = 50
"""Actions or cases that one derived tie lists."""

_MOST_THREATS = 5_000

_AT_ONCE = 250
"""Threats that are looked at while the lock is held; a machine of 2020 takes a few milliseconds."""

_PLACED = {"place": "OCCURRED_IN", "body": "ATTRIBUTED_TO"}


class DerivedTie(NamedTuple):
    """A tie that follows from others.

    Args:
        source: where it begins.
        target: where it ends.
        kind: one of `DERIVED`.
        weight: how much there is of it: fading deeds, actions, cases.
        since: the first day of what it follows from; None if nobody knows.
        because: what it follows from, each with its steps and events.
        events: how many events in all.
    """

    source: str
    target: str
    kind: str
    weight: float
    since: date | None
    because: list[Json]
    events: int

    def as_json(self) -> Json:
        """Return the short form, as of other ties."""
        return {
            "from": self.source,
            "to": self.target,
            "kind": self.kind,
            "since": None if self.since is None else self.since.isoformat(),
            "until": None,
            "claims": self.events,
            "status": "active",
            "derived": True,
            "weight": self.weight,
        }


def ties_of(inquiry: Inquiry, refs: Iterable[str], kinds: Iterable[str] = DERIVED) -> list[DerivedTie]:
    """Return the derived ties of some nodes, sorted by kind and ends; none of those that these readers do not see."""
    with inquiry.lock:
        look = inquiry.look()
        seen = sorted({one for ref in refs if look.sees(one := look.merged.of(ref))})
    made: Mapping[str, Callable[[Inquiry, list[str]], Iterable[DerivedTie]]] = {
        SUPPORTS: _supports,
        CO_ACTED_WITH: lambda inquiry, refs: (tie for ref in refs for tie in _together(inquiry, ref)),
        SHARES_THREAT_PATTERN: lambda inquiry, refs: (tie for ref in refs for tie in _patterns(inquiry, ref)),
    }
    found = {(tie.kind, tie.source, tie.target): tie for kind in kinds for tie in made[kind](inquiry, seen)}
    return [found[key] for key in sorted(found)]


def tie_between(inquiry: Inquiry, source: str, target: str, kind: str) -> DerivedTie | None:
    """Return one derived tie; None if it does not follow from what these readers see."""
    asked = target if kind == SUPPORTS else source
    with inquiry.lock:
        look = inquiry.look()
        source, target = look.merged.of(source), look.merged.of(target)
    found = (tie for tie in ties_of(inquiry, [asked], [kind]) if (tie.source, tie.target) == (source, target))
    return next(found, None)


def _supports(inquiry: Inquiry, refs: list[str]) -> Iterable[DerivedTie]:
    served = [ref for ref in refs if kind_of(ref) in SUPPORTED]
    for ref, found in inquiry.supports(served).items():
        yield from (_support(one, ref) for one in found)
    for partner in refs:
        if kind_of(partner) == "partner":
            with inquiry.lock:
                reached = concerned(Deeds(inquiry.look()), [partner], by_partners=True)
            served = sorted(one for one in reached if kind_of(one) in SUPPORTED)[:MOST_SERVED]
            for ref, found in inquiry.supports(served).items():
                yield from (_support(one, ref) for one in found if one.partner == partner)


def _support(one: Support, ref: str) -> DerivedTie:
    origins = {claim.origin for deed in one.deeds for tie in deed.deed.path for claim in tie[3]}
    because = [deed_as_json(deed) for deed in one.deeds[:MOST_LISTED]]
    return DerivedTie(one.partner, ref, SUPPORTS, one.weight, one.since, because, len(origins))


def _together(inquiry: Inquiry, ref: str) -> list[DerivedTie]:
    """Return with whom a partner joined the same actions; the lesser reference comes first."""
    if kind_of(ref) != "partner":
        return []
    shared: defaultdict[str, list[tuple[str, Tie, Tie]]] = defaultdict(list)
    with inquiry.lock:
        deeds = Deeds(inquiry.look())
        for own in deeds.ties(ref):
            if own[2] == "JOINS" and own[0] == ref:
                for other in deeds.ties(own[1]):
                    if other[2] == "JOINS" and other[1] == own[1] and other[0] != ref:
                        shared[other[0]].append((own[1], own, other))
    return [_pair(ref, other, shared[other]) for other in sorted(shared)[:MOST_TIES]]


def _pair(ref: str, other: str, actions: list[tuple[str, Tie, Tie]]) -> DerivedTie:
    actions.sort(key=lambda one: one[0])
    first, second = sorted((ref, other))
    claims = [claim for _, own, others in actions for tie in (own, others) for claim in tie[3]]
    because = [
        {"action": action, "steps": [step_as_json(tie) for tie in sorted(ties, key=lambda tie: tie[0])]}
        for action, *ties in actions[:MOST_LISTED]
    ]
    events = len({claim.origin for claim in claims})
    return DerivedTie(first, second, CO_ACTED_WITH, len(actions), day_of(claims)[0], because, events)


class _Seen(NamedTuple):
    """A threat at a place or by a body: its case, or itself where it has none, and what is said of it."""

    case: str
    threat: str
    names: tuple[str, ...]
    places: list[int]
    claims: Sequence[EdgeClaim]


def _patterns(inquiry: Inquiry, ref: str) -> list[DerivedTie]:
    """Return the kinds of threat of which a place or body has at least `LEAST_CASES` visible cases."""
    way = _PLACED.get(kind_of(ref))
    if way is None:
        return []
    with inquiry.lock:
        near = Surroundings(inquiry.look(), frozenset({way}), [ref])
        tied = [tie for tie in near.arriving(near.asked).keys if tie[0].startswith("threat:")]
    seen = [one for some in _few(tied[:_MOST_THREATS]) for one in _seen(inquiry, some)]
    by = _by_category(inquiry, seen)
    return [
        _pattern(ref, code, by[code])
        for code in sorted(by)
        if len({one.case for one in by[code]}) >= LEAST_CASES
    ]


def _few(many: Sequence[T]) -> Iterator[Sequence[T]]:
    return (many[start : start + _AT_ONCE] for start in range(0, len(many), _AT_ONCE))


def _seen(inquiry: Inquiry, tied: Sequence[tuple[str, str, str]]) -> list[_Seen]:
    """Look at a few threats, so that the lock is soon free; those that have vanished meanwhile are left out."""
    with inquiry.lock:
        look = inquiry.look()
        near = Surroundings(look, frozenset({"IN_CASE"}), {threat for threat, *_ in tied})
        cases: dict[str, str] = {}
        for threat, case, _ in near.leaving(near.asked).keys:
            cases[threat] = min(case, cases.get(threat, case))
        return [
            _Seen(
                cases.get(tie[0], tie[0]), tie[0], look.merged.all_of(tie[0]),
                [one.origin.position for one in look.told(tie[0])], claims,
            )
            for tie in tied if (claims := look.claims(*tie))
        ]  # fmt: skip


def _by_category(inquiry: Inquiry, seen: list[_Seen]) -> Mapping[str, list[_Seen]]:
    said = inquiry.said()
    said.load(place for one in seen for place in one.places)
    by: defaultdict[str, list[_Seen]] = defaultdict(list)
    for some in _few(seen):
        told = [(one, said.node(one.names, one.places, "categories")) for one in some]
        with inquiry.lock:
            look = inquiry.look()
            for one, claims in told:
                for code in codes_of(claims, look.assessments):
                    by[code].append(one)
    return by


def _pattern(ref: str, code: str, seen: list[_Seen]) -> DerivedTie:
    cases = len({one.case for one in seen})
    claims = [claim for one in seen for claim in one.claims]
    because = [
        {"case": one.case, "threat": one.threat, "events": events_of(one.claims)}
        for one in seen[:MOST_LISTED]
    ]
    events = len({claim.origin for claim in claims})
    since = day_of(claims)[0]
    return DerivedTie(ref, CATEGORY + code, SHARES_THREAT_PATTERN, cases, since, because, events)
