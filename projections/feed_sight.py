"""What one class of readers is told, read page by page from the timeline: for whoever is behind."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from events.event import Position
from projections.event_query import EventQuery
from projections.event_rows import IS_STALE, EventRows
from projections.feed import FeedMessage, FeedPage, Kind, page_of
from projections.feed_messages import (
    CHANGED_PART,
    COLUMNS,
    GONE_PART,
    Place,
    Row,
    Turn,
    form_of,
    message_of,
    reason_of,
    row_of,
)
from projections.labels import Allowed
from projections.positions import position_in
from projections.stale import is_stale
from projections.timeline import TimelineView
from projections.turns import DIFFERS, GAINED, GONE, SEEN

Json = Any

_COLUMNS = f"{COLUMNS}, {IS_STALE}"
_WIDTH = len(Row._fields)

_WHOLE = 2**62
"""Stands for part 0: all parts."""

_Found = tuple[Row, bool, tuple[Json, ...]]
"""An event, whether it rests on what reads differently now, and what else was asked."""


_Told = tuple[_Found, Kind, str | None]
"""An event, what is told of it, and why."""


class FeedSight:
    """Reads pages of the feed for one class of readers."""

    def __init__(self, view: TimelineView, allowed: Allowed) -> None:
        self._view = view
        self._allowed = allowed
        self._rows = EventRows(view, allowed)

    def feed(self, after: Position, part: int, query: EventQuery, limit: int, head: Position) -> FeedPage:
        """Return what these readers are told behind `(after, part)`, as `TimelineSight.feed` says."""
        with self._view.database.snapshot() as db:
            reached = min(head, position_in(db, self._view.name))
            if reached <= after and not part:
                return FeedPage([], after, seen=after)
            place, most = (after, part), limit + 1
            events = self._events(db, query, after, reached, most)
            turns = self._turns(db, query, place, reached, most)
            warnings = self._warnings(db, query, place, reached, most)
        told: dict[Place, _Told] = {
            (one[2][0], 2 * one[0].position + CHANGED_PART): (one, "changed", "corrected") for one in warnings
        }
        # Of what reads differently by itself and is flagged at once, the first reason is enough.
        told |= {place: said for one in turns for place, said in self._told(one)}
        told |= {(one[0].position, 1): (one, "event", None) for one in events}
        places = sorted(place for place in told if place > (after, part or _WHOLE))
        messages = [self._message(place, told[place]) for place in places[:most]]
        return page_of(messages, limit, Position(max(reached, after)))

    def _events(
        self, db: sqlite3.Connection, query: EventQuery, after: int, reached: int, limit: int
    ) -> list[_Found]:
        sql = self._rows.sql(db, query)
        named = {**sql.parameters(), "after": after, "reached": reached, "limit": limit}
        where = f"e.position IN ({sql.positions()})"
        return _found(
            db, f"SELECT {_COLUMNS} FROM timeline_events e WHERE {where} ORDER BY e.position", named
        )

    def _turns(
        self, db: sqlite3.Connection, query: EventQuery, after: Place, reached: int, limit: int
    ) -> list[_Found]:
        """Return turns of which something is to be told behind a place."""
        sql = self._rows.sql(db, query)
        position, part = after
        named = {
            **sql.parameters(),
            "after": position,
            "part": part or _WHOLE,
            "reached": reached,
            "limit": limit,
        }
        had, having = " ".join(sql.had()), " ".join(sql.having(0))
        found = f"""SELECT * FROM (
            SELECT {_COLUMNS}, t.at, t.reason, t.before, t.after, {GONE} {had} AS gone, {GAINED} AS gained,
                {DIFFERS} {having} AS differs
            FROM timeline_turns t CROSS JOIN timeline_events e ON e.position = t.position
            WHERE t.at >= :after AND t.at <= :reached {sql.in_span()})
            WHERE (gone AND (at, 2 * position + {GONE_PART}) > (:after, :part))
               OR (differs AND (at, 2 * position + {CHANGED_PART}) > (:after, :part))
            ORDER BY at, position LIMIT :limit"""
        return _found(db, found, named)

    def _warnings(
        self, db: sqlite3.Connection, query: EventQuery, after: Place, reached: int, limit: int
    ) -> list[_Found]:
        """Return what got a flag, or lost it, behind a place."""
        sql = self._rows.sql(db, query)
        named = {**sql.parameters(), "after": after[0], "part": after[1] or _WHOLE, "reached": reached}
        found = f"""SELECT {_COLUMNS}, w.at
            FROM timeline_warnings w CROSS JOIN timeline_events e ON e.position = w.position
            WHERE w.at >= :after AND w.at <= :reached AND (w.at, 2 * w.position + {CHANGED_PART}) > (:after, :part)
            {sql.shown()} AND w.label {SEEN} AND {is_stale("w", "_before")} <> {is_stale("w")}
            {" ".join(sql.having(0))} ORDER BY w.at, w.position LIMIT :limit"""
        return _found(db, found, {**named, "limit": limit})

    def _told(self, found: _Found) -> Iterator[tuple[Place, _Told]]:
        """Yield what one turn tells, and where: what was lost first, then how the event reads now."""
        at, reason, before, after, is_gone, is_gained, differs = found[2]
        why = reason_of(self._view, Turn(reason, (before, after), is_gone, is_gained))
        place = 2 * found[0].position
        if is_gone:
            yield (at, place + GONE_PART), (found, "withdrawn", why)
        if differs:
            yield (at, place + CHANGED_PART), (found, "changed", why)

    def _message(self, place: Place, told: _Told) -> FeedMessage:
        (row, is_flagged, _), kind, reason = told
        form = form_of(row, self._allowed.numbers(), kind, is_stale=is_flagged)
        return message_of(self._view, row, place, (kind, reason), form)


def _found(db: sqlite3.Connection, query: str, values: Json) -> list[_Found]:
    return [
        (row_of(one[:_WIDTH]), bool(one[_WIDTH]), one[_WIDTH + 1 :])
        for one in db.execute(query, values).fetchall()
    ]
