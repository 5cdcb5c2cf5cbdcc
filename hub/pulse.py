"""Tells the event loop that the hub moved on: the views, the log, or somebody's rights."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import anyio
import anyio.to_thread

from events.event import Position
from events.submission import StoreUnavailable
from hub.accounts import Accounts
from projections.reading_room import ReadingRoom


class Pulse:
    """A bell for coroutines: take the next ring, look at what matters, then wait for the ring.

    Args:
        room: its views ring as soon as they have moved.
        end_of_log: rings when it moved, though the views be stalled: a suspension must reach every feed.
        accounts: rings when a token was revoked, by whatever process.
        look_seconds: how late the last two may be.
    """

    def __init__(
        self,
        room: ReadingRoom,
        end_of_log: Callable[[], Position],
        accounts: Accounts,
        look_seconds: float,
    ) -> None:
        self._room = room
        self._end_of_log = end_of_log
        self._accounts = accounts
        self._look_seconds = look_seconds
        self._next = asyncio.Event()
        self._limiter = anyio.CapacityLimiter(1)
        self._limiter_of_end = anyio.CapacityLimiter(1)
        self._reading_end = asyncio.Lock()
        self._end: asyncio.Task[Position] | None = None
        self._head = Position(0)
        self._offices = 0
        self._seen = self._state()

    def next(self) -> asyncio.Event:
        """Return the event that is set when something moves after this call."""
        return self._next

    def ring(self) -> None:
        """Wake everybody who waits."""
        rung, self._next = self._next, asyncio.Event()
        rung.set()

    async def run(self) -> None:
        """Ring whenever something has moved, until cancelled."""
        while True:
            now = await anyio.to_thread.run_sync(self._look, self._seen[0], limiter=self._limiter)
            if now != self._seen:
                self._seen = now
                self.ring()

    async def end(self) -> Position:
        """Return how far the log goes, as read after this call; one reading serves all who wait for it."""
        if self._end is None:
            self._end = asyncio.create_task(self._read_end())
        return await asyncio.shield(self._end)

    async def _read_end(self) -> Position:
        async with self._reading_end:
            # Whoever comes from now on needs another reading.
            self._end = None
            return await anyio.to_thread.run_sync(self._end_of_log, limiter=self._limiter_of_end)

    async def reach(self, position: Position, within_seconds: float) -> bool:
        """Wait until the views include `position`; False when they do not in time."""
        with anyio.move_on_after(within_seconds):
            while True:
                bell = self.next()
                if self._room.position >= position:
                    return True
                await bell.wait()
        return self._room.position >= position

    def _look(self, seen: Position) -> tuple[Position, Position, int]:
        self._room.wait_for(Position(seen + 1), self._look_seconds)
        return self._state()

    def _state(self) -> tuple[Position, Position, int]:
        # A log that cannot be reached now has not moved: whoever needs it is told by his own call.
        with suppress(StoreUnavailable):
            self._head = self._end_of_log()
        with suppress(StoreUnavailable):
            self._offices = self._accounts.version()
        return self._room.position, self._head, self._offices
