"""Settles what events mean by now (corrections, retractions, embargoes) before any view sees them."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from events.audience import Label, label_of
from events.event import Position, RecordedEvent
from projections.amendments import (
    LONG_AGO,
    NEVER,
    Naming,
    asserted,
    corrects,
    embargoed_until,
    is_release,
    is_unsafe,
    released_until,
    retracts,
)
from projections.changes import Change, Reason
from projections.corrections import corrected
from projections.labels import Labels
from schemas.registry import Registry

Json = Any

_SPEAKS_OF_OTHERS = ("record.", "embargo.released.")


class PlacedEvents(Protocol):
    """The part of the log that gives events by their place."""

    def at(self, positions: Sequence[Position]) -> Sequence[RecordedEvent]:
        """Return the events at these places."""

    def digest(self, event: RecordedEvent) -> str:
        """Return the salted digest that the event's receipt bears."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """How an event reads at one place of the log."""

    event: RecordedEvent
    label: Label
    retracted: bool


class Rulings:
    """Turns events into changes.

    The changes of an event are the same whoever asks and however far the log has grown since: only what
    stands at or before it
    counts. A retraction is final. A correction holds until it is retracted. What an amendment itself says
    can be retracted, not corrected.
    """

    name = "rulings"
    VERSION = 1
    schema = """
    CREATE TABLE IF NOT EXISTS rulings_events(
        key INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(key, position)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS rulings_amendments(
        target INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(target, position)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS rulings_embargoes(
        until INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(until, position)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS rulings_releases(position INTEGER PRIMARY KEY, until INTEGER NOT NULL);
    """

    def __init__(self, registry: Registry, log: PlacedEvents, labels: Labels) -> None:
        self._registry = registry
        self._stems = frozenset(registry.stems)
        self._log = log
        self._labels = labels

    def fold(self, db: sqlite3.Connection, events: Sequence[RecordedEvent]) -> list[Change]:
        """Note what the events rule and return their changes; the caller owns the transaction."""
        rows = [(Naming(event.source, event.id).key(), event.position) for event in events]
        db.executemany("INSERT INTO rulings_events VALUES(?,?)", rows)
        for event in events:
            _note(db, event)
        changes = self.changes(db, events)
        for change in changes:
            self._labels.intern(db, change.label)
        return changes

    def changes(self, db: sqlite3.Connection, events: Sequence[RecordedEvent]) -> list[Change]:
        """Return the changes of events that were folded, in order."""
        keys = [Naming(event.source, event.id).key() for event in events]
        query = "SELECT target FROM rulings_amendments WHERE target IN (SELECT value FROM json_each(?))"
        amended = {target for (target,) in db.execute(query, (orjson.dumps(keys).decode(),))}
        changes: list[Change] = []
        for event, key in zip(events, keys, strict=True):
            settled = key not in amended and "notbefore" not in event.envelope
            if settled and not event.stem.startswith(_SPEAKS_OF_OTHERS):
                label = label_of(event.envelope, embargoed=False)
                changes.append(Change("put", event, label, event.position))
            else:
                changes += self.changes_at(db, event)
        return changes

    def changes_at(self, db: sqlite3.Connection, event: RecordedEvent) -> list[Change]:
        """Return what one folded event does: its first reading, then what reads differently because of it."""
        first = self._reading(db, event, event.position)
        changes = [
            Change("drop", first.event, first.label, event.position, "retracted")
            if first.retracted
            else Change("put", first.event, first.label, event.position)
        ]
        reason: Reason = "released" if is_release(event) else "corrected"
        for other in self._touched(db, event):
            before = self._reading(db, other, event.position - 1)
            after = self._reading(db, other, event.position)
            if before != after:
                changes.append(_change(before, after, event.position, reason))
        return changes

    def next_release(self, db: sqlite3.Connection) -> datetime | None:
        """Return the end of the earliest embargo that no release has reached; the timekeeper's next task."""
        query = "SELECT min(until) FROM rulings_embargoes WHERE until > ?"
        (until,) = db.execute(query, (_released_until(db, NEVER),)).fetchone()
        return None if until is None else datetime.fromtimestamp(until / 1e6, UTC)

    def _touched(self, db: sqlite3.Connection, event: RecordedEvent) -> Iterable[RecordedEvent]:
        """Return the earlier events that this one may make read differently, in order."""
        if is_release(event):
            return self._released(db, event)
        naming = corrects(event) or retracts(event)
        if naming is None:
            return ()
        touched: dict[int, RecordedEvent] = {}
        target = self._find(db, naming, event.position)
        if target is not None:
            touched[target.position] = target
            beyond = corrects(target)
            corrected_by_it = beyond and self._find(db, beyond, event.position)
            if corrected_by_it:
                touched[corrected_by_it.position] = corrected_by_it
        if is_unsafe(event):
            # Corrections quote what they correct, so they go with it.
            siblings = self._amendments(db, naming, event.position - 1)
            touched.update({one.position: one for one in siblings if corrects(one)})
        return [touched[position] for position in sorted(touched)]

    def _released(self, db: sqlite3.Connection, event: RecordedEvent) -> list[RecordedEvent]:
        query = "SELECT position FROM rulings_embargoes WHERE until > ? AND until <= ? AND position < ?"
        span = (_released_until(db, event.position - 1), released_until(event), event.position)
        return self._at(row[0] for row in db.execute(query, span))

    def _find(self, db: sqlite3.Connection, naming: Naming, before: int) -> RecordedEvent | None:
        query = "SELECT position FROM rulings_events WHERE key = ? AND position < ?"
        found = self._at(row[0] for row in db.execute(query, (naming.key(), before)))
        return next((one for one in found if naming.is_of(one)), None)

    def _amendments(self, db: sqlite3.Connection, naming: Naming, until: int) -> list[RecordedEvent]:
        """Return the amendments that count of one event, up to a place in the log."""
        query = "SELECT position FROM rulings_amendments WHERE target = ? AND position <= ?"
        found = self._at(row[0] for row in db.execute(query, (naming.key(), until)))
        return [one for one in found if naming in (corrects(one), retracts(one))]

    def _at(self, positions: Iterable[int]) -> list[RecordedEvent]:
        wanted = sorted(positions)
        if not wanted:
            return []
        return sorted(self._log.at([Position(one) for one in wanted]), key=lambda event: event.position)

    def _reading(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> _Reading:
        amendments = self._amendments(db, Naming(event.source, event.id), until)
        retractions = [one for one in amendments if retracts(one)]
        corrections = [one for one in amendments if corrects(one) and not self._is_retracted(db, one, until)]
        unsafe = any(is_unsafe(one) for one in retractions) or self._quotes_unsafe(db, event, until)
        embargoed = embargoed_until(event) > _released_until(db, until)
        label = label_of(event.envelope, embargoed=embargoed)
        if unsafe:
            label = Label(label.tlp, label.publisher, embargoed=True)
        return _Reading(self._corrected(event, corrections), label, bool(retractions) or unsafe)

    def _is_retracted(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> bool:
        return any(retracts(one) for one in self._amendments(db, Naming(event.source, event.id), until))

    def _quotes_unsafe(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> bool:
        naming = corrects(event)
        return naming is not None and any(is_unsafe(one) for one in self._amendments(db, naming, until))

    def _corrected(self, event: RecordedEvent, corrections: Sequence[RecordedEvent]) -> RecordedEvent:
        if not corrections or event.stem not in self._stems or event.stem.startswith(_SPEAKS_OF_OTHERS):
            return event
        contract = self._registry.contract(event.stem)
        subject = (contract.subject_pointer or "/").split("/")[1:]

        def accepts(data: Json) -> bool:
            return _at(data, subject) == _at(event.data, subject) and not contract.check(data)

        ordered = sorted(corrections, key=asserted)
        data = corrected(event.data, [one.data.get("changes") for one in ordered], accepts)
        return replace(event, envelope={**event.envelope, "data": data})


def _note(db: sqlite3.Connection, event: RecordedEvent) -> None:
    naming = corrects(event) or retracts(event)
    if naming is not None:
        db.execute("INSERT INTO rulings_amendments VALUES(?,?)", (naming.key(), event.position))
    elif is_release(event):
        db.execute("INSERT INTO rulings_releases VALUES(?,?)", (event.position, released_until(event)))
    until = embargoed_until(event)
    if LONG_AGO < until < NEVER:
        db.execute("INSERT INTO rulings_embargoes VALUES(?,?)", (until, event.position))


def _released_until(db: sqlite3.Connection, position: int) -> int:
    query = "SELECT max(until) FROM rulings_releases WHERE position <= ?"
    until: int | None = db.execute(query, (position,)).fetchone()[0]
    return LONG_AGO if until is None else until


def _change(before: _Reading, after: _Reading, at: Position, reason: Reason) -> Change:
    if not after.retracted:
        return Change("put", after.event, after.label, at, reason, before.label)
    newly = not before.retracted or (reason == "corrected" and before.label != after.label)
    return Change("drop", after.event, after.label, at, "retracted" if newly else reason, before.label)


def _at(data: Json, steps: Sequence[str]) -> Json:
    for step in steps:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data
