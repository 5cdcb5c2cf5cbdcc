"""Hubs on a bus, for tests, and what the streams of it hold."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from events.store import open_store
from events.travelling import Copies, read_copies
from hub.bus.link import FAULTS, LOG, Link, Said, linked
from hub.bus.relay import PLACE
from hub.bus.sealing import Sealer
from hub.keys import cursor_key, open_vault, vault_key
from tests.nats_cluster import NatsCluster
from tests.running import TestClient, World, calling, make_world, threat

SECONDS = 60.0


def asking(cluster: NatsCluster, ask: Callable[[Link], Awaitable[Any]]) -> Any:
    async def asked() -> Any:
        async with linked(cluster.url(), "HUB") as link:
            return await ask(link)

    return asyncio.run(asked())


async def eventually(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await is_so():  # noqa: ASYNC110 - somebody else's process
            await asyncio.sleep(0.02)


def until(is_so: Callable[[], bool]) -> None:
    async def so() -> bool:
        return is_so()

    asyncio.run(eventually(so))


def second(world: World, folder: Path) -> World:
    """Another hub on the same log, on the same machine, in a folder of its own: nothing but the log is shared."""
    folder.mkdir()
    shutil.copytree(world.settings.data / "keys", folder / "keys")
    settings = replace(world.settings, data=folder, store=world.settings.store_url)
    return replace(world, settings=settings)


def post(hub: TestClient, world: World, number: int, **more: Any) -> None:
    answer = hub.post("/api/v1/events", json=threat(number, **more), headers=world.bearer("publisher"))
    assert answer.status_code == 201, answer.text


def knows(hub: TestClient, number: int) -> bool:
    found = httpx_get(hub, f"/api/v1/events/urn:hub:partner:harbour-bar-watch/t-{number}")
    return found.status_code == 200


def httpx_get(hub: TestClient, path: str) -> httpx.Response:
    return httpx.Client.request(hub, "GET", path)


def sealer_of(world: World) -> Sealer:
    data = world.settings.data
    store = open_store(world.settings.store_url, world.registry, open_vault(data, world.chance))
    try:
        return Sealer((cursor_key(data), vault_key(data), store.epoch()), world.chance)
    finally:
        store.close()


async def told(link: Link, world: World) -> list[Copies]:
    """Read the whole stream of the log."""
    found: list[Said] = []
    while page := await link.after(LOG, found[-1].sequence if found else 0):
        found += page
    sealer = sealer_of(world)
    return [read_copies(sealer.opened(one.box, PLACE)) for one in found]


def follower_of(hub: TestClient) -> Any:
    return hub.app_state["bus"].follower


def is_whole(copies: list[Copies], head: int) -> None:
    """Assert that messages hold every row once, in order."""
    assert [one.after for one in copies] == [0, *(one.last for one in copies[:-1])]
    assert [row.id for one in copies for row in one.rows] == list(range(1, head + 1))


def relayed(cluster: NatsCluster, world: World, head: int) -> list[Copies]:
    """Wait until the stream has so much, and return it.

    Each look is by a link of its own: one server may be without the others for a while.
    """
    found: list[Copies] = []

    async def has() -> bool:
        try:
            async with linked(cluster.url(), "HUB") as link:
                found[:] = await told(link, world)
        except FAULTS:
            return False
        return bool(found) and found[-1].last >= head

    asyncio.run(eventually(has))
    return found


@contextmanager
def hubs(bus: NatsCluster, folder: Path, store: str = "") -> Iterator[tuple[World, TestClient, TestClient]]:
    with ExitStack() as opened:
        world = make_world(folder / "one", bus=bus.url(), store=store)
        one = opened.enter_context(calling(world))
        other = opened.enter_context(calling(second(world, folder / "two")))
        yield world, one, other


def stored(cluster: NatsCluster) -> bytes:
    files = [one for node in cluster.nodes for one in (node.folder / "store").rglob("*") if one.is_file()]
    return b"".join(one.read_bytes() for one in files)


async def says(link: Link, world: World, said: bytes) -> bool:
    try:
        copies = await told(link, world)
    except FAULTS:
        return False
    return bool(copies) and said in copies[-1].rows[-1].state
