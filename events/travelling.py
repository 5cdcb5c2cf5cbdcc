"""Rows of the log as they travel between the hubs on it: as the database has them, personal fields sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from eventsourcing.persistence import Notification

from events.event import Position

Row = Notification
"""A row of the log, as the database has it."""


class NoCopies(ValueError):
    """What came is not what a hub wrote."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Rows that follow each other in the log, without a gap.

    Args:
        after: position behind which they come.
        last: position of the last of them.
        rows: of the database; none if they are too large to travel: whoever needs them reads the log.
    """

    after: Position
    last: Position
    rows: tuple[Row, ...]

    def written(self) -> bytes:
        """Return them as bytes."""
        rows = [
            (row.id, str(row.originator_id), row.originator_version, row.topic, row.state.decode())
            for row in self.rows
        ]
        return orjson.dumps((self.after, self.last, rows))

    def without_rows(self) -> "Copies":
        """Return what only says that there is something."""
        return Copies(self.after, self.last, ())


def copies_of(after: Position, rows: Sequence[Row]) -> Copies | None:
    """Return rows that were read behind a position; None if there are none."""
    return Copies(after, Position(rows[-1].id), tuple(rows)) if rows else None


def read_copies(said: bytes) -> Copies:
    """Read what `Copies.written` wrote.

    Raises:
        NoCopies: it did not write this.
    """
    try:
        after, last, rows = orjson.loads(said)
        found = tuple(
            Notification(
                id=place,
                originator_id=UUID(stream),
                originator_version=version,
                topic=stem,
                state=state.encode(),
            )
            for place, stream, version, stem, state in rows
        )
        return Copies(Position(int(after)), Position(int(last)), found)
    except (ValueError, TypeError, AttributeError) as odd:
        raise NoCopies from odd
