import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hub.client.outbox import FILE, Outbox, Waiting

HUB = "http://hub.example"


@contextmanager
def opened(folder: Path | None, run: str = "run-1", hub: str = HUB) -> Iterator[Outbox]:
    with closing(Outbox(folder, hub, run)) as outbox:
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
