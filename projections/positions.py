"""The tail's own tables: how far each view is, what made it, and which are to be folded anew."""

import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from events.event import Position
from projections.database import Database
from projections.view import Teller, View

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tail_positions(
    name TEXT PRIMARY KEY, position INTEGER NOT NULL, stamp TEXT NOT NULL, rebuilding INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tail_requests(name TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Positions:
    """Keeps the position of each view beside its state; makes its tables anew where they do not fit the code.

    Args:
        database: of the views.
        rulings: fold before all views; they decide what views are told, so new rulings make all views anew.
        head: position of the log; who is beyond it was folded from another log, and is made anew as well.
    """

    def __init__(self, database: Database, rulings: Teller, head: Position) -> None:
        self._database = database
        self._rulings = rulings
        database.writer.executescript(_SCHEMA)
        self._is_other_log = self._of(rulings.name) > head

    def open(self, view: View | Teller) -> tuple[Position, bool]:
        """Return how far a view is, and whether it is being rebuilt."""
        query = "SELECT stamp FROM tail_positions WHERE name = ?"
        row = self._database.writer.execute(query, (view.name,)).fetchone()
        if row is None or row[0] != self._stamp(view) or self._is_other_log:
            self.clear(view, rebuilding=row is not None)
        query = "SELECT rebuilding FROM tail_positions WHERE name = ?"
        (rebuilding,) = self._database.writer.execute(query, (view.name,)).fetchone()
        return self._of(view.name), bool(rebuilding)

    def _of(self, name: str) -> Position:
        query = "SELECT max(position) FROM tail_positions WHERE name = ?"
        return Position(self._database.writer.execute(query, (name,)).fetchone()[0] or 0)

    def _stamp(self, view: View | Teller) -> str:
        """Return what changes with the tables and the code of a view."""
        made_by = (self._rulings.VERSION, self._rulings.schema, getattr(view, "VERSION", 1), view.schema)
        return sha256(repr(made_by).encode()).hexdigest()

    def stamp(self, views: Iterable[View | Teller]) -> str:
        """Return what changes with the code of any of these views."""
        return sha256(repr([(one.name, self._stamp(one)) for one in views]).encode()).hexdigest()[:16]

    def clear(self, view: View | Teller, *, rebuilding: bool) -> None:
        """Make the tables of a view anew, empty, in one transaction."""
        query = """SELECT name FROM sqlite_master
                   WHERE type = 'table' AND substr(name, 1, length(?1) + 1) = ?1 || '_'
                   ORDER BY sql NOT LIKE 'CREATE VIRTUAL%'"""
        with self._database.transaction() as db:
            for (table,) in db.execute(query, (view.name,)).fetchall():
                db.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in _statements(view.schema):
                db.execute(statement)
            row = (view.name, self._stamp(view), rebuilding)
            db.execute("INSERT OR REPLACE INTO tail_positions VALUES(?,0,?,?)", row)

    def move(self, name: str, position: Position, *, rebuilding: bool = False) -> None:
        """Note how far a view is; the caller owns the transaction."""
        query = "UPDATE tail_positions SET position = ?, rebuilding = ? WHERE name = ?"
        self._database.writer.execute(query, (position, rebuilding, name))

    def requested(self) -> list[str]:
        """Return the names that somebody asked to rebuild, known or not."""
        return [name for (name,) in self._database.writer.execute("SELECT name FROM tail_requests")]

    def grant(self, name: str) -> None:
        """Take a request off the table."""
        self._database.writer.execute("DELETE FROM tail_requests WHERE name = ?", (name,))


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def position_in(db: sqlite3.Connection, name: str) -> Position:
    """Return the position of a view in the state that `db` sees."""
    row = db.execute("SELECT position FROM tail_positions WHERE name = ?", (name,)).fetchone()
    return Position(row[0])


def request_rebuild(path: Path, name: str) -> None:
    """Ask the tail of whatever process follows the log into this file to fold a view anew."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        connection.executescript(_SCHEMA)
        connection.execute("INSERT OR IGNORE INTO tail_requests VALUES(?)", (name,))
    finally:
        connection.close()
