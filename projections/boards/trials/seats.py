"""Who will watch a hearing: missions about it or its trial, seats held there, and seats on their way to somebody.

Observers are counted, never named; of how they travel nothing is told.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from events.event import slug_of
from events.moments import read_moment
from projections.boards.tellings import Telling, Tellings
from projections.boards.trials.dates import Candidate, candidates

Json = Any

PROPOSED, JOINED, LEFT, COMPLETED = "action.proposed", "action.joined", "action.left", "action.completed"
MISSION_TYPES = (PROPOSED, JOINED, LEFT, COMPLETED)

_VOID = frozenset({"cancelled", "superseded"})
_OBSERVER = "observer"
Ways = tuple[str, str]
"""From whom seats go, and to whom."""


class Holding(NamedTuple):
    """Seats that a partner holds.

    Args:
        partner: slug.
        seats: how many observers it sends.
        mission: under which action.
        until: RFC 3339; the promise ends then. None: it does not.
    """

    partner: str
    seats: int
    mission: str
    until: str | None

    def holds(self, now: datetime) -> bool:
        """Tell whether the promise still stands."""
        end = None if self.until is None else read_moment(self.until)
        return end is None or end > now

    def as_json(self) -> Json:
        """Return it as answers tell it."""
        until = {} if self.until is None else {"until": self.until}
        return {"partner": f"partner:{self.partner}", "seats": self.seats, "mission": self.mission, **until}


class Offer(NamedTuple):
    """Seats that a partner gave up in favour of another, who has not said yes."""

    giver: str
    receiver: str
    seats: int
    mission: str

    def as_json(self) -> Json:
        """Return it as answers tell it."""
        return {
            "from": f"partner:{self.giver}",
            "to": f"partner:{self.receiver}",
            "seats": self.seats,
            "mission": self.mission,
        }


class Mission(NamedTuple):
    """An action that observers join.

    Args:
        ref: of the action.
        about: what it is about.
        times: for when it is planned; none: for all of it.
        seats: how many observers there is room for, if the lead says so.
        held: by partner.
        offers: seats on their way.
    """

    ref: str
    about: frozenset[str]
    times: tuple[Candidate, ...]
    seats: int | None
    held: tuple[Holding, ...]
    offers: tuple[Offer, ...]

    def serves(self, hearing: str, trial: str | None, times: Iterable[Candidate]) -> bool:
        """Tell whether it is for a hearing: named itself, or its trial is, for the time at which it may be."""
        if hearing in self.about:
            return True
        return trial in self.about and (not self.times or _meet(self.times, times))


def missions(tellings: Tellings, refs: Iterable[str]) -> list[Mission]:
    """Return the missions about some hearings and trials, by reference."""
    proposed = tellings.about(refs, (PROPOSED,))
    actions = {
        tellings.merged.of(one.data["action"])
        for told in proposed.values()
        for one in told
        if "action" in one.data
    }
    told = tellings.about(actions, MISSION_TYPES)
    made = (_mission(tellings, ref, told[ref]) for ref in sorted(told))
    return [one for one in made if one is not None]


def _mission(tellings: Tellings, ref: str, told: Sequence[Telling]) -> Mission | None:
    names = set(tellings.merged.all_of(ref))
    # Of decisions the log's order is what was decided.
    own = [one for one in told if one.data.get("action") in names]
    proposals = [one for one in own if one.type == PROPOSED]
    is_void = any(one.type == COMPLETED and one.data.get("state") in _VOID for one in own)
    if not proposals or is_void or proposals[-1].data.get("state") in _VOID:
        return None
    data = proposals[-1].data
    held, offers = _folded(ref, own)
    return Mission(
        ref,
        frozenset(tellings.merged.of(one) for one in data.get("about", ())),
        tuple(candidates(str(data["planned"])) if "planned" in data else ()),
        next((one.data["seats"] for one in reversed(proposals) if "seats" in one.data), None),
        tuple(held[slug] for slug in sorted(held)),
        tuple(offers[ways] for ways in sorted(offers)),
    )


def _folded(ref: str, told: Iterable[Telling]) -> tuple[Mapping[str, Holding], Mapping[Ways, Offer]]:
    """Go through joining and leaving in the order in which it was decided."""
    held: dict[str, Holding] = {}
    offers: dict[Ways, Offer] = {}
    moves = (
        one for one in told if one.type in (JOINED, LEFT) and one.data.get("role", _OBSERVER) == _OBSERVER
    )
    for one in moves:
        who = _who(one)
        if one.type == JOINED:
            kept = sum(offer.seats for (_, receiver), offer in offers.items() if receiver == who)
            offers = {ways: offer for ways, offer in offers.items() if who not in ways}
            seats = int(one.data.get("capacity", kept or 1))
            held[who] = Holding(who, seats, ref, one.data.get("valid_until"))
        elif (given := held.pop(who, None)) is not None and "hand_over_to" in one.data:
            receiver = str(one.data["hand_over_to"]).partition(":")[2]
            offers[who, receiver] = Offer(who, receiver, given.seats, ref)
    return held, offers


def _who(one: Telling) -> str:
    """Return whose seat it is about: stewards say for a partner that it leaves."""
    publisher = slug_of(str(one.event["source"]))
    named = str(one.data.get("partner", "")).partition(":")[2]
    return named if one.type == LEFT and publisher == "stewards" and named else publisher


def _meet(some: Iterable[Candidate], others: Iterable[Candidate]) -> bool:
    theirs = list(others)
    return not theirs or any(_is_one(one, other) for one in some for other in theirs)


def _is_one(one: Candidate, other: Candidate) -> bool:
    """Tell whether two times may be on one day."""
    starts = one.first is None or other.last is None or one.first <= other.last
    return starts and (other.first is None or one.last is None or other.first <= one.last)
