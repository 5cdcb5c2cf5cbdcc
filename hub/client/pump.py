"""Follows in a thread with an event loop of its own, for programs that have none."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread

from hub.client.messages import FeedMessage

Feed = AsyncGenerator[FeedMessage, None]


@dataclass(frozen=True, slots=True)
class _End:
    """Nothing more comes; `error` says why."""

    error: BaseException | None


class Pump:
    """Hands on the messages of a feed, one ahead of whoever takes them; it listens while the program thinks.

    Args:
        feed: what to follow; the pump closes it.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._said: SimpleQueue[FeedMessage | _End] = SimpleQueue()
        self._has_begun = Event()
        self._loop: asyncio.AbstractEventLoop
        self._task: asyncio.Task[None]
        self._room: asyncio.Semaphore
        # A program that ends without closing its feed must not wait for it.
        self._thread = Thread(target=lambda: asyncio.run(self._watch()), name="hub feed", daemon=True)
        self._thread.start()
        self._has_begun.wait()

    def messages(self) -> Iterator[FeedMessage]:
        """Yield the messages, until the feed ends.

        Raises:
            Unreachable, Turned: as the feed does.
        """
        while not isinstance(said := self._said.get(), _End):
            with suppress(RuntimeError):  # the loop has ended by itself; the reason comes next
                self._loop.call_soon_threadsafe(self._room.release)
            yield said
        if said.error is not None:
            raise said.error

    def close(self) -> None:
        """Leave the feed; return when its connection is closed."""
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    async def _watch(self) -> None:
        self._loop, self._room = asyncio.get_running_loop(), asyncio.Semaphore(0)
        self._task = asyncio.create_task(self._run())
        self._has_begun.set()
        await asyncio.wait({self._task})
        self._said.put(_End(None if self._task.cancelled() else self._task.exception()))

    async def _run(self) -> None:
        async with aclosing(self._feed) as messages:
            async for message in messages:
                self._said.put(message)
                await self._room.acquire()
