"""How one event reads at one place of the log: what it says by then, and who may see it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from events.audience import Label, both, label_of
from events.event import RecordedEvent
from projections import rulings_index as index
from projections.amendments import (
    LONG_AGO,
    corrects,
    embargoed_until,
    is_unsafe,
    leaves_a_past,
    narrows,
    retracts,
)
from projections.protections import (
    Consent,
    about,
    after,
    consent_about,
    consent_of,
    consent_subject,
    erased_by,
    erased_fields,
    erased_keys,
    erases,
    persons_in,
    quarantined,
    silent,
    subjects_of,
    without_fields,
)
from projections.rulings_index import key_of, unsafe_key
from projections.standing import Standing
from projections.unsupported import is_mark, stands_alone

Status = Literal["active", "retracted", "erased", "quarantined"]


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


class Readings:
    """Reads events as they stand, and settles who may see them."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

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
        said = self._standing.said_of(db, event, until)
        if self._standing.distrusted(db, event, until) is not None:
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
        amendments = self._standing.amendments(db, event, until)
        retractions = [one for one in amendments if retracts(one)]
        corrections, forgotten = self._forget(
            db, self._standing.corrections(db, amendments, until), said, until
        )
        label = self._label(db, event, (corrections, said), until)
        unsafe = any(is_unsafe(one) for one in retractions) or self._quotes_unsafe(db, event, until)
        if unsafe:
            label = Label(label.tlp, label.publisher, embargoed=True)
        elif excluded:
            label = replace(label, excluded=excluded)
        status: Status = "retracted" if retractions or unsafe else "active"
        past = self._past_label(db, label, retractions, until)
        return Reading(
            self._standing.with_corrections(event, corrections), label, status, past_label=past
        ), forgotten

    def _past_label(
        self, db: sqlite3.Connection, label: Label, retractions: Sequence[RecordedEvent], until: int
    ) -> Label | None:
        """Return the label of what an event with a label said before it was retracted; None: it is forgotten.

        The first retraction decides: whether there are others may be hidden from those who see it.
        """
        first = min(retractions, key=lambda one: one.position, default=None)
        if first is None or not leaves_a_past(first):
            return None
        corrections = self._standing.corrections(db, self._standing.amendments(db, first, until), until)
        own = self._label(db, first, (corrections, self._standing.said_of(db, first, until)), until)
        # Whoever may not know why something was retracted must not learn it from what is left of it.
        return both(label, own.stricter("amber"))

    def _settled(
        self, reading: Reading, event: RecordedEvent, subjects: frozenset[str], words: frozenset[str]
    ) -> Reading:
        """Take out of a reading what was erased."""
        contract = self._standing.contract(event.stem)
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
        target = self._standing.find(db, naming, event.position) or self._standing.find(db, naming, until + 1)
        if target is None:
            return frozenset()
        said = self._standing.said_of(db, target, until)
        return frozenset(event.sealed) if erases(after(after(said, event), target)) else frozenset()

    def _destroyed(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> frozenset[str]:
        """Return the pointers of the fields whose very keys an erasure names."""
        if not event.kids:
            return frozenset()
        found = self._standing.at(
            index.effects(db, [key_of("kid", one) for one in event.kids.values()], until)
        )
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
        return self.consent(self._standing.with_corrections(event, corrections), said, now).on(label)

    def _is_unsupported(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> bool:
        found = self._standing.at(index.effects(db, [key_of("assessed", event.id)], until))
        if not any(is_mark(one) for one in found):
            return False
        return stands_alone(event, [one for one in found if self._standing.counts(db, one, until)])

    def plain_label(self, event: RecordedEvent) -> Label:
        """Return the label of an event on which nothing acts."""
        return self.consent(event, (), LONG_AGO).on(label_of(event.envelope, embargoed=False))

    def consent(self, event: RecordedEvent, said: Sequence[RecordedEvent], now: int) -> Consent:
        """Return what the person allows whom an event is about."""
        contract = self._standing.contract(event.stem)
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

    def _quotes_unsafe(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> bool:
        naming = corrects(event)
        if naming is None:
            return False
        found = self._standing.at(index.effects(db, [unsafe_key(naming)], until))
        return any(is_unsafe(one) and retracts(one) == naming for one in found)
