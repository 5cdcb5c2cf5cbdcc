"""The bus: the relay beside bare publishing of the same boxes, and how late a hub hears what another wrote."""

import asyncio
import json
import statistics
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import nats
from nats.js.api import StorageType, StreamConfig

from benchmarks.ears import Ears
from benchmarks.measure import Figure, Took
from events.cursor import Cursors
from events.store import open_store
from hub.bus.convoy import AT_ONCE
from hub.bus.link import LOG, Link, linked
from hub.bus.opening import board
from hub.bus.relay import ROWS, Relay
from hub.keys import cursor_key, open_vault
from tests.nats_cluster import NatsCluster, nats_cluster
from tests.running import calling, make_world, threat

ROUNDS = 9
EVENTS = 6_000
WAYS = 60
LISTENERS = 50
MESSAGES = 20


def measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name, nats_cluster(Path(name) / "bus") as cluster:
        return {**_fanning(cluster), **_hearing(cluster, Path(name)), **_relaying(cluster, Path(name))}


def _relaying(cluster: NatsCluster, folder: Path) -> dict[str, Any]:
    world = make_world(folder / "relayed", bus=cluster.url())
    lines = [threat(number, data={"narrative": "What happened. " * 60}) for number in range(1, EVENTS + 1)]
    from dataclasses import replace

    with calling(replace(world, settings=replace(world.settings, bus=""))) as hub:
        body = "\n".join(json.dumps(one) for one in lines)
        more = {**world.bearer("publisher"), "Content-Type": "application/x-ndjson"}
        assert hub.post("/api/v1/events", content=body, headers=more).status_code == 200
    store = open_store(
        world.settings.store_url, world.registry, open_vault(world.settings.data, world.chance)
    )
    aboard = board(world.settings, store, world.chance)
    assert aboard is not None
    relay = Relay(store, aboard.sealer, Cursors(cursor_key(world.settings.data)))
    found: dict[str, list[Took]] = {"relay": [], "bare": [], "one": []}
    boxes: list[bytes] = []
    for _ in range(ROUNDS):
        boxes[:] = asyncio.run(_relay(cluster, relay, store.head(), found["relay"]))
        asyncio.run(_bare(cluster, boxes, AT_ONCE, found["bare"]))
        asyncio.run(_bare(cluster, boxes, 1, found["one"]))
    store.close()
    walls = {key: statistics.median(one.wall for one in took) for key, took in found.items()}
    cpus = {key: statistics.median(one.cpu for one in took) for key, took in found.items()}
    ratios = [bare.wall / ours.wall for ours, bare in zip(found["relay"], found["bare"], strict=True)]
    return {
        "events": EVENTS,
        "messages": len(boxes),
        "relay_events_per_second": round(EVENTS / walls["relay"]),
        "bare_events_per_second": round(EVENTS / walls["bare"]),
        "bare_one_by_one_events_per_second": round(EVENTS / walls["one"]),
        # What else the machine does changes from round to round more than from turn to turn.
        "ratio": round(statistics.median(ratios), 3),
        "ratios of the rounds": " ".join(f"{one:.2f}" for one in ratios),
        "relay_cpu_us_per_event": round(cpus["relay"] / EVENTS * 1e6, 1),
        "bare_cpu_us_per_event": round(cpus["bare"] / EVENTS * 1e6, 1),
    }


async def _relay(cluster: NatsCluster, relay: Relay, head: int, took: list[Took]) -> list[bytes]:
    async with linked(cluster.url(), "HUB") as link:
        await link.delete(LOG)
        await link.make(LOG)
        began, spent = time.perf_counter(), time.process_time()
        turns = iter([True] * -(-head // ROWS))

        async def is_mine() -> bool:
            return next(turns, False)

        await relay.run(link, is_mine)
        took.append(Took(time.perf_counter() - began, time.process_time() - spent))
        boxes: list[bytes] = []
        sequence = 0
        while page := await link.after(LOG, sequence):
            sequence = page[-1].sequence
            boxes += [one.box for one in page]
        return boxes


async def _bare(cluster: NatsCluster, boxes: list[bytes], at_once: int, took: list[Took]) -> None:
    """Publish boxes with the library alone, so many on their way at once."""
    async with linked(cluster.url(), "HUB") as link:
        await link.delete(LOG)
    client = await nats.connect(cluster.url().split(","), inbox_prefix=b"_HUB")
    jet = client.jetstream()
    await jet.add_stream(
        StreamConfig(name=LOG, subjects=["hub.log"], storage=StorageType.FILE, num_replicas=3)
    )
    began, spent = time.perf_counter(), time.process_time()
    ways: deque[asyncio.Task[Any]] = deque()
    for box in boxes:
        if len(ways) == at_once:
            await ways.popleft()
        ways.append(asyncio.create_task(jet.publish("hub.log", box)))
    await asyncio.gather(*ways)
    took.append(Took(time.perf_counter() - began, time.process_time() - spent))
    await client.close()


def _hearing(cluster: NatsCluster, folder: Path) -> dict[str, Any]:
    import shutil
    from dataclasses import replace

    async def clear() -> None:
        async with linked(cluster.url(), "HUB") as link:
            await link.delete(LOG)

    asyncio.run(clear())
    world = make_world(folder / "one", bus=cluster.url())
    other = folder / "two"
    other.mkdir()
    shutil.copytree(world.settings.data / "keys", other / "keys")
    far = replace(world, settings=replace(world.settings, data=other, store=world.settings.store_url))
    with calling(world) as one, calling(far) as two:
        room, follower = two.app_state["room"], two.app_state["bus"].follower
        took: list[float] = []
        for number in range(1, WAYS + 1):
            one.post("/api/v1/events", json=threat(number), headers=world.bearer("publisher"))
            began = time.perf_counter()
            assert room.wait_for(one.app_state["end_of_log"](), 20)
            took.append(time.perf_counter() - began)
        share = follower.from_bus / (follower.from_bus + follower.from_log)
    took.sort()
    return {
        "receipt_to_other_hub_p50_ms": round(took[len(took) // 2] * 1000, 1),
        "receipt_to_other_hub_p99_ms": round(took[int(len(took) * 0.99)] * 1000, 1),
        "share_read_from_bus": round(share, 2),
    }


def _fanning(cluster: NatsCluster) -> dict[str, Any]:
    return asyncio.run(_fan(cluster))


async def _fan(cluster: NatsCluster) -> dict[str, Any]:
    """One message to so many edges, heard as edges hear it, and the same by bare subscriptions of the library."""
    times: dict[str, list[float]] = {"edges": [], "bare": []}
    async with linked(cluster.url(), "HUB") as link:
        await link.make("HUB_PUBLIC")
        writer = await nats.connect(cluster.url().split(","), inbox_prefix=b"_HUB")
        for kind in ("edges", "bare"):
            clients = [
                await nats.connect(cluster.url("edge").split(","), inbox_prefix=b"_EDGE")
                for _ in range(LISTENERS)
            ]
            ears = Ears(LISTENERS)
            for client in clients:
                if kind == "edges":
                    await Link(client).listen("HUB_PUBLIC", ears.hear)
                else:
                    await client.subscribe("hub.public.>", cb=ears.hear)
                await client.flush()
            while len(times[kind]) < MESSAGES:
                began = time.perf_counter()
                await writer.publish("hub.public.bench", b"x" * 1_000)
                if await ears.all_heard():
                    times[kind].append(time.perf_counter() - began)
            for client in clients:
                await client.close()
        await writer.close()
        await link.delete("HUB_PUBLIC")
    edges, bare = (statistics.median(times[kind]) for kind in ("edges", "bare"))
    return {
        "edges": LISTENERS,
        "all_edges_heard_ms": round(edges * 1000, 1),
        "bare_heard_ms": round(bare * 1000, 1),
        "fan_out_ratio": round(bare / edges, 2),
    }


def run() -> list[Figure]:
    """Measure, and return the rows of the table."""
    found = measure()
    relayed: dict[str, float | str] = {
        name: found[name]
        for name in (
            "events",
            "messages",
            "relay_cpu_us_per_event",
            "bare_cpu_us_per_event",
            "bare_one_by_one_events_per_second",
            "ratio",
            "ratios of the rounds",
        )
    }
    return [
        Figure(
            "relayed to three servers",
            "events/s",
            found["relay_events_per_second"],
            ">= 0.8 of bare",
            found["bare_events_per_second"],
            f"bare publishing of the same boxes, {AT_ONCE} at once",
            found["ratio"] >= 0.8,
            relayed,
        ),
        Figure(
            "receipt to views of another hub, p50",
            "ms",
            found["receipt_to_other_hub_p50_ms"],
            "",
            notes={
                "p99": found["receipt_to_other_hub_p99_ms"],
                "read from the bus": found["share_read_from_bus"],
            },
        ),
        Figure(
            f"one message to {LISTENERS} edges",
            "ms",
            found["all_edges_heard_ms"],
            "<= 1.25 of bare",
            found["bare_heard_ms"],
            "bare subscriptions",
            found["all_edges_heard_ms"] <= 1.25 * found["bare_heard_ms"],
        ),
    ]
