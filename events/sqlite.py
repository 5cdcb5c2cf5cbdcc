"""The log on SQLite: write-ahead log, synchronous FULL, one writer at a time across processes."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from eventsourcing.persistence import ConnectionUnavailableError, Notification, OperationalError
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteFactory,
    SQLiteTransaction,
)

from events.ids import RandomBytes
from events.ledger_tables import INSERT_LEAF, STATEMENTS, Run, leaf_row
from events.log import Known, Row
from events.recorded_keys import digest_in, recorded_keys
from events.salt import SALT_BYTES
from events.travelling import RawRow

BUSY_SECONDS = 30
"""How long a writer waits for another process's transaction."""

OPENING_SECONDS = 30
"""How long a process that opens the log waits for another that does so too."""

_CHUNK = 500
"""Variables in one statement, well below SQLite's limit."""


class _Transaction(SQLiteTransaction):
    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        try:
            # A deferred writer that has read would fail at once when another process wrote meanwhile.
            cursor.execute("BEGIN IMMEDIATE" if self.commit else "BEGIN")
        except sqlite3.OperationalError as fault:
            raise OperationalError(fault) from fault
        return cursor


class _Connection(SQLiteConnection):
    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with _Transaction(self, commit=commit) as cursor, cursor:
            yield cursor


class _Pool(SQLiteConnectionPool):
    """Has writers wait for their turn outside the queue for connections.

    The library's writers wait inside: whoever writes and reads something else meanwhile would queue behind one who
    waits for him to end, and both would give up.
    """

    def __init__(self, db_name: str) -> None:
        super().__init__(db_name=db_name, pool_timeout=BUSY_SECONDS)
        self._turn = Lock()

    def get_connection(
        self, timeout: float | None = None, *, is_writer: bool | None = None
    ) -> SQLiteConnection:
        """Return a connection; of writers one at a time has one.

        Raises:
            ConnectionUnavailableError: it took too long.
        """
        if not is_writer:
            return super().get_connection(timeout, is_writer=is_writer)
        if not self._turn.acquire(timeout=self.pool_timeout if timeout is None else timeout):
            raise ConnectionUnavailableError("Timed out waiting for the turn to write")
        try:
            return super().get_connection(timeout, is_writer=True)
        except BaseException:
            self._turn.release()
            raise

    def put_connection(self, conn: SQLiteConnection) -> None:
        """Take a connection back, and let the next writer have his turn."""
        was_writer = conn.is_writer
        try:
            super().put_connection(conn)
        finally:
            if was_writer:
                self._turn.release()

    def _create_connection(self) -> SQLiteConnection:
        return _Connection(connect(self.db_name), max_age=self.max_age)


class _Datastore(SQLiteDatastore):
    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.pool = _Pool(str(path))


def connect(path: str) -> sqlite3.Connection:
    """Open a connection that is durable at COMMIT.

    Raises:
        OperationalError: the file cannot be opened, or its disk cannot hold a write-ahead log.
    """
    try:
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS, cached_statements=64
        )
    except sqlite3.OperationalError as fault:
        raise OperationalError(fault) from fault
    connection.row_factory = sqlite3.Row
    try:
        _switch_to_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")
    except sqlite3.DatabaseError as fault:
        connection.close()
        raise OperationalError(fault) from fault
    return connection


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # Two processes that open a new file at once: SQLite does not wait here, whatever the timeout says.
    deadline = time.monotonic() + OPENING_SECONDS
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        except sqlite3.OperationalError as fault:
            if "locked" not in str(fault) or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            if mode != "wal":
                raise sqlite3.OperationalError("this disk cannot hold a write-ahead log")
            return


class SQLiteLogRecorder(SQLiteApplicationRecorder):
    """The library's recorder with recorded keys, alarms and the log's salt in the same database."""

    salt = b""

    def __init__(self, datastore: SQLiteDatastore, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name)
        self._lookout: sqlite3.Connection | None = None
        self._lookout_lock = Lock()

    def construct_create_table_statements(self) -> list[str]:
        """Return the library's statements and ours."""
        return [
            *super().construct_create_table_statements(),
            "CREATE TABLE IF NOT EXISTS recorded_keys"
            " (key BLOB PRIMARY KEY, digest BLOB NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS alarms (moment TEXT PRIMARY KEY) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS log_salt (salt BLOB NOT NULL)",
            *STATEMENTS,
        ]

    def draw_salt(self, random: RandomBytes) -> None:
        """Read the log's salt, drawing it if the log is new."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(
                "INSERT INTO log_salt SELECT ? WHERE NOT EXISTS (SELECT 1 FROM log_salt)",
                (random(SALT_BYTES),),
            )
            cursor.execute("SELECT salt FROM log_salt")
            self.salt = bytes(cursor.fetchone()[0])

    @contextmanager
    def unit(self) -> Iterator["SQLiteUnit"]:
        """Open a transaction that holds the write lock from its start."""
        with self.datastore.transaction(commit=True) as cursor:
            yield SQLiteUnit(self, cursor)

    @contextmanager
    def looking(self) -> Iterator[Run]:
        """Open a transaction that only reads the tables of the ledger."""
        with self.datastore.transaction(commit=False) as cursor:
            yield SQLiteUnit(self, cursor).run

    def insert_rows(self, cursor: SQLiteCursor, rows: Sequence[Row]) -> Sequence[int]:
        """Write rows inside a transaction."""
        positions = self._insert_events(cursor, [row.stored for row in rows]) or ()
        cursor.executemany(
            "INSERT INTO recorded_keys VALUES (?, ?, ?)",
            recorded_keys(self.salt, (row.keys for row in rows), positions),
        )
        cursor.executemany(
            "INSERT OR IGNORE INTO alarms VALUES (?)", [(moment,) for row in rows for moment in row.alarms]
        )
        leaves = [
            leaf_row(place, row.leaf)
            for row, place in zip(rows, positions, strict=True)
            if row.leaf is not None
        ]
        cursor.executemany(INSERT_LEAF, leaves)
        return positions

    def select_at(self, positions: Sequence[int]) -> Sequence[Notification]:
        """Return the events at these positions, in the order of the log."""
        found: list[Notification] = []
        ordered = sorted(set(positions))
        with self.datastore.transaction(commit=False) as cursor:
            for start in range(0, len(ordered), _CHUNK):
                chunk = ordered[start : start + _CHUNK]
                cursor.execute(
                    f"SELECT rowid, * FROM {self.events_table_name}"
                    f" WHERE rowid IN ({_marks(chunk)}) ORDER BY rowid",
                    chunk,
                )
                found.extend(self._notification(row) for row in cursor.fetchall())
        return found

    def select_raw(self, after: int, limit: int) -> Sequence[RawRow]:
        """Return rows behind a position, in order, as they travel."""
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(
                "SELECT rowid, originator_id, originator_version, topic, CAST(state AS TEXT)"
                f" FROM {self.events_table_name} WHERE rowid > ? ORDER BY rowid LIMIT ?",
                (after, limit),
            )
            return [tuple(row) for row in cursor.fetchall()]

    def _notification(self, row: sqlite3.Row) -> Notification:
        return Notification(
            id=row["rowid"],
            originator_id=self.convert_originator_id(row["originator_id"]),
            originator_version=row["originator_version"],
            topic=row["topic"],
            state=row["state"],
        )

    def version(self) -> int:
        """Return SQLite's counter of commits by other connections: a dedicated one sees all of ours too."""
        with self._lookout_lock:
            if self._lookout is None:
                self._lookout = connect(self.datastore.pool.db_name)
            counted: int = self._lookout.execute("PRAGMA data_version").fetchone()[0]
            return counted

    def close_lookout(self) -> None:
        """Close the connection that `version` uses."""
        with self._lookout_lock:
            if self._lookout is not None:
                self._lookout.close()
                self._lookout = None


class SQLiteUnit:
    """One transaction on SQLite."""

    def __init__(self, recorder: SQLiteLogRecorder, cursor: SQLiteCursor) -> None:
        self._recorder = recorder
        self._cursor = cursor

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """Return what is recorded under these keys."""
        found: dict[bytes, Known] = {}
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            self._cursor.execute(
                f"SELECT key, digest, position FROM recorded_keys WHERE key IN ({_marks(chunk)})", chunk
            )
            found.update({row[0]: Known(digest_in(row[1]), row[2]) for row in self._cursor.fetchall()})
        return found

    def has_alarm(self, after: str, until: str) -> bool:
        """Tell whether the timekeeper must act after the one moment and not later than the other."""
        self._cursor.execute("SELECT 1 FROM alarms WHERE moment > ? AND moment <= ? LIMIT 1", (after, until))
        return self._cursor.fetchone() is not None

    def insert(self, rows: Sequence[Row]) -> Sequence[int]:
        """Write rows and return their positions, in order."""
        return self._recorder.insert_rows(self._cursor, rows)

    def run(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a statement on the tables of the ledger."""
        self._cursor.execute(statement, values)
        return [tuple(row) for row in self._cursor.fetchall()]


class SQLiteLogFactory(SQLiteFactory):
    """Builds the recorder on one file."""

    def __init__(self, path: Path, random: RandomBytes) -> None:
        super().__init__({self.SQLITE_DBNAME: str(path)})
        self.datastore = _Datastore(path)
        self._random = random
        self._recorders: list[SQLiteLogRecorder] = []

    def application_recorder(self) -> SQLiteLogRecorder:
        """Return the recorder, its tables made and its salt drawn."""
        recorder = SQLiteLogRecorder(self.datastore)
        self._recorders.append(recorder)
        recorder.create_table()
        recorder.draw_salt(self._random)
        return recorder

    def close(self) -> None:
        """Close every connection."""
        for recorder in self._recorders:
            recorder.close_lookout()
        super().close()


def made_tables() -> set[tuple[str, str]]:
    """Return name and text of every table and index of a log, as SQLite keeps them."""
    recorder = SQLiteLogRecorder(SQLiteDatastore(":memory:"))
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in recorder.construct_create_table_statements():
            db.execute(statement)
        made = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {(str(name), str(sql)) for name, sql in made}


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))
