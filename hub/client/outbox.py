"""The durable outbox: what was handed over for sending, on disk before the first byte leaves."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.client.signing import inner

Json = Any

FILE = "outbox.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS outgoing (
  no INTEGER PRIMARY KEY AUTOINCREMENT, hub TEXT NOT NULL, run TEXT NOT NULL, id TEXT NOT NULL, digest BLOB NOT NULL,
  file TEXT NOT NULL, line INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (hub, digest));
CREATE INDEX IF NOT EXISTS outgoing_by_id ON outgoing (hub, id);
"""


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
    """

    def __init__(self, folder: Path | None, hub: str, run: str) -> None:
        self._hub = hub
        self._run = run
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = ":memory:" if folder is None else str(folder / FILE)
        self._db = sqlite3.connect(path, timeout=30)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(_SCHEMA)
        if folder is not None:
            (folder / FILE).chmod(0o600)

    def add(self, lines: Iterable[tuple[str, int, Json]]) -> int:
        """Keep events (file, line, event) for sending; return how many were not there yet."""
        before = self._db.total_changes
        with self._db:
            for file, line, event in lines:
                body = _body(event)
                digest = _digest(body)
                said = inner(event)
                key = f"{said.get('source', '')} {said.get('id', '')}"
                self._drop_older(key, digest)
                row = (self._hub, self._run, key, digest, file, line, body)
                self._db.execute(
                    "INSERT INTO outgoing (hub, run, id, digest, file, line, body) VALUES (?,?,?,?,?,?,?) "
                    "ON CONFLICT DO UPDATE SET run = excluded.run, file = excluded.file, line = excluded.line",
                    row,
                )
        return self._db.total_changes - before

    def keep(self, event: Json) -> Waiting:
        """Keep one event for sending, and return it as it waits."""
        self.add([("", 1, event)])
        asked = "SELECT no FROM outgoing WHERE hub = ? AND digest = ?"
        (no,) = self._db.execute(asked, (self._hub, _digest(_body(event)))).fetchone()
        return Waiting(no, "", 1, event)

    def waiting(self, after: int, limit: int) -> list[Waiting]:
        """Return events without receipt, oldest first, from behind place `after`."""
        asked = "SELECT no, file, line, body FROM outgoing WHERE hub = ? AND no > ? ORDER BY no LIMIT ?"
        rows = self._db.execute(asked, (self._hub, after, limit))
        return [Waiting(no, file, line, json.loads(body)) for no, file, line, body in rows]

    def settle(self, numbers: Sequence[int]) -> None:
        """Forget events that the hub has answered for: stored, duplicate or refused."""
        with self._db:
            self._db.executemany("DELETE FROM outgoing WHERE no = ?", [(no,) for no in numbers])

    def __len__(self) -> int:
        """How many events wait for their receipt."""
        counted = self._db.execute("SELECT count(*) FROM outgoing WHERE hub = ?", (self._hub,))
        return int(counted.fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _drop_older(self, key: str, digest: bytes) -> None:
        """Forget what an earlier run left under this id, if it reads differently now: the file was mended."""
        self._db.execute(
            "DELETE FROM outgoing WHERE hub = ? AND id = ? AND run <> ? AND digest <> ?",
            (self._hub, key, self._run, digest),
        )


def usual_folder(environ: Mapping[str, str]) -> Path:
    """Return where the outbox is unless somebody says otherwise."""
    home = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "solidarity-hub" / "outbox"


def _body(event: Json) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _digest(body: str) -> bytes:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).digest()
