"""Boards: how soon each is answered when first asked, when nothing changed, and when one event came; what views add.

A hub in this process answers over ASGI, as a partner's account that may see most, not all. Its log holds whole events
of all types. `python -m benchmarks.boards EVENTS` prints the figures of one size as JSON.
"""

import asyncio
import json
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.boards_world import Boards, Said, founding, slug_of
from benchmarks.graph_room import Heard, Query, Room, settle
from benchmarks.measure import Figure, median, percentile
from benchmarks.processes import run_json, scratch
from events.submission import Publisher
from hub.views_files import VIEWS_FILE
from projections.changes import Change
from projections.reading_room import ReadingRoom
from projections.tail import BATCH, Tail
from tests.running import NOON, World, make_world, recording

Json = Any

SIZE = 30_000
WARM = 15
"""Questions of a kind when nothing changed."""

PATIENCE = 600.0
"""Seconds for the timekeeper to say what is due of years."""

AFTER = 5
"""Events, each with all questions behind it."""

READER = slug_of(1)
STORIES = ("threat", "need", "commitment", "statement", "dataset")
"""What comes while boards are asked: the first event of such a story, one after the other."""

LISTS: tuple[tuple[str, Query], ...] = (
    ("/coverage", {"within": "30d"}),
    ("/hearings", {"uncovered": "true"}),
    ("/replies", {}),
    ("/review", {}),
    ("/impunity", {}),
    ("/what-works", {}),
    ("/matches", {}),
    ("/support/totals", {}),
    ("/countries", {}),
    ("/countries/QM", {}),
    ("/data", {}),
    ("/standards", {}),
    ("/consultations", {}),
    ("/commitments/lights", {}),
    ("/actions/board", {}),
    ("/board", {}),
)
DOSSIERS = {
    "trials": "trial",
    "hearings": "hearing",
    "actions": "action",
    "statements": "statement",
    "needs": "need",
    "offers": "offer",
    "supports": "support",
    "policies": "policy",
    "commitments": "commitment",
    "indicators": "indicator",
    "datasets": "dataset",
    "threats": "threat",
}
"""List → kind of thing; the first that came is spoken of most."""


class Timed:
    """A view that says what folding took.

    Args:
        view: that folds.
    """

    def __init__(self, view: Any) -> None:
        self._view = view
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._view, name)

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """Fold, and count."""
        began = time.thread_time()
        self._view.fold(db, changes)
        self.seconds += time.thread_time() - began


def record(world: World, said: Sequence[Said]) -> None:
    """Write a log.

    Raises:
        RuntimeError: the hub refuses what it is measured with.
    """
    with recording(world) as intake:
        world.clock.now = NOON - timedelta(days=730)
        checked = [intake.check(Publisher("stewards", "bench"), raw) for raw in founding()]
        outcomes = intake.record(checked)
        for start in range(0, len(said), BATCH):
            part = said[start : start + BATCH]
            world.clock.now = part[-1][0]
            outcomes += intake.record([intake.check(Publisher(by, "bench"), raw) for _, _, by, raw in part])
    world.clock.now = NOON
    refused = Counter(str(one) for one in outcomes if one.status != "stored")
    if refused:
        raise RuntimeError(f"refused: {refused.most_common(3)}")


def folded(world: World, file: Path) -> tuple[int, dict[str, float]]:
    """Fold a log; return how many events it has, and CPU microseconds an event of each view and of all."""
    with recording(world) as intake:
        store = intake._store  # noqa: SLF001
        room = ReadingRoom(world.registry, store, file)
        views = [Timed(one.view) for one in room._tail._progress.values()]  # noqa: SLF001
        shelves = room.shelves
        rulings, labels, database = shelves.rulings, shelves.labels, shelves.database
        tail = Tail(store, rulings, views, labels, database)
        began = time.thread_time()
        tail.catch_up()
        whole, count = time.thread_time() - began, store.head()
        room.stop()
    return count, {"all": whole / count * 1e6, **{one.name: one.seconds / count * 1e6 for one in views}}


class Asker:
    """Asks every board, and keeps what that took: milliseconds by name of the question."""

    def __init__(self, room: Room, questions: Mapping[str, tuple[str, Query]]) -> None:
        self._room = room
        self._questions = questions
        self.took: dict[str, list[Heard]] = {name: [] for name in questions}

    async def ask(self) -> None:
        """Ask each once.

        Raises:
            RuntimeError: one was not answered.
        """
        for name, (path, query) in self._questions.items():
            heard = await self._room.ask(path, query)
            if heard.status != 200:
                raise RuntimeError(f"{name} was answered {heard.status}: {heard.body[:200]!r}")
            self.took[name].append(heard)


def questions() -> dict[str, tuple[str, Query]]:
    """Return what is asked: each list, and a thing of each kind that has a board."""
    asked: dict[str, tuple[str, Query]] = {path: (path, query) for path, query in LISTS}
    for name, kind in DOSSIERS.items():
        own = "bar-0.la-0" if kind == "indicator" else f"{slug_of(0)}.0"
        ref = f"{kind}:{own}-3" if kind == "hearing" else f"{kind}:{own}"
        asked[f"/{name}/{{ref}}"] = (f"/{name}/{ref}", {})
    return asked


def run(events: int = SIZE) -> list[Figure]:
    """Measure at this size, in a process of its own."""
    return [Figure(**row) for row in run_json("benchmarks.boards", str(events))]


async def measure(events: int) -> list[Figure]:
    """Measure at one size."""
    with scratch() as folder:
        world, boards = make_world(folder / "hub"), Boards(events)
        record(world, boards.all())
        world.issue("coordinator", READER, "observer", clearance="amber")
        count, costs = folded(world, folder / "hub" / VIEWS_FILE)
        app = world.app()
        async with app.router.lifespan_context(app) as state:
            room = Room(app, dict(state or {}), world)
            await _told(room, world)
            settle()
            return [*_views(costs), *await _boards(room, world, boards, count)]


async def _told(room: Room, world: World) -> None:
    """Wait until the timekeeper has said everything that is due, and every view shows it.

    Raises:
        RuntimeError: it does not come to an end.
    """
    deadline = time.monotonic() + PATIENCE
    while any(room.reading_room.deadlines_due(world.clock(), 1)):
        if time.monotonic() > deadline:
            raise RuntimeError("the timekeeper has still something to say")
        await asyncio.sleep(0.2)
    room.settle()


async def _boards(room: Room, world: World, boards: Boards, count: int) -> list[Figure]:
    asked = questions()
    cold, warm, after = Asker(room, asked), Asker(room, asked), Asker(room, asked)
    await cold.ask()
    for _ in range(WARM):
        await warm.ask()
    for name in STORIES[:AFTER]:
        [first, *_] = boards.one_more(name, 1_000_000)
        with recording(world) as intake:
            intake.record([intake.check(Publisher(first[2], "bench"), first[3])])
        room.settle()
        await after.ask()
    return [_figure(name, [one.took[name] for one in (cold, warm, after)], count) for name in asked]


def _figure(name: str, heard: Sequence[Sequence[Heard]], count: int) -> Figure:
    first, again, later = heard
    cpu = median([one.cpu * 1e3 for one in again])
    notes: dict[str, float | str] = {
        "p50 ms": median([one.wall * 1e3 for one in again]),
        "p99 ms": percentile([one.wall * 1e3 for one in again], 0.99),
        "first CPU ms": first[0].cpu * 1e3,
        "first ms": first[0].wall * 1e3,
        "after one event, median CPU ms": median([one.cpu * 1e3 for one in later]),
        "after one event, worst CPU ms": max(one.cpu * 1e3 for one in later),
        "after one event, worst ms": max(one.wall * 1e3 for one in later),
        "KB": len(again[0].body) / 1e3,
        "events": float(count),
    }
    return Figure(f"{name}, nothing changed", "CPU ms", cpu, "<= 20 ms", met=cpu <= 20, notes=notes)


def _views(costs: Mapping[str, float]) -> Iterator[Figure]:
    for name, cost in costs.items():
        goal = "<= 125 us" if name == "all" else "<= 20 us" if name in NEW else ""
        most = 125 if name == "all" else 20
        yield Figure(f"replay, view {name}", "CPU us/event", cost, goal, met=cost <= most if goal else None)


NEW = frozenset({"deadlines", "unsupported", "erasures", "conflicts"})
"""Views beside the graph, the dossiers, the timeline, the search and the names."""


if __name__ == "__main__":
    print(json.dumps([asdict(figure) for figure in asyncio.run(measure(int(sys.argv[1])))]))
