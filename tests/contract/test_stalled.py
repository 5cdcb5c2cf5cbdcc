"""Readers that take nothing, over real sockets: what they cost, when they are gone, and that others go on."""

import gc
import json
import select
import socket
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from hub.bounds import WRITE_BUFFER_BYTES
from hub.feeds.frames import LARGEST_PIECE, frame, pieces
from hub.server import LARGEST_FRAME_IN, PING_SECONDS, PONG_SECONDS, SEND_BUFFER_BYTES
from hub.settings import Settings
from tests.running import Served, World, make_world, serving, threat

Json = Any
READERS = 10
MOST_BYTES_EACH = (64 if sys.gettrace() is None else 96) * 1024
"""What measures coverage keeps something for each line that a reader's task runs."""

SLOW = 5.0
SOON = 20

UPGRADE = (
    "GET /api/v1/feed?after=begin HTTP/1.1\r\nHost: hub.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
STREAM = "GET /api/v1/feed?after=begin HTTP/1.1\r\nHost: hub.test\r\nAccept: text/event-stream\r\n\r\n"
ALL = "GET /api/v1/events?limit=1000 HTTP/1.1\r\nHost: hub.test\r\n\r\n"
KINDS = pytest.mark.parametrize("request_text", [UPGRADE, STREAM], ids=["websocket", "sse"])


def filled(world: World, hub: Served, many: int = 900) -> None:
    """Record more than sockets can hold."""
    said = {"title": "word " * 40, "narrative": "x" * 3000}
    lines = "\n".join(json.dumps(threat(number, data=said, tlp="clear")) for number in range(many))
    headers = {**world.bearer("publisher"), "Content-Type": "application/x-ndjson"}
    answer = httpx.post(f"{hub.url}/api/v1/events", content=lines, headers=headers, timeout=60)
    assert answer.json()["stored"] == many, answer.text[:500]
    httpx.get(f"{hub.url}/healthz?at_least={answer.json()['cursor']}", timeout=60)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"), slow_seconds=SLOW, at_least_seconds=60.0)


@pytest.fixture(scope="module")
def hub(world: World) -> Iterator[Served]:
    with serving(world) as served:
        filled(world, served)
        yield served


def stalled(hub: Served, request: str) -> socket.socket:
    """Ask for much, and read nothing of it."""
    host, _, port = hub.url.removeprefix("http://").partition(":")
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.settimeout(SOON)
    opened.connect((host, int(port)))
    opened.sendall(request.encode())
    return opened


def waiting(hub: Served) -> list[int]:
    """Return how many bytes wait in user space for each reader who has not taken all."""
    sizes = [one.transport.get_write_buffer_size() for one in list(hub.server.server_state.connections)]
    return [size for size in sizes if size]


def until(holds: Callable[[], bool], seconds: float = SOON) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds
        time.sleep(0.01)
    return time.monotonic() - began


def read_all(opened: socket.socket, end: bytes | None = None) -> bytes:
    """Read until a certain end, or until the connection ends."""
    taken = bytearray()
    while piece := opened.recv(65_536):
        taken += piece
        if end is not None and taken.endswith(end):
            break
    return bytes(taken)


def ids(listener: ClientConnection, many: int) -> list[str]:
    heard: list[str] = []
    while len(heard) < many:
        message = json.loads(listener.recv(timeout=SOON))
        if message["kind"] == "event":
            heard.append(message["event"]["id"])
    return heard


def traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def cost_of_ten(world: World, hub: Served, request_text: str, first: int) -> tuple[float, float]:
    """Let ten stall while events are published; return what each costs in bytes, and for how long they stay."""
    tracemalloc.start()
    try:
        with ExitStack() as opened:
            others = opened.enter_context(connect(f"{hub.feed}?after=now", compression=None, proxy=None))
            assert json.loads(others.recv(timeout=SOON))["kind"] == "live"
            readers = [opened.enter_context(closing(stalled(hub, request_text))) for _ in range(READERS)]
            until(lambda: len(waiting(hub)) == READERS)
            began = time.monotonic()
            published = [f"t-{number}" for number in range(first, first + 10)]
            for number in range(first, first + 10):
                hub.post(threat(number, tlp="clear"), world.bearer("publisher"))
            assert ids(others, 10) == published
            assert httpx.get(f"{hub.url}/healthz", timeout=5).status_code == 200
            assert len(waiting(hub)) == READERS
            assert max(waiting(hub)) <= WRITE_BUFFER_BYTES == 16_384
            with_them = traced()
            until(lambda: not waiting(hub))
            stayed = time.monotonic() - began
            until(lambda: len(hub.server.server_state.connections) <= 2)
            without_them = traced()
            for one in readers:
                # The far end hears it too: what the kernel held for it was thrown away.
                with pytest.raises(ConnectionResetError):
                    read_all(one)
    finally:
        tracemalloc.stop()
    return (with_them - without_them) / READERS, stayed


@KINDS
def test_ten_stalled_readers_cost_little_and_go_while_others_are_served(
    world: World, hub: Served, request_text: str
) -> None:
    bytes_each, seconds = cost_of_ten(world, hub, request_text, 5000 if request_text == UPGRADE else 6000)
    # What others let go of meanwhile may be more than what ten cost.
    assert bytes_each < MOST_BYTES_EACH
    # As much later than 15 seconds as 20 are, and what a busy machine adds.
    assert seconds < SLOW * 20 / 15 + 1


@pytest.mark.deep
@KINDS
def test_by_default_ten_stalled_readers_are_gone_within_twenty_seconds(
    tmp_path: Path, request_text: str
) -> None:
    world = make_world(tmp_path, at_least_seconds=60.0)
    assert world.settings.slow_seconds == Settings().slow_seconds
    with serving(world) as hub:
        filled(world, hub)
        bytes_each, seconds = cost_of_ten(world, hub, request_text, 5000)
    assert bytes_each < MOST_BYTES_EACH
    assert 11 < seconds < 20


def test_a_download_that_nobody_reads_is_bounded_and_ends(hub: Served) -> None:
    with closing(stalled(hub, ALL)) as reader:
        until(lambda: len(waiting(hub)) == 1)
        assert max(waiting(hub)) <= WRITE_BUFFER_BYTES
        until(lambda: not waiting(hub), SLOW * 20 / 15 + 1)
        with pytest.raises(ConnectionResetError):
            read_all(reader)


def test_a_download_that_is_read_slowly_arrives_whole(hub: Served) -> None:
    with closing(stalled(hub, ALL.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))) as reader:
        said = bytearray()
        began = time.monotonic()
        while piece := reader.recv(8192):
            said += piece
            if time.monotonic() - began < 2 * SLOW:
                time.sleep(0.05)
    head, _, body = bytes(said).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert json.loads(body) == httpx.get(f"{hub.url}/api/v1/events?limit=1000").json()
    assert time.monotonic() - began > SLOW


@pytest.mark.parametrize("ends", ["revoked", "suspended"])
def test_a_download_ends_with_the_rights_of_its_reader(tmp_path: Path, ends: str) -> None:
    world = make_world(tmp_path, at_least_seconds=60.0)
    with serving(world) as hub:
        filled(world, hub, 400)
        token = f"Authorization: Bearer {world.tokens['observer']}"
        asked = f"GET /api/v1/graph/export?format=json HTTP/1.1\r\nHost: hub.test\r\n{token}\r\n\r\n"
        with closing(stalled(hub, asked)) as reader:
            until(lambda: len(waiting(hub)) == 1)
            if ends == "revoked":
                world.revoke("observer")
            else:
                hub.post(suspension("open-docket"), world.bearer("steward"))
            with pytest.raises(ConnectionResetError):
                read_all(reader, b"0\r\n\r\n")
            assert not waiting(hub)
        # Others download on.
        answer = httpx.get(f"{hub.url}/api/v1/graph/export?format=json", headers=world.bearer("publisher"))
        assert len(answer.json()["nodes"]) > 800


def suspension(slug: str) -> Json:
    """Return the suspension of a partner."""
    data = {"partner": f"partner:{slug}", "from": "2031-05-04T11:45:00Z", "scope": "both", "reason": "seized"}
    source = "urn:hub:partner:stewards"
    return {"specversion": "1.0", "id": "end", "source": source, "type": "partner.suspended", "data": data}


@KINDS
def test_a_reader_who_wakes_before_the_end_is_told(hub: Served, request_text: str) -> None:
    with closing(stalled(hub, request_text)) as reader:
        until(lambda: any(waiting(hub)))
        # After four fifths of the time it is behind; in the last fifth it may hear so.
        time.sleep(SLOW * 0.87)
        end = b"\x88\x02" + (1013).to_bytes(2, "big") if request_text == UPGRADE else b"\r\n0\r\n\r\n"
        said = read_all(reader, end)
    assert said.count(b'"reason":"slow"') == 1
    cursor = json.loads(said[said.rindex(b'{"kind":"bye"') :].partition(b"}")[0] + b"}")["cursor"]
    assert said.count(cursor.encode()) >= 2  # the last message that it has, and the goodbye
    assert said.endswith(end)


def test_pings_of_a_reader_who_reads_nothing_do_not_pile_up(hub: Served) -> None:
    ping = b"\x89\xfd\x00\x00\x00\x00" + b"p" * 125
    with closing(stalled(hub, UPGRADE.replace("begin", "now"))) as reader:
        reader.setblocking(False)
        most, began = 0, time.monotonic()
        while time.monotonic() - began < SLOW * 2:
            if select.select([], [reader], [], 0.02)[1]:
                try:
                    reader.send(ping * 200)
                except OSError:
                    break
            most = max(most, *waiting(hub), 0)
        assert 0 < most <= WRITE_BUFFER_BYTES
        until(lambda: not waiting(hub), SLOW * 2)


def test_kernel_buffers_of_a_connection_are_small(hub: Served) -> None:
    with connect(hub.feed, compression=None, proxy=None) as listener:
        listener.recv(timeout=SOON)
        [one] = [one for one in hub.server.server_state.connections if hasattr(one, "look")]
        opened = one.transport.get_extra_info("socket")
        # Linux doubles what it is asked for, to have room for its own books.
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * SEND_BUFFER_BYTES
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 15_000
    assert PING_SECONDS + PONG_SECONDS < 20


def test_a_long_message_comes_whole_by_either_transport(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    said = {"narrative": "\u12a0\u1260\U0001f54a" * 1600, "title": "x"}
    world.issue("own", "harbour-bar-watch", "publisher", clearance="red")
    with serving(world) as hub:
        hub.post(threat(1, tlp="clear", data=said), world.bearer("publisher"))
        with connect(f"{hub.feed}?after=begin", additional_headers=world.bearer("own"),
                     compression=None, proxy=None) as listener:  # fmt: skip
            messages = [json.loads(listener.recv(timeout=SOON)) for _ in range(4)]
        [message] = [one for one in messages if one.get("event", {}).get("id") == "t-1"]
        assert message["event"]["data"]["narrative"] == said["narrative"]
        headers = {**world.bearer("own"), "Accept": "text/event-stream"}
        with httpx.stream("GET", f"{hub.url}/api/v1/feed?after=begin", headers=headers) as answer:
            lines = (line for line in answer.iter_lines() if line.startswith("data: "))
            told = [json.loads(next(lines).removeprefix("data: ")) for _ in range(4)]
        assert told == messages


@pytest.mark.parametrize(
    "text",
    ["", "a", "a" * LARGEST_PIECE, "a" * (LARGEST_PIECE + 1), "\u00e9" * LARGEST_PIECE, "a\U0001f54a" * 9000],
)
def test_pieces_are_small_and_make_up_the_text(text: str) -> None:
    found = list(pieces(text))
    assert b"".join(found).decode() == text
    assert len(found) >= 1
    assert max(map(len, found)) <= LARGEST_PIECE
    one = frame("event", "c", {"event": text})
    whole = f"event: event\nid: c\ndata: {one.text}\n\n"
    assert b"".join(one.server_sent()).decode() == whole


def test_frames_in_fragments_have_the_same_limit(hub: Served) -> None:
    with connect(f"{hub.feed}?after=now", compression=None, proxy=None) as listener:
        assert json.loads(listener.recv(timeout=SOON))["kind"] == "live"
        listener.send(["x" * 30_000, "x" * 30_000])
        with suppress(ConnectionClosed):
            # The hub may close before the last fragment is out.
            listener.send(["x" * (LARGEST_FRAME_IN // 2)] * 3)
        with pytest.raises(ConnectionClosed) as closed:
            listener.recv(timeout=SOON)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_the_hub_offers_no_compression(hub: Served) -> None:
    with connect(hub.feed, compression="deflate", proxy=None) as listener:
        assert listener.protocol.extensions == []
        assert listener.response is not None
        assert "sec-websocket-extensions" not in {name.lower() for name in listener.response.headers}
