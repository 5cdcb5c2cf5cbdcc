"""Whole logs are copied and moved, and what keeps them from it is said."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from events.moving import NotEmpty, copy_from_postgres, load_into_postgres
from events.restoring import NotALog, copy_log, may_have_gaps, newest_moment, revoked_tokens, save_log
from events.submission import StoreUnavailable
from tests.full_disk import full_disk
from tests.postgres import fresh_database
from tests.running import World, make_world

NOWHERE = "postgresql://postgres@/none?host=/nowhere"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path / "hub")


def test_what_is_no_log_is_not_copied(tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    for content in (None, b"no database" * 999):
        if content is not None:
            odd.write_bytes(content)
        with pytest.raises(NotALog):
            copy_log(odd, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_full_disk_leaves_no_copy(world: World, tmp_path: Path) -> None:
    with full_disk(60_000), pytest.raises(StoreUnavailable):
        copy_log(world.settings.data / "log.sqlite", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_database_that_does_not_answer_is_said(world: World, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        copy_from_postgres(NOWHERE, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    with pytest.raises(StoreUnavailable):
        load_into_postgres(world.settings.data / "log.sqlite", NOWHERE)


def test_a_log_goes_only_where_none_is_and_comes_back_as_it_was(world: World, tmp_path: Path) -> None:
    file, url, back = tmp_path / "log", fresh_database(), tmp_path / "back"
    save_log(world.settings.store_url, file)
    load_into_postgres(file, url)
    with pytest.raises(NotEmpty, match="holds a log already"):
        load_into_postgres(file, url)
    save_log(url, back)
    assert (may_have_gaps(file), may_have_gaps(back)) == (False, True)
    assert dump(back) == dump(file)
    other = tmp_path / "other"
    save_log(make_world(tmp_path / "another").settings.store_url, other)
    with closing(sqlite3.connect(other)) as db, db:
        db.execute("DELETE FROM stored_events")
        db.execute("UPDATE log_salt SET salt = x'00'")
    with pytest.raises(NotEmpty):
        load_into_postgres(other, url)


def test_an_empty_log_may_be_moved(world: World, tmp_path: Path) -> None:
    file, url = tmp_path / "log", fresh_database()
    save_log(world.settings.store_url, file)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("DELETE FROM stored_events")
    load_into_postgres(file, url)
    assert newest_moment(file) is None


def test_the_last_moment_and_what_was_revoked_are_read_from_the_file(world: World, tmp_path: Path) -> None:
    file = world.settings.data / "log.sqlite"
    assert newest_moment(file) == "2031-05-04T12:00:00.000000Z"
    assert revoked_tokens(file) == set()
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE stored_events SET state = 'x'")
    assert newest_moment(file) is None


def dump(file: Path) -> dict[str, list[object]]:
    """Return all that a log holds, events with their places."""
    with closing(sqlite3.connect(file)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        asked = {one: "rowid, *" if one == "stored_events" else "*" for one in tables}
        return {one: sorted(db.execute(f"SELECT {what} FROM {one}"), key=repr) for one, what in asked.items()}
