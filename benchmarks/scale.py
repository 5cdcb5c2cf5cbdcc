"""Several hubs on one PostgreSQL log: writes by 1, 2 and 4, the CPU of a read, how soon others tell, and a new hub.

The new hub folds the whole log; another new one takes the views of the first in place of that.
`PART="scale 1000000"` lets the new hub fold so many events; `PART="scale 10000 2"` starts two hubs at most.
"""

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import nats

from benchmarks.database import DurableServer, database_server
from benchmarks.ears import Ears
from benchmarks.fleet import BY, PAUSE_SECONDS, TOLD, Fleet, fleet, wait_until_ready
from benchmarks.measure import ROUNDS, Figure, interleaved, median, percentile
from benchmarks.processes import resident
from hub.bus.link import LOG, SUBJECTS
from tests.nats_cluster import NatsCluster, nats_cluster

HUBS = (1, 2, 4)
REBUILT = 100_000
CURVE = 10
"""The new hub folds a tenth of the events too."""

CALM_SECONDS = 10.0
GOAL_SECONDS = 150.0

Notes = dict[str, float | str]


def run(rebuilt: int = REBUILT, most: int = max(HUBS)) -> list[Figure]:
    """Measure all of it.

    Args:
        rebuilt: events that a new hub folds.
        most: hubs that are started.
    """
    with database_server() as server, tempfile.TemporaryDirectory(prefix="hub-scale-") as name:
        folder = Path(name)
        figures = [*_many(server, folder / "many", [one for one in HUBS if one <= most])]
        with nats_cluster(folder / "nats") as cluster:
            figures += _told(server, folder / "bus", max(2, most), cluster)
        figures += _rebuilding(server, folder / "new", rebuilt)
    return figures


def noise() -> Notes:
    """Return what else the machine does."""
    return {"load average": os.getloadavg()[0], "cores": float(os.cpu_count() or 0)}


@contextmanager
def _served(server: DurableServer, folder: Path, count: int, bus: str = "") -> Iterator[Fleet]:
    folder.mkdir()
    with fleet(folder, server.fresh(), server.fresh(), count, bus) as hubs:
        yield hubs


def _many(server: DurableServer, folder: Path, counts: list[int]) -> list[Figure]:
    with _served(server, folder, max(counts)) as hubs:
        hubs.written(1)
        hubs.cpu.clear()
        writes = interleaved({str(n): partial(hubs.written, n) for n in counts}, ROUNDS)
        reads = interleaved({str(n): partial(hubs.read, n) for n in counts}, ROUNDS)
        figures = _figures(writes, reads, hubs)
        if max(counts) > 1:
            figures += _delays("by PostgreSQL", hubs, 100)
    return figures


def _figures(
    writes: Mapping[str, list[float]], reads: Mapping[str, list[float]], hubs: Fleet
) -> list[Figure]:
    alone, cheap = median(writes["1"]), median(reads["1"])
    found = []
    for count in [one for one in writes if one != "1"]:
        many, dear = median(writes[count]), median(reads[count])
        # What a machine shared with others does to one round, it does to the one beside it as well.
        each = [one / two for one, two in zip(writes[count], writes["1"], strict=True)]
        notes: Notes = {
            "rounds": " ".join(f"{one:.2f}" for one in each),
            "median of the rounds": median(each),
            "CPU us/event of all hubs": median(hubs.cpu[f"write {count}"]),
            "of one hub and those that fold beside it": median(hubs.cpu["write 1"]),
            "us/event until all show it, after the last receipt": median(hubs.cpu[f"shown {count}"]),
            **noise(),
        }
        found += [
            Figure(
                f"writes at {count} hubs of {len(hubs.servers)} on one log, by {BY}", "events/s", many,
                ">= 1, round by round", alone, "writes at one of them", median(each) >= 1, notes,
            ),
            Figure(
                f"CPU of a read, {count} hubs at once", "us/request", dear, "<= 1.25 (0.8 x linear)",
                cheap, "one hub", dear <= 1.25 * cheap, noise(),
            ),
        ]  # fmt: skip
    return found


def _told(server: DurableServer, folder: Path, count: int, cluster: NatsCluster) -> list[Figure]:
    """Measure the same with the bus, and how soon as many bare subscribers hear a message that three servers have."""
    with _served(server, folder, count, cluster.url()) as hubs:
        figures = _delays("by the bus", hubs, 60)
    bare = [took * 1000 for took in asyncio.run(_bare(cluster.url(), count - 1))]
    figures[0].notes |= {"bare NATS, the last, p50 ms": median(bare), "p99": percentile(bare, 0.99)}
    return figures


async def _bare(url: str, count: int) -> list[float]:
    ears = Ears(count)
    clients = [await nats.connect(url.split(","), inbox_prefix=b"_HUB") for _ in range(count + 1)]
    for one in clients[1:]:
        await one.subscribe(SUBJECTS[LOG], cb=ears.hear)
        await one.flush()
    took: list[float] = []
    while len(took) < TOLD * ROUNDS:
        began = time.perf_counter()
        await clients[0].jetstream().publish(SUBJECTS[LOG], bytes(2_048))
        if await ears.all_heard():
            took.append(time.perf_counter() - began)
        await asyncio.sleep(PAUSE_SECONDS)
    for one in clients:
        await one.close()
    return took


def _delays(how: str, hubs: Fleet, goal: float) -> list[Figure]:
    """Measure the feeds of all other hubs: one of them, and the last of them for each event."""
    rounds = [hubs.told() for _ in range(ROUNDS)]
    one = [1000 * took for feeds in rounds for took in feeds[0]]
    last = [1000 * max(each) for feeds in rounds for each in zip(*feeds, strict=True)]
    most = percentile(one, 0.99)
    notes: Notes = {
        "p50 ms": median(one),
        f"the last of {len(hubs.servers) - 1}, p50 ms": median(last),
        f"the last of {len(hubs.servers) - 1}, p99 ms": percentile(last, 0.99),
        "events": float(TOLD * ROUNDS),
        **noise(),
    }
    name = f"write on one hub to the feed of another, {how}, p99"
    return [Figure(name, "ms", most, f"<= {goal:g}", met=most <= goal, notes=notes)]


def _rebuilding(server: DurableServer, folder: Path, count: int) -> list[Figure]:
    """Let a new hub fold all while another serves, and one more take the views of that; a tenth of it first."""
    figures = []
    with _served(server, folder, 1) as hubs, ThreadPoolExecutor(1) as pool:
        there, empty = 0, resident(hubs.servers[0].pid)
        for size in (count // CURVE, count):
            hubs.fill(size - there)
            there = size
            calm = _beside(hubs, pool, _rest)[1]
            took, busy = _beside(hubs, pool, lambda: _another(hubs))
            grown, folded = ((one - empty) / size for one in (resident(hubs.servers[0].pid), took["bytes"]))
            copied, sending = _beside(hubs, pool, lambda: _another(hubs, takes_views=True))
            slow, late, usual = (percentile(one, 0.99) * 1000 for one in (busy, sending, calm))
            seconds, quick = took["seconds"], copied["seconds"]
            goal = GOAL_SECONDS * size / 1_000_000
            notes: Notes = {"events/s": size / seconds, "CPU us/event": took["cpu"] / size * 1e6, **noise()}
            figures += [
                Figure(
                    f"memory of the hub that took {size} events, an event", "bytes", grown, "<= 1.5", folded,
                    "a hub that folded them", grown <= 1.5 * folded,
                ),
                Figure(
                    f"a new hub folds {size} events while another serves", "s", seconds,
                    f"<= {goal:g} (150 for a million)", met=seconds <= goal, notes=notes,
                ),
                Figure(
                    f"pages of the other meanwhile, {size} events, p99", "ms", slow, "<= 2", usual,
                    "the same before", slow <= 2 * usual,
                    {"p50 ms": median(busy) * 1000, "before": median(calm) * 1000, "pages": float(len(busy))},
                ),
                Figure(
                    f"a new hub takes the views of another, {size} events: sent, taken, started, ready", "s", quick,
                    f"<= {goal:g} (150 for a million)", seconds, "it folds them", quick <= goal,
                    {"CPU us/event of the start": copied["cpu"] / size * 1e6, "views MB": hubs.views_bytes() / 1e6},
                ),
                Figure(
                    f"pages of the other meanwhile, as it sends {size} events, p99", "ms", late, "<= 2", usual,
                    "the same before", late <= 2 * usual,
                    {"p50 ms": median(sending) * 1000, "pages": float(len(sending))},
                ),
            ]  # fmt: skip
    return figures


def _another(hubs: Fleet, *, takes_views: bool = False) -> dict[str, float]:
    began = time.perf_counter()
    with hubs.another(takes_views=takes_views) as new:
        wait_until_ready(new)
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "cpu": new.cpu(), "bytes": resident(new.pid)}


def _rest() -> dict[str, float]:
    time.sleep(CALM_SECONDS)
    return {}


def _beside(
    hubs: Fleet, pool: ThreadPoolExecutor, work: Callable[[], dict[str, float]]
) -> tuple[dict[str, float], list[float]]:
    """Do some work while pages are asked for; return what it found, and how long each page took."""
    stop = threading.Event()
    pages = pool.submit(hubs.pages, stop)
    try:
        found = work()
    finally:
        stop.set()
    return found, pages.result()
