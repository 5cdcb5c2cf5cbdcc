"""Every database of a hub's folder, page by page, and every key of personal fields: which of them is damaged?"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from events.read_only import read_only
from events.vault import FILE, Key, WrongVaultKey
from events.vault_file import VaultUnavailable
from hub.commands.world import World
from hub.key_checks import changed_keys
from hub.keys import keys_folder, open_vault
from hub.office_checks import Watcher
from hub.settings import Settings

_VIEWS = "views"


def damages(settings: Settings, world: World) -> list[str]:
    """Return one sentence for each damaged file, by its name; none if all are sound.

    Raises:
        VaultUnavailable: the keys are in PostgreSQL, which does not answer.
    """
    found = [_advice(one, odd) for one in databases(settings) if (odd := _damage(one))]
    if not any(FILE in one for one in found):
        found += _keys(settings, world)
    return [*found, *changed_keys(settings.data, settings.keys)]


def databases(settings: Settings) -> list[Path]:
    """Return the files of a hub's databases, and of its keys."""
    keys = keys_folder(settings.data, settings.keys)
    return sorted([*settings.data.glob("*.sqlite"), *keys.glob("*.sqlite")])


def _damage(file: Path) -> str:
    """Return what is wrong with a file, empty if nothing is: each page and row, each index, what is checked of rows."""
    try:
        with closing(read_only(file)) as db:
            said = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
            if said == "ok":
                return "; ".join(Watcher(db).damages())
    except (sqlite3.DatabaseError, UnicodeDecodeError) as odd:
        return str(odd)
    return said.splitlines()[-1]


def _advice(file: Path, odd: str) -> str:
    remedy = (
        "run `hub rebuild`: nothing is lost"
        if file.name.startswith(_VIEWS)
        else "bring it back with `hub restore` (docs/operations.md, A file beside the log is damaged)"
    )
    return f"{file.name} is damaged ({odd}): {remedy}."


def _keys(settings: Settings, world: World) -> list[str]:
    """Open every key that lives: its seal tells whether one bit of it is another."""
    try:
        found = look_at_keys(settings, world)
    except VaultUnavailable as odd:
        if settings.vault and not isinstance(odd, WrongVaultKey):
            raise  # a database that is away says nothing about the keys in it
        return [f"{FILE}: {odd}"]
    return (
        [f"{FILE} is damaged: {found.damaged} keys of personal fields do not open."] if found.damaged else []
    )


class Keys(NamedTuple):
    """How many keys of personal fields live, how many of them do not open, and how many are destroyed."""

    living: int
    damaged: int
    destroyed: int


def look_at_keys(settings: Settings, world: World) -> Keys:
    """Open every key of personal fields that lives.

    Raises:
        VaultUnavailable: they cannot be read at all.
    """
    vault = open_vault(settings.data, world.random, settings.keys, settings.vault)
    try:
        records = vault.listing()
        living = [one.kid for one in records if one.destroyed is None]
        good = sum(isinstance(one, Key) for one in vault.open_all(living).values())
    finally:
        vault.close()
    return Keys(len(living), len(living) - good, len(records) - len(living))
