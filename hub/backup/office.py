"""Accounts and followers as they travel in a backup: three small databases, whether they lie in files or in PostgreSQL.

Sessions and sign-in links stay behind: nobody should be signed in on a machine that he has not seen.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from events.read_only import read_only
from hub.accounts import FILE as ACCOUNTS_FILE
from hub.accounts import SCHEMA as ACCOUNTS
from hub.backup.refusals import BackupRefused
from hub.digests.book import FILE as MAIL_FILE
from hub.digests.book import SCHEMA as MAIL
from hub.office import Tables, tables_in
from hub.office_opening import open_office
from hub.personal.keys import SCHEMA as PERSONAL
from hub.settings import Settings
from hub.subscriptions.rows import LATER
from hub.subscriptions.rows import SCHEMA as SUBSCRIPTIONS
from hub.subscriptions.shelf import FILE as SUBSCRIPTIONS_FILE

PARTS = ((ACCOUNTS_FILE, ACCOUNTS + PERSONAL), (SUBSCRIPTIONS_FILE, SUBSCRIPTIONS), (MAIL_FILE, MAIL))
"""File and tables: tokens and personal addresses (hashes); who follows what, encrypted; which mailboxes agreed."""

NAMES = tuple(name for name, _ in PARTS)
_LEFT = ("sessions", "links")
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_JOURNAL = slice(18, 20)
"""Two bytes of a database's header that say whether it has a write-ahead log."""


class _Table(NamedTuple):
    """A table: how its rows are asked for, and how they are said."""

    name: str
    asked: str
    said: str


def content_of(file: Path) -> bytes:
    """Return the content of a small database as it is now, also while it is written."""
    with (
        closing(read_only(file)) as db,
        closing(sqlite3.connect(":memory:")) as copy,
    ):
        db.backup(copy)
        return _written(copy)


def saved_parts(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of what accounts and followers are kept in.

    Raises:
        BackupRefused: rows are damaged: saved, they would be taken for sound.
        StoreUnavailable: the database does not answer.
    """
    with Places(settings) as places:
        for name, script in PARTS:
            if places.has(name):
                tables = places.tables(name, script)
                if tables.damages():
                    raise BackupRefused(f"{name} is damaged: look at `hub verify`.")
                yield name, _saved(tables, script)


def put_back(settings: Settings, folder: Path) -> None:
    """Put what was saved, and lies as files in a folder, to where the hub keeps it.

    Raises:
        BackupRefused: there is something already, or a file is not what it should be.
        StoreUnavailable: the database does not answer.
    """
    with Places(settings) as places:
        for name, script in PARTS:
            if (folder / name).is_file():
                _load(folder / name, places.tables(name, script), script)


def revoke_again(settings: Settings, tokens: set[str], now: float) -> int:
    """Stop tokens that were revoked after the accounts were saved; return how many.

    What the log does not say is as it was saved: an address or subscription that its owner ended since lives again.
    """
    with Places(settings) as places, places.tables(*PARTS[0]).writing() as db:
        stop = "UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL"
        return sum(db.execute(stop, (now, token)).rowcount for token in sorted(tokens))


def is_taken(settings: Settings) -> bool:
    """Tell whether there are accounts already."""
    with Places(settings) as places:
        if not places.has(ACCOUNTS_FILE):
            return False
        with places.tables(*PARTS[0]).reading() as db:
            return db.execute("SELECT 1 FROM tokens LIMIT 1").fetchone() is not None


class Places:
    """Where a hub keeps accounts and followers, open as long as the block lasts."""

    def __init__(self, settings: Settings) -> None:
        self._data = settings.data
        self._office = open_office(settings)
        self._open: list[Tables] = []

    def __enter__(self) -> "Places":
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._open:
            one.close()
        if self._office is not None:
            self._office.close()

    def has(self, name: str) -> bool:
        """Tell whether there is something, or may be."""
        return self._office is not None or (self._data / name).is_file()

    def tables(self, name: str, script: str) -> Tables:
        """Return some tables."""
        self._open.append(tables_in(self._data / name, script, self._office))
        return self._open[-1]


def _saved(tables: Tables, script: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.executescript(script)
        with tables.reading() as source, copy:
            for table in _listed(copy):
                rows = [tuple(row) for row in source.execute(table.asked).fetchall()]
                copy.executemany(table.said, rows)
        return _written(copy)


def _load(file: Path, target: Tables, script: str) -> None:
    with closing(sqlite3.connect(":memory:")) as form, closing(sqlite3.connect(file)) as saved:
        form.executescript(script)
        try:
            there = {row[0] for row in saved.execute(_TABLES)}
            left_out = {name for name in LATER if name not in there}
            listed = [table for table in _listed(form) if table.name not in left_out]
            rows = [(table, saved.execute(table.asked).fetchall()) for table in listed]
        except sqlite3.DatabaseError as odd:
            raise BackupRefused(f"The {file.name} in this backup is damaged.") from odd
    with target.writing() as db:
        for table, found in rows:
            db.executemany(table.said, found)


def _listed(db: sqlite3.Connection) -> list[_Table]:
    names = [row[0] for row in db.execute(f"{_TABLES} ORDER BY name")]
    return [_table(db, name) for name in names if name not in _LEFT]


def _table(db: sqlite3.Connection, name: str) -> _Table:
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})")]
    # Rows that are counted get new numbers, in the same order: PostgreSQL gives its own.
    kept = [one for one in columns if (name, one) != ("deliveries", "no")]
    marks = ", ".join("?" * len(kept))
    return _Table(
        name,
        f"SELECT {', '.join(kept)} FROM {name} ORDER BY {columns[0]}",
        f"INSERT INTO {name} ({', '.join(kept)}) VALUES ({marks})",
    )


def _written(copy: sqlite3.Connection) -> bytes:
    content = bytearray(copy.serialize())
    # So it is one file, whoever carries it elsewhere.
    content[_JOURNAL] = b"\x01\x01"
    return bytes(content)
