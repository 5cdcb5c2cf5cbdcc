"""The keys of a hub, each in a file that only its owner may read."""

import hmac
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from events.vault import FILE, Vault

CURSOR_KEY = "cursor.key"
VAULT_KEY = "vault.key"
SUBSCRIPTIONS_KEY = "subscriptions.key"
LOG_KEY = "log.key"
KEY_BYTES = 32
FOLDER = "keys"
LEFT_BY_A_HUB = ("key_checks.json", "views.sqlite")
"""Files beside the keys that no folder has in which nothing ever served."""

Random = Callable[[int], bytes]


class HubNotInitialised(Exception):
    """The data folder has no keys; `hub init` makes them."""

    def __init__(self) -> None:
        super().__init__("This folder is not a hub yet: run `hub init --data DIR` first.")


class KeyMissing(HubNotInitialised):
    """The hub's folder of keys lacks one of them."""

    def __init__(self, name: str, opens: str = "the personal fields of this hub's log") -> None:
        super().__init__()
        self.args = (
            f"{name} is missing from the folder of keys. Is HUB_KEYS set, and its disk there? "
            f"Without it nobody can read {opens}.",
        )


class KeyDamaged(HubNotInitialised):
    """A key has not the length that keys have; it opens nothing."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.args = (
            f"{name} in the folder of keys is damaged: it must hold {KEY_BYTES} bytes. Put the copy from the safe "
            "there; do not make another, which would open nothing.",
        )


def keys_folder(data: Path, keys: Path | None = None) -> Path:
    """Return where the keys are: `data`/keys, unless the operator keeps them elsewhere."""
    return data / FOLDER if keys is None else keys


def make_keys(data: Path, random: Random, keys: Path | None = None) -> None:
    """Make what is missing; keys that exist stay, since cursors and sealed fields live for ever.

    Args:
        data: the hub's folder; made if it is missing.
        random: gives that many unpredictable bytes, e.g. `secrets.token_bytes`.
        keys: the folder of keys, if it is another than `data`/keys.
    """
    make_vault_key(data, random, keys)
    make_subscriptions_key(data, random, keys)
    make_log_key(data, random, keys)
    _make(keys_folder(data, keys) / CURSOR_KEY, random)


def make_vault_key(data: Path, random: Random, keys: Path | None = None) -> None:
    """Make the key of the vault alone: a log cannot be opened without it, and `hub init` needs one before the end.

    Raises:
        KeyMissing: there is a vault whose key is gone; a new key would not open it.
    """
    folder = keys_folder(data, keys)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / FILE).exists() and not (folder / VAULT_KEY).exists():
        raise KeyMissing(VAULT_KEY)
    _make(folder / VAULT_KEY, random)


def cursor_key(data: Path, keys: Path | None = None) -> bytes:
    """Return the key that makes cursors opaque; the last that `hub init` makes.

    Raises:
        HubNotInitialised: there is none yet.
        KeyDamaged: it is no key.
    """
    try:
        return _read(keys_folder(data, keys) / CURSOR_KEY)
    except FileNotFoundError as error:
        # A folder that has served: its disk of keys is not there, and new ones would open nothing.
        if any((data / one).exists() for one in LEFT_BY_A_HUB):
            raise KeyMissing(CURSOR_KEY, "the cursors that clients hold") from error
        raise HubNotInitialised from error


def make_cursor_key(data: Path, random: Random, keys: Path | None = None) -> bytes:
    """Return the key that makes cursors opaque; make it if there is none: a public edge needs no other."""
    folder = keys_folder(data, keys)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make(folder / CURSOR_KEY, random)
    return cursor_key(data, keys)


def vault_key(data: Path, keys: Path | None = None) -> bytes:
    """Return the key under which the data keys of persons are wrapped.

    Raises:
        KeyMissing: there is none.
        KeyDamaged: it is no key.
    """
    try:
        return _read(keys_folder(data, keys) / VAULT_KEY)
    except FileNotFoundError as error:
        raise KeyMissing(VAULT_KEY) from error


def views_key(data: Path, keys: Path | None = None) -> bytes:
    """Return the key by which a hub knows views that another hub of the same log has sent.

    Raises:
        KeyMissing: there is no key that it is made of.
    """
    return hmac.digest(vault_key(data, keys), b"views sent to another hub", sha256)


def make_subscriptions_key(data: Path, random: Random, keys: Path | None = None) -> None:
    """Make the key of addresses, notes and secrets of subscriptions, if there is none."""
    folder = keys_folder(data, keys)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make(folder / SUBSCRIPTIONS_KEY, random)


def subscriptions_key(data: Path, keys: Path | None = None) -> bytes:
    """Return the key under which addresses, notes and secrets of subscriptions are kept.

    Raises:
        KeyMissing: there is none.
        KeyDamaged: it is no key.
    """
    try:
        return _read(keys_folder(data, keys) / SUBSCRIPTIONS_KEY)
    except FileNotFoundError as error:
        raise KeyMissing(SUBSCRIPTIONS_KEY, "the addresses and secrets of subscriptions") from error


def make_log_key(data: Path, random: Random, keys: Path | None = None) -> bytes:
    """Return the secret of the key that signs checkpoints and receipts; make it if there is none.

    A log that was signed with another key is not signed with this one: the ledger sees to that.
    """
    folder = keys_folder(data, keys)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make(folder / LOG_KEY, random)
    return (folder / LOG_KEY).read_bytes()


def open_vault(data: Path, random: Random, keys: Path | None = None, vault: str = "") -> Vault:
    """Open the data keys of persons; the store that gets them closes them.

    Args:
        data: the hub's folder.
        random: gives that many unpredictable bytes.
        keys: the folder of keys, if it is another than `data`/keys.
        vault: the PostgreSQL database of the data keys, if they are not in a file there.

    Raises:
        KeyMissing: the key that opens them is not there.
        VaultUnavailable: their database cannot be opened.
    """
    return Vault(vault or keys_folder(data, keys) / FILE, vault_key(data, keys), random)


def _read(path: Path) -> bytes:
    found = path.read_bytes()
    if len(found) != KEY_BYTES:
        raise KeyDamaged(path.name)
    return found


def _make(path: Path, random: Random) -> None:
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(random(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    # Its name must outlive a power cut too: what it seals from now on does.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
