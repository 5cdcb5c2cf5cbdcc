"""A log with rulings over it, and nothing else."""

from pathlib import Path

from projections.changes import Change
from projections.database import Database
from projections.deadlines.clock import NO_CLOCKS, Clocks
from projections.labels import Labels
from projections.rulings import Rulings
from projections.tail import Tail
from schemas.registry import Registry
from tests.logs import MemoryLog


class Court:
    """A log with rulings over it, and nothing else."""

    def __init__(
        self, registry: Registry, path: Path, log: MemoryLog | None = None, clocks: Clocks = NO_CLOCKS
    ) -> None:
        self.log = MemoryLog() if log is None else log
        self.database = Database(path)
        labels = Labels(self.database.writer)
        self.rulings = Rulings(registry, self.log, labels, clocks)
        self._tail = Tail(self.log, self.rulings, [], labels, self.database)

    def changes(self, position: int) -> list[Change]:
        """Rule the whole log, then tell what the event at `position` does."""
        self._tail.catch_up()
        return self.rulings.changes(self.database.writer, [self.log.events[position - 1]])

    def told(self, position: int) -> list[tuple[str, str, str | None]]:
        """Tell kind, event and reason of each change of the event at `position`."""
        return [(one.kind, one.event.id, one.reason) for one in self.changes(position)]
