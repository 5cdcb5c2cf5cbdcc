"""Pages of the feed that several listeners share, and that are let go of when something is erased."""

import anyio
import anyio.to_thread

from events.audience import PUBLIC
from events.cursor import Cursors
from events.event import Position
from hub.feeds.frames import Place
from hub.feeds.sharing import SharedPages
from projections.event_query import EventQuery
from projections.reading_room import ReadingRoom
from tests.logs import MemoryLog

BEGIN = Place(Position(0))


def test_a_page_is_read_once_and_forgotten_with_an_erasure(log: MemoryLog, room: ReadingRoom) -> None:
    log.threat(1, tlp="clear")
    log.add("statement.issued", {"statement": "statement:a-b.1", "facts_from": ["e1"]}, tlp="clear")
    room.catch_up()

    async def follow() -> None:
        pages = SharedPages(room, Cursors(bytes(16)), anyio.CapacityLimiter(1), 100)
        first = await pages.page(PUBLIC, EventQuery(), BEGIN)
        assert await pages.page(PUBLIC, EventQuery(), BEGIN) is first
        assert [frame.kind for frame in first.frames] == ["event", "event"]
        assert pages.kept == 1
        log.retract("e1")
        log.erase("lawyer:harbour-bar-watch.1")
        await anyio.to_thread.run_sync(room.catch_up)
        assert pages.kept == 0
        told = await pages.page(PUBLIC, EventQuery(), first.place)
        assert [frame.kind for frame in told.frames] == ["withdrawn", "changed"]
        assert '"flags":["STALE_FACT"]' in told.frames[1].text

    anyio.run(follow)


def test_thousands_who_begin_now_are_placed_by_one_reading(log: MemoryLog, room: ReadingRoom) -> None:
    log.threat(1, tlp="clear")
    log.threat(2, tlp="red")
    room.catch_up()

    async def begin() -> None:
        limiter = anyio.CapacityLimiter(1)
        pages = SharedPages(room, Cursors(bytes(16)), limiter, 100)
        query, head = EventQuery(), room.position
        assert await pages.beginning(PUBLIC, query, head) == Place(Position(1))
        # No thread is to be had: what is known already needs none.
        async with limiter:
            with anyio.fail_after(5):
                assert await pages.beginning(PUBLIC, query, head) == Place(Position(1))
        log.threat(3, tlp="clear")
        await anyio.to_thread.run_sync(room.catch_up)
        assert await pages.beginning(PUBLIC, query, room.position) == Place(Position(3))

    anyio.run(begin)
