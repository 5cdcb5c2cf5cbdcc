"""One suite for every store: whatever the database, the log keeps the same promises."""

import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError

from events.event import Position, RecordedEvent
from events.recorded_keys import CHECK_BYTES
from events.store import open_store
from events.submission import Checked, Outcome, Publisher, StoreUnavailable
from events.travelling import read_copies
from events.vault import Vault
from tests.archive_fixtures import Archive, ArchiveSuite, contracts, sqlite_url, submission
from tests.depth import in_depth
from tests.postgres import fresh_database
from tests.vaults import KEY

ROOT = Path(__file__).parents[2]


@contextmanager
def writer(url: str, prefix: str, count: int, batch: int) -> Iterator["subprocess.Popen[str]"]:
    """Run another process that pushes, once it is ready."""
    command = [sys.executable, "-m", "tests.archive_writer", url, prefix, str(count), str(batch)]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert _pipe(process.stdout).readline() == "ready\n"
        yield process
        process.kill()


def go(process: "subprocess.Popen[str]") -> None:
    pipe = _pipe(process.stdin)
    pipe.write("go\n")
    pipe.flush()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def ids(events: Sequence[RecordedEvent]) -> list[str]:
    return [event.id for event in events]


class StoreSuite(ArchiveSuite):
    """The promises. A subclass says where the log is."""

    gapless = True

    @pytest.fixture
    def archive(self, opened: Callable[[], Archive]) -> Archive:
        return opened().begin()

    def test_an_empty_log_has_no_head(self, opened: Callable[[], Archive]) -> None:
        store = opened().store
        assert (store.head(), store.read(Position(0), 10), store.at([Position(1)])) == (0, [], [])

    def test_events_are_read_in_the_order_in_which_they_were_recorded(self, archive: Archive) -> None:
        first = archive.store.head()
        outcomes = archive.intake.record([archive.threat(number) for number in range(10)])
        assert [outcome.status for outcome in outcomes] == ["stored"] * 10
        read = archive.store.read(first, 100)
        assert ids(read) == [f"t{number}" for number in range(10)]
        assert [event.position for event in read] == [outcome.position for outcome in outcomes]
        assert archive.store.head() == read[-1].position

    def test_reading_goes_in_pages(self, archive: Archive) -> None:
        archive.intake.record([archive.threat(number) for number in range(7)])
        assert ids(archive.everything(page=2)) == ids(archive.everything())

    def test_what_is_read_is_what_was_sent_with_the_moment_of_recording(self, archive: Archive) -> None:
        checked = archive.threat(1, tlp="clear", customattr="kept")
        outcome = archive.intake.record([checked])[0]
        assert outcome.position is not None
        event = archive.store.at([outcome.position])[0]
        assert event.envelope == {**checked.envelope, "recordedtime": "2026-11-02T09:30:00.000000Z"}
        assert (event.stem, outcome.recorded) == ("threat.reported.v1", event.envelope["recordedtime"])
        assert archive.store.digest(event) == outcome.digest

    def test_rows_travel_as_they_lie_in_the_database(self, archive: Archive) -> None:
        archive.intake.record([archive.threat(number, customattr="Ärger") for number in range(3)])
        store, found = archive.store, archive.everything()
        raw = store.raw_rows(found[0].position, len(found))
        assert raw is not None
        assert store.opened(read_copies(raw.written())) == found[1:]
        first = store.raw_rows(Position(0), 1)
        assert first is not None
        assert (first.after, first.last) == (0, found[0].position)
        assert store.raw_rows(found[-1].position, 1) is None

    def test_events_are_found_at_their_positions_in_the_order_asked_for(self, archive: Archive) -> None:
        outcomes = archive.intake.record([archive.threat(number) for number in range(4)])
        positions = [outcome.position for outcome in outcomes if outcome.position is not None]
        asked = [positions[2], Position(10**6), positions[0]]
        assert ids(archive.store.at(asked)) == ["t2", "t0"]

    def test_objects_with_the_keys_of_the_librarys_transcoder_stay_plain(self, archive: Archive) -> None:
        trap = {"_type_": "uuid_hex", "_data_": "no uuid"}
        checked = archive.threat(1)
        hostile = Checked(
            checked.publisher, checked.stem, {**checked.envelope, "data": trap}, b"1", checked.publishers
        )
        archive.intake.record([hostile])
        assert archive.everything()[-1].data == trap

    def test_the_same_again_is_a_duplicate(self, archive: Archive) -> None:
        first = archive.intake.record([archive.threat(1)])[0]
        archive.clock.turn(hours=1)
        again = archive.intake.record([archive.threat(1)])[0]
        assert again.status == "duplicate"
        assert (again.position, again.recorded, again.digest) == (
            first.position,
            first.recorded,
            first.digest,
        )
        assert ids(archive.everything()).count("t1") == 1

    def test_the_same_again_through_another_hub_is_a_duplicate(
        self, archive: Archive, opened: Callable[[], Archive]
    ) -> None:
        first = archive.intake.record([archive.threat(1)])[0]
        other = opened()
        again = other.intake.record([other.threat(1)])[0]
        assert (again.status, again.position, again.digest) == ("duplicate", first.position, first.digest)

    def test_the_same_twice_in_one_call_is_a_duplicate(self, archive: Archive) -> None:
        first, again = archive.intake.record([archive.threat(1), archive.threat(1)])
        assert (first.status, again.status, again.position) == ("stored", "duplicate", first.position)
        assert again.digest == first.digest

    def test_the_same_id_with_other_content_is_a_conflict(self, archive: Archive) -> None:
        archive.intake.record([archive.threat(1)])
        fresh, within = archive.threat(2), archive.threat(2, tlp="red")
        outcomes = archive.intake.record([archive.threat(1, tlp="red"), fresh, within])
        assert [outcome.status for outcome in outcomes] == ["conflict", "stored", "conflict"]
        assert [(problem.pointer, problem.code) for problem in outcomes[0].problems] == [("/id", "conflict")]
        assert outcomes[0].position is None

    def test_two_partners_may_use_the_same_id(self, archive: Archive) -> None:
        archive.admit("open-docket", "monitor")
        outcomes = archive.intake.record([archive.threat(1), archive.threat(1, slug="open-docket")])
        assert [outcome.status for outcome in outcomes] == ["stored", "stored"]

    def test_an_atomic_batch_is_stored_whole(self, archive: Archive) -> None:
        outcomes = archive.intake.record([archive.threat(1), archive.threat(2)], atomic=True)
        assert [outcome.status for outcome in outcomes] == ["stored", "stored"]

    def test_an_atomic_batch_with_one_conflict_leaves_nothing(self, archive: Archive) -> None:
        archive.intake.record([archive.threat(1)])
        before = archive.store.head()
        batch = [archive.threat(2), archive.threat(1), archive.threat(1, tlp="red"), archive.threat(2)]
        outcomes = archive.intake.record(batch, atomic=True)
        assert [outcome.status for outcome in outcomes] == ["refused", "duplicate", "conflict", "refused"]
        assert [problem.code for problem in outcomes[0].problems] == ["not_alone"]
        assert archive.store.head() == before
        assert archive.intake.record([archive.threat(2)])[0].status == "stored"

    def test_an_atomic_batch_that_fails_takes_its_decisions_back(self, archive: Archive) -> None:
        before = archive.store.head()
        admission = {"partner": "partner:open-docket", "name": {"en": "O"}, "roles": ["monitor"]}
        batch = [
            archive.check("stewards", "partner.admitted", admission),
            archive.check("stewards", "partner.suspended", {"partner": "partner:nobody-here"}),
        ]
        outcomes = archive.intake.record(batch, atomic=True)
        assert [outcome.status for outcome in outcomes] == ["refused", "refused"]
        assert (archive.store.head(), archive.intake.rights("open-docket")) == (before, None)

    def test_a_dry_run_says_what_would_happen_and_stores_nothing(self, archive: Archive) -> None:
        archive.intake.record([archive.threat(1)])
        before = archive.store.head()
        batch = [archive.threat(1), archive.threat(1, tlp="red"), archive.threat(2)]
        outcomes = archive.intake.record(batch, dry_run=True)
        assert [outcome.status for outcome in outcomes] == ["duplicate", "conflict", "stored"]
        assert (outcomes[2].position, outcomes[2].digest) == (None, None)
        whole = archive.intake.record(batch, dry_run=True, atomic=True)
        assert [outcome.status for outcome in whole] == ["duplicate", "conflict", "refused"]
        good = archive.intake.record([archive.threat(3)], dry_run=True, atomic=True)
        assert (good[0].status, archive.store.head()) == ("stored", before)

    def test_nothing_to_record_is_no_work(self, archive: Archive) -> None:
        assert archive.intake.record([]) == []

    def test_one_refused_decision_does_not_hold_up_the_others(self, archive: Archive) -> None:
        refused = archive.check("harbour-bar-watch", "partner.suspended", {"partner": "partner:stewards"})
        outcomes = archive.intake.record([archive.threat(1), refused, archive.threat(2)])
        assert [outcome.status for outcome in outcomes] == ["stored", "refused", "stored"]

    def test_decisions_are_replayed_by_whoever_opens_the_log(
        self, archive: Archive, opened: Callable[[], Archive]
    ) -> None:
        archive.push(
            "stewards", "partner.suspended", {"partner": "partner:harbour-bar-watch", "scope": "write"}
        )
        rights = opened().intake.rights("harbour-bar-watch")
        assert rights is not None
        assert (rights.roles, rights.may_read, rights.may_write) == (frozenset({"monitor"}), True, False)

    def test_a_suspension_by_another_hub_stops_what_was_already_checked(
        self, archive: Archive, opened: Callable[[], Archive]
    ) -> None:
        checked = archive.threat(1)
        opened().push("stewards", "partner.suspended", {"partner": "partner:harbour-bar-watch"}, id="stop")
        outcome = archive.intake.record([checked])[0]
        assert [(problem.pointer, problem.code) for problem in outcome.problems] == [
            ("/source", "not_admitted")
        ]

    def test_concurrent_calls_share_transactions_and_each_gets_its_own_answer(self, archive: Archive) -> None:
        with ThreadPoolExecutor(16) as pool:
            checked = [archive.threat(number) for number in range(200)]
            outcomes = list(pool.map(lambda one: archive.intake.record([one])[0], checked))
        assert [outcome.id for outcome in outcomes] == [f"t{number}" for number in range(200)]
        positions = [outcome.position for outcome in outcomes if outcome.position is not None]
        assert ids(archive.store.at(positions)) == [outcome.id for outcome in outcomes]

    def test_four_writers_at_once_leave_a_reader_without_gaps(self, archive: Archive, url: str) -> None:
        start, each = archive.store.head(), 150
        seen: list[RecordedEvent] = []
        with writer(url, "p", each, 10) as process, ThreadPoolExecutor(4) as pool:

            def push(prefix: str) -> list[Outcome]:
                return [
                    archive.intake.record([archive.threat(f"{prefix}{number}")])[0] for number in range(each)
                ]

            go(process)
            pushed = [pool.submit(push, prefix) for prefix in "abc"]
            deadline = time.monotonic() + 60
            while len(seen) < 4 * each and time.monotonic() < deadline:
                after = seen[-1].position if seen else start
                if archive.store.wait(after, 1.0):
                    seen += archive.store.read(after, 97)
            assert all(outcome.status == "stored" for future in pushed for outcome in future.result())
            assert process.wait(timeout=120) == 0
        assert sorted(ids(seen)) == sorted(
            f"t{prefix}{number}" for prefix in "abcp" for number in range(each)
        )
        for prefix in "abcp":
            own = [one for one in ids(seen) if one.startswith(f"t{prefix}")]
            assert own == [f"t{prefix}{number}" for number in range(each)]
        positions = [event.position for event in seen]
        assert positions == sorted(set(positions))
        if self.gapless:
            assert positions == list(range(start + 1, start + 1 + 4 * each))

    def test_kill_minus_nine_loses_and_doubles_nothing(self, archive: Archive, url: str) -> None:
        chance = random.Random(7)
        acknowledged: set[str] = set()
        for _ in range(in_depth(2, 8)):
            with writer(url, "k", 400, 3) as process:
                go(process)
                out = _pipe(process.stdout)
                for _ in range(chance.randrange(5, 60)):
                    acknowledged.add(out.readline().strip())
                process.kill()
                acknowledged |= {line.strip() for line in out if line.endswith("\n")}
        stored = [one for one in ids(archive.everything()) if one.startswith("tk")]
        assert len(stored) == len(set(stored))
        assert acknowledged <= set(stored)
        outcomes = archive.intake.record([archive.threat(f"k{number}") for number in range(400)])
        assert {outcome.status for outcome in outcomes} <= {"stored", "duplicate"}
        assert sorted(one for one in ids(archive.everything()) if one.startswith("tk")) == sorted(
            f"tk{number}" for number in range(400)
        )

    def test_waiting_ends_when_this_process_writes(self, archive: Archive) -> None:
        head = archive.store.head()
        with ThreadPoolExecutor(1) as pool:
            waited = pool.submit(archive.store.wait, head, 30.0)
            archive.intake.record([archive.threat(1)])
            assert waited.result(timeout=90) is True

    def test_waiting_ends_when_another_hub_writes(
        self, archive: Archive, opened: Callable[[], Archive]
    ) -> None:
        other = opened()
        head = archive.store.head()
        assert archive.store.wait(head, 0.01) is False
        with ThreadPoolExecutor(1) as pool:
            waited = pool.submit(archive.store.wait, head, 30.0)
            other.intake.record([other.threat(1)])
            assert waited.result(timeout=90) is True

    def test_waiting_for_what_is_there_returns_at_once(self, archive: Archive) -> None:
        assert archive.store.wait(Position(0), 0.0) is True

    def test_waiting_ends_when_the_store_closes(self, opened: Callable[[], Archive]) -> None:
        archive = opened()
        with ThreadPoolExecutor(1) as pool:
            waited = pool.submit(archive.store.wait, Position(0), 30.0)
            archive.store.close()
            assert waited.result(timeout=90) is False
        assert archive.store.wait(Position(0), 30.0) is False

    def test_a_closed_store_takes_nothing(self, opened: Callable[[], Archive]) -> None:
        archive = opened().begin()
        checked = archive.threat(1)
        archive.store.close()
        with pytest.raises(StoreUnavailable):
            archive.intake.record([checked])

    @pytest.mark.parametrize("error", [OperationalError, IntegrityError])
    def test_a_lost_acknowledgement_is_recognised_and_nothing_doubled(
        self, archive: Archive, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
    ) -> None:
        recorder: Any = archive.store._recorder
        genuine = recorder.unit
        lost: list[int] = []

        @contextmanager
        def unit() -> Iterator[Any]:
            with genuine() as opened:
                yield opened
            if not lost:
                lost.append(1)
                raise error("the connection broke after COMMIT")

        monkeypatch.setattr(recorder, "unit", unit)
        outcome = archive.intake.record([archive.threat(1)])[0]
        assert (outcome.status, lost) == ("duplicate", [1])
        assert ids(archive.everything()).count("t1") == 1

    def test_a_database_that_never_confirms_is_said_to_be_unavailable(
        self, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checked = archive.threat(1)

        @contextmanager
        def unit() -> Iterator[Any]:
            for _ in ():
                yield
            raise OperationalError("gone")

        monkeypatch.setattr(archive.store._recorder, "unit", unit)
        with pytest.raises(StoreUnavailable):
            archive.intake.record([checked])

    def test_a_fault_of_ours_is_not_swallowed_and_hits_nobody_later(
        self, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken = Checked(
            Publisher("harbour-bar-watch", "a"), "threat.reported.v1", {"id": "x", "type": "y"}, b""
        )
        with pytest.raises(KeyError):
            archive.store.append([broken], archive.clock())
        assert archive.intake.record([archive.threat(1)])[0].status == "stored"

    def test_hubs_that_open_a_new_log_together_agree(self, url: str) -> None:
        barrier = threading.Barrier(6)

        def push(number: int) -> str:
            barrier.wait()
            archive = Archive(url)
            try:
                return archive.intake.admit_stewards({"en": "Stewards"}).status
            finally:
                archive.store.close()

        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(push, range(6))) == ["duplicate"] * 5 + ["stored"]

    def test_an_embargo_is_released_once_it_is_due(self, archive: Archive) -> None:
        due = archive.clock()
        archive.intake.record(
            [archive.threat(number, notbefore="2026-11-02T12:00:00+01:00") for number in range(2)]
            + [archive.threat(2, notbefore="2026-11-03T00:00:00Z")]
        )
        assert archive.intake.release_embargoes(due) is False
        archive.clock.turn(hours=2)
        assert archive.intake.release_embargoes(archive.clock()) is True
        assert archive.intake.release_embargoes(archive.clock()) is False
        archive.clock.turn(minutes=1)
        assert archive.intake.release_embargoes(archive.clock()) is False
        assert archive.intake.release_embargoes(due) is False
        archive.clock.turn(days=1)
        assert archive.intake.release_embargoes(archive.clock()) is True
        released = [event for event in archive.everything() if event.stem == "embargo.released.v1"]
        assert [event.data["until"] for event in released] == [
            "2026-11-02T11:30:00.000000Z",
            "2026-11-03T11:31:00.000000Z",
        ]
        assert {(event.publisher, event.envelope["tlp"]) for event in released} == {("hub", "red")}

    def test_the_end_of_a_consent_rings_as_well(self, archive: Archive) -> None:
        consent = {
            "consent_id": "0190aaaa-0000-7000-8000-000000000046",
            "subject_of_consent": "lawyer:harbour-bar-watch.1",
            "level": "C1",
            "expires_on": "2026-11-04",
        }
        embargoed = {"notbefore": "2026-11-03T00:00:00Z"}
        assert archive.push("harbour-bar-watch", "consent.recorded", consent, **embargoed).status == "stored"
        rung = []
        for _ in range(5):
            archive.clock.turn(hours=15)
            rung.append(archive.intake.release_embargoes(archive.clock()))
        assert rung == [True, False, False, False, True]


class TestSQLite(StoreSuite):
    """The promises on SQLite."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return sqlite_url(tmp_path)

    def test_a_commit_is_on_disk_before_it_is_acknowledged(self, archive: Archive) -> None:
        recorder: Any = archive.store._recorder
        with recorder.datastore.get_connection(commit=True) as connection:
            cursor = connection.cursor()
            values = []
            for pragma in ("journal_mode", "synchronous"):
                cursor.execute(f"PRAGMA {pragma}")
                values.append(cursor.fetchone()[0])
        assert values == ["wal", 2]

    def test_topics_are_stems_and_bodies_are_json(self, archive: Archive, tmp_path: Path) -> None:
        archive.intake.record([archive.threat(1)])
        with sqlite3.connect(tmp_path / "log.db") as db:
            topic, state = db.execute("SELECT topic, state FROM stored_events ORDER BY rowid DESC").fetchone()
        db.close()
        assert topic == "threat.reported.v1"
        assert state.startswith(b'{"data":{"categories":["liberty.arrest"]')

    def test_ids_and_content_are_not_kept_beside_the_log(self, archive: Archive, tmp_path: Path) -> None:
        archive.intake.record([archive.threat("secret-number")])
        with sqlite3.connect(tmp_path / "log.db") as db:
            keys = db.execute("SELECT * FROM recorded_keys").fetchall()
        db.close()
        assert {(len(key), len(digest)) for key, digest, _ in keys} == {(16, 32 + CHECK_BYTES)}
        assert b"secret-number" not in b"".join(key + digest for key, digest, _ in keys)

    def test_a_writer_that_waits_too_long_says_that_the_store_is_unavailable(
        self, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("events.sqlite.BUSY_SECONDS", 0.02)
        archive = Archive(url).begin()
        checked = archive.threat(1)
        db = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        try:
            db.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable):
                archive.intake.record([checked])
        finally:
            db.close()
            archive.store.close()

    def test_opening_waits_for_a_process_that_holds_a_new_file(
        self, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # SQLite does not always wait by itself when the mode of the file changes; here it hardly ever does.
        monkeypatch.setattr("events.sqlite.BUSY_SECONDS", 0.01)
        db = sqlite3.connect(tmp_path / "log.db", isolation_level=None, check_same_thread=False)
        db.execute("CREATE TABLE other (x)")
        db.execute("BEGIN EXCLUSIVE")
        with ThreadPoolExecutor(1) as pool:
            opening = pool.submit(Archive, url)
            with pytest.raises(TimeoutError):
                opening.result(timeout=0.2)
            with monkeypatch.context() as patch:
                patch.setattr("events.sqlite.OPENING_SECONDS", 0.02)
                with pytest.raises(StoreUnavailable):
                    Archive(url)
            db.execute("COMMIT")
            opening.result(timeout=90).store.close()
        db.close()

    def test_what_is_no_database_is_said_to_be_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "log.db").write_bytes(b"no database at all" * 100)
        for path in (tmp_path / "log.db", tmp_path, tmp_path / "missing" / "log.db", ":memory:"):
            with pytest.raises(StoreUnavailable):
                open_store(f"sqlite:///{path}", contracts(), Vault(tmp_path / "keys", KEY))

    @pytest.mark.parametrize("url_", ["mysql://x", "sqlite://", "sqlite:///", "log.db"])
    def test_an_address_of_another_kind_is_refused(self, url_: str, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="sqlite:///PATH"):
            open_store(url_, contracts(), Vault(tmp_path / "keys", KEY))

    def test_a_long_list_of_positions_is_read_in_pieces(self, archive: Archive) -> None:
        archive.intake.record([archive.threat(number) for number in range(1100)])
        events = archive.everything()
        assert ids(archive.store.at([event.position for event in events])) == ids(events)


def cut_off_all(url: str) -> None:
    """End every connection to a database but this one, as a server does that stops."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


class TestPostgres(StoreSuite):
    """The promises on PostgreSQL; refused batches may leave gaps in positions there."""

    gapless = False

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return fresh_database()

    def test_the_librarys_database_functions_are_off(self, archive: Archive) -> None:
        recorder: Any = archive.store._recorder
        assert recorder.datastore.enable_db_functions is False

    def test_a_commit_is_on_disk_before_it_is_acknowledged(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(f'ALTER DATABASE "{db.info.dbname}" SET synchronous_commit = off'.encode())
        archive = Archive(url)
        recorder: Any = archive.store._recorder
        with recorder.datastore.get_connection() as connection:
            assert connection.execute("SHOW synchronous_commit").fetchone() == {"synchronous_commit": "on"}
        archive.store.close()

    def test_lost_connections_are_made_again(self, archive: Archive, url: str) -> None:
        head = archive.store.head()
        assert archive.store.wait(head, 0.01) is False
        cut_off_all(url)
        with ThreadPoolExecutor(1) as pool:
            waited = pool.submit(archive.store.wait, head, 30.0)
            assert archive.intake.record([archive.threat(1)])[0].status == "stored"
            assert waited.result(timeout=90) is True

    def test_a_connection_that_died_in_the_pool_costs_nobody_an_answer(
        self, archive: Archive, url: str
    ) -> None:
        head = archive.store.head()
        cut_off_all(url)
        assert archive.store.head() == head

    def test_who_waited_in_vain_for_a_connection_is_told_and_may_ask_again(
        self, archive: Archive, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        head = archive.store.head()
        monkeypatch.setattr("events.postgres._SOON_SECONDS", -1.0)
        cut_off_all(url)
        with pytest.raises(StoreUnavailable):
            archive.store.head()
        assert archive.store.head() == head

    def test_a_database_that_did_not_answer_is_not_asked_for_its_version_again_at_once(
        self, archive: Archive, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("events.postgres._VERSION_SECONDS", -1.0)
        monkeypatch.setattr("events.postgres._SOON_SECONDS", -1.0)
        monkeypatch.setattr("events.postgres._RETRY_SECONDS", 3_600.0)
        assert archive.store.version() == archive.store.head()
        cut_off_all(url)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                archive.store.version()

    def test_a_listener_hears_after_its_connection_was_killed(
        self, archive: Archive, url: str, opened: Callable[[], Archive], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("events.watch.LISTENING_POLL_SECONDS", 60.0)
        other = opened()
        head = archive.store.head()
        assert archive.store.wait(head, 0.01) is False
        with psycopg.connect(url, autocommit=True) as db:
            listening = (
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
            before = self._until(lambda: db.execute(listening).fetchall())
            db.execute("SELECT pg_terminate_backend(%s)", before[0])
            self._until(lambda: set(db.execute(listening).fetchall()) - set(before))
        with ThreadPoolExecutor(1) as pool:
            waited = pool.submit(archive.store.wait, head, 30.0)
            other.intake.record([other.threat(1)])
            assert waited.result(timeout=90) is True

    @staticmethod
    def _until(holds: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 30
        while not (found := holds()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return found

    @pytest.mark.parametrize(
        "address", ["postgresql://x@/y?host=/nonexistent", "postgresql://x@/y?nonsense=1"]
    )
    def test_a_database_out_of_reach_is_said_to_be_unavailable(self, address: str, tmp_path: Path) -> None:
        with pytest.raises(StoreUnavailable):
            open_store(address, contracts(), Vault(tmp_path / "keys", KEY))


def test_the_helper_makes_what_a_partner_sends() -> None:
    assert submission("a", "b", {})["source"] == "urn:hub:partner:a"
