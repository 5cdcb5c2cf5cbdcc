"""The table of the graph: one row an event, holding all that it says."""

import sqlite3
from collections.abc import Iterator, Sequence

import orjson

from projections.graph.network import Reading
from projections.shown import Origin, assessment_from

SCHEMA = """
CREATE TABLE IF NOT EXISTS graph_readings(
    position INTEGER PRIMARY KEY, label INTEGER NOT NULL, body BLOB NOT NULL);
"""


def encode(reading: Reading) -> bytes:
    """Return the stored form of a reading."""
    assessment = reading.assessment
    return orjson.dumps(
        (
            tuple(reading.origin[1:]),
            reading.nodes,
            reading.ties,
            None if assessment is None else tuple(assessment),
        )
    )


def decode(position: int, label: int, body: bytes) -> Reading:
    """Return the reading that `encode` stored."""
    origin, nodes, ties, assessment = orjson.loads(body)
    return Reading(
        Origin(position, *origin),
        label,
        nodes,
        ties,
        None if assessment is None else assessment_from(assessment),
    )


def stored(db: sqlite3.Connection, positions: Sequence[int]) -> Iterator[Reading]:
    """Yield the stored readings of some positions, in order."""
    asked = orjson.dumps(sorted(set(positions))).decode()
    query = (
        "SELECT position, label, body FROM graph_readings"
        " WHERE position IN (SELECT value FROM json_each(?)) ORDER BY position"
    )
    for position, label, body in db.execute(query, (asked,)):
        yield decode(position, label, body)


def newest(db: sqlite3.Connection, allowed: str) -> Iterator[Reading]:
    """Yield the readings of events whose label is among `allowed` (a JSON list), newest first."""
    query = (
        "SELECT position, label, body FROM graph_readings"
        " WHERE label IN (SELECT value FROM json_each(?)) ORDER BY position DESC"
    )
    for position, label, body in db.execute(query, (allowed,)):
        yield decode(position, label, body)
