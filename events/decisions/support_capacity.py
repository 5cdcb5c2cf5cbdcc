"""Capacity: an offer is drawn on as far as it reaches, while it stands."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from events.decisions.aggregate import Actor, Decision, DecisionRefused, slug_in
from events.decisions.amended import RETRACTED
from events.decisions.support_match import moment_of
from events.event import Json, name_of, slug_of
from events.moments import read_moment

MATCHED, DELIVERED = "support.matched", "support.delivered"
ASSESSED = "claim.assessed"

_CLOSED = frozenset({"reserved", "exhausted", "withdrawn", "expired"})
_FREEING = frozenset({"failed", "stopped_by_person"})


class Drawn(NamedTuple):
    """What a match takes of an offer."""

    need: str
    units: int
    money: Mapping[str, Json] | None
    said: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What the partner whose offer it is last said of it."""

    said: datetime
    envelope: Mapping[str, Json]

    @property
    def data(self) -> Mapping[str, Json]:
        """The payload."""
        told: Mapping[str, Json] = self.envelope["data"]
        return told


class Capacity(Decision):
    """How much of one offer is given away. Nothing is decided here first: it only takes part."""

    hears = True
    is_decider = False

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The offer's reference."""
        return str(envelope["data"]["offer"])

    def begin(self) -> None:
        """Unknown, and nothing drawn."""
        self.told: dict[str, Terms] = {}
        self.taken_back: dict[str, Terms] = {}
        self.owner = ""
        self.drawn: dict[str, Drawn] = {}
        self.sayings: defaultdict[str, dict[str, Drawn]] = defaultdict(dict)
        self.freed: set[str] = set()
        self.of_needs: defaultdict[str, set[str]] = defaultdict(set)
        self.units: defaultdict[str, int] = defaultdict(int)
        self.money: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.given = 0
        self.stops: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
        self.harms: dict[str, Mapping[str, Json]] = {}

    def takes_part(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> bool:
        """A match counts unless its publisher may not know of the offer: then it is as if there were none."""
        known = [*self.told.values(), *self.taken_back.values()]
        return event_type != MATCHED or not known or any(actor.sees(one.envelope) for one in known)

    @property
    def terms(self) -> Terms | None:
        """What the partner whose offer it is last said of it, as it reads by now."""
        in_time = sorted(self.told.values(), key=lambda one: one.said)
        return in_time[-1] if in_time else None

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Refuse a match for which the offer does not stand, or reach."""
        if event_type != MATCHED or envelope["data"]["support"] in self.drawn:
            return
        last = self.terms
        if last is None:
            self._refuse_taken_back()
            return
        data, terms = envelope["data"], last.data
        if not _stands(last, envelope, actor):
            raise _not_open()
        if any(moment_of(one) <= moment_of(envelope) and actor.sees(one) for one in self.harms.values()):
            raise DecisionRefused(
                "paused", "/data/offer", "Somebody came to harm; the stewards look at it first."
            )
        capacity = terms.get("capacity")
        if capacity is not None and self.given + int(data.get("quantity", 1)) > capacity:
            pointer = "/data/quantity" if "quantity" in data else "/data/offer"
            raise DecisionRefused("no_capacity_left", pointer, "The offer does not reach that far.")
        self._refuse_money(data, terms.get("max_amount"))

    def _refuse_taken_back(self) -> None:
        if self.taken_back:
            raise _not_open()

    def _refuse_money(self, data: Mapping[str, Json], most: Mapping[str, Json] | None) -> None:
        asked = data.get("amount")
        if asked is None or most is None:
            return
        if asked["currency"] != most["currency"]:
            raise DecisionRefused(
                "other_currency", "/data/amount/currency", "The offer is in another currency."
            )
        if self.money.get(data["need"], Decimal(0)) + _amount(asked) > _amount(most):
            detail = "More than the offer gives to one need."
            raise DecisionRefused("above_the_most", "/data/amount/amount", detail)

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Remember terms, what is drawn, and what is free again."""
        if event_type == DELIVERED:
            self._fold_delivery(envelope)
        elif event_type == ASSESSED:
            self.harms.pop(judged_by(envelope), None)
        elif "support" in envelope["data"]:
            self._fold_match(envelope, is_taken_back=event_type == RETRACTED)
        elif "need" in envelope["data"]:
            self._fold_need(envelope, is_taken_back=event_type == RETRACTED)
        else:
            self._fold_terms(envelope, is_taken_back=event_type == RETRACTED)

    def _fold_need(self, envelope: Mapping[str, Json], *, is_taken_back: bool) -> None:
        """Remember of a need that it was withdrawn, and of nothing else; or that it was not, as it reads now."""
        need = envelope["data"]["need"]
        if is_taken_back or envelope["data"].get("state") != "withdrawn":
            self.stops[need].pop(name_of(envelope), None)
        else:
            self.stops[need][name_of(envelope)] = moment_of(envelope)
        self._add_up(need)

    def _fold_match(self, envelope: Mapping[str, Json], *, is_taken_back: bool) -> None:
        """Draw what a match takes, by the first that says so and as that reads now."""
        data, sayings = envelope["data"], self.sayings[envelope["data"]["support"]]
        if is_taken_back:
            sayings.pop(name_of(envelope), None)
        else:
            quantity = int(data.get("quantity", 1))
            one = Drawn(data["need"], quantity, data.get("amount"), moment_of(envelope))
            sayings[name_of(envelope)] = one
        self._free(data["support"])
        if sayings and data["support"] not in self.freed:
            self._draw(data["support"], next(iter(sayings.values())))

    def _draw(self, support: str, one: Drawn) -> None:
        self.drawn[support] = one
        self.of_needs[one.need].add(support)
        self._count(one, 1)

    def _free(self, support: str) -> None:
        one = self.drawn.pop(support, None)
        if one is not None:
            self.of_needs[one.need].discard(support)
            self._count(one, -1)

    def _count(self, one: Drawn, sign: int) -> None:
        """Keep the sums, so that one more match costs the same however many there are."""
        if all(stopped < one.said for stopped in self.stops[one.need].values()):
            self.units[one.need] += sign * one.units
            self.money[one.need] += sign * _amount(one.money)
            self.given += sign * one.units

    def _add_up(self, need: str) -> None:
        self.given -= self.units.pop(need, 0)
        self.money.pop(need, None)
        for support in self.of_needs.get(need, ()):
            self._count(self.drawn[support], 1)

    def _fold_delivery(self, envelope: Mapping[str, Json]) -> None:
        data = envelope["data"]
        if data["result"] in _FREEING:
            self.freed.add(data["support"])
            self._free(data["support"])
        if is_harm(data):
            self.harms[name_of(envelope)] = {name: one for name, one in envelope.items() if name != "data"}

    def _fold_terms(self, envelope: Mapping[str, Json], *, is_taken_back: bool) -> None:
        publisher = slug_of(envelope["source"])
        self.owner = self.owner or slug_in(str(envelope["data"]["offer"])) or publisher
        # What others say of an offer is a report like any other; it does not bind.
        if publisher != self.owner:
            return
        terms = Terms(moment_of(envelope), envelope)
        if is_taken_back:
            self.told.pop(name_of(envelope), None)
            self.taken_back[name_of(envelope)] = terms
        else:
            self.told[name_of(envelope)] = terms


def offers_heard(envelope: Mapping[str, Json]) -> list[tuple[type[Decision], str]]:
    """Return what takes part in an offer that is made."""
    return [(Capacity, Capacity.key(envelope))]


def is_harm(data: Mapping[str, Json]) -> bool:
    """Tell whether a delivery says that somebody came to harm, or nearly."""
    return data.get("safety_incident") is True or data.get("person_feedback") == "harmed"


def judged_by(envelope: Mapping[str, Json]) -> str:
    """Return source and id of the event that an assessment is about."""
    data = envelope["data"]
    return f"{data.get('about_source', envelope['source'])} {data['about_event']}"


def _stands(terms: Terms, match: Mapping[str, Json], actor: Actor) -> bool:
    """Tell whether an offer stands at the moment at which both agreed: what is told of it later is no less true."""
    agreed = min(read_moment(str(match["data"].get("agreed_on", ""))) or moment_of(match), actor.moment)
    is_closed = terms.data.get("state", "open") in _CLOSED and terms.said <= moment_of(match)
    return (
        not is_closed and str(terms.data.get("valid_until", "9999")) >= f"{agreed.astimezone(UTC):%Y-%m-%d}"
    )


def _not_open() -> DecisionRefused:
    return DecisionRefused("not_open", "/data/offer", "This offer does not stand any more.")


def _amount(money: Mapping[str, Json] | None) -> Decimal:
    return Decimal(0) if money is None else Decimal(money["amount"])
