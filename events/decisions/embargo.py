"""The embargo: the timekeeper's word that everything due until a moment is released."""

from collections.abc import Mapping

from events.decisions.aggregate import Actor, Decision, DecisionRefused
from events.event import Json

RELEASED = "embargo.released"
"""Type of the event; no partner may publish it and no contract describes it."""


class Embargo(Decision):
    """One stream for the whole log: until when embargoes are released."""

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """There is one."""
        return "embargo"

    def begin(self) -> None:
        """Nothing was ever released."""
        self.until = ""

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Time goes forward."""
        if envelope["data"]["until"] <= self.until:
            raise DecisionRefused("already_decided", "/data/until", "Already released.")

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Remember the moment; its text sorts as time does."""
        self.until = str(envelope["data"]["until"])
