"""What is looked at when a process was killed: what it was given, what its log and views hold afterwards."""

import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from events.event import Position

Json = Any

ROOT = Path(__file__).parents[1]


def environ() -> dict[str, str]:
    """Return the environment of what is to be hurt: nothing measures it, since it could not say what it saw."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "COVERAGE"))}
    return {**kept, "PYTHONPATH": str(ROOT)}


def everything(store: Any) -> Iterator[Any]:
    """Yield all events of a log."""
    after = Position(0)
    while page := store.read(after, 1000):
        yield from page
        after = page[-1].position


def dump(path: Path) -> dict[str, list[Json]]:
    """Return what the views hold; of the index only its words, since its segments depend on the batches.

    Not `dossiers_refs`, a journal for caches that says in which batch a reference was touched.
    """
    db = sqlite3.connect(path)
    try:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [name for name in sorted(names) if not name.startswith(("search_index", "dossiers_refs"))]
        whole = {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in kept}
        db.execute("CREATE VIRTUAL TABLE temp.said USING fts5vocab('main', 'search_index', 'instance')")
        return {**whole, "search_index": db.execute("SELECT * FROM said").fetchall()}
    finally:
        db.close()


def address_in(log: IO[str]) -> str:
    """Read a log until the hub says where it listens."""
    for line in log:
        found = re.search(r"http://[0-9.]+:[0-9]+", line)
        if found:
            return found[0]
    raise AssertionError("the hub did not start")
