"""A load generator, run as a process of its own so that it never shares the server's interpreter.

It writes requests that were rendered beforehand on sockets kept open, reads answers only as far as it must, and
says what CPU it took itself. `python -m benchmarks.load PORT CONNECTIONS FILE` prints one JSON object.
"""

import asyncio
import json
import struct
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Server, run_json

_LENGTH = struct.Struct("!I")


@dataclass(frozen=True)
class Load:
    """What became of the requests of one run.

    Args:
        wall: seconds from the first byte to the last answer.
        cpu: seconds of CPU that the generator took.
        server_cpu: seconds of CPU that the server took meanwhile.
        latencies: of each request, seconds.
        statuses: how often each HTTP status came.
    """

    wall: float
    cpu: float
    server_cpu: float
    latencies: list[float]
    statuses: dict[str, int]


def request(
    path: str, body: bytes = b"", media: str = "application/cloudevents+json", token: str = ""
) -> bytes:
    """Render one request, a POST if it has a body."""
    lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += [f"Content-Type: {media}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def push(server: Server, requests: Sequence[bytes], connections: int) -> Load:
    """Send requests to a server from another process.

    Raises:
        RuntimeError: an answer was neither 200 nor 201.
    """
    with tempfile.NamedTemporaryFile(prefix="hub-load-") as file:
        for one in requests:
            file.write(_LENGTH.pack(len(one)) + one)
        file.flush()
        before = server.cpu()
        said = run_json("benchmarks.load", str(server.port), str(connections), file.name)
        load = Load(server_cpu=server.cpu() - before, **said)
    if set(load.statuses) - {"200", "201"}:
        raise RuntimeError(f"refused under load: {load.statuses}")
    return load


class _Connection(asyncio.Protocol):
    def __init__(self, waiting: deque[bytes], done: asyncio.Future[None], seen: Counter[str]) -> None:
        self.latencies: list[float] = []
        self._waiting = waiting
        self._done = done
        self._seen = seen
        self._answer = bytearray()
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def send(self) -> None:
        """Send the next request, if there is one."""
        if not self._waiting or self._transport is None:
            if not self._done.done():
                self._done.set_result(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(self._waiting.popleft())

    def data_received(self, data: bytes) -> None:
        self._answer += data
        size = length_of(self._answer)
        if size is None or len(self._answer) < size:
            return
        self.latencies.append(time.perf_counter() - self._sent)
        self._seen[self._answer[9:12].decode()] += 1
        self._answer.clear()
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionResetError("the server hung up"))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def length_of(answer: bytes | bytearray) -> int | None:
    """Return the bytes of a whole answer, head and body; None before its head is complete."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return None
    for line in bytes(answer[:end]).lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return end + 4 + int(line[15:])
    return end + 4


async def _run(port: int, connections: int, requests: deque[bytes]) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    seen: Counter[str] = Counter()
    done = [loop.create_future() for _ in range(connections)]
    opened = [
        (await loop.create_connection(lambda one=one: _Connection(requests, one, seen), "127.0.0.1", port))[1]  # type: ignore[misc]
        for one in done
    ]
    wall, cpu = time.perf_counter(), time.process_time()
    for connection in opened:
        connection.send()
    await asyncio.gather(*done)
    took = time.perf_counter() - wall, time.process_time() - cpu
    for connection in opened:
        connection.close()
    latencies = [latency for connection in opened for latency in connection.latencies]
    return {"wall": took[0], "cpu": took[1], "latencies": latencies, "statuses": dict(seen)}


def _read(path: str) -> deque[bytes]:
    raw = Path(path).read_bytes()
    found: deque[bytes] = deque()
    at = 0
    while at < len(raw):
        (size,) = _LENGTH.unpack_from(raw, at)
        found.append(raw[at + _LENGTH.size : at + _LENGTH.size + size])
        at += _LENGTH.size + size
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(int(sys.argv[1]), int(sys.argv[2]), _read(sys.argv[3])))))
