"""Requests that take their time, over real sockets: they are closed, and honest slow ones are served."""

import asyncio
import json
import logging
import re
import select
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from uvicorn.server import ServerState

from hub.bounds import Bounds
from hub.crowd import Crowd
from hub.deadlines import BoundedConfig, BoundedHttp
from hub.heads import LONGEST_LINE, MOST_HEADERS
from hub.settings import Settings
from tests.running import Served, World, make_world, serving, threat

Json = Any
HEAD, BODY, RATE = 0.4, 0.4, 2000
SLIP = 0.1
"""Seconds by which the hub may have begun to count before the test did."""
SLACK = 8.0
"""What a busy machine may add to a deadline. Whoever has none is never cut off."""

CHUNKED = "Transfer-Encoding: chunked\r\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(
        tmp_path_factory.mktemp("hub"), head_seconds=HEAD, body_seconds=BODY, body_bytes_per_second=RATE
    )


@pytest.fixture(scope="module")
def hub(world: World) -> Iterator[Served]:
    with serving(world) as served:
        yield served


def opened(hub: Served) -> socket.socket:
    host, _, port = hub.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def post_head(world: World, more: str, media: str = "application/x-ndjson") -> bytes:
    token = world.tokens["publisher"]
    return (
        f"POST /api/v1/events HTTP/1.1\r\nHost: hub.test\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {media}\r\n{more}\r\n"
    ).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def everything(talker: socket.socket) -> bytes:
    """Return what comes until the connection ends."""
    said = bytearray()
    try:
        while piece := talker.recv(65_536):
            said += piece
    except ConnectionResetError:
        pass
    return bytes(said)


def answer(talker: socket.socket) -> bytes:
    """Return one answer that says its length."""
    said = bytearray()
    while b"\r\n\r\n" not in said:
        said += talker.recv(1)
    found = re.search(rb"(?i)content-length: (\d+)", said)
    assert found
    left = int(found[1])
    while left:
        piece = talker.recv(left)
        said += piece
        left -= len(piece)
    return bytes(said)


def problem(said: bytes) -> tuple[int, str]:
    """Return status and slug of a refusal, which must be whole."""
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    assert b"content-security-policy" in head.lower()
    document = json.loads(body)
    assert document["status"] == int(head.split()[1])
    return document["status"], document["type"].removeprefix("urn:hub:problem:")


def trickled(talker: socket.socket, text: bytes, every: float) -> float:
    """Send a text byte by byte until an answer or the end comes; return how long that took."""
    began = time.monotonic()
    for at in range(len(text)):
        if select.select([talker], [], [], every)[0]:
            break
        try:
            talker.sendall(text[at : at + 1])
        except OSError:
            break
    return time.monotonic() - began


HEADS = {
    "nothing at all": b"",
    "half a head": b"GET /healthz HTTP/1.1\r\nHost: hub.test\r\n",
    "half a handshake": b"GET /api/v1/feed HTTP/1.1\r\nHost: hub.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    "half a line": b"GE",
}


@pytest.mark.parametrize("said", HEADS.values(), ids=HEADS.keys())
def test_a_head_that_does_not_come_is_closed_in_time(hub: Served, said: bytes) -> None:
    with opened(hub) as talker:
        began = time.monotonic()
        talker.sendall(said)
        said = everything(talker)
        assert HEAD - SLIP <= time.monotonic() - began < HEAD + SLACK
    assert problem(said) == (408, "too-slow")


@pytest.mark.parametrize("kind", ["request", "handshake"])
def test_a_head_that_comes_byte_by_byte_is_closed_in_time(hub: Served, kind: str) -> None:
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n" if kind == "handshake" else ""
    more = upgrade + "X-Long: 1\r\n" * 99
    text = f"GET /api/v1/feed HTTP/1.1\r\nHost: hub.test\r\n{more}\r\n".encode()
    with opened(hub) as talker:
        took = trickled(talker, text, 0.02)
        assert took < HEAD + SLACK
        assert problem(everything(talker)) == (408, "too-slow")


def test_a_second_head_on_a_connection_has_the_same_time(hub: Served) -> None:
    with opened(hub) as talker:
        talker.sendall(b"GET /healthz HTTP/1.1\r\nHost: hub.test\r\n\r\n")
        assert answer(talker).startswith(b"HTTP/1.1 200")
        assert trickled(talker, b"GET /healthz HTTP/1.1\r\nX: " + b"y" * 500, 0.02) < HEAD + SLACK
        assert problem(everything(talker)) == (408, "too-slow")


@pytest.mark.parametrize("length", ["Content-Length: 5000\r\n", CHUNKED])
def test_a_body_that_does_not_begin_is_closed_in_time(hub: Served, world: World, length: str) -> None:
    with opened(hub) as talker:
        began = time.monotonic()
        talker.sendall(post_head(world, length))
        said = everything(talker)
        assert BODY - SLIP <= time.monotonic() - began < BODY + SLACK
    assert problem(said) == (408, "too-slow")


@pytest.mark.parametrize("media", ["application/x-ndjson", "application/cloudevents+json"])
def test_a_body_that_comes_byte_by_byte_is_closed_in_time(hub: Served, world: World, media: str) -> None:
    with opened(hub) as talker:
        talker.sendall(post_head(world, "Content-Length: 5000\r\n", media))
        assert trickled(talker, b" " * 5000, 0.01) < BODY + SLACK
        assert problem(everything(talker)) == (408, "too-slow")


def test_a_body_that_stops_half_way_is_closed_and_what_came_before_is_recorded(
    hub: Served, world: World
) -> None:
    lines = b"".join(json.dumps(threat(number)).encode() + b"\n" for number in range(100, 700))
    with opened(hub) as talker:
        talker.sendall(post_head(world, CHUNKED) + chunk(lines))
        began = time.monotonic()
        said = everything(talker)
        assert time.monotonic() - began < 20
    assert problem(said) == (408, "too-slow")
    headers = world.bearer("publisher")
    again = httpx.post(hub.url + "/api/v1/events", content=lines, timeout=30,
                       headers={**headers, "Content-Type": "application/x-ndjson"}).json()  # fmt: skip
    assert (again["stored"], again["duplicates"]) == (100, 500)


def test_a_slow_line_that_keeps_on_sending_is_served(hub: Served, world: World) -> None:
    # Several pauses long in all, and not much faster than a body must be.
    lines = [json.dumps(threat(number)).encode() + b"\n" for number in range(800, 820)]
    with opened(hub) as talker:
        talker.sendall(post_head(world, CHUNKED + "Connection: close\r\n"))
        for line in lines:
            time.sleep(BODY / 4)
            talker.sendall(chunk(line))
        talker.sendall(b"0\r\n\r\n")
        said = everything(talker)
    assert said.startswith(b"HTTP/1.1 200")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["stored"] == len(lines)


def test_a_sender_is_not_blamed_while_the_hub_itself_is_slow(
    hub: Served, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = hub.server.lifespan.state["intake"]
    record = intake.record

    def record_slowly(*given: Any, **more: Any) -> Any:
        time.sleep(BODY * 3)
        return record(*given, **more)

    monkeypatch.setattr(intake, "record", record_slowly)
    said = {"narrative": "x" * 3000}
    lines = b"".join(json.dumps(threat(number, data=said)).encode() + b"\n" for number in range(2000, 2700))
    headers = {**world.bearer("publisher"), "Content-Type": "application/x-ndjson"}
    answer = httpx.post(hub.url + "/api/v1/events", content=lines, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["stored"]) == (200, 700)


def test_a_body_that_goes_on_after_its_answer_is_not_read_for_ever(hub: Served) -> None:
    with opened(hub) as talker:
        talker.sendall(b"POST /api/v1/events HTTP/1.1\r\nHost: hub.test\r\n" + CHUNKED.encode() + b"\r\n")
        assert answer(talker).startswith(b"HTTP/1.1 401")
        took = trickled(talker, chunk(b" ") * 10_000, 0.01)
        assert took < BODY + SLACK
        assert everything(talker) == b""


def test_a_body_promised_behind_another_request_has_a_deadline_too(hub: Served, world: World) -> None:
    first = b"GET /healthz HTTP/1.1\r\nHost: hub.test\r\n\r\n"
    with opened(hub) as talker:
        began = time.monotonic()
        talker.sendall(first + post_head(world, "Content-Length: 9\r\n"))
        answers = everything(talker)
        assert time.monotonic() - began < BODY + SLACK
    assert answers.startswith(b"HTTP/1.1 200")
    assert problem(answers[answers.rindex(b"HTTP/1.1") :]) == (408, "too-slow")


def test_others_are_served_while_many_dawdle(hub: Served) -> None:
    dawdlers = [opened(hub) for _ in range(100)]
    for number, one in enumerate(dawdlers):
        one.sendall(list(HEADS.values())[number % len(HEADS)])
    began = time.monotonic()
    for _ in range(20):
        assert httpx.get(hub.url + "/healthz", timeout=5).status_code == 200
    assert time.monotonic() - began < 5 * SLACK
    began = time.monotonic()
    for one in dawdlers:
        with closing(one):
            everything(one)
    assert time.monotonic() - began < HEAD + 2 * SLACK


@pytest.mark.parametrize(
    ("said", "status", "slug"),
    [
        (b"GET /" + b"a" * LONGEST_LINE + b" HTTP/1.1\r\nHost: hub.test\r\n\r\n", 414, "address-too-long"),
        (
            b"GET / HTTP/1.1\r\nHost: hub.test\r\nX: " + b"a" * LONGEST_LINE + b"\r\n\r\n",
            431,
            "head-too-large",
        ),
        (
            b"GET / HTTP/1.1\r\nHost: hub.test\r\n" + b"X: a\r\n" * MOST_HEADERS + b"\r\n",
            431,
            "head-too-large",
        ),
        (
            b"GET / HTTP/1.1\r\nHost: hub.test\r\n" + (b"X: " + b"a" * 7000 + b"\r\n") * 5 + b"\r\n",
            431,
            "head-too-large",
        ),
        (b"GET / HTTP/1.1\r\nHost: hub.test\r\nX: " + b"a" * 200_000, 431, "head-too-large"),
        (b"what is this\r\n\r\n", 400, "malformed-request"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "malformed-request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "malformed-request"),
        (
            b"POST / HTTP/1.1\r\nHost: hub.test\r\nTransfer-Encoding: gzip\r\n\r\n",
            400,
            "malformed-request",
        ),
        (
            b"GET / HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
            "malformed-request",
        ),
    ],
    ids=["address", "header", "count", "sum", "endless", "words", "no host", "tls", "encoding", "lengths"],
)
def test_a_head_out_of_proportion_is_refused(hub: Served, said: bytes, status: int, slug: str) -> None:
    with opened(hub) as talker:
        talker.sendall(said)
        assert problem(everything(talker)) == (status, slug)


@pytest.mark.parametrize(("query", "status"), [("x={}", b"400"), ("after=now", b"101")])
def test_a_handshake_at_the_limits_is_read(hub: Served, query: str, status: bytes) -> None:
    address = "/api/v1/feed?" + query.format("a" * (LONGEST_LINE - len("/api/v1/feed?x=")))
    head = (
        f"GET {address} HTTP/1.1\r\nHost: hub.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    with opened(hub) as talker:
        talker.sendall((head + "X: 1\r\n" * (MOST_HEADERS - 5) + "\r\n").encode())
        assert talker.recv(65_536).split()[1] == status


def test_nonsense_in_the_middle_of_a_body_ends_the_connection_and_nothing_else(
    hub: Served, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(hub) as talker:
        talker.sendall(post_head(world, CHUNKED) + chunk(b" ") + b"s3cret\r\n")
        assert problem(everything(talker)) == (400, "malformed-request")
    assert httpx.get(hub.url + "/healthz").status_code == 200
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_more_connections_than_there_is_room_for_are_refused_at_once(tmp_path: Path) -> None:
    world = make_world(tmp_path, connections=3, connections_per_address=1)
    with serving(world) as hub:
        kept = [opened(hub) for _ in range(3)]
        for one in kept:
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: hub.test\r\n\r\n")
            assert answer(one).startswith(b"HTTP/1.1 200")
        with opened(hub) as refused:
            said = everything(refused)
        assert problem(said) == (503, "too-many-connections")
        assert re.search(rb"(?i)retry-after: \d+", said)
        kept.pop().close()
        until_free = time.monotonic() + 10
        while httpx.get(hub.url + "/healthz").status_code != 200:
            assert time.monotonic() < until_free
        for one in kept:
            one.close()


def test_connections_are_counted_by_place_and_forgotten() -> None:
    crowd = Crowd(5, 2)
    assert [crowd.enter(number, "192.0.2.1") for number in range(3)] == [True, True, False]
    assert [crowd.enter(number, f"2001:db8::{number}") for number in range(10, 13)] == [True, True, False]
    assert crowd.enter(20, "2001:db8:0:1::1")
    assert not crowd.enter(21, "192.0.2.2")
    assert len(crowd) == 5
    for number in (0, 0, 2, 99):
        crowd.leave(number)
    assert crowd.enter(22, "192.0.2.1")
    assert not crowd.enter(23, "192.0.2.9")


def test_relays_are_not_counted_by_place() -> None:
    crowd = Crowd(10, 1)
    assert all(
        crowd.enter(number, address) for number, address in enumerate(("127.0.0.1", "::1", "127.0.0.1"))
    )
    assert crowd.enter("x", "::ffff:127.0.0.1")
    assert crowd.enter("unknown", "")
    assert crowd.enter("unknown as well", "")
    assert crowd.enter("y", "::ffff:192.0.2.1")
    assert not crowd.enter("z", "192.0.2.1")


@pytest.mark.deep
def test_by_default_slow_requests_are_closed_within_ten_seconds(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    assert world.settings.head_seconds == Settings().head_seconds
    with serving(world) as hub:
        talkers = [opened(hub) for _ in HEADS]
        began = time.monotonic()
        for talker, said in zip(talkers, HEADS.values(), strict=True):
            talker.sendall(said)
        late = opened(hub)
        late.sendall(post_head(world, CHUNKED))
        for talker in (*talkers, late):
            with closing(talker):
                assert problem(everything(talker)) == (408, "too-slow")
                assert 9 < time.monotonic() - began < 10


@pytest.mark.deep
def test_by_default_a_large_batch_on_a_bad_line_is_served(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with serving(world) as hub, opened(hub) as talker:
        talker.sendall(post_head(world, CHUNKED + "Connection: close\r\n"))
        lines = [json.dumps(threat(number)).encode() + b"\n" for number in range(700)]
        for start in range(0, len(lines), 20):
            # About 10 KB a second, with a pause of several seconds now and then.
            time.sleep(8 if start == 200 else 0.8)
            talker.sendall(chunk(b"".join(lines[start : start + 20])))
        talker.sendall(b"0\r\n\r\n")
        said = everything(talker)
    assert said.startswith(b"HTTP/1.1 200")


def test_whoever_leaves_counts_until_what_he_asked_for_is_done() -> None:
    """Else whoever asks for something slow and goes at once, again and again, would fill the memory."""
    asyncio.run(_ask_and_leave())


async def _ask_and_leave() -> None:
    has_heard, may_end = asyncio.Event(), asyncio.Event()
    calls: list[Any] = []

    async def slow(_: Json, receive: Any, __: Any) -> None:
        calls.append(asyncio.current_task())
        while (await receive())["type"] != "http.disconnect":
            pass
        has_heard.set()
        await may_end.wait()

    crowd, loop = Crowd(1, 1), asyncio.get_running_loop()
    config = BoundedConfig(slow, Bounds.of(Settings(), crowd), lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    server = await loop.create_server(lambda: BoundedHttp(config, state, {}, loop), "127.0.0.1", 0)
    async with server, asyncio.timeout(20):
        place = server.sockets[0].getsockname()
        _, first = await asyncio.open_connection(*place)
        first.write(b"GET / HTTP/1.1\r\nHost: hub.test\r\n\r\n")
        await first.drain()
        first.transport.abort()
        await has_heard.wait()
        assert len(crowd) == 1
        reader, second = await asyncio.open_connection(*place)
        assert b"too-many-connections" in await reader.read()
        second.close()
        may_end.set()
        await asyncio.wait(calls)
        assert len(crowd) == 0
