"""The file of the views: how long its write-ahead log may get."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from projections.database import Database

WRITES, BYTES = 60, 100_000


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "views.sqlite")
    made.writer.execute("CREATE TABLE things(no INTEGER PRIMARY KEY, body BLOB)")
    yield made
    made.close()


@contextmanager
def somebody_reading(path: Path) -> Iterator[threading.Lock]:
    """Have somebody read all the time: before one ends another one begins, but not while the lock is held."""
    turn, is_over, reads = threading.Lock(), threading.Event(), threading.Event()

    def begun() -> sqlite3.Connection:
        reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM things").fetchone()
        return reader

    def read_on() -> None:
        reader = begun()
        reads.set()
        while not is_over.wait(0.001):
            with turn:
                following = begun()
                reader.close()
            reader = following
        reader.close()

    thread = threading.Thread(target=read_on)
    thread.start()
    reads.wait()
    try:
        yield turn
    finally:
        is_over.set()
        thread.join()


def longest(database: Database, path: Path, after_each: Callable[[], None]) -> int:
    """Return how long the write-ahead log got while something was written and always read."""
    found = 0
    with somebody_reading(path) as turn:
        for number in range(WRITES):
            with turn, database.transaction() as db:
                db.execute("INSERT OR REPLACE INTO things VALUES(?, ?)", (number % 3, os.urandom(BYTES)))
            found = max(found, path.with_name(f"{path.name}-wal").stat().st_size)
            after_each()
    return found


def test_the_log_of_a_file_that_is_always_read_stays_short(database: Database) -> None:
    assert longest(database, database.path, lambda: database.shorten_wal(5 * BYTES)) < WRITES * BYTES / 2
