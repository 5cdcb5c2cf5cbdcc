"""How one event stands at one place of the log: what it says by then, and whether it is believed."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
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
        self._said: dict[tuple[str, int], list[RecordedEvent]] | None = None

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
        said = [one for one in found if one.position > since and naming in (corrects(one), retracts(one))]
        # One event may be amended a hundred times, so what nearly never is so is asked for all of them at once.
        suspects = index.acted_on(db, {_acting_on(one)[1] for one in said})
        return [
            one
            for one in said
            if _acting_on(one)[1] not in suspects or self.distrusted(db, one, until) is None
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

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Keep what was said of persons while one event is looked at: all that it reaches ask for the same."""
        self._said = {}
        try:
            yield
        finally:
            self._said = None

    def said_of(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> list[RecordedEvent]:
        """Return the consents, withdrawals and erasures that count for the persons of an event."""
        said = {} if self._said is None else self._said
        persons = self.persons(event)
        unknown = [one for one in persons if (one, until) not in said]
        if unknown:
            said.update({(one, until): [] for one in unknown})
            for person, one in self._said_of(db, unknown, until):
                said[person, until].append(one)
        told = [each for one in persons for each in said[one, until]]
        return sorted(told, key=lambda one: one.position)

    def _said_of(
        self, db: sqlite3.Connection, persons: Sequence[str], until: int
    ) -> Iterator[tuple[str, RecordedEvent]]:
        found = self.at(index.effects(db, [key_of("person", one) for one in persons], until))
        # Two persons may share a key.
        named = [(said, one) for one in found if (said := consent_about(one)) is not None and said in persons]
        acted = index.acted_on(db, {key for _, one in named for key in _acting_on(one)})
        for person, one in named:
            if acted.isdisjoint(_acting_on(one)):
                yield person, one
            elif one.stem.startswith("erasure.") or self.counts(db, one, until):
                yield person, self.corrected(db, one, until)

    def corrected(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> RecordedEvent:
        """Return an event as its publisher had corrected it by then."""
        amendments = self.amendments(db, event, until)
        return self.with_corrections(event, self.corrections(db, amendments, until))

    def corrections(
        self, db: sqlite3.Connection, amendments: Sequence[RecordedEvent], until: int
    ) -> list[RecordedEvent]:
        """Return the corrections that count, among amendments that do."""
        said = {Naming(one.source, one.id).key(): one for one in amendments if corrects(one)}
        amended = index.acted_on(db, said)
        return [one for key, one in said.items() if key not in amended or self.counts(db, one, until)]

    def with_corrections(self, event: RecordedEvent, corrections: Sequence[RecordedEvent]) -> RecordedEvent:
        """Return an event as some corrections leave it."""
        contract = self.contract(event.stem)
        if not corrections or contract is None or event.stem.startswith(SPEAKS_OF_OTHERS):
            return event
        return corrected_event(event, contract, sorted(corrections, key=asserted))


def _acting_on(event: RecordedEvent) -> tuple[int, int]:
    """Return the keys of what may amend an event, or let nobody believe it."""
    return Naming(event.source, event.id).key(), key_of("from", event.publisher)
