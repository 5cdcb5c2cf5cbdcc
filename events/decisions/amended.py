"""Amended: what was corrected or taken back of one report that decisions hear of."""

from collections.abc import Mapping

from events.checks import about_of
from events.decisions.aggregate import Decision
from events.event import Json

CORRECTED, RETRACTED = "record.corrected", "record.retracted"


class Amended(Decision):
    """The corrections and the retraction of one event, whichever came first. Nothing is decided here: it is told."""

    hears = True
    is_decider = False

    def begin(self) -> None:
        """Stands as it was said."""
        self.corrections: list[Mapping[str, Json]] = []
        self.is_retracted = False

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Remember what was said anew, or that nothing of it is said any more."""
        if event_type == CORRECTED:
            self.corrections.append(envelope)
        else:
            self.is_retracted = True


def amendments_heard(envelope: Mapping[str, Json]) -> list[tuple[type[Decision], str]]:
    """Return what takes part in a correction or a retraction: what is known of the event that it is about."""
    about = about_of(str(envelope["type"]), envelope["data"], str(envelope["source"]))
    return [] if about is None else [(Amended, " ".join(about))]
