"""Several hubs on one PostgreSQL log, each a process with a folder of its own, and what is asked of them."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httpx
from websockets.asyncio.client import connect

from benchmarks.load import Load, push, request
from benchmarks.payloads import ROLES, SLUG, batches, mix, threats
from benchmarks.processes import ROOT, Server, listening, run_json

EVENTS = 2_000
BY = 100
READS = 200
TOLD = 60
PAUSE_SECONDS = 0.02
FILL = 5_000
MOST_SECONDS = 3_600.0


@contextmanager
def fleet(folder: Path, log: str, vault: str, count: int, bus: str = "") -> Iterator["Fleet"]:
    """Serve so many hubs, each in a folder of its own with a copy of the keys.

    Args:
        folder: for their folders.
        log: address of a PostgreSQL.
        vault: address of another.
        count: how many.
        bus: address of a NATS between them; none if empty.
    """
    before = dict(os.environ)
    os.environ.update({"HUB_VAULT": vault, **({"HUB_BUS": bus} if bus else {})})
    try:
        where = ("--data", str(folder / "0"), "--store", log)
        run_json("hub", "init", *where, "--json")
        roles = [word for role in ROLES for word in ("--role", role)]
        admitted = run_json("hub", "partner", "add", SLUG, "--name", SLUG, *roles, *where, "--json")
        with ExitStack() as opened:
            made = Fleet(folder, log, admitted["token"])
            for _ in range(count):
                made.servers.append(opened.enter_context(made.another()))
            for one in made.servers:
                wait_until_ready(one)
            yield made
    finally:
        os.environ.clear()
        os.environ.update(before)


class Fleet:
    """The hubs."""

    def __init__(self, folder: Path, log: str, token: str) -> None:
        self.servers: list[Server] = []
        self._folder = folder
        self._log = log
        self._token = token
        self._number = 0
        self._hubs = 0
        self.cpu: dict[str, list[float]] = {}

    def another(self, *, takes_views: bool = False) -> AbstractContextManager[Server]:
        """Serve one more hub; it has the keys, and no views unless it takes those of the first one before it starts."""
        data = self._folder / str(self._hubs)
        if self._hubs:
            shutil.copytree(self._folder / "0" / "keys", data / "keys")
        self._hubs += 1
        if takes_views:
            self._take_views(data)
        words = ("serve", "--data", str(data), "--store", self._log, "--port", "0", "--json")
        return listening("hub", *words, token=self._token)

    def _take_views(self, data: Path) -> None:
        views = (sys.executable, "-m", "hub", "views")
        send = (*views, "send", "--data", str(self._folder / "0"), "--store", self._log)
        take = (*views, "take", "--data", str(data), "--store", self._log)
        with subprocess.Popen(send, cwd=ROOT, stdout=subprocess.PIPE) as sender:
            subprocess.run(take, cwd=ROOT, stdin=sender.stdout, stdout=subprocess.DEVNULL, check=True)

    def written(self, count: int) -> float:
        """Push as many by the hundred, shared among so many hubs; return events a second until all are durable."""
        parts = [self._taken(EVENTS // count) for _ in range(count)]
        before = self._spent()
        began = time.perf_counter()
        with ThreadPoolExecutor(count) as pool:
            pairs = zip(self.servers, parts, strict=False)
            done = list(pool.map(lambda one: _pushed(one[0], one[1], BY), pairs))
        wall = max(one.wall for one in done)
        took = time.perf_counter() - began
        for one in self.servers:
            wait_for(one, self._number - 1)
        settled = time.perf_counter() - began
        self._note(f"write {count}", (self._spent() - before) / EVENTS)
        self._note(f"shown {count}", (settled - took) / EVENTS)
        return EVENTS / wall

    def read(self, count: int) -> float:
        """Ask so many hubs for a page at once; return microseconds of CPU a request."""
        asked = [request("/api/v1/events?limit=20&country=QM", token=self._token)] * READS
        with ThreadPoolExecutor(count) as pool:
            done = list(pool.map(lambda one: push(one, asked, 4), self.servers[:count]))
        return sum(one.server_cpu for one in done) / (count * READS) * 1e6

    def fill(self, count: int) -> None:
        """Push so many events of all types to the first hub."""
        while count > 0:
            part = mix(self._number, min(FILL, count))
            self._number, count = self._number + len(part), count - len(part)
            _pushed(self.servers[0], part, 1_000)
        wait_for(self.servers[0], self._number - 1)

    def told(self) -> list[list[float]]:
        """Write at the first hub, event by event; return how long each took to the feed of every other, in seconds."""
        lines = self._taken(TOLD)
        return asyncio.run(_told(self.servers[0], self.servers[1:], lines))

    def views_bytes(self) -> int:
        """Return how large the views of the first hub are."""
        return (self._folder / "0" / "views.sqlite").stat().st_size

    def pages(self, stop: threading.Event) -> list[float]:
        """Ask the first hub for a page, again and again, until told to stop; return how long each took."""
        took: list[float] = []
        headers = {"Authorization": f"Bearer {self._token}"}
        with httpx.Client(base_url=_address(self.servers[0]), headers=headers, timeout=60) as door:
            while not stop.is_set():
                began = time.perf_counter()
                door.get("/api/v1/events?limit=20&country=QM").raise_for_status()
                took.append(time.perf_counter() - began)
                stop.wait(PAUSE_SECONDS)
        return took

    def _taken(self, count: int) -> list[bytes]:
        lines = threats(self._number, count)
        self._number += count
        return lines

    def _spent(self) -> float:
        return sum(one.cpu() for one in self.servers)

    def _note(self, name: str, seconds: float) -> None:
        self.cpu.setdefault(name, []).append(seconds * 1e6)


def wait_for(server: Server, number: int) -> None:
    """Wait until a hub shows an event. (What `/readyz` says of lags is rounded, so that it tells nothing.)

    Raises:
        RuntimeError: it took too long.
    """
    path = f"/api/v1/events/urn:hub:partner:{SLUG}/b-{number}"
    asked = Request(_address(server) + path, headers={"Authorization": f"Bearer {server.token}"})
    _until_answered(asked, 404)


def wait_until_ready(server: Server) -> None:
    """Wait until a hub has folded all that was in the log when it started.

    Raises:
        RuntimeError: it took too long.
    """
    _until_answered(Request(_address(server) + "/readyz"), 503)


def _until_answered(asked: Request, meanwhile: int) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(asked):
                return
        except HTTPError as answer:
            if answer.code != meanwhile:
                raise
        time.sleep(0.02)
    raise RuntimeError("a hub did not catch up")


def _address(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def _pushed(server: Server, lines: Sequence[bytes], by: int) -> Load:
    media = "application/x-ndjson"
    pages = [b"\n".join(page) for page in batches(lines, by)]
    return push(server, [request("/api/v1/events", page, media, server.token) for page in pages], 2)


async def _told(here: Server, others: Sequence[Server], lines: Sequence[bytes]) -> list[list[float]]:
    names = [json.loads(line)["id"] for line in lines]
    sent: dict[str, float] = {}
    listens = asyncio.Semaphore(0)
    listening_all = [asyncio.create_task(_heard(one, set(names), listens)) for one in others]
    for _ in others:
        await listens.acquire()
    writing = threading.Thread(target=_write, args=(here, names, lines, sent))
    writing.start()
    heard = await asyncio.gather(*listening_all)
    writing.join()
    return [[one[name] - sent[name] for name in names] for one in heard]


async def _heard(there: Server, names: set[str], listens: asyncio.Semaphore) -> dict[str, float]:
    heard: dict[str, float] = {}
    headers = {"Authorization": f"Bearer {there.token}"}
    address = f"ws://127.0.0.1:{there.port}/api/v1/feed?after=now"
    async with connect(address, additional_headers=headers) as feed:
        while json.loads(await feed.recv())["kind"] != "live":
            pass
        listens.release()
        while len(heard) < len(names):
            message = json.loads(await asyncio.wait_for(feed.recv(), 60))
            if message["kind"] == "event" and message["event"]["id"] in names:
                heard[message["event"]["id"]] = time.perf_counter()
    return heard


def _write(here: Server, names: Sequence[str], lines: Sequence[bytes], sent: dict[str, float]) -> None:
    said: Mapping[str, str] = {
        "Authorization": f"Bearer {here.token}",
        "Content-Type": "application/cloudevents+json",
    }
    with httpx.Client(base_url=_address(here), headers=said, timeout=60) as door:
        for name, line in zip(names, lines, strict=True):
            sent[name] = time.perf_counter()
            try:
                answer = door.post("/api/v1/events", content=line)
            except httpx.TransportError:
                # A hub may hang up on who was silent for long; what was sent before is recognised.
                answer = door.post("/api/v1/events", content=line)
            answer.raise_for_status()
            time.sleep(PAUSE_SECONDS)
