"""How an event reads by which the hub says that nothing supports another: as that one does, for the same readers."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace

from events.audience import Label
from events.event import RecordedEvent
from events.submission import HUB
from projections import rulings_index as index
from projections.amendments import naming_of, retracts
from projections.readings import Reading
from projections.rulings_index import key_of
from projections.standing import Standing
from projections.unsupported import is_mark

Read = Callable[[RecordedEvent], Reading]

_NOBODY = Label("red", HUB)


class Marking:
    """Reads what the hub said of events that nothing supports, from the log and the index of rulings."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def touched(
        self, db: sqlite3.Connection, event: RecordedEvent, reached: Sequence[RecordedEvent]
    ) -> list[int]:
        """Return the places of the marks, before an event, on some others that read differently by it."""
        named = {(one.source, one.id) for one in reached}
        keys = [key_of("assessed", event_id) for _, event_id in named]
        if not keys:
            return []
        found = self._standing.at(index.effects(db, keys, event.position - 1))
        return [one.position for one in found if is_mark(one) and _named(one) in named]

    def reading(self, db: sqlite3.Connection, event: RecordedEvent, until: int, read: Read) -> Reading:
        """Return how a mark reads at a place: for whoever sees what it marks, as long as that counts, and nobody else.

        Args:
            db: of the views.
            event: the mark, as the log has it.
            until: the place.
            read: returns how another event reads there.
        """
        naming = naming_of(event)
        target = None if naming is None else self._standing.find(db, naming, event.position)
        if target is None:
            return Reading(event, _NOBODY, "retracted")
        said = read(target)
        is_taken_back = any(retracts(one) for one in self._standing.amendments(db, event, until))
        if said.status == "active" and not is_taken_back:
            return replace(said, event=event, erased=frozenset())
        return Reading(event, said.label, "retracted")


def _named(mark: RecordedEvent) -> tuple[str, str] | None:
    naming = naming_of(mark)
    return None if naming is None else (naming.source, naming.id)
