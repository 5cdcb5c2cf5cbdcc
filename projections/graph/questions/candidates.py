"""What candidates for an invitation are measured by: read once for a matter, from what one reader may see."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from projections.graph.eyes import Tie
from projections.graph.look import Look
from projections.graph.paths.accused import accused
from projections.graph.questions.deeds import Deeds, kind_of, status_of
from projections.graph.questions.inquiry import Inquiry
from projections.graph.questions.near import near_partners
from projections.graph.questions.said import Said, codes_of, values_of
from projections.graph.questions.scope import Scope
from projections.graph.questions.support import has_left, span_of
from projections.graph.questions.who_acts import Act

Json = Any

OPEN = frozenset({"open", "changed"})
OPEN_CALL = frozenset({"proposed", "open_for_joining"})
_MOST_NEAR = 200
_CHUNK = 200
_CALLED_ABOUT = frozenset({"lawyer", "threat", "trial", "policy", "case", "need", "commitment", "body"})
_SPEAK = ("lawyer", "action", "hearing")


class Calls(NamedTuple):
    """Calls to act: how many, how many each made, and by which ties partners joined those of others, by reference."""

    total: int
    made: Mapping[str, int]
    joined: Mapping[str, list[Tie]]


class Matter(NamedTuple):
    """What candidates are measured by.

    Args:
        scope: what belongs to the matter.
        acts: what was done in it, by partner.
        languages: that are wanted: of the people and the open calls in it, sorted.
        kinds: of help that is needed, sorted.
        shunned: who is accused of its threats → the ties that say so.
        ways: to the partners that are near.
        calls: such actions as one is planned here.
        offers: the ties of open offers that fit, by partner, in order of the offers.
        joined: who takes part in an open call in the matter already → the tie that says so.
    """

    scope: Scope
    acts: Mapping[str, list[Act]]
    languages: tuple[str, ...]
    shunned: Mapping[str, tuple[Tie, ...]]
    ways: Mapping[str, tuple[Tie, ...]]
    calls: Calls
    offers: Mapping[str, list[Tie]]
    joined: Mapping[str, Tie]


def measured(inquiry: Inquiry, scope: Scope, acts: Iterable[Act]) -> Matter:
    """Return by what partners are measured in a matter.

    Args:
        inquiry: whose.
        scope: what belongs to the matter.
        acts: what was done in it.
    """
    by: defaultdict[str, list[Act]] = defaultdict(list)
    for act in acts:
        by[act.partner].append(act)
    calls, offered = _calls(inquiry, scope), _offered(inquiry)
    with inquiry.lock:
        look = inquiry.look()
        deeds = Deeds(look)
        shunned = accused(deeds, scope.of("threat"))
        ways, _ = near_partners(deeds, scope.start, _MOST_NEAR, shunned.__contains__)
        named = [*scope.of(*_SPEAK), *scope.of("need"), *offered]
        places = {ref: [claim.origin.position for claim in look.told(ref)] for ref in named}
    said = inquiry.said()
    said.load(place for some in places.values() for place in some)
    with inquiry.lock:
        words = _Words(inquiry.look(), said, places)
        languages = {code for ref in scope.of(*_SPEAK) for code in words.codes(ref, "languages")}
        needed = {code for ref in scope.of("need") for code in words.codes(ref, "kinds")}
        offers: defaultdict[str, list[Tie]] = defaultdict(list)
        for offer in sorted(offered):
            if words.fits(offer, scope.countries, needed):
                for tie in offered[offer]:
                    offers[tie[1]].append(tie)
        joined = _joined(inquiry, words, scope)
    return Matter(scope, by, tuple(sorted(languages)), shunned, ways, calls, offers, joined)


class _Words:
    """What is said of some nodes. Hold the view's lock while using it."""

    def __init__(self, look: Look, said: Said, places: Mapping[str, list[int]]) -> None:
        self.look = look
        self._said = said
        self._places = places

    def values(self, ref: str, name: str) -> list[Json]:
        """Return what is shown of a property."""
        claims = self._said.node(self.look.merged.all_of(ref), self._places[ref], name)
        return values_of(claims, self.look.assessments)

    def codes(self, ref: str, name: str) -> list[str]:
        """Return the codes that are shown of a property."""
        claims = self._said.node(self.look.merged.all_of(ref), self._places[ref], name)
        return codes_of(claims, self.look.assessments)

    def fits(self, offer: str, countries: tuple[str, ...], needed: set[str]) -> bool:
        """Tell whether an offer is for one of the countries, and for one of the needs if there are any."""
        eligible = [one.get("countries") for one in self.values(offer, "eligible")]
        is_there = not any(eligible) or any(set(countries) & set(one) for one in eligible if one)
        return is_there and (not needed or not needed.isdisjoint(self.codes(offer, "kinds")))


def _joined(inquiry: Inquiry, words: _Words, scope: Scope) -> dict[str, Tie]:
    """Return who takes part in a call of the matter that one can still join, with the tie to the first such call."""
    found: dict[str, Tie] = {}
    for action in scope.of("action"):
        status = status_of(words.look, action)
        ends = [span_of(str(when))[1] for when in words.values(action, "join_by")]
        if status.isdisjoint(OPEN_CALL) or (ends and max(ends) < inquiry.now):
            continue
        for tie in words.look.ties(action):
            source, target, kind, claims = tie
            if kind == "JOINS" and not has_left(claims, inquiry.now):
                found.setdefault(source, tie)
            elif kind == "PROPOSED_BY":
                found.setdefault(target, tie)
    return found


def _each(inquiry: Inquiry, kind: str) -> Iterator[tuple[str, frozenset[str], list[Tie]]]:
    """Yield every visible node of a kind with its status and ties; the lock is free between some and some."""
    refs = inquiry.of_kind(kind)
    for start in range(0, len(refs), _CHUNK):
        with inquiry.lock:
            look = inquiry.look()
            found = [
                (ref, status_of(look, ref), list(look.ties(ref))) for ref in refs[start : start + _CHUNK]
            ]
        yield from found


def _calls(inquiry: Inquiry, scope: Scope) -> Calls:
    """Return the calls about the same kinds of thing: how many, who made them, and who joined those of others."""
    kinds = {kind_of(ref) for ref in scope.refs} & _CALLED_ABOUT
    made: Counter[str] = Counter()
    joined: defaultdict[str, list[Tie]] = defaultdict(list)
    total = 0
    for action, _, ties in _each(inquiry, "action"):
        if not kinds.isdisjoint(
            kind_of(tie[1]) for tie in ties if tie[2] in ("ABOUT", "ADVANCES") and tie[0] == action
        ):
            total += 1
            callers = {tie[1] for tie in ties if tie[2] == "PROPOSED_BY"}
            made.update(callers)
            for tie in ties:
                if tie[2] == "JOINS" and tie[0] not in callers:
                    joined[tie[0]].append(tie)
    return Calls(total, made, joined)


def _offered(inquiry: Inquiry) -> dict[str, list[Tie]]:
    """Return the open offers, each with the ties that say whose it is."""
    return {
        offer: [tie for tie in ties if tie[2] == "OFFERED_BY" and tie[0] == offer]
        for offer, status, ties in _each(inquiry, "offer")
        if not status or not status.isdisjoint(OPEN)
    }
