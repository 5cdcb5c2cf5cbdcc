"""The hub under the feed's benchmark: publishes to it, and lets crowds listen."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.feed_crowd import MARK, STAMP, Crowd, Talking, built, crowd, run_time, talking
from benchmarks.payloads import SLUG
from benchmarks.processes import Server

PAD = "In front of two colleagues and a client; the car bore no plates, and counsel was refused at the gate. "
READY = '"live"'


def asking(kind: str, token: str, after: str = "now", query: str = "") -> bytes:
    """Return what a listener asks, by WebSocket (`ws`) or for server-sent events (`sse`)."""
    heads = {
        "ws": "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "sse": "Accept: text/event-stream\r\n",
    }
    path = f"/api/v1/feed?after={after}{query}"
    head = f"GET {path} HTTP/1.1\r\nHost: hub.test\r\n{heads[kind]}Authorization: Bearer {token}\r\n\r\n"
    return head.encode()


def stamped(now: int | None = None) -> str:
    """Return the mark and the time of a message that is sent off now."""
    micros = time.monotonic_ns() // 1000 if now is None else now
    return f"{MARK}{micros:0{STAMP}d}"


class Publisher:
    """A partner that publishes reports of about 1 KB on one connection.

    Args:
        server: the hub.
        threats: that the reports are about, again and again; None: each is about another.
    """

    def __init__(self, server: Server, threats: int | None = None) -> None:
        self._threats = threats
        self._connection = HTTPConnection("127.0.0.1", server.port)
        self._token = server.token
        self._number = time.monotonic_ns()
        self._used = 0.0

    def event(self) -> dict[str, Any]:
        """Return the next event."""
        self._number += 1
        number = self._number
        threat = number if self._threats is None else number % self._threats
        data = {
            "threat": f"threat:{SLUG}.b{threat}",
            "targets": [f"lawyer:{SLUG}.b{number % 50}"],
            "categories": ["liberty.arrest"],
            "title": f"{stamped()} {(PAD * 2)[:280]}",
            "place": {"country": "QM"},
        }
        head = {"specversion": "1.0", "id": f"b-{number}", "source": f"urn:hub:partner:{SLUG}"}
        return {**head, "type": "threat.reported", "tlp": "green", "data": data}

    def publish(self, many: int = 1) -> tuple[float, str]:
        """Publish so many at once; return after how many seconds they were acknowledged, and the last cursor."""
        media = "application/cloudevents+json" if many == 1 else "application/x-ndjson"
        body = "\n".join(json.dumps(self.event()) for _ in range(many)).encode()
        head = {"Authorization": f"Bearer {self._token}", "Content-Type": media}
        if time.monotonic() - self._used > 2:
            # The hub closes connections that are idle for longer.
            self._connection.close()
        began = time.perf_counter()
        self._connection.request("POST", "/api/v1/events", body, head)
        answer = self._connection.getresponse()
        said = json.loads(answer.read())
        self._used = time.monotonic()
        if answer.status not in (200, 201):
            raise RuntimeError(f"refused: {answer.status}")
        return time.perf_counter() - began, str(said["cursor"])


class Contender:
    """Something that sends messages to a crowd.

    Args:
        pid: of its process.
        crowds: that listen.
        listeners: in them.
        send: sends so many messages at once.
    """

    def __init__(
        self, pid: int, crowds: Sequence[Crowd], listeners: int, send: Callable[[int], object]
    ) -> None:
        self._pid = pid
        self.crowds = crowds
        self._listeners = listeners
        self._send = send

    def cost(self, rounds: int, burst: int = 1) -> float:
        """Send message by message, each when the last has come; return seconds of CPU for one (of a burst)."""
        for one in self.crowds:
            one.reset()
        each = self._listeners // len(self.crowds)
        before = run_time(self._pid)
        for number in range(1, rounds + 1):
            self._send(burst)
            for one in self.crowds:
                one.until(each * burst * number)
        return (run_time(self._pid) - before) / rounds / burst

    def latency(self, events: int, per_second: float) -> float:
        """Send at a steady rate; return the 99th percentile of the milliseconds until a message had come."""
        for one in self.crowds:
            one.reset()
        began = time.monotonic()
        for number in range(events):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            self._send(1)
        return max(one.until(self._listeners // len(self.crowds) * events).p99 for one in self.crowds)


@contextmanager
def hub_contender(
    folder: Path, server: Server, requests: Sequence[bytes], listeners: int
) -> Iterator[Contender]:
    """Let a crowd listen to the hub; with several requests, an equal part of it each."""
    publisher = Publisher(server)
    with ExitStack() as opened:
        each = listeners // len(requests)
        crowds = [opened.enter_context(crowd(folder, server.port, each, one, READY)) for one in requests]
        contender = Contender(server.pid, crowds, listeners, publisher.publish)
        contender.cost(3)
        yield contender


@contextmanager
def limit_contender(folder: Path, listeners: int, frame: bytes) -> Iterator[Contender]:
    """Let a crowd listen to the loop of `send` in C."""
    with talking([built(folder, "fan_out")]) as process:
        limit = Talking(process)
        port = int(limit.hear()["address"].rpartition(":")[2])
        path = folder / f"frame-{listeners}-{len(frame)}"
        path.write_bytes(frame)
        limit.ask(f"frame {path}")
        with crowd(folder, port, listeners, b"hello", "READY") as one:
            contender = Contender(process.pid, [one], listeners, lambda many: limit.ask(f"send {many}"))
            contender.cost(3)
            yield contender
