"""Amended: what was corrected or taken back of one report that decisions hear of."""

from collections import Counter
from collections.abc import Mapping

from events.checks import about_of
from events.decisions.aggregate import Actor, Decision, DecisionRefused
from events.event import Json

CORRECTED, RETRACTED = "record.corrected", "record.retracted"

MOST = 100
"""Corrections of one event, and retractions of it by one partner."""

_TOO_OFTEN = (
    f"It was corrected, or retracted, {MOST} times. Retract it, and publish it anew under another id."
)


class Amended(Decision):
    """The corrections and the retraction of one event, whichever came first. They are told here, and bounded."""

    hears = True
    is_decider = False

    def begin(self) -> None:
        """Stands as it was said."""
        self.corrections: list[Mapping[str, Json]] = []
        self.retracted_by: Counter[str] = Counter()

    @property
    def is_retracted(self) -> bool:
        """Whether anybody who may has taken it back."""
        return bool(self.retracted_by)

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Refuse what comes too often: how an event reads is worked out anew from all that was ever said of it."""
        said = (
            len(self.corrections) if event_type == CORRECTED else self.retracted_by[str(envelope["source"])]
        )
        if said >= MOST:
            raise DecisionRefused("too_many_items", "/data/about_event", _TOO_OFTEN)

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Remember what was said anew, or that nothing of it is said any more."""
        if event_type == CORRECTED:
            self.corrections.append(envelope)
        else:
            self.retracted_by[str(envelope["source"])] += 1


def amendments_heard(envelope: Mapping[str, Json]) -> list[tuple[type[Decision], str]]:
    """Return what takes part in a correction or a retraction: what is known of the event that it is about."""
    about = about_of(str(envelope["type"]), envelope["data"], str(envelope["source"]))
    return [] if about is None else [(Amended, " ".join(about))]
