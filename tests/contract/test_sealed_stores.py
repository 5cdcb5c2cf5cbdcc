"""What every store promises about personal fields: sealed in the log, gone with their keys, whatever the database."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from events.event import RecordedEvent
from events.submission import Outcome, StoreUnavailable
from events.vault import KeyRecord, Vault
from tests.archive_fixtures import Archive, ArchiveSuite, sqlite_url
from tests.postgres import fresh_database
from tests.vaults import KEY, vault_path

Json = Any
ROOT = Path(__file__).parents[2]
SLUG, OTHER = "harbour-bar-watch", "open-docket"
LAWYER = f"lawyer:{SLUG}.1"
SECRET = "canary-narrative"


def threat(number: int, narrative: str = SECRET, lawyer: str = LAWYER) -> Json:
    return {
        "threat": f"threat:{SLUG}.{number}",
        "targets": [lawyer],
        "categories": ["liberty.arrest"],
        "narrative": narrative,
    }


def push(archive: Archive, number: int, slug: str = SLUG, **more: Json) -> Outcome:
    return archive.push(slug, "threat.reported", threat(number, **more), id=f"n{number}")


def withdraw(archive: Archive, slug: str = SLUG, **more: Json) -> Json:
    said = {"subject_of_consent": LAWYER, "effect": "erase", **more}
    return archive.check(slug, "consent.withdrawn", said)


def execute(archive: Archive, slug: str = "stewards", role: str = "controller", **more: Json) -> Json:
    said = {"subject_of_erasure": LAWYER, "scope": ["subject_key"], "role": role, **more}
    return archive.check(slug, "erasure.executed", said)


def narratives(archive: Archive) -> list[str | None]:
    return [event.data.get("narrative") for event in reports(archive)]


def reports(archive: Archive) -> list[RecordedEvent]:
    return [event for event in archive.everything() if event.stem == "threat.reported.v1"]


def listing(url: str) -> list[KeyRecord]:
    vault = Vault(vault_path(url), KEY)
    try:
        return vault.listing()
    finally:
        vault.close()


class SealedSuite(ArchiveSuite):
    """The promises. A subclass says where the log is, and shows all of its bytes."""

    def everything(self, url: str) -> bytes:
        raise NotImplementedError

    @pytest.fixture
    def archive(self, opened: Callable[[], Archive]) -> Archive:
        return opened().begin({SLUG: ["monitor"], OTHER: ["monitor"]})

    def test_personal_fields_are_read_as_they_were_sent(self, archive: Archive) -> None:
        outcome = push(archive, 1)
        [event] = reports(archive)
        assert event.data == threat(1)
        assert (event.sealed, event.erased) == ({"/narrative": LAWYER}, frozenset())
        assert archive.store.at([event.position]) == [event]
        assert archive.store.digest(event) == outcome.digest

    def test_no_byte_of_the_log_or_of_the_keys_shows_one(self, archive: Archive, url: str) -> None:
        push(archive, 1)
        said = {"source": f"source:{SLUG}.canary-source", "sealed_note": "canary-note"}
        archive.push(SLUG, "threat.reported", {**threat(2), "provenance": said})
        archive.push(
            SLUG, "lawyer.profiled", {"lawyer": LAWYER, "identity": {"names": [{"full": "canary-name"}]}}
        )
        [*_, second, profile] = archive.everything()
        assert second.data["provenance"] == said
        assert profile.data["identity"] == {"names": [{"full": "canary-name"}]}
        assert b"canary" not in self.everything(url)
        assert b"harbour-bar-watch.1" in self.everything(url)

    def test_who_has_the_log_without_the_keys_has_no_personal_field(
        self, archive: Archive, url: str, opened: Callable[[], Archive]
    ) -> None:
        push(archive, 1)
        vault_path(url).rename(vault_path(url).with_suffix(".away"))
        for suffix in ("-wal", "-shm"):
            Path(f"{vault_path(url)}{suffix}").unlink(missing_ok=True)
        [event] = reports(opened())
        assert event.sealed == {"/narrative": LAWYER}
        assert event.erased == {"/narrative"}
        assert "narrative" not in event.data

    def test_the_same_again_is_a_duplicate_and_other_words_are_a_conflict(
        self, archive: Archive, opened: Callable[[], Archive]
    ) -> None:
        first, other = push(archive, 1), opened()
        for again in (push(archive, 1), push(other, 1)):
            assert (again.status, again.position, again.digest) == ("duplicate", first.position, first.digest)
        assert push(other, 1, narrative="Other words.").status == "conflict"
        bare = {name: value for name, value in threat(1).items() if name != "narrative"}
        assert archive.push(SLUG, "threat.reported", bare, id="n1").status == "conflict"

    def test_within_one_call_words_are_compared_as_well(self, archive: Archive) -> None:
        batch = [threat(1), threat(1), threat(1, "Other words.")]
        checked = [archive.check(SLUG, "threat.reported", data, id="n1") for data in batch]
        assert [one.status for one in archive.intake.record(checked)] == ["stored", "duplicate", "conflict"]

    def test_once_erased_nobody_can_tell_and_it_counts_as_sent_before(self, archive: Archive) -> None:
        first = push(archive, 1)
        archive.intake.record([withdraw(archive)])
        for words in (SECRET, "Other words."):
            again = push(archive, 1, narrative=words)
            assert (again.status, again.position) == ("duplicate", first.position)
        assert narratives(archive) == [None]

    def test_a_withdrawal_with_erase_takes_the_own_keys_and_no_others(
        self, archive: Archive, url: str
    ) -> None:
        push(archive, 1)
        push(archive, 2, slug=OTHER)
        push(archive, 3, lawyer=f"lawyer:{SLUG}.2")
        archive.intake.record([withdraw(archive, reason="Fears for a relative.")])
        assert narratives(archive) == [None, SECRET, SECRET]
        *_, withdrawal = archive.everything()
        assert withdrawal.sealed == {"/reason": LAWYER}
        assert withdrawal.erased == {"/reason"}
        archive.intake.record([execute(archive)])
        assert narratives(archive) == [None, None, SECRET]
        assert [one.destroyed is None for one in listing(url)] == [False, False, True]

    def test_an_erased_value_is_in_no_byte_that_a_key_could_still_open(
        self, archive: Archive, url: str
    ) -> None:
        push(archive, 1)
        kid = listing(url)[0].kid
        before = _wrapped(url)
        assert len(before) == 1
        assert before[0] in self.everything(url)
        archive.intake.record([execute(archive)])
        assert before[0] not in self.everything(url)
        assert kid.encode() in self.everything(url)

    def test_another_hub_sees_at_once_that_a_key_is_gone(
        self, archive: Archive, opened: Callable[[], Archive]
    ) -> None:
        push(archive, 1)
        other = opened()
        assert narratives(other) == [SECRET]
        archive.intake.record([execute(archive)])
        assert narratives(other) == [None]
        push(other, 2)
        assert narratives(archive) == narratives(other) == [None, SECRET]

    def test_an_acknowledgement_destroys_nothing(self, archive: Archive) -> None:
        push(archive, 1)
        archive.intake.record([execute(archive, SLUG, "recipient_ack")])
        assert narratives(archive) == [SECRET]

    def test_what_is_refused_or_only_rehearsed_destroys_nothing(self, archive: Archive, url: str) -> None:
        push(archive, 1)
        assert archive.intake.record([execute(archive)], dry_run=True)[0].status == "stored"
        assert archive.intake.record([withdraw(archive)], dry_run=True)[0].status == "stored"
        assert archive.intake.record([execute(archive, SLUG)])[0].status == "refused"
        conflict = archive.check(SLUG, "threat.reported", threat(1, "Other words."), id="n1")
        outcomes = archive.intake.record([execute(archive), withdraw(archive), conflict], atomic=True)
        assert [one.status for one in outcomes] == ["refused", "refused", "conflict"]
        assert narratives(archive) == [SECRET]
        assert [one.destroyed for one in listing(url)] == [None]

    def test_what_is_only_rehearsed_makes_no_key(self, archive: Archive, url: str) -> None:
        checked = [archive.check(SLUG, "threat.reported", threat(1), id="n1")]
        assert archive.intake.record(checked, dry_run=True)[0].status == "stored"
        assert listing(url) == []

    def test_within_one_batch_only_what_came_before_is_erased(self, archive: Archive) -> None:
        first, last = (archive.check(SLUG, "threat.reported", threat(no), id=f"n{no}") for no in (1, 2))
        outcomes = archive.intake.record([first, withdraw(archive), last], atomic=True)
        assert [one.status for one in outcomes] == ["stored"] * 3
        assert narratives(archive) == [None, SECRET]

    @pytest.mark.parametrize("moment", ["keys", "destruction"])
    def test_dying_between_the_keys_and_the_log_leaves_a_log_that_can_be_read(
        self, archive: Archive, url: str, moment: str
    ) -> None:
        push(archive, 1)
        code = [sys.executable, "-m", "tests.dying_writer", url, moment]
        done = subprocess.run(code, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
        assert done.returncode == -signal.SIGKILL
        assert narratives(archive) == [SECRET if moment == "keys" else None]
        outcomes = archive.intake.record([execute(archive)] if moment == "destruction" else [])
        assert [one.status for one in outcomes] == ["stored"] * len(outcomes)
        assert push(archive, 2, lawyer=f"lawyer:{SLUG}.7").status == "stored"
        assert narratives(archive)[-1] == SECRET
        assert len(listing(url)) == 2

    def test_without_its_keys_the_store_takes_nothing_personal(
        self, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("events.store._ATTEMPTS", 1)
        archive.store._vault.close()
        assert archive.intake.record([archive.threat(1)])[0].status == "stored"
        with pytest.raises(StoreUnavailable):
            push(archive, 1)


def _wrapped(url: str) -> list[bytes]:
    db = sqlite3.connect(vault_path(url))
    try:
        return [row[0] for row in db.execute("SELECT wrapped FROM secrets ORDER BY no")]
    finally:
        db.close()


def _files(url: str) -> bytes:
    path = vault_path(url)
    return b"".join(one.read_bytes() for one in sorted(path.parent.glob(f"{path.name}*")))


class TestSealedSQLite(SealedSuite):
    """The promises on SQLite."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return sqlite_url(tmp_path)

    def everything(self, url: str) -> bytes:
        folder = vault_path(url).parent
        return b"".join(one.read_bytes() for one in sorted(folder.iterdir()))


class TestSealedPostgres(SealedSuite):
    """The promises on PostgreSQL."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return fresh_database()

    def everything(self, url: str) -> bytes:
        with psycopg.connect(url) as db:
            tables = ("stored_events", "recorded_keys", "alarms", "log_salt")
            rows = [db.execute(f"SELECT * FROM {table}".encode()).fetchall() for table in tables]
        return repr(rows).encode() + _files(url)
