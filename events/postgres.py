"""The log on PostgreSQL: many hubs, one order; writers take turns by a table lock, readers never wait."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Any, cast

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    Notification,
    OperationalError,
    PersistenceError,
    Subscription,
)
from eventsourcing.postgres import (
    PostgresAggregateRecorder,
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresFactory,
)
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow
from psycopg.sql import SQL

from events.ids import RandomBytes
from events.ledger_tables import STATEMENTS, Run, leaf_row, postgres
from events.log import Known, Row
from events.salt import SALT_BYTES

_MAKING_TABLES = 0x68756231
"""Advisory lock: PostgreSQL's IF NOT EXISTS is not safe when two sessions make the same table at once."""

_VERSION_SECONDS = 0.02
"""How long a looked-up head may serve: rights are read for every event, and each look is a round trip."""

_RETRY_SECONDS = 0.5
"""Pause before listening again after the connection broke."""


class PostgresLogRecorder(PostgresApplicationRecorder):
    """The library's recorder with recorded keys, alarms and the log's salt in the same database.

    The database functions of the library are never enabled: with them, positions become visible out of order.
    """

    salt = b""

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        self._looked = (0.0, 0)
        self.sql_create_statements += [
            SQL(statement).format()
            for statement in (
                "CREATE TABLE IF NOT EXISTS recorded_keys"
                " (key bytea PRIMARY KEY, digest bytea NOT NULL, position bigint NOT NULL)",
                'CREATE TABLE IF NOT EXISTS alarms (moment text COLLATE "C" PRIMARY KEY)',
                "CREATE TABLE IF NOT EXISTS log_salt (salt bytea NOT NULL)",
                *map(postgres, STATEMENTS),
            )
        ]

    def create_table(self) -> None:
        """Make the tables, one session at a time."""
        with self.datastore.get_connection() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (_MAKING_TABLES,))
            try:
                super().create_table()
            finally:
                connection.execute("SELECT pg_advisory_unlock(%s)", (_MAKING_TABLES,))

    def draw_salt(self, random: RandomBytes) -> None:
        """Read the log's salt, drawing it if the log is new."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("LOCK TABLE log_salt IN EXCLUSIVE MODE")
            cursor.execute(
                "INSERT INTO log_salt SELECT %s WHERE NOT EXISTS (SELECT 1 FROM log_salt)",
                (random(SALT_BYTES),),
            )
            self.salt = cursor.execute("SELECT salt FROM log_salt").fetchall()[0]["salt"]

    @contextmanager
    def unit(self) -> Iterator["PostgresUnit"]:
        """Open a transaction that holds the lock of all writers from its start: what it reads stays true."""
        with self.datastore.transaction(commit=True) as cursor:
            self._lock_table(cursor)
            yield PostgresUnit(self, cursor)

    @contextmanager
    def looking(self) -> Iterator[Run]:
        """Open a transaction that only reads the tables of the ledger, all as of one moment."""
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield PostgresUnit(self, cursor).run

    def insert_rows(self, cursor: Cursor[DictRow], rows: Sequence[Row]) -> Sequence[int]:
        """Write rows inside a transaction that holds the lock; listeners are told at COMMIT."""
        if not rows:
            return ()
        self._notify_channel(cursor)
        # The application recorder would take the lock a second time here.
        PostgresAggregateRecorder._insert_stored_events(self, cursor, [row.stored for row in rows])  # noqa: SLF001 - own base
        positions = [row["notification_id"] for row in cursor.fetchall()]
        keys: list[bytes] = []
        digests: list[bytes] = []
        places: list[int] = []
        for row, position in zip(rows, positions, strict=True):
            keys += row.keys.keys()
            digests += row.keys.values()
            places += [position] * len(row.keys)
        cursor.execute(
            "INSERT INTO recorded_keys SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[])",
            (keys, digests, places),
        )
        moments = sorted({moment for row in rows for moment in row.alarms})
        if moments:
            cursor.execute("INSERT INTO alarms SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", (moments,))
        leaves = [
            leaf_row(place, row.leaf)
            for row, place in zip(rows, positions, strict=True)
            if row.leaf is not None
        ]
        columns = [[*column] for column in zip(*leaves, strict=True)] or [[], [], [], []]
        cursor.execute(
            "INSERT INTO log_leaves SELECT * FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[])",
            columns,
        )
        return positions

    def select_at(self, positions: Sequence[int]) -> Sequence[Notification]:
        """Return the events at these positions, in the order of the log."""
        with self.datastore.get_connection() as connection:
            rows = connection.execute(
                "SELECT * FROM stored_events WHERE notification_id = ANY(%s) ORDER BY notification_id",
                (list(positions),),
            ).fetchall()
        return [
            Notification(
                id=row["notification_id"],
                originator_id=row["originator_id"],
                originator_version=row["originator_version"],
                topic=row["topic"],
                state=bytes(row["state"]),
            )
            for row in rows
        ]

    def version(self) -> int:
        """Return the last position, looked up a few times a second at most."""
        looked, head = self._looked
        now = time.monotonic()
        if now - looked > _VERSION_SECONDS:
            head = self.max_notification_id() or 0
            self._looked = (now, head)
        return head


class PostgresUnit:
    """One transaction on PostgreSQL."""

    def __init__(self, recorder: PostgresLogRecorder, cursor: Cursor[DictRow]) -> None:
        self._recorder = recorder
        self._cursor = cursor

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """Return what is recorded under these keys."""
        self._cursor.execute(
            "SELECT key, digest, position FROM recorded_keys WHERE key = ANY(%s)", (list(keys),)
        )
        return {row["key"]: Known(row["digest"], row["position"]) for row in self._cursor.fetchall()}

    def has_alarm(self, after: str, until: str) -> bool:
        """Tell whether the timekeeper must act after the one moment and not later than the other."""
        self._cursor.execute(
            "SELECT 1 FROM alarms WHERE moment > %s AND moment <= %s LIMIT 1", (after, until)
        )
        return self._cursor.fetchone() is not None

    def insert(self, rows: Sequence[Row]) -> Sequence[int]:
        """Write rows and return their positions, in order."""
        return self._recorder.insert_rows(self._cursor, rows)

    def run(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a statement on the tables of the ledger."""
        self._cursor.execute(SQL(postgres(statement)), values)
        return [tuple(row.values()) for row in self._cursor] if self._cursor.description else []


class Listener:
    """Calls back whenever somebody, in this process or another, has written; survives a lost connection.

    Between the library's first pull and its LISTEN an event can slip through until the next NOTIFY: whoever
    waits must poll as well.
    """

    def __init__(self, recorder: ApplicationRecorder, nudge: Callable[[], None]) -> None:
        self._recorder = recorder
        self._nudge = nudge
        self._stopping = Event()
        self._lock = Lock()
        self._subscription: Subscription[ApplicationRecorder] | None = None
        self._thread = Thread(target=self._run, name="log-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        with self._lock:
            self._stopping.set()
            if self._subscription is not None:
                self._subscription.stop()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except PersistenceError:
                self._stopping.wait(_RETRY_SECONDS)
            self._nudge()

    def _listen(self) -> None:
        with self._recorder.subscribe(gt=self._recorder.max_notification_id()) as subscription:
            with self._lock:
                self._subscription = subscription
                if self._stopping.is_set():
                    subscription.stop()
            for _ in subscription:
                self._nudge()


class PostgresLogFactory(PostgresFactory):
    """Builds the recorder on one database."""

    def __init__(self, url: str, random: RandomBytes) -> None:
        given = _reachable(url)
        own = {
            self.POSTGRES_DBNAME: given.pop("dbname", None) or "postgres",
            self.POSTGRES_HOST: given.pop("host", None) or "localhost",
            self.POSTGRES_PORT: str(given.pop("port", None) or 5432),
            self.POSTGRES_USER: given.pop("user", None) or "postgres",
            self.POSTGRES_PASSWORD: given.pop("password", None) or "",
            self.POSTGRES_POOL_SIZE: "2",
            self.POSTGRES_MAX_OVERFLOW: "10",
        }
        super().__init__({name: str(value) for name, value in own.items()})
        # A server may be set to acknowledge before it has written; this log may not.
        given["options"] = f"{given.get('options') or ''} -c synchronous_commit=on".strip()
        self.datastore.pool.kwargs = {**cast("dict[str, Any]", self.datastore.pool.kwargs), **given}
        self._random = random

    def application_recorder(self) -> PostgresLogRecorder:
        """Return the recorder, its tables made and its salt drawn."""
        recorder = PostgresLogRecorder(self.datastore)
        recorder.create_table()
        recorder.draw_salt(self._random)
        return recorder


def _reachable(url: str) -> dict[str, Any]:
    # A pool would try for a long time what one connection finds out at once.
    try:
        psycopg.connect(url).close()
        return {**conninfo_to_dict(url)}
    except psycopg.Error as fault:
        raise OperationalError("the database cannot be reached") from fault
