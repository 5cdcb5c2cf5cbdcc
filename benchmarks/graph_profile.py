"""Where the time of the graph goes: `python -m benchmarks.graph_profile NODES [PART OF A NAME]` prints profiles.

The hub answers in threads, which a profiler does not follow; here it answers in the caller's. The profiler makes calls
dearer than they are: read shares, not times.
"""

import asyncio
import cProfile
import io
import pstats
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio.to_thread

from benchmarks.graph_bare import Engine, Sets
from benchmarks.graph_questions import PAST, ends_among, starts
from benchmarks.graph_room import Query, Room, opened, settle
from benchmarks.graph_turns import Asked
from benchmarks.graph_whole import answered, forget
from benchmarks.graph_world import Invention
from benchmarks.processes import ROOT, scratch

COUNT = 25
SHOWN = 16

_WIDTH = 110


async def profile(size: int, part: str) -> None:
    """Print the profile of each kind of question whose name holds `part`."""
    with scratch() as folder:
        async with opened(folder / "hub") as room:
            invention = Invention(size)
            room.fold(invention.all())
            room.date(invention)
            settle()
            if part in "fold":
                changes = invention.more(2_000)
                _show("fold", lambda: room.fold(changes))
            for name, asked in _questions(room, invention).items():
                if part in name and room.has(asked[0][0], *asked[0][1]):
                    await _show_answers(room, name, asked)


def _questions(room: Room, invention: Invention) -> dict[str, list[Asked]]:
    refs = starts(Sets(room), COUNT, 1, invention.place_on(PAST))
    ends = ends_among(Engine(room), COUNT)
    near: dict[str, Query] = {
        "two-hop": {},
        "two-hop merge=false": {"merge": "false"},
        "two-hop as_of": {"as_of": PAST},
        "two-hop known_on": {"known_on": PAST},
    }
    pairs = [{"from": one, "to": other} for one, other in ends]
    central: dict[str, list[Asked]] = {
        by: [("/graph/central", {"by": by})] for by in ("pagerank", "core", "betweenness")
    }
    return {
        **{
            name: [("/graph", {"about": ref, "hops": 2, "limit": 500, **moment}) for ref in refs]
            for name, moment in near.items()
        },
        "paths hops": [("/graph/paths", {**pair, "weigh": "hops", "k": 1}) for pair in pairs],
        "paths trust": [("/graph/paths", {**pair, "weigh": "trust", "k": 3}) for pair in pairs],
        "alone first": [("/graph/alone", {"limit": 50})],
        "alone again": [("/graph/alone", {"limit": 50})] * COUNT,
        **central,
        "central again": central["core"] * 3,
        "communities": [("/graph/communities", {})],
        "export": [("/graph/export", {"format": "gexf"})],
    }


async def _show_answers(room: Room, name: str, asked: list[Asked]) -> None:
    profiler = cProfile.Profile()
    with _inline(room):
        profiler.enable()
        for path, query in asked:
            heard = await answered(room, path, query)
        profiler.disable()
    await forget(room, name, heard.job)
    _print(f"{name}: {len(asked)} questions, the last answered {heard.status}", profiler)


def _show(name: str, work: Callable[[], object]) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(work)
    _print(name, profiler)


def _print(title: str, profiler: cProfile.Profile) -> None:
    # By cumulative time only what is ours: each question passes the same dozen frames of the server.
    for order, among in (("tottime", ""), ("cumulative", "/projections/|/hub/api/")):
        out = io.StringIO()
        pstats.Stats(profiler, stream=out).sort_stats(order).print_stats(among, SHOWN)
        lines = [line.replace(f"{ROOT}/", "")[:_WIDTH] for line in out.getvalue().splitlines()]
        print(f"\n== {title}, by {order}", *(line for line in lines if line.strip()), sep="\n")


@contextmanager
def _inline(room: Room) -> Iterator[None]:
    """Let the hub answer in the caller's thread; what it does in the background stays where it is."""
    before = anyio.to_thread.run_sync

    async def run(work: Callable[..., Any], *arguments: Any, limiter: object = None, **more: Any) -> Any:
        if limiter is room.reading:
            return work(*arguments)
        return await before(work, *arguments, **more)

    anyio.to_thread.run_sync = run  # type: ignore[assignment]
    try:
        yield
    finally:
        anyio.to_thread.run_sync = before


if __name__ == "__main__":
    asyncio.run(profile(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
