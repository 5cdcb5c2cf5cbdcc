"""Messages on their way to a stream: several at once, each taken only right behind the one before."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Protocol, Self

from hub.bus.link import ASK_SECONDS, Letter

AT_ONCE = 4
"""Messages that may be on their way: the servers write one to their disks while the next ones come."""


class Way(Protocol):
    """What a convoy needs of a link."""

    async def publish(self, letter: Letter, after: int, *, behind: str, seconds: float) -> int:
        """Write a message behind the one with the number `after` and the name `behind`, if that is given."""
        ...


class Convoy:
    """Writes to a stream without waiting for each answer.

    If one message is lost, or another came to its number, none behind it is taken, since it names the one before.
    Whoever goes on after a fault looks first how far the stream has come: some of what was on its way may have arrived.

    Args:
        link: to the stream.
        end: number of the last message of the stream.
    """

    def __init__(self, link: Way, end: int) -> None:
        self._link = link
        self._on_their_way: deque[asyncio.Task[int]] = deque()
        self._last = ""
        self.end = end

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until all have arrived; after a fault wait for none."""
        try:
            if kind is None:
                await self.arrive()
        finally:
            left = [*self._on_their_way]
            for one in left:
                one.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def send(self, letter: Letter) -> None:
        """Send a message; waits for the oldest one if too many are on their way.

        Raises:
            OutOfTurn: somebody else has written to the stream.
        """
        while len(self._on_their_way) >= AT_ONCE:
            await self._oldest()
        # None may wait longer than each before it takes.
        seconds = ASK_SECONDS * (1 + len(self._on_their_way))
        sending = self._link.publish(letter, self.end, behind=self._last, seconds=seconds)
        self._on_their_way.append(asyncio.create_task(sending))
        self._last = letter.name
        self.end += 1

    async def arrive(self) -> None:
        """Wait until the servers have all that was sent.

        Raises:
            OutOfTurn: somebody else has written to the stream.
        """
        while self._on_their_way:
            await self._oldest()

    async def _oldest(self) -> None:
        async with asyncio.timeout(ASK_SECONDS):
            await self._on_their_way[0]
        self._on_their_way.popleft()
