"""The index of rulings: which events one event may touch, and which have touched it; places only."""

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import orjson

from events.event import RecordedEvent
from projections.amendments import LONG_AGO, NEVER, Naming, is_release, released_until

SCHEMA = """
CREATE TABLE IF NOT EXISTS rulings_bears(
    key INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(key, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rulings_effects(
    key INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(key, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rulings_dues(
    until INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(until, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rulings_releases(position INTEGER PRIMARY KEY, until INTEGER NOT NULL);
"""


def key_of(kind: str, name: str) -> int:
    """Shorten what events share to one SQLite integer; two may share it, so whoever finds by it looks again.

    Args:
        kind: `event`, `from` (publisher), `person`, `kid`, `case`, `body`, `conflict` or `unsafe`.
        name: of the thing.
    """
    digest = blake2b(f"{kind}\n{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def profile_key(body: str) -> int:
    """Return the key that whatever says what a body is bears."""
    return key_of("profile", body)


def unsafe_key(naming: Naming) -> int:
    """Return the key on which retractions of an event for safety's sake act."""
    return key_of("unsafe", f"{naming.source}\n{naming.id}")


def note(
    db: sqlite3.Connection,
    bears: Iterable[tuple[int, int]],
    effects: Iterable[tuple[int, int]],
    dues: Iterable[tuple[int, int]],
) -> None:
    """Write rows of (key, position), and of (moment, position)."""
    acts = [one for one in dues if LONG_AGO < one[0] < NEVER]
    for table, rows in (("bears", list(bears)), ("effects", list(effects)), ("dues", acts)):
        # Most calls have nothing to write, and asking SQLite to write nothing costs as much as a row.
        if rows:
            db.executemany(f"INSERT OR IGNORE INTO rulings_{table} VALUES(?,?)", rows)


def note_releases(db: sqlite3.Connection, events: Sequence[RecordedEvent]) -> None:
    """Write up to when the timekeeper has come."""
    rows = [(one.position, released_until(one)) for one in events if is_release(one)]
    db.executemany("INSERT OR IGNORE INTO rulings_releases VALUES(?,?)", rows)


def bearers(db: sqlite3.Connection, keys: Iterable[int], before: int) -> list[int]:
    """Return the places, before one, of the events that bear one of some keys."""
    query = (
        "SELECT DISTINCT position FROM rulings_bears WHERE key IN (SELECT value FROM json_each(?))"
        " AND position < ? ORDER BY position"
    )
    return [row[0] for row in db.execute(query, (_list(keys), before))]


def effects(db: sqlite3.Connection, keys: Iterable[int], until: int) -> list[int]:
    """Return the places, up to one, of the events that act on whatever bears one of some keys."""
    query = (
        "SELECT DISTINCT position FROM rulings_effects WHERE key IN (SELECT value FROM json_each(?))"
        " AND position <= ? ORDER BY position"
    )
    return [row[0] for row in db.execute(query, (_list(keys), until))]


def acted_on(db: sqlite3.Connection, keys: Iterable[int]) -> frozenset[int]:
    """Return those of some keys on which anything acts, anywhere in the log."""
    keys = list(keys)
    if not keys:
        return frozenset()
    query = "SELECT DISTINCT key FROM rulings_effects WHERE key IN (SELECT value FROM json_each(?))"
    return frozenset(row[0] for row in db.execute(query, (_list(keys),)))


def due_between(db: sqlite3.Connection, after: int, until: int, before: int) -> list[int]:
    """Return the places, before one, of the events on which time acts after a moment and up to another."""
    query = "SELECT DISTINCT position FROM rulings_dues WHERE until > ? AND until <= ? AND position < ?"
    return [row[0] for row in db.execute(query, (after, until, before))]


def next_due(db: sqlite3.Connection) -> int | None:
    """Return the earliest moment at which time acts on an event, beyond what the timekeeper has said."""
    query = "SELECT min(until) FROM rulings_dues WHERE until > ?"
    until: int | None = db.execute(query, (time_at(db, NEVER),)).fetchone()[0]
    return until


def time_at(db: sqlite3.Connection, position: int) -> int:
    """Return the moment to which the timekeeper had brought the log at a place."""
    query = "SELECT max(until) FROM rulings_releases WHERE position <= ?"
    until: int | None = db.execute(query, (position,)).fetchone()[0]
    return LONG_AGO if until is None else until


def _list(keys: Iterable[int]) -> str:
    return orjson.dumps(list(keys)).decode()
