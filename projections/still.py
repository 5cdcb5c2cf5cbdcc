"""Reads a file of views as it is at one moment, though a hub writes it: where all of them stand at one event."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from events.read_only import read_only

LOOKS = 1500
"""How often to look for a moment in which a hub that writes is not between two views."""

STANDING = 150
"""In how many looks that follow each other views must stand at the same different events to be taken for standing."""

PAUSE_SECONDS = 0.02


@contextmanager
def still(file: Path, pause: Callable[[float], None]) -> Iterator[sqlite3.Connection]:
    """Give a connection that sees one state of a file until the block ends, with all views at one event.

    Views that stand at different events, and stay there, are seen as they are.

    Args:
        file: of the views.
        pause: waits that many seconds.

    Raises:
        sqlite3.OperationalError: there is no such file.
    """
    with closing(read_only(file)) as db:
        seen: list[set[int]] = []
        looks = 0
        while True:
            db.execute("BEGIN")
            seen = [*seen[1 - STANDING :], places(db)]
            looks += 1
            if len(seen[-1]) == 1 or looks == LOOKS or seen == seen[:1] * STANDING:
                break
            db.rollback()
            pause(PAUSE_SECONDS)
        yield db


def places(db: sqlite3.Connection) -> set[int]:
    """Return the events at which views stand; one if they stand together."""
    return {int(row[0]) for row in db.execute("SELECT position FROM tail_positions")}
