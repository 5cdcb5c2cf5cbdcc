"""Who publishes goes before who comes back and catches up: thousands may do so at once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

LEAST_SHARE = 3
"""Whoever catches up has at least every so manieth moment, however much is published."""

MOST_SECONDS = 0.02
ARRIVAL_SECONDS = 0.0005
"""What it takes to let somebody in."""

ARRIVING = 12
"""So many are let in at the same time: they wait for the same answers, and would all go on in one moment."""


class Courtesy:
    """Knows whether somebody waits until what he publishes is recorded. Lives in the event loop."""

    def __init__(self) -> None:
        self._publishing = 0
        self._done: asyncio.Future[None] | None = None
        self._door = asyncio.Semaphore(ARRIVING)

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Count a call for as long as its answer is worked out."""
        self._publishing += 1
        try:
            yield
        finally:
            self._publishing -= 1
            if not self._publishing and self._done is not None:
                self._done.set_result(None)
                self._done = None

    @asynccontextmanager
    async def arriving(self) -> AsyncIterator[None]:
        """Let somebody in when it is his turn."""
        async with self._door:
            await self.turn(ARRIVAL_SECONDS)
            yield

    async def turn(self, took: float) -> None:
        """Wait while somebody publishes: for a few times as long as whoever asks has just taken, not for ever.

        Args:
            took: seconds.
        """
        if not self._publishing:
            return
        if self._done is None:
            self._done = asyncio.get_running_loop().create_future()
        await asyncio.wait([self._done], timeout=min(MOST_SECONDS, took * (LEAST_SHARE - 1)))
