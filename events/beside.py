"""What a log keeps beside its events, for speed: are the keys that recognise them and the alarms what these say?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from events.alarms import alarms_of
from events.event import RecordedEvent
from events.ledger_tables import Run
from events.recorded_keys import is_sound
from events.salt import Salt

_ROWS = 1_000
_CHUNK = 500
_KEYS = f"SELECT key, digest, position FROM recorded_keys WHERE key > ? ORDER BY key LIMIT {_ROWS}"
_ALARMS = "SELECT moment FROM alarms"


@dataclass(slots=True)
class Beside:
    """Compares one state of the tables with the events up to it.

    Args:
        run: reads the tables, all in one transaction.
        secret: salt of the log.
        head: last position in that state.
        unknown: events that are not found by their key.
        damaged: rows of keys that are not what was written.
        lacking: alarms that events ask for and that are not there.
        idle: alarms for which no event asks, although nothing of any was erased.
    """

    run: Run
    secret: bytes
    head: int
    unknown: int = 0
    damaged: int = 0
    lacking: int = 0
    idle: int = 0
    _alarms: set[str] = field(default_factory=set)
    _asked: set[str] = field(default_factory=set)
    _is_erased: bool = False

    def watching(self, pages: Iterator[Sequence[RecordedEvent]]) -> Iterator[Sequence[RecordedEvent]]:
        """Pass on the pages of the log, comparing each; at the end the tables are read."""
        self._alarms = {str(row[0]) for row in self.run(_ALARMS, ())}
        for page in pages:
            within = [event for event in page if event.position <= self.head]
            for start in range(0, len(within), _CHUNK):
                self._look_up(within[start : start + _CHUNK])
            for event in within:
                self._asked.update(alarms_of(event.stem, event.envelope) if not event.erased else ())
                self._is_erased |= bool(event.erased)
            yield page
        self._finish()

    def faults(self) -> list[str]:
        """Return a sentence for each kind of fault."""
        said = {
            "events are not found by their key: they could be recorded twice": self.unknown,
            "keys of events are not what was recorded": self.damaged,
            "alarms of events are missing": self.lacking,
            "alarms belong to no event": self.idle,
        }
        return [f"The log is damaged: {count} {what}." for what, count in said.items() if count]

    def _look_up(self, events: Sequence[RecordedEvent]) -> None:
        salt = Salt(self.secret)
        expected = {salt.of_event(event.source, event.id): event.position for event in events}
        marks = ",".join("?" * len(expected))
        asked = f"SELECT key, position FROM recorded_keys WHERE key IN ({marks})"
        found = {bytes(key): place for key, place in self.run(asked, [*expected])} if expected else {}
        self.unknown += sum(found.get(key) != place for key, place in expected.items())

    def _finish(self) -> None:
        after = b""
        while rows := self.run(_KEYS, (after,)):
            after = bytes(rows[-1][0])
            self.damaged += sum(
                not is_sound(self.secret, bytes(key), bytes(kept), place) for key, kept, place in rows
            )
        self.lacking = len(self._asked - self._alarms)
        self.idle = 0 if self._is_erased else len(self._alarms - self._asked)
