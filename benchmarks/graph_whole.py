"""Measures of the whole graph of one reader, until the answer is there, beside the bare engine on a ready graph."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from time import perf_counter, process_time

from benchmarks.graph_bare import Engine
from benchmarks.graph_room import COORDINATOR, Heard, Query, Room
from benchmarks.graph_turns import absent
from benchmarks.graph_world import Invention
from benchmarks.measure import ROUNDS, Figure, median, timed
from projections.labels import class_of

MOST = 1.5
"""Times the bare engine."""

FEWEST = 2
PATIENCE = 20.0
"""Seconds for the rounds of one measure; there are at least `FEWEST`."""

_LOOK_SECONDS = 0.002
_LOOK_AGAIN = 0.03
"""Of the time that was waited so far: whoever looks more often takes time from the hub, which is in this process."""

_NAMES: dict[str, tuple[str, str, Query]] = {
    "pagerank": ("PageRank", "/graph/central", {"by": "pagerank"}),
    "core": ("core number", "/graph/central", {"by": "core"}),
    "communities": ("Leiden", "/graph/communities", {}),
    "betweenness": ("betweenness of 100 sources", "/graph/central", {"by": "betweenness"}),
}
_PARTS = {"communities": "leiden"}
"""What a measure is called as a part, where that is not its name here."""


async def measures(
    room: Room, engine: Engine, invention: Invention, parts: Collection[str]
) -> AsyncIterator[Figure]:
    """Measure each measure that is among some parts."""
    chosen = {of: bare for of, bare in engine.measures().items() if _PARTS.get(of, of) in parts}
    for of, bare in chosen.items():
        name, path, query = _NAMES[of]
        if not room.has(path, *query):
            yield absent(name)
            continue
        first = await answered(room, path, query)
        if first.status != 200:
            yield absent(name, f"answered {first.status} {first.body[:60].decode()}")
            continue
        yield await _measure(room, of, bare, first)
    if "changed" in parts and room.has("/graph/central", "by"):
        yield await _after_a_change(room, engine, invention)


async def _measure(room: Room, of: str, bare: Callable[[], object], first: Heard) -> Figure:
    """Measure by turns; what the hub kept is dropped each time, except the reader's own graph."""
    name, path, query = _NAMES[of]
    ours: list[Heard] = []
    theirs: list[float] = []
    again: list[float] = []
    job, began = first.job, perf_counter()
    while len(ours) < ROUNDS and (len(ours) < FEWEST or perf_counter() - began < PATIENCE):
        await forget(room, of, job)
        ours.append(await answered(room, path, query))
        job = ours[-1].job
        again.append((await answered(room, path, query)).wall)
        theirs.append(timed(bare).wall)
    figure = _figure(f"{name}, the reader's graph kept", ours, theirs)
    figure.notes |= {
        "asked again ms": median(again) * 1e3,
        "first of all ms": first.wall * 1e3,
        "answered by": "a job" if job else "the question itself",
    }
    return figure


async def _after_a_change(room: Room, engine: Engine, invention: Invention) -> Figure:
    """Measure the first question after a change that this reader sees: his graph is made anew."""
    _, path, query = _NAMES["pagerank"]
    bare = engine.measures()["pagerank"]
    ours, theirs = [], []
    for _ in range(ROUNDS):
        room.fold(invention.more(50))
        ours.append(await answered(room, path, query))
        theirs.append(timed(bare).wall)
    figure = _figure("PageRank after a change", ours, theirs)
    figure.goal, figure.met = "", None
    return figure


def _figure(name: str, ours: list[Heard], theirs: list[float]) -> Figure:
    own, limit = median([one.wall for one in ours]), median(theirs)
    return Figure(
        name=name,
        unit="ms",
        ours=own * 1e3,
        goal=f"<= {MOST} x",
        limit=limit * 1e3,
        limit_name="NetworKit on a ready graph, one thread",
        met=own <= MOST * limit,
        notes={"CPU ms": median([one.cpu for one in ours]) * 1e3, "rounds": float(len(ours))},
    )


async def answered(room: Room, path: str, query: Query) -> Heard:
    """Ask, and if it is a job, look again until it is done; the time is that of all of it."""
    wall, cpu = perf_counter(), process_time()
    heard = await room.ask(path, query)
    job = heard.job
    while heard.status == 202:
        await asyncio.sleep(max(_LOOK_SECONDS, (perf_counter() - wall) * _LOOK_AGAIN))
        heard = await room.ask(f"/graph/jobs/{job}")
    return Heard(heard.status, heard.body, perf_counter() - wall, process_time() - cpu, job)


async def forget(room: Room, of: str, job: str) -> None:
    """Let the hub forget a result, but not the graph that it was computed from."""
    if job:
        await room.ask(f"/graph/jobs/{job}", method="DELETE")
    kept = getattr(room.desk, "kept", None)
    if kept is not None:
        kept.get((class_of(COORDINATOR), of), object(), lambda: None, lambda _: 0)
