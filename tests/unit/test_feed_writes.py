"""Writing to many listeners at once: straight to their files, and by their lines where something has to wait."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress

import anyio
import pytest

from events.cursor import Cursors
from events.event import Position
from hub.feeds.bundle import Bundle
from hub.feeds.frames import Framing, Place
from hub.feeds.lines import PipedLine
from hub.feeds.protocol import Listener, Start
from hub.feeds.sharing import SharedPages
from projections.event_query import EventQuery
from projections.feed_edge import MOST_TURNS
from projections.reading_room import ReadingRoom
from tests.logs import PARTNER, MemoryLog


class Wire:
    """A line with a real socket behind it, and what was left for the line itself to write."""

    framing: Framing = "text"
    is_pulled = False

    def __init__(self, opened: ExitStack, *, is_straight: bool = True) -> None:
        self.near, self.far = socket.socketpair()
        for one in (self.near, self.far):
            opened.enter_context(one).setblocking(False)
        self.file = self.near.fileno() if is_straight else None
        self.left: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.left.append(data)

    def pour(self, pieces: Sequence[bytes]) -> int:
        return len(pieces)

    def is_ready(self) -> bool:
        return not self.left

    def kick(self) -> None: ...

    def end(self) -> None: ...

    def drop(self) -> None: ...

    def fill(self) -> None:
        """Write until nothing more is taken."""
        with suppress(BlockingIOError):
            while True:
                os.write(self.near.fileno(), b"x" * 4096)


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def listener(line: Wire) -> Listener:
    return Listener(None, EventQuery(), Start(Place(Position(0)), "begin", Position(0)), line)


def test_each_gets_the_bytes_and_who_is_full_or_gone_is_left_to_his_line(opened: ExitStack) -> None:
    quick, full, gone = (Wire(opened) for _ in range(3))
    other = Wire(opened, is_straight=False)
    full.fill()
    gone.far.close()
    bundle = Bundle()
    listeners = [listener(one) for one in (quick, full, gone, other)]
    for one in listeners:
        bundle.join(one)
    assert (len(bundle), list(bundle)) == (4, listeners)
    bundle.write(b"told")
    assert (quick.far.recv(100), quick.left) == (b"told", [])
    assert b"".join(full.left) == b"told"
    assert gone.left == [b"told"] == other.left
    for one in listeners:
        bundle.part(one)
        bundle.part(one)
    bundle.write(b"no more")
    assert len(bundle) == 0
    assert other.left == [b"told"]


def test_of_what_goes_out_in_part_the_line_writes_the_rest(opened: ExitStack) -> None:
    wire = Wire(opened)
    wire.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    bundle = Bundle()
    bundle.join(listener(wire))
    data = bytes(range(256)) * 4096
    bundle.write(data)
    [rest] = wire.left
    taken = bytearray()
    while len(taken) < len(data) - len(rest):
        taken += wire.far.recv(65_536)
    assert bytes(taken) + rest == data


class Tap(PipedLine):
    """A piped line whose transport is a list."""

    __slots__ = ("left",)

    def __init__(self, file: int | None) -> None:
        super().__init__(None)  # type: ignore[arg-type]  # nobody listens to it
        self.file = file
        self.left: list[bytes] = []
        self.write = self.left.append


def test_a_page_is_written_by_one_call_as_far_as_it_is_taken(opened: ExitStack) -> None:
    async def pour() -> None:
        wire = Wire(opened)
        pieces = [b"one", b"two", b"three"]
        tap = Tap(wire.file)
        assert tap.pour(pieces) == 3
        assert (wire.far.recv(100), tap.left) == (b"onetwothree", [])
        wire.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        long = [bytes([number]) * 16_000 for number in range(64)]
        poured = tap.pour(long)
        assert 0 < poured < 64
        [rest] = tap.left
        taken = bytearray()
        while len(taken) < 16_000 * poured - len(rest):
            taken += wire.far.recv(65_536)
        assert bytes(taken) + rest == b"".join(long[:poured])
        wire.far.close()
        assert tap.pour(pieces) == 1
        assert tap.left[-1] == b"one"
        encrypted = Tap(None)
        assert (encrypted.pour(pieces), encrypted.left) == (1, [b"one"])

    anyio.run(pour)


def test_where_too_much_reads_differently_everybody_reads_pages(log: MemoryLog, room: ReadingRoom) -> None:
    for number in range(MOST_TURNS + 1):
        log.threat(number, notbefore="2027-01-01T00:00:00Z")
    room.catch_up()
    before = room.position
    log.release("2027-01-01T00:00:00Z")
    room.catch_up()
    assert room.edge(before, 100, 10_000) is None
    shared = SharedPages(room, Cursors(bytes(16)), anyio.CapacityLimiter(1), 100)
    assert anyio.run(shared.edge, before, [(PARTNER, EventQuery())]) is None
    page = shared.read(PARTNER, EventQuery(), Place(before))
    rest = shared.read(PARTNER, EventQuery(), page.place)
    assert len(page.frames) + len(rest.frames) == MOST_TURNS + 1


def test_an_edge_is_as_long_as_a_page_and_remembered_like_one(log: MemoryLog, room: ReadingRoom) -> None:
    for number in range(9):
        log.threat(number, tlp=("green", "red")[number % 2])
    room.catch_up()
    start = Position(0)
    assert [one.position for one in room.edge(start, 4, 10**6).events] == [1, 2, 3, 4]  # type: ignore[union-attr]
    assert [one.position for one in room.edge(start, 4, 1).events] == [1]  # type: ignore[union-attr]

    async def follow() -> None:
        shared = SharedPages(room, Cursors(bytes(16)), anyio.CapacityLimiter(1), 100)
        threats, hearings = EventQuery(types=("threat.*",)), EventQuery(types=("hearing.*",))
        found = await shared.edge(start, [(PARTNER, EventQuery()), (PARTNER, threats), (PARTNER, hearings)])
        assert found is not None
        assert found[0] is found[1]
        assert ([len(one.frames) for one in found], shared.kept) == ([5, 5, 0], 3)
        assert await shared.page(PARTNER, threats, Place(start)) is found[0]
        log.erase("lawyer:harbour-bar-watch.1")
        await anyio.to_thread.run_sync(room.catch_up)
        assert shared.kept == 0

    anyio.run(follow)
