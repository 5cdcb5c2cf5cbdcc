"""The rows of a log as a test reads and rewrites them, without the hub's own code."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.keyring import Keyring
from tests.pointers import strings

Json = Any

AGES_AGO = datetime.min.replace(tzinfo=UTC)
STEWARDS = "urn:hub:partner:stewards"


@dataclass
class Logged:
    """One row of the log; never changed, only replaced.

    Args:
        position: its place.
        stem: type and version.
        envelope: the event, its personal fields opened.
        boxes: what the row keeps of its personal fields, by pointer into data.
        lost: pointers of those that nobody can open any more; the envelope lacks them.
        signature: as the row keeps it.
    """

    position: int
    stem: str
    envelope: dict[str, Json]
    boxes: dict[str, dict[str, str]] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    signature: Json = None

    @cached_property
    def type(self) -> str:
        return str(self.envelope["type"])

    @property
    def data(self) -> dict[str, Json]:
        found: dict[str, Json] = self.envelope["data"]
        return found

    @cached_property
    def source(self) -> str:
        return str(self.envelope["source"])

    @cached_property
    def naming(self) -> tuple[str, str]:
        return self.source, str(self.envelope["id"])

    @cached_property
    def publisher(self) -> str:
        return self.source.removeprefix("urn:hub:partner:")

    @cached_property
    def recorded(self) -> datetime:
        return moment(self.envelope["recordedtime"])

    @cached_property
    def kid(self) -> str | None:
        """The name of the key that signed it."""
        return None if self.signature is None else str(self.signature["keyid"])

    @cached_property
    def target(self) -> tuple[str, str] | None:
        """Return which event this one amends, if it has the right to."""
        if self.type not in {"record.corrected", "record.retracted"}:
            return None
        named = (str(self.data.get("about_source", self.source)), str(self.data["about_event"]))
        allowed = {named[0]} if self.type == "record.corrected" else {named[0], STEWARDS}
        return named if self.source in allowed and named != self.naming else None

    @cached_property
    def cases(self) -> frozenset[str]:
        """The cases and threats that it bears or names anywhere."""
        named = {
            *strings(self.data),
            str(self.envelope.get("subject")),
            str(self.envelope.get("correlationid")),
        }
        return frozenset(name for name in named if name.startswith(("threat:", "case:")) and " " not in name)

    def saying(self, data: Json) -> "Logged":
        """Return the same row with another payload."""
        return replace(self, envelope={**self.envelope, "data": data})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def read_log(data: Path) -> list[Logged]:
    """Read the whole log of a hub's folder, personal fields opened with the keys that are left."""
    with _opened(data) as db:
        rows = db.execute("SELECT rowid, topic, state FROM stored_events ORDER BY rowid").fetchall()
    keys = Keyring(data / "keys")
    return [_read(keys, position, topic, json.loads(state)) for position, topic, state in rows]


def _read(keys: Keyring, position: int, topic: str, envelope: dict[str, Json]) -> Logged:
    boxes = {one["at"]: one for one in envelope.pop("sealed", ())}
    signature = envelope.pop("signature", None)
    opened = {at: keys.open(one, envelope) for at, one in boxes.items()}
    for at, value in opened.items():
        if value is not None:
            put(envelope["data"], at.split("/")[1:], value[0])
    lost = frozenset(at for at, value in opened.items() if value is None)
    return Logged(position, topic, envelope, boxes, lost, signature)


def rewrite_log(data: Path, before: Mapping[int, Logged], rows: Mapping[int, Logged]) -> None:
    """Let a folder's log hold these rows only, each at its position; what was not changed stays as it lies.

    Args:
        data: the folder, a copy of the one that `before` was read from.
        before: what it holds.
        rows: what it shall hold.
    """
    keys = Keyring(data / "keys")
    with _opened(data) as db:
        for position, row in before.items():
            other = rows.get(position)
            if other is None:
                db.execute("DELETE FROM stored_events WHERE rowid = ?", (position,))
            elif other != row:
                written = (other.stem, _written(keys, other), position)
                db.execute("UPDATE stored_events SET topic = ?, state = ? WHERE rowid = ?", written)
            if other is None or other.naming != row.naming:
                db.execute("DELETE FROM recorded_keys WHERE position = ?", (position,))
                # What is no longer the same event stands in no stream of decisions.
                db.execute(
                    "UPDATE stored_events SET originator_id = ? WHERE rowid = ?",
                    (f"{position:032x}", position),
                )
        _renumber(db)
        # The hub makes them anew, as it would have made them of these rows.
        for table in ("log_leaves", "log_sheets", "log_nodes"):
            db.execute(f"DELETE FROM {table}")
        db.commit()


def _renumber(db: sqlite3.Connection) -> None:
    """Let every stream count from 1 again."""
    versions: Counter[str] = Counter()
    for position, stream in db.execute(
        "SELECT rowid, originator_id FROM stored_events ORDER BY rowid"
    ).fetchall():
        versions[stream] += 1
        number = (versions[stream], position)
        db.execute("UPDATE stored_events SET originator_version = ? WHERE rowid = ?", number)


def _written(keys: Keyring, row: Logged) -> bytes:
    envelope = json.loads(json.dumps(row.envelope))
    sealed = []
    for at, box in row.boxes.items():
        value = take(envelope["data"], at.split("/")[1:]) if box in keys else None
        if value is not None:
            sealed.append(keys.seal(box, envelope, value[0]))
        elif at in row.lost:
            sealed.append(box)
    signature = row.signature
    if signature is not None and "box" in signature and not sealed:
        # Without the fields under whose keys it was, nobody can open it.
        signature = {"keyid": signature["keyid"]}
    more = {"sealed": sealed or None, "signature": signature}
    envelope |= {name: value for name, value in more.items() if value is not None}
    return json.dumps(envelope, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@contextmanager
def _opened(data: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(data / "log.sqlite")
    try:
        yield db
    finally:
        db.close()


def put(value: Json, path: list[str], field: Json) -> None:
    """Put a field back where it was taken from."""
    *way, last = path
    for step in way:
        value = value[int(step)] if isinstance(value, list) else value.setdefault(step, {})
    if isinstance(value, list):
        value[int(last)] = field
    else:
        value[last] = field


def take(value: Json, path: list[str]) -> tuple[Json] | None:
    """Take a field out of a payload, null in its place if it is an item; None if it is not there."""
    *way, last = path
    for step in way:
        value = _at(value, step)
    found = _at(value, last)
    if found is None:
        return None
    if isinstance(value, list):
        value[int(last)] = None
    else:
        del value[last]
    return (found,)


def _at(value: Json, step: str) -> Json:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    return None
