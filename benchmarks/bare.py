"""The limit of every way in: the library's own recorder writing bytes that lie ready, nothing checked."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from events.ids import time_ordered

_FULL = 2


class BareRecorder:
    """`SQLiteApplicationRecorder` on a file, durable at COMMIT."""

    def __init__(self, path: Path) -> None:
        self._datastore = SQLiteDatastore(str(path))
        self.recorder = SQLiteApplicationRecorder(self._datastore)
        self.recorder.create_table()
        with self._datastore.transaction(commit=False) as cursor:
            cursor.execute("PRAGMA synchronous")
            if cursor.fetchone()[0] != _FULL:
                raise RuntimeError("this SQLite is built to acknowledge before it has written")

    def insert(self, rows: Sequence[StoredEvent], size: int) -> None:
        """Write rows, `size` in one transaction."""
        for start in range(0, len(rows), size):
            self.recorder.insert_events(rows[start : start + size])

    def close(self) -> None:
        """Close the file."""
        self._datastore.close()


def rows_of(lines: Sequence[bytes]) -> list[StoredEvent]:
    """Make rows of these bytes, with keys in the order of time, which is what the recorder likes best."""
    moment = datetime.now(UTC)
    return [StoredEvent(time_ordered(moment, os.urandom), 1, "threat.reported.v1", line) for line in lines]
