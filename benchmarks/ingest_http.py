"""Ingest through the door: batches and single posts over HTTP, each beside its limit."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

from benchmarks.bare import BareRecorder, rows_of
from benchmarks.load import Load, push, request
from benchmarks.measure import ROUNDS, Figure, interleaved, median, percentile, timed
from benchmarks.payloads import batches, threats
from benchmarks.processes import Server, hub, listening, scratch, wait_for_views

BATCH = 1_000
BATCHES = 4
NAIVE = 150
POSTS = 1_000
CONNECTIONS = 64
ADDRESS = "/api/v1/events"


class Door:
    """The servers that are compared, and what each round of load on them gave."""

    def __init__(self, hub_server: Server, parse: Server, save: Server, bare: BareRecorder) -> None:
        self.hub = hub_server
        self.parse = parse
        self.save = save
        self.bare = bare
        self.loads: dict[str, list[Load]] = {}
        self._next: Iterator[int] = count(0, BATCH * BATCHES)

    def batched(self) -> float:
        """Push batches to the hub; events a second until the last is acknowledged."""
        lines = threats(next(self._next), BATCH * BATCHES)
        bodies = [b"\n".join(part) for part in batches(lines, BATCH)]
        posts = [request(ADDRESS, body, "application/x-ndjson", self.hub.token) for body in bodies]
        load = self._keep("batched", push(self.hub, posts, 1))
        wait_for_views(self.hub)
        return len(lines) / load.wall

    def recorded(self) -> float:
        """Give the bare recorder the same bytes; events a second."""
        rows = rows_of(threats(0, BATCH * BATCHES))
        return len(rows) / timed(lambda: self.bare.insert(rows, BATCH)).wall

    def saved(self) -> float:
        """Post to the naive server."""
        return self._single("saved", self.save, NAIVE, 8)

    def posted(self) -> float:
        """Post to the hub, one event a request."""
        rate = self._single("posted", self.hub, POSTS, CONNECTIONS)
        wait_for_views(self.hub)
        return rate

    def parsed(self) -> float:
        """Post to the endpoint that only parses."""
        return self._single("parsed", self.parse, POSTS, CONNECTIONS)

    def _single(self, name: str, server: Server, many: int, connections: int) -> float:
        posts = [request(ADDRESS, body, token=server.token) for body in threats(next(self._next), many)]
        return many / self._keep(name, push(server, posts, connections)).wall

    def _keep(self, name: str, load: Load) -> Load:
        self.loads.setdefault(name, []).append(load)
        return load

    def over(self, name: str, figure: Callable[[Load], float]) -> float:
        """Return the median, over the rounds, of something of each load."""
        return median([figure(load) for load in self.loads[name]])


def measure() -> list[Figure]:
    """Measure batches and single posts."""
    with ExitStack() as opened:
        folder = opened.enter_context(scratch())
        bare = BareRecorder(folder / "bare.sqlite")
        opened.callback(bare.close)
        servers = (
            opened.enter_context(hub(folder)),
            opened.enter_context(listening("benchmarks.naive", "parse", str(folder))),
            opened.enter_context(listening("benchmarks.naive", "save", str(folder))),
        )
        door = Door(*servers, bare)
        for warm in (door.batched, door.posted, door.parsed, door.saved, door.recorded):
            warm()
        door.loads.clear()
        contenders = {"hub": door.batched, "recorder": door.recorded, "naive": door.saved}
        batch = interleaved(contenders, ROUNDS)
        single = interleaved({"hub": door.posted, "parse": door.parsed}, ROUNDS)
    return [*_of_batches(door, batch), *_of_posts(door, single)]


def _of_batches(door: Door, rates: dict[str, list[float]]) -> list[Figure]:
    ours, recorder, naive = (median(rates[name]) for name in ("hub", "recorder", "naive"))
    many = BATCH * BATCHES
    notes: dict[str, float | str] = {
        "server CPU us/event, views included": door.over(
            "batched", lambda load: load.server_cpu / many * 1e6
        ),
        "generator CPU share": door.over("batched", lambda load: load.cpu / load.wall),
    }
    slow: dict[str, float | str] = {
        "naive CPU us/event": door.over("saved", lambda load: load.server_cpu / NAIVE * 1e6)
    }
    return [
        Figure(
            name="batches of 1,000, HTTP to durable",
            unit="events/s",
            ours=ours,
            goal=">= 0.25",
            limit=recorder,
            limit_name="recorder.insert_events by 1,000",
            met=ours >= 0.25 * recorder,
            notes=notes,
        ),
        Figure(
            name="batches against the naive way",
            unit="events/s",
            ours=ours,
            goal=">= 25",
            limit=naive,
            limit_name="Starlette, jsonschema, app.save",
            met=ours >= 25 * naive,
            notes=slow,
        ),
    ]


def _of_posts(door: Door, rates: dict[str, list[float]]) -> list[Figure]:
    ours, parse = median(rates["hub"]), median(rates["parse"])
    p50, p99, other50, other99 = (
        door.over(name, lambda load, share=share: percentile(load.latencies, share) * 1e3)  # type: ignore[misc]
        for name in ("posted", "parsed")
        for share in (0.5, 0.99)
    )
    notes: dict[str, float | str] = {
        "server CPU us/event, views included": door.over(
            "posted", lambda load: load.server_cpu / POSTS * 1e6
        ),
        "CPU us/event of parsing only": door.over("parsed", lambda load: load.server_cpu / POSTS * 1e6),
        "generator CPU share": door.over("parsed", lambda load: load.cpu / load.wall),
    }
    return [
        Figure(
            name="single posts, 64 connections",
            unit="events/s",
            ours=ours,
            goal=">= 0.5",
            limit=parse,
            limit_name="the same server, parsing only",
            met=ours >= 0.5 * parse,
            notes=notes,
        ),
        Figure(
            name="single posts, p99",
            unit="ms",
            ours=p99,
            goal="<= 5",
            limit=p50,
            limit_name="own p50",
            met=p99 <= 5 * p50,
            notes={"parsing only: p50 ms": other50, "parsing only: p99 ms": other99},
        ),
    ]
