"""Views are read as they are at one moment, though a hub writes them."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from projections.still import LOOKS, STANDING, places, still

Places = Sequence[int]


def write(file: Path, at: Places) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE IF NOT EXISTS tail_positions (position INTEGER)")
        db.execute("DELETE FROM tail_positions")
        db.executemany("INSERT INTO tail_positions VALUES (?)", [(place,) for place in at])


@pytest.mark.parametrize(
    ("moments", "found"),
    [
        ([(4, 4)], {4}),
        ([(1, 2), (3, 2), (3, 4), (4, 4)], {4}),
        ([(1, 2)] * (STANDING - 1) + [(2, 2)], {2}),
        ([(0, 1)] + [(1, 2)] * STANDING + [(2, 2)], {1, 2}),
        ([(one, one + 1) for one in range(LOOKS + 1)], {LOOKS - 1, LOOKS}),
    ],
    ids=["at rest", "between two views", "slowly between two views", "standing still apart", "never at rest"],
)
def test_views_are_read_where_all_stand_at_one_event(
    moments: Sequence[Places], found: set[int], tmp_path: Path
) -> None:
    file, coming = tmp_path / "views.sqlite", iter(moments)
    write(file, next(coming))
    with still(file, lambda _: write(file, next(coming))) as db:
        assert places(db) == found
        # What a hub writes meanwhile changes nothing of what is seen.
        write(file, (LOOKS * 2,))
        assert places(db) == found


def test_nobody_waits_longer_than_for_so_many_looks(tmp_path: Path) -> None:
    file, looks = tmp_path / "views.sqlite", count(1)
    write(file, (0, 1))
    with still(file, lambda _: write(file, (next(looks), 0))):
        assert next(looks) == LOOKS
