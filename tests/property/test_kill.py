"""`kill -9` again and again during a push: what was acknowledged is there once, nothing is twice.

Every build kills fifteen times during 3,000 events, a deep run a hundred times during 20,000.
A whole hub needs seconds to start, so most of the kills hit a smaller server: the real intake, store and reading
room, forked by a parent that has read the contracts. The real `hub serve` is killed a few times as well.

Run as a program, this file is that parent: `python tests/property/test_kill.py SOCKET LOG VIEWS`.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from events.intake import Intake
from events.store import open_store
from events.submission import Publisher
from hub.keys import open_vault
from projections.reading_room import ReadingRoom
from tests.depth import in_depth
from tests.running import NOON, World, make_world, registry, threat
from tests.surviving import ROOT, address_in, dump, environ, everything

Json = Any

KILLS = in_depth(15, 100)
BATCH = 50
MOST = 4
"""Batches between two kills."""

REAL_KILLS, REAL_EVENTS = in_depth((1, 800), (4, 2_500))
"""More of such kills, with clients over HTTP: tests/faults/test_kill.py."""

PARTNER = Publisher("harbour-bar-watch", "tests")

pytestmark = pytest.mark.timeout(280)


def main(address: str, log: str, views: str) -> None:
    """Fork one server for every line on standard input; say its process id, and then how it ended."""
    registry().contract("threat.reported.v1")
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            serve(address, log, Path(views))
            os._exit(0)
        print(child, flush=True)  # noqa: T201  # the protocol with the test
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201


def serve(address: str, log: str, views: Path) -> None:
    """Record batches from one connection after the other and acknowledge each; fold them meanwhile."""
    store = open_store(log, registry(), open_vault(views.parent, os.urandom))
    intake = Intake(registry(), store, lambda: NOON)
    with ReadingRoom(registry(), store, views), socket.socket(socket.AF_UNIX) as listening:
        with suppress(FileNotFoundError):
            Path(address).unlink()
        listening.bind(f"{address}.new")
        listening.listen()
        Path(f"{address}.new").rename(address)
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb") as stream:
            for line in stream:
                checked = [intake.check(PARTNER, one) for one in json.loads(line)]
                done = [one.id for one in intake.record(checked) if one.status in {"stored", "duplicate"}]
                stream.write(json.dumps(done).encode() + b"\n")
                stream.flush()
    store.close()


class Nursery:
    """The parent of the small servers, as the test sees it."""

    def __init__(self, world: World, folder: Path) -> None:
        self.address = str(folder / "s")
        command = [sys.executable, str(Path(__file__)), self.address, world.settings.store_url]
        self._parent = subprocess.Popen(
            [*command, str(views_of(world))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environ(),
        )

    def start(self) -> int:
        """Have a server forked and return its process id."""
        with suppress(FileNotFoundError):
            Path(self.address).unlink()
        self._tell("serve\n")
        return int(self._line())

    def connect(self) -> socket.socket:
        """Connect to the server as soon as it listens."""
        deadline = time.monotonic() + 30
        connection = socket.socket(socket.AF_UNIX)
        while True:
            try:
                connection.connect(self.address)
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.002)
            else:
                return connection

    def ended(self) -> int:
        """Wait for the end of the server; return its exit code, or minus the signal that ended it."""
        return int(self._line())

    def close(self) -> None:
        """End the parent."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.close()
        self._parent.stdout.close()
        assert self._parent.wait(30) == 0

    def _tell(self, text: str) -> None:
        assert self._parent.stdin is not None
        self._parent.stdin.write(text)
        self._parent.stdin.flush()

    def _line(self) -> str:
        assert self._parent.stdout is not None
        line = self._parent.stdout.readline()
        assert line, "the parent of the servers died"
        return line


class Client:
    """Pushes events in order and remembers which were acknowledged; sends the others again."""

    def __init__(self, count: int) -> None:
        self.events = [threat(number, tlp="clear", data=_personal(number)) for number in range(count)]
        self.sent: list[str] = []
        self.acknowledged: set[str] = set()
        self._next = 0

    @property
    def is_done(self) -> bool:
        return self._next >= len(self.events)

    def batch(self, size: int) -> list[Json]:
        """Return the first events that were not acknowledged yet."""
        return self.events[self._next : self._next + size]

    def take(self, ids: Sequence[str]) -> None:
        """Note acknowledgements."""
        self.acknowledged.update(ids)
        while not self.is_done and self.events[self._next]["id"] in self.acknowledged:
            self._next += 1


def _personal(number: int) -> Json:
    # A key must be made for every tenth: a kill may come between the keys and the log.
    return {} if number % 10 else {"narrative": f"What happened to number {number}."}


def views_of(world: World) -> Path:
    return world.settings.data / "views.sqlite"


def talk(connection: socket.socket, client: Client, batches: float, last_words: Callable[[], None]) -> None:
    """Push a few batches; call `last_words` right after one more was sent, and note what is still answered."""
    with connection, connection.makefile("rwb") as stream, suppress(OSError):
        while not client.is_done:
            stream.write(json.dumps(client.batch(BATCH)).encode() + b"\n")
            stream.flush()
            if batches == 0:
                last_words()
            line = stream.readline()
            if not line.endswith(b"\n"):
                return
            client.take(json.loads(line))
            batches -= 1


def test_no_acknowledged_event_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    random = Random(20_000)
    world = make_world(tmp_path / "hub")
    nursery, client = Nursery(world, tmp_path), Client(KILLS * MOST * BATCH)
    try:
        for _ in range(KILLS):
            server = nursery.start()
            after, delay = random.randrange(MOST), random.random() * 0.02

            def kill(server: int = server, delay: float = delay) -> None:
                threading.Timer(delay, os.kill, (server, signal.SIGKILL)).start()

            talk(nursery.connect(), client, after, kill)
            assert nursery.ended() == -signal.SIGKILL
            assert not client.is_done, "the events must last until the last kill"
        nursery.start()
        talk(nursery.connect(), client, float("inf"), lambda: None)
        assert nursery.ended() == 0
    finally:
        nursery.close()
    check(world, client, tmp_path)


def check(world: World, client: Client, folder: Path) -> None:
    """Check the log against what was acknowledged, and the views against a fold from the beginning."""
    assert client.is_done
    assert len(client.acknowledged) == len(client.events)
    store = open_store(world.settings.store_url, registry(), open_vault(world.settings.data, os.urandom))
    try:
        read = list(everything(store))
        recorded = Counter(event.id for event in read)
        assert [one.id for one in read if one.erased] == []
        told = {one.id: one.data.get("narrative") for one in read}
        assert all(told[one["id"]] == one["data"].get("narrative") for one in client.events)
        assert [one for one in client.acknowledged if recorded[one] != 1] == []
        assert [one for one, times in recorded.items() if times != 1] == []
        for views in (views_of(world), folder / "fresh.sqlite"):
            room = ReadingRoom(registry(), store, views)
            try:
                room.catch_up()
                assert (room.position, room.stalls()) == (store.head(), {})
            finally:
                room.stop()
    finally:
        store.close()
    assert dump(views_of(world)) == dump(folder / "fresh.sqlite")


@contextmanager
def hub_serve(world: World) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `hub serve` on any free port until it ends; give the process and its address."""
    command = [sys.executable, "-m", "hub", "serve", "--port", "0", "--data", str(world.settings.data)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environ())
    assert process.stderr is not None
    try:
        yield process, address_in(process.stderr)
    finally:
        process.kill()
        process.stderr.close()
        process.wait(30)


def push(url: str, client: Client, token: str) -> None:
    """Push NDJSON batches until all is acknowledged, or the hub is gone."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    with suppress(httpx.TransportError), httpx.Client(base_url=url, headers=headers, timeout=30) as http:
        while not client.is_done:
            lines = "\n".join(json.dumps(one) for one in client.batch(200))
            report = http.post("/api/v1/events", content=lines).raise_for_status().json()
            client.take([one["id"] for one in report["results"] if one["status"] in {"stored", "duplicate"}])


def test_the_real_hub_survives_being_killed(tmp_path: Path) -> None:
    random = Random(2_500)
    world, client = make_world(tmp_path / "hub"), Client(REAL_EVENTS)
    token = world.tokens["publisher"]
    for _ in range(REAL_KILLS):
        with hub_serve(world) as (process, url):
            timer = threading.Timer(0.05 + random.random() * 0.3, process.kill)
            timer.start()
            push(url, client, token)
            timer.join()
    with hub_serve(world) as (_, url):
        push(url, client, token)
    check(world, client, tmp_path)


if __name__ == "__main__":
    main(*sys.argv[1:])
