"""Subscribers of a bus that count together what they hear."""

import asyncio
from typing import Any

PATIENCE_SECONDS = 5.0


class Ears:
    """Counts what so many subscribers hear."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._heard = asyncio.Semaphore(0)

    async def hear(self, _: Any) -> None:
        """Count one message; the callback of each subscription."""
        self._heard.release()

    async def all_heard(self) -> bool:
        """Wait until all have heard one message; False if somebody did not, and nobody is counted any more.

        A server may not know yet of somebody who listens at another: a message is lost to him then.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                for _ in range(self._count):
                    await self._heard.acquire()
        except TimeoutError:
            self._heard = asyncio.Semaphore(0)
            return False
        return True
