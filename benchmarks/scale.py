"""Several hubs on one PostgreSQL log: writes by 1, 2 and 4, the CPU of a read, and how soon another hub tells."""

import asyncio
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from benchmarks.database import database_server
from benchmarks.load import push, request
from benchmarks.measure import Figure, interleaved, median, percentile
from benchmarks.payloads import ROLES, SLUG, batches, threats
from benchmarks.processes import Server, listening, run_json, wait_for_views

HUBS = (1, 2, 4)
EVENTS = 500
BY = 100
READS = 200
TOLD = 60
ROUNDS = 3
PAUSE_SECONDS = 0.02


@contextmanager
def hubs(folder: Path, log: str, vault: str, count: int) -> Iterator[list[Server]]:
    """Serve so many hubs, each in a folder of its own with a copy of the keys."""
    first = folder / "0"
    where = ("--data", str(first), "--store", log)
    os.environ["HUB_VAULT"] = vault
    try:
        run_json("hub", "init", *where, "--json")
        roles = [word for role in ROLES for word in ("--role", role)]
        admitted = run_json("hub", "partner", "add", SLUG, "--name", SLUG, *roles, *where, "--json")
        with ExitStack() as opened:
            served = []
            for number in range(count):
                data = folder / str(number)
                if number:
                    shutil.copytree(first / "keys", data / "keys")
                words = ("serve", "--data", str(data), "--store", log, "--port", "0", "--json")
                served.append(opened.enter_context(listening("hub", *words, token=admitted["token"])))
            yield served
    finally:
        del os.environ["HUB_VAULT"]


class Fleet:
    """The hubs, and what is asked of them."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = servers
        self._number = 0
        self.cpu: dict[str, list[float]] = {}

    def written(self, count: int) -> float:
        """Push by the hundred to so many hubs at once; return events a second, all together."""
        parts = [self._requests() for _ in range(count)]
        began = time.perf_counter()
        with ThreadPoolExecutor(count) as pool:
            done = list(
                pool.map(lambda one: push(one[0], one[1], 2), zip(self._servers, parts, strict=False))
            )
        wall = time.perf_counter() - began
        self._note(f"write {count}", sum(one.server_cpu for one in done) / (count * EVENTS))
        for one in self._servers:
            wait_for_views(one)
        return count * EVENTS / wall

    def read(self, count: int) -> float:
        """Ask so many hubs for a page at once; return microseconds of CPU a request."""
        token = self._servers[0].token
        asked = [request("/api/v1/events?limit=20&country=QM", token=token)] * READS
        with ThreadPoolExecutor(count) as pool:
            done = list(pool.map(lambda one: push(one, asked, 4), self._servers[:count]))
        return sum(one.server_cpu for one in done) / (count * READS) * 1e6

    def _requests(self) -> list[bytes]:
        lines = threats(self._number, EVENTS)
        self._number += EVENTS
        media, token = "application/x-ndjson", self._servers[0].token
        return [request("/api/v1/events", b"\n".join(page), media, token) for page in batches(lines, BY)]

    def _note(self, name: str, seconds: float) -> None:
        self.cpu.setdefault(name, []).append(seconds * 1e6)

    def told(self) -> list[float]:
        """Write at one hub, event by event, and return how long each took to the feed of another, in seconds."""
        lines = threats(self._number, TOLD)
        self._number += TOLD
        return asyncio.run(_told(self._servers[0], self._servers[1], lines))


async def _told(here: Server, there: Server, lines: Sequence[bytes]) -> list[float]:
    heard: dict[str, float] = {}
    headers = {"Authorization": f"Bearer {here.token}"}
    address = f"ws://127.0.0.1:{there.port}/api/v1/feed?after=now"
    wanted = [json.loads(line)["id"] for line in lines]
    sent: dict[str, float] = {}
    async with connect(address, additional_headers=headers) as feed:
        while json.loads(await feed.recv())["kind"] != "live":
            pass
        writing = threading.Thread(target=_write, args=(here, headers, wanted, lines, sent))
        writing.start()
        while len(heard) < TOLD:
            message = json.loads(await asyncio.wait_for(feed.recv(), 30))
            if message["kind"] == "event":
                heard[message["event"]["id"]] = time.perf_counter()
        writing.join()
    return [heard[name] - sent[name] for name in wanted]


def _write(
    here: Server,
    headers: Mapping[str, str],
    names: Sequence[str],
    lines: Sequence[bytes],
    sent: dict[str, float],
) -> None:
    said = {**headers, "Content-Type": "application/cloudevents+json"}
    with httpx.Client(base_url=f"http://127.0.0.1:{here.port}", headers=said) as door:
        for name, line in zip(names, lines, strict=True):
            sent[name] = time.perf_counter()
            door.post("/api/v1/events", content=line).raise_for_status()
            time.sleep(PAUSE_SECONDS)


def run() -> list[Figure]:
    """Measure all of it on one database."""
    load = os.getloadavg()[0]
    with (
        database_server() as server,
        tempfile.TemporaryDirectory(prefix="hub-scale-") as folder,
        hubs(Path(folder), server.fresh(), server.fresh(), max(HUBS)) as served,
    ):
        fleet = Fleet(served)
        fleet.written(1)
        writes = interleaved({str(n): partial(fleet.written, n) for n in HUBS}, ROUNDS)
        reads = interleaved({str(n): partial(fleet.read, n) for n in HUBS}, ROUNDS)
        told = [one * 1000 for _ in range(ROUNDS) for one in fleet.told()]
    noise: dict[str, float | str] = {"load average at the start": load, "cores": float(os.cpu_count() or 0)}
    return [*_figures(writes, reads, fleet, noise), *_delays(told, noise)]


def _figures(
    writes: Mapping[str, list[float]],
    reads: Mapping[str, list[float]],
    fleet: Fleet,
    noise: Mapping[str, float | str],
) -> list[Figure]:
    alone, cheap = median(writes["1"]), median(reads["1"])
    found = []
    for count in map(str, HUBS[1:]):
        many, dear = median(writes[count]), median(reads[count])
        cpu = {
            "hub CPU us/event": median(fleet.cpu[f"write {count}"]),
            "of one hub": median(fleet.cpu["write 1"]),
        }
        found += [
            Figure(
                f"{count} hubs on one log, batches of {BY}, all together", "events/s", many, ">= 1",
                alone, "one hub", many >= alone, {**cpu, **noise},
            ),
            Figure(
                f"CPU of a read, {count} hubs at once", "us/request", dear, "<= 1.25 (0.8 x linear)",
                cheap, "one hub", dear <= 1.25 * cheap, dict(noise),
            ),
        ]  # fmt: skip
    return found


def _delays(told: list[float], noise: Mapping[str, float | str]) -> list[Figure]:
    half, most = percentile(told, 0.5), percentile(told, 0.99)
    notes: dict[str, float | str] = {"p50 ms": half, **noise}
    return [
        Figure(
            "write on one hub to the feed of another, p99", "ms", most, "<= 100", None, "", most <= 100, notes
        )
    ]
