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


RawRow = tuple[int, str, int, str, str]
"""A row as it travels: position, stream, version, stem, state."""


@dataclass(frozen=True, slots=True)
class RawRows:
    """Rows that are to travel, as the database gives them: whoever only passes them on looks at none.

    Args:
        after: position behind which they come.
        last: position of the last of them.
        rows: of the database.
    """

    after: Position
    last: Position
    rows: Sequence[RawRow]

    def written(self) -> bytes:
        """Return them as bytes."""
        return orjson.dumps((self.after, self.last, self.rows))

    def halves(self) -> tuple["RawRows", "RawRows"]:
        """Return the first and the second half of several."""
        half = len(self.rows) // 2
        middle = Position(self.rows[half - 1][0])
        return RawRows(self.after, middle, self.rows[:half]), RawRows(middle, self.last, self.rows[half:])

    def without_rows(self) -> "RawRows":
        """Return what only says that there is something."""
        return RawRows(self.after, self.last, ())


def raw_rows_of(after: Position, rows: Sequence[RawRow]) -> RawRows | None:
    """Return rows that were read behind a position; None if there are none."""
    return RawRows(after, Position(rows[-1][0]), rows) if rows else None


def read_copies(said: bytes) -> Copies:
    """Read what `RawRows.written` wrote.

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
