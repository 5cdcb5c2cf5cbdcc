"""Makes the file of the views forget: what was erased stands neither in free pages nor in the write-ahead log.

SQLite leaves copies of what it has deleted or moved in unused parts of pages. So after an erasure the file is
written anew from what still counts. That takes as long as the file is large; erasures are rare.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress

from projections.changes import Change
from projections.database import Database
from projections.view import View

SCHEMA = "CREATE TABLE IF NOT EXISTS tail_unclean(no INTEGER PRIMARY KEY CHECK (no = 1));"

_IN_MEMORY_BYTES = 512_000_000
"""Up to this size the copy that SQLite makes on the way is held in memory; beyond, in a nameless file."""


class Scrubber:
    """Remembers in the file itself that it is to be cleaned, so that a killed process forgets nothing.

    Args:
        database: of the views.
        views: each may have a method `scrub(db)` that takes its own leftovers out of its tables.
    """

    def __init__(self, database: Database, views: Sequence[View]) -> None:
        self._database = database
        self._views = views
        database.writer.executescript(SCHEMA)
        self._wanted = is_unclean(database.writer)
        self._is_written_anew = False

    def soil(self, db: sqlite3.Connection, changes: Sequence[Change]) -> bool:
        """Note it if some of these changes erase, and tell so; the caller owns the transaction."""
        if not erases(changes):
            return False
        db.execute("INSERT OR IGNORE INTO tail_unclean VALUES(1)")
        self._wanted, self._is_written_anew = True, False
        return True

    def scrub(self) -> bool:
        """Clean the file if that is wanted; tell whether it is clean. Somebody who reads may delay it."""
        if self._wanted:
            with suppress(sqlite3.OperationalError):
                self._write_anew()
                if self._database.empty_wal():
                    with self._database.transaction() as db:
                        db.execute("DELETE FROM tail_unclean")
                    self._wanted = self._is_written_anew = False
        return not self._wanted

    def _write_anew(self) -> None:
        if self._is_written_anew:
            return
        with self._database.transaction() as db:
            for view in self._views:
                scrub = getattr(view, "scrub", None)
                if scrub is not None:
                    scrub(db)
        writer = self._database.writer
        is_small = self._database.path.stat().st_size < _IN_MEMORY_BYTES
        writer.execute(f"PRAGMA temp_store={'MEMORY' if is_small else 'FILE'}")
        writer.execute("VACUUM")
        self._is_written_anew = True


def erases(changes: Sequence[Change]) -> bool:
    """Tell whether some of these changes erase."""
    return any(change.reason == "erased" for change in changes)


def is_unclean(db: sqlite3.Connection) -> bool:
    """Tell whether the file is still to be cleaned."""
    return db.execute("SELECT 1 FROM tail_unclean").fetchone() is not None
