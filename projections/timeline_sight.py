"""The timeline as one class of readers may see it."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

import orjson

from events.audience import FIELD_LEVELS, visible
from events.event import SOURCE_PREFIX, Position
from projections.amendments import STEWARDS
from projections.boards.tellings import Telling
from projections.claim_rows import ClaimRows
from projections.edge_sight import EdgeSight
from projections.event_query import COLUMNS, EventPage, EventQuery, EventSql
from projections.event_rows import EVENTS, IS_STALE, EventRows, rows_of
from projections.feed import FeedPage
from projections.feed_edge import Edge
from projections.feed_sight import FeedSight
from projections.graph.query import NOW, Then
from projections.labels import Allowed
from projections.paging import further
from projections.places import counts_by_country
from projections.positions import position_in
from projections.stale import FLAG, is_stale
from projections.timeline import TimelineView
from projections.turns import SEEN

Json = Any


class TimelineSight:
    """Answers about events from the rows whose label its readers may see."""

    def __init__(self, view: TimelineView, allowed: Allowed) -> None:
        self._view = view
        self._allowed = allowed
        self._rows = EventRows(view, allowed)
        self._feed = FeedSight(view, allowed)
        self._edge = EdgeSight(view, allowed)

    @property
    def claims(self) -> ClaimRows:
        """The events as claims of the graph."""
        return ClaimRows(self._view, self._allowed)

    def events(self, query: EventQuery) -> EventPage:
        """Return the active events that fit, at most `query.limit`."""
        with self._view.database.snapshot() as db:
            rows = self._rows.active(
                db, query, query.after, position_in(db, self._view.name), query.limit + 1
            )
        shown = rows[: query.limit]
        further = Position(shown[-1]["position"]) if len(rows) > query.limit else None
        return EventPage(
            [self._rows.event(row) for row in shown], [row["position"] for row in shown], further
        )

    def by_country(self, query: EventQuery, codes: Sequence[str]) -> dict[str, int]:
        """Return how many active events that fit name each country."""
        return counts_by_country(self._view, self._allowed, query, codes)

    def event(self, source: str, event_id: str) -> Json | None:
        """Return one event with what was said about it; None if there is none for these readers.

        `digest` is of what these readers see of the event as recorded: one of all of it, or its absence, would
        tell something of what is hidden.
        """
        with self._view.database.snapshot() as db:
            query = f"SELECT {COLUMNS}, {IS_STALE} FROM timeline_events e WHERE e.id = :id AND e.publisher = :publisher"
            named = {"id": event_id, "publisher": source.removeprefix(SOURCE_PREFIX)}
            found = rows_of(db, query, {**named, "allowed": self._allowed.as_json()})
            if not found or not source.startswith(SOURCE_PREFIX) or found[0]["label"] not in self._allowed:
                return None
            [row] = found
            about = self._about(db, source, event_id)
        recorded = self._view.recorded(row["position"])
        shown, closed = self._rows.event(row), self._closed(row)
        answer = {
            "event": shown,
            "corrections": [
                one for one in about if one["type"] == "record.corrected" and one["source"] == source
            ],
            "assessments": [one for one in about if one["type"] == "claim.assessed"],
            "status": row["status"],
            "recorded": row["recorded"],
            "digest": self._view.digest(recorded, closed, is_erased=row["status"] == "erased"),
        }
        signature = self._view.signature(recorded, shown, closed)
        if signature is not None:
            answer["signature"] = signature
        if row["is_stale"]:
            answer["flags"] = [FLAG]
        if row["status"] == "retracted":
            notices = (one for one in about if one["type"] == "record.retracted")
            answer["retraction"] = next((one for one in notices if one["source"] in (source, STEWARDS)), None)
        return answer

    def evidence(self, source: str, event_id: str) -> tuple[Position, Json] | None:
        """Return where the log has an event, and the event as it reads; None if there is none for these readers."""
        query = f"SELECT {COLUMNS} FROM timeline_events e WHERE e.id = :id AND e.publisher = :publisher"
        named = {"id": event_id, "publisher": source.removeprefix(SOURCE_PREFIX)}
        with self._view.database.snapshot() as db:
            found = rows_of(db, query, {**named, "allowed": self._allowed.as_json()})
        if not found or not source.startswith(SOURCE_PREFIX) or found[0]["label"] not in self._allowed:
            return None
        return Position(found[0]["position"]), self._rows.event(found[0])

    def told(
        self, keys: Collection[str], types: Collection[str] = (), then: Then = NOW
    ) -> dict[str, list[Telling]]:
        """Return the active events behind some keys, each key's in order of recording; keys without any are left out.

        Args:
            keys: as the timeline files them: `r:REF`, `t:TYPE`, `a:SOURCE ID`.
            types: only events of these; none: all.
            then: leave out what was recorded, or happened, later.
        """
        last = "~" if then.days is None or then.days[1] is None else f"{then.days[1]}~"
        named = {
            "keys": orjson.dumps(sorted(keys)).decode(),
            "types": orjson.dumps(sorted(types)).decode(),
            "allowed": self._allowed.as_json(),
            "reached": 2**62 if then.upto is None else then.upto,
            "last": last,
        }
        of_types = "AND e.type IN (SELECT value FROM json_each(:types))" if types else ""
        with self._view.database.snapshot() as db:
            found = f"""SELECT k.key, e.position FROM json_each(:keys) w
                CROSS JOIN timeline_keys k ON k.key = w.value
                CROSS JOIN timeline_events e ON e.position = k.position
                WHERE k.label {SEEN} AND e.label {SEEN} AND e.status = 'active' AND e.position <= :reached
                AND e.world < :last {of_types} ORDER BY k.key, e.position"""
            places = db.execute(found, named).fetchall()
            wanted = "SELECT value FROM json_each(:places)"
            asked = {**named, "places": orjson.dumps(sorted({place for _, place in places})).decode()}
            rows = rows_of(db, EVENTS.format(wanted, "e.position"), asked)
        read = {row["position"]: self._telling(row) for row in rows}
        told: dict[str, list[Telling]] = {}
        for key, place in places:
            told.setdefault(key, []).append(read[place])
        return told

    def named(self, ids: Collection[str]) -> list[tuple[str, Telling]]:
        """Return the events of some ids, whoever published them, each with its status: also what is retracted.

        Args:
            ids: without sources.
        """
        wanted = f"""SELECT e.position FROM json_each(:ids) w CROSS JOIN timeline_events e ON e.id = w.value
            WHERE e.label {SEEN}"""
        named = {"ids": orjson.dumps(sorted(ids)).decode(), "allowed": self._allowed.as_json()}
        with self._view.database.snapshot() as db:
            rows = rows_of(db, EVENTS.format(wanted, "e.position"), named)
        return [(row["status"], self._telling(row)) for row in rows]

    def _telling(self, row: sqlite3.Row) -> Telling:
        flags = (FLAG,) if row["is_stale"] else ()
        return Telling(row["position"], row["recorded"], row["date"], self._rows.event(row), flags)

    def place_on(self, day: str) -> int:
        """Return the last place of the log that was recorded up to the end of a day (UTC); 0 before the first.

        Whose event lies there makes no difference: places are only compared with those of visible events.
        """
        after = (date.fromisoformat(day) + timedelta(days=1)).isoformat() if day < "9999-12-31" else "~"
        query = "SELECT max(position) FROM timeline_events WHERE recorded < ?"
        with self._view.database.snapshot() as db:
            return db.execute(query, (after,)).fetchone()[0] or 0

    def timeline(
        self, refs: Sequence[str], order: str = "world", limit: int = 200, offset: int = 0, then: Then = NOW
    ) -> Json | None:
        """Return a page of the active events about a thing; None if there is none for these readers.

        Args:
            refs: its reference, and others that are read as the same.
            order: `world`: by when it happened, so that the order of arrival does not matter; `log`: as
                recorded.
            limit: of events on the page.
            offset: events to leave out before it.
            then: leave out what was recorded, or happened, later.
        """
        by = "e.world, e.date, e.publisher, e.id" if order == "world" else "e.position"
        with self._view.database.snapshot() as db:
            sql = EventSql([[(f"r:{ref}", 0) for ref in refs]], EventQuery().span(), self._allowed.as_json())
            where = f"FROM timeline_events e WHERE e.position IN ({sql.positions()}) AND e.world < :last"
            reached = position_in(db, self._view.name) if then.upto is None else then.upto
            last = "~" if then.days is None or then.days[1] is None else f"{then.days[1]}~"
            named = {**sql.parameters(), "after": 0, "reached": reached, "limit": -1, "last": last}
            (total,) = db.execute(f"SELECT count(*) {where}", named).fetchone()
            page = {**named, "page": limit, "offset": offset}
            chosen = f"SELECT e.position {where} ORDER BY {by} LIMIT :page OFFSET :offset"
            found = EVENTS.format(chosen, by)
            rows = rows_of(db, found, page)
        if not total:
            return None
        items = [
            {"when": row["date"], "recorded": row["recorded"], "event": self._rows.event(row)} for row in rows
        ]
        return {"items": items, "total": total, "next": further(offset, len(items), total)}

    def feed(self, after: Position, part: int, query: EventQuery, limit: int, head: Position) -> FeedPage:
        """Return what these readers are told behind `(after, part)`.

        Args:
            after: position.
            part: of its messages, up to which all was told; 0 for all of them.
            query: its filters count; its `after` and `limit` do not.
            limit: of messages; at least 1.
            head: position that every view has reached; nothing beyond it is told.
        """
        return self._feed.feed(after, part, query, limit, head)

    def at_edge(self, edge: Edge, query: EventQuery) -> FeedPage:
        """Return what these readers are told of what was read for all at once: the same as `feed` says."""
        return self._edge.page(edge, query)

    def flagged(self, refs: Sequence[str]) -> frozenset[str]:
        """Return those references of which something that these readers see rests on facts that changed."""
        named = {"refs": orjson.dumps(list(refs)).decode(), "allowed": self._allowed.as_json()}
        query = f"""SELECT DISTINCT k.ref FROM timeline_stale k CROSS JOIN timeline_events e USING(position)
            WHERE k.ref IN (SELECT value FROM json_each(:refs)) AND e.status = 'active' AND e.label {SEEN}
            AND {is_stale("k")}"""
        with self._view.database.snapshot() as db:
            return frozenset(ref for (ref,) in db.execute(query, named))

    def stale(self) -> frozenset[str]:
        """Return every reference of which something that these readers see rests on facts that changed."""
        named = {"allowed": self._allowed.as_json()}
        query = f"""SELECT DISTINCT k.ref FROM timeline_stale k CROSS JOIN timeline_events e USING(position)
            WHERE k.ref IS NOT NULL AND e.status = 'active' AND e.label {SEEN} AND {is_stale("k")}"""
        with self._view.database.snapshot() as db:
            return frozenset(ref for (ref,) in db.execute(query, named))

    def published(self) -> dict[str, int]:
        """Return how many events of each publisher these readers see or saw retracted, by slug."""
        query = f"""SELECT publisher, count(*) FROM timeline_events
            WHERE status IN ('active', 'retracted') AND label {SEEN} GROUP BY publisher"""
        with self._view.database.snapshot() as db:
            return dict(db.execute(query, {"allowed": self._allowed.as_json()}).fetchall())

    def reached(self) -> int:
        """Return up to which place of the log the events are filed; for comparing only."""
        with self._view.database.snapshot() as db:
            return position_in(db, self._view.name)

    def _about(self, db: sqlite3.Connection, source: str, event_id: str) -> list[Json]:
        sql = EventSql([[(f"a:{source} {event_id}", 0)]], EventQuery().span(), self._allowed.as_json())
        named = {**sql.parameters(), "after": 0, "reached": position_in(db, self._view.name), "limit": 1000}
        found = EVENTS.format(sql.positions(), "e.position")
        return [self._rows.event(row) for row in rows_of(db, found, named)]

    def _closed(self, row: sqlite3.Row) -> frozenset[str]:
        """Return the labels that hide a field of this event from these readers, whether it has one or not."""
        label = self._view.label(row["label"])
        return frozenset(
            level for level in FIELD_LEVELS if not visible(self._allowed.reader, label.stricter(level))
        )
