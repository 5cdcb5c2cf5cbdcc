"""The local SQLite file in which all views live: one writing connection, and one for reading per thread."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

_LONG_SECONDS = 30
_SHORT_MILLISECONDS = 200
"""How long to wait for others: as a rule, and where it can as well be tried again later."""

_MOST_MILLISECONDS = 5_000
"""How long for whoever reads while the write-ahead log has become very long."""

MOST_WAL_BYTES = 64 * 2**20
"""So long the write-ahead log may be before whoever reads is waited for, to begin it anew."""

_SERVED = ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-65536")
_FILLED = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144")
"""How a file is written that others read, and one that nobody will see if anything goes wrong."""


class _Connection(sqlite3.Connection):
    """A connection that can be known without being kept."""


class _Reader:
    """Closes the connection of a thread as soon as that is gone.

    A connection and its statements hold each other: alone it would wait for the garbage collector, with the pages
    that it remembers, while the thread pool ends idle threads and begins new ones all day.
    """

    __slots__ = ("connection",)

    def __init__(self, connection: _Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


class Database:
    """Hands out connections to the file of the views.

    The file is disposable: `synchronous=NORMAL` may lose the last transactions at a power cut, but never
    tears one, so
    that each view's state and position stay together and the tail reads the rest from the log again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._open: WeakSet[_Connection] = WeakSet()
        self._lock = threading.Lock()
        self._is_filling = False
        self._wal = path.with_name(f"{path.name}-wal")
        self._long = 0
        self.writer: sqlite3.Connection = self._connect(*_SERVED, "secure_delete=ON")

    def _connect(self, *pragmas: str) -> _Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=_LONG_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
        )
        _set(connection, ("temp_store=MEMORY", *pragmas))
        with self._lock:
            self._open.add(connection)
        return connection

    def reader(self) -> sqlite3.Connection:
        """Return this thread's own read-only connection."""
        mine: _Reader | None = getattr(self._local, "reader", None)
        if mine is None:
            mine = self._local.reader = _Reader(self._connect("query_only=1", "cache_size=-8192"))
        return mine.connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Give a reader that sees one state of the file until the block ends; blocks may be nested.

        Ask `Allowed` for its numbers only inside the block: then no row of the snapshot bears a label it has
        not seen.
        """
        connection = self.reader()
        if connection.in_transaction:
            yield connection
            return
        connection.execute("BEGIN")
        try:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
            yield connection
        finally:
            connection.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the writing connection for one transaction: committed at the end, rolled back on any error."""
        if self._is_filling:
            yield self.writer
            return
        self.writer.execute("BEGIN IMMEDIATE")
        try:
            yield self.writer
        except BaseException:
            self.writer.execute("ROLLBACK")
            raise
        self.writer.execute("COMMIT")

    @contextmanager
    def filling(self, later: Iterable[str] = ()) -> Iterator[None]:
        """Write all that is written until the block ends in one transaction, and nothing that would take it back.

        Random keys make nearly every page dirty in each of many small transactions: so each is written once. Whoever
        leaves the block by an error, or finds that a fold failed within, must throw the file away. Nobody else may
        have it open.

        Args:
            later: names of indexes that nobody asks meanwhile; they are made at the end.
        """
        writer = self.writer
        _set(writer, _FILLED)
        writer.execute("BEGIN")
        made = [_taken(writer, name) for name in later]
        self._is_filling = True
        try:
            yield
        finally:
            self._is_filling = False
        for statement in made:
            writer.execute(statement)
        writer.execute("COMMIT")
        _set(writer, _SERVED)

    def shorten_wal(self, most: int = MOST_WAL_BYTES) -> None:
        """Empty the write-ahead log if it is long. Whoever reads is waited for, the longer the longer it is.

        SQLite itself begins it anew only in a moment when nobody reads an older state, and a hub that is asked all the
        time has none: the file would grow as long as anything is written.

        Args:
            most: bytes from which on it is long.
        """
        size = self._wal.stat().st_size if self._wal.exists() else 0
        if size >= max(most, self._long):
            times = size // most
            is_empty = self.empty_wal(min(_SHORT_MILLISECONDS * times**2, _MOST_MILLISECONDS))
            self._long = 0 if is_empty else size + most

    def empty_wal(self, milliseconds: int = _SHORT_MILLISECONDS) -> bool:
        """Bring the write-ahead log into the file and empty it; False while somebody reads an older state.

        Args:
            milliseconds: to wait for those who do; nothing is written meanwhile.
        """
        self.writer.execute(f"PRAGMA busy_timeout={milliseconds}")
        try:
            return not self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            self.writer.execute(f"PRAGMA busy_timeout={_LONG_SECONDS * 1000}")

    def close(self) -> None:
        """Close every connection, those of other threads too; nobody may be asking any more."""
        with self._lock:
            for connection in list(self._open):
                connection.close()


def _set(connection: sqlite3.Connection, pragmas: Iterable[str]) -> None:
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}").close()


def _taken(connection: sqlite3.Connection, index: str) -> str:
    """Take an index away; return what makes it again."""
    query = "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?"
    statement: str = connection.execute(query, (index,)).fetchone()[0]
    connection.execute(f"DROP INDEX {index}")
    return statement
