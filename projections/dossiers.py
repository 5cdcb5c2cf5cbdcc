"""The view `dossiers`: what is claimed about each lawyer, case, hearing, need and so on."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from projections.changes import Change
from projections.database import Database
from projections.dossier_reading import FORGOTTEN
from projections.dossier_sight import LISTS, DossierSight, ListQuery
from projections.graph.claims import Forms
from projections.graph.view import origin_of
from projections.labels import Labels
from projections.rules import ImpliedNode, Readings
from projections.shown import Assessment, Origin, assessment_from, assessment_of

__all__ = ["LISTS", "DossierSight", "Dossiers", "ListQuery"]

Json = Any

_KINDS = frozenset(LISTS.values())

_FILED = 8
"""So much of an origin as cards show; who told it is nothing to them."""


class Dossiers:
    """Files the facts of each event under the things they are about, one row for each label they bear.

    All of it lies in tables. `dossiers_refs` tells for each reference which change touched it last, so that
    sights can keep what they worked out until then.
    """

    name = "dossiers"
    VERSION = 2
    schema = """
    CREATE TABLE IF NOT EXISTS dossiers_events(
        position INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
        time TEXT NOT NULL, as_of TEXT, reliability TEXT NOT NULL, credibility TEXT NOT NULL,
        facts BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS dossiers_events_by_id ON dossiers_events(id);
    CREATE TABLE IF NOT EXISTS dossiers_facts(
        ref TEXT NOT NULL, told INTEGER NOT NULL, label INTEGER NOT NULL, position INTEGER NOT NULL,
        props BLOB,
        PRIMARY KEY(ref, told, label, position)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS dossiers_refs(ref TEXT PRIMARY KEY, turn INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS dossiers_refs_by_turn ON dossiers_refs(turn);
    CREATE TABLE IF NOT EXISTS dossiers_assessments(
        position INTEGER PRIMARY KEY, label INTEGER NOT NULL, about TEXT NOT NULL, body BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS dossiers_assessments_by_about ON dossiers_assessments(about);
    """

    for_readers = ("dossiers_refs_by_turn", "dossiers_assessments_by_about")

    def __init__(self, readings: Readings, labels: Labels, database: Database) -> None:
        self.database = database
        self._labels = labels
        self._readings = readings

    def load(self, db: sqlite3.Connection) -> None:
        """Do nothing: all of it lies in the tables."""

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """File what the events say from now on instead of what they said before."""
        latest = {change.event.position: change for change in changes}
        touched = _remove(db, sorted(latest))
        batch = _Batch()
        for change in latest.values():
            if change.kind == "put":
                self._put(db, change, batch)
        batch.write(db)
        touched.update(row[0] for row in batch.facts)
        touched.update(_assessed(db, batch.assessments))
        turn = max((change.at for change in changes), default=0)
        db.executemany(
            "INSERT OR REPLACE INTO dossiers_refs VALUES(?,?)", [(ref, turn) for ref in sorted(touched)]
        )

    def scrub(self, db: sqlite3.Connection) -> None:
        """Forget the references of which nothing is said any more; whoever keeps answers begins anew."""
        said = "EXISTS (SELECT 1 FROM dossiers_facts f WHERE f.ref = dossiers_refs.ref)"
        gone = db.execute(f"DELETE FROM dossiers_refs WHERE NOT {said} RETURNING turn").fetchall()
        if gone:
            db.execute("INSERT INTO dossiers_refs VALUES(?,?)", (FORGOTTEN, max(turn for (turn,) in gone)))

    def _put(self, db: sqlite3.Connection, change: Change, batch: "_Batch") -> None:
        implied = self._readings.imply(change.event)
        forms = self._labels.forms(self._labels.intern(db, change.label))
        facts = [row for node in implied.nodes if node.kind in _KINDS for row in _facts(node, forms)]
        if facts:
            batch.add(origin_of(change, implied.when, self._readings), facts)
        assessment = assessment_of(change.event)
        if assessment is not None:
            batch.assessments.append((change.event.position, forms[None], assessment))


_Fact = tuple[str, int, int, int, bytes | None]


class _Batch:
    """Rows that wait for the end of a fold."""

    def __init__(self) -> None:
        self.events: list[tuple[Json, ...]] = []
        self.facts: list[_Fact] = []
        self.assessments: list[tuple[int, int, Assessment]] = []

    def add(self, origin: Origin, facts: Sequence[tuple[str, int, bytes | None]]) -> None:
        """Take the facts of one event."""
        filed = [
            (ref, 0 if props is None else 1, label, origin.position, props) for ref, label, props in facts
        ]
        self.facts += filed
        self.events.append((*origin[:_FILED], orjson.dumps([row[:3] for row in filed])))

    def write(self, db: sqlite3.Connection) -> None:
        """Write everything."""
        db.executemany("INSERT INTO dossiers_events VALUES(?,?,?,?,?,?,?,?,?)", self.events)
        db.executemany("INSERT INTO dossiers_facts VALUES(?,?,?,?,?)", self.facts)
        db.executemany(
            "INSERT INTO dossiers_assessments VALUES(?,?,?,?)",
            [
                (position, label, one.about_id, orjson.dumps(tuple(one)))
                for position, label, one in self.assessments
            ],
        )


def _facts(node: ImpliedNode, forms: Forms) -> list[tuple[str, int, bytes | None]]:
    """Return a node's rows: one that it exists, or one for each label its properties bear."""
    by_label: dict[int, dict[str, Json]] = {}
    for name, (value, pointer, tlp) in node.props.items():
        label = forms[tlp]
        if label not in by_label:
            by_label[label] = {}
        by_label[label][name] = (value, pointer)
    own = forms[node.tlp]
    rows: list[tuple[str, int, bytes | None]] = [] if own in by_label else [(node.ref, own, None)]
    rows += [(node.ref, label, orjson.dumps(props)) for label, props in by_label.items()]
    return rows


def _remove(db: sqlite3.Connection, positions: Sequence[int]) -> set[str]:
    """Forget what was filed of some events; return the references concerned."""
    asked = (orjson.dumps(positions).decode(),)
    touched: set[str] = set()
    query = "SELECT position, facts FROM dossiers_events WHERE position IN (SELECT value FROM json_each(?))"
    for position, facts in db.execute(query, asked).fetchall():
        rows = orjson.loads(facts)
        touched.update(row[0] for row in rows)
        db.executemany(
            "DELETE FROM dossiers_facts WHERE ref = ? AND told = ? AND label = ? AND position = ?",
            [(*row, position) for row in rows],
        )
        db.execute("DELETE FROM dossiers_events WHERE position = ?", (position,))
    query = (
        "SELECT position, label, body FROM dossiers_assessments"
        " WHERE position IN (SELECT value FROM json_each(?))"
    )
    gone = [
        (position, label, assessment_from(orjson.loads(body)))
        for position, label, body in db.execute(query, asked)
    ]
    db.executemany("DELETE FROM dossiers_assessments WHERE position = ?", [row[:1] for row in gone])
    return touched | _assessed(db, gone)


def _assessed(db: sqlite3.Connection, assessments: Iterable[tuple[int, int, Assessment]]) -> set[str]:
    """Return the references that the assessed events speak of."""
    touched: set[str] = set()
    for _, _, one in assessments:
        query = "SELECT facts FROM dossiers_events WHERE id = ? AND source = ?"
        for (facts,) in db.execute(query, (one.about_id, one.about_source)):
            touched.update(row[0] for row in orjson.loads(facts))
    return touched
