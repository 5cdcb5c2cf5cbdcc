"""Moves whole logs: from PostgreSQL into a file as SQLite has it, and from such a file into PostgreSQL.

Both ways keep every position, and with it every cursor, proof and receipt; both read and write row by row.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import PersistenceError
from psycopg.sql import SQL, Identifier

from events.postgres import PostgresLogFactory
from events.read_only import read_only
from events.sqlite import SQLiteLogFactory
from events.submission import StoreUnavailable
from events.vault_file import make_private

_PAGE = 1_000

HAS_GAPS = 1
"""`user_version` of a file whose log was once in PostgreSQL: there, refused transactions leave places empty."""


class _Table(NamedTuple):
    name: str
    columns: tuple[str, ...]


_EVENTS = ("originator_id", "originator_version", "topic", "state")
_TABLES = (
    _Table("recorded_keys", ("key", "digest", "position")),
    _Table("alarms", ("moment",)),
    _Table("log_leaves", ("position", "hash", "fields", "sealed")),
    _Table("log_sheets", ("number", "last", "size", "edge", "leaf", "crown", "closed", "note")),
    _Table("log_nodes", ("level", "place", "hash")),
    _Table("log_key", ("vkey",)),
    _Table("log_witnesses", ("vkey", "address")),
    _Table("log_cosignatures", ("size", "line")),
    _Table("log_witnessed", ("origin", "vkey", "size", "root", "note")),
)
"""All that a log is, besides its events and its salt."""


class NotEmpty(Exception):
    """A log is to be put into a database that has one."""

    def __init__(self) -> None:
        super().__init__("This database holds a log already; nothing was changed. Make an empty one.")


def copy_from_postgres(url: str, target: Path) -> None:
    """Copy a log as it is at one moment, also while hubs write it, into one new file.

    Raises:
        FileExistsError: the target exists.
        StoreUnavailable: the database does not answer, or the copy cannot be written.
    """
    make_private(target)
    try:
        with psycopg.connect(url) as source:
            source.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            source.read_only = True
            _fill(source, target)
    except (psycopg.Error, sqlite3.Error, PersistenceError) as fault:
        target.unlink()
        raise StoreUnavailable("The log cannot be copied.") from fault


def holds_log(url: str) -> bool:
    """Tell whether there are events in a database already.

    Raises:
        StoreUnavailable: it does not answer.
    """
    try:
        with psycopg.connect(url) as there:
            [(table,)] = there.execute("SELECT to_regclass('stored_events')").fetchall()
            return table is not None and bool(there.execute("SELECT 1 FROM stored_events LIMIT 1").fetchall())
    except psycopg.Error as fault:
        raise StoreUnavailable("The database does not answer.") from fault


def load_into_postgres(source: Path, url: str) -> None:
    """Put the log in a file into an empty database, in one transaction.

    Raises:
        NotEmpty: there is a log.
        StoreUnavailable: the database does not answer, or refused a row.
    """
    try:
        with closing(read_only(source)) as log:
            (salt,) = log.execute("SELECT salt FROM log_salt").fetchone()
            _make_tables(url, bytes(salt))
            with psycopg.connect(url) as target:
                _load(log, target, bytes(salt))
    except (psycopg.Error, sqlite3.Error, PersistenceError) as fault:
        raise StoreUnavailable("The log cannot be put into this database.") from fault


def _make_tables(url: str, salt: bytes) -> None:
    factory = PostgresLogFactory(url, lambda _: salt)
    try:
        factory.application_recorder()
    finally:
        factory.close()


def _fill(source: "psycopg.Connection[Any]", target: Path) -> None:
    [(salt,)] = source.execute("SELECT salt FROM log_salt").fetchall()
    factory = SQLiteLogFactory(target, lambda _: bytes(salt))
    try:
        factory.application_recorder()
    finally:
        factory.close()
    with closing(sqlite3.connect(target)) as log:
        log.execute("PRAGMA journal_mode=DELETE")
        with log:
            columns = ", ".join(("rowid", *_EVENTS))
            asked = SQL("SELECT notification_id, {} FROM stored_events ORDER BY notification_id").format(
                SQL(", ").join(map(Identifier, _EVENTS))
            )
            rows = ((row[0], UUID(str(row[1])).hex, *row[2:]) for row in _stream(source, asked))
            log.executemany(f"INSERT INTO stored_events ({columns}) VALUES (?, ?, ?, ?, ?)", rows)
            for table in _TABLES:
                _fill_table(source, log, table)
        log.execute(f"PRAGMA user_version={HAS_GAPS}")


def _fill_table(source: "psycopg.Connection[Any]", log: sqlite3.Connection, table: _Table) -> None:
    columns = SQL(", ").join(map(Identifier, table.columns))
    asked = SQL("SELECT {} FROM {}").format(columns, Identifier(table.name))
    marks = ", ".join("?" * len(table.columns))
    names = ", ".join(table.columns)
    log.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", _stream(source, asked))


def _stream(source: "psycopg.Connection[Any]", asked: Any) -> Iterator[Sequence[Any]]:
    with source.cursor(name="backup") as cursor:
        cursor.itersize = _PAGE
        cursor.execute(asked)
        yield from cursor


def _load(log: sqlite3.Connection, target: "psycopg.Connection[Any]", salt: bytes) -> None:
    target.execute("LOCK TABLE stored_events IN EXCLUSIVE MODE")
    [(theirs, taken)] = target.execute(
        "SELECT salt, EXISTS (SELECT 1 FROM stored_events) FROM log_salt"
    ).fetchall()
    if taken or bytes(theirs) != salt:
        raise NotEmpty
    columns = ", ".join(("rowid", *_EVENTS))
    events = log.execute(f"SELECT {columns} FROM stored_events ORDER BY rowid")
    rows = ((row[0], UUID(row[1]), *row[2:]) for row in events)
    _copy(target, "stored_events", ("notification_id", *_EVENTS), rows)
    for table in _TABLES:
        asked = f"SELECT {', '.join(table.columns)} FROM {table.name}"
        _copy(target, table.name, table.columns, log.execute(asked))
    target.execute(
        "SELECT setval(pg_get_serial_sequence('stored_events', 'notification_id'), max(notification_id))"
        " FROM stored_events HAVING max(notification_id) IS NOT NULL"
    )


def _copy(
    target: "psycopg.Connection[Any]", table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    names = SQL(", ").join(map(Identifier, columns))
    said = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table), names)
    with target.cursor() as cursor, cursor.copy(said) as copying:
        for row in rows:
            copying.write_row(row)
