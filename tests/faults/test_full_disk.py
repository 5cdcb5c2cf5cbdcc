"""A disk that is full, or that takes no writes: pushes are refused, reading goes on, and so does the hub afterwards.

The kernel itself ends the writes of the process (`RLIMIT_FSIZE`): no privilege and no disk of its own is needed.
A disk that takes no writes at all is the same limit at nothing.
"""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.store import open_store
from hub.keys import open_vault
from tests.faults.counting import count
from tests.faults.serving import Nursery
from tests.running import World, make_world, registry, threat
from tests.surviving import everything
from verifier.files import verify_database

Json = Any

ROOM = 600_000
"""Bytes that a file may still get, in the case of a disk that fills up under load."""

pytestmark = pytest.mark.timeout(280)


@contextmanager
def hub(folder: Path) -> Iterator[tuple[World, Nursery, httpx.Client]]:
    """Serve a hub whose process the test may limit."""
    world = make_world(folder / "hub")
    nursery = Nursery(world.settings.data)
    try:
        with httpx.Client(base_url=nursery.start(), headers=world.bearer("publisher"), timeout=60) as client:
            yield world, nursery, client
        nursery.end(signal.SIGTERM)
        assert nursery.ended() in {0, -signal.SIGTERM}
    finally:
        nursery.close()


def limit(nursery: Nursery, size: int) -> None:
    """Let no file of the server grow beyond a size."""
    hard = resource.prlimit(nursery.process, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(nursery.process, resource.RLIMIT_FSIZE, (size, hard))


def push(client: httpx.Client, number: int) -> httpx.Response:
    event = threat(number, tlp="clear", data={"narrative": f"What happened to number {number}. " * 20})
    return client.post("/api/v1/events", json=event)


def refused(answer: httpx.Response) -> None:
    """Check that a client can tell that this was not stored, and may be sent again."""
    assert answer.status_code == 503, answer.text
    said = answer.json()
    assert said["type"] == "urn:hub:problem:log-unavailable"
    assert "Send again" in said["detail"]
    assert answer.headers["retry-after"]


def recorded(world: World) -> list[str]:
    store = open_store(world.settings.store_url, registry(), open_vault(world.settings.data, bytes))
    try:
        return [one.id for one in everything(store) if one.id.startswith("t-")]
    finally:
        store.close()


@pytest.mark.parametrize("kind", ["full", pytest.param("read_only", marks=pytest.mark.deep)])
def test_what_does_not_fit_is_refused_and_taken_later(tmp_path: Path, kind: str) -> None:
    told, turned_away = set[str](), list[int]()
    with hub(tmp_path) as (world, nursery, client):
        assert push(client, 0).status_code == 201
        biggest = max(one.stat().st_size for one in world.settings.data.rglob("log.sqlite*"))
        limit(nursery, biggest + ROOM if kind == "full" else 0)
        told.add("t-0")
        for number in range(1, 150):
            answer = push(client, number)
            if answer.status_code == 201:
                told.add(f"t-{number}")
                continue
            refused(answer)
            turned_away.append(number)
            if len(turned_away) >= 3:
                break
        assert turned_away, "the disk was never full"
        assert client.get("/api/v1/events").status_code == 200
        assert client.get("/livez").status_code in {200, 404}
        limit(nursery, resource.RLIM_INFINITY)
        for number in turned_away:
            assert push(client, number).status_code in {200, 201}
            told.add(f"t-{number}")
    count(f"disk_{kind}", told, recorded(world), refused=len(turned_away))
    assert verify_database(world.settings.data / "log.sqlite", None).faults == []
