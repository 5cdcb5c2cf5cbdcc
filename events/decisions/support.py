"""Support: a need is reserved once, and a delivery ends once."""

from collections.abc import Mapping

from events.decisions.aggregate import Actor, Decision, DecisionRefused
from events.event import Json

_FINAL = frozenset({"delivered", "failed", "stopped_by_person"})


class Reservation(Decision):
    """Which kinds of help are already reserved for one need."""

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The need's reference."""
        return str(envelope["data"]["need"])

    def begin(self) -> None:
        """Nothing reserved."""
        self.reserved: list[frozenset[str]] = []

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Two helpers for one kind of help must know of each other."""
        data = envelope["data"]
        if not actor.names(data["support"]):
            raise DecisionRefused("not_yours", "/data/support", "Bears another partner's slug; use your own.")
        kinds = frozenset(data.get("kinds", ()))
        if data.get("others_informed") is not True and any(_overlap(kinds, taken) for taken in self.reserved):
            detail = "This part of the need is reserved; inform the others, then say so in others_informed."
            raise DecisionRefused("already_reserved", "/data/need", detail)

    def claims(self, _event_type: str, envelope: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
        """The support's reference: one match has one."""
        return ((str(envelope["data"]["support"]), "/data/support"),)

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Remember the kinds."""
        self.reserved.append(frozenset(envelope["data"].get("kinds", ())))


def _overlap(kinds: frozenset[str], taken: frozenset[str]) -> bool:
    # A match that names no kind is for the whole need.
    return not kinds or not taken or bool(kinds & taken)


class Delivery(Decision):
    """What became of one support."""

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The support's reference."""
        return str(envelope["data"]["support"])

    def begin(self) -> None:
        """Not ended."""
        self.has_ended = False

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Nothing comes after the end."""
        if self.has_ended:
            raise DecisionRefused("already_decided", "/data/support", "This support has already ended.")

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Part of the help leaves it open; everything else ends it."""
        self.has_ended = envelope["data"]["result"] in _FINAL
