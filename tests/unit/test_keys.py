"""The folder of keys: made once, for its owner alone, wherever the operator keeps it."""

from pathlib import Path

import pytest

from events.restoring import copy_log
from events.submission import StoreUnavailable
from events.vault import FILE
from hub.keys import (
    SUBSCRIPTIONS_KEY,
    HubNotInitialised,
    KeyMissing,
    cursor_key,
    keys_folder,
    make_keys,
    make_vault_key,
    open_vault,
    vault_key,
)
from tests.contract.test_commands import Terminal
from tests.full_disk import full_disk
from tests.running import Chance, make_world, recording

PAIR = ("lawyer:harbour-bar-watch.1", "harbour-bar-watch")


def test_both_keys_are_made_once_and_are_their_owners(tmp_path: Path) -> None:
    make_keys(tmp_path, Chance("keys"))
    made = (cursor_key(tmp_path), vault_key(tmp_path))
    assert [len(key) for key in set(made)] == [32, 32]
    make_keys(tmp_path, Chance("other"))
    assert (cursor_key(tmp_path), vault_key(tmp_path)) == made
    assert {one.stat().st_mode & 0o777 for one in keys_folder(tmp_path).iterdir()} == {0o600}
    assert keys_folder(tmp_path).stat().st_mode & 0o777 == 0o700


def test_keys_may_be_on_another_disk(tmp_path: Path) -> None:
    data, keys = tmp_path / "data", tmp_path / "other" / "disk"
    make_keys(data, Chance("keys"), keys)
    vault = open_vault(data, Chance("vault"), keys)
    vault.keys_for([PAIR])
    vault.close()
    made = ["cursor.key", "log.key", SUBSCRIPTIONS_KEY, "vault.key", FILE]
    assert sorted(one.name for one in keys.iterdir()) == made
    assert not data.exists()
    with pytest.raises(HubNotInitialised):
        cursor_key(data)
    with pytest.raises(KeyMissing, match=r"vault\.key is missing"):
        open_vault(data, Chance("vault"))


def test_a_vault_whose_key_is_gone_gets_no_other(tmp_path: Path) -> None:
    make_keys(tmp_path, Chance("keys"))
    open_vault(tmp_path, Chance("vault")).close()
    (keys_folder(tmp_path) / "vault.key").unlink()
    with pytest.raises(KeyMissing):
        make_vault_key(tmp_path, Chance("another"))
    with pytest.raises(KeyMissing):
        vault_key(tmp_path)


def test_every_command_finds_keys_that_are_elsewhere(tmp_path: Path) -> None:
    terminal, data, keys = Terminal(), tmp_path / "data", tmp_path / "keys-disk"
    assert terminal.one("init", "--data", data, "--keys", keys)["partner"] == "stewards"
    assert not (data / "keys").exists()
    words = ("partner", "add", "open-docket", "--name", "Open Docket", "--role", "monitor", "--data", data)
    result = terminal.run(*words)
    assert (result.exit_code, "hub init" in result.stderr) == (2, True)
    assert terminal.one(*words, "--keys", keys)["partner"] == "open-docket"
    terminal.environ["HUB_KEYS"] = str(keys)
    assert len(terminal.many("partner", "list", "--data", data)) == 2
    assert {one["check"]: one["ok"] for one in terminal.many("doctor", "--data", data)}["secrecy"]


def test_a_copy_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    world = make_world(tmp_path / "hub")
    with recording(world):
        with full_disk(8192), pytest.raises(StoreUnavailable):
            copy_log(world.settings.data / "log.sqlite", tmp_path / "copy")
        assert not (tmp_path / "copy").exists()
