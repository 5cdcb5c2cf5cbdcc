"""The clock of the machine jumps while clients push: order, recognition, expiry, sheets and timekeeper hold."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from events.store import Store, open_store
from hub.keys import open_vault
from tests.faults.counting import count
from tests.running import NOON, World, make_world, serving, threat
from tests.surviving import everything
from verifier.files import verify_database

Json = Any

JUMPS = (-365, 3652, -3287, 400)
"""Days: back by a year, forward by ten years, back again, forward."""

pytestmark = pytest.mark.timeout(280)


def push(url: str, world: World, start: int, stop: Event) -> set[str]:
    """Push events until told to stop; return what was acknowledged."""
    told = set[str]()
    with httpx.Client(base_url=url, headers=world.bearer("publisher"), timeout=60) as http:
        while not stop.is_set() or not told:
            answer = http.post("/api/v1/events", json=threat(start + len(told), tlp="clear"))
            assert answer.status_code == 201, answer.text
            told.add(f"t-{start + len(told)}")
    return told


def stored(world: World) -> Store:
    return open_store(world.settings.store_url, world.registry, open_vault(world.settings.data, world.chance))


def jump(url: str, world: World, days: int) -> None:
    """Move the clock, have the next event recorded at its new time, and see whose token works then."""
    world.clock.move(days=days)
    with httpx.Client(base_url=url, timeout=60) as http:
        answer = http.post(
            "/api/v1/events", json=threat(90_000 + days, tlp="clear"), headers=world.bearer("publisher")
        )
        assert answer.json()["status"] == "stored"
        works = http.get("/api/v1/events?limit=1", headers=world.bearer("short")).status_code
        assert works == (200 if world.clock() < NOON + timedelta(days=30) else 401)


def rung(read: list[Any]) -> list[str]:
    """Return what the timekeeper said about the embargo, which ended when the clock was ten years ahead."""
    return [one.stem for one in read if one.stem.startswith("embargo.")]


def wait_for_the_timekeeper(world: World) -> None:
    """Wait until it has said that the embargo is over."""
    store, deadline = stored(world), time.monotonic() + 60
    try:
        while not rung(list(everything(store))):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        store.close()


def test_jumps_of_the_clock_break_nothing(tmp_path: Path) -> None:
    world, stop = make_world(tmp_path / "hub", timekeeper_seconds=0.02), Event()
    world.issue("short", "open-docket", "observer", expires=NOON + timedelta(days=30))
    with serving(world) as served, ThreadPoolExecutor(2) as pool:
        event = threat(70_000, tlp="clear", notbefore="2031-08-01T00:00:00Z")
        first = httpx.post(f"{served.url}/api/v1/events", json=event, headers=world.bearer("publisher"))
        assert first.status_code == 201, first.text
        at_work = [pool.submit(push, served.url, world, one * 10_000, stop) for one in range(2)]
        for days in JUMPS:
            jump(served.url, world, days)
            if days > 3000:
                wait_for_the_timekeeper(world)
        stop.set()
        told = set[str]().union(*(one.result() for one in at_work))
        told |= {f"t-{90_000 + days}" for days in JUMPS}
        again = httpx.post(
            f"{served.url}/api/v1/events",
            json=threat(90_000 + JUMPS[0], tlp="clear"),
            headers=world.bearer("publisher"),
        )
        assert again.json()["status"] == "duplicate"
    store = stored(world)
    read = list(everything(store))
    store.close()
    places = [one.position for one in read]
    assert places == sorted(set(places))
    assert len(rung(read)) == 1, "what the clock makes due is said once, however often it comes by"
    moments = [datetime.fromisoformat(one.envelope["recordedtime"]) for one in read]
    backwards = sum(one > after for one, after in pairwise(moments))
    recorded = [one.id for one in read if one.id.startswith("t-")]
    count("clock_jumps", told, recorded, jumps=len(JUMPS), steps_back_in_the_log=backwards)
    assert verify_database(world.settings.data / "log.sqlite", None).faults == []
