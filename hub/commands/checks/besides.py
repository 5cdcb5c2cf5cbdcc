"""Opens what a log keeps beside its events, to compare it with them; are its tables those that this release makes?"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from events.beside import Beside
from events.ledger_tables import Run, postgres
from events.read_only import read_only
from events.sqlite import made_tables
from hub.settings import Settings

_SCHEMA = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


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
    odd_ones = sorted({name for name, _ in there ^ made_tables()})
    return [f"{file.name} is damaged: its table {name} is not as it was made." for name in odd_ones]


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


def _text(said: str | None) -> str:
    return "" if said is None else said
