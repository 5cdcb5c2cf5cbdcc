"""What a technician does at night with the docs in his hand: nothing that was erased, revoked or lost comes of it."""

import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from events.witness import read_submission
from hub.accounts import Grant, open_accounts
from hub.backup import unfinished
from hub.keys import CURSOR_KEY, SUBSCRIPTIONS_KEY, VAULT_KEY
from tests.contract.test_backup import LAWYER, SECRET, erase, record, save, take_key, told
from tests.contract.test_commands import Terminal
from tests.full_disk import full_disk
from tests.postgres import fresh_database
from tests.restoring import archive, close, make_hub, place, signer_of
from tests.running import World, make_world, recording

DIES = """
import os, signal, sys

def watch(event, said):
    if event == "os.rename" and str(said[1]).endswith("/log.sqlite"):
        watch.seen = 0
    elif event in {"sqlite3.connect", "os.remove"} and watch.seen is not None:
        watch.seen += 1
        if watch.seen == moment:
            os.kill(os.getpid(), signal.SIGKILL)

watch.seen, moment = None, int(sys.argv[1])
sys.addaudithook(watch)
from hub.__main__ import main
sys.argv = ["hub", *sys.argv[2:]]
main()
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = make_world(tmp_path / "hub")
    record(made, 1)
    return made


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


# --- a restore that is killed


def test_what_a_killed_restore_left_serves_nobody(terminal: Terminal, world: World, tmp_path: Path) -> None:
    """Its log is there, its keys are older than an erasure: until it has ended, every key in them opens."""
    _, keys = save(terminal, world, tmp_path / "early")
    erase(world)
    log, _ = save(terminal, world, tmp_path / "late")
    for moment in ("1", "3"):
        fresh = tmp_path / moment
        take_key(world, fresh)
        shutil.copy(world.settings.data / "keys" / CURSOR_KEY, fresh / "keys")
        words = ["restore", str(log), "--vault", str(keys), "--data", str(fresh)]
        died = subprocess.run([sys.executable, "-c", DIES, moment, *words], capture_output=True, check=False)
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert (fresh / "log.sqlite").exists()
        for asked in (["token", "list"], ["verify"], ["serve", "--port", "0"], words[:-2]):
            assert "A restore into" in terminal.fails(1, *asked, "--data", fresh)
        assert "was interrupted" in terminal.run("doctor", "--data", fresh).stdout
        shutil.rmtree(fresh)
        take_key(world, fresh)
        terminal.ok(*words)
        assert told(fresh) == [None]
        assert not unfinished.is_unfinished(fresh)


# --- the disk of a hub that was killed


def test_a_log_is_taken_with_what_stands_in_its_write_ahead_log(
    terminal: Terminal, world: World, tmp_path: Path
) -> None:
    """A machine that died leaves the newest events, and the keys of new persons, in files beside the databases."""
    dead = tmp_path / "dead"
    with recording(world):
        record(world, 2)
        shutil.copytree(world.settings.data, dead)
    assert (dead / "log.sqlite-wal").stat().st_size
    fresh = tmp_path / "fresh"
    take_key(world, fresh)
    terminal.ok("restore", dead / "log.sqlite", "--vault", dead / "keys/vault.sqlite", "--data", fresh)
    assert told(fresh) == [SECRET, SECRET]
    (dead / "log.sqlite").write_bytes(b"SQLite format 3\0 and nothing more")
    refused = terminal.fails(1, "restore", dead / "log.sqlite", "--data", tmp_path / "none")
    assert "log.sqlite cannot be read together with log.sqlite-wal" in refused


def test_keys_go_into_postgresql_with_their_write_ahead_log(
    terminal: Terminal, world: World, tmp_path: Path
) -> None:
    dead, fresh = tmp_path / "dead", tmp_path / "fresh"
    with recording(world):
        record(world, 2)
        shutil.copytree(world.settings.data, dead)
    take_key(world, fresh)
    elsewhere = Terminal({"HUB_VAULT": fresh_database()})
    words = [dead / "log.sqlite", "--vault", dead / "keys/vault.sqlite", "--data", fresh]
    assert elsewhere.one("restore", *words)["gone"] == 0


# --- files that were taken for each other


def test_what_are_no_keys_is_not_taken_for_keys(terminal: Terminal, world: World, tmp_path: Path) -> None:
    log, keys = save(terminal, world, tmp_path / "saved")
    empty, fresh = tmp_path / "empty", tmp_path / "fresh"
    empty.touch()
    take_key(world, fresh)
    for elsewhere in (terminal, Terminal({"HUB_VAULT": fresh_database()})):
        for odd in (log, empty, keys.with_name("none")):
            said = elsewhere.fails(1, "restore", log, "--vault", odd, "--data", fresh)
            assert f"{odd} is no backup of keys" in said or "No such file" in said
            assert not (fresh / "log.sqlite").exists()
    terminal.ok("restore", log, "--vault", keys, "--data", fresh)
    assert told(fresh) == [SECRET]


def test_a_database_that_has_a_log_is_left_alone(terminal: Terminal, world: World, tmp_path: Path) -> None:
    log, keys = save(terminal, world, tmp_path / "saved")
    store = fresh_database()
    terminal.ok("init", "--data", tmp_path / "other", "--store", store)
    fresh = tmp_path / "fresh"
    take_key(world, fresh)
    words = [log, "--vault", keys, "--store", store, "--data", fresh]
    assert "holds a log already; nothing was changed" in terminal.fails(1, "restore", *words)
    assert not (fresh / "keys/vault.sqlite").exists()
    away = ["--store", "postgresql://nobody@127.0.0.1:1/none", "--data", fresh]
    assert "The database does not answer" in terminal.fails(3, "restore", log, *away)


def test_who_accepts_a_loss_is_told_who_lives_again(terminal: Terminal, world: World, tmp_path: Path) -> None:
    log, _ = save(terminal, world, tmp_path / "saved")
    words = ["restore", log, "--witness", "http://127.0.0.1:9", "--accept-loss", "--data", tmp_path / "fresh"]
    said = terminal.run(*words).stderr
    assert "IS THERE AGAIN: erase and revoke once more" in said


# --- an older file in the place of one


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_verify_tells_that_what_was_destroyed_opens_again(
    kind: str, terminal: Terminal, tmp_path: Path
) -> None:
    world = make_world(tmp_path / "hub", store="" if kind == "sqlite" else fresh_database())
    record(world, 1)
    file, old = world.settings.data / "keys/vault.sqlite", tmp_path / "old"
    terminal.ok("backup", "--vault", old, "--unencrypted", *place(world))
    erase(world)
    # Said of her since: it has a key of its own, which nobody destroyed.
    record(world, 1_000_001)
    assert "The log is whole." in terminal.ok("verify", *place(world))
    file.unlink()
    shutil.copy(old, file)
    said = terminal.run("verify", *place(world))
    assert said.exit_code == 1
    assert f"older than the log: what was destroyed opens again, of {LAWYER}. " in said.stdout


def test_verify_tells_that_what_was_revoked_works_again(terminal: Terminal, tmp_path: Path) -> None:
    data, old = tmp_path / "data", tmp_path / "old"
    terminal.ok("init", "--data", data)
    ids = [
        terminal.one("token", "add", "stewards", "--role", "steward", "--data", data)["id"] for _ in range(12)
    ]
    terminal.ok("backup", tmp_path / "log", "--accounts", old, "--unencrypted", "--data", data)
    for one in ids:
        terminal.ok("token", "revoke", one, "--data", data)
    assert "The log is whole." in terminal.ok("verify", "--data", data)
    with tarfile.open(old) as packed:
        packed.extract("accounts.sqlite", data, filter="data")
    said = terminal.run("verify", "--data", data)
    assert said.exit_code == 1
    assert f"what was revoked works again: {', '.join(sorted(ids)[:10])} and 2 more. " in said.stdout
    for one in ids:
        terminal.ok("token", "revoke", one, "--data", data)
    assert "The log is whole." in terminal.ok("verify", "--data", data)


def test_a_database_of_keys_that_is_away_is_no_damage(terminal: Terminal, tmp_path: Path) -> None:
    terminal.ok("init", "--data", tmp_path)
    away = Terminal({"HUB_VAULT": "postgresql://hub@127.0.0.1:1/keys"})
    for words in (["verify"], ["token", "list"]):
        said = away.run(*words, "--data", tmp_path)
        assert (said.exit_code, "VERIFY" in said.output) == (3, False)
        assert "The key store cannot be read or written. " in said.stderr
        assert "`hub doctor` looks" in said.stderr


def test_a_hub_that_finds_a_file_damaged_does_not_start_and_says_so(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.ok("init", "--data", tmp_path)
    for one in tmp_path.glob("accounts.sqlite*"):
        one.unlink()
    (tmp_path / "accounts.sqlite").write_bytes(b"no database at all" * 100)
    said = terminal.fails(3, "serve", "--port", "0", "--data", tmp_path)
    assert "Error: A database of the hub does not open, or takes nothing: file is not a database. " in said


def test_a_log_whose_key_was_lost_is_told_once_and_verifies_by_the_key_that_others_have(
    terminal: Terminal, world: World
) -> None:
    """A start makes another `log.key` where there is none: sixty sheets that are "not signed" would hide why."""
    close(world)
    key = terminal.one("witness", "key", *place(world))["log"]
    (world.settings.data / "keys/log.key").write_bytes(b"another".ljust(32))
    said = terminal.run("verify", *place(world))
    assert (said.exit_code, "log.key in the folder of keys is not the key" in said.stdout) == (1, True)
    assert "is not signed with this log's key" not in said.stdout
    assert "The log is whole." in terminal.ok("verify", "--key", key, *place(world))


def test_verify_tells_of_a_token_that_the_log_does_not_know(terminal: Terminal, tmp_path: Path) -> None:
    """Who writes into the accounts can write their checks as well; the log he cannot make say that somebody made it."""
    terminal.ok("init", "--data", tmp_path)
    assert "does not say who made" not in terminal.ok("verify", "--data", tmp_path)
    accounts = open_accounts(tmp_path, terminal.chance)
    planted, _ = accounts.issue(Grant("stewards", "steward", "", "red"), terminal.clock())
    accounts.close()
    assert f"does not say who made these tokens, which work: {planted.id}. " in terminal.ok(
        "verify", "--data", tmp_path
    )
    terminal.ok("token", "revoke", planted.id, "--data", tmp_path)
    assert "does not say who made" not in terminal.ok("verify", "--data", tmp_path)


# --- checkpoints as they were printed


def test_a_checkpoint_counts_as_a_witness_has_printed_it(
    terminal: Terminal, world: World, tmp_path: Path
) -> None:
    """A technician whose backup cannot be proven otherwise has a mail with it; refused, it makes him accept a loss."""
    other = make_hub(tmp_path / "other")
    key = terminal.one("witness", "key", "--data", world.settings.data)["log"]
    terminal.ok("witness", "watch", key, *place(other))
    note = close(world)
    with archive(other) as store:
        store.witness(signer_of(other)).add(read_submission(f"old 0\n\n{note}"), other.clock())
    printed = terminal.ok("witness", "list", *place(other))
    log, keys = save(terminal, world, tmp_path / "saved")
    mail, kept = f"Dear all,\n\n{printed}\n\nAnn", tmp_path / "kept"
    for text in (note, printed, printed.partition("\n")[2], mail, note.rstrip()):
        kept.write_text(text)
        assert "It continues the checkpoint" in terminal.ok("verify", "--checkpoint", kept, *place(world))
    fresh = tmp_path / "fresh"
    take_key(world, fresh)
    kept.write_text(mail)
    assert terminal.one("restore", log, "--vault", keys, "--checkpoint", kept, "--data", fresh)["proven"]
    for odd in (b"", note.encode() * 2, b"\xff"):
        kept.write_bytes(odd)
        for words in (["verify", *place(world)], ["restore", log, "--data", tmp_path / "none"]):
            said = terminal.fails(1, *words, "--checkpoint", kept)
            assert f"{kept} holds" in said or f"{kept} cannot be read" in said


# --- what is typed wrong


@pytest.mark.parametrize("variable", ["HUB_STORE", "HUB_VAULT"])
@pytest.mark.parametrize("password", ["canary%zz", "canary word"])
def test_an_address_that_cannot_be_read_is_refused_without_its_password(
    tmp_path: Path, variable: str, password: str
) -> None:
    odd = Terminal({variable: f"postgresql://hub:{password}@127.0.0.1:1/hub"})
    result = odd.run("verify", "--data", tmp_path)
    assert (result.exit_code, f"{variable} has a bad value: PostgreSQL cannot read" in result.stderr) == (
        2,
        True,
    )
    assert "canary" not in result.output + repr(result.exception)


def test_a_secret_key_in_place_of_a_recipient_is_not_repeated(
    terminal: Terminal, world: World, tmp_path: Path
) -> None:
    words = [
        "backup",
        tmp_path / "log",
        "--recipient",
        "AGE-SECRET-KEY-CANARY",
        "--data",
        world.settings.data,
    ]
    assert "CANARY" not in terminal.fails(1, *words)


def test_a_token_that_no_header_can_carry_is_named() -> None:
    for odd in ("hub_caf\u00e9", "hub_token\r", "hub token"):
        said = Terminal({"HUB_TOKEN": odd}).fails(2, "follow", "--from", "http://127.0.0.1:9")
        assert "HUB_TOKEN has a bad value: a token has neither spaces" in said


@pytest.mark.parametrize("name", [CURSOR_KEY, SUBSCRIPTIONS_KEY, VAULT_KEY])
def test_a_key_that_was_cut_off_is_named_and_nothing_is_made_in_its_place(
    terminal: Terminal, tmp_path: Path, name: str
) -> None:
    data = tmp_path / "data"
    terminal.ok("init", "--data", data)
    file = data / "keys" / name
    for odd in (b"", file.read_bytes()[:-1], file.read_bytes() + b"\n"):
        file.write_bytes(odd)
        for words in (["doctor"], ["verify"], ["serve", "--port", "0"]):
            if name == SUBSCRIPTIONS_KEY and words[0] != "serve":
                continue  # it needs no such key
            said = terminal.fails(2, *words, "--data", data)
            assert f"{name} in the folder of keys is damaged: it must hold 32 bytes." in said
        assert file.read_bytes() == odd


# --- where the plain lies


def test_a_backup_is_unpacked_where_it_was_said_or_nowhere(
    terminal: Terminal, world: World, tmp_path: Path
) -> None:
    """Python falls back to /tmp without a word: there the log would lie in the plain, on a disk nobody chose."""
    log, gone = tmp_path / "log.age", tmp_path / "not-mounted"
    terminal.ok("backup", log, "--data", world.settings.data)
    said = Terminal({"TMPDIR": str(gone)}).fails(1, "verify", log)
    assert str(gone) in said
    gone.mkdir()
    assert "Nothing was changed." in Terminal({"TMPDIR": str(gone)}).ok("verify", log)
    assert list(gone.iterdir()) == []
    with full_disk(1_000):
        said = Terminal({"TMPDIR": str(gone)}).fails(1, "verify", log)
    assert f"log.age cannot be unpacked into {gone}: File too large. Name another with TMPDIR." in said
    assert list(gone.iterdir()) == []
