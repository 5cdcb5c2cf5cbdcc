import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hub.client.outbox import FILE, Outbox, OutboxRefused, Waiting

HUB = "http://hub.example"


@contextmanager
def opened(folder: Path | None, run: str = "run-1", hub: str = HUB, token: str = "") -> Iterator[Outbox]:
    with closing(Outbox(folder, hub, run, token)) as outbox:
        yield outbox


def test_what_was_added_is_on_disk_and_comes_back_in_order(tmp_path: Path) -> None:
    with opened(tmp_path / "box") as outbox:
        outbox.add([("a.csv", 2, {"id": "1"}), ("a.csv", 3, {"id": "2"})])
    with opened(tmp_path / "box", "run-2") as outbox:
        assert outbox.waiting(0, 10) == [
            Waiting(1, "a.csv", 2, {"id": "1"}),
            Waiting(2, "a.csv", 3, {"id": "2"}),
        ]
        assert outbox.waiting(1, 10) == [Waiting(2, "a.csv", 3, {"id": "2"})]
        assert len(outbox.waiting(0, 1)) == 1


def test_what_the_hub_has_answered_for_is_forgotten(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        outbox.add([("a", 1, {"id": "1"}), ("a", 2, {"id": "2"})])
        outbox.settle([1])
        assert (len(outbox), [one.event["id"] for one in outbox.waiting(0, 9)]) == (1, ["2"])


def test_the_same_again_waits_once(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        outbox.add([("a", 1, {"id": "1"})])
    with opened(tmp_path, "run-2") as outbox:
        outbox.add([("b", 7, {"id": "1"})])
        assert outbox.waiting(0, 9) == [Waiting(1, "b", 7, {"id": "1"})]


def test_a_mended_event_replaces_what_an_earlier_run_left(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        outbox.add([("a", 1, {"id": "1", "tlp": "green"}), ("a", 2, {"id": "1", "source": "other"})])
    with opened(tmp_path, "run-2") as outbox:
        outbox.add([("a", 1, {"id": "1", "tlp": "amber"})])
        assert [one.event.get("tlp") for one in outbox.waiting(0, 9)] == [None, "amber"]


def test_two_events_under_one_id_in_one_run_both_wait_so_that_the_hub_can_say_it(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        outbox.add([("a", 1, {"id": "1", "tlp": "green"}), ("a", 2, {"id": "1", "tlp": "amber"})])
        assert len(outbox) == 2


def test_each_hub_has_its_own_row(tmp_path: Path) -> None:
    with opened(tmp_path) as here, opened(tmp_path, hub="http://other.example") as there:
        here.add([("a", 1, {"id": "1"})])
        there.add([("a", 1, {"id": "1"})])
        here.settle([1])
        assert (len(here), len(there)) == (0, 1)
        assert (here.elsewhere(), there.elsewhere()) == ([("http://other.example", 1)], [])


def test_the_outbox_is_for_its_owner_alone_and_synced(tmp_path: Path) -> None:
    with opened(tmp_path / "box") as outbox:
        assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert (tmp_path / "box" / FILE).stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(tmp_path / "box" / FILE)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_dry_run_leaves_nothing_behind(tmp_path: Path) -> None:
    with opened(None) as outbox:
        outbox.add([("a", 1, {"id": "1"})])
        assert len(outbox) == 1
    assert list(tmp_path.iterdir()) == []


def ids(outbox: Outbox) -> list[str]:
    return [one.event["id"] for one in outbox.waiting(0, 9)]


def test_what_was_handed_over_with_another_token_waits_for_it(tmp_path: Path) -> None:
    with opened(tmp_path, token="harbour") as outbox:
        outbox.add([("a", 1, {"id": "1"})])
    with opened(tmp_path, "run-2", token="docket") as outbox:
        outbox.add([("b", 1, {"id": "1", "tlp": "red"}), ("b", 2, {"id": "2"})])
        outbox.claim("urn:hub:partner:open-docket")
        assert (ids(outbox), outbox.foreign(), len(outbox)) == (["1", "2"], 1, 3)
    with opened(tmp_path, "run-3", token="harbour") as outbox:
        assert outbox.waiting(0, 9) == [Waiting(1, "a", 1, {"id": "1"})]
    assert b"harbour" not in (tmp_path / FILE).read_bytes()


def test_a_new_token_of_the_same_partner_takes_over(tmp_path: Path) -> None:
    with opened(tmp_path, token="old") as outbox:
        outbox.claim("urn:hub:partner:open-docket")
        outbox.add([("a", 1, {"id": "1"})])
    with opened(tmp_path, "run-2", token="never seen") as outbox:
        outbox.add([("a", 2, {"id": "2", "source": "urn:hub:partner:open-docket"}), ("a", 3, {"id": "3"})])
    with opened(tmp_path, "run-3", token="new") as outbox:
        assert (ids(outbox), outbox.foreign()) == ([], 3)
        outbox.claim("urn:hub:partner:open-docket")
        assert (ids(outbox), outbox.foreign()) == (["1", "2"], 1)
        outbox.add([("a", 3, {"id": "3"})])  # its file is pushed again: so it is to go with this token
        assert (ids(outbox), outbox.foreign()) == (["1", "2", "3"], 0)


def test_what_came_without_a_token_or_from_an_older_release_goes_with_the_next_one(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.executescript(
            "CREATE TABLE outgoing (no INTEGER PRIMARY KEY AUTOINCREMENT, hub TEXT NOT NULL, run TEXT NOT NULL, "
            "id TEXT NOT NULL, digest BLOB NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL, body TEXT NOT NULL, "
            "UNIQUE (hub, digest));"
            f"INSERT INTO outgoing VALUES (7, '{HUB}', 'run-0', ' 1', x'00', 'a', 4, '{{\"id\":\"1\"}}');"
        )
    with opened(tmp_path) as outbox:
        outbox.add([("a", 5, {"id": "2"})])
    with opened(tmp_path, token="new") as outbox:
        assert (ids(outbox), outbox.foreign()) == (["1", "2"], 0)


def test_nobody_else_can_read_any_of_its_files_from_the_beginning(tmp_path: Path) -> None:
    box = tmp_path / "shared"
    box.mkdir(mode=0o755)
    (box / f"{FILE}-wal").touch(0o644)  # as an older release has left it after a kill
    before = os.umask(0o022)
    try:
        with opened(box) as outbox:
            outbox.add([("a", 1, {"id": "1"})])
            modes = {one.name: one.stat().st_mode & 0o077 for one in box.iterdir()}
    finally:
        os.umask(before)
    assert modes == {FILE: 0, f"{FILE}-wal": 0, f"{FILE}-shm": 0}


@pytest.mark.parametrize("kept", [b"what is this" * 500, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_damage_is_told_and_nothing_is_removed(tmp_path: Path, kept: bytes) -> None:
    (tmp_path / FILE).write_bytes(kept)
    with pytest.raises(OutboxRefused, match=r"is damaged.*Put that file aside"):
        Outbox(tmp_path, HUB, "run")
    assert (tmp_path / FILE).read_bytes() == kept


def test_a_folder_that_cannot_be_made_and_a_disk_that_is_full_are_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutboxRefused, match=r"cannot be written: .*--outbox"):
        Outbox(tmp_path / "file" / "box", HUB, "run")
    with opened(tmp_path) as outbox:
        (pages,) = outbox._db.execute("PRAGMA page_count").fetchone()
        outbox._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(OutboxRefused, match=r"cannot be written: .*full.*Make room"):
            outbox.add([("a", 1, {"id": "1", "data": "x" * 100_000})])
        assert len(outbox) == 0


def test_an_outbox_that_another_program_holds_is_told(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox, closing(sqlite3.connect(tmp_path / FILE)) as other:
        outbox._db.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutboxRefused, match="Another program holds"):
            outbox.add([("a", 1, {"id": "1"})])


def test_a_file_whose_name_is_no_text_has_one_all_the_same(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        outbox.add([(os.fsdecode(b"d\xe9tenus.csv"), 2, {"id": "1"})])
        assert [one.file for one in outbox.waiting(0, 9)] == ["d?tenus.csv"]
