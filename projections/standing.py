"""How one event stands at one place of the log: what it says by then, and whether it is believed."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Protocol

from events.acts import ACTED_STEM
from events.event import Position, RecordedEvent
from events.seals import Seals
from projections import rulings_index as index
from projections.amendments import (
    Naming,
    asserted,
    corrects,
    retracts,
)
from projections.corrections import corrected_event
from projections.protections import (
    consent_about,
    distrusts,
    erased_by,
    is_signed_by_lost_key,
    is_since_seizure,
    subjects_of,
)
from projections.rulings_index import key_of
from schemas.contract import Contract
from schemas.registry import Registry

SPEAKS_OF_OTHERS = ("record.", "embargo.released.")


class PlacedEvents(Protocol):
    """The part of the log that gives events by their place."""

    def at(self, positions: Sequence[Position]) -> Sequence[RecordedEvent]:
        """Return the events at these places."""

    def digest(self, event: RecordedEvent) -> str:
        """Return the salted digest that the event's receipt bears."""


class Standing:
    """Tells what counts of what was said, from the log and the index of rulings."""

    def __init__(self, registry: Registry, log: PlacedEvents) -> None:
        self._registry = registry
        self._stems = frozenset(registry.stems)
        self._seals = Seals(registry)
        self._log = log

    def contract(self, stem: str) -> Contract | None:
        """Return the contract of a stem; None for what only the hub itself publishes."""
        return self._registry.contract(stem) if stem in self._stems else None

    def persons(self, event: RecordedEvent) -> list[str]:
        """Return whose protection may change how an event reads, also by fields that only a correction gives it."""
        named = self._seals.subjects(event.stem, event.envelope)
        return list(dict.fromkeys([*subjects_of(event, self.contract(event.stem)), *named]))

    def at(self, positions: Iterable[int]) -> list[RecordedEvent]:
        """Return the events at some places, in order."""
        wanted = sorted(set(positions))
        if not wanted:
            return []
        found = self._log.at([Position(one) for one in wanted])
        return sorted(found, key=lambda event: event.position)

    def find(self, db: sqlite3.Connection, naming: Naming, before: int) -> RecordedEvent | None:
        """Return the event that another one names, if it was there before a place."""
        found = self.at(index.bearers(db, [naming.key()], before))
        return next((one for one in found if naming.is_of(one)), None)

    def amendments(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> list[RecordedEvent]:
        """Return the corrections and retractions of an event that count, up to a place.

        What a steward did cannot be taken back: of those acts nothing counts. Nor counts of a withdrawal that
        erases what came before it: it has destroyed keys all the same.
        """
        if event.stem == ACTED_STEM:
            return []
        since = event.position if event.stem.startswith("consent.") and erased_by(event) else 0
        naming = Naming(event.source, event.id)
        found = self.at(index.effects(db, [naming.key()], until))
        return [
            one
            for one in found
            if one.position > since
            and naming in (corrects(one), retracts(one))
            and self.distrusted(db, one, until) is None
        ]

    def counts(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> bool:
        """Tell whether what an event says is still said at a place, and by somebody who is believed."""
        if self.distrusted(db, event, until) is not None:
            return False
        return not any(retracts(one) for one in self.amendments(db, event, until))

    def distrusted(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> RecordedEvent | None:
        """Return why nobody believes an event: a revoked key, or a seized partner; None if they do."""
        for one in self.at(index.effects(db, [key_of("from", event.publisher)], until)):
            # A new admission makes the partner believed again, not the keys that were lost.
            is_seized = is_since_seizure(event, one) and not self._is_admitted_again(db, event, one)
            if distrusts(one) == event.publisher and (is_seized or is_signed_by_lost_key(event, one)):
                return one
        return None

    def _is_admitted_again(self, db: sqlite3.Connection, event: RecordedEvent, since: RecordedEvent) -> bool:
        if event.position < since.position:
            return False
        admissions = index.effects(db, [key_of("admitted", event.publisher)], event.position)
        return any(position > since.position for position in admissions)

    def said_of(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> list[RecordedEvent]:
        """Return the consents, withdrawals and erasures that count for the persons of an event."""
        persons = self.persons(event)
        found = self.at(index.effects(db, [key_of("person", one) for one in persons], until))
        return [
            self.corrected(db, one, until)
            for one in found
            if consent_about(one) in persons
            and (one.stem.startswith("erasure.") or self.counts(db, one, until))
        ]

    def corrected(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> RecordedEvent:
        """Return an event as its publisher had corrected it by then."""
        amendments = self.amendments(db, event, until)
        return self.with_corrections(event, self.corrections(db, amendments, until))

    def corrections(
        self, db: sqlite3.Connection, amendments: Sequence[RecordedEvent], until: int
    ) -> list[RecordedEvent]:
        """Return the corrections that count, among amendments."""
        return [one for one in amendments if corrects(one) and self.counts(db, one, until)]

    def with_corrections(self, event: RecordedEvent, corrections: Sequence[RecordedEvent]) -> RecordedEvent:
        """Return an event as some corrections leave it."""
        contract = self.contract(event.stem)
        if not corrections or contract is None or event.stem.startswith(SPEAKS_OF_OTHERS):
            return event
        return corrected_event(event, contract, sorted(corrections, key=asserted))
