"""Views are compared with the log as they are at one moment, though a hub writes them."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from hub.commands.checks.refolded import STANDING, _copied, _places

Places = Sequence[int]


def write(file: Path, places: Places) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS tail_positions (position INTEGER)")
        db.execute("DELETE FROM tail_positions")
        db.executemany("INSERT INTO tail_positions VALUES (?)", [(place,) for place in places])


@pytest.mark.parametrize(
    ("moments", "found"),
    [
        ([(4, 4)], {4}),
        ([(1, 2), (3, 2), (3, 4), (4, 4)], {4}),
        ([(1, 2)] * (STANDING - 1) + [(2, 2)], {2}),
        ([(0, 1)] + [(1, 2)] * STANDING + [(2, 2)], {1, 2}),
    ],
    ids=["at rest", "between two views", "slowly between two views", "standing still apart"],
)
def test_views_are_copied_where_all_stand_at_one_event(
    moments: Sequence[Places], found: set[int], tmp_path: Path
) -> None:
    file, coming = tmp_path / "views.sqlite", iter(moments)
    write(file, next(coming))
    copy = _copied(file, tmp_path / "seen.sqlite", lambda _: write(file, next(coming)))
    with closing(sqlite3.connect(copy)) as db:
        assert _places(db) == found
