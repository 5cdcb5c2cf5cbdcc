"""`hub backup` and `hub restore`: log and keys apart; what was erased stays erased, whatever was saved before."""

import shutil
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from events.event import Position, RecordedEvent
from events.store import open_store
from events.submission import Publisher
from hub.accounts import open_accounts
from hub.backup.scratch import scratch
from hub.keys import VAULT_KEY, make_keys, open_vault
from hub.personal.keys import open_personal_keys
from hub.settings import Settings
from hub.subscriptions.opening import open_shelf
from hub.subscriptions.shelf import FILE as SUBSCRIPTIONS
from hub.subscriptions.subscription import Kept, Place, Subscription
from projections.event_query import EventQuery
from tests.contract.test_commands import Terminal
from tests.postgres import fresh_database
from tests.running import Chance, World, make_world, recording, registry, threat

SECRET = "canary-narrative"
LAWYER = "lawyer:harbour-bar-watch.0001"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = make_world(tmp_path / "hub")
    record(made, 1)
    return made


def record(world: World, number: int) -> None:
    with recording(world) as intake:
        event = threat(number, data={"narrative": SECRET})
        [outcome] = intake.record([intake.check(Publisher("harbour-bar-watch", "tests"), event)])
        assert outcome.status == "stored"


def erase(world: World, role: str = "controller") -> None:
    with recording(world) as intake:
        data = {"subject_of_erasure": LAWYER, "scope": ["subject_key"], "role": role}
        raw = {"specversion": "1.0", "id": f"erase-{role}", "source": "urn:hub:partner:stewards"}
        said = {**raw, "type": "erasure.executed", "data": data}
        [outcome] = intake.record([intake.check(Publisher("stewards", "tests"), said)])
        assert outcome.status == "stored"


def told(data: Path) -> list[str | None]:
    settings = Settings(data=data)
    store = open_store(settings.store_url, registry(), open_vault(data, Chance("told")))
    try:
        events: list[RecordedEvent] = store.read(Position(0), 1000)
        return [event.data.get("narrative") for event in events if event.stem == "threat.reported.v1"]
    finally:
        store.close()


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def save(terminal: Terminal, world: World, folder: Path) -> tuple[Path, Path]:
    """Save log and keys in the plain: what encryption adds is tested in `test_restore_drill.py`."""
    folder.mkdir()
    log, keys = folder / "log.backup", folder / "keys.backup"
    row = terminal.one("backup", log, "--vault", keys, "--unencrypted", "--data", world.settings.data)
    assert (row["log"], row["vault"]) == (str(log), str(keys))
    assert row["log_sha256"] == sha256(log.read_bytes()).hexdigest()
    assert row["events"] >= 4
    return log, keys


def take_key(world: World, data: Path) -> None:
    (data / "keys").mkdir(parents=True)
    shutil.copy(world.settings.data / "keys" / VAULT_KEY, data / "keys" / VAULT_KEY)


def test_a_log_and_its_keys_come_back(terminal: Terminal, world: World, tmp_path: Path) -> None:
    log, keys = save(terminal, world, tmp_path / "saved")
    assert SECRET.encode() not in log.read_bytes() + keys.read_bytes()
    assert sorted(one.name for one in log.parent.iterdir()) == ["keys.backup", "log.backup"]
    assert {one.stat().st_mode & 0o777 for one in log.parent.iterdir()} == {0o600}
    fresh = tmp_path / "fresh"
    take_key(world, fresh)
    row = terminal.one("restore", log, "--vault", keys, "--data", fresh)
    assert (row["erased_again"], row["gone"]) == (0, 0)
    assert told(fresh) == [SECRET]
    assert terminal.one("token", "add", "stewards", "--role", "steward", "--data", fresh)["role"] == "steward"
    assert sorted(one.name for one in log.parent.iterdir()) == ["keys.backup", "log.backup"]


def test_a_log_without_its_keys_opens_without_personal_fields_and_says_so(
    terminal: Terminal, world: World, tmp_path: Path
) -> None:
    log = tmp_path / "log.backup"
    assert str(log) in terminal.ok("backup", log, "--unencrypted", "--data", world.settings.data)
    result = terminal.run("restore", log, "--data", tmp_path / "fresh")
    assert result.exit_code == 0
    assert "1 personal fields cannot be opened: their keys are not here." in result.stderr
    assert told(tmp_path / "fresh") == [None]


def test_what_was_erased_after_the_keys_were_saved_is_erased_again(
    terminal: Terminal, world: World, tmp_path: Path
) -> None:
    _, keys = save(terminal, world, tmp_path / "early")
    erase(world, "recipient_ack")
    erase(world)
    record(world, 1_000_001)
    with recording(world) as intake:
        again = threat(2, data={"targets": [LAWYER], "narrative": SECRET})
        intake.record([intake.check(Publisher("harbour-bar-watch", "tests"), again)])
    log, late = save(terminal, world, tmp_path / "late")
    for saved, left in ((keys, [None, None, None]), (late, [None, SECRET, SECRET])):
        fresh = tmp_path / saved.parent.name / "hub"
        take_key(world, fresh)
        result = terminal.run("restore", log, "--vault", saved, "--data", fresh)
        assert result.exit_code == 0
        assert ("1 keys" in result.stderr) == (saved == keys)
        assert told(fresh) == left


def test_nothing_that_exists_is_overwritten(terminal: Terminal, world: World, tmp_path: Path) -> None:
    log, keys = save(terminal, world, tmp_path / "saved")
    data = world.settings.data
    for words in (
        ("backup", log, "--unencrypted", "--data", data),
        ("backup", tmp_path / "new", "--vault", keys, "--unencrypted", "--data", data),
        ("backup-key", log),
        ("restore", log, "--data", data),
    ):
        result = terminal.run(*words)
        assert result.exit_code == 1
        assert "nothing was changed" in result.stderr
    assert not (tmp_path / "new").exists()
    assert told(data) == [SECRET]


def test_without_a_recipient_a_key_beside_the_backup_opens_it(
    terminal: Terminal, world: World, tmp_path: Path
) -> None:
    log, keys, data = tmp_path / "log.age", tmp_path / "keys.age", world.settings.data
    result = terminal.run("backup", log, "--vault", keys, "--data", data)
    assert result.exit_code == 0
    assert f"{log}.key opens it. Move that file away from the backup" in result.stderr
    assert all(one.read_bytes().startswith(b"age-encryption.org/") for one in (log, keys))
    drawn = tmp_path / "log.age.key"
    assert drawn.stat().st_mode & 0o777 == 0o600
    assert terminal.one("verify", log)["whole"]
    fresh = tmp_path / "fresh"
    take_key(world, fresh)
    terminal.ok("restore", log, "--vault", keys, "--data", fresh)
    assert told(fresh) == [SECRET]
    log.unlink()
    assert "nothing was changed" in terminal.fails(1, "backup", log, "--data", data)
    drawn.rename(tmp_path / "elsewhere")
    alone = tmp_path / "keys-alone.age"
    assert terminal.one("backup", "--vault", alone, "--data", data)["identity"] == f"{alone}.key"


def test_keys_in_postgresql_are_saved_and_put_back(terminal: Terminal, world: World, tmp_path: Path) -> None:
    """The file is the same wherever the keys lie: into a database of their own, and from there into a file again."""
    log, keys = save(terminal, world, tmp_path / "saved")
    vault, log_db = fresh_database(), fresh_database()
    elsewhere = Terminal({"HUB_VAULT": vault})
    fresh = tmp_path / "fresh"
    take_key(world, fresh)
    row = elsewhere.one("restore", log, "--vault", keys, "--data", fresh, "--store", log_db)
    assert row["gone"] == 0
    assert not list((fresh / "keys").glob("vault.sqlite*"))
    again = tmp_path / "again.age"
    words = ["--vault", again, "--data", fresh, "--store", log_db]
    elsewhere.ok("backup", tmp_path / "log.age", *words, "--unencrypted")
    back = tmp_path / "back"
    take_key(world, back)
    assert terminal.one("restore", tmp_path / "log.age", "--vault", again, "--data", back)["gone"] == 0
    assert told(back) == [SECRET]


def test_keys_in_postgresql_are_put_back_where_none_are_and_by_the_right_key_alone(
    terminal: Terminal, world: World, tmp_path: Path
) -> None:
    log, keys = save(terminal, world, tmp_path / "saved")
    vault = fresh_database()
    elsewhere = Terminal({"HUB_VAULT": vault})
    stranger = tmp_path / "stranger"
    make_keys(stranger, Chance("another"))
    result = elsewhere.run("restore", log, "--vault", keys, "--data", stranger)
    assert (result.exit_code, "different hubs" in result.stderr) == (3, True)
    fresh = tmp_path / "fresh"
    take_key(world, fresh)
    for content in (b"", b"no database at all", log.read_bytes()):
        (tmp_path / "odd").write_bytes(content)
        odd = elsewhere.run("restore", log, "--vault", tmp_path / "odd", "--data", fresh)
        assert odd.exit_code == 1
    elsewhere.ok("restore", log, "--vault", keys, "--data", fresh)
    other = tmp_path / "other"
    take_key(world, other)
    assert "holds keys already" in elsewhere.fails(1, "restore", log, "--vault", keys, "--data", other)
    assert not (other / "log.sqlite").exists()


def test_a_folder_that_is_not_there_is_said(terminal: Terminal, world: World, tmp_path: Path) -> None:
    away, data = tmp_path / "away" / "x", world.settings.data
    for words in (
        ("backup", away),
        ("backup", tmp_path / "new", "--vault", away),
        ("backup", "--accounts", away),
    ):
        result = terminal.run(*words, "--unencrypted", "--data", data)
        assert (result.exit_code, "No such file or directory" in result.stderr) == (1, True)
    assert "No such file or directory" in terminal.fails(1, "backup-key", away)
    assert not [one.name for one in data.iterdir() if one.name.startswith("backup.part")]


def test_keys_need_the_key_that_wraps_them(terminal: Terminal, world: World, tmp_path: Path) -> None:
    log, keys = save(terminal, world, tmp_path / "saved")
    fresh = tmp_path / "fresh"
    result = terminal.run("restore", log, "--vault", keys, "--data", fresh)
    assert (result.exit_code, "vault.key is missing" in result.stderr) == (2, True)
    make_keys(fresh, Chance("another"))
    result = terminal.run("restore", log, "--vault", keys, "--data", fresh)
    assert (result.exit_code, "different hubs" in result.stderr) == (3, True)
    assert {one.name for one in (fresh / "keys").iterdir()} == {
        "cursor.key",
        "log.key",
        "subscriptions.key",
        "vault.key",
    }
    assert not (fresh / "log.sqlite").exists()


@pytest.mark.parametrize("content", [None, b"", b"no database" * 999])
def test_what_is_no_backup_is_refused(terminal: Terminal, tmp_path: Path, content: bytes | None) -> None:
    odd = tmp_path / "odd"
    if content is not None:
        odd.write_bytes(content)
    result = terminal.run("restore", odd, "--data", tmp_path / "fresh")
    said = "cannot be read: No such file" if content is None else "no log of a hub"
    assert (result.exit_code, said in result.stderr) == (1, True)
    assert not (tmp_path / "fresh" / "log.sqlite").exists()


def test_missing_keys_are_said_to_be_missing(terminal: Terminal, world: World, tmp_path: Path) -> None:
    log, _ = save(terminal, world, tmp_path / "saved")
    take_key(world, tmp_path / "fresh")
    result = terminal.run("restore", log, "--vault", tmp_path / "none", "--data", tmp_path / "fresh")
    assert (result.exit_code, "cannot be read" in result.stderr) == (1, True)


def test_without_a_recipient_nothing_is_saved(terminal: Terminal, world: World, tmp_path: Path) -> None:
    data, log, keys = world.settings.data, tmp_path / "log.age", tmp_path / "keys.age"
    own, theirs = (terminal.ok("backup-key", tmp_path / name).strip() for name in ("own.key", "their.key"))
    assert (tmp_path / "own.key").stat().st_mode & 0o777 == 0o600
    assert "is no recipient" in terminal.fails(1, "backup", log, "--recipient", "age1x", "--data", data)
    assert "begins with age1" in Terminal({"HUB_BACKUP_RECIPIENTS": "me"}).fails(
        2, "backup", log, "--data", data
    )
    assert "at least one file" in terminal.fails(2, "backup", "--data", data)
    assert "a file of its own" in terminal.fails(
        2, "backup", log, "--vault", log, "--recipient", own, "--data", data
    )
    assert not log.exists()
    # Several may open the log, others the keys.
    rich = Terminal({"HUB_BACKUP_RECIPIENTS": f"{own}, {theirs}", "HUB_BACKUP_VAULT_RECIPIENTS": theirs})
    rich.ok("backup", log, "--vault", keys, "--data", data)
    for name in ("own.key", "their.key"):
        assert terminal.one("verify", log, "--identity", tmp_path / name)["whole"]
    fresh = tmp_path / "fresh"
    take_key(world, fresh)
    again = ("restore", log, "--vault", keys, "--data", fresh)
    assert "not encrypted for this key" in terminal.fails(1, *again, "--identity", tmp_path / "own.key")
    assert terminal.one(*again, "--identity", tmp_path / "their.key")["gone"] == 0
    assert told(fresh) == [SECRET]
    # Keys alone are for the hours between two backups of the log.
    terminal.ok("backup", "--vault", tmp_path / "more.age", "--vault-recipient", own, "--data", data)


def test_accounts_and_followers_come_back_and_what_was_revoked_stays_so(
    terminal: Terminal, world: World, tmp_path: Path
) -> None:
    data, saved = world.settings.data, tmp_path / "accounts.tar"
    personal = open_personal_keys(data, world.chance)
    _, key = personal.add(world.accounts["observer"].id, "calendar", "", world.clock()) or ("", "")
    personal.close()
    open_shelf(data, world.chance).close()
    accounts = open_accounts(data, world.chance)
    session = accounts.open_session(world.tokens["observer"], world.clock(), timedelta(days=1))
    accounts.close()
    terminal.ok("backup", "--accounts", saved, "--unencrypted", "--data", data)
    terminal.ok("token", "revoke", world.accounts["docket"].id, "--data", data)
    log = tmp_path / "log"
    terminal.ok("backup", log, "--unencrypted", "--data", data)
    fresh = tmp_path / "fresh"
    shutil.copytree(data / "keys", fresh / "keys", ignore=shutil.ignore_patterns("*.sqlite*"))
    row = terminal.one("restore", log, "--accounts", saved, "--data", fresh)
    assert row["revoked_again"] == 1
    accounts, now = open_accounts(fresh, world.chance), world.clock()
    try:
        assert accounts.check(world.tokens["observer"], now) == world.accounts["observer"]
        assert accounts.check(world.tokens["docket"], now) is None
        assert session is not None
        assert accounts.check_session(session, now) is None
    finally:
        accounts.close()
    personal = open_personal_keys(fresh, world.chance)
    assert personal.of(key) is not None
    personal.close()
    open_shelf(fresh, world.chance).close()
    assert {one.name for one in fresh.iterdir() if one.suffix == ".sqlite"} == {
        "accounts.sqlite",
        "log.sqlite",
        "subscriptions.sqlite",
    }


@pytest.mark.parametrize("is_earlier", [False, True], ids=["of now", "of an earlier release"])
def test_followers_come_back_with_the_language_that_their_backup_knows(
    terminal: Terminal, world: World, tmp_path: Path, is_earlier: bool
) -> None:
    data, saved, log = world.settings.data, tmp_path / "accounts.tar", tmp_path / "log"
    one = Subscription(
        "sub_1", world.accounts["observer"].id, "open-docket", "observer", EventQuery(), "mail",
        "anna@docket.example", "daily", Place(Position(0)), world.clock(), world.clock(), language="fr",
    )  # fmt: skip
    with closing(open_shelf(data, world.chance)) as shelf:
        shelf.add(one, Kept())
    terminal.ok("backup", log, "--accounts", saved, "--unencrypted", "--data", data)
    if is_earlier:
        with tarfile.open(saved) as archive:
            archive.extractall(tmp_path / "parts", filter="data")
        with closing(sqlite3.connect(tmp_path / "parts" / SUBSCRIPTIONS)) as db, db:
            db.execute("DROP TABLE spoken")
        with tarfile.open(saved, "w") as archive:
            for part in sorted((tmp_path / "parts").iterdir()):
                archive.add(part, part.name)
    fresh = tmp_path / "fresh"
    shutil.copytree(data / "keys", fresh / "keys", ignore=shutil.ignore_patterns("*.sqlite*"))
    terminal.one("restore", log, "--accounts", saved, "--data", fresh)
    with closing(open_shelf(fresh, world.chance)) as shelf:
        assert shelf.get("sub_1") == replace(one, language="en" if is_earlier else "fr")


@pytest.mark.parametrize("name", ["../evil", "log.sqlite", "link"])
def test_a_strange_backup_of_accounts_is_refused(
    terminal: Terminal, world: World, tmp_path: Path, name: str
) -> None:
    log, _ = save(terminal, world, tmp_path / "saved")
    odd = tmp_path / "odd.tar"
    with tarfile.open(odd, "w") as archive:
        entry = tarfile.TarInfo("accounts.sqlite" if name == "link" else name)
        if name == "link":
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    fresh = tmp_path / "fresh"
    said = terminal.fails(1, "restore", log, "--accounts", odd, "--data", fresh)
    assert "no backup of accounts" in said
    assert [one.name for one in fresh.rglob("*") if one.is_file()] == ["backup.lock"]
    odd.write_bytes(b"no archive" * 99)
    assert "no backup of accounts" in terminal.fails(1, "restore", log, "--accounts", odd, "--data", fresh)


def test_one_backup_at_a_time(terminal: Terminal, world: World, tmp_path: Path) -> None:
    data = world.settings.data
    left = data / "backup.part"
    left.mkdir()
    (left / "log.sqlite").write_bytes(b"left by a killed backup")
    with scratch(data) as folder:
        assert [*folder.iterdir()] == []
        said = terminal.fails(1, "backup", tmp_path / "log", "--unencrypted", "--data", data)
        assert "Another backup" in said
    terminal.ok("backup", tmp_path / "log", "--unencrypted", "--data", data)


def test_a_damaged_log_is_not_saved(terminal: Terminal, world: World, tmp_path: Path) -> None:
    data = world.settings.data
    with closing(sqlite3.connect(data / "log.sqlite")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray((data / "log.sqlite").read_bytes())
    content[-4096 * 3 : -4096 * 2] = b"\xff" * 4096
    (data / "log.sqlite").write_bytes(content)
    result = terminal.run("backup", tmp_path / "log", "--unencrypted", "--data", data)
    assert result.exit_code != 0
    assert not (tmp_path / "log").exists()
