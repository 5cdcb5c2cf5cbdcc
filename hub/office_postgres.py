"""The tables that hubs share, in a schema of their own beside the log on PostgreSQL."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import RowMaker, tuple_row
from psycopg_pool import ConnectionPool, PoolTimeout

from events.postgres_line import Fence, Line
from events.submission import StoreUnavailable
from hub.office import Tables, Values

SCHEMA = "hub_office"
WAIT_SECONDS = 2.0
VERSION_SECONDS = 0.1
"""How long it may stay unknown that another hub has written: a revocation holds everywhere after it."""

MOST_SECONDS_OFF = 60.0
"""So far the clocks of a hub and of the database may be apart."""

_WRITING, _MAKING = 0x68756232, 0x68756233
"""Advisory locks: of whoever writes to one set of tables, and of whoever makes them."""

TURN = 0x68756234
"""Advisory lock of the hub that does what is done once for all."""

_WORDS = (
    ("no INTEGER PRIMARY KEY CHECK", "no BIGINT PRIMARY KEY CHECK"),
    ("no INTEGER PRIMARY KEY", "no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    (" INTEGER", " BIGINT"),
    (" REAL", " DOUBLE PRECISION"),
    (" BLOB", " bytea"),
    ("LIMIT -1", "LIMIT ALL"),
    ("x''", "''::bytea"),
)
_NUMBERS = f"SELECT name, number, extract(epoch FROM clock_timestamp())::float8 FROM {SCHEMA}.versions"
_PLACE = re.compile(r"\?(\d*)|(?<!:):([a-z_]+)")


class Row(Sequence[Any]):
    """A row that is asked by number or by name, as those of SQLite are."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: Sequence[str], values: Sequence[Any]) -> None:
        self._names = names
        self._values = values

    def __getitem__(self, which: Any) -> Any:
        """Return a value, or some."""
        return self._values[self._names.index(which) if isinstance(which, str) else which]

    def __len__(self) -> int:
        """Return how many values there are."""
        return len(self._values)


class PostgresDesk:
    """The tables within one transaction."""

    def __init__(self, cursor: Cursor[Row]) -> None:
        self._cursor = cursor

    def execute(self, said: str, values: Values = ()) -> Cursor[Row]:
        """Run a statement."""
        statement, numbered = spoken(said)
        if isinstance(values, Mapping):
            given: Values = {name: _kept(value) for name, value in values.items()}
        elif numbered:
            given = {f"p{place}": _kept(value) for place, value in enumerate(values, 1)}
        else:
            given = [_kept(value) for value in values]
        return self._cursor.execute(statement.encode(), given)

    def executemany(self, said: str, rows: Iterable[Values]) -> None:
        """Run a statement for each row."""
        for row in rows:
            self.execute(said, row)


class PostgresOffice:
    """A few connections to the log's database; safe for several threads.

    Args:
        url: of the log.
        fence: file that remembers which servers were replaced.
        seconds: of this machine's clock, since 1970.

    Raises:
        StoreUnavailable: the database does not answer.
    """

    def __init__(self, url: str, fence: Path | None = None, seconds: Callable[[], float] = time.time) -> None:
        said: dict[str, Any] = {**conninfo_to_dict(url)}
        self._said = {
            **said,
            "host": said.get("host") or "localhost",
            "fence": Fence(fence),
            "autocommit": True,
        }
        self._numbers: dict[str, int] | None = {}
        self._seconds = seconds
        self._seconds_off = 0.0
        self._stopping = Event()
        self._pool = ConnectionPool(
            kwargs=self._said,
            connection_class=Line,
            min_size=1,
            max_size=4,
            timeout=WAIT_SECONDS,
            reconnect_timeout=WAIT_SECONDS,
            configure=_look_here,
            check=ConnectionPool.check_connection,
            open=True,
        )
        self._watch = Thread(target=self._look, name="office-watch", daemon=True)
        self._watch.start()

    def tables(self, name: str, script: str) -> Tables:
        """Return tables by the script that makes them."""
        with self.transaction(_MAKING) as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}".encode())
            made = f"{script} CREATE TABLE IF NOT EXISTS versions (name TEXT PRIMARY KEY, number BIGINT NOT NULL);"
            for statement in filter(str.strip, made.split(";")):
                cursor.execute(spoken(statement)[0].encode())
            cursor.execute("INSERT INTO versions VALUES (%s, 0) ON CONFLICT DO NOTHING", (name,))
        return PostgresTables(self, name)

    def line(self) -> Line:
        """Return a connection of one's own.

        Raises:
            psycopg.Error: there is none to be had.
        """
        return Line.connect(**self._said)

    @contextmanager
    def transaction(self, lock: int = 0, name: str = "") -> Iterator[Cursor[Row]]:
        """Open a transaction; with a lock, one after another.

        Raises:
            StoreUnavailable: the database does not answer, or did not do all that it confirmed.
        """
        if self._numbers is None:
            # Whoever asks may be the event loop: nobody waits for a database of which it is known that it is gone.
            raise StoreUnavailable
        try:
            with self._pool.connection() as line:
                line.is_doubtful = False
                with line.transaction(), line.cursor(row_factory=_rows) as cursor:
                    if lock:
                        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (lock, name))
                    yield cursor
                if line.is_doubtful:
                    raise StoreUnavailable
        except (psycopg.Error, PoolTimeout) as fault:
            raise StoreUnavailable from fault

    def number_of(self, name: str) -> int:
        """Return how often a set of tables was written to, as it was a moment ago.

        Raises:
            StoreUnavailable: nobody knows: whoever asks must not go by what he knew.
        """
        numbers = self._numbers
        if numbers is None:
            raise StoreUnavailable
        return numbers.get(name, 0)

    def is_in_step(self) -> bool:
        """Tell whether this machine's clock says what the database's did a moment ago, as far as is known."""
        return self._seconds_off <= MOST_SECONDS_OFF

    def close(self) -> None:
        """Close every connection."""
        self._stopping.set()
        self._watch.join()
        self._pool.close()

    def _look(self) -> None:
        line: Line | None = None
        while not self._stopping.wait(VERSION_SECONDS):
            try:
                line = line or self.line()
                rows = line.cursor(row_factory=tuple_row).execute(_NUMBERS.encode()).fetchall()
                self._seconds_off = max((abs(self._seconds() - said) for _, _, said in rows), default=0.0)
                self._numbers = {name: number for name, number, _ in rows}
            except psycopg.errors.UndefinedTable:
                continue  # nobody has made tables yet
            except psycopg.Error:
                self._numbers = None
                if line is not None:
                    line.close()
                line = None
        if line is not None:
            line.close()


class PostgresTables:
    """One set of tables of an office."""

    def __init__(self, office: PostgresOffice, name: str) -> None:
        self._office = office
        self._name = name
        self._own = 0

    @contextmanager
    def reading(self) -> Iterator[PostgresDesk]:
        """Give the tables for a question."""
        with self._office.transaction() as cursor:
            yield PostgresDesk(cursor)

    @contextmanager
    def writing(self) -> Iterator[PostgresDesk]:
        """Give the tables for a transaction in which no hub writes to them."""
        try:
            with self._office.transaction(_WRITING, self._name) as cursor:
                yield PostgresDesk(cursor)
                cursor.execute("UPDATE versions SET number = number + 1 WHERE name = %s", (self._name,))
        finally:
            # At once, not when the watch comes by: whoever revokes a token here finds it revoked.
            self._own += 1

    def version(self) -> int:
        """Return a number that is another one soon after anybody has written.

        Raises:
            StoreUnavailable: nobody knows: whoever asks must not go by what he knew.
        """
        return self._office.number_of(self._name) + self._own

    def is_sound(self, _table: str, _column: str, _value: object) -> bool:
        """Say yes: the server's own checksums of pages tell it when it reads."""
        return True

    def damages(self) -> list[str]:
        """Return none: `pg_amcheck` and the server's checksums tell."""
        return []

    def close(self) -> None:
        """Leave the connections to the office."""


def spoken(said: str) -> tuple[str, bool]:
    """Return a statement in PostgreSQL's words, and whether its values are numbered."""
    ignores = said.replace("INSERT OR IGNORE", "INSERT")
    said = ignores if ignores == said else f"{ignores} ON CONFLICT DO NOTHING"
    for ours, theirs in _WORDS:
        said = said.replace(ours, theirs)
    numbered = bool(re.search(r"\?\d", said))

    def place(found: re.Match[str]) -> str:
        number, name = found.groups()
        return f"%({name})s" if name else f"%(p{number})s" if number else "%s"

    return _PLACE.sub(place, said.replace("%", "%%")), numbered


def _kept(value: object) -> object:
    """Return a value as PostgreSQL keeps it: no text there has a NUL, so that one with it is the same as none."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _rows(cursor: Cursor[Any]) -> RowMaker[Row]:
    names = [one.name for one in cursor.description or ()]
    return lambda values: Row(names, tuple(values))


def _look_here(line: Line) -> None:
    line.execute(f"SET search_path TO {SCHEMA}".encode())
