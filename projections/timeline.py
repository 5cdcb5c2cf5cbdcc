"""The timeline: every event as it reads now, by append order, by world date, and about a reference."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from events.acts import ACTED
from events.audience import Label
from events.decisions.deadlines import PASSED
from events.event import Position, RecordedEvent
from events.partners import KEY_ADDED, KEY_REVOKED, SIGNATURE_REQUIRED
from projections import belonging, stale, turns
from projections.amendments import naming_of
from projections.changes import Change
from projections.database import Database
from projections.deadlines.ringing import named_by
from projections.labels import Labels
from projections.marks import Marks
from projections.positions import position_in
from projections.rules import NOTHING, Readings
from projections.rulings import PlacedEvents
from schemas.edtf import NotEdtf, sort_key
from schemas.registry import Registry

Json = Any

OWN_TYPES = (ACTED, "conflict.judged", PASSED, KEY_ADDED, KEY_REVOKED, SIGNATURE_REQUIRED)
"""Types without contract that somebody may see, and ask for by type."""


_Key = tuple[str, int, int, bool]


class _Row(NamedTuple):
    """One row of `timeline_events`."""

    position: int
    publisher: str
    id: str
    type: str
    label: int
    status: str
    recorded: str
    levels: str
    world: str
    date: str | None
    refs: str
    countries: str
    past: str
    erased: str
    body: bytes


class TimelineView:
    """Files each event under its type, publisher, countries, urgencies and references, each key with its label.

    Beside them it files what belongs to what (`projections/belonging.py`).

    What is retracted or quarantined stays, inactive, so that it can be shown as such and its withdrawal be told; its
    keys stay as they were. What is erased stays without payload, references and countries. `timeline_turns` remembers
    what made an earlier event read differently: the backlog of the feed. `turned` is the last place at which that
    happened, or is about to.
    """

    name = "timeline"
    VERSION = 3
    schema = f"""
    CREATE TABLE IF NOT EXISTS timeline_events(
        position INTEGER PRIMARY KEY, publisher TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
        label INTEGER NOT NULL, status TEXT NOT NULL, recorded TEXT NOT NULL, levels TEXT NOT NULL,
        world TEXT NOT NULL, date TEXT, refs TEXT NOT NULL, countries TEXT NOT NULL, past TEXT NOT NULL,
        erased TEXT NOT NULL, body BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS timeline_events_by_moment ON timeline_events(recorded);
    CREATE UNIQUE INDEX IF NOT EXISTS timeline_events_by_id ON timeline_events(id, publisher);
    CREATE INDEX IF NOT EXISTS timeline_events_by_publisher ON timeline_events(publisher, status, label);
    CREATE INDEX IF NOT EXISTS timeline_events_aside ON timeline_events(position) WHERE status = 'quarantined';
    CREATE TABLE IF NOT EXISTS timeline_keys(
        key TEXT NOT NULL, position INTEGER NOT NULL, label INTEGER NOT NULL, open INTEGER NOT NULL,
        PRIMARY KEY(key, position)) WITHOUT ROWID;
    {turns.SCHEMA}{stale.SCHEMA}{belonging.SCHEMA}"""
    for_readers = ("timeline_events_by_moment", "timeline_events_by_publisher", "timeline_events_aside",
                   "timeline_stale_by_ref", "timeline_links_by_child")  # fmt: skip

    def __init__(
        self, registry: Registry, readings: Readings, labels: Labels, database: Database, log: PlacedEvents
    ) -> None:
        self.types = (*registry.types, *OWN_TYPES)
        self.database = database
        self._labels = labels
        self._log = log
        self._readings = readings
        self.turned = Position(0)
        self.urgencies = tuple(registry.vocabularies["urgency"].codes)
        self._turns = turns.Turns(registry, labels, log)
        self._facts = stale.Facts(self._turns, log)

    def load(self, db: sqlite3.Connection) -> None:
        """Note how far the tables go: what was read of them before may read differently now."""
        self.turned = position_in(db, self.name)

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """File first readings in one go; between them, in order, what reads differently now."""
        rows: list[_Row] = []
        keys: list[_Key] = []
        links: list[belonging.Row] = []
        named = self._facts.named(db, changes)
        for change in changes:
            if change.before is None:
                row = self._row(db, change, "active", [])
                rows.append(row)
                keys += self._keys(change, row)
                links += self._links(change, row, {})
                if not self._facts.concern(change, named):
                    continue
            self.turned = Position(max(self.turned, change.at))
            _file(db, rows, keys, links)
            rows, keys, links = [], [], []
            if change.before is not None:
                self._turn(db, change)
            self._facts.note(db, change)
        _file(db, rows, keys, links)

    def _turn(self, db: sqlite3.Connection, change: Change) -> None:
        """File what reads differently, and the turn that tells so."""
        columns = "label, status, past, erased, refs, countries, body"
        query = f"SELECT {columns} FROM timeline_events WHERE position = ?"
        found = db.execute(query, (change.event.position,)).fetchone()
        label, status, labels, erased, refs, countries, body = found
        row = self._row(db, change, status, [*orjson.loads(labels), label])
        known = belonging.take_links(db, row.position)
        links = list(self._links(change, row, known))
        if change.kind == "put" or change.reason == "erased":
            old = [f"r:{ref}" for ref, _, _ in orjson.loads(refs)]
            old += [f"c:{code}" for code in orjson.loads(countries)]
            old += [f"u:{code}" for code in self.urgencies]
            db.executemany(
                "DELETE FROM timeline_keys WHERE key = ? AND position = ?",
                [(key, row.position) for key in old],
            )
            _file(db, [row], list(self._keys(change, row)), links)
        else:
            values = (row.label, row.status, row.levels, row.past, row.erased, row.body, row.position)
            columns = "label = ?, status = ?, levels = ?, past = ?, erased = ?, body = ?"
            db.execute(f"UPDATE timeline_events SET {columns} WHERE position = ?", values)
            belonging.file_links(db, links)
        past = turns.Past(label, status, frozenset(orjson.loads(erased)), orjson.loads(body)["data"])
        self._turns.note(db, change, past, row.status)

    def _row(self, db: sqlite3.Connection, change: Change, status: str, labels: list[int]) -> _Row:
        """Return the row of an event that had a status until now, and bore some labels."""
        event = change.event
        number = self._labels.intern(db, change.label)
        status = _status(change, status)
        if change.reason == "erased":
            self._readings.forget(event)
        implied = named_by(event) or self._readings.imply(event) if status != "erased" else NOTHING
        forms: dict[str | None, int] = {None: number}
        for node in implied.nodes:
            if node.tlp is not None and node.tlp not in forms:
                forms[node.tlp] = self._labels.raised(number, node.tlp)
        marks = self._turns.marks(event.stem)
        levels = {level: self._labels.raised(number, level) for level in sorted(marks.levels(event.data))}
        return _Row(
            position=event.position,
            publisher=event.publisher,
            id=event.id,
            type=str(event.envelope.get("type", "")),
            label=number,
            status=status,
            recorded=str(event.envelope.get("recordedtime", "")),
            levels=orjson.dumps(levels).decode() if levels else "",
            world=_world(event, implied.when),
            date=implied.when,
            refs=orjson.dumps(
                [(node.ref, forms[node.tlp], node.tlp is None) for node in implied.nodes]
            ).decode(),
            countries=orjson.dumps(implied.countries).decode(),
            past=orjson.dumps([one for one in dict.fromkeys(labels) if one != number]).decode(),
            erased=orjson.dumps(sorted(change.erased)).decode(),
            body=orjson.dumps(_envelope(change)),
        )

    def _keys(self, change: Change, row: _Row) -> Iterator[_Key]:
        yield from _keys(change, row)
        if row.status != "erased":
            for node in self._readings.imply(change.event).nodes:
                said = node.props.get("urgency")
                if said is not None and said.value in self.urgencies:
                    yield (
                        f"u:{said.value}",
                        row.position,
                        self._labels.raised(row.label, said.tlp),
                        said.tlp is None,
                    )

    def _links(
        self, change: Change, row: _Row, known: Mapping[belonging.Pair, int]
    ) -> Iterator[belonging.Row]:
        """Yield what belongs to what by an event, the known since when it did, the new since this change."""
        if row.status != "erased":
            for pair, tlp in belonging.links_of(self._readings.imply(change.event)).items():
                label, is_active = self._labels.raised(row.label, tlp), row.status == "active"
                yield *pair, row.position, label, known.get(pair, change.at), is_active

    def stripped(self, body: bytes, hidden: frozenset[str]) -> Json:
        """Return an event without its fields whose label is in `hidden`."""
        envelope = orjson.loads(body)
        if hidden:
            stem = f"{envelope['type']}.v{str(envelope['dataschema']).rpartition('/')[2]}"
            data = self._turns.marks(stem).strip(envelope["data"], hidden)
            envelope["data"] = data if isinstance(data, dict) else {}
        return envelope

    def label(self, number: int) -> Label:
        """Return the label of a number."""
        return self._labels.label(number)

    def marks(self, stem: str) -> Marks:
        """Return the marks of a stem."""
        return self._turns.marks(stem)

    def level_at(self, stem: str, pointer: str) -> str | None:
        """Return what a field demands; None: what its event does."""
        return self._turns.level_at(stem, pointer)

    def recorded(self, position: int) -> RecordedEvent:
        """Return an event as the log has it."""
        [event] = self._log.at([Position(position)])
        return event

    def signature(self, event: RecordedEvent, shown: Json, closed: frozenset[str]) -> Json | None:
        """Return what the publisher of an event signed, if the whole of it is shown as it was recorded.

        To everybody else the name of the key alone; None if it was not signed.

        Args:
            event: as recorded.
            shown: the event as the reader gets it.
            closed: labels that hide a field from the reader. If the type of the event has such a field, there is no
                more than the name, whether this event has the field or not: else it would tell.
        """
        if event.signature is None:
            return None
        levels = frozenset(self._turns.marks(event.stem).everywhere())
        is_whole = levels.isdisjoint(closed) and shown == event.envelope
        return dict(event.signature) if is_whole else {"keyid": event.signature["keyid"]}

    def digest(self, event: RecordedEvent, hidden: frozenset[str], *, is_erased: bool) -> str:
        """Return the salted digest of an event as recorded, as its receipt bears it.

        Without its fields whose label is in `hidden`, so that it depends on them in no way; without any if the
        event was erased.
        """
        envelope = {**event.envelope, "data": {}} if is_erased else event.envelope
        return self._log.digest(replace(event, envelope=self.stripped(orjson.dumps(envelope), hidden)))


def _status(change: Change, past: str) -> str:
    if change.kind == "put":
        return "active"
    if change.reason == "erased":
        return "erased" if "" in change.erased else past
    return change.reason if change.reason in ("retracted", "quarantined") else past


def _envelope(change: Change) -> Mapping[str, Json]:
    """Return an event as it is shown: it bears the label that it has now, if that is stricter than its own."""
    envelope = change.event.envelope
    return envelope if envelope.get("tlp") == change.label.tlp else {**envelope, "tlp": change.label.tlp}


def _keys(change: Change, row: _Row) -> Iterator[_Key]:
    yield f"t:{row.type}", row.position, row.label, True
    yield f"p:{row.publisher}", row.position, row.label, True
    for code in orjson.loads(row.countries):
        yield f"c:{code}", row.position, row.label, True
    for ref, label, is_open in orjson.loads(row.refs):
        yield f"r:{ref}", row.position, label, is_open
    naming = naming_of(change.event)
    if naming is not None:
        yield f"a:{naming.source} {naming.id}", row.position, row.label, True


def _file(
    db: sqlite3.Connection, rows: Sequence[_Row], keys: Sequence[_Key], links: Sequence[belonging.Row]
) -> None:
    db.executemany("INSERT OR REPLACE INTO timeline_events VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)
    db.executemany("INSERT OR REPLACE INTO timeline_keys VALUES(?,?,?,?)", keys)
    belonging.file_links(db, links)


def _world(event: RecordedEvent, when: str | None) -> str:
    """Return where an event stands in the world's order; without a date of its own, when it was asserted."""
    for text in (when, str(event.envelope.get("time", ""))[:10]):
        if text:
            try:
                return sort_key(text)
            except NotEdtf:
                continue
    return "9999"
