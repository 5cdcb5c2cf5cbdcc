"""The timeline as one class of readers may see it."""

import sqlite3
from dataclasses import dataclass
from typing import Any

import orjson

from events.audience import TLP, visible
from events.event import SOURCE_PREFIX, Position
from projections.amendments import STEWARDS
from projections.event_query import COLUMNS, EventQuery, EventSql
from projections.feed import FeedMessage, FeedPage, page_of
from projections.labels import Allowed
from projections.positions import position_in
from projections.timeline import TimelineView

Json = Any


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events in append order; `next` is the position to go on behind, None at the end."""

    events: list[Json]
    positions: list[Position]
    next: Position | None


_EVENTS = f"SELECT {COLUMNS} FROM timeline_events e WHERE e.position IN ({{}}) ORDER BY {{}}"


class TimelineSight:
    """Answers about events from the rows whose label its readers may see."""

    def __init__(self, view: TimelineView, allowed: Allowed) -> None:
        self._view = view
        self._allowed = allowed

    def events(self, query: EventQuery) -> EventPage:
        """Return the active events that fit, at most `query.limit`."""
        with self._view.database.snapshot() as db:
            rows = self._active(db, query, query.after, position_in(db, self._view.name), query.limit + 1)
        shown = rows[: query.limit]
        further = Position(shown[-1]["position"]) if len(rows) > query.limit else None
        return EventPage([self._event(row) for row in shown], [row["position"] for row in shown], further)

    def event(self, source: str, event_id: str) -> Json | None:
        """Return one event with what was said about it; None if there is none for these readers.

        `digest` is of what these readers see of the event as recorded: one of all of it, or its absence, would
        tell something of what is hidden.
        """
        with self._view.database.snapshot() as db:
            query = f"SELECT {COLUMNS} FROM timeline_events e WHERE e.id = ? AND e.publisher = ?"
            found = _rows(db, query, (event_id, source.removeprefix(SOURCE_PREFIX)))
            if not found or not source.startswith(SOURCE_PREFIX) or found[0]["label"] not in self._allowed:
                return None
            [row] = found
            about = self._about(db, source, event_id)
        own = {source} if row["active"] else {source, STEWARDS}
        answer = {
            "event": self._event(row),
            "corrections": [
                one for one in about if one["type"] == "record.corrected" and one["source"] == source
            ],
            "assessments": [one for one in about if one["type"] == "claim.assessed"],
            "status": "active" if row["active"] else "retracted",
            "recorded": row["recorded"],
            "digest": self._view.digest(row["position"], self._closed(row)),
        }
        if not row["active"]:
            notices = (one for one in about if one["type"] == "record.retracted" and one["source"] in own)
            answer["retraction"] = next(notices, None)
        return answer

    def timeline(self, ref: str, order: str = "world", limit: int = 200, offset: int = 0) -> Json | None:
        """Return a page of the active events about a reference; None if there is none for these readers.

        Args:
            ref: the reference.
            order: `world`: by when it happened, so that the order of arrival does not matter; `log`: as
                recorded.
            limit: of events on the page.
            offset: events to leave out before it.
        """
        by = "e.world, e.date, e.publisher, e.id" if order == "world" else "e.position"
        with self._view.database.snapshot() as db:
            sql = EventSql([[f"r:{ref}"]], EventQuery().span(), self._allowed.as_json())
            where = f"FROM timeline_events e WHERE e.position IN ({sql.positions()})"
            named = {**sql.parameters(), "after": 0, "reached": position_in(db, self._view.name), "limit": -1}
            (total,) = db.execute(f"SELECT count(*) {where}", named).fetchone()
            page = {**named, "page": limit, "offset": offset}
            chosen = f"SELECT e.position {where} ORDER BY {by} LIMIT :page OFFSET :offset"
            found = _EVENTS.format(chosen, by)
            rows = _rows(db, found, page)
        if not total:
            return None
        items = [
            {"when": row["date"], "recorded": row["recorded"], "event": self._event(row)} for row in rows
        ]
        return {"items": items, "total": total, "next": offset + limit if offset + limit < total else None}

    def feed(self, after: Position, part: int, query: EventQuery, limit: int, head: Position) -> FeedPage:
        """Return what these readers are told behind `(after, part)`.

        Args:
            after: position.
            part: of its messages, up to which all was told; 0 for all of them.
            query: its filters count; its `after` and `limit` do not.
            limit: of messages; at least 1.
            head: position that every view has reached; nothing beyond it is told.
        """
        with self._view.database.snapshot() as db:
            reached = min(head, position_in(db, self._view.name))
            if reached <= after and not part:
                return FeedPage([], after)
            events = self._active(db, query, after, reached, limit + 1)
            turns = self._turns(db, query, (after, part), reached, limit + 1)
        told = [self._message(row, row["position"], 1, None) for row in events]
        told += [self._message(row, row["at"], row["part"], row) for row in turns]
        told.sort(key=lambda one: (one.position, one.part))
        return page_of(told, limit, Position(max(reached, after)))

    def _active(
        self, db: sqlite3.Connection, query: EventQuery, after: int, reached: int, limit: int
    ) -> list[sqlite3.Row]:
        sql = self._sql(query)
        named = {**sql.parameters(), "after": after, "reached": reached, "limit": limit}
        found = _EVENTS.format(sql.positions(), "e.position")
        return _rows(db, found, named)

    def _turns(
        self, db: sqlite3.Connection, query: EventQuery, after: tuple[int, int], reached: int, limit: int
    ) -> list[sqlite3.Row]:
        sql = self._sql(query)
        position, part = after
        named = {
            **sql.parameters(),
            "after": position,
            "part": part or 2**62,
            "reached": reached,
            "limit": limit,
        }
        found = f"""SELECT {COLUMNS}, t.at, t.part, t.kind, t.reason
            FROM timeline_turns t CROSS JOIN timeline_events e ON e.position = t.position
            WHERE (t.at, t.part) > (:after, :part) AND t.at <= :reached
            {sql.in_span()} {" ".join(sql.having(0))}
            AND CASE WHEN t.kind = 'put' THEN e.active AND e.label IN (SELECT value FROM json_each(:allowed))
                AND EXISTS (SELECT 1 FROM json_each(t.shows) s, json_each(:allowed) a WHERE s.value = a.value)
                ELSE t.reason = 'retracted' AND t.before IN (SELECT value FROM json_each(:allowed)) END
            ORDER BY t.at, t.part LIMIT :limit"""
        return _rows(db, found, named)

    def _sql(self, query: EventQuery) -> EventSql:
        return EventSql(query.keys(self._view.types), query.span(), self._allowed.as_json())

    def _about(self, db: sqlite3.Connection, source: str, event_id: str) -> list[Json]:
        sql = EventSql([[f"a:{source} {event_id}"]], EventQuery().span(), self._allowed.as_json())
        named = {**sql.parameters(), "after": 0, "reached": position_in(db, self._view.name), "limit": 1000}
        found = _EVENTS.format(sql.positions(), "e.position")
        return [self._event(row) for row in _rows(db, found, named)]

    def _message(self, row: sqlite3.Row, position: int, part: int, turn: sqlite3.Row | None) -> FeedMessage:
        gone = turn is not None and turn["kind"] == "drop"
        return FeedMessage(
            kind="withdrawn" if gone else "changed" if turn else "event",
            position=Position(position),
            part=part,
            source=f"{SOURCE_PREFIX}{row['publisher']}",
            id=row["id"],
            type=row["type"],
            reason=None if turn is None else str(turn["reason"]),
            event=None if gone else self._event(row),
            touches=tuple(ref for ref, label in orjson.loads(row["refs"]) if label in self._allowed),
            countries=tuple(orjson.loads(row["countries"])),
            recorded=row["recorded"],
        )

    def _event(self, row: sqlite3.Row) -> Json:
        return self._view.stripped(row["body"], self._hidden(row))

    def _hidden(self, row: sqlite3.Row) -> frozenset[str]:
        if not row["levels"]:
            return frozenset()
        return frozenset(
            tlp for tlp, label in orjson.loads(row["levels"]).items() if label not in self._allowed
        )

    def _closed(self, row: sqlite3.Row) -> frozenset[str]:
        """Return the labels that hide a field of this event from these readers, whether it has one or not."""
        label = self._view.label(row["label"])
        return frozenset(tlp for tlp in TLP if not visible(self._allowed.reader, label.stricter(tlp)))


def _rows(db: sqlite3.Connection, query: str, values: Json) -> list[sqlite3.Row]:
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(query, values).fetchall()
