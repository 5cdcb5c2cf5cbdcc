"""Several hubs on one PostgreSQL log for tests, each in a folder of its own as on a machine of its own."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.running import World, make_world, threat

Json = Any
SECONDS = 60
"""A loaded machine is slow; whoever waits that long has found a fault."""
MINE = "urn:hub:partner:harbour-bar-watch"


def make_shared_world(folder: Path, log: str, vault: str, **more: Any) -> World:
    """Make a hub whose log and keys of persons are in two databases."""
    return make_world(folder, store=log, vault=vault, **{"webhooks_loopback_for_tests_only": True, **more})


def beside(world: World, folder: Path, **more: Any) -> World:
    """Return the same hub on another machine: it has the small keys, and nothing else of the folder."""
    shutil.copytree(world.settings.data / "keys", folder / "keys")
    return replace(world, settings=replace(world.settings, data=folder, **more))


def until(holds: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """Ask until the answer is true, and return it; each question takes its time."""
    late = threading.Event()
    timer = threading.Timer(seconds, late.set)
    timer.start()
    try:
        while not (found := holds()):
            assert not late.is_set(), "it never came to that"
        return found
    finally:
        timer.cancel()


class Listener:
    """Follows a feed in a thread, and comes back with its cursor when it is closed or cut off."""

    def __init__(self, addresses: Callable[[], str], headers: dict[str, str], after: str = "begin") -> None:
        self.ids: list[str] = []
        self.byes: list[str] = []
        self._addresses = addresses
        self._headers = headers
        self._after = after
        self._news = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def wait_for(self, wanted: set[str]) -> None:
        """Wait until all these have come."""
        with self._news:
            assert self._news.wait_for(lambda: wanted <= set(self.ids), SECONDS), wanted - set(self.ids)

    def wait_for_bye(self) -> str:
        """Wait until a hub has said goodbye, and return why."""
        with self._news:
            assert self._news.wait_for(lambda: bool(self.byes), SECONDS)
            return self.byes[0]

    def close(self) -> None:
        """Stop."""
        self._stopping.set()
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            # It comes back whatever happened: refused, cut off, or told to leave.
            with suppress(OSError, EOFError, WebSocketException):
                self._listen()

    def _listen(self) -> None:
        address = f"{self._addresses().replace('http', 'ws', 1)}/api/v1/feed?after={self._after}"
        with connect(address, additional_headers=self._headers, open_timeout=5, max_size=None) as feed:
            while not self._stopping.is_set():
                try:
                    message = json.loads(feed.recv(timeout=0.1))
                except TimeoutError:
                    continue
                self._take(message)

    def _take(self, message: Json) -> None:
        self._after = message.get("cursor") or self._after
        with self._news:
            if message["kind"] == "event":
                self.ids.append(message["event"]["id"])
            if message["kind"] == "bye":
                self.byes.append(message["reason"])
                if message["reason"] == "revoked":
                    self._stopping.set()
            self._news.notify_all()


@contextmanager
def listening(
    addresses: Callable[[], str], headers: dict[str, str], after: str = "begin"
) -> Iterator[Listener]:
    """Follow a feed."""
    listener = Listener(addresses, headers, after)
    try:
        yield listener
    finally:
        listener.close()


def push(address: str, number: int, headers: dict[str, str], **more: Json) -> int:
    """Push one event once; return the status, 0 if there was none: nobody knows then."""
    try:
        event = threat(number, **more)
        return httpx.post(f"{address}/api/v1/events", json=event, headers=headers, timeout=60).status_code
    except httpx.TransportError:
        return 0


class Load:
    """Pushes from threads, one event after another, each again until it was acknowledged."""

    def __init__(self, addresses: Callable[[], str], headers: dict[str, str], threads: int = 4) -> None:
        self.acknowledged: list[str] = []
        self.refused: list[int] = []
        self._addresses = addresses
        self._headers = headers
        self._news = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(one,)) for one in range(threads)]

    def __enter__(self) -> "Load":
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for one in self._threads:
            one.join(2 * SECONDS)
            assert not one.is_alive()

    def wait_for(self, more: int) -> None:
        """Wait until so many more were acknowledged."""
        with self._news:
            wanted = len(self.acknowledged) + more
            assert self._news.wait_for(lambda: len(self.acknowledged) >= wanted, 2 * SECONDS)

    def _run(self, thread: int) -> None:
        number = thread * 1_000_000
        while not self._stopping.is_set():
            number += 1
            while (status := push(self._addresses(), number, self._headers)) not in {200, 201}:
                with self._news:
                    self.refused.append(status)
            with self._news:
                self.acknowledged.append(f"t-{number}")
                self._news.notify_all()


def every_id(address: str, headers: dict[str, str]) -> list[str]:
    """Return the ids of all threats that a hub shows, page by page."""
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        asked = {"type": "threat.reported", "limit": "1000", **after}
        answer = httpx.get(f"{address}/api/v1/events", params=asked, headers=headers, timeout=60).json()
        found += [one["id"] for one in answer["events"]]
        if answer["next"] is None:
            return found
        after = {"after": answer["next"]}
