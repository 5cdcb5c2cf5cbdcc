"""The view `graph`: who and what is tied to whom, each tie with the claims behind it."""

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from events.audience import Label
from projections.changes import Change
from projections.database import Database
from projections.graph.network import Network, Reading
from projections.graph.rows import SCHEMA, decode, encode
from projections.labels import Labels
from projections.rules import ImpliedValue, Readings
from projections.shown import Origin, assessment_of

Json = Any


class Graph:
    """Folds events into the network in memory; keeps what each said in one row, to load without the log."""

    name = "graph"
    VERSION = 1
    schema = SCHEMA

    def __init__(self, readings: Readings, labels: Labels, database: Database) -> None:
        self.lock = threading.Lock()
        self.network = Network()
        self.labels = labels
        self.database = database
        self._readings = readings
        self._newest = 0

    def load(self, db: sqlite3.Connection) -> None:
        """Read the network from the table."""
        network = Network()
        newest = 0
        for position, label, body in db.execute(
            "SELECT position, label, body FROM graph_readings ORDER BY position"
        ):
            network.add(decode(position, label, body))
            newest = position
        with self.lock:
            self.network, self._newest = network, newest

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """Apply changes to table and network. Readers see all of them or none."""
        steps = [(change, self._read(db, change)) for change in changes]
        rows: dict[int, Reading | None] = {}
        with self.lock:
            for change, reading in steps:
                position = change.event.position
                before = self._before(db, position, rows)
                if before is not None:
                    self.network.remove(before)
                if reading is not None:
                    self.network.add(reading)
                rows[position] = reading
                self._newest = max(self._newest, position)
        db.executemany(
            "DELETE FROM graph_readings WHERE position = ?",
            [(position,) for position, reading in rows.items() if reading is None],
        )
        db.executemany(
            "INSERT OR REPLACE INTO graph_readings VALUES(?,?,?)",
            [
                (position, reading.label, encode(reading))
                for position, reading in rows.items()
                if reading is not None
            ],
        )

    def _before(
        self, db: sqlite3.Connection, position: int, rows: Mapping[int, Reading | None]
    ) -> Reading | None:
        if position in rows:
            return rows[position]
        if position > self._newest:
            return None
        row = db.execute("SELECT label, body FROM graph_readings WHERE position = ?", (position,)).fetchone()
        return None if row is None else decode(position, *row)

    def _read(self, db: sqlite3.Connection, change: Change) -> Reading | None:
        """Return what an event says from now on; None if that is nothing."""
        if change.kind == "drop":
            return None
        event = change.event
        implied = self._readings.imply(event)
        assessment = assessment_of(event)
        if not implied.nodes and assessment is None:
            return None
        origin = origin_of(change, implied.when, self._readings)
        numbers = Numbers(db, self.labels, change.label)
        nodes = [[node.ref, numbers[node.tlp], numbers.props(node.props)] for node in implied.nodes]
        ties = [
            [t.kind, t.source, t.target, numbers[t.tlp], t.since, t.until, numbers.props(t.props)]
            for t in implied.ties
        ]
        return Reading(origin, numbers[None], nodes, ties, assessment)


class Numbers(dict[str | None, int]):
    """Label numbers of one event by the stricter label that a field bears; None: the event's own."""

    def __init__(self, db: sqlite3.Connection, labels: Labels, label: Label) -> None:
        super().__init__()
        self._db = db
        self._labels = labels
        self._label = label

    def __missing__(self, tlp: str | None) -> int:
        label = self._label if tlp is None else self._label.stricter(tlp)
        number = self[tlp] = self._labels.intern(self._db, label)
        return number

    def props(self, props: Mapping[str, ImpliedValue]) -> list[Json]:
        """Return properties as rows of name, value, pointer, label number."""
        return [[name, value, pointer, self[tlp]] for name, (value, pointer, tlp) in props.items()]


def origin_of(change: Change, when: str | None, readings: Readings) -> Origin:
    """Return what claims remember of the event behind them."""
    event = change.event
    rule = readings.rule(event.stem)
    reliability, credibility = ("F", "6") if rule is None else rule.grades(event)
    envelope = event.envelope
    return Origin(
        event.position,
        event.source,
        event.id,
        str(envelope["type"]),
        str(envelope.get("time", "")),
        when,
        reliability,
        credibility,
    )
