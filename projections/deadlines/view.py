"""The moments that events speak of, in order of time: what is due is found by an index, whatever the log holds."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from events.audience import Label
from events.event import RecordedEvent
from events.moments import stamp
from projections.changes import Change
from projections.database import Database
from projections.deadlines.asked import Asked
from projections.deadlines.clock import Clocks
from projections.deadlines.dues import dues
from projections.deadlines.ringing import is_passed
from projections.labels import Labels

Json = Any


_Row = tuple[str, bytes, int, int, str, str, str, bytes]
"""Of `deadlines_moments`, without `open`."""


@dataclass(frozen=True, slots=True)
class DuePlace:
    """Where a page of what is due ends: the next one begins behind it."""

    moment: str = ""
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class DuePage:
    """What is due, in order of time, and where the page ends; None: there is no more."""

    dues: Sequence[Mapping[str, Json]]
    end: DuePlace | None


class Deadlines:
    """Files the moments that standing events speak of, and of which the timekeeper has said that they came.

    Those that are `open` are for the timekeeper alone, whatever their label: what he says of one bears it.
    """

    name = "deadlines"
    VERSION = 2
    schema = f"""{Asked.schema}
    CREATE TABLE IF NOT EXISTS deadlines_moments(
        moment TEXT NOT NULL, key BLOB NOT NULL, position INTEGER NOT NULL, label INTEGER NOT NULL,
        publisher TEXT NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL, open INTEGER NOT NULL,
        data BLOB NOT NULL, PRIMARY KEY(moment, key)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS deadlines_moments_open ON deadlines_moments(moment, key) WHERE open;
    CREATE INDEX IF NOT EXISTS deadlines_moments_of ON deadlines_moments(position);
    CREATE INDEX IF NOT EXISTS deadlines_moments_own ON deadlines_moments(publisher, kind, moment);
    CREATE TABLE IF NOT EXISTS deadlines_passed(key BLOB PRIMARY KEY) WITHOUT ROWID;
    """

    def __init__(self, clocks: Clocks, labels: Labels, database: Database) -> None:
        self.database = database
        self._clocks = clocks
        self._labels = labels
        self._asked = Asked(clocks, labels)

    def load(self, db: sqlite3.Connection) -> None:
        """Do nothing: all of it lies in the tables."""

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """File what events speak of now instead of what they spoke of before."""
        waiting: list[_Row] = []
        for change in changes:
            for asking in self._asked.note(db, change):
                waiting = _write(db, waiting)
                for clock in self._asked.clocks[asking.event.stem]:
                    named = asking.event.position, clock.kind
                    db.execute("DELETE FROM deadlines_moments WHERE position = ? AND kind = ?", named)
                waiting += self._rows(db, self._asked.clocks, *asking)
            if is_passed(change.event):
                waiting = _write(db, waiting)
                self._pass(db, change.event.data)
            elif change.event.stem in self._clocks:
                if change.before is not None:
                    waiting = _write(db, waiting)
                    db.execute("DELETE FROM deadlines_moments WHERE position = ?", (change.event.position,))
                if change.kind == "put":
                    waiting += self._rows(db, self._clocks, change.event, change.label)
        _write(db, waiting)

    def _pass(self, db: sqlite3.Connection, said: Mapping[str, Json]) -> None:
        # Where the event that spoke of it was erased, nothing is said any more, and nothing waits.
        if "due" in said:
            key = _key(said)
            db.execute("INSERT OR IGNORE INTO deadlines_passed VALUES(?)", (key,))
            query = "UPDATE deadlines_moments SET open = 0 WHERE moment = ? AND key = ?"
            db.execute(query, (said["due"], key))

    def _rows(self, db: sqlite3.Connection, clocks: Clocks, event: RecordedEvent, label: Label) -> list[_Row]:
        found = dues(clocks, event, self._asked.kind_of(db, event, label))
        base = self._labels.intern(db, label) if found else 0
        about = event.publisher, str(event.envelope["type"])
        return [
            (due.data["due"], _key(due.data), event.position, self._labels.raised(base, due.level), about[0],
             due.data["kind"], about[1], orjson.dumps(due.data))
            for due in found
        ]  # fmt: skip

    def due(self, db: sqlite3.Connection, now: datetime, limit: int, after: DuePlace) -> DuePage:
        """Return what has come by a moment and was not said yet, at most `limit` behind a place."""
        query = """SELECT moment, key, data FROM deadlines_moments
            WHERE open AND moment <= ? AND (moment, key) > (?, ?) ORDER BY moment, key LIMIT ?"""
        rows = db.execute(query, (stamp(now), after.moment, after.key, limit)).fetchall()
        end = DuePlace(*rows[-1][:2]) if len(rows) == limit else None
        return DuePage([orjson.loads(data) for _, _, data in rows], end)


def _write(db: sqlite3.Connection, rows: Sequence[_Row]) -> list[_Row]:
    """Write rows; return that none waits any more."""
    if rows:
        db.executemany(
            """INSERT OR REPLACE INTO deadlines_moments SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7,
            NOT EXISTS (SELECT 1 FROM deadlines_passed WHERE key = ?2), ?8""",
            rows,
        )
    return []


def _key(data: Mapping[str, Json]) -> bytes:
    return blake2b(orjson.dumps(data, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
