"""`hub backup` and `hub restore`: log and keys apart; what was erased stays erased, whatever was saved before."""

import json
import shutil
from pathlib import Path

import pytest

from events.event import Position, RecordedEvent
from events.store import open_store
from events.submission import Publisher
from hub.keys import VAULT_KEY, make_keys, open_vault
from hub.settings import Settings
from tests.contract.test_commands import Terminal
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
    folder.mkdir()
    log, keys = folder / "log.backup", folder / "keys.backup"
    row = json.loads(
        terminal.ok("backup", log, "--vault", keys, "--data", world.settings.data, "--json").splitlines()[-1]
    )
    assert (row["log"], row["vault"]) == (str(log), str(keys))
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
    assert "holds" in terminal.ok("backup", log, "--data", world.settings.data)
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
        ("backup", log, "--data", data),
        ("backup", tmp_path / "new", "--vault", keys, "--data", data),
        ("restore", log, "--data", data),
    ):
        result = terminal.run(*words)
        assert result.exit_code == 1
        assert "nothing was changed" in result.stderr
    assert not (tmp_path / "new").exists()
    assert told(data) == [SECRET]


def test_a_folder_that_is_not_there_is_said(terminal: Terminal, world: World, tmp_path: Path) -> None:
    away, data = tmp_path / "away" / "x", world.settings.data
    for words in (("backup", away), ("backup", tmp_path / "new", "--vault", away)):
        result = terminal.run(*words, "--data", data)
        assert (result.exit_code, "No such file or directory" in result.stderr) == (1, True)


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
    assert (result.exit_code, "no log of a hub" in result.stderr) == (1, True)
    assert not (tmp_path / "fresh" / "log.sqlite").exists()


def test_missing_keys_are_said_to_be_missing(terminal: Terminal, world: World, tmp_path: Path) -> None:
    log, _ = save(terminal, world, tmp_path / "saved")
    take_key(world, tmp_path / "fresh")
    result = terminal.run("restore", log, "--vault", tmp_path / "none", "--data", tmp_path / "fresh")
    assert (result.exit_code, "There is no" in result.stderr) == (1, True)


def test_a_log_in_postgresql_is_for_its_own_tools(terminal: Terminal, tmp_path: Path) -> None:
    words = ("restore", tmp_path / "x", "--data", tmp_path, "--store", "postgresql://somewhere/hub")
    result = terminal.run(*words)
    assert (result.exit_code, "pg_restore" in result.stderr) == (1, True)
