"""The timeline: every event as it reads now, by append order, by world date, and about a reference."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from events.audience import Label
from events.event import Position, RecordedEvent
from projections.amendments import naming_of
from projections.changes import Change
from projections.database import Database
from projections.labels import Labels
from projections.marks import Marks, read_marks_tree
from projections.rules import Readings
from projections.rulings import PlacedEvents
from schemas.edtf import NotEdtf, sort_key
from schemas.registry import Registry

Json = Any

_UNMARKED = Marks()


class _Row(NamedTuple):
    """One row of `timeline_events`."""

    position: int
    publisher: str
    id: str
    type: str
    label: int
    active: bool
    recorded: str
    levels: str
    world: str
    date: str | None
    refs: str
    countries: str
    body: bytes


class TimelineView:
    """Files each event under its type, publisher, countries and references, each key with its label.

    A retracted event stays, inactive, so that it can still be shown as retracted and its withdrawal be told;
    its keys stay as
    they were. `timeline_turns` remembers what made an earlier event read differently: the backlog of the
    feed.
    """

    name = "timeline"
    VERSION = 1
    schema = """
    CREATE TABLE IF NOT EXISTS timeline_events(
        position INTEGER PRIMARY KEY, publisher TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
        label INTEGER NOT NULL, active INTEGER NOT NULL, recorded TEXT NOT NULL, levels TEXT NOT NULL,
        world TEXT NOT NULL, date TEXT, refs TEXT NOT NULL, countries TEXT NOT NULL, body BLOB NOT NULL);
    CREATE UNIQUE INDEX IF NOT EXISTS timeline_events_by_id ON timeline_events(id, publisher);
    CREATE TABLE IF NOT EXISTS timeline_keys(
        key TEXT NOT NULL, position INTEGER NOT NULL, label INTEGER NOT NULL,
        PRIMARY KEY(key, position)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS timeline_turns(
        at INTEGER NOT NULL, part INTEGER NOT NULL, position INTEGER NOT NULL, kind TEXT NOT NULL,
        reason TEXT NOT NULL, before INTEGER NOT NULL, shows TEXT NOT NULL,
        PRIMARY KEY(at, part)) WITHOUT ROWID;
    """

    def __init__(
        self, registry: Registry, readings: Readings, labels: Labels, database: Database, log: PlacedEvents
    ) -> None:
        self.types = registry.types
        self.database = database
        self._labels = labels
        self._log = log
        self._readings = readings
        self._marks = {stem: read_marks_tree(registry.contract(stem).marks) for stem in registry.stems}

    def load(self, db: sqlite3.Connection) -> None:
        """Do nothing: all of it lies in the tables."""

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """File first readings in one go; between them, in order, what reads differently now."""
        rows: list[_Row] = []
        keys: list[tuple[str, int, int]] = []
        for change in changes:
            if change.reason is None or change.before is None:
                row = self._row(db, change)
                rows.append(row)
                keys += _keys(change, row)
                continue
            _file(db, rows, keys)
            rows, keys = [], []
            shows = self._turn(db, change)
            before = self._labels.intern(db, change.before)
            # Behind the event itself, which is part 1. Counting the turns would tell of those that are hidden.
            part = change.event.position + 1
            turn = (change.at, part, change.event.position, change.kind, change.reason, before, shows)
            db.execute("INSERT INTO timeline_turns VALUES(?,?,?,?,?,?,?)", turn)
        _file(db, rows, keys)

    def _turn(self, db: sqlite3.Connection, change: Change) -> str:
        """File what reads differently; return as JSON the labels, one of which shows the difference."""
        row = self._row(db, change)
        if change.kind == "drop":
            values = (row.label, row.levels, row.body, row.position)
            db.execute(
                "UPDATE timeline_events SET active = 0, label = ?, levels = ?, body = ? WHERE position = ?",
                values,
            )
            return "[]"
        query = "SELECT label, refs, countries, body FROM timeline_events WHERE position = ?"
        label, refs, countries, body = db.execute(query, (row.position,)).fetchone()
        old = [f"r:{ref}" for ref, _ in orjson.loads(refs)] + [
            f"c:{code}" for code in orjson.loads(countries)
        ]
        db.executemany(
            "DELETE FROM timeline_keys WHERE key = ? AND position = ?", [(key, row.position) for key in old]
        )
        _file(db, [row], list(_keys(change, row)))
        if label != row.label:
            return orjson.dumps([row.label]).decode()
        return self._difference(db, change, orjson.loads(body)["data"])

    def _difference(self, db: sqlite3.Connection, change: Change, old: Json) -> str:
        marks = self._marks[change.event.stem]
        new = change.event.data
        levels = marks.levels(old) | marks.levels(new)
        if marks.strip(old, levels) != marks.strip(new, levels):
            return orjson.dumps([self._labels.intern(db, change.label)]).decode()
        shown = (
            level
            for level in sorted(levels)
            if marks.strip(old, levels - {level}) != marks.strip(new, levels - {level})
        )
        return orjson.dumps(
            [self._labels.intern(db, change.label.stricter(level)) for level in shown]
        ).decode()

    def _row(self, db: sqlite3.Connection, change: Change) -> "_Row":
        event = change.event
        number = self._labels.intern(db, change.label)
        implied = self._readings.imply(event)
        forms: dict[str | None, int] = {None: number}
        for node in implied.nodes:
            if node.tlp is not None and node.tlp not in forms:
                forms[node.tlp] = self._labels.stricter(db, number, node.tlp)
        marks = self._marks.get(event.stem, _UNMARKED)
        levels = {tlp: self._labels.stricter(db, number, tlp) for tlp in sorted(marks.levels(event.data))}
        return _Row(
            position=event.position,
            publisher=event.publisher,
            id=event.id,
            type=str(event.envelope.get("type", "")),
            label=number,
            active=change.kind == "put",
            recorded=str(event.envelope.get("recordedtime", "")),
            levels=orjson.dumps(levels).decode() if levels else "",
            world=_world(event, implied.when),
            date=implied.when,
            refs=orjson.dumps([(node.ref, forms[node.tlp]) for node in implied.nodes]).decode(),
            countries=orjson.dumps(implied.countries).decode(),
            body=orjson.dumps(event.envelope),
        )

    def stripped(self, body: bytes, hidden: frozenset[str]) -> Json:
        """Return an event without its fields whose label is in `hidden`."""
        envelope = orjson.loads(body)
        if hidden:
            stem = f"{envelope['type']}.v{str(envelope['dataschema']).rpartition('/')[2]}"
            data = self._marks[stem].strip(envelope["data"], hidden)
            envelope["data"] = data if isinstance(data, dict) else {}
        return envelope

    def label(self, number: int) -> Label:
        """Return the label of a number."""
        return self._labels.label(number)

    def digest(self, position: int, hidden: frozenset[str]) -> str:
        """Return the salted digest of an event as recorded, as its receipt bears it.

        Without its fields whose label is in `hidden`, so that it depends on them in no way.
        """
        [event] = self._log.at([Position(position)])
        shown = self.stripped(orjson.dumps(event.envelope), hidden)
        return self._log.digest(replace(event, envelope=shown))


def _keys(change: Change, row: _Row) -> Iterator[tuple[str, int, int]]:
    yield f"t:{row.type}", row.position, row.label
    yield f"p:{row.publisher}", row.position, row.label
    for code in orjson.loads(row.countries):
        yield f"c:{code}", row.position, row.label
    for ref, label in orjson.loads(row.refs):
        yield f"r:{ref}", row.position, label
    naming = naming_of(change.event)
    if naming is not None:
        yield f"a:{naming.source} {naming.id}", row.position, row.label


def _file(db: sqlite3.Connection, rows: Sequence[_Row], keys: Sequence[tuple[str, int, int]]) -> None:
    db.executemany("INSERT OR REPLACE INTO timeline_events VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)
    db.executemany("INSERT OR REPLACE INTO timeline_keys VALUES(?,?,?)", keys)


def _world(event: RecordedEvent, when: str | None) -> str:
    """Return where an event stands in the world's order; without a date of its own, when it was asserted."""
    for text in (when, str(event.envelope.get("time", ""))[:10]):
        if text:
            try:
                return sort_key(text)
            except NotEdtf:
                continue
    return "9999"
