"""Hubs that keep time over one log: the store, intake and views of each, folded in the test's own thread."""

from pathlib import Path

from events.decisions.deadlines import PASSED
from events.event import RecordedEvent
from hub.timekeeper import pass_due
from projections.boards.statements.clocks import ReplyClocks
from projections.reading_room import ReadingRoom
from tests.archive_fixtures import Archive, TurnedClock, contracts


class Hub:
    """One hub of several over a log."""

    def __init__(self, url: str, views: Path, clock: TurnedClock, replies: ReplyClocks | None = None) -> None:
        self.archive = Archive(url, clock)
        self.room = ReadingRoom(contracts(), self.archive.store, views, reply_clocks=replies)
        self.room.catch_up()

    def look(self) -> int:
        """Fold what is there, and say what is due."""
        self.room.catch_up()
        return self.say()

    def say(self) -> int:
        """Say what is due, as far as the views go."""
        return pass_due(self.archive.intake, self.room, self.archive.clock)

    def close(self) -> None:
        """Close views and log."""
        self.room.stop()
        self.archive.store.close()


def words(events: list[RecordedEvent]) -> list[RecordedEvent]:
    """Return what the timekeeper said of deadlines."""
    return [one for one in events if one.stem.startswith(PASSED)]
