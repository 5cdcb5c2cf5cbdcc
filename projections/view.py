"""What every view is, so that the tail can fold it, commit it and rebuild it."""

import sqlite3
from collections.abc import Sequence
from typing import Protocol

from projections.changes import Change


class View(Protocol):
    """A projection: state folded from changes, true at one position, disposable.

    The tail owns the transaction: `fold` writes through the connection it is given and never commits. If `fold`
    raises, the tail rolls back and calls `load` again, so memory must be rebuilt from the database alone.
    """

    name: str
    """Prefix of its tables and name in `hub rebuild NAME` and `/readyz`."""

    schema: str
    """SQL script that creates its tables and indexes, all prefixed with `name`, all `IF NOT EXISTS`."""

    def load(self, db: sqlite3.Connection) -> None:
        """Read the in-memory part, if any, from the tables; called at start and after a failed fold."""

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """Apply changes in order."""
