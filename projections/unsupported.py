"""Claims that rested on one source alone, which was erased: the hub says so, and the public sees them no more.

They are public again once somebody other than their publisher has found them out anew.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from events.audience import Label
from events.event import RecordedEvent
from projections.amendments import naming_of
from projections.changes import Change
from projections.database import Database
from projections.labels import Labels
from projections.protections import erased_by
from projections.rulings_index import key_of
from projections.shown import HUB_SOURCE, UNVERIFIED, assessment_of, rank

Json = Any

UNSUPPORTED = "unsupported"

_SOURCE = "/provenance/source"
_SOURCES = "source:"
_ALONE = 2
"""Fewer independent sources than this are one; who says nothing of it has one."""


@dataclass(frozen=True, slots=True)
class Bereft:
    """A claim whose only source was erased.

    Args:
        source: of the event.
        id: its id.
        time: when the erasure was asserted.
        label: of the event: what is said of it is for the same readers.
    """

    source: str
    id: str
    time: str
    label: Label


def is_mark(event: RecordedEvent) -> bool:
    """Tell whether the hub says by this event that nothing supports another."""
    return event.source == HUB_SOURCE and event.stem.startswith("claim.assessed.")


def raises(event: RecordedEvent) -> bool:
    """Tell whether somebody else than its publisher makes an event better believed."""
    one = assessment_of(event)
    return one is not None and one.source != one.about_source and rank(one.result) > rank(UNVERIFIED)


def stands_alone(event: RecordedEvent, said: Iterable[RecordedEvent]) -> bool:
    """Tell whether nothing supports an event any more.

    Args:
        event: that is claimed.
        said: assessments that count, of any events.
    """
    about = [one for one in said if (naming := naming_of(one)) is not None and naming.is_of(event)]
    return any(is_mark(one) for one in about) and not any(raises(one) for one in about)


class Unsupported:
    """Files which claims rest on one source alone, which sources were erased, and what was said of such claims.

    Sources are filed by a digest: nothing of them is to be left.
    """

    name = "unsupported"
    VERSION = 1
    schema = """
    CREATE TABLE IF NOT EXISTS unsupported_claims(
        position INTEGER PRIMARY KEY, key INTEGER NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL,
        label INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS unsupported_claims_by_key ON unsupported_claims(key);
    CREATE TABLE IF NOT EXISTS unsupported_erasures(
        position INTEGER PRIMARY KEY, key INTEGER NOT NULL, time TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS unsupported_said(
        position INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS unsupported_said_of ON unsupported_said(id, source);
    """

    def __init__(self, labels: Labels, database: Database) -> None:
        self.database = database
        self._labels = labels

    def load(self, db: sqlite3.Connection) -> None:
        """Do nothing: all of it lies in the tables."""

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """File what stands now instead of what stood before."""
        for change in changes:
            if change.before is not None:
                for table in ("claims", "said"):
                    db.execute(
                        f"DELETE FROM unsupported_{table} WHERE position = ?", (change.event.position,)
                    )
            if change.event.stem.startswith("erasure.executed."):
                _file_erasure(db, change.event)
            elif change.kind == "put":
                self._file(db, change)

    def _file(self, db: sqlite3.Connection, change: Change) -> None:
        event = change.event
        if event.stem.startswith("claim.assessed.") and (is_mark(event) or raises(event)):
            naming = naming_of(event)
            named = ("", "") if naming is None else (naming.source, naming.id)
            db.execute("INSERT INTO unsupported_said VALUES(?,?,?)", (event.position, *named))
        source = event.sealed.get(_SOURCE)
        if event.stem.startswith("threat.") and source is not None and _is_alone(event):
            label = self._labels.intern(db, change.label)
            row = (event.position, key_of("person", source), event.source, event.id, label)
            db.execute("INSERT INTO unsupported_claims VALUES(?,?,?,?,?)", row)

    def due(self, db: sqlite3.Connection) -> list[Bereft]:
        """Return the claims whose only source was erased, and of which neither the hub nor anybody else has spoken."""
        query = """SELECT c.source, c.id, min(e.time), c.label FROM unsupported_erasures e
            CROSS JOIN unsupported_claims c ON c.key = e.key
            WHERE NOT EXISTS (SELECT 1 FROM unsupported_said s WHERE s.id = c.id AND s.source = c.source)
            GROUP BY c.position ORDER BY c.position"""
        found = [Bereft(one[0], one[1], one[2], self._labels.label(one[3])) for one in db.execute(query)]
        # What is for its publisher alone shows to nobody whom one would have to warn.
        return [one for one in found if one.label.tlp != "red" and not one.label.embargoed]


def _file_erasure(db: sqlite3.Connection, event: RecordedEvent) -> None:
    source = erased_by(event)
    if source is not None and source.startswith(_SOURCES):
        row = (event.position, key_of("person", source), str(event.envelope.get("time", "")))
        db.execute("INSERT OR REPLACE INTO unsupported_erasures VALUES(?,?,?)", row)


def _is_alone(event: RecordedEvent) -> bool:
    provenance = event.data.get("provenance")
    count = provenance.get("independent_sources", 1) if isinstance(provenance, dict) else 1
    return not isinstance(count, int) or count < _ALONE
