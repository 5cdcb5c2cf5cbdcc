"""The file of the vault: durable at COMMIT, what is overwritten is gone, and for its owner's eyes only."""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError

from events import sqlite
from events.submission import StoreUnavailable
from events.wrapping import KEY_BYTES, NONCE_BYTES, TAG_BYTES

WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES

_CHUNK = 500
"""Variables in one statement, well below SQLite's limit."""

_TABLES = (
    "CREATE TABLE IF NOT EXISTS vault_state (destructions INTEGER NOT NULL, proof BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS data_keys (no INTEGER PRIMARY KEY, kid TEXT NOT NULL UNIQUE,"
    " tag BLOB NOT NULL, publisher TEXT NOT NULL, subject BLOB NOT NULL, destroyed TEXT)",
    "CREATE UNIQUE INDEX IF NOT EXISTS living_keys ON data_keys (tag, publisher) WHERE destroyed IS NULL",
    "CREATE INDEX IF NOT EXISTS keys_by_subject ON data_keys (tag)",
    # Rows here are added at the end and keep their size: SQLite never moves one, so that no page keeps a copy.
    "CREATE TABLE IF NOT EXISTS secrets (no INTEGER PRIMARY KEY, wrapped BLOB NOT NULL)",
)


class VaultUnavailable(StoreUnavailable):
    """The keys of personal fields cannot be opened, read or written."""


class VaultFile:
    """One connection to the database; whoever shares it between threads takes turns."""

    def __init__(self, path: Path, proof: bytes) -> None:
        """Open the file, making it if it is new.

        Args:
            path: of the database.
            proof: kept in a new file, to tell later whether a key belongs to it.

        Raises:
            VaultUnavailable: it cannot be opened.
        """
        try:
            with suppress(FileExistsError):
                make_private(path)
            self._db = sqlite.connect(str(path))
        except (OSError, PersistenceError) as fault:
            raise VaultUnavailable("The key store cannot be opened.") from fault
        try:
            with faults():
                self._make_tables(proof)
        except VaultUnavailable:
            self._db.close()
            raise

    def _make_tables(self, proof: bytes) -> None:
        self._db.execute("PRAGMA secure_delete=ON")
        with self.transaction():
            for statement in _TABLES:
                self._db.execute(statement)
            self._db.execute(
                "INSERT INTO vault_state SELECT 0, ? WHERE NOT EXISTS (SELECT 1 FROM vault_state)", (proof,)
            )
        # What a killed process has overwritten may still stand in the write-ahead log.
        self.truncate()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock; what was written is on disk when the context ends."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def truncate(self) -> None:
        """Bring everything from the write-ahead log into the file, and empty the former.

        Raises:
            sqlite3.OperationalError: somebody has been reading for too long.
        """
        # SQLite waits for readers here, but not for another process that does the same.
        deadline = time.monotonic() + sqlite.BUSY_SECONDS
        while self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > deadline:
                raise sqlite3.OperationalError("the write-ahead log is in use")
            time.sleep(0.005)

    def proof(self) -> bytes:
        """Return what the file was made with."""
        return bytes(self._db.execute("SELECT proof FROM vault_state").fetchone()[0])

    def commits(self) -> int:
        """Return a number that differs when another connection has committed since."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def destructions(self) -> int:
        """Return how often keys were destroyed."""
        return int(self._db.execute("SELECT destructions FROM vault_state").fetchone()[0])

    def add(self, kid: str, tag: bytes, publisher: str, subject: bytes, wrapped: bytes) -> None:
        """Add a key; the index refuses a second living one of the same pair."""
        row = self._db.execute(
            "INSERT INTO data_keys (kid, tag, publisher, subject) VALUES (?, ?, ?, ?)",
            (kid, tag, publisher, subject),
        )
        self._db.execute("INSERT INTO secrets VALUES (?, ?)", (row.lastrowid, wrapped))

    def keys(self, column: str, values: Sequence[str | bytes], more: str = "") -> Iterator[Any]:
        """Yield (kid, subject, publisher, destroyed, wrapped) of keys, in the order of their making."""
        for chunk in _chunks(values):
            yield from self._db.execute(
                "SELECT kid, subject, publisher, destroyed, wrapped FROM data_keys JOIN secrets USING (no)"
                f" WHERE {column} IN ({_marks(chunk)}) {more} ORDER BY no",
                chunk,
            ).fetchall()

    def every_key(self) -> Iterator[Any]:
        """Yield the same of all."""
        yield from self._db.execute(
            "SELECT kid, subject, publisher, destroyed, wrapped FROM data_keys JOIN secrets USING (no) ORDER BY no"
        )

    def overwrite(self, kids: Sequence[str], moment: str) -> None:
        """Put zeros over keys, and say when."""
        for chunk in _chunks(kids):
            chosen = f"WHERE kid IN ({_marks(chunk)})"
            self._db.execute(
                f"UPDATE secrets SET wrapped = zeroblob({WRAPPED_BYTES})"
                f" WHERE no IN (SELECT no FROM data_keys {chosen})",
                chunk,
            )
            self._db.execute(f"UPDATE data_keys SET destroyed = ? {chosen}", (moment, *chunk))
        self._db.execute("UPDATE vault_state SET destructions = destructions + 1")

    def copy_to(self, path: Path) -> None:
        """Copy the file as it is now.

        Raises:
            FileExistsError: there is such a file already.
        """
        copy_database(self._db, path)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()


def copy_database(db: sqlite3.Connection, path: Path) -> None:
    """Copy a database as it is now into one new file that its owner alone may read.

    Raises:
        FileExistsError: there is such a file already.
        sqlite3.Error: it cannot be read, or the copy not be written; then there is none.
    """
    make_private(path)
    copy = sqlite3.connect(path)
    try:
        db.backup(copy)
        # In this mode it stays one file, whoever carries it elsewhere.
        copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error:
        path.unlink()
        raise
    finally:
        copy.close()


def write_copy(path: Path, state: tuple[int, bytes], rows: Sequence[Sequence[Any]]) -> None:
    """Write a vault that lies elsewhere into a new file.

    Args:
        path: of the file.
        state: how often keys were destroyed, and the proof.
        rows: number, name, tag, publisher, subject, when it was destroyed, and what is wrapped, of each key.

    Raises:
        FileExistsError: there is such a file already.
    """
    make_private(path)
    with closing(sqlite3.connect(path)) as copy, copy:
        _fill(copy, state, rows)


def packed(state: tuple[int, bytes], rows: Sequence[Sequence[Any]]) -> bytes:
    """Return the content of the file that `write_copy` would write, without any disk keeping it."""
    with closing(sqlite3.connect(":memory:")) as copy:
        with copy:
            _fill(copy, state, rows)
        return copy.serialize()


def unpacked(content: bytes) -> tuple[tuple[int, bytes], list[Any]]:
    """Return what a file of a vault says, as `write_copy` takes it.

    Raises:
        VaultUnavailable: this is no such file, or it is damaged.
    """
    if not content:
        raise VaultUnavailable("This is no backup of keys.")
    with faults(), closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(content)
        state = copy.execute("SELECT destructions, proof FROM vault_state").fetchone()
        rows = copy.execute(
            "SELECT no, kid, tag, publisher, subject, destroyed, wrapped"
            " FROM data_keys JOIN secrets USING (no) ORDER BY no"
        ).fetchall()
    if state is None:
        raise VaultUnavailable("This is no backup of keys.")
    return state, rows


def _fill(copy: sqlite3.Connection, state: tuple[int, bytes], rows: Sequence[Sequence[Any]]) -> None:
    for statement in _TABLES:
        copy.execute(statement)
    copy.execute("INSERT INTO vault_state VALUES (?, ?)", state)
    copy.executemany("INSERT INTO data_keys VALUES (?, ?, ?, ?, ?, ?)", [row[:6] for row in rows])
    copy.executemany("INSERT INTO secrets VALUES (?, ?)", [(row[0], row[6]) for row in rows])


@contextmanager
def faults() -> Iterator[None]:
    """Say in our own words that the database failed."""
    try:
        yield
    except (sqlite3.Error, psycopg.Error) as fault:
        raise VaultUnavailable("The key store cannot be read or written.") from fault


def make_private(path: Path) -> None:
    """Make an empty file that its owner alone may read.

    Raises:
        FileExistsError: there is such a file already.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))
