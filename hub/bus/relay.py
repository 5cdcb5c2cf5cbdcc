"""The relay: what is in the log goes to the bus, once, in order; of all hubs on a log one does it."""

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

import anyio
import anyio.to_thread

from events.cursor import Cursors
from events.event import Position
from events.submission import StoreUnavailable
from events.travelling import Copies, NoCopies, read_copies
from hub.bus.link import FAULTS, LOG, SUBJECTS, WAIT_SECONDS, Link, OutOfTurn
from hub.bus.sealing import ForeignBox, Sealer

PLACE = b"hub.log"
ROWS = 200
LOOK_SECONDS = 0.5
AGAIN_SECONDS = 0.05
OVERHEAD = 2048
"""Bytes of a message beside what is in its box: headers and padding of the smallest."""


class Rows(Protocol):
    """What a relay needs of the log."""

    def copies(self, after: Position, limit: int) -> Copies | None:
        """Return rows behind a position as they are."""

    def wait(self, after: Position, timeout: float) -> bool:
        """Wait for a row behind a position."""


class Relay:
    """Writes the log to its stream, from where the stream's own last message says that it ends.

    Who writes says which message must be the last: of two who believe that it is their turn, one is refused, and looks
    again. So nothing is written twice and nothing between.

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
        while await is_mine():
            copies = await self._next(position)
            if copies is None:
                # The stream may be gone, or be another, although nothing was written.
                if (await link.make(LOG)).last != sequence:
                    raise OutOfTurn
                continue
            sequence = await self._write(link, copies, sequence)
            position = copies.last

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
        known = self._rows.copies(copies.after, max(1, len(copies.rows)))
        if known is None or known.last != copies.last:
            return None
        return copies.last if not copies.rows or known.rows == copies.rows else None

    async def _next(self, position: Position) -> Copies | None:
        def read() -> Copies | None:
            return self._rows.copies(position, ROWS) if self._rows.wait(position, LOOK_SECONDS) else None

        return await anyio.to_thread.run_sync(read, limiter=self._limiter)

    async def _write(self, link: Link, copies: Copies, sequence: int) -> int:
        box = self._sealer.shut(copies.written(), PLACE)
        if len(box) > link.most_bytes - OVERHEAD and len(copies.rows) > 1:
            half = Copies(
                copies.after,
                Position(copies.rows[len(copies.rows) // 2 - 1].id),
                copies.rows[: len(copies.rows) // 2],
            )
            rest = Copies(half.last, copies.last, copies.rows[len(half.rows) :])
            return await self._write(link, rest, await self._write(link, half, sequence))
        if len(box) > link.most_bytes - OVERHEAD:
            box = self._sealer.shut(copies.without_rows().written(), PLACE)
        return await link.publish(SUBJECTS[LOG], box, self._cursors.encode(copies.last), sequence)


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
