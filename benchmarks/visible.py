"""How soon what was acknowledged shows: events arrive at a steady rate, and some are asked for at once.

`python -m benchmarks.visible PORT TOKEN RATE SECONDS FIRST` pushes at a rate and prints what it saw.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from itertools import count
from typing import Any
from urllib.parse import quote

from benchmarks.load import length_of, request
from benchmarks.measure import ROUNDS, Figure, median, percentile
from benchmarks.payloads import SLUG, event
from benchmarks.processes import Server, hub, run_json, scratch, wait_for_views

RATE = 200
SECONDS = 4.0
CONNECTIONS = 16
BY = 10
"""Events in one post: the rate comes in twenty posts a second."""


class Line:
    """One connection kept open; a request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, port: int) -> "Line":
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, said: bytes) -> Any:
        """Send a request and return the JSON that answers it.

        Raises:
            RuntimeError: the answer was no 200.
        """
        self._writer.write(said)
        head = await self._reader.readuntil(b"\r\n\r\n")
        size = (length_of(head) or len(head)) - len(head)
        body = await self._reader.readexactly(size)
        if head[9:12] not in {b"200", b"201"}:
            raise RuntimeError(f"answered {head[9:12].decode()}")
        return json.loads(body)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


class Lines:
    """Connections kept open; whoever asks takes a free one, so that no answer waits behind another."""

    def __init__(self, lines: Sequence[Line], token: str) -> None:
        self._free: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
        self._lines = lines
        self._token = token
        for line in lines:
            self._free.put_nowait(line)

    async def post(self, body: bytes) -> Any:
        """Push a batch."""
        return await self._ask(request("/api/v1/events", body, "application/x-ndjson", self._token))

    async def get(self, path: str) -> Any:
        """Ask."""
        return await self._ask(request(path, token=self._token))

    async def _ask(self, said: bytes) -> Any:
        line = await self._free.get()
        try:
            return await line.ask(said)
        finally:
            self._free.put_nowait(line)

    def close(self) -> None:
        """Hang up."""
        for line in self._lines:
            line.close()


async def _pace(port: int, token: str, rate: int, seconds: float, first: int) -> dict[str, list[float]]:
    lines = Lines([await Line.to(port) for _ in range(CONNECTIONS)], token)
    seen: dict[str, list[float]] = {"receipt": [], "graph": [], "events": [], "plain": [], "late": []}
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(seconds * rate / BY)):
            due = begun + number * BY / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            seen["late"].append(time.perf_counter() - due)
            tasks.create_task(_post_and_look(lines, first + number * BY, seen))
    lines.close()
    return seen


async def _post_and_look(lines: Lines, first: int, seen: dict[str, list[float]]) -> None:
    events = [event(first + one) for one in range(BY)]
    body = "\n".join(json.dumps(one) for one in events).encode()
    about = quote(f"threat:{SLUG}.t{first + BY - 1}")
    sent = time.perf_counter()
    cursor = (await lines.post(body))["cursor"]
    acknowledged = time.perf_counter()
    seen["receipt"].append(acknowledged - sent)

    async def look(kind: str, path: str) -> None:
        found = await lines.get(path)
        if not found.get("nodes") and not found.get("events"):
            raise RuntimeError(f"{kind} does not show what at_least promised")
        seen[kind].append(time.perf_counter() - acknowledged)

    graph = f"/api/v1/graph?about={about}&hops=1&at_least={cursor}"
    page = f"/api/v1/events?about={about}&limit=10&at_least={cursor}"
    await asyncio.gather(look("graph", graph), look("events", page))
    again = time.perf_counter()
    await lines.get(graph)
    seen["plain"].append(time.perf_counter() - again)


def measure() -> list[Figure]:
    """Measure the time from a receipt to an answer that shows the event."""
    numbers = count(0, int(RATE * SECONDS))
    with scratch() as folder, hub(folder) as server:
        _round(server, next(numbers))
        before, started = server.cpu(), time.perf_counter()
        rounds = [_round(server, next(numbers)) for _ in range(ROUNDS)]
        share = (server.cpu() - before) / (time.perf_counter() - started)
    return [_figure(kind, rounds, share) for kind in ("graph", "events")]


def _round(server: Server, first: int) -> dict[str, list[float]]:
    words = (str(server.port), server.token, str(RATE), str(SECONDS), str(first))
    said: dict[str, list[float]] = run_json("benchmarks.visible", *words)
    wait_for_views(server)
    return said


def _figure(kind: str, rounds: list[dict[str, list[float]]], share: float) -> Figure:
    p50, p99 = (median([percentile(one[kind], part) * 1e3 for one in rounds]) for part in (0.5, 0.99))
    plain = median([percentile(one["plain"], 0.5) * 1e3 for one in rounds])
    receipt = median([percentile(one["receipt"], 0.5) * 1e3 for one in rounds])
    late = median([percentile(one["late"], 0.99) * 1e3 for one in rounds])
    notes: dict[str, float | str] = {
        "p50 ms": p50,
        "receipt of ten, p50 ms": receipt,
        "the same question asked again, p50 ms": plain,
        "p99 of the generator's lateness ms": late,
        "hub CPU share": share,
    }
    return Figure(
        name=f"receipt to visible in /{kind}, {RATE} events/s, p99",
        unit="ms",
        ours=p99,
        goal="<= 50 ms",
        met=p99 <= 50,
        notes=notes,
    )


if __name__ == "__main__":
    port, token, rate, seconds, first = sys.argv[1:]
    print(json.dumps(asyncio.run(_pace(int(port), token, int(rate), float(seconds), int(first)))))
