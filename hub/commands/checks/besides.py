"""Opens what a log keeps beside its events, to compare it with them; are tables those that this release makes?"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from events.beside import Beside
from events.ledger_tables import Run, postgres
from events.read_only import read_only
from events.sqlite import made_tables
from events.vault import FILE as VAULT_FILE
from events.vault_file import write_copy
from hub.backup.office import PARTS
from hub.federation.book import FILE as PEERS_FILE
from hub.federation.book import SCHEMA as PEERS
from hub.keys import keys_folder
from hub.office_checks import make_checks
from hub.settings import Settings

_WHOLE_SCHEMA = """SELECT type, name, tbl_name, sql FROM sqlite_master
  WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"""
_SCHEMA = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"

ARCHIVED = frozenset(
    {
        ("_litestream_seq", "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)"),
        ("_litestream_lock", "CREATE TABLE _litestream_lock (id INTEGER)"),
    }
)
"""Two tables that Litestream makes for itself in a log that it archives, as docs/backup.md says."""


def strange_tables(settings: Settings) -> list[str]:
    """Return a sentence for each table or index of a log in SQLite that this release does not make so."""
    file = settings.log_file
    if file is None:
        return []
    try:
        with closing(_read_only(file)) as db:
            there = {(_text(name), _text(sql)) for name, sql in db.execute(_SCHEMA)}
    except sqlite3.DatabaseError as odd:
        return [f"{file.name} is damaged ({odd}): bring it back with `hub restore`."]
    odd_ones = sorted({name for name, _ in (there - ARCHIVED) ^ made_tables()})
    return [f"{file.name} is damaged: its table {name} is not as it was made." for name in odd_ones]


def strange_tables_beside(settings: Settings) -> list[str]:
    """Return a sentence for each table or index of keys, accounts, followers and peers that no release makes so.

    Lines may be broken elsewhere: an earlier release made some tables in two steps.
    """
    made: dict[Path, Callable[[], set[tuple[str, ...]]]] = {
        settings.data / name: partial(_made_by, script) for name, script in (*PARTS, (PEERS_FILE, PEERS))
    }
    made[keys_folder(settings.data, settings.keys) / VAULT_FILE] = _made_by_a_vault
    return [sentence for file, form in made.items() if file.is_file() for sentence in _strange(file, form())]


def _strange(file: Path, known: Set[tuple[str, ...]]) -> list[str]:
    try:
        with closing(_read_only(file)) as db:
            there = _tables_in(db)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return []  # told already: its pages are damaged
    odd = sorted({one[1] for one in there - known})
    return [f"{file.name} is damaged: its table {one} is not as it was made." for one in odd]


def _made_by(script: str) -> set[tuple[str, ...]]:
    with closing(sqlite3.connect(":memory:")) as form:
        form.executescript(script)
        make_checks(form)
        return _tables_in(form)


def _made_by_a_vault() -> set[tuple[str, ...]]:
    with TemporaryDirectory(prefix="hub-verify-") as folder:
        write_copy(Path(folder) / VAULT_FILE, (0, b""), [])
        with closing(_read_only(Path(folder) / VAULT_FILE)) as form:
            return _tables_in(form)


def _tables_in(db: sqlite3.Connection) -> set[tuple[str, ...]]:
    return {_squeezed(row) for row in db.execute(_WHOLE_SCHEMA)}


def _squeezed(row: Sequence[str | bytes | None]) -> tuple[str, ...]:
    return tuple(" ".join(_text(one).split()) for one in row)


@contextmanager
def beside(settings: Settings) -> Iterator[Beside]:
    """Open one state of the tables, whatever is written meanwhile."""
    file = settings.log_file
    if file is not None:
        with closing(_read_only(file)) as db:
            db.execute("BEGIN")

            def ask(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
                return db.execute(statement, values).fetchall()

            yield _beside(ask, "rowid")
        return
    with closing(psycopg.connect(settings.store_url)) as other:
        other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

        def look(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
            return other.execute(postgres(statement).encode(), values).fetchall()

        yield _beside(look, "notification_id")


def _beside(run: Run, place: str) -> Beside:
    secret = bytes(run("SELECT salt FROM log_salt", ())[0][0])
    head = run(f"SELECT coalesce(max({place}), 0) FROM stored_events", ())[0][0]
    return Beside(run, secret, int(head))


def _read_only(file: Path) -> sqlite3.Connection:
    db = read_only(file)
    # What is no text is a fault to be told, not one to fail at.
    db.text_factory = lambda said: said.decode("utf-8", "replace")
    return db


def _text(said: str | bytes | None) -> str:
    """Return what stands in a column of texts; damaged, it may be anything."""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said or "")
