"""Pages of the feed, read and encoded once for all listeners who would get the same bytes."""

import asyncio
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
        self._pages: OrderedDict[object, asyncio.Task[FeedBatch]] = OrderedDict()

    async def page(self, reader: Reader, query: EventQuery, place: Place) -> FeedBatch:
        """Return what follows `place` for this reader; empty when there is nothing yet."""
        key = (class_of(reader), query, place, self._room.position)
        task = self._pages.get(key)
        if task is None:
            task = self._pages[key] = asyncio.create_task(self._read(reader, query, place))
            if len(self._pages) > REMEMBERED:
                self._pages.popitem(last=False)
        # Shielded: a listener that leaves must not take the page away from the others.
        return await asyncio.shield(task)

    async def _read(self, reader: Reader, query: EventQuery, place: Place) -> FeedBatch:
        return await anyio.to_thread.run_sync(self._fold, reader, query, place, limiter=self._limiter)

    def _fold(self, reader: Reader, query: EventQuery, place: Place) -> FeedBatch:
        sight = self._room.purge(reader)
        page = sight.feed(place.position, place.part, query, self._most)
        frames = tuple(self._frame(message) for message in page.messages)
        return FeedBatch(frames, Place(page.reached, page.part))

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
        return frame(message.kind, cursor, more)
