"""Checks of rows beside accounts and followers: kept by every writer, found wrong by whoever looks."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.office import FileTables
from hub.office_checks import TABLE, begin_checks
from hub.office_opening import FILES, begin_file_checks

SCRIPT = """
CREATE TABLE IF NOT EXISTS kept (id TEXT PRIMARY KEY, words TEXT, size INTEGER, share REAL, raw BLOB);
CREATE TABLE IF NOT EXISTS further (no INTEGER PRIMARY KEY, said TEXT NOT NULL);
"""
ROWS = [("a", "w\u00f6rter", 3, 0.5, b"\x00\x01"), ("b", None, -1, 1e300, None), ("c", "", 2**62, 3.0, b"")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / FILES[0]


@pytest.fixture
def tables(file: Path) -> Iterator[FileTables]:
    with closing(FileTables(file, SCRIPT)) as opened:
        with opened.writing() as db:
            db.executemany("INSERT INTO kept VALUES (?,?,?,?,?)", ROWS)
            db.execute("INSERT INTO further (said) VALUES ('one')")
        yield opened


def behind(file: Path, *statements: str) -> None:
    """Write as somebody who is not the hub."""
    with closing(sqlite3.connect(file)) as db, db:
        for one in statements:
            db.execute(one)


def sound(tables: FileTables) -> str:
    return "".join(one for one in "abc" if tables.is_sound("kept", "id", one))


def test_all_that_a_hub_writes_is_sound(tables: FileTables) -> None:
    assert tables.damages() == []
    with tables.writing() as db:
        db.execute("UPDATE kept SET words = 'other', size = size - 1")
        db.execute("DELETE FROM kept WHERE id = 'b'")
        db.execute("INSERT OR IGNORE INTO kept (id) VALUES ('a'), ('d')")
        db.execute("INSERT INTO kept (id, size) VALUES ('a', 9) ON CONFLICT (id) DO UPDATE SET size = 9")
        assert db.execute("DELETE FROM further RETURNING said").fetchall()[0][0] == "one"
    assert (tables.damages(), sound(tables)) == ([], "abc")


@pytest.mark.parametrize(
    "change",
    [
        "id = 'e'", "words = 'worter'", "words = CAST(words AS BLOB)", "words = NULL", "size = 7", "size = 3.5",
        "share = 0.5000000000000001", "raw = x'0000'", "raw = CAST(x'80' AS TEXT)", "raw = NULL",
    ],
)  # fmt: skip
def test_any_other_value_is_found(tables: FileTables, file: Path, change: str) -> None:
    behind(file, f"UPDATE kept SET {change} WHERE id = 'a'")
    assert tables.damages() == ["1 rows of its table kept are not as the hub wrote them"]
    assert sound(tables) == ("abc" if "id" in change else "bc")
    assert tables.is_sound("further", "no", 1)


def test_a_row_that_is_gone_or_came_is_found(tables: FileTables, file: Path) -> None:
    behind(file, "DELETE FROM kept WHERE id = 'a'")
    assert tables.damages() == ["1 rows of its table kept are not as the hub wrote them"]
    behind(file, "INSERT INTO further (said) VALUES ('two')")
    assert len(tables.damages()) == 2


def test_a_damaged_check_is_found(tables: FileTables, file: Path) -> None:
    behind(file, f"UPDATE {TABLE} SET name = 'kepu' WHERE name = 'further'")
    assert tables.damages() == [
        "1 rows of its table further are not as the hub wrote them",
        "1 of its checks of rows are of no table",
    ]


def test_what_is_undone_leaves_no_check_and_the_next_write_has_one(tables: FileTables) -> None:
    with pytest.raises(sqlite3.IntegrityError), tables.writing() as db:
        db.executemany("INSERT INTO kept (id) VALUES (?)", [("e",), ("a",)])
    with tables.writing() as db:
        db.execute("INSERT INTO kept (id) VALUES ('f')")
    assert tables.damages() == []


def test_a_file_of_an_earlier_release_gets_checks_while_it_is_open(file: Path) -> None:
    behind(file, *filter(str.strip, SCRIPT.split(";")), "INSERT INTO kept (id) VALUES ('a')")
    with closing(FileTables(file, SCRIPT)) as tables:
        behind(file, "UPDATE kept SET words = 'by an older hub'")
        assert (tables.damages(), tables.is_sound("kept", "id", "a")) == ([], True)
        with tables.writing() as db:
            db.execute("INSERT INTO kept (id) VALUES ('b')")
        for _ in range(2):
            begin_file_checks(file.parent)
        with tables.writing() as db:
            db.execute("INSERT INTO kept (id) VALUES ('c')")
        assert (tables.damages(), sound(tables)) == ([], "abc")
        behind(file, "UPDATE kept SET words = 'by nobody' WHERE id <> 'b'")
        assert sound(tables) == "b"
        # What is damaged stays so.
        begin_checks(file)
        assert sound(tables) == "b"


def test_two_who_write_keep_each_others_checks(tables: FileTables, file: Path) -> None:
    more = SCRIPT + "CREATE TABLE IF NOT EXISTS more (id TEXT PRIMARY KEY);"
    with closing(FileTables(file, more)) as other:
        for place, writer in enumerate((tables, other, tables)):
            with writer.writing() as db:
                db.execute("INSERT INTO more VALUES (?)", (str(place),))
                db.execute("UPDATE kept SET size = ?", (place,))
        assert (tables.damages(), other.damages()) == ([], [])
        behind(file, "UPDATE more SET id = '7' WHERE id = '1'")
        assert other.damages() == ["1 rows of its table more are not as the hub wrote them"]


def test_a_file_that_cannot_be_read_is_told_and_the_hub_starts(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(b"SQLite format 3\x00" + bytes(200))
    begin_file_checks(file.parent)
    assert f"{file.name} is damaged" in caplog.text
