"""Carries the keys of personal fields between PostgreSQL and a backup; no disk keeps a copy of them on the way."""

import os
from contextlib import closing
from typing import Any

from events.ids import RandomBytes
from events.vault import PROOF, WrongVaultKey
from events.vault_file import VaultUnavailable, faults, unpacked
from events.vault_postgres import VaultDatabase
from events.wrapping import Wrapping


class VaultTaken(VaultUnavailable):
    """The database holds keys already."""

    def __init__(self) -> None:
        super().__init__("The database of HUB_VAULT holds keys already; nothing was changed.")


def save_from_postgres(url: str, key: bytes, random: RandomBytes = os.urandom) -> bytes:
    """Return the keys in a database as they are now, as the content of the file that a hub alone would have.

    Args:
        url: of the database.
        key: 32 bytes under which they are wrapped.
        random: source of random bytes.

    Raises:
        VaultUnavailable: the database does not answer.
        WrongVaultKey: its keys are wrapped under another one.
    """
    with _opened(url, Wrapping(key, random)) as database, faults():
        _check(database.proof(), Wrapping(key, random))
        return database.packed()


def load_into_postgres(content: bytes, url: str, key: bytes, random: RandomBytes = os.urandom) -> None:
    """Put saved keys into a database that has none, in one transaction.

    Args:
        content: of the file that was saved.
        url: of the database.
        key: 32 bytes under which they are wrapped.
        random: source of random bytes.

    Raises:
        VaultTaken: there are keys already.
        VaultUnavailable: the database does not answer, or this is no backup of keys.
        WrongVaultKey: they are wrapped under another key.
    """
    state, rows = check_keys(content, key)
    with _opened(url, Wrapping(key, random)) as database, faults(), database.transaction():
        if database.holds_keys():
            raise VaultTaken
        database.load(state, rows)


def check_keys(content: bytes, key: bytes) -> tuple[tuple[int, bytes], list[Any]]:
    """Return what saved keys say, as `VaultDatabase.load` takes it, once it is known that a key opens them.

    Raises:
        VaultUnavailable: this is no backup of keys.
        WrongVaultKey: they are wrapped under another key.
    """
    state, rows = unpacked(content)
    _check(state[1], Wrapping(key, os.urandom))
    return state, rows


def refuse_if_taken(url: str, key: bytes, random: RandomBytes = os.urandom) -> None:
    """Refuse a database into which `load_into_postgres` could put nothing.

    Raises:
        VaultTaken: there are keys already.
        VaultUnavailable: it does not answer.
    """
    with _opened(url, Wrapping(key, random)) as database, faults():
        if database.holds_keys():
            raise VaultTaken


def _opened(url: str, wrapping: Wrapping) -> "closing[VaultDatabase]":
    return closing(VaultDatabase(url, wrapping.shut(b"", PROOF)))


def _check(proof: bytes, wrapping: Wrapping) -> None:
    if wrapping.opened(proof, PROOF) is None:
        raise WrongVaultKey
