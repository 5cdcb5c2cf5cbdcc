"""Settles what events mean by now (amendments, consent, erasure, conflict, time) before any view sees them."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from events.alarms import consent_ends, corrected_ends, may_attribute, provisional_until
from events.event import Position, RecordedEvent
from projections import rulings_index as index
from projections.amendments import (
    LONG_AGO,
    embargoed_until,
    moment_of,
    names_wrong_person,
)
from projections.changes import Change, Past, Reason
from projections.deadlines.clock import NO_CLOCKS, Clocks
from projections.deadlines.clocks import fingerprint
from projections.deadlines.ringing import Ringing, is_timed
from projections.exclusion import Exclusion
from projections.labels import Labels
from projections.marking import Marking
from projections.reach import Keys, Reach, acts, effects_of
from projections.readings import Reading, Readings
from projections.standing import PlacedEvents, Standing
from projections.unsupported import is_mark
from schemas.registry import Registry

__all__ = ["PlacedEvents", "Rulings"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rulings:
    """Turns events into changes.

    The changes of an event are the same whoever asks and however far the log has grown since: only what
    stands at or before it counts. A retraction is final. A correction holds until it is retracted. What an
    amendment itself says can be retracted, not corrected.
    """

    name = "rulings"
    VERSION = 9

    def __init__(
        self, registry: Registry, log: PlacedEvents, labels: Labels, clocks: Clocks = NO_CLOCKS
    ) -> None:
        # Other clocks, other readings: whatever was folded by others is folded anew.
        self.schema = f"{index.SCHEMA}-- clocks {fingerprint(clocks)}\n"
        self._labels = labels
        self._standing = Standing(registry, log)
        self._readings = Readings(self._standing)
        self._exclusion = Exclusion(self._standing)
        self._ringing = Ringing(self._standing, clocks)
        self._marking = Marking(self._standing)
        self._reach = Reach(self._standing, self._exclusion, self._ringing, self._marking)

    def fold(self, db: sqlite3.Connection, events: Sequence[RecordedEvent]) -> list[Change]:
        """Note what the events rule and return their changes; the caller owns the transaction."""
        keys = [self._reach.keys(event) for event in events]
        index.note_releases(db, events)
        index.note(
            db,
            ((key, event.position) for event, one in zip(events, keys, strict=True) for key in one.bears),
            ((key, event.position) for event in events for key in effects_of(event)),
            ((moment, event.position) for event in events for moment in _dues(event)),
        )
        self._reach.note_conflicts(db, events)
        changes = self._changes(db, events, keys)
        for change in changes:
            self._labels.intern(db, change.label)
            if change.past_label is not None:
                self._labels.intern(db, change.past_label)
        return changes

    def changes(self, db: sqlite3.Connection, events: Sequence[RecordedEvent]) -> list[Change]:
        """Return the changes of events that were folded, in order."""
        return self._changes(db, events, [self._reach.keys(event) for event in events])

    def _changes(
        self, db: sqlite3.Connection, events: Sequence[RecordedEvent], keys: Sequence[Keys]
    ) -> list[Change]:
        acted = index.acted_on(db, {key for one in keys for key in one.acted_by})
        changes: list[Change] = []
        for event, one in zip(events, keys, strict=True):
            is_settled = not ("notbefore" in event.envelope or event.erased or is_timed(event))
            if is_settled and acted.isdisjoint(one.acted_by) and not acts(event):
                changes.append(self._plain(event))
            else:
                with self._standing.remembering():
                    changes += self.changes_at(db, event)
        return changes

    def changes_at(self, db: sqlite3.Connection, event: RecordedEvent) -> list[Change]:
        """Return what one folded event does: its first reading, then what reads differently because of it."""
        first = self._reading(db, event, event.position)
        changes = [
            Change("put", first.event, first.label, event.position, erased=first.erased)
            if first.status == "active"
            else Change(
                "drop", first.event, first.label, event.position, _dropped(first), erased=first.erased
            )
        ]
        for other in self._reach.touched(db, event):
            before = self._reading(db, other, event.position - 1)
            after = self._reading(db, other, event.position)
            if before != after:
                change = _change(before, after, event.position)
                changes.append(replace(change, past=_past(event, after), past_label=after.past_label))
        return changes

    def next_release(self, db: sqlite3.Connection) -> datetime | None:
        """Return the earliest moment at which time changes what an event means; the timekeeper's next task."""
        until = index.next_due(db)
        # Whole numbers: as a fraction the last moments of the year 9999 round up to a year that there is not.
        return None if until is None else _EPOCH + timedelta(microseconds=until)

    def _plain(self, event: RecordedEvent) -> Change:
        """Return the change of an event on which nothing acts."""
        label = self._readings.plain_label(event)
        return Change("put", event, label, event.position)

    def _reading(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> Reading:
        if is_timed(event):
            return self._ringing.reading(db, event, until, lambda one: self._reading(db, one, until))
        if is_mark(event):
            return self._marking.reading(db, event, until, lambda one: self._reading(db, one, until))
        return self._readings.reading(db, event, until, self._exclusion.of(db, event, until))


def _dues(event: RecordedEvent) -> list[int]:
    """Return the moments at which time changes what an event means, in microseconds since 1970."""
    moments = [embargoed_until(event)]
    if event.stem.startswith("consent.recorded."):
        moments.append(moment_of(consent_ends(event.data)) or LONG_AGO)
    moments += [moment_of(one) or LONG_AGO for one in corrected_ends(event.stem, event.data)]
    if may_attribute(event.stem, event.data):
        moments.append(moment_of(provisional_until(event.envelope)) or LONG_AGO)
    return moments


def _past(event: RecordedEvent, after: Reading) -> Past:
    """Return what becomes of what an event said before, when another makes it read differently.

    What was retracted may be looked at by those who may know why, if it was for no other reason than that it was wrong.
    """
    if after.status == "active":
        return "mended" if names_wrong_person(event) else "kept"
    return "kept" if after.status == "retracted" and after.past_label is not None else "forgotten"


def _dropped(reading: Reading) -> Reason:
    return "retracted" if reading.status == "active" else reading.status


def _change(before: Reading, after: Reading, at: Position) -> Change:
    if after.status == "active":
        reason = _difference(before, after)
        return Change("put", after.event, after.label, at, reason, before.label, after.erased)
    hides_more = before.status != after.status or (
        before.label != after.label and _is_narrower(before, after)
    )
    reason = after.status if hides_more else _difference(before, after)
    return Change("drop", after.event, after.label, at, reason, before.label, after.erased)


def _difference(before: Reading, after: Reading) -> Reason:
    """Say why an event reads differently."""
    if before.status != "active" and after.status == "active":
        return "released"
    if after.erased - before.erased:
        return "erased"
    if before.erased != after.erased:
        return "released"
    if before.label != after.label:
        return "narrowed" if _is_narrower(before, after) else "released"
    return "corrected"


def _is_narrower(before: Reading, after: Reading) -> bool:
    one, other = before.label, after.label
    return bool(
        (other.embargoed and not one.embargoed)
        or other.excluded - one.excluded
        or one.consent > other.consent
        or one.recipients - other.recipients
        or one.stricter(other.tlp) != one
    )
