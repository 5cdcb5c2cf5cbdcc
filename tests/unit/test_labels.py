"""Labels as numbers, the classes of readers, and the file that both live in."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.audience import FIELD_LEVELS, PUBLIC, Label, Reader
from projections.database import Database
from projections.labels import Allowed, Labels, class_of


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "views.db")
    yield database
    database.close()


def test_a_label_keeps_its_number_over_a_restart(database: Database) -> None:
    labels = Labels(database.writer)
    amber = Label("amber", "open-docket", frozenset({"quill-network", "a-b"}), embargoed=True)
    number = labels.intern(database.writer, amber)
    assert (number, labels.intern(database.writer, amber)) == (1, 1)
    again = Labels(database.writer)
    forms = [amber, amber.stricter("amber+strict"), amber.stricter("red"), amber.stricter("C2")]
    assert [again.label(one) for one in range(1, len(again) + 1)] == forms
    assert again.intern(database.writer, amber.stricter("red")) == 3


def test_every_part_of_a_label_survives_a_restart(database: Database) -> None:
    labels = Labels(database.writer)
    said = Label(
        "green",
        "open-docket",
        consent="C3",
        recipients=frozenset({"a-b"}),
        excluded=frozenset({"c-d", "e-f"}),
    )
    number = labels.intern(database.writer, said)
    assert Labels(database.writer).label(number) == said
    assert labels.label(labels.raised(number, "C2")).audience == {"a-b"}


def test_a_label_that_came_as_a_stricter_form_gets_its_own_forms(database: Database) -> None:
    labels = Labels(database.writer)
    referred = Label("green", "open-docket", consent="C3", recipients=frozenset({"a-b"}))
    number = labels.intern(database.writer, referred)
    team = labels.label(labels.raised(number, "C2"))
    whole = labels.intern(database.writer, team)
    assert whole == labels.raised(number, "C2")
    for level in FIELD_LEVELS:
        assert labels.label(labels.raised(whole, level)) == team.stricter(level)
    # A restart gives no number anew.
    again = Labels(database.writer)
    assert again.intern(database.writer, team) == whole
    assert len(again) == len(labels)


def test_numbers_survive_a_rollback(database: Database) -> None:
    labels = Labels(database.writer)

    def intern_and_fail() -> None:
        with database.transaction() as db:
            labels.intern(db, Label("red", "open-docket"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        intern_and_fail()
    assert len(Labels(database.writer)) == 0
    labels.mend(database.writer)
    assert Labels(database.writer).label(1) == labels.label(1) == Label("red", "open-docket")


def test_what_may_be_seen_grows_with_the_labels(database: Database) -> None:
    labels = Labels(database.writer)
    allowed = Allowed(labels, PUBLIC)
    assert (allowed.numbers(), allowed.as_json()) == (frozenset(), "[]")
    labels.intern(database.writer, Label("green", "open-docket"))
    assert 1 not in allowed
    labels.intern(database.writer, Label("clear", "open-docket"))
    assert 5 in allowed
    assert (allowed.numbers(), allowed.as_json()) == (frozenset({5}), "[5]")
    assert 99 not in allowed
    assert 1 not in allowed


@pytest.mark.parametrize(
    ("reader", "stands_for"),
    [
        (Reader(None, "odd", "amber"), Reader(clearance="amber")),
        (Reader("open-docket", "anna", "amber+strict"), Reader("open-docket", None, "amber+strict")),
        (Reader("open-docket", "anna", "red"), Reader("open-docket", "anna", "red")),
    ],
)
def test_readers_share_a_class_if_no_label_can_tell_them_apart(reader: Reader, stands_for: Reader) -> None:
    assert class_of(reader) == stands_for


def test_a_reading_connection_cannot_write(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        database.reader().execute("CREATE TABLE t(a)")


def test_a_snapshot_sees_one_state(database: Database) -> None:
    database.writer.execute("CREATE TABLE t(a)")
    with database.snapshot() as db, database.snapshot() as same:
        database.writer.execute("INSERT INTO t VALUES(1)")
        assert db is same
        assert db.execute("SELECT count(*) FROM t").fetchone() == (0,)
    assert database.reader().execute("SELECT count(*) FROM t").fetchone() == (1,)


def test_every_thread_reads_by_a_connection_of_its_own(database: Database) -> None:
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.append(database.reader()))
    thread.start()
    thread.join()
    assert seen[0] is not database.reader()
