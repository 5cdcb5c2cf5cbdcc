"""The log on PostgreSQL: many hubs, one order; writers take turns by a table lock, readers never wait."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from eventsourcing.persistence import (
    InterfaceError,
    InternalError,
    Notification,
    OperationalError,
    PersistenceError,
)
from eventsourcing.postgres import (
    PostgresAggregateRecorder,
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresFactory,
)
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow
from psycopg.sql import SQL

from events.ids import RandomBytes
from events.ledger_tables import STATEMENTS, Run, leaf_row, postgres
from events.log import Known, Row
from events.postgres_line import FROZEN_SECONDS, Fence, Line
from events.recorded_keys import digest_in, recorded_keys
from events.salt import SALT_BYTES
from events.travelling import RawRow

_MAKING_TABLES = 0x68756231
"""Advisory lock: PostgreSQL's IF NOT EXISTS is not safe when two sessions make the same table at once."""

_VERSION_SECONDS = 0.02
"""How long a looked-up head may serve: rights are read for every event, and each look is a round trip."""

_LOCK_SECONDS = 10
"""How long a writer waits for the others; one whose standby is gone would hold them up for ever."""

_POOL_SECONDS = 2.0
"""How long to wait for a connection, and how long a new one is tried in vain before somebody must ask again."""

_ON_ITS_WAY = "SELECT pg_logical_emit_message(true, 'hub', '')"
"""Makes a transaction that wrote nothing wait, at COMMIT, until all before it is on disk, here and at the standby."""

_SOON_SECONDS = 1.0
"""Who fails sooner had a dead connection; who fails later had waited for a new one in vain."""

_RETRY_SECONDS = 0.5
"""How long a database that did not answer is not asked for its head again."""


class PostgresLogRecorder(PostgresApplicationRecorder):
    """The library's recorder with recorded keys, alarms and the log's salt in the same database.

    The database functions of the library are never enabled: with them, positions become visible out of order.
    """

    salt = b""

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        self._looked = (0.0, 0)
        self._not_before = 0.0
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
        with self.datastore.get_connection() as connection:
            line = cast("Line", connection)
            line.is_doubtful = False
            with connection.transaction(), connection.cursor() as cursor:
                self._lock_table(cursor)
                unit = PostgresUnit(self, cursor)
                yield unit
                if unit.relies_on_others:
                    cursor.execute(_ON_ITS_WAY)
            if line.is_doubtful:
                raise OperationalError("the database did not do all that it confirmed")

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
        taken = recorded_keys(self.salt, (row.keys for row in rows), positions)
        cursor.execute(
            "INSERT INTO recorded_keys SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[])",
            [[*column] for column in zip(*taken, strict=True)],
        )
        moments = sorted({moment for row in rows for moment in row.alarms})
        if moments:
            cursor.execute("INSERT INTO alarms SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", (moments,))
        placed = zip(rows, positions, strict=True)
        leaves = [leaf_row(place, row.leaf) for row, place in placed if row.leaf is not None]
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

    def select_raw(self, after: int, limit: int) -> Sequence[RawRow]:
        """Return rows behind a position, in order, as they travel."""
        with self.datastore.get_connection() as connection:
            rows = connection.execute(
                "SELECT notification_id, originator_id::text, originator_version, topic, convert_from(state, 'UTF8')"
                " FROM stored_events WHERE notification_id > %s ORDER BY notification_id LIMIT %s",
                (after, limit),
            )
            return [cast("RawRow", tuple(row.values())) for row in rows]

    def max_notification_id(self) -> int | None:
        """Return the last position; whoever waits for an answer is told soon that there is none."""
        began = time.monotonic()
        try:
            return self._last()
        except (OperationalError, InterfaceError):
            if time.monotonic() - began > _SOON_SECONDS:
                raise
            # A connection had died while it lay in the pool, which has looked through all of them by now.
            return self._last()

    def _last(self) -> int | None:
        with self.datastore.get_connection() as connection:
            rows = connection.execute("SELECT max(notification_id) AS last FROM stored_events").fetchall()
        last: int | None = rows[0]["last"]
        return last

    def version(self) -> int:
        """Return the last position, looked up a few times a second at most."""
        looked, head = self._looked
        now = time.monotonic()
        if now - looked > _VERSION_SECONDS:
            if now < self._not_before:
                # Whoever asks may be an event loop: nobody waits long for a database that is gone, again and again.
                raise OperationalError("the database did not answer a moment ago")
            try:
                head = self.max_notification_id() or 0
            except PersistenceError:
                self._not_before = time.monotonic() + _RETRY_SECONDS
                raise
            self._looked = (now, head)
        return head


class PostgresUnit:
    """One transaction on PostgreSQL."""

    def __init__(self, recorder: PostgresLogRecorder, cursor: Cursor[DictRow]) -> None:
        self._recorder = recorder
        self._cursor = cursor
        self._has_found = self._has_written = False

    @property
    def relies_on_others(self) -> bool:
        """Tell whether it only found what others wrote, who were perhaps never told that it is safe."""
        return self._has_found and not self._has_written

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """Return what is recorded under these keys."""
        self._cursor.execute(
            "SELECT key, digest, position FROM recorded_keys WHERE key = ANY(%s)", (list(keys),)
        )
        rows = [row.values() for row in self._cursor]
        found = {key: Known(digest_in(kept), position) for key, kept, position in rows}
        self._has_found = self._has_found or bool(found)
        return found

    def has_alarm(self, after: str, until: str) -> bool:
        """Tell whether the timekeeper must act after the one moment and not later than the other."""
        self._cursor.execute(
            "SELECT 1 FROM alarms WHERE moment > %s AND moment <= %s LIMIT 1", (after, until)
        )
        return self._cursor.fetchone() is not None

    def insert(self, rows: Sequence[Row]) -> Sequence[int]:
        """Write rows and return their positions, in order."""
        self._has_written = self._has_written or bool(rows)
        return self._recorder.insert_rows(self._cursor, rows)

    def run(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a statement on the tables of the ledger."""
        self._cursor.execute(SQL(postgres(statement)), values)
        return [tuple(row.values()) for row in self._cursor] if self._cursor.description else []


class Datastore(PostgresDatastore):
    """The library's pool, which after a fault looks which of its connections still live."""

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        """Give a connection; after a fault the next one is new."""
        try:
            with super().get_connection() as connection:
                yield connection
        except (OperationalError, InterfaceError):
            # After a failover all of them are dead, and each would cost somebody an attempt.
            self.pool.check()
            raise
        except InternalError as fault:
            # This process stood still within a transaction, and the server has ended that.
            raise OperationalError(str(fault)) from fault


class PostgresLogFactory(PostgresFactory):
    """Builds the recorder on one database.

    Args:
        url: of the database, on one server or several.
        random: source of random bytes.
        fence: keeps away servers that were replaced.
    """

    def __init__(self, url: str, random: RandomBytes, fence: Fence | None = None) -> None:
        fence = fence or Fence()
        given = _reachable(url, fence)
        where: dict[str, Any] = {
            "dbname": given.pop("dbname", None) or "postgres",
            "host": given.pop("host", None) or "localhost",
            "port": str(given.pop("port", None) or 5432),
            "user": given.pop("user", None) or "postgres",
            "password": given.pop("password", None) or "",
        }
        super().__init__({f"POSTGRES_{name.upper()}": str(value) for name, value in where.items()})
        self.datastore = Datastore(
            **where,
            connect_timeout=_POOL_SECONDS,
            lock_timeout=_LOCK_SECONDS,
            idle_in_transaction_session_timeout=FROZEN_SECONDS,
            pool_size=2,
            max_overflow=10,
        )
        pool = self.datastore.pool
        pool.connection_class = Line
        pool.reconnect_timeout = _POOL_SECONDS
        pool.kwargs = {**cast("dict[str, Any]", pool.kwargs), **given, "fence": fence}
        self._random = random

    def application_recorder(self) -> PostgresLogRecorder:
        """Return the recorder, its tables made and its salt drawn."""
        recorder = PostgresLogRecorder(self.datastore)
        recorder.create_table()
        recorder.draw_salt(self._random)
        return recorder


def _reachable(url: str, fence: Fence) -> dict[str, Any]:
    # A pool would try for a long time what one connection finds out at once.
    try:
        said: dict[str, Any] = {**conninfo_to_dict(url)}
        Line.connect(**said, fence=fence).close()
    except psycopg.Error as fault:
        raise OperationalError("the database cannot be reached") from fault
    return said
