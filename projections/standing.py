"""How one event stands at one place of the log: what it says by then, to whom, and whether it counts."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from events.acts import ACTED_STEM
from events.audience import Label, both, label_of
from events.event import Position, RecordedEvent
from events.seals import Seals
from projections import rulings_index as index
from projections.amendments import (
    LONG_AGO,
    Naming,
    asserted,
    corrects,
    embargoed_until,
    is_unsafe,
    leaves_a_past,
    narrows,
    retracts,
)
from projections.corrections import corrected_event
from projections.protections import (
    Consent,
    about,
    after,
    consent_about,
    consent_of,
    consent_subject,
    distrusts,
    erased_by,
    erased_fields,
    erased_keys,
    erases,
    is_signed_by_lost_key,
    is_since_seizure,
    persons_in,
    quarantined,
    silent,
    subjects_of,
    without_fields,
)
from projections.rulings_index import key_of
from projections.unsupported import is_mark, stands_alone
from schemas.contract import Contract
from schemas.registry import Registry

SPEAKS_OF_OTHERS = ("record.", "embargo.released.")
Status = Literal["active", "retracted", "erased", "quarantined"]


class PlacedEvents(Protocol):
    """The part of the log that gives events by their place."""

    def at(self, positions: Sequence[Position]) -> Sequence[RecordedEvent]:
        """Return the events at these places."""

    def digest(self, event: RecordedEvent) -> str:
        """Return the salted digest that the event's receipt bears."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How an event reads at one place of the log.

    Args:
        event: corrections applied, erased fields gone; without any payload if all of it is erased.
        label: who may see it.
        status: only what is active is part of the views.
        erased: pointers of the fields that were erased by then, whether their keys still open them or not;
            before those of corrections stands the place of the correction.
        past_label: of what was retracted, who may see that it once was said; None: nobody.
    """

    event: RecordedEvent
    label: Label
    status: Status = "active"
    erased: frozenset[str] = frozenset()
    past_label: Label | None = None


class Standing:
    """Reads events as they stand, from the log and the index of rulings."""

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
        return self._corrected(event, self._standing_corrections(db, amendments, until))

    def reading(
        self, db: sqlite3.Connection, event: RecordedEvent, until: int, excluded: frozenset[str]
    ) -> Reading:
        """Return how an event reads at a place.

        Args:
            db: of the views.
            event: as the log has it.
            until: the place.
            excluded: partners whom a conflict keeps out of its case.
        """
        said = self.said_of(db, event, until)
        if self.distrusted(db, event, until) is not None:
            reading, forgotten = Reading(event, quarantined(event), "quarantined"), frozenset[str]()
        else:
            reading, forgotten = self._amended(db, event, said, (until, excluded))
        subjects = frozenset(person for one in after(said, event) if (person := erased_by(one)) is not None)
        words = self._erased_words(db, event, until) | self._destroyed(db, event, until)
        settled = self._settled(reading, event, subjects, words)
        return replace(settled, erased=settled.erased | forgotten) if forgotten else settled

    def _amended(
        self,
        db: sqlite3.Connection,
        event: RecordedEvent,
        said: Sequence[RecordedEvent],
        place: tuple[int, frozenset[str]],
    ) -> tuple[Reading, frozenset[str]]:
        """Return how an event reads by its amendments, and where they said what is erased by now."""
        until, excluded = place
        amendments = self.amendments(db, event, until)
        retractions = [one for one in amendments if retracts(one)]
        corrections, forgotten = self._forget(
            db, self._standing_corrections(db, amendments, until), said, until
        )
        label = self._label(db, event, (corrections, said), until)
        unsafe = any(is_unsafe(one) for one in retractions) or self._quotes_unsafe(db, event, until)
        if unsafe:
            label = Label(label.tlp, label.publisher, embargoed=True)
        elif excluded:
            label = replace(label, excluded=excluded)
        status: Status = "retracted" if retractions or unsafe else "active"
        past = self._past_label(db, label, retractions, until)
        return Reading(self._corrected(event, corrections), label, status, past_label=past), forgotten

    def _past_label(
        self, db: sqlite3.Connection, label: Label, retractions: Sequence[RecordedEvent], until: int
    ) -> Label | None:
        """Return the label of what an event with a label said before it was retracted; None: it is forgotten.

        The first retraction decides: whether there are others may be hidden from those who see it.
        """
        first = min(retractions, key=lambda one: one.position, default=None)
        if first is None or not leaves_a_past(first):
            return None
        corrections = self._standing_corrections(db, self.amendments(db, first, until), until)
        own = self._label(db, first, (corrections, self.said_of(db, first, until)), until)
        # Whoever may not know why something was retracted must not learn it from what is left of it.
        return both(label, own.stricter("amber"))

    def _settled(
        self, reading: Reading, event: RecordedEvent, subjects: frozenset[str], words: frozenset[str]
    ) -> Reading:
        """Take out of a reading what was erased."""
        contract = self.contract(event.stem)
        if contract is not None and contract.kind == "report" and event.envelope.get("subject") in subjects:
            empty = {**event.envelope, "data": {}}
            gone = replace(event, envelope=empty, erased=frozenset(event.sealed), signature=None)
            return Reading(gone, reading.label, "erased", frozenset({""}))
        pointers = erased_fields(event, subjects) | words
        if not pointers and not event.erased:
            return reading
        return replace(reading, event=without_fields(reading.event, pointers | event.erased), erased=pointers)

    def _erased_words(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> frozenset[str]:
        """Return what a correction says of a personal field that was erased in the event it corrects."""
        naming = corrects(event)
        if naming is None or not event.sealed:
            return frozenset()
        target = self.find(db, naming, event.position) or self.find(db, naming, until + 1)
        if target is None:
            return frozenset()
        said = self.said_of(db, target, until)
        return frozenset(event.sealed) if erases(after(after(said, event), target)) else frozenset()

    def _destroyed(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> frozenset[str]:
        """Return the pointers of the fields whose very keys an erasure names."""
        if not event.kids:
            return frozenset()
        found = self.at(index.effects(db, [key_of("kid", one) for one in event.kids.values()], until))
        gone = frozenset(kid for one in found for kid in erased_keys(one))
        return frozenset(pointer for pointer, kid in event.kids.items() if kid in gone)

    def _forget(
        self,
        db: sqlite3.Connection,
        corrections: Sequence[RecordedEvent],
        said: Sequence[RecordedEvent],
        until: int,
    ) -> tuple[list[RecordedEvent], frozenset[str]]:
        """Return corrections without the personal values that were erased after them, and where those were."""
        kept: list[RecordedEvent] = []
        places: set[str] = set()
        for one in corrections:
            is_erased = erases(after(said, one))
            gone = frozenset(one.sealed) if is_erased else self._destroyed(db, one, until)
            kept.append(without_fields(one, gone))
            places |= {f"{one.position}{pointer}" for pointer in gone}
        return kept, frozenset(places)

    def _label(
        self,
        db: sqlite3.Connection,
        event: RecordedEvent,
        amended: tuple[Sequence[RecordedEvent], Sequence[RecordedEvent]],
        until: int,
    ) -> Label:
        corrections, said = amended
        now = index.time_at(db, until)
        label = label_of(event.envelope, embargoed=embargoed_until(event) > now)
        for one in corrections:
            label = narrows(one, label)
        if label.tlp == "clear" and self._is_unsupported(db, event, until):
            label = label.stricter("green")
        return self.consent(self._corrected(event, corrections), said, now).on(label)

    def _is_unsupported(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> bool:
        found = self.at(index.effects(db, [key_of("assessed", event.id)], until))
        if not any(is_mark(one) for one in found):
            return False
        return stands_alone(event, [one for one in found if self.counts(db, one, until)])

    def plain_label(self, event: RecordedEvent) -> Label:
        """Return the label of an event on which nothing acts."""
        return self.consent(event, (), LONG_AGO).on(label_of(event.envelope, embargoed=False))

    def consent(self, event: RecordedEvent, said: Sequence[RecordedEvent], now: int) -> Consent:
        """Return what the person allows whom an event is about."""
        contract = self.contract(event.stem)
        subject = consent_subject(event, contract)
        if subject is not None:
            return consent_of(event, [one for one in said if consent_about(one) == subject], now)
        if event.sealed and said:
            # Only a withdrawal matters here: no field asks for more than the label.
            persons = [one for one in persons_in(said) if one in subjects_of(event, contract)]
            consents = [consent_of(silent(event), about(said, one), now) for one in persons]
            withdrawn = [one for one in consents if one.level == "C0"]
            return withdrawn[0] if withdrawn else Consent()
        return Consent()

    def _standing_corrections(
        self, db: sqlite3.Connection, amendments: Sequence[RecordedEvent], until: int
    ) -> list[RecordedEvent]:
        return [one for one in amendments if corrects(one) and self.counts(db, one, until)]

    def _quotes_unsafe(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> bool:
        naming = corrects(event)
        if naming is None:
            return False
        found = self.at(index.effects(db, [naming.key()], until))
        return any(is_unsafe(one) and retracts(one) == naming for one in found)

    def _corrected(self, event: RecordedEvent, corrections: Sequence[RecordedEvent]) -> RecordedEvent:
        contract = self.contract(event.stem)
        if not corrections or contract is None or event.stem.startswith(SPEAKS_OF_OTHERS):
            return event
        return corrected_event(event, contract, sorted(corrections, key=asserted))
