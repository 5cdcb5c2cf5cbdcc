"""The follower: a hub reads what is new from the bus, and from the log whatever the bus cannot prove to be whole."""

import threading
import time
from bisect import bisect_right, insort
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from events.event import Position, RecordedEvent
from events.travelling import Copies, NoCopies, Row, read_copies
from hub.bus.link import FAULTS, LOG, PAGE, Bell, Link, Said
from hub.bus.relay import PLACE
from hub.bus.sealing import ForeignBox, Sealer

KEPT_MESSAGES = 5_000
KEPT_BYTES = 64_000_000
LOOK_SECONDS = 1.0
"""How often a hub that hears nothing from the bus looks into the log all the same: the bus may be silent, or lie."""


class OneLog(Protocol):
    """The log, as a follower needs it."""

    def read(self, after: Position, limit: int) -> list[RecordedEvent]:
        """Return events behind a position."""

    def opened(self, copies: Copies) -> list[RecordedEvent]:
        """Return the events in rows."""

    def at(self, positions: Sequence[Position]) -> list[RecordedEvent]:
        """Return the events at some positions."""

    def head(self) -> Position:
        """Return the last position."""

    def digest(self, event: RecordedEvent) -> str:
        """Return the digest of an event's receipt."""

    def wait(self, after: Position, timeout: float) -> bool:
        """Wait for an event behind a position."""

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Have a callback called when this process has written."""


class Follower:
    """Stands before the log: the same questions, answered from what came by the bus where that is whole.

    Each message says behind which position its rows come. Whoever asks for what follows a position gets it from here
    only if a message says that it comes right behind it; a gap, whatever made it, is read in the log.

    Args:
        log: the log.
        sealer: opens what travels.
    """

    def __init__(self, log: OneLog, sealer: Sealer) -> None:
        self._log = log
        self._sealer = sealer
        self._changed = threading.Condition()
        self._messages: dict[Position, tuple[Copies, int]] = {}
        self._places: list[Position] = []
        self._size = 0
        self._newest = Position(0)
        self._commits = 0
        self._looked = 0.0
        self._link: Link | None = None
        self.from_bus = 0
        self.from_log = 0
        log.on_commit(self._nudge)

    async def hear(self, said: Said) -> None:
        """Take a message; one that no hub on this log wrote is as if it had never come."""
        try:
            copies = read_copies(self._sealer.opened(said.box, PLACE))
        except (ForeignBox, NoCopies):
            return
        with self._changed:
            if copies.after not in self._messages:
                insort(self._places, copies.after)
            else:
                self._size -= self._messages[copies.after][1]
            self._messages[copies.after] = (copies, len(said.box))
            self._size += len(said.box)
            self._newest = max(self._newest, copies.last)
            self._looked = time.monotonic()
            self._trim()
            self._changed.notify_all()

    async def follow(self, link: Link, bell: Bell) -> None:
        """Hear what comes, until cancelled; whenever the connection is back, ask for what came meanwhile.

        A hub that starts does not ask: the stream may be of a log that was replaced by a backup, until the relay looks.
        """
        await link.listen(LOG, self.hear)
        self._link = link
        while True:
            await bell.wait()
            # Without a stream there is nothing to ask for; what the relay makes is heard as it comes.
            with suppress(*FAULTS):
                await self.catch_up(link)

    async def catch_up(self, link: Link) -> None:
        """Ask for the newest messages of the stream."""
        extent = await link.extent(LOG)
        for said in await link.after(LOG, max(0, extent.last - PAGE)):
            await self.hear(said)

    def read(self, after: Position, limit: int) -> list[RecordedEvent]:
        """Return up to `limit` events behind a position, in order."""
        rows = self._known(after, limit)
        if rows is not None:
            events = self._log.opened(rows)
            self.from_bus += len(events)
            return events
        events = self._log.read(after, limit)
        self.from_log += len(events)
        if not events:
            with self._changed:
                # Whatever the bus says: a log that was restored from a backup has no more.
                self._newest = min(self._newest, after)
        return events

    def at(self, positions: Sequence[Position]) -> list[RecordedEvent]:
        """Return the events at some positions."""
        return self._log.at(positions)

    def head(self) -> Position:
        """Return the last position of the log."""
        return self._log.head()

    def digest(self, event: RecordedEvent) -> str:
        """Return the digest of an event's receipt."""
        return self._log.digest(event)

    def wait(self, after: Position, timeout: float) -> bool:
        """Wait at most `timeout` seconds for an event behind a position; tell whether there is one."""
        if self._link is None or not self._link.is_up:
            return self._log.wait(after, timeout)
        with self._changed:
            commits = self._commits
            self._changed.wait_for(lambda: self._newest > after or self._commits != commits, timeout)
            if self._newest > after:
                return True
            is_due = self._commits != commits or time.monotonic() - self._looked > LOOK_SECONDS
        if is_due:
            self._looked = time.monotonic()
            return self._log.head() > after
        return False

    def _nudge(self) -> None:
        with self._changed:
            self._commits += 1
            self._changed.notify_all()

    def _known(self, after: Position, limit: int) -> Copies | None:
        """Return rows that follow a position, as far as messages follow each other; None if there are none."""
        rows: list[Row] = []
        with self._changed:
            at, copies = after, self._covering(after)
            while copies is not None and len(rows) < limit:
                rows += [row for row in copies.rows if row.id > at]
                at = copies.last
                copies = self._covering(at)
        if not rows:
            return None
        found = tuple(rows[:limit])
        return Copies(after, Position(found[-1].id), found)

    def _covering(self, position: Position) -> Copies | None:
        """Return the message that has what comes right behind a position."""
        place = bisect_right(self._places, position) - 1
        if place < 0:
            return None
        copies, _ = self._messages[self._places[place]]
        return copies if copies.last > position and copies.rows else None

    def _trim(self) -> None:
        while len(self._places) > KEPT_MESSAGES or (self._size > KEPT_BYTES and self._places):
            _, size = self._messages.pop(self._places.pop(0))
            self._size -= size
