"""Every database of a hub's folder, page by page, and every key of personal fields: which of them is damaged?"""

import sqlite3
from contextlib import closing
from pathlib import Path

from events.vault import FILE, Key
from events.vault_file import VaultUnavailable
from hub.commands.world import World
from hub.keys import keys_folder, open_vault
from hub.settings import Settings

_VIEWS = "views"


def damages(settings: Settings, world: World) -> list[str]:
    """Return one sentence for each damaged file, by its name; none if all are sound."""
    keys = keys_folder(settings.data, settings.keys)
    files = sorted([*settings.data.glob("*.sqlite"), *keys.glob("*.sqlite")])
    found = [_advice(one, odd) for one in files if (odd := _damage(one))]
    if not any(FILE in one for one in found):
        found += _keys(settings, world)
    return found


def _damage(file: Path) -> str:
    """Return what is wrong with a file, empty if nothing is: each page, each row, each index against its table."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            said = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except (sqlite3.DatabaseError, UnicodeDecodeError) as odd:
        return str(odd)
    return "" if said == "ok" else said.splitlines()[-1]


def _advice(file: Path, odd: str) -> str:
    remedy = (
        "run `hub rebuild`: nothing is lost"
        if file.name.startswith(_VIEWS)
        else "bring it back with `hub restore`"
    )
    return f"{file.name} is damaged ({odd}): {remedy}."


def _keys(settings: Settings, world: World) -> list[str]:
    """Open every key that lives: its seal tells whether one bit of it is another."""
    try:
        vault = open_vault(settings.data, world.random, settings.keys, settings.vault)
    except VaultUnavailable as odd:
        return [f"{FILE}: {odd}"]
    try:
        living = [one.kid for one in vault.listing() if one.destroyed is None]
        good = sum(isinstance(one, Key) for one in vault.open_all(living).values())
    except VaultUnavailable as odd:
        return [f"{FILE}: {odd}"]
    finally:
        vault.close()
    bad = len(living) - good
    return [f"{FILE} is damaged: {bad} keys of personal fields do not open."] if bad else []
