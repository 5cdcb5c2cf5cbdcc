"""A look into the file of the views by somebody who does not run them: where events of a type lie in the log."""

import sqlite3
from contextlib import closing
from pathlib import Path

from events.event import Position
from events.read_only import read_only


def places_of(path: Path, event_type: str) -> tuple[list[Position], Position]:
    """Return the places of all events of a type up to a position, and that position; of nothing if nothing is there.

    For operators alone, who may see every label. Behind the position the log itself must be read.

    Args:
        path: of the file of the views, which need not exist.
        event_type: without version.
    """
    try:
        with closing(read_only(path)) as db:
            db.execute("BEGIN")
            row = db.execute("SELECT position FROM tail_positions WHERE name = 'timeline'").fetchone()
            query = "SELECT position FROM timeline_keys WHERE key = ? ORDER BY position"
            places = [Position(place) for (place,) in db.execute(query, (f"t:{event_type}",))]
    except sqlite3.Error:
        return [], Position(0)
    return (places, Position(row[0])) if row is not None else ([], Position(0))
