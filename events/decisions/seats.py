"""Seats of observers at a mission: as many as there are, each held by one partner, handed over only with a yes.

Part of a joint action: whoever joins as observer holds seats, whoever leaves gives them up or hands them over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from events.decisions.aggregate import DecisionRefused, slug_in
from events.event import Json, slug_of
from events.moments import read_moment

OBSERVER = "observer"

_JOINED, _LEFT, _PROPOSED = "action.joined", "action.left", "action.proposed"


@dataclass(frozen=True, slots=True)
class Held:
    """Seats that a partner holds.

    Args:
        seats: how many observers it sends.
        until: the promise ends then; None: never.
    """

    seats: int
    until: datetime | None


@dataclass(slots=True)
class Seats:
    """The seats at one mission.

    Args:
        room: how many there are; None: no limit was said.
        held: slug → how many a partner holds.
        kept: by whom they were given up, and for whom → how many.
    """

    room: int | None = None
    held: dict[str, Held] = field(default_factory=dict)
    kept: dict[tuple[str, str], int] = field(default_factory=dict)

    def decide(self, event_type: str, data: Mapping[str, Json], slug: str, now: datetime) -> None:
        """Refuse more observers than there is room for, and handing over to nobody.

        Args:
            event_type: of the decision.
            data: its payload.
            slug: of the partner that joins or leaves.
            now: promises that have ended by then do not count.
        """
        if event_type == _JOINED and data["role"] == OBSERVER:
            self._decide_claim(data, slug, now)
        elif event_type == _LEFT and "hand_over_to" in data:
            self._decide_hand_over(data, slug)

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Change who holds what by what was decided."""
        data = envelope["data"]
        publisher = slug_of(envelope["source"])
        if event_type == _PROPOSED:
            self.room = data.get("seats", self.room)
        elif event_type == _JOINED and data["role"] == OBSERVER:
            self._take(data, publisher)
        elif event_type == _LEFT and data.get("role", OBSERVER) == OBSERVER:
            self._give_up(data, publisher)

    def _decide_claim(self, data: Mapping[str, Json], slug: str, now: datetime) -> None:
        if self.room is None:
            return
        held = sum(one.seats for who, one in self.held.items() if who != slug and _stands(one, now))
        # What is kept for another is taken, unless this partner takes its own back.
        kept = sum(seats for ways, seats in self.kept.items() if slug not in ways)
        if held + kept + self._wanted(data, slug) > self.room:
            pointer = "/data/capacity" if "capacity" in data else "/data/role"
            raise DecisionRefused("no_seat_left", pointer, "There is no room for so many observers.")

    def _decide_hand_over(self, data: Mapping[str, Json], slug: str) -> None:
        receiver = slug_in(data["hand_over_to"])
        if receiver is None:
            detail = "Name the partner that takes over by its slug, partner:SLUG."
            raise DecisionRefused("unknown_partner", "/data/hand_over_to", detail)
        if slug not in self.held or data.get("role", OBSERVER) != OBSERVER:
            raise DecisionRefused(
                "not_joined", "/data/hand_over_to", "The partner holds no seat to hand over."
            )
        if receiver == slug:
            raise DecisionRefused("same_reference", "/data/hand_over_to", "That is the partner itself.")

    def _take(self, data: Mapping[str, Json], slug: str) -> None:
        seats = self._wanted(data, slug)
        self.kept = {ways: kept for ways, kept in self.kept.items() if slug not in ways}
        self.held[slug] = Held(seats, read_moment(str(data.get("valid_until", ""))))

    def _give_up(self, data: Mapping[str, Json], publisher: str) -> None:
        # Stewards may say for another that it leaves; whose own reference it is, is its own.
        named = slug_in(data["partner"])
        slug = named if named in self.held else publisher
        given = self.held.pop(slug, None)
        receiver = slug_in(data["hand_over_to"]) if "hand_over_to" in data else None
        if given is not None and receiver is not None:
            self.kept[slug, receiver] = given.seats

    def _wanted(self, data: Mapping[str, Json], slug: str) -> int:
        """Return how many seats a claim is for: as it says, else as many as are kept for the partner, else one."""
        kept = sum(seats for (_, receiver), seats in self.kept.items() if receiver == slug)
        return int(data.get("capacity", kept or 1))


def _stands(one: Held, now: datetime) -> bool:
    return one.until is None or one.until > now
