"""Where accounts, personal addresses, subscriptions and mailboxes lie: files of one machine, or the log's PostgreSQL.

With the log on PostgreSQL all its hubs share them: a token works on each, a revocation holds on each. Statements are
written once, as SQLite takes them, with no more than what `hub/office_postgres.py` can say in PostgreSQL's words.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from hub.office_checks import Watcher, make_checks

Values = Sequence[object] | Mapping[str, object]


class Answer(Protocol):
    """What a statement gave; rows are asked by number, and those of whole tables by name too."""

    @property
    def rowcount(self) -> int:
        """How many rows were written."""

    def fetchone(self) -> Any:
        """Return the next row; None after the last."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""


class Desk(Protocol):
    """The tables within one transaction."""

    def execute(self, said: str, values: Values = (), /) -> Answer:
        """Run a statement."""

    def executemany(self, said: str, rows: Iterable[Values], /) -> Any:
        """Run a statement for each row."""


class Tables(Protocol):
    """Some tables, shared by all who have them open. Every write is durable when its block ends."""

    def reading(self) -> AbstractContextManager[Desk]:
        """Give the tables for a question."""

    def writing(self) -> AbstractContextManager[Desk]:
        """Give the tables for a transaction in which nobody else writes to them."""

    def version(self) -> int:
        """Return a number that is another one when somebody else has written, soon after."""

    def is_sound(self, table: str, column: str, value: object) -> bool:
        """Tell whether the rows of a table that have a value in a column are as a hub wrote them."""

    def damages(self) -> list[str]:
        """Return a sentence for each table of which rows are damaged."""

    def close(self) -> None:
        """Close them."""


class Office(Protocol):
    """A database that several hubs share."""

    def tables(self, name: str, script: str) -> Tables:
        """Return tables by the script that makes them; `name` says which belong together."""

    def close(self) -> None:
        """Close every connection."""


class FileTables:
    """Tables in a SQLite file, which its owner alone may read; safe for several threads and processes."""

    def __init__(self, path: Path, script: str) -> None:
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._writer = _connect(path)
        is_new = not self._writer.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        self._writer.executescript(script)
        if is_new:
            make_checks(self._writer)
        self._watching = Watcher(self._writer)
        # Of another connection the file tells when it was written; of the own one it does not.
        self._reader = _connect(path)
        self._checks = Watcher(self._reader)

    @contextmanager
    def reading(self) -> Iterator[Desk]:
        """Give the tables for a question."""
        with self._looking:
            yield self._reader

    @contextmanager
    def writing(self) -> Iterator[Desk]:
        """Give the tables for a transaction."""
        with self._lock:
            try:
                with self._writer:
                    self._writer.execute("BEGIN IMMEDIATE")
                    self._watching.keep()
                    yield self._writer
            except BaseException:
                self._watching.forget()
                raise

    def version(self) -> int:
        """Return a number that is another one as soon as anybody has written."""
        with self._looking:
            return int(self._reader.execute("PRAGMA data_version").fetchone()[0])

    def is_sound(self, table: str, column: str, value: object) -> bool:
        """Tell whether rows are as a hub wrote them."""
        with self._looking:
            return self._checks.is_sound(table, column, value)

    def damages(self) -> list[str]:
        """Return a sentence for each table of which rows are damaged."""
        with self._looking:
            return self._checks.damages()

    def columns(self, table: str) -> set[str]:
        """Return the names of the columns that a table has in this file."""
        with self._looking:
            return {row[1] for row in self._reader.execute(f"PRAGMA table_info({table})")}

    def close(self) -> None:
        """Close the file."""
        with self._lock, self._looking:
            self._writer.close()
            self._reader.close()


def tables_in(path: Path, script: str, office: Office | None) -> Tables:
    """Return tables in what the hubs share, or else in a file of this machine."""
    return FileTables(path, script) if office is None else office.tables(path.stem, script)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, timeout=10)
    db.row_factory = sqlite3.Row
    # In this order: a file that is new gets its mode while it is empty.
    path.chmod(0o600)
    for said in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
        db.execute(f"PRAGMA {said}")
    return db
