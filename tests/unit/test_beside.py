"""What the log keeps beside its events is compared with them: a key, a digest, a place or an alarm that is another."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from events.beside import Beside
from events.event import Position
from events.recorded_keys import CHECK_BYTES, is_sound
from tests.archive_fixtures import Archive, sqlite_url

ENDS = {"person": "lawyer:harbour-bar-watch.1", "level": "C1"}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive(sqlite_url(tmp_path)).begin()
    for number in range(3):
        archive.intake.record([archive.threat(number, notbefore=f"2031-01-0{number + 1}T00:00:00Z")])
    yield archive
    archive.store.close()


def compared(archive: Archive, file: Path, *changes: tuple[str, Sequence[Any]], size: int = 2) -> Beside:
    """Change the tables, and compare them with the log."""
    with closing(sqlite3.connect(file)) as db:
        for change in changes:
            db.execute(*change)
        db.commit()
        secret = db.execute("SELECT salt FROM log_salt").fetchone()[0]
        head = archive.store.head()
        tables = Beside(lambda said, values: db.execute(said, values).fetchall(), secret, head)

        def pages() -> Iterator[Any]:
            after = Position(0)
            while page := archive.store.read(after, size):
                yield page
                after = page[-1].position

        assert sum(map(len, tables.watching(pages()))) == archive.store.head()
    return tables


def flipped(file: Path, column: str, at: int) -> tuple[str, Sequence[Any]]:
    """Return a change of one bit in a column of the newest row of keys."""
    with closing(sqlite3.connect(file)) as db:
        asked = f"SELECT key, {column} FROM recorded_keys ORDER BY position DESC LIMIT 1"
        key, said = db.execute(asked).fetchone()
    other = said ^ 4 if isinstance(said, int) else bytes([*said[:at], said[at] ^ 1, *said[at + 1 :]])
    return f"UPDATE recorded_keys SET {column} = ? WHERE key = ?", (other, key)


def test_what_was_written_is_found_whole(archive: Archive, tmp_path: Path) -> None:
    assert compared(archive, tmp_path / "log.db").faults() == []
    assert compared(archive, tmp_path / "log.db", size=500).faults() == []


@pytest.mark.parametrize(
    ("column", "at", "unknown"), [("key", 3, 1), ("digest", 5, 0), ("digest", 33, 0), ("position", 0, 1)]
)
def test_one_bit_of_a_key_is_found(
    archive: Archive, tmp_path: Path, column: str, at: int, unknown: int
) -> None:
    file = tmp_path / "log.db"
    found = compared(archive, file, flipped(file, column, at))
    assert (found.unknown, found.damaged) == (unknown, 1)
    assert found.faults()[-1] == "The log is damaged: 1 keys of events are not what was recorded."


def test_a_key_that_is_gone_is_found(archive: Archive, tmp_path: Path) -> None:
    found = compared(archive, tmp_path / "log.db", ("DELETE FROM recorded_keys WHERE position = 3", ()))
    assert found.faults() == [
        "The log is damaged: 1 events are not found by their key: they could be recorded twice."
    ]


def test_an_alarm_that_is_another_is_found(archive: Archive, tmp_path: Path) -> None:
    change = "UPDATE alarms SET moment = replace(moment, '2031-01-02', '2031-01-06')"
    found = compared(archive, tmp_path / "log.db", (change, ()))
    assert (found.lacking, found.idle) == (1, 1)
    assert found.faults() == [
        "The log is damaged: 1 alarms of events are missing.",
        "The log is damaged: 1 alarms belong to no event.",
    ]


def test_what_is_newer_than_the_tables_is_left_for_the_next_time(archive: Archive, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "log.db")) as db:
        secret = db.execute("SELECT salt FROM log_salt").fetchone()[0]
    tables = Beside(lambda *_: [], secret, 0)
    assert [len(one) for one in tables.watching(iter([archive.everything()]))] == [archive.store.head()]
    assert tables.faults() == []


def test_of_a_row_of_an_older_release_nobody_can_tell() -> None:
    assert is_sound(b"s" * 32, b"k", b"d" * 32, 1)
    assert not is_sound(b"s" * 32, b"k", b"d" * (32 + CHECK_BYTES), 1)
