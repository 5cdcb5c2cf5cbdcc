"""What every view is, so that the tail can fold it, commit it and rebuild it."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from events.event import RecordedEvent
from projections.changes import Change


class Teller(Protocol):
    """Says what the views are to change: the rulings on a whole log, or an edge's words of somebody else's rulings."""

    name: str
    VERSION: int
    schema: str

    def fold(self, db: sqlite3.Connection, events: Sequence[RecordedEvent]) -> list[Change]:
        """Note what the events rule and return their changes; the caller owns the transaction."""

    def changes(self, db: sqlite3.Connection, events: Sequence[RecordedEvent]) -> list[Change]:
        """Return the changes of events that were folded, in order."""

    def next_release(self, db: sqlite3.Connection) -> datetime | None:
        """Return the earliest moment at which time changes what an event means, if there is one."""


class View(Protocol):
    """A projection: state folded from changes, true at one position, disposable.

    The tail owns the transaction: `fold` writes through the connection it is given and never commits. If `fold`
    raises, the tail rolls back and calls `load` again, so memory must be rebuilt from the database alone.

    It may say in `for_readers` which of its indexes `fold` never asks: those are made last when views are prepared.
    """

    name: str
    """Prefix of its tables and name in `hub rebuild NAME` and `/readyz`."""

    schema: str
    """SQL script that creates its tables and indexes, all prefixed with `name`, all `IF NOT EXISTS`."""

    def load(self, db: sqlite3.Connection) -> None:
        """Read the in-memory part, if any, from the tables; called at start and after a failed fold."""

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """Apply changes in order."""
