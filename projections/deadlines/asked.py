"""Which statements wait for replies of which bodies, and of which kind those are said to be: for clocks that ask.

Nobody asks these tables but the view of deadlines. Where no clock goes by kinds of bodies, they stay empty.
"""

import sqlite3
from typing import NamedTuple

import orjson

from events.audience import Label
from events.event import Position, RecordedEvent
from projections.boards.statements.clocks import KindOf, bodies_of
from projections.changes import Change
from projections.deadlines.clock import Clocks
from projections.deadlines.kinds import PROFILED, Profile, asking_kinds, kinds_by, profile_of
from projections.labels import Labels
from projections.shown import Claim, Origin

_ENVELOPE = ("id", "source", "type", "subject", "time", "recordedtime")
"""What else than the payload clocks read."""


class Asking(NamedTuple):
    """A statement, as much of it as clocks read, and its label."""

    event: RecordedEvent
    label: Label


class Asked:
    """Keeps what decides when replies are due, as it stands.

    Args:
        clocks: all of them.
        labels: of the views.
    """

    schema = """
    CREATE TABLE IF NOT EXISTS deadlines_asking(
        position INTEGER PRIMARY KEY, label INTEGER NOT NULL, stem TEXT NOT NULL, said BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS deadlines_asked(
        body TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(body, position)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS deadlines_asked_by ON deadlines_asked(position);
    CREATE TABLE IF NOT EXISTS deadlines_kinds(
        position INTEGER PRIMARY KEY, body TEXT NOT NULL, label INTEGER NOT NULL, claim BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS deadlines_kinds_of ON deadlines_kinds(body);
    """

    def __init__(self, clocks: Clocks, labels: Labels) -> None:
        self.clocks = asking_kinds(clocks)
        self._labels = labels

    def note(self, db: sqlite3.Connection, change: Change) -> list[Asking]:
        """Keep what an event says now; return the earlier statements to which replies may be due otherwise by it."""
        stem = change.event.stem
        if stem in self.clocks:
            self._keep_statement(db, change)
        elif self.clocks and stem.startswith(PROFILED):
            return [self._read(db, one) for one in self._keep_profile(db, change)]
        return []

    def kind_of(self, db: sqlite3.Connection, event: RecordedEvent, label: Label) -> KindOf | None:
        """Return what tells of which kind the addressees of a statement are; None if no clock of it asks."""
        if event.stem not in self.clocks:
            return None
        query = """SELECT body, label, claim FROM deadlines_kinds
            WHERE body IN (SELECT value FROM json_each(?)) ORDER BY position"""
        rows = db.execute(query, (orjson.dumps(bodies_of(event.data)).decode(),)).fetchall()
        return kinds_by((self._profile(*row) for row in rows), label)

    def _profile(self, body: str, label: int, claim: bytes) -> Profile:
        kind, *origin = orjson.loads(claim)
        return Profile(body, self._labels.label(label), Claim(kind, Origin(*origin)))

    def _keep_statement(self, db: sqlite3.Connection, change: Change) -> None:
        event = change.event
        for table in ("asking", "asked"):
            db.execute(f"DELETE FROM deadlines_{table} WHERE position = ?", (event.position,))
        if change.kind == "put":
            label = self._labels.intern(db, change.label)
            row = event.position, label, event.stem, orjson.dumps(self._picked(event))
            db.execute("INSERT INTO deadlines_asking VALUES(?,?,?,?)", row)
            asked = [(body, event.position) for body in bodies_of(event.data)]
            db.executemany("INSERT INTO deadlines_asked VALUES(?,?)", asked)

    def _picked(self, event: RecordedEvent) -> dict[str, object]:
        """Return of an envelope what clocks read: nothing personal, which they may not."""
        names = {name for clock in self.clocks[event.stem] for name in clock.reads}
        envelope = {name: event.envelope[name] for name in _ENVELOPE if name in event.envelope}
        return {**envelope, "data": {name: said for name, said in event.data.items() if name in names}}

    def _keep_profile(self, db: sqlite3.Connection, change: Change) -> list[Position]:
        """Keep what is said of the kind of a body; return the places of the statements that wait for it."""
        event = change.event
        profile = profile_of(event, change.label) if change.kind == "put" else None
        gone = db.execute("DELETE FROM deadlines_kinds WHERE position = ? RETURNING body", (event.position,))
        bodies = {str(body) for (body,) in gone.fetchall()}
        if profile is not None:
            claim = orjson.dumps([profile.claim.value, *profile.claim.origin])
            row = event.position, profile.body, self._labels.intern(db, change.label), claim
            db.execute("INSERT INTO deadlines_kinds VALUES(?,?,?,?)", row)
            bodies.add(profile.body)
        query = """SELECT DISTINCT position FROM deadlines_asked
            WHERE body IN (SELECT value FROM json_each(?)) ORDER BY position"""
        return [Position(one) for (one,) in db.execute(query, (orjson.dumps(sorted(bodies)).decode(),))]

    def _read(self, db: sqlite3.Connection, position: Position) -> Asking:
        query = "SELECT label, stem, said FROM deadlines_asking WHERE position = ?"
        label, stem, said = db.execute(query, (position,)).fetchone()
        return Asking(RecordedEvent(position, stem, orjson.loads(said)), self._labels.label(label))
