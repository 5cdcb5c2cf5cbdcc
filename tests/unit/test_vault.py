"""The vault: one key for a person in a partner's events, wrapped, and truly gone once it is destroyed."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest

from events import vault as vaults
from events.submission import StoreUnavailable
from events.vault import Key, KeyRecord, Vault, VaultUnavailable, WrongVaultKey
from events.vault_file import VaultFile

ROOT = Path(__file__).parents[2]
KEY = b"k" * 32
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
PAIR = ("lawyer:harbour-bar-watch.0042", "harbour-bar-watch")
OTHER = ("lawyer:harbour-bar-watch.0042", "open-docket")
THIRD = ("source:harbour-bar-watch.s-9", "harbour-bar-watch")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.sqlite"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], Vault]]:
    made: list[Vault] = []

    def open_again() -> Vault:
        made.append(Vault(path, KEY))
        return made[-1]

    yield open_again
    for one in made:
        one.close()


@pytest.fixture
def vault(opened: Callable[[], Vault]) -> Vault:
    return opened()


def everything(path: Path) -> bytes:
    """Return all bytes of the vault's files: the database, its write-ahead log, its index of that."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.iterdir()))


def wrapped(path: Path) -> list[bytes]:
    db = sqlite3.connect(path)
    try:
        return [row[0] for row in db.execute("SELECT wrapped FROM secrets ORDER BY no")]
    finally:
        db.close()


def test_a_pair_has_one_key_and_keeps_it(vault: Vault, opened: Callable[[], Vault]) -> None:
    first = vault.keys_for([PAIR, OTHER, PAIR])
    assert list(first) == [PAIR, OTHER]
    assert len({key.secret for key in first.values()}) == len({key.kid for key in first.values()}) == 2
    assert {len(key.secret) for key in first.values()} == {32}
    assert vault.keys_for([OTHER, PAIR, THIRD]).items() >= first.items()
    assert opened().keys_for([PAIR, OTHER]) == first
    assert vault.open(first[PAIR].kid) == opened().open(first[PAIR].kid) == first[PAIR].secret


def test_many_keys_are_made_and_found_in_one_call(vault: Vault, opened: Callable[[], Vault]) -> None:
    pairs = [(f"lawyer:harbour-bar-watch.{number}", "harbour-bar-watch") for number in range(1_300)]
    made = vault.keys_for(pairs)
    assert list(made) == pairs
    kids = [key.kid for key in made.values()]
    assert opened().open_all(kids) == {key.kid: key for key in made.values()}
    assert opened().keys_for(pairs[500:]) == {pair: made[pair] for pair in pairs[500:]}


def test_an_unknown_key_is_none(vault: Vault) -> None:
    assert (vault.open("k0"), vault.open_all(["k0"]), vault.keys_for([])) == (None, {}, {})


def test_what_a_process_remembers_is_bounded(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaults, "MAX_CACHED", 3)
    pairs = [(f"lawyer:harbour-bar-watch.{number}", "harbour-bar-watch") for number in range(9)]
    made = vault.keys_for(pairs)
    assert len(vault._by_kid) == len(vault._by_pair) == 3
    assert vault.open_all([key.kid for key in made.values()]) == {key.kid: key for key in made.values()}
    assert len(vault._by_kid) == len(vault._by_pair) == 3
    assert vault.keys_for(pairs) == made


def test_a_destroyed_key_opens_nothing_and_its_pair_gets_another(vault: Vault) -> None:
    keys = vault.keys_for([PAIR, OTHER])
    before = vault.version()
    assert vault.destroy([keys[PAIR].kid, "k0", keys[PAIR].kid], NOON) == (keys[PAIR].kid,)
    assert vault.version() != before
    assert vault.open(keys[PAIR].kid) is None
    assert vault.open(keys[OTHER].kid) == keys[OTHER].secret
    record = KeyRecord(keys[PAIR].kid, *PAIR, "2026-11-02T12:00:00.000000Z")
    assert vault.open_all([keys[PAIR].kid]) == {keys[PAIR].kid: record}
    fresh = vault.keys_for([PAIR])[PAIR]
    assert (fresh.kid != keys[PAIR].kid, fresh.secret != keys[PAIR].secret) == (True, True)
    assert vault.listing(PAIR[0]) == [
        record,
        KeyRecord(keys[OTHER].kid, *OTHER, None),
        KeyRecord(fresh.kid, *PAIR, None),
    ]


def test_destroying_again_is_harmless_and_keeps_the_moment(vault: Vault) -> None:
    kid = vault.keys_for([PAIR])[PAIR].kid
    assert vault.destroy([kid], NOON) == (kid,)
    version = vault.version()
    assert vault.destroy([kid], NOON.replace(hour=15)) == vault.destroy([], NOON) == ()
    assert vault.version() == version
    assert [one.destroyed for one in vault.listing()] == ["2026-11-02T12:00:00.000000Z"]


def test_a_persons_keys_are_destroyed_everywhere_or_with_one_partner(vault: Vault) -> None:
    keys = vault.keys_for([PAIR, OTHER, THIRD])
    assert vault.destroy_of(PAIR[0], NOON, "open-docket") == (keys[OTHER].kid,)
    assert vault.destroy_of(PAIR[0], NOON) == (keys[PAIR].kid,)
    assert vault.destroy_of("lawyer:harbour-bar-watch.none", NOON) == ()
    assert [one.kid for one in vault.listing() if one.destroyed is None] == [keys[THIRD].kid]


def test_a_destroyed_key_is_in_no_byte_of_the_files(vault: Vault, path: Path) -> None:
    keys = vault.keys_for([PAIR, OTHER])
    boxes = wrapped(path)
    assert all(box in everything(path) for box in boxes)
    vault.destroy([keys[PAIR].kid], NOON)
    assert [box in everything(path) for box in boxes] == [False, True]
    vault.destroy_of(PAIR[0], NOON)
    assert [box in everything(path) for box in boxes] == [False, False]


def test_of_thousands_of_keys_none_leaves_a_copy_in_a_page(vault: Vault, path: Path) -> None:
    chance = random.Random(7)
    boxes: set[bytes] = set()
    for turn in range(20):
        pairs = [(f"lawyer:a{chance.randrange(10**9)}", "p" * chance.randrange(2, 40)) for _ in range(100)]
        made = list(vault.keys_for(pairs).values())
        boxes |= set(wrapped(path)) - {bytes(60)}
        vault.destroy([key.kid for key in chance.sample(made, 50)], NOON)
        if turn % 3 == 0:
            everybody = [one.kid for one in vault.listing() if one.destroyed is None]
            vault.destroy(chance.sample(everybody, len(everybody) // 2), NOON)
    vault.destroy([one.kid for one in vault.listing()], NOON)
    files = everything(path)
    assert len(boxes) == 2_000
    assert [box for box in boxes if box in files or box[12:44] in files] == []


def test_neither_persons_nor_keys_stand_in_the_file(vault: Vault, path: Path) -> None:
    keys = vault.keys_for([PAIR, THIRD])
    vault.destroy_of(THIRD[0], NOON)
    files = everything(path)
    assert keys[PAIR].kid.encode() in files
    for text in (PAIR[0], THIRD[0], "0042", "s-9"):
        assert text.encode() not in files
    assert keys[PAIR].secret not in files
    assert repr(keys[PAIR].secret) not in repr(keys[PAIR])


def test_the_files_are_for_their_owner(vault: Vault, path: Path) -> None:
    vault.keys_for([PAIR])
    assert {one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {0o600}


def test_a_commit_is_on_disk_and_what_is_overwritten_is_gone(vault: Vault) -> None:
    assert isinstance(vault._file, VaultFile)
    values = [
        vault._file._db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "secure_delete")
    ]
    assert values == ["wal", 2, 1]


def test_another_process_that_destroys_is_noticed_at_once(
    vault: Vault, opened: Callable[[], Vault], path: Path
) -> None:
    keys = vault.keys_for([PAIR, OTHER])
    program = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC; from events.vault import Vault\n"
        f"vault = Vault(Path(sys.argv[1]), {KEY!r}); print(vault.open(sys.argv[2]).hex())\n"
        "vault.destroy([sys.argv[2]], datetime(2026, 11, 2, tzinfo=UTC)); vault.close()"
    )
    before = vault.version()
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), keys[PAIR].kid],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == keys[PAIR].secret.hex()
    assert vault.open(keys[PAIR].kid) is None
    assert vault.version() != before
    assert vault.keys_for([PAIR])[PAIR].kid != keys[PAIR].kid


def test_keys_that_others_make_do_not_empty_the_memory(vault: Vault, opened: Callable[[], Vault]) -> None:
    keys = vault.keys_for([PAIR])
    others = opened().keys_for([OTHER])
    assert vault.keys_for([PAIR])[PAIR] is keys[PAIR]
    assert vault.keys_for([OTHER]) == others


def test_hubs_that_make_the_same_keys_at_once_agree(opened: Callable[[], Vault]) -> None:
    barrier = Barrier(6)
    pairs = [(f"lawyer:harbour-bar-watch.{number}", "open-docket") for number in range(40)]

    def make(vault: Vault) -> list[Key]:
        barrier.wait()
        return [vault.keys_for([pair])[pair] for pair in pairs]

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(make, [opened() for _ in range(6)]))
    assert all(one == made[0] for one in made)
    assert len(opened().listing()) == 40


def test_hubs_that_open_a_new_vault_together_all_succeed(path: Path) -> None:
    barrier = Barrier(8)

    def open_one(_: int) -> dict[tuple[str, str], Key]:
        barrier.wait()
        vault = Vault(path, KEY)
        try:
            made = vault.keys_for([PAIR])
            vault.destroy_of(THIRD[0], NOON)
            return made
        finally:
            vault.close()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(open_one, range(8)))
    assert all(one == made[0] for one in made)


def test_a_pair_that_another_hub_makes_in_between_is_taken_over(
    vault: Vault, opened: Callable[[], Vault], monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine, others = vault._make, opened()
    theirs = {}

    def make(pairs: list[tuple[str, str]]) -> dict[tuple[str, str], Key]:
        theirs.update(others.keys_for([PAIR]))
        return genuine(pairs)

    monkeypatch.setattr(vault, "_make", make)
    made = vault.keys_for([PAIR, OTHER])
    assert made[PAIR] == theirs[PAIR]
    assert vault.open(made[OTHER].kid) == made[OTHER].secret


def test_the_wrong_key_opens_nothing(vault: Vault, path: Path) -> None:
    vault.keys_for([PAIR])
    with pytest.raises(WrongVaultKey, match="different hubs"):
        Vault(path, b"x" * 32)


def test_what_is_no_vault_is_said_to_be_unavailable(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"no database at all" * 100)
    for path in (tmp_path / "odd", tmp_path, tmp_path / "missing" / "vault.sqlite"):
        with pytest.raises(VaultUnavailable):
            Vault(path, KEY)
    assert issubclass(VaultUnavailable, StoreUnavailable)


def test_a_vault_that_cannot_take_its_tables_is_closed_again(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "view")
    db.execute("CREATE VIEW vault_state AS SELECT 1")
    db.close()
    with pytest.raises(VaultUnavailable):
        Vault(tmp_path / "view", KEY)


def test_a_damaged_key_is_said_and_never_replaced(
    vault: Vault, path: Path, opened: Callable[[], Vault]
) -> None:
    keys = vault.keys_for([PAIR, OTHER])
    db = sqlite3.connect(path)
    db.execute("UPDATE secrets SET wrapped = randomblob(60) WHERE no = 1")
    db.commit()
    db.close()
    again = opened()
    assert again.open(keys[PAIR].kid) is None
    assert again.open_all([keys[PAIR].kid])[keys[PAIR].kid] == KeyRecord(keys[PAIR].kid, *PAIR, None)
    with pytest.raises(VaultUnavailable, match="damaged"):
        again.keys_for([PAIR])
    assert again.keys_for([OTHER]) == {OTHER: keys[OTHER]}


def test_a_key_whose_person_cannot_be_read_is_never_doubled(
    vault: Vault, path: Path, opened: Callable[[], Vault]
) -> None:
    keys = vault.keys_for([PAIR])
    db = sqlite3.connect(path)
    db.execute("UPDATE data_keys SET subject = randomblob(40)")
    db.commit()
    db.close()
    again = opened()
    with pytest.raises(VaultUnavailable):
        again.keys_for([PAIR])
    assert [(one.kid, one.subject) for one in again.listing()] == [(keys[PAIR].kid, "")]


def test_a_key_moved_to_another_row_does_not_open(
    vault: Vault, path: Path, opened: Callable[[], Vault]
) -> None:
    keys = vault.keys_for([PAIR, OTHER])
    db = sqlite3.connect(path)
    first, second = (row[0] for row in db.execute("SELECT wrapped FROM secrets ORDER BY no").fetchall())
    db.executemany("UPDATE secrets SET wrapped = ? WHERE no = ?", [(second, 1), (first, 2)])
    db.commit()
    db.close()
    assert [opened().open(key.kid) for key in keys.values()] == [None, None]


def test_destroying_fails_while_somebody_still_reads_the_old_pages(
    path: Path, opened: Callable[[], Vault], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.sqlite.BUSY_SECONDS", 0.02)
    vault = opened()
    keys = vault.keys_for([PAIR])
    reading = sqlite3.connect(path, isolation_level=None)
    try:
        reading.execute("BEGIN")
        reading.execute("SELECT * FROM secrets").fetchall()
        with pytest.raises(VaultUnavailable):
            vault.destroy_of(PAIR[0], NOON)
        assert vault.open(keys[PAIR].kid) is None
        with pytest.raises(VaultUnavailable):
            vault.destroy([keys[PAIR].kid], NOON)
    finally:
        reading.close()
    assert vault.destroy([keys[PAIR].kid], NOON) == ()


def test_destroying_waits_for_whoever_reads_the_old_pages(
    path: Path, opened: Callable[[], Vault], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("events.sqlite.BUSY_SECONDS", 0.001)
        vault = opened()
    kid = vault.keys_for([PAIR])[PAIR].kid
    reading = sqlite3.connect(path, isolation_level=None)
    try:
        reading.execute("BEGIN")
        reading.execute("SELECT * FROM secrets").fetchall()
        with ThreadPoolExecutor(1) as pool:
            destroying = pool.submit(vault.destroy, [kid], NOON)
            with pytest.raises(TimeoutError):
                destroying.result(timeout=0.1)
            reading.execute("COMMIT")
            assert destroying.result(timeout=90) == (kid,)
    finally:
        reading.close()


def test_a_backup_has_the_keys_of_its_day_and_not_those_destroyed_before(
    vault: Vault, path: Path, tmp_path: Path
) -> None:
    keys = vault.keys_for([PAIR, OTHER])
    boxes = wrapped(path)
    vault.destroy([keys[OTHER].kid], NOON)
    copied = tmp_path / "elsewhere" / "vault.sqlite"
    copied.parent.mkdir()
    vault.backup(copied)
    vault.destroy([keys[PAIR].kid], NOON)
    assert [one.name for one in copied.parent.iterdir()] == ["vault.sqlite"]
    assert copied.stat().st_mode & 0o777 == 0o600
    assert [box in copied.read_bytes() for box in boxes] == [True, False]
    restored = Vault(copied, KEY)
    assert [restored.open(key.kid) for key in keys.values()] == [keys[PAIR].secret, None]
    restored.close()
    with pytest.raises(FileExistsError):
        vault.backup(copied)


def test_a_closed_vault_gives_nothing(vault: Vault) -> None:
    kid = vault.keys_for([PAIR])[PAIR].kid
    vault.close()
    vault.close()
    for ask in (lambda: vault.open(kid), lambda: vault.keys_for([PAIR]), vault.version, vault.listing):
        with pytest.raises(VaultUnavailable):
            ask()
