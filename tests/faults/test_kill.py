"""The whole server is killed again and again while clients push over HTTP: nothing is lost, nothing is twice."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random
from signal import SIGKILL, SIGTERM
from typing import Any

import httpx
import pytest

from events.store import open_store
from hub.keys import open_vault
from projections.reading_room import ReadingRoom
from tests.faults.counting import count
from tests.faults.serving import Nursery
from tests.running import World, make_world, registry, threat
from tests.surviving import dump, everything
from verifier.files import verify_database

Json = Any

CLIENTS = 4

pytestmark = pytest.mark.timeout(1_400)


class Client:
    """Pushes its own events, one or a few at a time, and sends again whatever was not acknowledged."""

    def __init__(self, name: int, random: Random) -> None:
        self._random = random
        self._made = self._events(name * 100_000)
        self._waiting: list[Json] = []
        self.told: set[str] = set()
        self.again = 0
        self.strange: list[tuple[int, str]] = []

    def push(self, url: str, headers: dict[str, str]) -> None:
        """Push until the server is gone."""
        kind = {"Content-Type": "application/x-ndjson"}
        with suppress(httpx.TransportError), httpx.Client(base_url=url, headers=headers, timeout=30) as http:
            while True:
                self.finish(http, kind)
                self._waiting = [next(self._made) for _ in range(self._random.choice((1, 1, 2, 20)))]

    def finish(self, http: httpx.Client, kind: dict[str, str]) -> None:
        """Push what waits."""
        if not self._waiting:
            return
        answer = http.post("/api/v1/events", content="\n".join(map(json.dumps, self._waiting)), headers=kind)
        if answer.status_code == 503:
            return  # it is leaving
        if answer.status_code != 200:
            self.strange.append((answer.status_code, answer.text))
        self._take(answer.json()["results"])

    def _take(self, results: list[Json]) -> None:
        for one in results:
            if one["status"] not in {"stored", "duplicate"}:
                self.strange.append((0, json.dumps(one)))
            self.again += one["status"] == "duplicate"
            self.told.add(one["id"])
        self._waiting = []

    @staticmethod
    def _events(start: int) -> Iterator[Json]:
        number = start
        while True:
            # A key must be made for every tenth: a kill may come between the keys and the log.
            more = {} if number % 10 else {"narrative": f"What happened to number {number}."}
            yield threat(number, tlp="clear", data=more)
            number += 1


def kill(folder: Path, kills: int) -> None:
    """Kill a hub so many times, then look at what it has."""
    random = Random(200)
    world = make_world(folder / "hub")
    clients = [Client(number, random) for number in range(CLIENTS)]
    nursery, headers = Nursery(world.settings.data), world.bearer("publisher")
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            for _ in range(kills):
                url = nursery.start()
                timer = nursery.end(after=random.random() * 0.4)
                for done in [pool.submit(one.push, url, headers) for one in clients]:
                    done.result()
                timer.join()
                assert nursery.ended() == -SIGKILL
        finish(nursery, clients, headers)
    finally:
        nursery.close()
    assert [one.strange for one in clients] == [[]] * CLIENTS
    told = set[str]().union(*(one.told for one in clients))
    look(world, folder, told, kills, sum(one.again for one in clients))


def finish(nursery: Nursery, clients: list[Client], headers: dict[str, str]) -> None:
    """Have everybody push what was not acknowledged, and end the server in peace."""
    with httpx.Client(base_url=nursery.start(), headers=headers, timeout=60) as http:
        for one in clients:
            one.finish(http, {"Content-Type": "application/x-ndjson"})
    nursery.end(SIGTERM)
    assert nursery.ended() in {0, -SIGTERM}


def look(world: World, folder: Path, told: set[str], kills: int, again: int) -> None:
    """Check log, keys, ledger and views."""
    vault = open_vault(world.settings.data, bytes)
    store = open_store(world.settings.store_url, registry(), vault)
    fresh = folder / "fresh.sqlite"
    try:
        read = list(everything(store))
        assert [one.id for one in read if one.erased] == []
        recorded = [one.id for one in read if one.id.startswith("t-")]
        count("kill", told, recorded, kills=kills, sent_again_and_known=again)
        assert sorted(told) == sorted(recorded)
        for views in (world.settings.data / "views.sqlite", fresh):
            room = ReadingRoom(registry(), store, views)
            try:
                room.catch_up()
                assert (room.position, room.stalls()) == (store.head(), {})
            finally:
                room.stop()
    finally:
        store.close()
    assert verify_database(world.settings.data / "log.sqlite", None).faults == []
    assert dump(world.settings.data / "views.sqlite") == dump(fresh)


def test_a_few_kills_lose_nothing(tmp_path: Path) -> None:
    kill(tmp_path, 2)


@pytest.mark.deep
def test_two_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    kill(tmp_path, 200)
