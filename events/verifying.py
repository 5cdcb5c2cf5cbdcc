"""Reads a whole log again: is every event there, does every personal field open that was not erased?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from events.event import RecordedEvent
from events.vault import KeyRecord
from schemas.registry import Registry


@dataclass(slots=True)
class Verified:
    """What was found.

    Args:
        events: how many there are.
        sealed: personal fields, all in all.
        erased: of these, those whose keys were destroyed.
        damaged: of these, those that do not open although nobody destroyed their keys.
        missing: places of the log where an event should be and none is.
        broken: events that do not fit their contract, although nothing of them was erased.
    """

    events: int = 0
    sealed: int = 0
    erased: int = 0
    damaged: int = 0
    missing: int = 0
    broken: int = 0

    @property
    def is_whole(self) -> bool:
        """Tell whether the log is as it was written, but for what was erased."""
        return not (self.damaged or self.missing or self.broken)


def verify(
    pages: Iterator[Sequence[RecordedEvent]],
    keys: Iterable[KeyRecord],
    registry: Registry,
    *,
    is_gapless: bool,
) -> Verified:
    """Read a log from its beginning.

    Args:
        pages: of the log.
        keys: every key of the vault.
        registry: of contracts.
        is_gapless: every place of this log holds an event; PostgreSQL leaves out those of failed transactions.
    """
    destroyed = frozenset(one.kid for one in keys if one.destroyed is not None)
    stems, found, last = frozenset(registry.stems), Verified(), 0
    for page in pages:
        for event in page:
            found.events += 1
            found.missing += event.position - last - 1 if is_gapless else 0
            last = event.position
            gone = sum(event.kids[pointer] in destroyed for pointer in event.erased)
            found.sealed += len(event.sealed)
            found.erased += gone
            found.damaged += len(event.erased) - gone
            if not event.erased and event.stem in stems:
                found.broken += bool(registry.contract(event.stem).check(event.data))
    return found
