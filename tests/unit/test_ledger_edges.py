"""What the ledger does where another hub was first, where a log is broken, and where there is nothing to say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from events.event import Position
from events.ledger import ForeignKey, Ledger
from events.log import Row
from events.notes import COSIGNED, PLAIN, NoteRefused, Signer, VerifierKey
from events.sheets import SheetTree
from events.slots import Carving, name_at, slots_of
from events.submission import StoreUnavailable
from events.watch import Guarded
from events.witness import Submission, Witness
from tests.archive_fixtures import Archive, sqlite_url
from tests.ledgering import EVERY, SIGNER, at, close, tamper


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def archive(file: Path) -> Iterator[Archive]:
    made = Archive(sqlite_url(file.parent)).begin()
    yield made
    made.store.close()


class Overtaken:
    """The tables of a ledger, where something happens between a look and what follows."""

    def __init__(self, tables: Guarded, meanwhile: Callable[[], Any]) -> None:
        self._tables = tables
        self._meanwhile = meanwhile
        self.unit = tables.unit

    @contextmanager
    def looking(self) -> Iterator[Any]:
        with self._tables.looking() as run:
            yield run
        self._meanwhile()


def opener(archive: Archive) -> Any:
    return archive.store._leaves.open


def test_of_two_hubs_that_see_at_once_that_a_sheet_is_due_one_closes_it(archive: Archive) -> None:
    first = archive.store.ledger(SIGNER)
    archive.clock.turn(seconds=60)
    tables = Overtaken(Guarded(archive.store._watch), lambda: first.close_due(archive.clock(), EVERY))
    second = Ledger(tables, archive.store._recorder.salt, opener(archive), SIGNER)
    assert not second.close_due(archive.clock(), EVERY)
    with Guarded(archive.store._watch).looking() as run:
        assert run("SELECT count(*) FROM log_sheets", ()) == [(1,)]


def test_an_event_whose_leaf_vanished_is_not_proven(archive: Archive, file: Path) -> None:
    event = at(archive, 1)
    shown = [(event.position, event.envelope)]
    openings = opener(archive)(shown)
    assert close(archive, archive.store.ledger(SIGNER))
    tamper(file, "DELETE FROM log_leaves WHERE position = 1")
    ledger = Ledger(Guarded(archive.store._watch), archive.store._recorder.salt, lambda _: openings, SIGNER)
    assert [one["inclusion"] for one in ledger.proofs(shown)[1]] == [None]
    assert archive.store._leaves.statements({event.position: b"sent"}) == {}


def test_a_leaf_is_in_its_own_sheet_alone() -> None:
    assert SheetTree([b"a" * 32], b"s" * 32).path(b"b" * 32) is None


def test_what_is_not_there_has_no_slot() -> None:
    assert slots_of({"data": {"a": {"b": 1}}}, [Carving.at(("a", "c", "d"))]) == {"": {}, "/data/a": {"b": 1}}


def test_a_field_that_no_carving_leads_to_lies_with_the_first_that_it_is_in() -> None:
    assert name_at("/a/b", [Carving.at(("a", "c"))]) == "/data/a"


def test_what_lies_deep_is_carved_out_of_what_it_lies_in() -> None:
    found = slots_of({"data": {"a": {"c": {"d": 5, "e": 6}}}}, [Carving.at(("a", "c", "d"))])
    assert found == {"": {}, "/data/a": {"c": {"e": 6}}, "/data/a/c/d": {"/data/a/c/d": 5}}


def test_a_log_that_takes_no_leaves_does_not_open(archive: Archive, file: Path) -> None:
    archive.store.close()
    tamper(
        file,
        "DELETE FROM log_leaves",
        "CREATE TRIGGER full BEFORE INSERT ON log_leaves BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    with pytest.raises(StoreUnavailable):
        Archive(sqlite_url(file.parent))


def test_a_log_without_its_tables_is_unavailable(archive: Archive, file: Path) -> None:
    tamper(file, "DROP TABLE log_key")
    with pytest.raises(StoreUnavailable):
        archive.store.ledger(SIGNER).key()


def test_a_witness_keeps_the_key_that_it_knows(archive: Archive) -> None:
    witness: Witness = archive.store.witness(SIGNER)
    key = Signer(b"l" * 32).key
    assert witness.watch(key)
    assert not witness.watch(key)
    with pytest.raises(NoteRefused, match="Another key"):
        witness.watch(VerifierKey(key.name, PLAIN, b"o" * 32))
    with pytest.raises(NoteRefused, match="key of a witness"):
        witness.watch(VerifierKey(key.name, COSIGNED, key.public))


def test_a_hub_without_a_key_cosigns_nothing(archive: Archive) -> None:
    with pytest.raises(ForeignKey):
        archive.store.witness().add(Submission(0, [], "", []), archive.clock())


def test_of_a_row_without_a_leaf_no_receipt_says_anything(archive: Archive) -> None:
    [stored] = archive.store._recorder.select_at([Position(1)])
    assert archive.store._leaves.statement(Row(stored, {}), b"sent") is None
