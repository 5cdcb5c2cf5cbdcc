"""Connections that became pipes of the feed, over real sockets: no deadline of a request ends them."""

import socket
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.running import Served, World, make_world, serving, threat

BODY = 0.3
PING_SECONDS = 0.5
SOON = 20
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
KINDS = pytest.mark.parametrize("head", [UPGRADE, "Accept: text/event-stream\r\n"], ids=["websocket", "sse"])
PING = b"\x89\x04"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"), head_seconds=BODY, body_seconds=BODY)


@pytest.fixture(scope="module")
def hub(world: World) -> Iterator[Served]:
    with serving(world) as served:
        served.server.config.ws_ping_interval = PING_SECONDS
        yield served


def listening(hub: Served, head: str) -> socket.socket:
    """Ask for the feed from now on, and read until all is told."""
    host, _, port = hub.url.removeprefix("http://").partition(":")
    opened = socket.create_connection((host, int(port)), timeout=SOON)
    opened.sendall(f"GET /api/v1/feed?after=now HTTP/1.1\r\nHost: hub.test\r\n{head}\r\n".encode())
    read_until(opened, b'"kind":"live"')
    return opened


def read_until(opened: socket.socket, end: bytes) -> bytes:
    """Read until something comes; return all that did."""
    said = bytearray()
    while end not in said:
        piece = opened.recv(65_536)
        assert piece, "the connection has ended"
        said += piece
    return bytes(said)


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    late = time.monotonic() + SOON
    while not is_so():
        assert time.monotonic() < late
        time.sleep(0.01)


@pytest.fixture
def tell(world: World, hub: Served) -> Callable[[socket.socket], bytes]:
    """Publish something, and return what a listener reads until it has come."""

    def publish(listener: socket.socket) -> bytes:
        number = next(numbers)
        hub.post(threat(number, tlp="clear"), world.bearer("publisher"))
        return read_until(listener, f'"id":"t-{number}"'.encode())

    numbers = count(time.monotonic_ns())
    return publish


@KINDS
def test_a_feed_outlives_the_deadlines_of_requests_and_is_not_watched(
    hub: Served, tell: Callable[[socket.socket], bytes], head: str
) -> None:
    with listening(hub, head) as listener:
        bounds = hub.server.config.bounds  # type: ignore[attr-defined]  # of our own configuration
        port = listener.getsockname()[1]
        until(lambda: port not in {one.client[1] for one in list(bounds.watched)})
        end = time.monotonic() + 3 * BODY
        while time.monotonic() < end:
            tell(listener)


def test_whoever_is_told_something_is_not_pinged_until_there_is_silence(
    hub: Served, tell: Callable[[socket.socket], bytes]
) -> None:
    with listening(hub, UPGRADE) as listener:
        said = tell(listener)
        last = began = time.monotonic()
        longest = 0.0
        while last < began + 3 * PING_SECONDS:
            said += tell(listener)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        if PING in said:
            # A machine so busy is silent for that long; without an answer to it there is no other ping.
            assert longest > PING_SECONDS / 2
        else:
            read_until(listener, PING)
