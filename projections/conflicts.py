"""Conflicts of interest: which partner is kept out of which case, and by what; for stewards."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from events.alarms import provisional_until
from events.audience import Reader, visible
from events.event import SOURCE_PREFIX
from projections.changes import Change
from projections.database import Database
from projections.labels import Allowed, Labels
from projections.paging import further
from projections.protections import attributed_by, cases_of

Json = Any


class Conflicts:
    """Files each attribution of a threat that keeps a partner out, and what stewards judged about it."""

    name = "conflicts"
    VERSION = 2
    schema = """
    CREATE TABLE IF NOT EXISTS conflicts_exclusions(
        position INTEGER NOT NULL, partner TEXT NOT NULL, ref TEXT NOT NULL, label INTEGER NOT NULL,
        source TEXT NOT NULL, id TEXT NOT NULL, until TEXT NOT NULL, since INTEGER NOT NULL,
        PRIMARY KEY(position, partner)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS conflicts_attributions(
        position INTEGER PRIMARY KEY, bodies TEXT NOT NULL, since INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS conflicts_judgements(
        position INTEGER PRIMARY KEY, partner TEXT NOT NULL, ref TEXT NOT NULL, label INTEGER NOT NULL,
        account TEXT NOT NULL, verdict TEXT NOT NULL, recorded TEXT NOT NULL);
    """

    def __init__(self, labels: Labels, database: Database) -> None:
        self.database = database
        self.labels = labels

    def load(self, db: sqlite3.Connection) -> None:
        """Do nothing: all of it lies in the tables."""

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """File what stands now instead of what stood before."""
        for change in changes:
            if change.before is not None:
                db.execute("DELETE FROM conflicts_exclusions WHERE position = ?", (change.event.position,))
            if change.kind == "put" and _is_judgement(change):
                self._judge(db, change)
            elif change.kind == "put":
                self._exclude(db, change)
            elif change.reason == "erased":
                db.execute("DELETE FROM conflicts_attributions WHERE position = ?", (change.event.position,))

    def _judge(self, db: sqlite3.Connection, change: Change) -> None:
        event, data = change.event, change.event.data
        label = self.labels.intern(db, change.label)
        said = (data["partner"], data["case"], label, data["account"], data["verdict"])
        row = (event.position, *said, str(event.envelope["recordedtime"]))
        db.execute("INSERT OR REPLACE INTO conflicts_judgements VALUES(?,?,?,?,?,?,?)", row)

    def _exclude(self, db: sqlite3.Connection, change: Change) -> None:
        event = change.event
        since = _since(db, change)
        if since is None or not change.label.excluded:
            return
        label, ref = self.labels.intern(db, change.label), next(iter(cases_of(event)), "")
        told = (ref, label, event.source, event.id, provisional_until(event.envelope), since)
        rows = [(event.position, partner, *told) for partner in sorted(change.label.excluded)]
        db.executemany("INSERT OR REPLACE INTO conflicts_exclusions VALUES(?,?,?,?,?,?,?,?)", rows)


def _since(db: sqlite3.Connection, change: Change) -> int | None:
    """Return from which place of the log on an event names the bodies that it names now; None if it names none.

    A correction may name one long after the event: until then its partner could read on. Whom the event keeps out is
    not asked here: others, who may be hidden, decide that as well.
    """
    position, bodies = change.event.position, "\n".join(sorted(attributed_by(change.event)))
    if not bodies:
        if change.before is not None:
            db.execute("DELETE FROM conflicts_attributions WHERE position = ?", (position,))
        return None
    query = "SELECT since FROM conflicts_attributions WHERE position = ? AND bodies = ?"
    known = db.execute(query, (position, bodies)).fetchone()
    since = int(change.at if known is None else known[0])
    db.execute("INSERT OR REPLACE INTO conflicts_attributions VALUES(?,?,?)", (position, bodies, since))
    return since


def _is_judgement(change: Change) -> bool:
    return change.event.stem.startswith("conflict.judged.")


class ConflictSight:
    """Conflicts as one class of readers may see them."""

    def __init__(self, view: Conflicts, allowed: Allowed) -> None:
        self._view = view
        self._allowed = allowed

    def conflicts(self, limit: int = 50, offset: int = 0) -> Json:
        """Return a page of who is kept out of what, by which attributions, until when they hold unconfirmed."""
        seen = "label IN (SELECT value FROM json_each(:allowed))"
        with self._view.database.snapshot() as db:
            named: dict[str, Json] = {"allowed": self._allowed.as_json(), "limit": limit, "offset": offset}
            pairs = f"SELECT DISTINCT ref, partner FROM conflicts_exclusions WHERE {seen}"
            (total,) = db.execute(f"SELECT count(*) FROM ({pairs})", named).fetchone()
            page = db.execute(f"{pairs} ORDER BY ref, partner LIMIT :limit OFFSET :offset", named).fetchall()
            items = [self._item(db, ref, partner, seen) for ref, partner in page]
        return {"items": items, "total": total, "next": further(offset, len(items), total)}

    def _item(self, db: sqlite3.Connection, ref: str, partner: str, seen: str) -> Json:
        named = {"allowed": self._allowed.as_json(), "ref": ref, "partner": partner}
        where = f"WHERE ref = :ref AND partner = :partner AND {seen} ORDER BY position"
        found = f"SELECT source, id, until, since FROM conflicts_exclusions {where}"
        events = db.execute(found, named).fetchall()
        judged = f"SELECT account, verdict, recorded FROM conflicts_judgements {where}"
        return {
            "case": ref,
            "partner": partner,
            "attributions": [
                {"source": source, "id": event_id, "provisional_until": until}
                for source, event_id, until, _ in events
            ],
            "may_hold": self._may_hold(db, ref, partner, min(since for *_, since in events)),
            "judgements": [
                {"account": account, "verdict": verdict, "recorded": recorded}
                for account, verdict, recorded in db.execute(judged, named)
            ],
        }

    def _may_hold(self, db: sqlite3.Connection, ref: str, partner: str, before: int) -> list[Json]:
        """Return the events of a case that a partner could read before it was kept out: copies may be with it."""
        named = {"allowed": self._allowed.as_json(), "key": f"r:{ref}", "before": before}
        rows = db.execute(_EARLIER, named).fetchall()
        reader = Reader(partner, clearance=_CLEARANCE)
        return [
            {"source": f"{SOURCE_PREFIX}{slug}", "id": event_id, "type": kind, "recorded": recorded}
            for slug, event_id, kind, recorded, label in rows
            if visible(reader, replace(self._view.labels.label(label), excluded=frozenset()))
        ]


_CLEARANCE = "amber+strict"
"""Up to which a partner may have cleared an account of its own."""

_EARLIER = """SELECT e.publisher, e.id, e.type, e.recorded, e.label FROM timeline_keys k
    CROSS JOIN timeline_events e ON e.position = k.position
    WHERE k.key = :key AND k.position < :before AND k.label IN (SELECT value FROM json_each(:allowed))
    AND e.label IN (SELECT value FROM json_each(:allowed)) ORDER BY k.position"""
