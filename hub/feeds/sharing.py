"""Pages of the feed, read and encoded once for all listeners who would get the same bytes."""

import asyncio
import sys
from collections import OrderedDict
from dataclasses import dataclass

import anyio
import anyio.to_thread

from events.audience import Reader
from events.cursor import Cursors
from hub.feeds.frames import Frame, Place, frame
from projections.event_query import EventQuery
from projections.feed import FeedMessage
from projections.labels import class_of
from projections.reading_room import ReadingRoom

REMEMBERED = 256
PAGE_BYTES = 32_768
"""A page stays in memory while one listener is served from it, so it is small: about that, or one message."""


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """Messages in order, and where a listener stands who has them all."""

    frames: tuple[Frame, ...]
    place: Place


class SharedPages:
    """Remembers the newest pages; whoever asks for one that is being read waits for the same reading."""

    def __init__(
        self, room: ReadingRoom, cursors: Cursors, limiter: anyio.CapacityLimiter, most: int
    ) -> None:
        self._room = room
        self._cursors = cursors
        self._limiter = limiter
        self._most = most
        self._fitting = most
        self._pages: OrderedDict[object, asyncio.Task[FeedBatch]] = OrderedDict()
        room.on_erasure(self._forget)

    @property
    def kept(self) -> int:
        """How many pages are remembered."""
        return len(self._pages)

    def _forget(self) -> None:
        """Let go of all pages, from whatever thread."""
        self._pages = OrderedDict()

    async def page(self, reader: Reader, query: EventQuery, place: Place) -> FeedBatch:
        """Return what follows `place` for this reader; empty when there is nothing yet."""
        key = (class_of(reader), query, place, self._room.position)
        pages = self._pages
        task = pages.get(key)
        if task is None:
            task = pages[key] = asyncio.create_task(self._read(reader, query, place))
            if len(pages) > REMEMBERED:
                pages.popitem(last=False)
        # Shielded: a listener that leaves must not take the page away from the others.
        return await asyncio.shield(task)

    async def _read(self, reader: Reader, query: EventQuery, place: Place) -> FeedBatch:
        return await anyio.to_thread.run_sync(self._fold, reader, query, place, limiter=self._limiter)

    def _fold(self, reader: Reader, query: EventQuery, place: Place) -> FeedBatch:
        sight = self._room.purge(reader)
        page = sight.feed(place.position, place.part, query, self._fitting)
        frames: list[Frame] = []
        size = 0
        for message in page.messages:
            frames.append(self._frame(message))
            size += sys.getsizeof(frames[-1].text)
            if size >= PAGE_BYTES:
                break
        if frames:
            # Ask next time for about as many as fit.
            self._fitting = min(self._most, max(1, PAGE_BYTES * len(frames) // size))
        if len(frames) < len(page.messages):
            last = page.messages[len(frames) - 1]
            return FeedBatch(tuple(frames), Place(last.position, last.part))
        return FeedBatch(tuple(frames), Place(page.reached, page.part))

    def _frame(self, message: FeedMessage) -> Frame:
        cursor = self._cursors.encode(message.position, message.part)
        said = {"source": message.source, "id": message.id, "reason": message.reason, "event": message.event}
        fields = {
            "event": ("event",),
            "changed": ("source", "id", "reason", "event"),
            "withdrawn": ("source", "id", "reason"),
        }[message.kind]
        more = {name: said[name] for name in fields}
        if message.kind == "event":
            more["touches"] = message.touches
        if message.flags:
            more["flags"] = message.flags
        return frame(message.kind, cursor, more)
