"""The durable outbox: what was handed over for sending, on disk before the first byte leaves."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.client.signing import inner

Json = Any

FILE = "outbox.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS outgoing (
  no INTEGER PRIMARY KEY AUTOINCREMENT, hub TEXT NOT NULL, run TEXT NOT NULL, id TEXT NOT NULL, digest BLOB NOT NULL,
  file TEXT NOT NULL, line INTEGER NOT NULL, body TEXT NOT NULL, token TEXT,
  UNIQUE (hub, digest));
CREATE INDEX IF NOT EXISTS outgoing_by_id ON outgoing (hub, id);
CREATE TABLE IF NOT EXISTS tokens (hub TEXT NOT NULL, token TEXT NOT NULL, source TEXT NOT NULL, UNIQUE (hub, token));
"""


_OURS = "(token IS NULL OR token IS ?)"
"""What older releases left, or was handed over without a token, is of whoever comes first."""

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})


class OutboxRefused(Exception):
    """The outbox cannot be read or written; nothing of what lay in it was removed. The message is for its owner."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits for its receipt.

    Args:
        no: its place in the outbox.
        file: where it came from.
        line: and on which line.
        event: the CloudEvent, perhaps without `source`; or the envelope in which it was signed.
    """

    no: int
    file: str
    line: int
    event: Json


class Outbox:
    """Events on their way to one hub; one SQLite file, synced to disk before `add` returns.

    Args:
        folder: where the file lies; None keeps it in memory (for a dry run).
        hub: address of the hub; one outbox file can serve several.
        run: names this run: what an earlier run left under the same id is replaced by what this one brings.
        token: by which it is to be sent: an event that does not say its source is of this token's partner, and goes
            with no token of another. Only a digest of it is kept.

    Raises:
        OutboxRefused: here and in every method.
    """

    def __init__(self, folder: Path | None, hub: str, run: str, token: str = "") -> None:
        self._hub = hub
        self._run = run
        self._token = hashlib.sha256(b"outbox " + token.encode()).hexdigest() if token else None
        self._path = ":memory:" if folder is None else str(folder / FILE)
        with self._told():
            if folder is not None:
                _make_private(folder)
            self._db = sqlite3.connect(self._path, timeout=30)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.executescript(_SCHEMA)
            if "token" not in {name for _, name, *_ in self._db.execute("PRAGMA table_info (outgoing)")}:
                self._db.execute("ALTER TABLE outgoing ADD COLUMN token TEXT")

    def add(self, lines: Iterable[tuple[str, int, Json]]) -> int:
        """Keep events (file, line, event) for sending; return how many were not there yet."""
        before = self._db.total_changes
        with self._writing():
            for file, line, event in lines:
                body = _body(event)
                digest = _digest(body)
                said = inner(event)
                key = f"{said.get('source', '')} {said.get('id', '')}"
                self._drop_older(key, digest)
                row = (self._hub, self._run, key, digest, _name(file), line, body, self._token)
                self._db.execute(
                    "INSERT INTO outgoing (hub, run, id, digest, file, line, body, token) VALUES (?,?,?,?,?,?,?,?) "
                    "ON CONFLICT DO UPDATE SET run = excluded.run, file = excluded.file, line = excluded.line, "
                    "token = excluded.token",
                    row,
                )
        return self._db.total_changes - before

    def keep(self, event: Json) -> Waiting:
        """Keep one event for sending, and return it as it waits."""
        self.add([("", 1, event)])
        asked = "SELECT no FROM outgoing WHERE hub = ? AND digest = ?"
        (no,) = self._db.execute(asked, (self._hub, _digest(_body(event)))).fetchone()
        return Waiting(no, "", 1, event)

    def claim(self, source: str) -> None:
        """Note whose this token is; what was handed over with another one of the same partner goes with it as well."""
        with self._writing():
            if self._token is not None:
                self._db.execute("REPLACE INTO tokens VALUES (?,?,?)", (self._hub, self._token, source))
            self._db.execute(
                "UPDATE outgoing SET token = :mine WHERE hub = :hub AND (substr(id, 1, length(:source) + 1) = "
                ":source || ' ' OR token IN (SELECT token FROM tokens WHERE hub = :hub AND source = :source))",
                {"mine": self._token, "hub": self._hub, "source": source},
            )

    def foreign(self) -> int:
        """Return how many events wait for another token, as far as is known."""
        counted = f"SELECT count(*) FROM outgoing WHERE hub = ? AND NOT {_OURS}"
        with self._told():
            return int(self._db.execute(counted, (self._hub, self._token)).fetchone()[0])

    def elsewhere(self) -> list[tuple[str, int]]:
        """Return the addresses of other hubs for which something waits here, and how much."""
        counted = "SELECT hub, count(*) FROM outgoing WHERE hub <> ? GROUP BY hub ORDER BY hub"
        with self._told():
            return [(str(hub), int(count)) for hub, count in self._db.execute(counted, (self._hub,))]

    def waiting(self, after: int, limit: int) -> list[Waiting]:
        """Return events of this token without receipt, oldest first, from behind place `after`."""
        asked = f"SELECT no, file, line, body FROM outgoing WHERE hub = ? AND {_OURS} AND no > ? ORDER BY no LIMIT ?"
        with self._told():
            rows = self._db.execute(asked, (self._hub, self._token, after, limit)).fetchall()
        return [Waiting(no, file, line, json.loads(body)) for no, file, line, body in rows]

    def settle(self, numbers: Sequence[int]) -> None:
        """Forget events that the hub has answered for: stored, duplicate or refused."""
        with self._writing():
            self._db.executemany("DELETE FROM outgoing WHERE no = ?", [(no,) for no in numbers])

    def __len__(self) -> int:
        """How many events wait for their receipt, whosever they are."""
        counted = "SELECT count(*) FROM outgoing WHERE hub = ?"
        with self._told():
            return int(self._db.execute(counted, (self._hub,)).fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _drop_older(self, key: str, digest: bytes) -> None:
        """Forget what an earlier run left under this id, if it reads differently now: the file was mended."""
        self._db.execute(
            f"DELETE FROM outgoing WHERE hub = ? AND {_OURS} AND id = ? AND run <> ? AND digest <> ?",
            (self._hub, self._token, key, self._run, digest),
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Do all of it or nothing."""
        with self._told(), self._db:
            yield

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in words what the disk or the database refuses."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise OutboxRefused(_why(error, self._path)) from error


def usual_folder(environ: Mapping[str, str]) -> Path:
    """Return where the outbox is unless somebody says otherwise."""
    home = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "solidarity-hub" / "outbox"


def _make_private(folder: Path) -> None:
    """Make what holds the outbox readable to its owner alone, before anything stands in it; SQLite follows."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600))
    for name in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
        with suppress(FileNotFoundError):
            (folder / name).chmod(0o600)


def _why(error: OSError | sqlite3.Error, path: str) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return (
            f"The outbox {path} is damaged: {error}. Put that file aside, do not delete it: what waited in it may "
            "still be read by somebody who can. Then push your files again; what the hub has is known to it."
        )
    if code == sqlite3.SQLITE_BUSY:
        return f"Another program holds the outbox {path}. Wait until it is done, then run the same command again."
    reason = (isinstance(error, OSError) and error.strerror) or error
    return (
        f"The outbox {path} cannot be written: {reason}. What is not there yet was not sent. Make room on the disk, or "
        "choose a folder of your own with --outbox, then run the same command again."
    )


def _name(file: str) -> str:
    """Return the name of a file as text, whatever its bytes are."""
    return file.encode("utf-8", "replace").decode()


def _body(event: Json) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _digest(body: str) -> bytes:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).digest()
