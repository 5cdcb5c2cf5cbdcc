"""The timeline as one class of readers may see it."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

import orjson

from events.audience import FIELD_LEVELS, visible
from events.event import SOURCE_PREFIX, Position
from projections.amendments import STEWARDS
from projections.belonging import belonging_to
from projections.boards.tellings import Telling
from projections.claim_rows import ClaimRows
from projections.event_query import COLUMNS, EventPage, EventQuery, EventSql, Key
from projections.feed import FeedMessage, FeedPage, Kind, page_of
from projections.graph.query import NOW, Then
from projections.labels import Allowed
from projections.positions import position_in
from projections.stale import FLAG, is_stale
from projections.timeline import TimelineView
from projections.turns import DIFFERS, GAINED, GONE, SEEN

Json = Any


_GONE, _CHANGED = 2, 3
"""Parts of the messages of a turn, to be added to twice the position of the event."""

_WITHDRAWN = MappingProxyType({"quarantined": "retracted", "corrected": "narrowed", "released": "narrowed"})
"""What is told of a loss whose reason is none of those that the feed knows for it."""

_WHOLE = 2**62
"""Stands for part 0: all parts."""

_COLUMNS = f"""{COLUMNS}, e.status = 'active' AND EXISTS (
    SELECT 1 FROM timeline_stale k WHERE k.position = e.position AND {is_stale("k")}) AS is_stale"""

_EVENTS = f"SELECT {_COLUMNS} FROM timeline_events e WHERE e.position IN ({{}}) ORDER BY {{}}"


class TimelineSight:
    """Answers about events from the rows whose label its readers may see."""

    def __init__(self, view: TimelineView, allowed: Allowed) -> None:
        self._view = view
        self._allowed = allowed

    @property
    def claims(self) -> ClaimRows:
        """The events as claims of the graph."""
        return ClaimRows(self._view, self._allowed)

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
            query = f"SELECT {_COLUMNS} FROM timeline_events e WHERE e.id = :id AND e.publisher = :publisher"
            named = {"id": event_id, "publisher": source.removeprefix(SOURCE_PREFIX)}
            found = _rows(db, query, {**named, "allowed": self._allowed.as_json()})
            if not found or not source.startswith(SOURCE_PREFIX) or found[0]["label"] not in self._allowed:
                return None
            [row] = found
            about = self._about(db, source, event_id)
        recorded = self._view.recorded(row["position"])
        shown, closed = self._event(row), self._closed(row)
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
            rows = _rows(db, _EVENTS.format(wanted, "e.position"), asked)
        read = {row["position"]: self._telling(row) for row in rows}
        told: dict[str, list[Telling]] = {}
        for key, place in places:
            told.setdefault(key, []).append(read[place])
        return told

    def _telling(self, row: sqlite3.Row) -> Telling:
        flags = (FLAG,) if row["is_stale"] else ()
        return Telling(row["position"], row["recorded"], row["date"], self._event(row), flags)

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
                return FeedPage([], after, seen=after)
            events = self._active(db, query, after, reached, limit + 1)
            turns = self._turns(db, query, (after, part), reached, limit + 1)
            warnings = self._warnings(db, query, (after, part), reached, limit + 1)
        told = [
            self._message(row, (row["at"], 2 * row["position"] + _CHANGED), "changed", "corrected")
            for row in warnings
        ]
        told += [message for row in turns for message in self._told(row)]
        told += [self._message(row, (row["position"], 1), "event") for row in events]
        # Of what reads differently by itself and is flagged at once, the first reason is enough.
        behind = {(one.position, one.part): one for one in told}
        messages = [behind[place] for place in sorted(behind) if place > (after, part or _WHOLE)]
        return page_of(messages, limit, Position(max(reached, after)))

    def _active(
        self, db: sqlite3.Connection, query: EventQuery, after: int, reached: int, limit: int
    ) -> list[sqlite3.Row]:
        sql = self._sql(db, query)
        named = {**sql.parameters(), "after": after, "reached": reached, "limit": limit}
        found = _EVENTS.format(sql.positions(), "e.position")
        return _rows(db, found, named)

    def _turns(
        self, db: sqlite3.Connection, query: EventQuery, after: tuple[int, int], reached: int, limit: int
    ) -> list[sqlite3.Row]:
        """Return turns of which something is to be told behind a place."""
        sql = self._sql(db, query)
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
            SELECT {_COLUMNS}, t.at, t.reason, {GONE} {had} AS gone, {DIFFERS} {having} AS differs,
                {GAINED} AS gained, t.before, t.after
            FROM timeline_turns t CROSS JOIN timeline_events e ON e.position = t.position
            WHERE t.at >= :after AND t.at <= :reached {sql.in_span()})
            WHERE (gone AND (at, 2 * position + {_GONE}) > (:after, :part))
               OR (differs AND (at, 2 * position + {_CHANGED}) > (:after, :part))
            ORDER BY at, position LIMIT :limit"""
        return _rows(db, found, named)

    def _warnings(
        self, db: sqlite3.Connection, query: EventQuery, after: tuple[int, int], reached: int, limit: int
    ) -> list[sqlite3.Row]:
        """Return what got a flag, or lost it, behind a place."""
        sql = self._sql(db, query)
        named = {**sql.parameters(), "after": after[0], "part": after[1] or _WHOLE, "reached": reached}
        found = f"""SELECT {_COLUMNS}, w.at
            FROM timeline_warnings w CROSS JOIN timeline_events e ON e.position = w.position
            WHERE w.at >= :after AND w.at <= :reached AND (w.at, 2 * w.position + {_CHANGED}) > (:after, :part)
            {sql.shown()} AND w.label {SEEN} AND {is_stale("w", "_before")} <> {is_stale("w")}
            {" ".join(sql.having(0))} ORDER BY w.at, w.position LIMIT :limit"""
        return _rows(db, found, {**named, "limit": limit})

    def flagged(self, refs: Sequence[str]) -> frozenset[str]:
        """Return those references of which something that these readers see rests on facts that changed."""
        named = {"refs": orjson.dumps(list(refs)).decode(), "allowed": self._allowed.as_json()}
        query = f"""SELECT DISTINCT k.ref FROM timeline_stale k CROSS JOIN timeline_events e USING(position)
            WHERE k.ref IN (SELECT value FROM json_each(:refs)) AND e.status = 'active' AND e.label {SEEN}
            AND {is_stale("k")}"""
        with self._view.database.snapshot() as db:
            return frozenset(ref for (ref,) in db.execute(query, named))

    def _sql(self, db: sqlite3.Connection, query: EventQuery) -> EventSql:
        def keys(*, past: bool) -> list[list[Key]]:
            return query.keys(self._view.types, partial(belonging_to, db, allowed=allowed, past=past))

        allowed = self._allowed.numbers()
        former = keys(past=True)
        return EventSql(keys(past=False), query.span(), self._allowed.as_json(), former)

    def _about(self, db: sqlite3.Connection, source: str, event_id: str) -> list[Json]:
        sql = EventSql([[(f"a:{source} {event_id}", 0)]], EventQuery().span(), self._allowed.as_json())
        named = {**sql.parameters(), "after": 0, "reached": position_in(db, self._view.name), "limit": 1000}
        found = _EVENTS.format(sql.positions(), "e.position")
        return [self._event(row) for row in _rows(db, found, named)]

    def _told(self, turn: sqlite3.Row) -> Iterator[FeedMessage]:
        """Yield the messages of one turn: what was lost first, then how the event reads now.

        They come behind the event itself, which is part 1. Counting them would tell of those that are hidden.
        """
        reason = self._reason(turn)
        if turn["gone"]:
            yield self._message(turn, (turn["at"], 2 * turn["position"] + _GONE), "withdrawn", reason)
        if turn["differs"]:
            yield self._message(turn, (turn["at"], 2 * turn["position"] + _CHANGED), "changed", reason)

    def _reason(self, turn: sqlite3.Row) -> str:
        """Return why, as far as these readers see: that others lost something is not for them to know."""
        reason = str(turn["reason"])
        if turn["gone"]:
            # That its publisher is not believed any more is not for everybody to know either.
            return _WITHDRAWN.get(reason, reason)
        if not turn["gained"]:
            tlp = [self._view.label(turn[one]).tlp for one in ("before", "after")]
            return "corrected" if tlp[0] == tlp[1] else reason
        return "released"

    def _message(
        self, row: sqlite3.Row, place: tuple[int, int], kind: Kind, reason: str | None = None
    ) -> FeedMessage:
        return FeedMessage(
            kind=kind,
            position=Position(place[0]),
            part=place[1],
            source=f"{SOURCE_PREFIX}{row['publisher']}",
            id=row["id"],
            type=row["type"],
            reason=reason,
            event=None if kind == "withdrawn" else self._event(row),
            flags=(FLAG,) if row["is_stale"] and kind != "withdrawn" else (),
            touches=tuple(ref for ref, label, _ in orjson.loads(row["refs"]) if label in self._allowed),
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
        return frozenset(
            level for level in FIELD_LEVELS if not visible(self._allowed.reader, label.stricter(level))
        )


def _rows(db: sqlite3.Connection, query: str, values: Json) -> list[sqlite3.Row]:
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(query, values).fetchall()
