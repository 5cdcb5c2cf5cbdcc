"""`hub doctor`: looks whether a hub's folder is whole."""

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from events.submission import STEWARDS
from events.vault import Key
from hub.accounts import FILE as ACCOUNTS_FILE
from hub.app import VIEWS_FILE
from hub.commands.archive import Archive, opened
from hub.commands.world import World, local_options, tell
from hub.keys import keys_folder, open_vault

ROOM_BYTES = 1_000_000_000
OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found."""

    check: str
    ok: bool
    detail: str


@click.command(epilog="Example:  hub doctor --data hub-data")
@local_options
@click.pass_obj
def doctor(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """Look over the hub's folder: log, keys, vault, accounts, views, disk. Exit status 1 if something is wrong."""
    with opened(world, data, store) as archive:
        findings = list(_look(archive, world))
    for one in findings:
        row = {"check": one.check, "ok": one.ok, "detail": one.detail}
        tell(row, f"{'ok  ' if one.ok else 'BAD '} {one.check:9} {one.detail}", as_json=as_json)
    sys.exit(int(not all(one.ok for one in findings)))


def _look(archive: Archive, world: World) -> Iterator[Finding]:
    folder = archive.settings.data
    head = archive.store.head()
    last = archive.store.read(type(head)(max(0, head - 1)), 1)
    yield Finding(
        "log", bool(last) or head == 0, f"{head} events" if last else "the last event cannot be read"
    )
    rights = archive.store.rights(STEWARDS)
    is_run = rights is not None and rights.may_write
    yield Finding("stewards", is_run, "admitted" if is_run else "not admitted: nobody can run this hub")
    now = world.clock()
    works = [one for one in archive.accounts.listing() if one.holds(now)]
    stewards = sum(one.role == "steward" for one in works)
    yield Finding("accounts", stewards > 0, f"{len(works)} tokens work, {stewards} of them a steward's")
    yield _secrecy(folder, keys_folder(folder, archive.settings.keys))
    yield _vault(archive, world)
    yield _files(folder, keys_folder(folder, archive.settings.keys))
    yield _views(folder / VIEWS_FILE, head)
    free = shutil.disk_usage(folder).free
    yield Finding("disk", free > ROOM_BYTES, f"{free // 1_000_000} MB are free")


def _secrecy(folder: Path, keys: Path) -> Finding:
    kept = [folder / ACCOUNTS_FILE, keys, *keys.iterdir()]
    open_ones = [one.name for one in kept if one.stat().st_mode & OTHERS]
    detail = (
        "others on this machine may read: " + ", ".join(open_ones) if open_ones else "for the owner alone"
    )
    return Finding("secrecy", not open_ones, detail)


def _vault(archive: Archive, world: World) -> Finding:
    settings = archive.settings
    vault = open_vault(settings.data, world.random, settings.keys)
    try:
        records = vault.listing()
        living = [one.kid for one in records if one.destroyed is None]
        opened_keys = [one for one in vault.open_all(living).values() if isinstance(one, Key)]
    finally:
        vault.close()
    damaged = len(living) - len(opened_keys)
    if damaged:
        return Finding(
            "vault", False, f"{damaged} keys of personal fields do not open: restore a backup of them"
        )
    detail = f"{len(living)} keys of personal fields open, {len(records) - len(living)} are destroyed"
    if settings.data.stat().st_dev == keys_folder(settings.data, settings.keys).stat().st_dev:
        detail += "; warning: they are on the same disk as the log (HUB_KEYS)"
    return Finding("vault", True, detail)


def _files(folder: Path, keys: Path) -> Finding:
    files = sorted([*folder.glob("*.sqlite"), *keys.glob("*.sqlite")])
    broken = [one.name for one in files if not _is_sound(one)]
    return Finding(
        "files", not broken, "broken: " + ", ".join(broken) if broken else "every database is sound"
    )


def _is_sound(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError:
        return False


def _views(file: Path, head: int) -> Finding:
    if not file.exists():
        return Finding("views", True, "none yet; the next start folds them")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT name, position FROM tail_positions ORDER BY name").fetchall()
    except sqlite3.DatabaseError:
        return Finding("views", False, f"cannot be read; delete {file.name} and start again")
    behind = [f"{name} is {head - position} events behind" for name, position in rows if position < head]
    detail = "; ".join(behind) + "; a running hub catches up" if behind else "up to date"
    return Finding("views", True, detail)
