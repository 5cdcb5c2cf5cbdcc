"""Erasures: what was destroyed, which partners have said that their copies are gone, and what is still to be done."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from events.alarms import erasure_due
from events.audience import Reader, visible
from events.moments import read_moment, stamp
from events.relaying import TOLD_BY
from events.submission import HUB, STEWARDS
from projections.changes import Change
from projections.database import Database
from projections.labels import Allowed, Labels
from projections.paging import further
from projections.rulings import Rulings
from projections.tail import Log, Tail
from schemas.registry import Registry

Json = Any

ANSWER = timedelta(days=7)
"""How long a partner may take to say that its own copies are gone."""

PATIENCE = timedelta(days=14)
"""After so long without an answer a partner is given nothing new."""

_CLEARANCE = "amber"
"""Whoever could read an erasure at this clearance, which every partner has, is asked to answer it."""

_ALL = 1_000_000_000

_ERASED = "erasure.executed.v1"


@dataclass(frozen=True, slots=True)
class DueErasure:
    """A withdrawal whose time has come.

    Args:
        subject: whom it is about.
        source: of the withdrawal.
        id: of the withdrawal.
    """

    subject: str
    source: str
    id: str


class Erasures:
    """Files erasures, answers to them, withdrawals that ask for one, and who was a partner when."""

    name = "erasures"
    VERSION = 2
    schema = """
    CREATE TABLE IF NOT EXISTS erasures_executed(
        position INTEGER PRIMARY KEY, subject TEXT NOT NULL, shown INTEGER NOT NULL, label INTEGER NOT NULL,
        source TEXT NOT NULL, id TEXT NOT NULL, executed TEXT NOT NULL, due TEXT NOT NULL,
        request TEXT, request_label INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS erasures_executed_of ON erasures_executed(subject, position);
    CREATE TABLE IF NOT EXISTS erasures_answers(
        subject TEXT NOT NULL, position INTEGER NOT NULL, label INTEGER NOT NULL, partner TEXT NOT NULL,
        recorded TEXT NOT NULL, PRIMARY KEY(subject, position)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS erasures_answers_at ON erasures_answers(position);
    CREATE TABLE IF NOT EXISTS erasures_wanted(
        position INTEGER PRIMARY KEY, subject TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL,
        due TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS erasures_wanted_by ON erasures_wanted(due);
    CREATE TABLE IF NOT EXISTS erasures_partners(
        position INTEGER PRIMARY KEY, label INTEGER NOT NULL, partner TEXT NOT NULL, admitted INTEGER NOT NULL);
    """

    def __init__(self, registry: Registry, labels: Labels, database: Database) -> None:
        self.database = database
        self.labels = labels
        marks = registry.contract(_ERASED).marks
        self._request_level = next((mark.level for mark in marks if mark.pointer == "/request"), None)

    def load(self, db: sqlite3.Connection) -> None:
        """Do nothing: all of it lies in the tables."""

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """File what stands now instead of what stood before. What was executed cannot be taken back."""
        for change in changes:
            if change.before is not None:
                self._forget(db, change)
            stem = change.event.stem
            if stem.startswith("erasure.executed."):
                self._file_erasure(db, change)
            elif change.kind == "put" and stem.startswith("consent.withdrawn."):
                self._file_wish(db, change)
            elif change.kind == "put" and stem.startswith(("partner.admitted.", "partner.suspended.")):
                self._file_partner(db, change)

    def _forget(self, db: sqlite3.Connection, change: Change) -> None:
        for table in ("executed", "answers", "wanted", "partners"):
            db.execute(f"DELETE FROM erasures_{table} WHERE position = ?", (change.event.position,))

    def _file_erasure(self, db: sqlite3.Connection, change: Change) -> None:
        event, label = change.event, self.labels.intern(db, change.label)
        subject, recorded = str(event.data["subject_of_erasure"]), str(event.envelope["recordedtime"])
        if event.data["role"] != "controller":
            if change.kind == "put":
                row = (subject, event.position, label, event.publisher, recorded)
                db.execute("INSERT INTO erasures_answers VALUES(?,?,?,?,?)", row)
            return
        level = self._request_level
        about = (
            event.position,
            subject,
            change.kind == "put",
            label,
            event.source,
            event.id,
            str(event.data.get("executed_on", recorded)),
            _answered_by(recorded),
            event.data.get("request"),
            label if level is None else self.labels.raised(label, level),
        )
        db.execute("INSERT INTO erasures_executed VALUES(?,?,?,?,?,?,?,?,?,?)", about)

    def _file_wish(self, db: sqlite3.Connection, change: Change) -> None:
        event = change.event
        # Another hub's word destroys nothing of what others published here; when it erases, stewards are told.
        if event.data.get("effect") == "erase" and TOLD_BY not in event.envelope:
            subject, due = str(event.data["subject_of_consent"]), erasure_due(event.envelope)
            row = (event.position, subject, event.source, event.id, due)
            db.execute("INSERT INTO erasures_wanted VALUES(?,?,?,?,?)", row)

    def _file_partner(self, db: sqlite3.Connection, change: Change) -> None:
        event = change.event
        slug = str(event.data["partner"]).removeprefix("partner:")
        is_admitted = event.stem.startswith("partner.admitted.")
        row = (event.position, self.labels.intern(db, change.label), slug, is_admitted)
        db.execute("INSERT INTO erasures_partners VALUES(?,?,?,?)", row)

    def due(self, db: sqlite3.Connection, now: datetime) -> list[DueErasure]:
        """Return the withdrawals whose time has come and that no erasure has followed, oldest first."""
        query = """SELECT subject, source, id FROM erasures_wanted w WHERE due <= ? AND NOT EXISTS
            (SELECT 1 FROM erasures_executed e WHERE e.subject = w.subject AND e.position > w.position)
            ORDER BY position"""
        return [DueErasure(*row) for row in db.execute(query, (stamp(now),))]


class ErasureSight:
    """Erasures as one class of readers may see them."""

    def __init__(self, view: Erasures, allowed: Allowed) -> None:
        self._view = view
        self._allowed = allowed

    def erasures(self, now: datetime, limit: int = 50, offset: int = 0, *, overdue: bool = False) -> Json:
        """Return a page of erasures, newest first, each with who has answered it and who has not.

        Args:
            now: decides what is overdue.
            limit: of erasures.
            offset: erasures to leave out before them.
            overdue: only those that somebody should have answered by now.
        """
        with self._view.database.snapshot() as db:
            numbers = self._allowed.as_json()
            partners = _partners(db, numbers)
            query = f"SELECT * FROM erasures_executed WHERE shown AND label IN {_SEEN} ORDER BY position DESC"
            rows = _rows(db, query, numbers)
            if not overdue:
                page = [self._item(db, row, partners, now) for row in rows[offset : offset + limit]]
                return _page(page, len(rows), offset)
            late = [one for row in rows if (one := self._item(db, row, partners, now))["overdue"]]
        return _page(late[offset : offset + limit], len(late), offset)

    def owes(self, slug: str, now: datetime) -> bool:
        """Tell whether a partner owes an answer for so long that it is given nothing new until it has answered."""
        if slug in (HUB, STEWARDS):
            return False
        named = {
            "slug": slug,
            "allowed": self._allowed.as_json(),
            "before": stamp(now - PATIENCE + ANSWER),
        }
        with self._view.database.snapshot() as db:
            labels = [label for (label,) in db.execute(_OWED, named)]
        return any(self._was_told(slug, label) for label in labels)

    def _item(
        self, db: sqlite3.Connection, row: sqlite3.Row, partners: Sequence[sqlite3.Row], now: datetime
    ) -> Json:
        query = f"""SELECT partner, min(recorded) AS recorded FROM erasures_answers
            WHERE label IN {_SEEN} AND subject = ? AND position > ? GROUP BY partner ORDER BY partner"""
        answers = _rows(db, query, self._allowed.as_json(), row["subject"], row["position"])
        asked = {one for one in _members(partners, row["position"]) if self._was_told(one, row["label"])}
        missing = sorted(asked - {one["partner"] for one in answers})
        item = {
            "subject": row["subject"],
            "source": row["source"],
            "id": row["id"],
            "executed": row["executed"],
            "due": row["due"],
            "acknowledged": [dict(one) for one in answers],
            "missing": missing,
            "overdue": bool(missing) and row["due"] < stamp(now),
        }
        has_request = row["request"] is not None and row["request_label"] in self._allowed
        return {**item, "request": row["request"]} if has_request else item

    def _was_told(self, partner: str, label: int) -> bool:
        # Who has a conflict of interest is for nobody else to know.
        told = replace(self._view.labels.label(label), excluded=frozenset())
        return visible(Reader(partner, clearance=_CLEARANCE), told)


_SEEN = "(SELECT value FROM json_each(?))"
_KNOWN = "label IN (SELECT value FROM json_each(:allowed))"
_OWED = f"""SELECT DISTINCT e.label FROM erasures_executed e WHERE e.shown AND e.due < :before AND e.{_KNOWN}
    AND e.position > (SELECT min(position) FROM erasures_partners WHERE partner = :slug AND admitted AND {_KNOWN}
        AND position > coalesce((SELECT max(position) FROM erasures_partners
            WHERE partner = :slug AND NOT admitted AND {_KNOWN}), 0))
    AND NOT EXISTS (SELECT 1 FROM erasures_answers a WHERE a.subject = e.subject AND a.position > e.position
        AND a.partner = :slug AND a.{_KNOWN})"""
"""Labels of the erasures that a partner was there for and has not answered; the last admission counts."""


def _members(partners: Sequence[sqlite3.Row], position: int) -> set[str]:
    """Return who was a partner at a place of the log and has been one ever since."""
    members: set[str] = set()
    for one in partners:
        if not one["admitted"]:
            members.discard(one["partner"])
        elif one["position"] < position:
            members.add(one["partner"])
    return members - {HUB, STEWARDS}


def _partners(db: sqlite3.Connection, numbers: str) -> list[sqlite3.Row]:
    return _rows(db, f"SELECT * FROM erasures_partners WHERE label IN {_SEEN} ORDER BY position", numbers)


def _rows(db: sqlite3.Connection, query: str, *values: Json) -> list[sqlite3.Row]:
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(query, values).fetchall()


def _page(items: list[Json], total: int, offset: int) -> Json:
    return {"items": items, "total": total, "next": further(offset, len(items), total)}


def _answered_by(recorded: str) -> str:
    moment = read_moment(recorded)
    return recorded if moment is None else stamp(moment + ANSWER)


def list_erasures(
    registry: Registry, log: Log, path: Path, reader: Reader, now: datetime, *, overdue: bool = False
) -> list[Json]:
    """Return every erasure that a reader may see, from a log that no hub need follow.

    Args:
        registry: of contracts.
        log: the store.
        path: of a file that may be made for the while; nothing personal comes into it.
        reader: whose eyes.
        now: decides what is overdue.
        overdue: only those that somebody should have answered by now.
    """
    database = Database(path)
    try:
        labels = Labels(database.writer)
        view = Erasures(registry, labels, database)
        Tail(log, Rulings(registry, log, labels), [view], labels, database).catch_up()
        sight = ErasureSight(view, Allowed(labels, reader))
        found: list[Json] = sight.erasures(now, limit=_ALL, overdue=overdue)["items"]
        return found
    finally:
        database.close()
