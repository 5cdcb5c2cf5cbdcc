"""The ledger on SQLite and on PostgreSQL: every event is in it, and every change of it is found."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from events.event import RecordedEvent
from events.ledger import ForeignKey, Ledger, UnknownSize
from events.ledger_tables import KEPT
from events.notes import Signer, read_head, read_note
from events.submission import StoreUnavailable
from tests.archive_fixtures import Archive, sqlite_url
from tests.ledgering import EVERY, KEY, SIGNER, at, audited, close, prove, tamper
from tests.postgres import fresh_database
from verifier.database import audit, holds
from verifier.notes import unbase64
from verifier.trees import is_continued

Json = Any
IDENTITY = {"names": [{"full": "Pellamine Dovrask"}]}
PROFILE = {
    "lawyer": "lawyer:harbour-bar-watch.1",
    "alias_public": "Juniper",
    "identity": IDENTITY,
    "provenance": {
        "source_kind": "bar",
        "reliability": "A",
        "credibility": "1",
        "independent_sources": 2,
        "source": "source:harbour-bar-watch.7",
    },
}


class LedgerSuite:
    """Promises of a ledger. A subclass says by a fixture `url` where the log is."""

    @pytest.fixture
    def archive(self, url: str) -> Iterator[Archive]:
        made = Archive(url).begin()
        yield made
        made.store.close()

    @pytest.fixture
    def ledger(self, archive: Archive) -> Ledger:
        return archive.store.ledger(SIGNER)

    def test_every_event_is_proven_once_a_sheet_is_closed_over_it(
        self, archive: Archive, ledger: Ledger
    ) -> None:
        assert (ledger.checkpoint(), ledger.key()) == (None, None)
        fresh = prove(ledger, archive.everything())
        assert (fresh.faults, fresh.pending, fresh.checkpoints) == ([], 2, 0)
        for number in range(3):
            archive.intake.record([archive.threat(f"{number}-{place}") for place in range(number * 3)])
            assert close(archive, ledger)
        found = prove(ledger, archive.everything())
        assert (found.faults, found.pending, found.size, found.checkpoints) == ([], 0, 3, 1)
        assert ledger.key() == SIGNER.key.text

    def test_a_sheet_is_closed_when_it_is_time_and_no_sooner(self, archive: Archive, ledger: Ledger) -> None:
        assert ledger.close_due(archive.clock(), EVERY)
        archive.clock.turn(seconds=59.9)
        assert not ledger.close_due(archive.clock(), EVERY)
        archive.clock.turn(seconds=0.1)
        assert ledger.close_due(archive.clock(), EVERY)
        # Of a clock that was put back nobody waits until it is that late again.
        archive.clock.turn(days=-1)
        assert ledger.close_due(archive.clock(), EVERY)

    def test_trees_continue_each_other(self, archive: Archive, ledger: Ledger) -> None:
        heads = []
        for number in range(6):
            archive.intake.record([archive.threat(number)])
            close(archive, ledger)
            heads.append(read_head(read_note(ledger.checkpoint() or "")[0]))
        for old in heads:
            for new in heads[old.size - 1 :]:
                proof = [unbase64(one) for one in ledger.consistency(old.size, new.size)]
                assert is_continued(old[1:], new[1:], proof)
        for sizes in ((0, 7), (3, 2), (-1, 2)):
            with pytest.raises(UnknownSize):
                ledger.consistency(*sizes)

    def test_a_log_from_before_gets_its_leaves_when_it_is_opened(self, url: str, archive: Archive) -> None:
        archive.intake.record([archive.threat(number) for number in range(3)])
        archive.push("harbour-bar-watch", "lawyer.profiled", PROFILE)
        before = leaves(url)
        run(url, "DELETE FROM log_leaves WHERE position > 1")
        again = Archive(url, archive.clock)
        try:
            assert leaves(url) == before
            ledger = again.store.ledger(SIGNER)
            close(again, ledger)
            assert prove(ledger, again.everything()).faults == []
        finally:
            again.store.close()

    def test_what_was_erased_before_there_were_leaves_stays_out_of_them(
        self, url: str, archive: Archive
    ) -> None:
        archive.push("harbour-bar-watch", "lawyer.profiled", PROFILE)
        archive.store._vault.destroy_of("lawyer:harbour-bar-watch.1", archive.clock())
        run(url, "DELETE FROM log_leaves")
        again = Archive(url, archive.clock)
        try:
            ledger = again.store.ledger(SIGNER)
            close(again, ledger)
            assert prove(ledger, again.everything()).faults == []
        finally:
            again.store.close()

    def test_an_event_is_proven_after_part_of_it_was_erased(self, archive: Archive, ledger: Ledger) -> None:
        archive.push("harbour-bar-watch", "lawyer.profiled", PROFILE)
        close(archive, ledger)
        position = archive.store.head()
        whole = at(archive, position)
        assert whole.data["identity"] == IDENTITY
        before = ledger.proofs([(position, whole.envelope)])[1][0]
        archive.store._vault.destroy_of("lawyer:harbour-bar-watch.1", archive.clock())
        left = at(archive, position)
        assert "identity" not in left.data
        after = ledger.proofs([(position, left.envelope)])[1][0]
        assert prove(ledger, [left]).faults == []
        assert (before["leaf"], before["row"]) == (after["leaf"], after["row"])
        opened = [{one["at"] for one in proof["shown"]} for proof in (before, after)]
        assert opened[0] - opened[1] >= {"/data/identity"}
        # The salt of what was erased is gone: even who still has the value is not told.
        again = ledger.proofs([(position, whole.envelope)])[1][0]
        assert "/data/identity" not in {one["at"] for one in again["shown"]}

    def test_a_reader_of_a_part_verifies_that_part(self, archive: Archive, ledger: Ledger) -> None:
        archive.push("harbour-bar-watch", "lawyer.profiled", PROFILE)
        close(archive, ledger)
        event = at(archive, archive.store.head())

        def redacted(one: RecordedEvent) -> dict[str, Json]:
            provenance = {name: said for name, said in one.data["provenance"].items() if name != "source"}
            data = {"lawyer": one.data["lawyer"], "provenance": provenance}
            return {**one.envelope, "data": data}

        assert prove(ledger, [event], redacted).faults == []
        proofs = ledger.proofs([(event.position, redacted(event)), (event.position, event.envelope)])[1]
        part, whole = ({one["at"]: one["salt"] for one in proof["shown"]} for proof in proofs)
        assert set(part) == {"", "/tlp", "/data/lawyer", "/data/provenance"}
        assert part.items() <= whole.items()
        hidden = [salt for name, salt in whole.items() if name not in part]
        assert len(hidden) >= 2
        assert not any(salt in str(proofs[0]) for salt in hidden)
        assert {len(proof["shown"]) + len(proof["hidden"]) for proof in proofs} == {40}

    def test_what_reads_otherwise_than_recorded_is_not_vouched_for(
        self, archive: Archive, ledger: Ledger
    ) -> None:
        archive.intake.record([archive.threat(1)])
        close(archive, ledger)
        event = at(archive, archive.store.head())

        def corrected(one: RecordedEvent) -> dict[str, Json]:
            return {**one.envelope, "data": {**one.data, "categories": ["life.attempt"]}}

        [fault] = prove(ledger, [event], corrected).faults
        assert "/data/categories/0" in fault
        assert "was corrected by what you may not see, or changed on the way" in fault

    def test_a_hub_with_another_key_closes_nothing_and_signs_nothing(
        self, archive: Archive, ledger: Ledger
    ) -> None:
        close(archive, ledger)
        other = archive.store.ledger(Signer(b"o" * 32))
        [outcome] = archive.intake.record([archive.threat(1)])
        assert outcome.statement is not None
        signed = [(outcome.statement, str(outcome.recorded))]
        assert ledger.receipt(signed) is not None
        for without in (other, archive.store.ledger()):
            assert (without.signer, without.receipt(signed)) == (None, None)
            archive.clock.turn(seconds=60)
            with pytest.raises(ForeignKey):
                without.close_due(archive.clock(), EVERY)
            assert without.checkpoint() == ledger.checkpoint()
        assert ledger.receipt([]) is None

    def test_the_whole_database_verifies(self, url: str, archive: Archive, ledger: Ledger) -> None:
        archive.push("harbour-bar-watch", "lawyer.profiled", PROFILE)
        for number in range(4):
            archive.intake.record([archive.threat(f"{number}-{place}") for place in range(number)])
            close(archive, ledger)
        archive.intake.record([archive.threat("late")])
        found = audit_of(url)
        assert (found.faults, found.sheets, found.checkpoints, found.pending) == ([], 4, 4, 1)

    def test_nothing_is_asked_of_a_log_that_is_closed(self, archive: Archive, ledger: Ledger) -> None:
        archive.store.close()
        with pytest.raises(StoreUnavailable):
            ledger.checkpoint()


class TestOnSqlite(LedgerSuite):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return sqlite_url(tmp_path)


class TestOnPostgres(LedgerSuite):
    @pytest.fixture
    def url(self) -> str:
        return fresh_database()


def run(url: str, statement: str) -> list[Any]:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db, db:
            return db.execute(statement).fetchall()
    with psycopg.connect(url) as connection:
        made = connection.execute(statement.encode())
        return made.fetchall() if made.description else []


def leaves(url: str) -> list[tuple[Any, ...]]:
    rows = run(url, "SELECT position, hash, fields, sealed FROM log_leaves ORDER BY position")
    return [(row[0], *map(bytes, row[1:])) for row in rows]


def audit_of(url: str) -> Any:
    place = "rowid" if url.startswith("sqlite") else "notification_id"
    return audit("log", lambda query: run(url, query), place, KEY)[0]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of a log: eleven events in four sheets, and one that is not closed yet."""
    folder = tmp_path_factory.mktemp("recorded")
    archive = Archive(sqlite_url(folder)).begin()
    ledger = archive.store.ledger(SIGNER)
    for number in range(4):
        archive.intake.record([archive.threat(f"{number}-{place}") for place in range(3)])
        close(archive, ledger)
    archive.intake.record([archive.threat("late")])
    archive.store.close()
    return folder / "log.db"


STATE = (
    "UPDATE stored_events SET state = CAST(replace(state, 'liberty', 'Liberty') AS BLOB) WHERE rowid = {0}"
)
SWAP = (
    "UPDATE stored_events SET originator_version = -1 WHERE rowid = 5",
    "CREATE TEMP TABLE five AS SELECT * FROM stored_events WHERE rowid = 5",
    "UPDATE stored_events SET (topic, state) ="
    " (SELECT topic, state FROM stored_events WHERE rowid = 6) WHERE rowid = 5",
    "UPDATE stored_events SET (topic, state) = (SELECT topic, state FROM five) WHERE rowid = 6",
    "UPDATE stored_events SET originator_version = 1 WHERE rowid = 5",
)
TAMPERED = {
    "a changed event": ((STATE.format(4),), "The event at place 4 was changed."),
    "a removed event": (("DELETE FROM stored_events WHERE rowid = 7",), "The event at place 7 is missing."),
    "two events in each other's place": (SWAP, "The event at place 5 was changed."),
    "an event put in": (
        (
            "INSERT INTO stored_events SELECT originator_id, 99, topic, state FROM stored_events WHERE rowid = 4",
        ),
        "1 events have no leaf: they were put in beside the hub.",
    ),
    "an event removed with its leaf": (
        ("DELETE FROM stored_events WHERE rowid = 7", "DELETE FROM log_leaves WHERE position = 7"),
        "Sheet 1: what lies up to place 8 is not what was closed",
    ),
    "leaves in each other's place": (
        (
            "UPDATE log_leaves SET position = -5 WHERE position = 5",
            "UPDATE log_leaves SET position = 5 WHERE position = 6",
            "UPDATE log_leaves SET position = 6 WHERE position = -5",
        ),
        "The event at place 5 was changed.",
    ),
    "a sheet less": (("DELETE FROM log_sheets WHERE number = 1",), "Sheet 1 of the log is missing."),
    "another leaf of a sheet": (
        ("UPDATE log_sheets SET leaf = randomblob(64) WHERE number = 2",),
        "Sheet 2: what lies up to place 11 is not what was closed",
    ),
    "another checkpoint": (
        ("UPDATE log_sheets SET note = (SELECT note FROM log_sheets WHERE number = 1) WHERE number = 2",),
        "The checkpoint of sheet 2 was signed over another tree.",
    ),
    "a checkpoint that is none": (
        ("UPDATE log_sheets SET note = 'x' WHERE number = 2",),
        "The checkpoint of sheet 2 cannot be read",
    ),
    "another key": (
        (f"UPDATE log_key SET vkey = '{Signer(b'e' * 32).key.text}'",),
        "The log names another key than yours.",
    ),
    "a node changed": (
        ("UPDATE log_nodes SET hash = randomblob(32) WHERE level = 1",),
        "The nodes of the tree that are kept for proofs are not those of its leaves.",
    ),
    "a cosignature of another tree": (
        (
            f"INSERT INTO log_witnesses VALUES ('{SIGNER.witness_key.text}', '')",
            f"INSERT INTO log_cosignatures VALUES (2, '{SIGNER.cosign(chr(120), 5)}')",
        ),
        "A witness has cosigned another tree of 2 leaves than this: the log has forked.",
    ),
    "a cosignature of what was cut off": (
        (f"INSERT INTO log_cosignatures VALUES (9, '{SIGNER.cosign(chr(120), 5)}')",),
        "A witness has cosigned a tree of 9 leaves, which this log no longer has.",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_log_that_was_tampered_with_is_found_out(what: str, recorded: Path, tmp_path: Path) -> None:
    statements, said = TAMPERED[what]
    copy = Path(shutil.copy(recorded, tmp_path / "log.db"))
    assert audited(copy).faults == []
    tamper(copy, *statements)
    faults = audited(copy).faults
    assert any(fault.startswith(said) for fault in faults), faults


@settings(max_examples=25, phases=[Phase.generate], deadline=None)
@given(st.integers(1, 13), st.integers(0, 10**6), st.integers(0, 7))
def test_any_bit_of_any_row_that_flips_is_found(
    recorded: Path, tmp_path_factory: pytest.TempPathFactory, position: int, place: int, bit: int
) -> None:
    copy = Path(shutil.copy(recorded, tmp_path_factory.mktemp("flipped") / "log.db"))
    with closing(sqlite3.connect(copy)) as db:
        [(state,)] = db.execute("SELECT state FROM stored_events WHERE rowid = ?", (position,)).fetchall()
        flipped = bytearray(state)
        flipped[place % len(state)] ^= 1 << bit
        db.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (bytes(flipped), position))
        db.commit()
    assert audited(copy).faults == [f"The event at place {position} was changed."]


def test_a_history_written_anew_is_found_by_whoever_kept_a_checkpoint(recorded: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(recorded)) as db:
        notes = [row[0] for row in db.execute("SELECT note FROM log_sheets ORDER BY number")]
    copy = Path(shutil.copy(recorded, tmp_path / "log.db"))
    # The operator itself cuts off the last two sheets, and has the key to sign what it likes.
    tamper(
        copy,
        "DELETE FROM log_sheets WHERE number > 1",
        "DELETE FROM stored_events WHERE rowid > 8",
        "DELETE FROM log_leaves WHERE position > 8",
        "DELETE FROM log_nodes WHERE (place + 1) << level > 2",
    )
    assert audited(copy).faults == []
    sentences = {
        1: "It continues the checkpoint of 2 leaves",
        3: "ends before it: what came last was cut off",
    }
    for number, said in sentences.items():
        with closing(sqlite3.connect(copy)) as db:
            found, heads = audit("log", db.execute, "rowid", KEY)
        holds(found, heads, notes[number], KEY)
        assert any(said in sentence for sentence in [*found.faults, *found.remarks])
    strange = Signer(b"x" * 32).sign(read_note(notes[0])[0].replace("\n1\n", "\n2\n"))
    holds(found, heads, strange, KEY)
    holds(found, heads, "x", KEY)
    assert [one.split(":")[0] for one in found.faults[-3:]] == [
        "The checkpoint that you kept is not signed with this log's key.",
        "You kept a checkpoint of 2 leaves; this log has forked since.",
        "The checkpoint that you kept cannot be read",
    ]


def test_old_checkpoints_are_let_go_and_the_log_still_verifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.ledger_tables.KEPT", 4)
    monkeypatch.setattr("verifier.database._KEPT", 4)
    assert KEPT == 1440
    archive = Archive(sqlite_url(tmp_path)).begin()
    ledger = archive.store.ledger(SIGNER)
    witness = archive.store.witness(SIGNER)
    witness.ask(SIGNER.witness_key, "https://witness.example")
    for _ in range(11):
        close(archive, ledger)
        note = ledger.newest() or ""
        assert ledger.take_cosignatures(note, [SIGNER.cosign(read_note(note)[0], 7)]) == 1
    archive.store.close()
    file = tmp_path / "log.db"
    with closing(sqlite3.connect(file)) as db:
        kept = [row[0] + 1 for row in db.execute("SELECT number FROM log_sheets WHERE note <> ''")]
        cosigned = [row[0] for row in db.execute("SELECT size FROM log_cosignatures ORDER BY size")]
    assert set(kept) == {4, 8, 9, 10, 11}
    assert set(cosigned) == {4, 7, 8, 9, 10, 11}
    found = audited(file)
    assert (found.faults, found.sheets, found.checkpoints, found.cosignatures) == ([], 11, 5, 6)


def test_the_checkpoint_that_is_shown_waits_a_little_for_witnesses(tmp_path: Path) -> None:
    archive = Archive(sqlite_url(tmp_path)).begin()
    ledger = archive.store.ledger(SIGNER)
    archive.store.witness(SIGNER).ask(SIGNER.witness_key, "https://witness.example")
    close(archive, ledger)
    first = ledger.checkpoint() or ""
    line = SIGNER.cosign(read_note(first)[0], 7)
    assert ledger.take_cosignatures(first, [line, Signer(b"q" * 32).cosign(read_note(first)[0], 7)]) == 1
    assert ledger.cosigned(SIGNER.witness_key) == 1
    sizes = []
    for _ in range(3):
        close(archive, ledger)
        assert prove(ledger, archive.everything()).faults == []
        sizes.append(read_head(read_note(ledger.checkpoint() or "")[0]).size)
    assert sizes == [1, 1, 4]
    archive.store.close()


def test_sheets_of_any_fullness_look_alike(tmp_path: Path) -> None:
    archive = Archive(sqlite_url(tmp_path)).begin()
    ledger = archive.store.ledger(SIGNER)
    forms = set()
    for many in (1, 2, 7):
        archive.intake.record([archive.threat(f"{many}-{place}") for place in range(many)])
        close(archive, ledger)
        [proof] = ledger.proofs([(archive.store.head(), at(archive, archive.store.head()).envelope)])[1]
        sheet = proof["inclusion"]["sheet"]
        forms.add((len(sheet["place"]), len(sheet["path"]), *map(len, sheet["path"]), len(sheet["beside"])))
    assert len(forms) == 1
    archive.store.close()
