"""`AsyncHub`: publish, follow and read from a program with an event loop."""

import asyncio
import os
import random
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self, TypeVar, Unpack
from uuid import uuid4

import anyio.to_thread

from hub.client.answers import Unreachable
from hub.client.asking import EVENTS, PAGE, Filters, Pages, pairs
from hub.client.course import NOW, SILENCE_SECONDS, Course, Feed
from hub.client.desk import Address, Desk
from hub.client.follow import Ways, follow
from hub.client.messages import FeedMessage
from hub.client.outbox import usual_folder
from hub.client.published import Published, Pushed
from hub.client.state import FileState, State

Json = Any
T = TypeVar("T")

BATCH = 500
PATIENCE_SECONDS = 60.0


def silent(_: str) -> None:
    """Tell nobody that the hub is away."""


class AsyncHub:
    """A hub, as one token sees it, for programs with an event loop.

    Args:
        url: its address.
        token: whose eyes and hands; empty for the public's.
        outbox: folder where events wait for their receipt; by default that of `hub push`.
        patience: seconds to go on asking while the hub does not answer; 0 asks once.
        told: is called with a sentence whenever the hub is away.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        outbox: str | Path | None = None,
        patience: float = PATIENCE_SECONDS,
        told: Callable[[str], object] = silent,
    ) -> None:
        self._desk = Desk(address_for(url, token, outbox, patience, told), _never)

    async def push(
        self, events: Iterable[Mapping[str, Json]], *, batch: int = BATCH, dry_run: bool = False
    ) -> Pushed:
        """Send events, and all that waits in the outbox from before; see `Hub.push`."""
        return await self._in_thread(lambda desk: desk.push(events, batch, dry_run=dry_run))

    async def publish(self, event: Mapping[str, Json]) -> Published:
        """Send one event; see `Hub.publish`."""
        return await self._in_thread(lambda desk: desk.publish(event))

    async def waiting(self) -> int:
        """Return how many events wait in the outbox for their receipt."""
        return await self._in_thread(lambda desk: desk.waiting())

    async def get(self, path: str, **params: Json) -> Json:
        """Return the JSON of an address below `/api/v1`; see `Hub.get`."""
        return await self._in_thread(lambda desk: desk.get(path, params))

    async def events(
        self, after: str | None = None, *, page: int = PAGE, **filters: Unpack[Filters]
    ) -> AsyncIterator[Json]:
        """Yield the events that the token may see, in the order in which they were recorded."""
        pages = Pages(filters, after, page)
        while not pages.is_done:
            for event in await self._in_thread(lambda desk: desk.page(EVENTS, pages)):
                yield event

    async def follow(
        self,
        after: str = NOW,
        *,
        state: State | str | Path | None = None,
        give_up_after: float | None = None,
        silence: float = SILENCE_SECONDS,
        **filters: Unpack[Filters],
    ) -> AsyncGenerator[FeedMessage, None]:
        """Yield the messages of the feed, without end; see `Hub.follow`."""
        kept = state_of(state)
        start = (kept and kept.read()) or after
        feed = following(self._desk.address, start, filters, give_up_after=give_up_after, silence=silence)
        async with aclosing(feed) as messages:
            async for message in messages:
                yield message
                if kept is not None:
                    kept.write(message.cursor)

    async def close(self) -> None:
        """Close the connections."""
        await anyio.to_thread.run_sync(self._desk.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _in_thread(self, call: Callable[[Desk], T]) -> T:
        """Run a blocking call; whoever is cancelled does not wait for it, and it ends at its next pause."""
        is_cancelled = threading.Event()

        def pause(seconds: float) -> None:
            if is_cancelled.wait(seconds):
                raise Unreachable("The call was cancelled.")

        try:
            return await anyio.to_thread.run_sync(call, self._desk.pausing(pause), abandon_on_cancel=True)
        finally:
            is_cancelled.set()


def following(
    address: Address, start: str, filters: Filters, *, give_up_after: float | None, silence: float
) -> AsyncGenerator[FeedMessage, None]:
    """Return the messages of the feed from a cursor on."""
    feed = Feed(address.url, address.token, pairs(filters), give_up_after, silence)
    return follow(feed, Course(feed, start, random.SystemRandom().random), Ways(asyncio.sleep, address.told))


def address_for(
    url: str, token: str, outbox: str | Path | None, patience: float, told: Callable[[str], object]
) -> Address:
    """Return an address with its defaults."""
    folder = usual_folder(os.environ) if outbox is None else Path(outbox)
    return Address(url, token, folder, patience, told, str(uuid4()))


def state_of(said: State | str | Path | None) -> State | None:
    """Return where to keep a cursor; a path is a file of its own."""
    return FileState(Path(said)) if isinstance(said, (str, Path)) else said


def _never(_: float) -> None:
    raise AssertionError("each call brings its own way of waiting")
