"""The relay: what is in the log goes to the bus, once, in order; of all hubs on a log one does it."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

import anyio
import anyio.to_thread

from events.cursor import Cursors
from events.event import Position
from events.submission import StoreUnavailable
from events.travelling import NoCopies, RawRows, read_copies
from hub.bus.convoy import Convoy
from hub.bus.link import FAULTS, LOG, SUBJECTS, WAIT_SECONDS, Letter, Link, OutOfTurn
from hub.bus.sealing import ForeignBox, Sealer

PLACE = b"hub.log"
ROWS = 200
LOOK_SECONDS = 0.5
AGAIN_SECONDS = 0.05
OVERHEAD = 2048
"""Bytes of a message beside what is in its box: headers and padding of the smallest."""


class Rows(Protocol):
    """What a relay needs of the log."""

    def raw_rows(self, after: Position, limit: int) -> RawRows | None:
        """Return rows behind a position as they are."""

    def wait(self, after: Position, timeout: float) -> bool:
        """Wait for a row behind a position."""


class Relay:
    """Writes the log to its stream, from where the stream's own last message says that it ends.

    Who writes says which message must be the last: of two who believe that it is their turn, one is refused, and looks
    again. So nothing is written twice and nothing between. While some messages are on their way the next are made.

    Args:
        rows: the log.
        sealer: shuts what travels.
        cursors: names messages by position, in a way that tells the servers nothing.
    """

    def __init__(self, rows: Rows, sealer: Sealer, cursors: Cursors) -> None:
        self._rows = rows
        self._sealer = sealer
        self._cursors = cursors
        self._limiter = anyio.CapacityLimiter(1)

    async def run(self, link: Link, is_mine: Callable[[], Awaitable[bool]]) -> None:
        """Write while it is this hub's turn; return when it is not."""
        sequence, position = await self._end(link)
        async with Convoy(link, sequence) as convoy:
            while await is_mine():
                letters, position = await self._next(position, link.most_bytes - OVERHEAD)
                for letter in letters:
                    await convoy.send(letter)
                if not letters:
                    await convoy.arrive()
                    # The stream may be gone, or be another, although nothing was written.
                    if (await link.make(LOG)).last != convoy.end:
                        raise OutOfTurn

    async def _end(self, link: Link) -> tuple[int, Position]:
        """Return the number of the stream's last message and how far the log has been told by it."""
        extent = await link.make(LOG)
        last = await link.last(LOG, extent)
        if last is None:
            return extent.last, Position(0)
        position = await anyio.to_thread.run_sync(self._told_by, last.box)
        if position is None:
            logging.getLogger("hub").warning("the stream of the bus is of another log; it is made anew")
            await link.delete(LOG)
            return (await link.make(LOG)).last, Position(0)
        return last.sequence, position

    def _told_by(self, box: bytes) -> Position | None:
        """Return how far the log is told by a message; None if this log does not say what the message says.

        Whoever may write there and is no hub may have spoilt it, and a log that was restored from a backup goes on
        differently from where the backup ends.
        """
        try:
            copies = read_copies(self._sealer.opened(box, PLACE))
        except (ForeignBox, NoCopies):
            return None
        known = self._rows.raw_rows(copies.after, max(1, len(copies.rows)))
        if known is None or known.last != copies.last:
            return None
        return copies.last if not copies.rows or read_copies(known.written()) == copies else None

    async def _next(self, position: Position, most: int) -> tuple[list[Letter], Position]:
        """Return what is to be written behind a position, and how far that goes; it is read and shut in a thread."""

        def read() -> tuple[list[Letter], Position]:
            # Whoever is behind need not wait: in a burst that is one question less for each message.
            raw = self._rows.raw_rows(position, ROWS)
            if raw is None and self._rows.wait(position, LOOK_SECONDS):
                raw = self._rows.raw_rows(position, ROWS)
            return ([], position) if raw is None else ([*self._letters(raw, most)], raw.last)

        return await anyio.to_thread.run_sync(read, limiter=self._limiter)

    def _letters(self, raw: RawRows, most: int) -> Iterator[Letter]:
        """Yield rows as messages of at most so many bytes."""
        box = self._sealer.shut(raw.written(), PLACE)
        if len(box) > most and len(raw.rows) > 1:
            for half in raw.halves():
                yield from self._letters(half, most)
            return
        if len(box) > most:
            box = self._sealer.shut(raw.without_rows().written(), PLACE)
        yield Letter(SUBJECTS[LOG], box, self._cursors.encode(raw.last))


async def keep(what: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do some work on the bus for ever: whatever keeps it from it, it tries again."""
    while True:
        try:
            await work()
        except OutOfTurn:
            await anyio.sleep(AGAIN_SECONDS)
            continue
        except (*FAULTS, StoreUnavailable) as fault:
            logging.getLogger("hub").info("%s: %s", what, type(fault).__name__)
        await anyio.sleep(WAIT_SECONDS)
