"""A check of each row in a file of accounts, followers or peers: is it, bit for bit, what the hub wrote?

A table `row_checks` beside the others keeps a digest of every row. A connection with a `Watcher` keeps it up to date,
in the same transaction. It finds damage; whoever may write into the file can compute digests as well.
"""

import sqlite3
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

TABLE = "row_checks"
DIGEST_BYTES = 20
"""Not 16 as other digests: the length in the file tells them from any other field."""

_FUNCTION = "row_check"
_MADE = f"""CREATE TABLE IF NOT EXISTS {TABLE} (
  name TEXT NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (name, digest)) WITHOUT ROWID"""
_NAMES = f"""SELECT name FROM main.sqlite_master
  WHERE type = 'table' AND name <> '{TABLE}' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"""


class Watcher:
    """One connection to such a file: keeps the checks of what is written by it, and looks rows up.

    A file without checks stays so until `begin_checks` gives it some: then every row counts as sound.

    Args:
        db: the connection; it gets a function of its own.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        db.create_function(_FUNCTION, -1, _digest, deterministic=True)
        self._db = db
        self._version = -1
        self._said: dict[str, str] = {}

    def keep(self) -> None:
        """Have what this transaction writes checked, if the file has checks; to be called at its beginning."""
        if self._looked():
            for name, said in self._said.items():
                for statement in _triggers(name, said):
                    self._db.execute(statement)

    def forget(self) -> None:
        """Look anew the next time: what was made in this transaction is undone."""
        self._version = -1

    def is_sound(self, table: str, column: str, value: object) -> bool:
        """Tell whether the rows of a table that have a value in a column are as they were written."""
        self._looked()
        said = self._said.get(table)
        if said is None:
            return True
        odd = f"SELECT 1 FROM {table} AS one WHERE {column} = ? AND {_unknown(table, said)} LIMIT 1"
        return self._db.execute(odd, (value,)).fetchone() is None

    def damages(self) -> list[str]:
        """Return a sentence for each table that holds rows which nobody wrote so, or lacks some."""
        self._looked()
        found = []
        for name, said in self._said.items():
            odd = self._count(f"SELECT count(*) FROM {name} AS one WHERE {_unknown(name, said)}")
            digests = f"SELECT {said.format(one='one')} FROM {name} AS one"
            gone = self._count(
                f"SELECT count(*) FROM {TABLE} WHERE name = '{name}' AND digest NOT IN ({digests})"
            )
            if odd or gone:
                found.append(f"{max(odd, gone)} rows of its table {name} are not as the hub wrote them")
        return [*found, *self._strangers()]

    def _strangers(self) -> list[str]:
        """Return whether there are checks of no table, which is damage as well."""
        if not self._said:
            return []
        names = ", ".join(f"'{name}'" for name in self._said)
        count = self._count(f"SELECT count(*) FROM {TABLE} WHERE name NOT IN ({names})")
        return [f"{count} of its checks of rows are of no table"] if count else []

    def _count(self, asked: str) -> int:
        return int(self._db.execute(asked).fetchone()[0])

    def _looked(self) -> bool:
        """Learn which tables there are; tell whether they are others than the last time."""
        version = self._count("PRAGMA main.schema_version")
        if version == self._version:
            return False
        self._version = version
        there = self._db.execute("SELECT 1 FROM main.sqlite_master WHERE name = ?", (TABLE,)).fetchone()
        self._said = {} if there is None else _tables(self._db)
        return True


def make_checks(db: sqlite3.Connection) -> None:
    """Give a file that has just been made its table of checks."""
    db.execute(_MADE)


def begin_checks(file: Path) -> None:
    """Give a file of an earlier release a check of every row that it has; a file with checks stays as it is.

    Raises:
        sqlite3.DatabaseError: it is damaged.
    """
    with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as db:
        db.create_function(_FUNCTION, -1, _digest, deterministic=True)
        db.execute("BEGIN IMMEDIATE")
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (TABLE,)).fetchone() is None:
            make_checks(db)
            for name, said in _tables(db).items():
                db.execute(
                    f"INSERT INTO {TABLE} SELECT '{name}', {said.format(one='one')} FROM {name} AS one"
                )
        db.execute("COMMIT")


def _tables(db: sqlite3.Connection) -> dict[str, str]:
    """Return by which expression each table's rows are digested; `{one}` is the row."""
    found = {}
    for (name,) in db.execute(_NAMES).fetchall():
        columns = [row[1] for row in db.execute(f"PRAGMA main.table_info({name})")]
        # As bytes: damaged text may be none that can be read.
        parts = ", ".join(
            f"typeof({{one}}.{one}), iif(typeof({{one}}.{one}) = 'text', CAST({{one}}.{one} AS BLOB), {{one}}.{one})"
            for one in columns
        )
        found[name] = f"{_FUNCTION}('{name}', {parts})"
    return found


def _unknown(table: str, said: str) -> str:
    """Return the condition that a row `one` has no check."""
    digest = said.format(one="one")
    return f"NOT EXISTS (SELECT 1 FROM {TABLE} WHERE name = '{table}' AND digest = {digest})"


def _triggers(table: str, said: str) -> tuple[str, ...]:
    """Return what makes a connection keep the checks of a table: its own, so that older releases can still write."""
    drop = f"DELETE FROM {TABLE} WHERE name = '{table}' AND digest = {said.format(one='old')};"
    add = f"INSERT INTO {TABLE} VALUES ('{table}', {said.format(one='new')});"
    return tuple(
        statement
        for when, does in (("INSERT", add), ("UPDATE", drop + add), ("DELETE", drop))
        for statement in (
            f"DROP TRIGGER IF EXISTS temp.{table}_{when.lower()}",
            f"CREATE TEMP TRIGGER {table}_{when.lower()} AFTER {when} ON main.{table} BEGIN {does} END",
        )
    )


def _digest(*values: object) -> bytes:
    """Return the digest of a row: every value with its length in front, so that it reads in one way only."""
    texts = [value if isinstance(value, bytes) else repr(value).encode() for value in values]
    said = b"".join([len(text).to_bytes(8) + text for text in texts])
    return blake2b(said, digest_size=DIGEST_BYTES, person=b"office row").digest()
