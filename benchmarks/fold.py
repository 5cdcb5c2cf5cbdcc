"""Folds a log once, in a process of its own: `python -m benchmarks.fold LOG VIEWS GC` prints what that took.

VIEWS is a list with commas. Besides the views' names: `log` reads and decodes alone; `rulings` folds what comes before
any view; `rules` reads each event by its rule and keeps nothing; `all` is the reading room as a hub has it. GC is
`default`, or `calm`: what lives already is frozen, and the collector looks less often.
"""

import ctypes
import gc
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.archive import registry
from benchmarks.measure import timed
from benchmarks.processes import resident, scratch
from events.event import Position, RecordedEvent
from events.store import Store
from projections.database import Database
from projections.dossiers import Dossiers
from projections.graph.view import Graph
from projections.labels import Labels
from projections.reading_room import ReadingRoom
from projections.rules import Readings, load_rules
from projections.rulings import Rulings
from projections.search import SearchView
from projections.tail import BATCH, Tail
from projections.timeline import TimelineView
from tests.vaults import open_beside

if TYPE_CHECKING:
    from projections.view import View

CALM = (100_000, 20, 50)


def pages(store: Store) -> Iterator[list[RecordedEvent]]:
    """Read and decode the log, as the tail does."""
    after = Position(0)
    while events := store.read(after, BATCH):
        yield events
        after = events[-1].position


def read_all(store: Store) -> None:
    """Read and decode, and do nothing with it."""
    for _ in pages(store):
        pass


def imply_all(store: Store, readings: Readings) -> None:
    """Read each event by its rule."""
    for events in pages(store):
        for event in events:
            readings.imply(event)


@contextmanager
def folding(store: Store, path: Path, names: str) -> Iterator[Callable[[], None]]:
    """Give what folds the log into these views, everything opened beforehand."""
    if names == "log":
        yield lambda: read_all(store)
    elif names == "rules":
        readings = Readings(registry(), load_rules(registry()))
        yield lambda: imply_all(store, readings)
    elif names == "all":
        room = ReadingRoom(registry(), store, path)
        yield room.catch_up
        room.stop()
    else:
        database = Database(path)
        labels = Labels(database.writer)
        readings = Readings(registry(), load_rules(registry()))
        views: dict[str, View] = {
            "graph": Graph(readings, labels, database),
            "dossiers": Dossiers(readings, labels, database),
            "timeline": TimelineView(registry(), readings, labels, database, store),
            "search": SearchView(registry(), labels, database),
        }
        chosen = [views[name] for name in names.split(",") if name != "rulings"]
        yield Tail(store, Rulings(registry(), store, labels), chosen, labels, database).catch_up
        database.close()


def held() -> int:
    """Return the memory of this process after its garbage went back to the system."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return resident()


def main(log: str, names: str, collector: str) -> None:
    """Fold once."""
    store = open_beside(f"sqlite:///{log}", registry())
    with scratch() as folder, folding(store, folder / "views.sqlite", names) as fold:
        before = held()
        if collector == "calm":
            gc.freeze()
            gc.set_threshold(*CALM)
        took = timed(fold)
        grown = held() - before
    events = store.head()
    store.close()
    print(json.dumps({**asdict(took), "events": events, "bytes": grown}))


if __name__ == "__main__":
    main(*sys.argv[1:])
