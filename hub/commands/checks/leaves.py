"""Do the commitments to personal fields that the log keeps make the leaves that it has signed?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from events.event import RecordedEvent
from events.store import Store


@dataclass(slots=True)
class Leaves:
    """Compares the leaves of a log with what its events and its kept commitments make.

    Args:
        store: the log.
        damaged: leaves that they do not make.
    """

    store: Store
    damaged: int = 0

    def watching(self, pages: Iterator[Sequence[RecordedEvent]]) -> Iterator[Sequence[RecordedEvent]]:
        """Pass on the pages of the log, looking at the leaves of each."""
        for page in pages:
            self.damaged += self.store.damaged_leaves([event.position for event in page])
            yield page

    def faults(self) -> list[str]:
        """Return a sentence, if there is a fault."""
        said = "events can be proven no more: what is kept of their fields is damaged"
        return [f"The log is damaged: {self.damaged} {said}."] if self.damaged else []
