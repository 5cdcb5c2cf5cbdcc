"""The vault in a PostgreSQL database of its own, for hubs on several machines; keys are wrapped as in the file.

PostgreSQL keeps what was overwritten: in its old rows, which are written anew without it, and in its write-ahead log,
until that is recycled and wherever it is archived. So this database must be another one than the log's, and its
archives must be short.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from events.postgres_line import Fence, Line
from events.vault_file import WRAPPED_BYTES, VaultUnavailable, faults, packed, write_copy

SCHEMA = "hub_vault"
LOOK_SECONDS = 0.1
"""How long it may stay unknown that another hub destroyed keys."""

_MAKING = 0x68756235
_LOCK = "LOCK TABLE vault_state IN EXCLUSIVE MODE"
_TABLES = (
    f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
    "CREATE TABLE IF NOT EXISTS vault_state (destructions BIGINT NOT NULL, proof bytea NOT NULL)",
    # Before any index: to look whether that is there locks its table, and who adds a key locks these in this order.
    _LOCK,
    "CREATE TABLE IF NOT EXISTS data_keys (no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " kid TEXT NOT NULL UNIQUE, tag bytea NOT NULL, publisher TEXT NOT NULL, subject bytea NOT NULL, destroyed TEXT)",
    "CREATE UNIQUE INDEX IF NOT EXISTS living_keys ON data_keys (tag, publisher) WHERE destroyed IS NULL",
    "CREATE INDEX IF NOT EXISTS keys_by_subject ON data_keys (tag)",
    "CREATE TABLE IF NOT EXISTS secrets (no BIGINT PRIMARY KEY, wrapped bytea NOT NULL)",
)
_EVERY = "SELECT kid, subject, publisher, destroyed, wrapped FROM data_keys JOIN secrets USING (no)"


class VaultDatabase:
    """One connection to the database, made anew when it is lost; whoever shares it between threads takes turns."""

    def __init__(self, url: str, proof: bytes) -> None:
        """Open the database, making its tables if they are new.

        Args:
            url: of the database.
            proof: kept in a new one, to tell later whether a key belongs to it.

        Raises:
            VaultUnavailable: it cannot be opened.
        """
        self._said: dict[str, Any] = {**conninfo_to_dict(url), "fence": Fence(), "autocommit": True}
        self._open: Line | None = None
        self._seen = (float("-inf"), 0)
        with faults(), self._line().transaction():
            self._run("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
            for statement in _TABLES:
                self._run(statement)
            self._run(
                "INSERT INTO vault_state SELECT 0, %s WHERE NOT EXISTS (SELECT 1 FROM vault_state)", (proof,)
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock; what was written is on disk, here and at the standby, when the context ends."""
        line = self._line()
        line.is_doubtful = False
        with line.transaction():
            self._run(_LOCK)
            yield
        if line.is_doubtful:
            raise VaultUnavailable("The key store did not do all that it confirmed.")

    def truncate(self) -> None:
        """Write the table anew, without what was overwritten in it."""
        self._run("VACUUM (FULL) secrets")

    def proof(self) -> bytes:
        """Return what the database was made with."""
        return bytes(self._run("SELECT proof FROM vault_state")[0][0])

    def commits(self) -> int:
        """Return a number that differs soon after another hub has destroyed keys."""
        now = time.monotonic()
        if now - self._seen[0] > LOOK_SECONDS:
            self._seen = (now, self.destructions())
        return self._seen[1]

    def destructions(self) -> int:
        """Return how often keys were destroyed."""
        return int(self._run("SELECT destructions FROM vault_state")[0][0])

    def add(self, kid: str, tag: bytes, publisher: str, subject: bytes, wrapped: bytes) -> None:
        """Add a key; the index refuses a second living one of the same pair."""
        self._run(
            "WITH made AS (INSERT INTO data_keys (kid, tag, publisher, subject) VALUES (%s, %s, %s, %s) RETURNING no)"
            " INSERT INTO secrets SELECT no, %s FROM made",
            (kid, tag, publisher, subject, wrapped),
        )

    def keys(self, column: str, values: Sequence[str | bytes], more: str = "") -> Iterator[Any]:
        """Yield (kid, subject, publisher, destroyed, wrapped) of keys, in the order of their making."""
        if values:
            yield from self._run(f"{_EVERY} WHERE {column} = ANY(%s) {more} ORDER BY no", (list(values),))

    def every_key(self) -> Iterator[Any]:
        """Yield the same of all."""
        yield from self._run(f"{_EVERY} ORDER BY no")

    def overwrite(self, kids: Sequence[str], moment: str) -> None:
        """Put zeros over keys, and say when."""
        zeros = bytes(WRAPPED_BYTES)
        chosen = "SELECT no FROM data_keys WHERE kid = ANY(%s)"
        self._run(f"UPDATE secrets SET wrapped = %s WHERE no IN ({chosen})", (zeros, list(kids)))
        self._run("UPDATE data_keys SET destroyed = %s WHERE kid = ANY(%s)", (moment, list(kids)))
        self._run("UPDATE vault_state SET destructions = destructions + 1")

    def copy_to(self, path: Path) -> None:
        """Copy the vault as it is now into a new file.

        Raises:
            FileExistsError: there is such a file already.
        """
        with self.transaction():
            write_copy(path, *self._content())

    def packed(self) -> bytes:
        """Return the content of such a file, without any disk keeping it."""
        with self.transaction():
            return packed(*self._content())

    def holds_keys(self) -> bool:
        """Tell whether any key was ever made here."""
        return bool(self._run("SELECT 1 FROM data_keys LIMIT 1"))

    def load(self, state: tuple[int, bytes], rows: Sequence[Sequence[Any]]) -> None:
        """Put keys back as `write_copy` takes them, where none are; within a `transaction`."""
        self._run("UPDATE vault_state SET destructions = destructions + 1 + %s, proof = %s", state)
        for row in rows:
            names = "(no, kid, tag, publisher, subject, destroyed) OVERRIDING SYSTEM VALUE"
            self._run(f"INSERT INTO data_keys {names} VALUES (%s, %s, %s, %s, %s, %s)", row[:6])
            self._run("INSERT INTO secrets VALUES (%s, %s)", (row[0], row[6]))
        following = max((int(row[0]) for row in rows), default=0) + 1
        self._run(f"ALTER TABLE data_keys ALTER COLUMN no RESTART WITH {following}")

    def _content(self) -> tuple[tuple[int, bytes], list[Any]]:
        rows = self._run(
            "SELECT no, kid, tag, publisher, subject, destroyed, wrapped"
            " FROM data_keys JOIN secrets USING (no) ORDER BY no"
        )
        return (self.destructions(), self.proof()), rows

    def close(self) -> None:
        """Close the connection."""
        line, self._open = self._open, None
        if line is not None:
            with suppress(psycopg.Error):
                line.close()

    def _line(self) -> Line:
        if self._open is None or self._open.closed:
            self._open = Line.connect(**self._said)
            self._open.execute(f"SET search_path TO {SCHEMA}".encode())
        return self._open

    def _run(self, said: str, values: Sequence[Any] = ()) -> list[Any]:
        cursor = self._line().execute(said.encode(), values)
        return list(cursor.fetchall()) if cursor.description else []
