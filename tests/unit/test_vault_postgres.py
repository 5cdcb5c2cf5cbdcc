"""The vault in a PostgreSQL database: as the one in a file, for hubs on several machines."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from events.vault import Key, KeyRecord, Vault, VaultUnavailable, WrongVaultKey
from events.vault_moving import VaultTaken, load_into_postgres, refuse_if_taken, save_from_postgres
from events.vault_postgres import VaultDatabase
from tests.postgres import fresh_database, server

KEY = b"k" * 32
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
PAIR = ("lawyer:harbour-bar-watch.0042", "harbour-bar-watch")
OTHER = ("lawyer:harbour-bar-watch.0042", "open-docket")


@pytest.fixture
def url() -> str:
    return fresh_database()


@pytest.fixture
def vaults(url: str) -> Iterator[tuple[Vault, Vault]]:
    """Give the vault as two hubs have it open."""
    with closing(Vault(url, KEY)) as here, closing(Vault(url, KEY)) as there:
        yield here, there


def test_a_key_is_made_once_and_opens_on_each_hub(vaults: tuple[Vault, Vault]) -> None:
    here, there = vaults
    made = here.keys_for([PAIR, OTHER])
    assert there.keys_for([PAIR, OTHER]) == made
    assert there.open(made[PAIR].kid) == made[PAIR].secret
    assert there.open_all([]) == {}
    assert [one.kid for one in there.listing(PAIR[0])] == [made[PAIR].kid, made[OTHER].kid]


def test_a_key_that_was_destroyed_is_gone_on_each_hub_and_from_the_table(
    vaults: tuple[Vault, Vault], url: str
) -> None:
    here, there = vaults
    made = there.keys_for([PAIR, OTHER])
    assert here.destroy([made[PAIR].kid], NOON) == (made[PAIR].kid,)
    assert here.destroy([made[PAIR].kid], NOON) == ()
    while isinstance(there.open_all([made[PAIR].kid])[made[PAIR].kid], Key):
        pass  # known there within a moment
    record = there.open_all([made[PAIR].kid])[made[PAIR].kid]
    assert isinstance(record, KeyRecord)
    assert record.destroyed is not None
    assert there.open(made[OTHER].kid) == made[OTHER].secret
    assert there.keys_for([PAIR])[PAIR].secret != made[PAIR].secret
    with psycopg.connect(url) as line:
        dead = line.execute("SELECT n_dead_tup FROM pg_stat_all_tables WHERE relname = 'secrets'").fetchone()
        boxes = [row[0] for row in line.execute("SELECT wrapped FROM hub_vault.secrets ORDER BY no")]
    assert dead == (0,)
    assert set(boxes[0]) == {0}


def test_another_key_opens_nothing(vaults: tuple[Vault, Vault], url: str) -> None:
    assert vaults
    with pytest.raises(WrongVaultKey):
        Vault(url, b"x" * 32)


def test_a_copy_is_the_file_that_a_hub_alone_would_have(vaults: tuple[Vault, Vault], tmp_path: Path) -> None:
    here, _ = vaults
    made = here.keys_for([PAIR, OTHER])
    here.destroy([made[OTHER].kid], NOON)
    here.backup(tmp_path / "copy.sqlite")
    assert (tmp_path / "copy.sqlite").stat().st_mode & 0o777 == 0o600
    with closing(Vault(tmp_path / "copy.sqlite", KEY)) as copy:
        assert copy.listing() == here.listing()
        assert copy.open(made[PAIR].kid) == made[PAIR].secret
        assert copy.open(made[OTHER].kid) is None
        assert copy.keys_for([OTHER])[OTHER].secret != made[OTHER].secret
    with pytest.raises(FileExistsError):
        here.backup(tmp_path / "copy.sqlite")


def test_what_was_saved_is_put_back_with_what_was_destroyed(vaults: tuple[Vault, Vault], url: str) -> None:
    here, _ = vaults
    made = here.keys_for([PAIR, OTHER])
    here.destroy([made[OTHER].kid], NOON)
    saved, there = save_from_postgres(url, KEY), fresh_database()
    load_into_postgres(saved, there, KEY)
    with closing(Vault(there, KEY)) as again:
        assert again.listing() == here.listing()
        assert again.open(made[PAIR].kid) == made[PAIR].secret
        assert again.open(made[OTHER].kid) is None
        assert again.keys_for([OTHER])[OTHER].secret != made[OTHER].secret
    with pytest.raises(VaultTaken):
        load_into_postgres(saved, there, KEY)
    with pytest.raises(VaultTaken):
        refuse_if_taken(there, KEY)
    empty = fresh_database()
    refuse_if_taken(empty, KEY)
    load_into_postgres(save_from_postgres(fresh_database(), KEY), empty, KEY)
    refuse_if_taken(empty, KEY)


def test_what_another_key_wraps_is_neither_saved_nor_put_back(
    vaults: tuple[Vault, Vault], url: str, tmp_path: Path
) -> None:
    here, _ = vaults
    here.keys_for([PAIR])
    saved = save_from_postgres(url, KEY)
    with pytest.raises(WrongVaultKey):
        save_from_postgres(url, b"x" * 32)
    with pytest.raises(WrongVaultKey):
        load_into_postgres(saved, fresh_database(), b"x" * 32)
    (tmp_path / "file").write_bytes(saved)
    with closing(sqlite3.connect(tmp_path / "file")) as db:
        db.execute("DELETE FROM vault_state")
        db.commit()
    for odd in (b"", b"x" * 4096, (tmp_path / "file").read_bytes()):
        with pytest.raises(VaultUnavailable):
            load_into_postgres(odd, fresh_database(), KEY)


def test_a_connection_that_broke_is_made_anew(vaults: tuple[Vault, Vault], url: str) -> None:
    here, _ = vaults
    made = here.keys_for([PAIR])
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(server().url(), autocommit=True) as line:
        line.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    with pytest.raises(VaultUnavailable):
        here.keys_for([OTHER])
    assert here.keys_for([PAIR]) == made
    assert here.keys_for([OTHER])


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(VaultUnavailable):
        Vault(f"postgresql:///none?host={tmp_path}", KEY)


def test_what_a_server_confirms_with_a_warning_is_not_believed(url: str) -> None:
    database = VaultDatabase(url, b"proof")
    with pytest.raises(VaultUnavailable, match="did not do all"), database.transaction():
        database._run("DO $$ BEGIN RAISE WARNING 'no standby has it'; END $$")
    database.close()
    database.close()


def test_who_opens_it_waits_for_who_makes_a_key_and_nobody_for_both(url: str) -> None:
    opened: list[VaultDatabase] = []
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with (
        closing(VaultDatabase(url, b"proof")) as here,
        psycopg.connect(server().url(), autocommit=True) as line,
    ):
        opening = Thread(target=lambda: opened.append(VaultDatabase(url, b"proof")))
        with here.transaction():
            opening.start()
            while line.execute(waiting, (name,)).fetchone() is None:
                assert opening.is_alive()
            here.add("k1", b"tag", "harbour-bar-watch", b"subject", bytes(60))
        opening.join(30)
        assert here.holds_keys()
    assert opened
    opened[0].close()
