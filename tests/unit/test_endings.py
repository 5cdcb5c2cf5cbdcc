"""What has ended is freed at once, without the garbage collector, which hardly ever runs in a hub."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.stall import untie
from projections.database import Database


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_the_connection_of_a_thread_ends_with_the_thread(tmp_path: Path) -> None:
    database = Database(tmp_path / "views.db")
    opened: list[weakref.ref[object]] = []

    def read() -> None:
        connection = database.reader()
        assert database.reader() is connection
        connection.execute("SELECT 1").fetchone()
        opened.append(weakref.ref(connection))

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert opened[0]() is None
    database.close()


class Ending(asyncio.Protocol):
    """Unties its transport, like the protocols of the hub."""

    def __init__(self, ended: asyncio.Event, known: "list[weakref.ref[object]]") -> None:
        self._ended = ended
        self._known = known
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._known.append(weakref.ref(transport))

    def connection_lost(self, exc: Exception | None) -> None:
        assert self.transport is not None
        untie(self.transport)
        self.transport = None
        self._ended.set()


def test_a_connection_that_has_ended_is_freed() -> None:
    async def come_and_go() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        known: list[weakref.ref[object]] = []
        server = await loop.create_server(lambda: Ending(ended, known), "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.close()
        await ended.wait()
        for _ in range(3):
            await asyncio.sleep(0)
        assert [one() for one in known] == [None]
        server.close()

    asyncio.run(come_and_go())
