"""The rows of the timeline that a class of readers may see, as the questions about events find them."""

import sqlite3
from functools import partial
from typing import Any

import orjson

from projections.belonging import belonging_to
from projections.event_query import COLUMNS, EventQuery, EventSql, Key
from projections.labels import Allowed
from projections.stale import is_stale
from projections.timeline import TimelineView

Json = Any

IS_STALE = f"""e.status = 'active' AND EXISTS (
    SELECT 1 FROM timeline_stale k WHERE k.position = e.position AND {is_stale("k")}) AS is_stale"""

EVENTS = f"SELECT {COLUMNS}, {IS_STALE} FROM timeline_events e WHERE e.position IN ({{}}) ORDER BY {{}}"


class EventRows:
    """Finds rows, and reads the event out of one."""

    def __init__(self, view: TimelineView, allowed: Allowed) -> None:
        self._view = view
        self._allowed = allowed

    def sql(self, db: sqlite3.Connection, query: EventQuery) -> EventSql:
        """Return the pieces of SQL of a question."""

        def keys(*, past: bool) -> list[list[Key]]:
            return query.keys(self._view.types, partial(belonging_to, db, allowed=allowed, past=past))

        allowed = self._allowed.numbers()
        former = keys(past=True)
        return EventSql(keys(past=False), query.span(), self._allowed.as_json(), former)

    def active(
        self, db: sqlite3.Connection, query: EventQuery, after: int, reached: int, limit: int
    ) -> list[sqlite3.Row]:
        """Return the first active events behind a position, up to another, that fit."""
        sql = self.sql(db, query)
        named = {**sql.parameters(), "after": after, "reached": reached, "limit": limit}
        return rows_of(db, EVENTS.format(sql.positions(), "e.position"), named)

    def event(self, row: sqlite3.Row) -> Json:
        """Return the event of a row as these readers see it."""
        return self._view.stripped(row["body"], self._hidden(row))

    def _hidden(self, row: sqlite3.Row) -> frozenset[str]:
        if not row["levels"]:
            return frozenset()
        return frozenset(
            tlp for tlp, label in orjson.loads(row["levels"]).items() if label not in self._allowed
        )


def rows_of(db: sqlite3.Connection, query: str, values: Json) -> list[sqlite3.Row]:
    """Return what a query finds, by names of columns."""
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(query, values).fetchall()
