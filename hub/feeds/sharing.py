"""Pages of the feed, read and encoded once for all listeners who would get the same bytes."""

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime

import anyio
import anyio.to_thread

from events.audience import Reader
from events.cursor import Cursors
from events.event import Position
from hub.feeds.frames import Frame, Place, frame
from hub.feeds.protocol import FeedBatch
from hub.latest import latest_place
from projections.event_query import EventQuery
from projections.feed import FeedMessage
from projections.labels import class_of
from projections.reading_room import ReadingRoom

REMEMBERED = 160
BEGINNINGS = 32
PAGE_BYTES = 46_000
"""A page stays in memory while one listener is served from it, so it is small: at most that, or one message.

Messages of the usual size are then written by three calls of the system that are full, and none that is nearly empty.
"""

Pages = OrderedDict[object, "asyncio.Future[FeedBatch]"]

_FIELDS = {
    "event": ("event",),
    "changed": ("source", "id", "reason", "event"),
    "withdrawn": ("source", "id", "reason"),
}


class SharedPages:
    """Remembers the newest pages; whoever asks for one that is being read waits for the same reading.

    A page that ends before the end of the log stays good until an earlier event reads differently.
    """

    def __init__(
        self, room: ReadingRoom, cursors: Cursors, limiter: anyio.CapacityLimiter, most: int
    ) -> None:
        self._room = room
        self._cursors = cursors
        self._limiter = limiter
        self._most = most
        self._fitting = most
        self._pages: Pages = OrderedDict()
        self._beginnings: OrderedDict[object, asyncio.Task[Place]] = OrderedDict()
        self._owing: tuple[object, dict[Reader, asyncio.Task[bool]]] = (None, {})
        room.on_erasure(self._forget)

    @property
    def kept(self) -> int:
        """How many pages are remembered."""
        return len(self._pages)

    @property
    def position(self) -> Position:
        """How far the log can be told."""
        return self._room.position

    def class_of(self, reader: Reader) -> Reader:
        """Return the reader that stands for all who are told the same."""
        return class_of(reader)

    def _forget(self) -> None:
        """Let go of all pages, from whatever thread."""
        self._pages = OrderedDict()
        self._beginnings = OrderedDict()

    async def owes(self, reader: Reader, now: datetime) -> bool:
        """Tell whether a partner owes an answer to an erasure for too long to be given anything new.

        Thousands of one partner may come at once: what is true is looked up once a second, and when anything moved.
        """
        moment = (self._room.position, now.replace(microsecond=0))
        if self._owing[0] != moment:
            self._owing = (moment, {})
        known, key = self._owing[1], class_of(reader)
        task = known.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = known[key] = asyncio.create_task(self._look_up(reader, now))
        return task.result() if task.done() else await asyncio.shield(task)

    async def _look_up(self, reader: Reader, now: datetime) -> bool:
        def owes() -> bool:
            return self._room.purge(reader).owes_answer(now)

        return await anyio.to_thread.run_sync(owes, limiter=self._limiter)

    async def beginning(self, reader: Reader, query: EventQuery, head: Position) -> Place:
        """Return where the last message stands that this reader would have been told up to `head`."""
        key = (class_of(reader), query, head, self._room.position, self._room.turned)
        known = self._beginnings
        task = known.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = known[key] = asyncio.create_task(self._find(reader, query, head))
            if len(known) > BEGINNINGS:
                known.popitem(last=False)
        return await asyncio.shield(task)

    async def _find(self, reader: Reader, query: EventQuery, head: Position) -> Place:
        return await anyio.to_thread.run_sync(self._latest, reader, query, head, limiter=self._limiter)

    def _latest(self, reader: Reader, query: EventQuery, head: Position) -> Place:
        return latest_place(self._room.purge(reader), query, head)

    async def page(self, reader: Reader, query: EventQuery, place: Place) -> FeedBatch:
        """Return what follows `place` for this reader; empty when there is nothing yet."""
        key = (class_of(reader), query, place)
        pages = self._pages
        task = pages.get(key)
        if task is None or not self._is_good(task):
            task = asyncio.create_task(self._read(reader, query, place))
            self._keep(pages, key, task)
        # Shielded: a listener that leaves must not take the page away from the others.
        return await asyncio.shield(task)

    def _keep(self, pages: Pages, key: object, page: "asyncio.Future[FeedBatch]") -> None:
        pages[key] = page
        pages.move_to_end(key)
        if len(pages) > REMEMBERED:
            pages.popitem(last=False)

    def _is_good(self, task: "asyncio.Future[FeedBatch]") -> bool:
        if not task.done():
            return True
        if task.cancelled() or task.exception() is not None:
            return False
        page = task.result()
        least = self._room.position if page.is_whole else self._room.turned
        return page.seen >= least

    async def _read(self, reader: Reader, query: EventQuery, place: Place) -> FeedBatch:
        return await anyio.to_thread.run_sync(self.read, reader, query, place, limiter=self._limiter)

    def read(self, reader: Reader, query: EventQuery, place: Place) -> FeedBatch:
        """Read a page in this thread, whatever is remembered."""
        sight = self._room.purge(reader)
        page = sight.feed(place.position, place.part, query, self._fitting)
        frames: list[Frame] = []
        size = 0
        for message in page.messages:
            one = self._frame(message)
            more = sys.getsizeof(one.text)
            if frames and size + more > PAGE_BYTES:
                break
            frames.append(one)
            size += more
        if frames:
            # Ask next time for about as many as fit.
            self._fitting = min(self._most, max(1, PAGE_BYTES * len(frames) // size))
        is_cut = len(frames) < len(page.messages)
        reached = page.messages[len(frames) - 1] if is_cut else None
        place = Place(page.reached, page.part) if reached is None else Place(reached.position, reached.part)
        is_whole = not is_cut and page.reached == page.seen and not page.part
        return FeedBatch(tuple(frames), place, is_whole, page.seen, {})

    async def edge(
        self, after: Position, keys: Sequence[tuple[Reader, EventQuery]]
    ) -> Sequence[FeedBatch] | None:
        """Return what follows a place, of which everything was told, for many classes and questions at once.

        None if so much reads differently since that each must read its page.
        """
        pages = self._pages
        found = await anyio.to_thread.run_sync(self.read_edge, after, keys, limiter=self._limiter)
        if found is not None:
            self._remember(pages, Place(after), zip(keys, found, strict=True))
        return found

    def read_edge(
        self, after: Position, keys: Sequence[tuple[Reader, EventQuery]]
    ) -> Sequence[FeedBatch] | None:
        """Read the edge in this thread: the log once, each message encoded once for all to whom it looks the same."""
        edge = self._room.edge(after, self._most, PAGE_BYTES)
        if edge is None:
            return None
        is_whole, place = edge.reached == edge.seen, Place(edge.reached)
        frames: dict[int, Frame] = {}
        batches: dict[tuple[int, ...], FeedBatch] = {}
        found: list[FeedBatch] = []
        for reader, query in keys:
            # The edge keeps its messages: as long as it is here, no other object has the same number.
            told = {id(one): one for one in self._room.purge(reader).at_edge(edge, query).messages}
            for number in told.keys() - frames.keys():
                frames[number] = self._frame(told[number])
            batch = batches.get(tuple(told))
            if batch is None:
                shown = tuple(frames[number] for number in told)
                batch = batches[tuple(told)] = FeedBatch(shown, place, is_whole, edge.seen, {})
            found.append(batch)
        return found

    def _remember(
        self, pages: Pages, place: Place, read: Iterable[tuple[tuple[Reader, EventQuery], FeedBatch]]
    ) -> None:
        """Keep pages that were read at once, unless everything was forgotten meanwhile."""
        for (reader, query), batch in read:
            done: asyncio.Future[FeedBatch] = asyncio.get_running_loop().create_future()
            done.set_result(batch)
            self._keep(pages, (class_of(reader), query, place), done)

    def _frame(self, message: FeedMessage) -> Frame:
        cursor = self._cursors.encode(message.position, message.part)
        said = {"source": message.source, "id": message.id, "reason": message.reason, "event": message.event}
        more = {name: said[name] for name in _FIELDS[message.kind]}
        if message.kind == "event":
            more["touches"] = message.touches
        if message.flags:
            more["flags"] = message.flags
        return frame(message.kind, cursor, more, Place(message.position, message.part))
