"""The graph: what an event costs, what a tie costs, and how soon questions are answered, at three sizes.

A hub in this process answers over ASGI, as a partner's account that may see most, not all. Its graph is filled by
events of real types, without the log and without other views. Each size runs in a process of its own:
`python -m benchmarks.graph NODES QUESTIONS [PARTS]` prints the figures of one as JSON, a line each, as soon as it is
measured.
"""

import asyncio
import ctypes
import gc
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Timer
from time import perf_counter, thread_time

from benchmarks.graph_bare import Engine, Sets, gexf, networkx_of, rows
from benchmarks.graph_questions import PAST, alone, neighbourhoods, paths
from benchmarks.graph_room import Room, opened, settle
from benchmarks.graph_turns import NOT_THERE, absent
from benchmarks.graph_whole import measures
from benchmarks.graph_world import Invention
from benchmarks.measure import ROUNDS, Figure, keep, median
from benchmarks.processes import ROOT, resident, scratch
from projections.rules import Readings, load_rules
from tests.running import registry

SIZE = 100_000
LARGE = 300_000
"""Nodes from which on the goals for a million hold."""

SECONDS = 1_200
"""That all sizes together may take."""

QUESTIONS = 300
FEW = 60
FRESH = 1_000
"""Most events folded in one round; a twentieth of the graph, if that is fewer."""

PARTS = (
    "event", "neighbourhoods", "paths", "pagerank", "core", "leiden", "betweenness", "changed", "export", "alone"
)  # fmt: skip
"""What can be measured by itself, beside the memory of a tie: `PART="graph 1000000 3600 leiden,export"`."""

EXPORT_SECONDS = 25.0
FEWEST = 2


def asked(words: Sequence[str]) -> list[Figure]:
    """Measure what the words behind `graph` ask for: nodes, seconds, and parts with commas between them."""
    size, seconds, parts = (*words, *(str(SIZE), str(SECONDS), ",".join(PARTS))[len(words) :])
    return run(int(size), int(seconds), tuple(parts.split(",")))


def run(size: int = SIZE, seconds: int = SECONDS, parts: Sequence[str] = PARTS) -> list[Figure]:
    """Measure at this size, then with fewer questions at a tenth and a hundredth of it: what each costs as it grows.

    Each figure is printed and kept as soon as it is there: what takes too long or breaks takes none of them away.

    Args:
        size: nodes.
        seconds: in all; what is not measured by then is left out, and the last line says so.
        parts: of `PARTS`; if they are not all, their figures are kept apart, and there are no smaller sizes.

    Raises:
        ValueError: there is no such part.
    """
    if unknown := set(parts) - set(PARTS):
        raise ValueError(f"no part of the graph: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    are_all = set(parts) == set(PARTS)
    name = "graph" if size == SIZE and are_all else f"graph_{size}"
    until, part = perf_counter() + seconds, name if are_all else "_".join((name, *parts))
    figures: list[Figure] = []
    for figure in _apart(size, QUESTIONS, until, parts):
        figures.append(figure)
        keep(part, figures)
        print(f"{figure.name}: {figure.ours:,.4g} {figure.unit} {figure.notes}", file=sys.stderr, flush=True)
    known = {figure.name: figure for figure in figures if figure.unit != NOT_THERE}
    for nodes in (size // 10, size // 100) if are_all else ():
        for row in _apart(nodes, FEW, until, parts):
            if row.name in known and row.unit != NOT_THERE:
                known[row.name].notes[f"at {nodes:,}"] = row.ours
                keep(part, figures)
    return figures


def _apart(nodes: int, count: int, until: float, parts: Sequence[str]) -> Iterator[Figure]:
    """Measure at one size in a process of its own, whose errors are seen; yield each figure when it comes."""
    command = [sys.executable, "-m", "benchmarks.graph", str(nodes), str(count), ",".join(parts)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as measuring:
        end = Timer(max(0.0, until - perf_counter()), measuring.kill)
        end.start()
        for line in measuring.stdout or ():
            yield Figure(**json.loads(line))
        code = measuring.wait()
        end.cancel()
    if code:
        why = (
            "no time was left" if end.finished.is_set() and perf_counter() >= until else f"ended with {code}"
        )
        yield absent(f"what comes after that at {nodes:,} nodes", why)


async def measure(size: int, count: int, parts: Sequence[str] = PARTS) -> AsyncIterator[Figure]:
    """Measure some parts at one size, with so many questions of a kind; what takes longest comes last."""
    is_large = size >= LARGE
    with scratch() as folder:
        async with opened(folder / "hub") as room:
            invention = Invention(size)
            yield _filled(room, invention)
            settle()
            if "event" in parts:
                yield _folded(room, invention, 80.0 if is_large else 60.0)
            async for figure in _asked(room, invention, count, parts):
                yield figure


async def _asked(room: Room, invention: Invention, count: int, parts: Sequence[str]) -> AsyncIterator[Figure]:
    is_large = len(room.graph.network.nodes) >= LARGE * 9 // 10
    sets, engine = Sets(room), Engine(room)
    settle()
    async for figure in _part(room, sets, engine, (count, invention.place_on(PAST), is_large), parts):
        yield figure
    lawyers = sorted(ref for ref in sets.near if ref.startswith("lawyer:"))
    del sets
    async for figure in measures(room, engine, invention, parts):
        yield figure
    del engine
    if "export" in parts:
        yield await _exported(room)
    if "alone" in parts:
        for figure in await alone(room, lawyers, 200.0 if is_large else 50.0, count):
            yield figure


async def _part(
    room: Room, sets: Sets, engine: Engine, how: tuple[int, int, bool], parts: Sequence[str]
) -> AsyncIterator[Figure]:
    """Measure what is asked of a part of the graph: so many questions, a place of the past, whether it is large."""
    count, upto, is_large = how
    if "neighbourhoods" in parts:
        goals = (30.0, 200.0) if is_large else (10.0, 50.0)
        async for figure in neighbourhoods(room, sets, goals, upto, count):
            yield figure
    if "paths" in parts:
        for figure in await paths(room, engine, (50.0, 500.0) if is_large else (10.0, 100.0), count):
            yield figure


def _filled(room: Room, invention: Invention) -> Figure:
    """Fill the graph, and measure the memory that it takes for a tie."""
    before, began = held(), perf_counter()
    gc.disable()  # A hub freezes what it has loaded; to walk it meanwhile would measure the filling alone.
    room.fold(invention.all())
    room.date(invention)
    gc.enable()
    took = perf_counter() - began
    room.graph.database.writer.execute("PRAGMA shrink_memory")
    grown = held() - before
    network = room.graph.network
    ties = network.graph.number_of_edges()
    allowed = room.allowed.numbers()
    return Figure(
        name="memory for a tie, its claims included",
        unit="bytes",
        ours=grown / ties,
        goal="<= 1,536 bytes",
        met=grown / ties <= 1536,
        notes={
            "nodes": float(len(network.nodes)),
            "ties": float(ties),
            "claims": float(len(room.graph.journal)),
            "share of nodes that the reader sees": sum(network.sees(ref, allowed) for ref in network.nodes)
            / len(network.nodes),
            "seconds to fill": took,
        },
    )


def _folded(room: Room, invention: Invention, most: float) -> Figure:
    """Measure what one more event costs beside its reading by the rule, which other views need as well."""
    readings = Readings(registry(), load_rules(registry()))
    count = min(FRESH, len(room.graph.network.nodes) // 20)
    whole: list[float] = []
    read: list[float] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        changes = invention.more(count)
        read.append(_cpu(lambda changes=changes: [readings.imply(one.event) for one in changes]))  # type: ignore[misc]
        whole.append(sum(room.fold(changes)))
        bare.append(_cpu(networkx_of(changes, readings)))
    costs = [(one - other) / count * 1e6 for one, other in zip(whole, read, strict=True)]
    return Figure(
        name="event applied to the graph",
        unit="CPU us/event",
        ours=median(costs),
        goal=f"<= {most:g} us",
        met=median(costs) <= most,
        limit=median(bare) / count * 1e6,
        limit_name="networkx, add_edge of its ties",
        notes={"reading by the rule, shared by three views": median(read) / count * 1e6},
    )


async def _exported(room: Room) -> Figure:
    """Measure the export as GEXF, and what memory it takes meanwhile."""
    name = "export as GEXF"
    if not room.has("/graph/export", "format"):
        return absent(name)
    ours: list[float] = []
    bare: list[float] = []
    peaks: list[float] = []
    edges, began = 0, perf_counter()
    while len(ours) < ROUNDS and (len(ours) < FEWEST or perf_counter() - began < EXPORT_SECONDS):
        before = held()
        _forget_peak()
        heard = await room.ask("/graph/export", {"format": "gexf"}, keep=False)
        peaks.append(_peak() - before)
        if heard.status != 200:
            return absent(name, f"answered {heard.status}")
        edges = heard.edges
        ours.append(edges / heard.wall)
        ready = list(rows(room))
        bare.append(len(ready) / _cpu(lambda ready=ready: gexf(ready)))  # type: ignore[misc]
        del ready
    return Figure(
        name=name,
        unit="edges/s",
        ours=median(ours),
        goal=">= 50,000 edges/s",
        limit=median(bare),
        limit_name="ready rows written",
        met=median(ours) >= 50_000,
        notes={"edges": float(edges), "peak memory MB": max(peaks) / 1e6, "rounds": float(len(ours))},
    )


def held() -> int:
    """Return the memory of this process after its garbage went back to the system."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return resident()


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def _peak() -> int:
    """Return the most memory that this process held since `_forget_peak`."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def _cpu(work: Callable[[], object]) -> float:
    began = thread_time()
    work()
    return thread_time() - began


async def _say(size: int, count: int, parts: Sequence[str]) -> None:
    async for figure in measure(size, count, parts):
        print(json.dumps(asdict(figure)), flush=True)


if __name__ == "__main__":
    chosen = sys.argv[3].split(",") if len(sys.argv) > 3 else PARTS
    asyncio.run(_say(int(sys.argv[1]), int(sys.argv[2]), chosen))
