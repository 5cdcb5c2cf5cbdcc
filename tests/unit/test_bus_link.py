"""The connection to the bus: wherever it is broken off, none stays open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.bus.link import FAULTS, Letter, linked

INFO = b'INFO {"server_id":"S","version":"2.12.0","max_payload":1048576,"headers":true,"proto":1}\r\n'
FILES = Path("/proc/self/fd")
STEPS = 40
"""Of the event loop; a connection stands after fewer."""


class Door:
    """A server that says the first words of the protocol, and knows who is still connected.

    Attributes:
        open: the ends of who is connected.
        empty: set while nobody is.
        coming: set when somebody comes.
        came: how many did.
    """

    def __init__(self) -> None:
        self.open: set[asyncio.StreamWriter] = set()
        self.empty = asyncio.Event()
        self.coming = asyncio.Event()
        self.came = 0
        self.empty.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        self.open.add(writer)
        self.coming.set()
        self.empty.clear()
        writer.write(INFO)
        try:
            while line := await reader.readline():
                if line.startswith(b"PING"):
                    writer.write(b"PONG\r\n")
        except ConnectionError:
            pass
        finally:
            writer.close()
            self.open.discard(writer)
            if not self.open:
                self.empty.set()

    def hang_up(self) -> None:
        self.coming.clear()
        for writer in self.open:
            writer.close()


@asynccontextmanager
async def listening(door: Door) -> AsyncIterator[str]:
    """Serve a door; yields its address."""
    server = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    yield f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()


def open_files() -> int:
    """Return how many files and sockets this process has open."""
    return len([*FILES.iterdir()])


class TestBreakingOff:
    """Whoever was let in and is never told that the other is gone would be waited for until the time is over."""

    def test_while_it_connects_leaves_no_connection_open(self) -> None:
        asyncio.run(asyncio.wait_for(self._while_it_connects(), 120))

    async def _while_it_connects(self) -> None:
        door, linking = Door(), asyncio.Event()
        async with listening(door) as url:
            for steps in range(STEPS):
                await _broken_off(asyncio.create_task(_linked(url, linking)), steps)
                await door.empty.wait()
        assert linking.is_set(), "the last steps are those of a whole connection"
        assert door.came >= STEPS // 2

    def test_while_it_comes_back_leaves_no_connection_open(self) -> None:
        asyncio.run(asyncio.wait_for(self._while_it_comes_back(), 120))

    async def _while_it_comes_back(self) -> None:
        door = Door()
        async with listening(door) as url:
            # It comes back after a pause: half of the steps are enough.
            for steps in range(0, STEPS // 2, 2):
                linking = asyncio.Event()
                task = asyncio.create_task(_linked(url, linking))
                await linking.wait()
                door.hang_up()
                await door.coming.wait()
                await _broken_off(task, steps)
                await door.empty.wait()
        assert door.came >= STEPS // 2, "each came twice"

    def test_while_a_server_does_not_read_leaves_no_connection_open(self) -> None:
        asyncio.run(asyncio.wait_for(self._while_a_server_does_not_read(), 120))

    async def _while_a_server_does_not_read(self) -> None:
        door = Door()
        async with listening(door) as url:
            before = open_files()
            async with linked(url, "HUB") as link:
                [writer] = door.open
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                letters = [Letter("hub.log", bytes(1_000_000), str(number)) for number in range(16)]
                with pytest.raises(FAULTS):
                    await link.publish_all(letters, 0)
            assert open_files() == before + 1, "only the server's end is open"


async def _linked(url: str, linking: asyncio.Event) -> None:
    async with linked(url, "HUB"):
        linking.set()
        await asyncio.Event().wait()


async def _broken_off(task: asyncio.Task[None], steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
