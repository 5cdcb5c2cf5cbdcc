"""The view `graph`: who and what is tied to whom, each tie with the claims behind it."""

import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from events.relaying import TOLD_BY
from projections.changes import Change
from projections.database import Database
from projections.graph.around.briefs import Briefs
from projections.graph.claims import IDENTITIES, NUMBERED, Forms, Reading, numbered
from projections.graph.eyes import Eyes, MergedKept
from projections.graph.history import History
from projections.graph.journal import Journal
from projections.graph.keeping import Keeping
from projections.graph.network import Network
from projections.graph.query import NOW, Then
from projections.graph.rows import SCHEMA, Rows, began, decode, encode, retracted
from projections.labels import Labels
from projections.rule import made
from projections.rules import ImpliedValue, Readings
from projections.shown import Origin, assessment_of

Json = Any


class Graph:
    """Folds events into the network in memory; keeps what each said in one row, to load without the log.

    Beside the network stand the history of what events said before, and the journal of all ties in columns, from which
    questions about the whole graph are computed. `turns` counts how often anything has changed.
    """

    name = "graph"
    VERSION = 2
    schema = SCHEMA

    def __init__(self, readings: Readings, labels: Labels, database: Database) -> None:
        self.lock = threading.Lock()
        self.network = Network()
        self.history = History()
        self.journal = Journal()
        self.labels = labels
        self.database = database
        self._readings = readings
        self.turns = 0
        self._newest = 0
        self._merged = MergedKept()
        self.briefs = Briefs()
        self._successor: Graph | None = None

    @property
    def newest(self) -> "Graph":
        """The view that is fed now: itself, until another took its place."""
        return self if self._successor is None else self._successor.newest

    def give_way(self, successor: "Graph") -> None:
        """Note which view, of the same log, is fed in place of this one from now on; who still reads goes on there."""
        self._successor = successor

    def load(self, db: sqlite3.Connection) -> None:
        """Read network, history and journal from the tables."""
        network, history, journal = Network(), History(), Journal()
        rows = Rows(db, self.labels)
        newest = 0
        for reading, forms in rows.everything():
            newest = reading.origin.position
            journal.add(reading, forms, network.add(reading, forms))
        for position, born in began(db):
            history.begin(position, born)
        for version in rows.versions():
            history.keep(version)
        for position in retracted(db):
            history.retract(position)
        with self.lock:
            self.network, self.history, self.journal = network, history, journal
            self.turns += 1
            self._newest = newest
            self._merged.forget()
            self.briefs.forget()

    def forget(self) -> None:
        """Let go of what only erased claims said."""
        with self.lock:
            self.journal.forget()
            self.briefs.forget()

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """Apply changes to tables, network, history and journal. Readers see all of them or none."""
        steps = [(change, self._read(db, change)) for change in changes]
        rows: dict[int, Said | None] = {}
        with self.lock:
            self.turns += 1
            keeping = Keeping(db, self.history, self.labels)
            for change, said in steps:
                position = change.event.position
                before = self._before(db, position, rows)
                if change.at != position:
                    keeping.turn(change, before and before.bare, said and said.bare)
                if change.at != position or _judges(before) or _judges(said):
                    self._merged.forget()
                self._replace(before, said)
                rows[position] = said
                self._newest = max(self._newest, position)
        self._write(db, rows)

    def _replace(self, before: "Said | None", after: "Said | None") -> None:
        if before is not None:
            self.network.remove(*before)
            self.journal.remove(*before)
            self.briefs.note([node[0] for node in before.bare.nodes])
        if after is not None:
            met = self.network.add(*after)
            self.journal.add(*after, met)
            self.briefs.note(met.keys())

    def _write(self, db: sqlite3.Connection, rows: Mapping[int, "Said | None"]) -> None:
        db.executemany(
            "DELETE FROM graph_readings WHERE position = ?",
            [(position,) for position, said in rows.items() if said is None],
        )
        db.executemany(
            "INSERT OR REPLACE INTO graph_readings VALUES(?,?,?)",
            [
                (position, said.bare.label, encode(said.bare))
                for position, said in rows.items()
                if said is not None
            ],
        )

    def eyes(self, allowed: frozenset[int], then: Then = NOW, *, merge: bool = True) -> Eyes:
        """Return what may be seen at a moment with some labels. Hold the lock while calling and using it.

        Args:
            allowed: numbers of labels.
            then: the moment.
            merge: read as one what people judged to be the same.
        """
        eyes = Eyes(self.network, allowed, then, self.history, journal=self.journal)
        return self._merged.applied(eyes) if merge else eyes

    def readings(self, db: sqlite3.Connection, places: Collection[int]) -> Iterator[Reading]:
        """Yield what some events say or, where a place is negative, said. Takes the lock; do not hold it.

        What was let go since the places were found is left out.
        """
        return (numbered(*said) for said in self.stored(db, places))

    def stored(self, db: sqlite3.Connection, places: Collection[int]) -> Iterator[tuple[Reading, Forms]]:
        """Yield the same as it was stored, each with the numbers for what stands there; takes the lock likewise."""
        with self.lock:
            past = [self.history.reading(place) for place in places if place < 0]
        yield from Rows(db, self.labels).stored([place for place in places if place > 0])
        yield from ((one, NUMBERED) for one in past if one is not None)

    def _before(
        self, db: sqlite3.Connection, position: int, rows: Mapping[int, "Said | None"]
    ) -> "Said | None":
        if position in rows:
            return rows[position]
        if position > self._newest:
            return None
        row = db.execute("SELECT label, body FROM graph_readings WHERE position = ?", (position,)).fetchone()
        if row is None:
            return None
        bare = decode(position, *row)
        return Said(bare, self.labels.forms(bare.label))

    def _read(self, db: sqlite3.Connection, change: Change) -> "Said | None":
        """Return what an event says from now on; None if that is nothing."""
        if change.kind == "drop":
            return None
        event = change.event
        implied = self._readings.imply(event)
        assessment = assessment_of(event)
        if not implied.nodes and assessment is None:
            return None
        origin = origin_of(change, implied.when, self._readings)
        nodes = [(ref, tlp, _rows(props) if props else ()) for ref, _, props, tlp in implied.nodes]
        ties = [
            (kind, source, target, tlp, since, until, _rows(props) if props else ())
            for kind, source, target, since, until, props, tlp in implied.ties
        ]
        label = self.labels.intern(db, change.label)
        bare = made(Reading, (origin, label, nodes, ties, assessment))
        return made(Said, (bare, self.labels.forms(label)))


class Said(NamedTuple):
    """What one event says.

    Args:
        bare: with what its fields demand (`amber+strict`, `C2`, or None), as it is stored.
        forms: the numbers of the labels that they bear by that.
    """

    bare: Reading
    forms: Forms


def _judges(said: Said | None) -> bool:
    """Tell whether an event may say who is the same as whom, or what such a judgement is worth."""
    if said is None:
        return False
    bare = said.bare
    return bare.assessment is not None or not IDENTITIES.isdisjoint([tie[0] for tie in bare.ties])


def _rows(props: Mapping[str, ImpliedValue]) -> Sequence[Json]:
    """Return properties as rows of name, value, pointer, and what the field demands."""
    return [(name, *said) for name, said in props.items()]


def origin_of(change: Change, when: str | None, readings: Readings) -> Origin:
    """Return what claims remember of the event behind them."""
    event = change.event
    rule = readings.rule(event.stem)
    reliability, credibility = ("F", "6") if rule is None else rule.grades(event)
    envelope = event.envelope
    source, id_, type_, time = (envelope.get(name, "") for name in ("source", "id", "type", "time"))
    told = str(envelope.get(TOLD_BY, ""))
    said = (event.position, *map(str, (source, id_, type_, time)), when, reliability, credibility, told)
    return made(Origin, said)
