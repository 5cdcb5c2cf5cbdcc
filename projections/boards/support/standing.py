"""How it stands: which matches hold, what is left of each need and offer, and what harm has stopped."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any, NamedTuple

from events.decisions.aggregate import slug_in
from events.submission import STEWARDS
from projections.boards.papers import Papers
from projections.boards.support.rows import (
    NEEDS,
    OFFERS,
    OPEN,
    SUPPORTS,
    Given,
    Need,
    Offer,
    Support,
    moment,
    needs_of,
    offers_of,
    supports_of,
)
from projections.boards.support.terms import terms
from projections.boards.tellings import Tellings

Json = Any

_CLOSED = frozenset({"reserved", "exhausted", "withdrawn", "expired"})


class Pause(NamedTuple):
    """A stop to matches like one after which somebody came to harm; until a steward has judged what was said.

    Args:
        support: after which.
        scope: `offer` or `kind_and_country`.
        offer: of that support.
        kinds: of help that it gave.
        country: where, if these readers know.
        proof: the event that says so.
    """

    support: str
    scope: str
    offer: str
    kinds: frozenset[str]
    country: str | None
    proof: Json

    def stops(self, need: Need, offer: Offer, kinds: frozenset[str]) -> bool:
        """Tell whether a match is like that one."""
        if self.scope == "offer":
            return offer.ref == self.offer
        is_there = self.country is not None and need.person.country == self.country
        return is_there and bool(kinds & self.kinds)


class Review(NamedTuple):
    """What the stewards must look at, or have looked at: help after which somebody came to harm."""

    support: str
    given: Given
    judged: tuple[Json, ...]


class Board(NamedTuple):
    """All needs, offers and supports that these readers see, and what follows of them."""

    day: str
    needs: Mapping[str, Need]
    offers: Mapping[str, Offer]
    supports: Mapping[str, Support]
    pauses: tuple[Pause, ...]

    def holds(self, support: Support) -> bool:
        """Tell whether a match still reserves what it is for."""
        need = self.needs.get(str(support.data.get("need")))
        stopped = None if need is None else need.stopped
        is_stopped = stopped is not None and moment(stopped) >= moment(support.said)
        return not support.freed and not is_stopped

    def of_need(self, need: Need) -> list[Support]:
        """Return the matches of a need that hold."""
        return self._holding(need.supports)

    def of_offer(self, offer: Offer) -> list[Support]:
        """Return the matches that draw on an offer and that hold."""
        return self._holding(offer.supports)

    def kinds_left(self, need: Need) -> frozenset[str]:
        """Return the kinds of help that a need still looks for; none if it does not."""
        if need.state not in OPEN:
            return frozenset()
        reserved = [one.kinds or need.kinds for one in self.of_need(need)]
        return need.kinds - frozenset().union(*reserved)

    def given(self, offer: Offer) -> int:
        """Return how much of an offer is given away, in its unit."""
        return sum(int(one.data.get("quantity", 1)) for one in self.of_offer(offer))

    def left(self, offer: Offer) -> int | None:
        """Return how much of an offer is left; None: nobody says how far it reaches."""
        capacity = offer.data.get("capacity")
        return None if capacity is None else max(0, int(capacity) - self.given(offer))

    def is_open(self, offer: Offer) -> bool:
        """Tell whether an offer stands today."""
        is_valid = str(offer.data.get("valid_until", "9999")) >= self.day
        return is_valid and offer.data.get("state", "open") not in _CLOSED

    def _holding(self, refs: Iterable[str]) -> list[Support]:
        found = (self.supports.get(ref) for ref in refs)
        return [one for one in found if one is not None and self.holds(one)]


def standing(papers: Papers) -> Board:
    """Return how all needs and offers stand for the readers of some papers, and at their moment."""
    day = f"{papers.now.astimezone(UTC):%Y-%m-%d}"
    if papers.then:
        return _past(papers.tellings, day)
    needs, offers, supports = papers.rows(NEEDS), papers.rows(OFFERS), papers.rows(SUPPORTS)
    return Board(day, needs, offers, supports, _pauses(papers.tellings, needs, supports))


def _past(tellings: Tellings, day: str) -> Board:
    told = tellings.of_types(("need.expressed", "offer.made", "support.matched"))
    refs = {
        name: sorted({tellings.merged.of(str(one.data[name])) for one in told if name in one.data})
        for name in ("need", "offer", "support")
    }
    needs, supports = needs_of(tellings, refs["need"]), supports_of(tellings, refs["support"])
    offers = offers_of(tellings, refs["offer"])
    return Board(day, needs, offers, supports, _pauses(tellings, needs, supports))


def reviews(tellings: Tellings, supports: Iterable[Support]) -> Iterator[Review]:
    """Yield what was said of harm, each with how the stewards have judged it, by support."""
    harmed = [(one.ref, given) for one in supports for given in one.given if given.is_harm]
    said = tellings.on([(given.proof["source"], given.proof["id"]) for _, given in harmed]) if harmed else {}
    for ref, given in harmed:
        about = said.get((given.proof["source"], given.proof["id"]), ())
        judged = tuple(
            {"verdict": one.data.get("verdict"), "proof": one.proof}
            for one in about
            if one.type == "claim.assessed" and one.partner == STEWARDS
        )
        yield Review(ref, given, judged)


def _pauses(
    tellings: Tellings, needs: Mapping[str, Need], supports: Mapping[str, Support]
) -> tuple[Pause, ...]:
    """Return what is paused: only the stewards end it, never the partner after whose help somebody was harmed."""
    found = []
    for one in reviews(tellings, supports.values()):
        if one.judged or not supports[one.support].voices:
            continue
        data = supports[one.support].data
        need = needs.get(str(data.get("need")))
        kinds = supports[one.support].kinds or (need.kinds if need else frozenset())
        country = need.person.country if need else None
        about = str(data["offer"]), kinds, country, one.given.proof
        found += [Pause(one.support, scope, *about) for scope in terms().said["similar"]]
    return tuple(found)


def sides(need: Need | None, offer: Offer | None, data: Json) -> tuple[frozenset[str], frozenset[str]]:
    """Return the slugs that speak for the need's side of a match, and for the offer's."""
    of_need = {slug_in(str(data["need"])), need.owner if need else None}
    of_offer = {slug_in(str(data["offer"])), offer.owner if offer else None}
    return frozenset(one for one in of_need if one), frozenset(one for one in of_offer if one)
