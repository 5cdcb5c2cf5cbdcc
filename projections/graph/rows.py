"""The tables of the graph: one row for what an event says, one for each thing that it said before."""

import sqlite3
from collections.abc import Iterator, Sequence
from sys import intern

import orjson

from projections.graph.claims import Forms, Reading, numbered
from projections.graph.history import Span, Version
from projections.labels import Labels
from projections.shown import Origin, assessment_from

SCHEMA = """
CREATE TABLE IF NOT EXISTS graph_readings(
    position INTEGER PRIMARY KEY, label INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS graph_began(position INTEGER PRIMARY KEY, born INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS graph_versions(
    position INTEGER NOT NULL, born INTEGER NOT NULL, died INTEGER NOT NULL,
    label INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY(position, born));
CREATE INDEX IF NOT EXISTS graph_began_by_born ON graph_began(born);
CREATE INDEX IF NOT EXISTS graph_versions_by_died ON graph_versions(died);
"""


def encode(said: Reading) -> bytes:
    """Return the stored form of a reading in which there stands what fields demand; see `numbered`."""
    assessment = said.assessment
    told = None if assessment is None else tuple(assessment)
    return orjson.dumps((said.origin[1:], said.nodes, said.ties, told))


def decode(position: int, label: int, body: bytes) -> Reading:
    """Return the reading that `encode` stored, as it was stored; `label` is the number of the event's own label."""
    (source, id_, type_, time, as_of, *grades), nodes, ties, assessment = orjson.loads(body)
    return Reading(
        Origin(position, intern(source), id_, intern(type_), time, as_of and intern(as_of), *grades),
        label,
        nodes,
        ties,
        None if assessment is None else assessment_from(assessment),
    )


class Rows:
    """Reads the tables, labels as numbers.

    Args:
        db: of the views.
        labels: that give the numbers.
    """

    def __init__(self, db: sqlite3.Connection, labels: Labels) -> None:
        self._db = db
        self._labels = labels

    def _reading(self, position: int, label: int, body: bytes) -> Reading:
        return numbered(decode(position, label, body), self._labels.forms(label))

    def everything(self) -> Iterator[tuple[Reading, Forms]]:
        """Yield what every event says, in order, as it was stored, with the numbers that this stands for."""
        forms = self._labels.forms
        for row in self._db.execute("SELECT position, label, body FROM graph_readings ORDER BY position"):
            yield decode(*row), forms(row[1])

    def stored(self, positions: Sequence[int]) -> Iterator[tuple[Reading, Forms]]:
        """Yield what the events at some positions say, in order, as stored, with the numbers for what stands there."""
        asked = orjson.dumps(sorted(set(positions))).decode()
        query = (
            "SELECT position, label, body FROM graph_readings"
            " WHERE position IN (SELECT value FROM json_each(?)) ORDER BY position"
        )
        for row in self._db.execute(query, (asked,)):
            yield decode(*row), self._labels.forms(row[1])

    def newest(self, allowed: str) -> Iterator[Reading]:
        """Yield the readings of events whose label is among `allowed` (a JSON list), newest first."""
        query = (
            "SELECT position, label, body FROM graph_readings"
            " WHERE label IN (SELECT value FROM json_each(?)) ORDER BY position DESC"
        )
        for row in self._db.execute(query, (allowed,)):
            yield self._reading(*row)

    def since(self, place: int, allowed: str) -> Iterator[tuple[Reading, int]]:
        """Yield what events say that were recorded after a place of the log or read otherwise since, in order.

        Args:
            place: of the log.
            allowed: a JSON list of label numbers; of other events nothing is told.

        Returns:
            Each reading with the place since which the event reads so.
        """
        query = (
            "SELECT r.position, r.label, r.body, coalesce(b.born, r.position) FROM graph_readings r"
            " LEFT JOIN graph_began b USING(position) WHERE (r.position > ?1 OR r.position IN"
            " (SELECT position FROM graph_began WHERE born > ?1))"
            " AND r.label IN (SELECT value FROM json_each(?2)) ORDER BY r.position"
        )
        for *row, born in self._db.execute(query, (place, allowed)):
            yield self._reading(*row), born

    def versions(self) -> Iterator[Version]:
        """Yield what events said before, in the order of the log."""
        yield from self._versions("")

    def versions_since(self, place: int, allowed: str) -> Iterator[Version]:
        """Yield what events with some labels said at a place of the log or later, and say no more, in order."""
        asked = "WHERE died > ?1 AND label IN (SELECT value FROM json_each(?2))"
        yield from self._versions(asked, place, allowed)

    def _versions(self, where: str, *values: int | str) -> Iterator[Version]:
        query = (
            f"SELECT position, label, body, born, died FROM graph_versions {where} ORDER BY position, born"
        )
        for position, label, body, *span in self._db.execute(query, values):
            yield Version(self._reading(position, label, body), Span(*span))


def began(db: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """Yield (position, since which place it reads as it does) of events that read otherwise at first."""
    yield from db.execute("SELECT position, born FROM graph_began")


def retracted(db: sqlite3.Connection) -> Iterator[int]:
    """Yield the positions of events that said something once and say nothing now."""
    query = "SELECT DISTINCT position FROM graph_versions WHERE position NOT IN (SELECT position FROM graph_readings)"
    for (position,) in db.execute(query):
        yield position


def put_versions(
    db: sqlite3.Connection, position: int, label: int, said: Sequence[tuple[Reading, Span]]
) -> None:
    """Write what an event said before instead of what stands there.

    Args:
        db: of the views.
        position: of the event.
        label: number of its present label.
        said: readings as `encode` takes them, each with its span.
    """
    db.execute("DELETE FROM graph_versions WHERE position = ?", (position,))
    rows = [(position, span.born, span.died, label, encode(one)) for one, span in said]
    db.executemany("INSERT INTO graph_versions VALUES(?,?,?,?,?)", rows)


def said_before(db: sqlite3.Connection, position: int) -> list[tuple[Reading, Span]]:
    """Return what an event said before, as `put_versions` wrote it."""
    query = "SELECT label, body, born, died FROM graph_versions WHERE position = ? ORDER BY born"
    return [
        (decode(position, label, body), Span(*span)) for label, body, *span in db.execute(query, (position,))
    ]
