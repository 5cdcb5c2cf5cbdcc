"""The log of a public edge: the words that came by the bus, each of which says the change that a hub has ruled."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from events.event import SOURCE_PREFIX, Position, RecordedEvent
from projections.changes import Change, Reason
from projections.labels import Labels
from projections.public_words import Word, closes, forgets, gone_of, hidden_label, public_label

Json = Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS words(
    position INTEGER PRIMARY KEY, cursor TEXT UNIQUE, place INTEGER NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL,
    body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS words_by_event ON words(source, id, position);
CREATE TABLE IF NOT EXISTS stands(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_INSERT = "INSERT INTO words(cursor, place, source, id, body) VALUES(?,?,?,?,?)"


class PublicLog:
    """A SQLite file of words in the order of the bus; each has its own positions, from 1.

    What is public no more is overwritten in it at once.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._moved = threading.Condition()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        for said in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._db.execute(f"PRAGMA {said}")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def apply(self, words: Sequence[Word], stands: Mapping[str, str]) -> None:
        """Take words in order, each once however often it comes, and note how far the bus was read, in one go."""
        with self._lock:
            # Its end is the connection's own: whatever fails within, also a full disk, leaves no transaction open.
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                is_forgotten = sum(self._follow(word) for word in words) > 0
                self._db.executemany("INSERT OR REPLACE INTO stands VALUES(?,?)", stands.items())
            if is_forgotten:
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with self._moved:
            self._moved.notify_all()

    def stand(self, name: str) -> str | None:
        """Return what was noted under a name."""
        found = self._rows("SELECT value FROM stands WHERE name = ?", (name,))
        return found[0][0] if found else None

    def changes(self, positions: Sequence[Position]) -> list[Change]:
        """Return what the words at some positions change."""
        return [change for row in self._at(positions) for change in _changes(*row)]

    def read(self, after: Position, limit: int) -> list[RecordedEvent]:
        """Return one event for each of up to `limit` words behind a position."""
        query = "SELECT position, body FROM words WHERE position > ? ORDER BY position LIMIT ?"
        return [_event(position, orjson.loads(body)) for position, body in self._rows(query, (after, limit))]

    def at(self, positions: Sequence[Position]) -> list[RecordedEvent]:
        """Return the events at some positions, in the order asked for."""
        return [_event(position, body) for position, _, body in self._at(positions)]

    def digest(self, event: RecordedEvent) -> str:
        """Return the digest that the hub told of an event, last."""
        query = "SELECT body FROM words WHERE place = ? ORDER BY position DESC LIMIT 1"
        return str(orjson.loads(self._rows(query, (event.position,))[0][0]).get("digest", ""))

    def head(self) -> Position:
        """Return the position of the newest word."""
        return Position(self._rows("SELECT max(position) FROM words", ())[0][0] or 0)

    def wait(self, after: Position, timeout: float) -> bool:
        """Wait at most `timeout` seconds for a word behind a position; tell whether there is one."""
        with self._moved:
            return self._moved.wait_for(lambda: self.head() > after, timeout)

    def _follow(self, word: Word) -> bool:
        """Take a word; first let go of all that another log said, if the one behind the edge was restored since."""
        log = word.get("log")
        found = self._db.execute("SELECT value FROM stands WHERE name = 'log'").fetchone()
        if log is None or (found is not None and found[0] == log):
            return self._take(word)
        self._db.execute("INSERT OR REPLACE INTO stands VALUES('log', ?)", (log,))
        is_forgotten = found is not None and self._let_go()
        return self._take(word) or is_forgotten

    def _let_go(self) -> bool:
        query = """SELECT body FROM words WHERE position IN (SELECT max(position) FROM words GROUP BY source, id)
            ORDER BY position"""
        standing = [
            word
            for (body,) in self._db.execute(query).fetchall()
            if (word := orjson.loads(body))["kind"] != "wiped"
        ]
        # A place of the log may be another event's by now.
        self._db.execute("UPDATE words SET cursor = NULL")
        return sum(self._take({**gone_of(word), "cursor": None}) for word in standing) > 0

    def _take(self, word: Word) -> bool:
        """File a word, and tell whether older ones were overwritten."""
        named = (word["source"], word["id"])
        if self._db.execute("SELECT 1 FROM words WHERE cursor = ?", (word["cursor"],)).fetchone():
            return False
        (place,) = self._db.execute(
            "SELECT min(place) FROM words WHERE source = ? AND id = ?", named
        ).fetchone()
        if place is None and word["kind"] == "gone":
            return False
        (next_,) = self._db.execute("SELECT coalesce(max(position), 0) + 1 FROM words").fetchone()
        first = place is None
        row = {**word, "is_first": first}
        self._db.execute(_INSERT, (word["cursor"], place or next_, *named, orjson.dumps(row)))
        if word["kind"] == "gone" or (closes(word) and not first):
            wiped = {**row, "kind": "wiped" if word["kind"] == "gone" else "cleaned"}
            self._db.execute(_INSERT, (None, place, *named, orjson.dumps(wiped)))
        return bool(not first and forgets(word) and self._overwrite(word, named))

    def _overwrite(self, word: Word, named: tuple[str, str]) -> bool:
        query = "SELECT position, body FROM words WHERE source = ? AND id = ?"
        for position, body in self._db.execute(query, named).fetchall():
            old = orjson.loads(body)
            left = {"event": word["event"], "signature": word.get("signature")}
            left |= {"erased": word["erased"]} if "erased" in word and "erased" in old else {}
            self._db.execute(
                "UPDATE words SET body = ? WHERE position = ?", (orjson.dumps({**old, **left}), position)
            )
        return True

    def _at(self, positions: Sequence[Position]) -> list[tuple[Position, Position, Json]]:
        query = "SELECT position, place, body FROM words WHERE position IN (SELECT value FROM json_each(?))"
        rows = self._rows(query, (orjson.dumps(list(positions)).decode(),))
        found = {position: (position, place, orjson.loads(body)) for position, place, body in rows}
        return [found[one] for one in positions if one in found]

    def _rows(self, query: str, values: tuple[Json, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(query, values).fetchall()


class GivenRulings:
    """In the place of rulings where a hub has ruled already."""

    name = "rulings"
    VERSION = 1
    schema = "CREATE TABLE IF NOT EXISTS rulings_given(word INTEGER PRIMARY KEY);\n"

    def __init__(self, log: PublicLog, labels: Labels) -> None:
        self._log = log
        self._labels = labels

    def fold(self, db: sqlite3.Connection, events: Sequence[RecordedEvent]) -> list[Change]:
        """Return the changes of words; the caller owns the transaction."""
        changes = self.changes(db, events)
        for change in changes:
            self._labels.intern(db, change.label)
        return changes

    def changes(self, _: sqlite3.Connection, events: Sequence[RecordedEvent]) -> list[Change]:
        """Return the changes of words that were folded, in order."""
        return self._log.changes([event.position for event in events])

    def next_release(self, _: sqlite3.Connection) -> datetime | None:
        """Return nothing: the hub says when something is released."""
        return None


def _event(position: int, word: Json) -> RecordedEvent:
    return RecordedEvent(
        Position(position),
        str(word["stem"]),
        word["event"],
        erased=frozenset(word.get("erased", ())),
        signature=word.get("signature"),
    )


def _reason(word: Word) -> Reason | None:
    if word["is_first"] and word["is_put"]:
        return None
    # What the log says that was restored, when all was let go that it said before.
    return word["reason"] or "released"


def _changes(at: Position, place: Position, word: Json) -> Iterator[Change]:
    event = _event(place, word)
    publisher = str(word["source"]).removeprefix(SOURCE_PREFIX)
    hidden = hidden_label(publisher)
    before = public_label(publisher, word["was"]) if word.get("was") else hidden
    if word["kind"] == "said":
        yield Change(
            "put" if word["is_put"] else "drop",
            event,
            public_label(publisher, word["consent"]),
            at,
            _reason(word),
            None if word["is_first"] else before,
            event.erased,
            word["past"],
        )
    elif word["kind"] == "gone":
        yield Change("drop", event, hidden, at, word["reason"], before, past="forgotten")
    elif word["kind"] == "cleaned":
        label = public_label(publisher, word["consent"])
        kind: Literal["put", "drop"] = "put" if word["is_put"] else "drop"
        yield Change(kind, event, label, at, "erased", label, event.erased, "forgotten")
    else:
        yield Change("drop", event, hidden, at, "erased", hidden, frozenset({""}), "forgotten")
