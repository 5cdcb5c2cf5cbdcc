"""What a hub's only technician meets when something is amiss: a sentence that helps, and nothing made worse."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hub.keys import CURSOR_KEY, VAULT_KEY
from tests.contract.test_commands import Terminal
from tests.postgres import fresh_database

Json = Any
ROOT = Path(__file__).parents[2]
HUBCTL = ROOT / "deploy/hubctl"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub that was made, and kept its digests of keys as one that served does."""
    folder = tmp_path_factory.mktemp("made") / "data"
    Terminal().ok("init", "--data", folder)
    (folder / "key_checks.json").write_text("{}")
    return folder


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def content(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*.key")}


# --- the disk of keys


def test_a_disk_of_keys_that_is_not_there_is_named_and_init_makes_no_other_keys(
    terminal: Terminal, data: Path, tmp_path: Path
) -> None:
    (data / "keys").rename(tmp_path / "unmounted")
    (data / "keys").mkdir(mode=0o700)
    for words in (["doctor"], ["token", "list"], ["serve", "--port", "0"], ["backup", tmp_path / "x"]):
        said = terminal.fails(2, *words, "--data", data)
        assert f"{CURSOR_KEY} is missing from the folder of keys" in said
        assert "hub init" not in said
    said = terminal.fails(2, "init", "--data", data)
    assert f"{VAULT_KEY} is missing" in said
    assert list((data / "keys").iterdir()) == []
    (data / "keys").rmdir()
    (tmp_path / "unmounted").rename(data / "keys")
    assert terminal.many("token", "list", "--data", data)


def test_init_on_the_log_of_another_hub_makes_no_other_keys(terminal: Terminal, tmp_path: Path) -> None:
    store = fresh_database()
    terminal.ok("init", "--data", tmp_path / "first", "--store", store)
    second = tmp_path / "second"
    assert f"{VAULT_KEY} is missing" in terminal.fails(2, "init", "--data", second, "--store", store)
    assert content(second) == {}
    shutil.copytree(tmp_path / "first/keys", second / "keys", dirs_exist_ok=True)
    assert len(terminal.many("token", "list", "--data", second, "--store", store)) == 1


def test_an_init_that_was_killed_is_completed(terminal: Terminal, data: Path) -> None:
    (data / "key_checks.json").unlink()
    (data / "keys" / CURSOR_KEY).unlink()
    assert "hub init" in terminal.fails(2, "doctor", "--data", data)
    terminal.ok("init", "--data", data)
    terminal.ok("token", "list", "--data", data)


# --- a log that is elsewhere


def test_a_log_that_is_not_there_is_not_made_anew(terminal: Terminal, data: Path, tmp_path: Path) -> None:
    log = data / "log.sqlite"
    log.rename(tmp_path / "log")
    for words in (["token", "list"], ["backup", tmp_path / "b", "--unencrypted"], ["serve", "--port", "0"]):
        said = terminal.fails(1, *words, "--data", data)
        assert f"There is no log at {log}. Is HUB_STORE set" in said
        assert not log.exists()
    assert not (tmp_path / "b").exists()
    result = terminal.run("doctor", "--data", data)
    assert (result.exit_code, "BAD  reach" in result.stdout) == (1, True)


# --- files of another user, disks that take nothing


def closed_to_this_user(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Have the system say no, as it does to all but root: tests run as root as well."""
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name not in names and may(path, mode))


@pytest.mark.parametrize("name", ["log.sqlite", "accounts.sqlite", VAULT_KEY, "keys"])
def test_what_this_user_may_not_use_is_named(
    terminal: Terminal, data: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    closed_to_this_user(monkeypatch, name)
    for words in (["token", "list"], ["serve", "--port", "0"]):
        said = terminal.fails(1, *words, "--data", data)
        assert "This user may not read and write" in said
        assert name in said
    result = terminal.run("doctor", "--data", data, "--json")
    assert result.exit_code == 1
    [row] = map(json.loads, result.stdout.splitlines())
    assert (row["check"], row["level"], name in row["detail"]) == ("reach", "bad", True)
    assert "chown" in row["do"]


def test_a_doctor_looks_at_what_is_left_of_a_folder_that_does_not_open(
    terminal: Terminal, data: Path
) -> None:
    (data / "accounts.sqlite").write_bytes(b"no database at all" * 100)
    for end in ("-wal", "-shm"):
        (data / f"accounts.sqlite{end}").unlink(missing_ok=True)
    result = terminal.run("doctor", "--data", data, "--json")
    assert result.exit_code == 1, (result.output, result.exception)
    found = {row["check"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert "does not open (file is not a database)" in found["log"]["detail"]
    assert "accounts.sqlite" in found["files"]["detail"]
    assert set(found) >= {"settings", "secrecy", "disk", "fsync", "database", "bus"}
    said = terminal.fails(3, "token", "list", "--data", data)
    assert "A database of the hub does not open, or takes nothing: file is not a database." in said


def test_where_a_command_may_not_write_it_says_so(terminal: Terminal, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    said = terminal.fails(1, "backup-key", file / "backup.key")
    assert f"{file / 'backup.key'}" in said
    key = tmp_path / "nothing.key"
    said = terminal.fails(1, "restore", file, "--identity", key, "--data", tmp_path / "new")
    assert "nothing.key cannot be read: No such file or directory" in said


# --- hubctl


@pytest.fixture
def as_root(tmp_path: Path) -> dict[str, Path]:
    """`hubctl` with its places in a folder, and a program that tells what it was given."""
    program, settings = tmp_path / "bin/hub", tmp_path / "hub.env"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys\nprint(json.dumps([sys.argv[1:], dict(os.environ)]))\n"
    )
    program.chmod(0o755)
    runuser = tmp_path / "bin/runuser"
    runuser.write_text('#!/bin/sh\nshift 4\nexec "$@"\n')
    runuser.chmod(0o755)
    (tmp_path / "bin/id").write_text("#!/bin/sh\necho 0\n")
    (tmp_path / "bin/id").chmod(0o755)
    text = (
        HUBCTL.read_text("utf-8")
        .replace("/etc/hub/hub.env", str(settings))
        .replace("/var/lib/hub", str(tmp_path))
    )
    (tmp_path / "hubctl").write_text(text)
    return {"hubctl": tmp_path / "hubctl", "settings": settings, "release": tmp_path, "bin": tmp_path / "bin"}


def test_hubctl_reads_settings_as_the_service_does(as_root: dict[str, Path]) -> None:
    as_root["settings"].write_text(
        "# A comment\n\n#HUB_HOST=0.0.0.0\n"
        "HUB_STORE=postgresql://hub@one,two/hub?target_session_attrs=read-write&sslmode=verify-full\n"
        "HUB_MAIL_FROM=The hub <hub@hub.example>\n"
        'HUB_SMTP_URL="smtps://user:a;b$HOME`id`@mail.example"\n'
        "HUB_PUBLIC_URL='https://hub.example'"
    )
    environ = {
        **os.environ,
        "PATH": f"{as_root['bin']}:{os.environ['PATH']}",
        "RELEASE": str(as_root["release"]),
    }
    done = subprocess.run(
        ["/bin/sh", str(as_root["hubctl"]), "doctor", "two words"],
        capture_output=True,
        text=True,
        check=True,
        env=environ,
    )
    words, seen = json.loads(done.stdout)
    assert words == ["doctor", "two words"]
    assert {name: value for name, value in seen.items() if name.startswith("HUB_")} == {
        "HUB_STORE": "postgresql://hub@one,two/hub?target_session_attrs=read-write&sslmode=verify-full",
        "HUB_MAIL_FROM": "The hub <hub@hub.example>",
        "HUB_SMTP_URL": "smtps://user:a;b$HOME`id`@mail.example",
        "HUB_PUBLIC_URL": "https://hub.example",
    }
    assert seen["HOME"] == str(as_root["settings"].parent)


def test_hubctl_without_its_settings_says_what_it_is_for(as_root: dict[str, Path]) -> None:
    done = subprocess.run(
        ["/bin/sh", str(as_root["hubctl"]), "doctor"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{as_root['bin']}:{os.environ['PATH']}"},
    )
    assert (done.returncode, "hubctl is for root" in done.stderr) == (2, True)
