"""The live edge: what the log brought behind a place, read once for all classes of readers.

Rows of all labels: nothing in here is for anybody to see. `projections/edge_sight.py` makes of it what one class of
readers is told.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple

import orjson

from events.event import Position
from projections.belonging import MOST_STEPS
from projections.feed import FeedMessage, Kind
from projections.feed_messages import COLUMNS, Form, Place, Row, message_of, row_of
from projections.labels import Allowed
from projections.positions import position_in
from projections.timeline import TimelineView
from schemas.globs import is_of

Json = Any

MOST_TURNS = 64
"""Turns and warnings that are decided in memory; where there are more, everybody reads pages."""

Pairs = Sequence[tuple[int, ...]]
"""Label numbers, as `projections/stale.py` and `projections/turns.py` file them."""

_WIDTH = len(Row._fields)
_IN = "IN (SELECT value FROM json_each(?))"


class Key(NamedTuple):
    """How an event bears a key: under which label, and whether that is the event's own."""

    label: int
    is_open: bool


class Link(NamedTuple):
    """That a thing belongs to a parent, as one event says."""

    parent: str
    label: int
    since: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class FiledTurn:
    """A turn, as it is filed for all readers."""

    row: Row
    at: int
    reason: str
    before: int
    after: int
    forms: Pairs
    shows: Pairs


@dataclass(frozen=True, slots=True)
class FiledWarning:
    """That an event got a flag or lost it, as it is filed for all readers."""

    row: Row
    at: int
    label: int
    before: tuple[Pairs, Pairs]
    after: tuple[Pairs, Pairs]


@dataclass(slots=True)
class Edge:
    """What the log brought behind `after`, up to `reached`.

    Args:
        after: a place of which everything was told.
        reached: how far this goes.
        seen: how far the log went when it was read.
        events: first readings, in order, as they read now.
        turns: what made earlier events read differently.
        warnings: what flagged earlier events, or took the flag.
        keys: of each of these events.
        links: by child, what the things belong to that these events name.
        stale: what the facts behind an event have lost and show differently.
        kept: what was decided already, by class of readers.
    """

    after: Position
    reached: Position
    seen: Position
    events: Sequence[Row] = ()
    turns: Sequence[FiledTurn] = ()
    warnings: Sequence[FiledWarning] = ()
    keys: Mapping[int, Mapping[str, Key]] = field(default_factory=dict)
    links: Mapping[str, Sequence[Link]] = field(default_factory=dict)
    stale: Mapping[int, tuple[Pairs, Pairs]] = field(default_factory=dict)
    kept: dict[Allowed, Json] = field(default_factory=dict)
    _messages: dict[tuple[Json, ...], FeedMessage] = field(default_factory=dict)
    _types: dict[tuple[str, tuple[str, ...]], bool] = field(default_factory=dict)

    def message(
        self, view: TimelineView, row: Row, place: Place, told: tuple[Kind, str | None], form: Form
    ) -> FeedMessage:
        """Return a message, one object for all to whom it looks the same."""
        key = (row.position, place, told, form)
        found = self._messages.get(key)
        if found is None:
            found = self._messages[key] = message_of(view, row, place, told, form)
        return found

    def is_of(self, name: str, globs: tuple[str, ...]) -> bool:
        """Tell whether the name of a type fits any of some globs."""
        found = self._types.get((name, globs))
        if found is None:
            found = self._types[name, globs] = is_of(name, globs)
        return found


class EdgeReader:
    """Reads edges off the timeline."""

    def __init__(self, view: TimelineView) -> None:
        self._view = view

    def read(self, after: Position, head: Position, limit: int, size: int) -> Edge | None:
        """Read what is behind a place of which everything was told; None if too much reads differently since.

        Args:
            after: that place.
            head: nothing beyond it is read.
            limit: of events.
            size: of their bodies together; at least one event is read.
        """
        with self._view.database.snapshot() as db:
            seen = Position(max(after, min(head, position_in(db, self._view.name))))
            events = self._events(db, after, seen, limit + 1)
            sizes = accumulate(len(one.body) for one in events)
            fitting = sum(whole <= size for whole in sizes) or 1
            shown = events[: min(limit, fitting)]
            reached = seen if len(shown) == len(events) else Position(shown[-1].position)
            turns, warnings = _turns(db, after, reached), _warnings(db, after, reached)
            if len(turns) > MOST_TURNS or len(warnings) > MOST_TURNS:
                return None
            rows = [*shown, *(one.row for one in turns), *(one.row for one in warnings)]
            return Edge(
                after, reached, seen, shown, turns, warnings,
                keys=self._keys(db, rows),
                links=_links(db, {ref for row in rows for ref, _, _ in row.refs}),
                stale=_stale(db, rows),
            )  # fmt: skip

    def _events(self, db: sqlite3.Connection, after: int, reached: int, limit: int) -> list[Row]:
        query = f"""SELECT {COLUMNS} FROM timeline_events e WHERE e.position > ? AND e.position <= ?
            ORDER BY e.position LIMIT ?"""
        return [row_of(one) for one in db.execute(query, (after, reached, limit))]

    def _keys(self, db: sqlite3.Connection, rows: Sequence[Row]) -> dict[int, dict[str, Key]]:
        """Return the keys of some events as they are filed."""
        wanted = {row.position: self._possible(row) for row in rows}
        asked = [[key, position] for position, keys in wanted.items() for key in keys]
        query = """SELECT x.position, x.key, x.label, x.open FROM json_each(?) w CROSS JOIN timeline_keys x
            ON x.key = json_extract(w.value, '$[0]') AND x.position = json_extract(w.value, '$[1]')"""
        found: dict[int, dict[str, Key]] = {position: {} for position in wanted}
        for position, key, label, is_open in db.execute(query, (orjson.dumps(asked).decode(),)):
            found[position][key] = Key(label, bool(is_open))
        return found

    def _possible(self, row: Row) -> list[str]:
        """Return the keys that an event may have by which somebody may ask for it."""
        own = [f"t:{row.type}", f"p:{row.publisher}", *(f"u:{code}" for code in self._view.urgencies)]
        return [*own, *(f"c:{code}" for code in row.countries), *(f"r:{ref}" for ref, _, _ in row.refs)]


def _turns(db: sqlite3.Connection, after: int, reached: int) -> list[FiledTurn]:
    query = f"""SELECT {COLUMNS}, t.at, t.reason, t.before, t.after, t.forms, t.shows
        FROM timeline_turns t CROSS JOIN timeline_events e ON e.position = t.position
        WHERE t.at > ? AND t.at <= ? ORDER BY t.at, t.position LIMIT ?"""
    found = []
    for columns in db.execute(query, (after, reached, MOST_TURNS + 1)):
        at, reason, before, after_it, forms, shows = columns[_WIDTH:]
        row = row_of(columns[:_WIDTH])
        found.append(FiledTurn(row, at, reason, before, after_it, _pairs(forms), _pairs(shows)))
    return found


def _warnings(db: sqlite3.Connection, after: int, reached: int) -> list[FiledWarning]:
    query = f"""SELECT {COLUMNS}, w.at, w.label, w.lost_before, w.shows_before, w.lost, w.shows
        FROM timeline_warnings w CROSS JOIN timeline_events e ON e.position = w.position
        WHERE w.at > ? AND w.at <= ? ORDER BY w.at, w.position LIMIT ?"""
    found = []
    for columns in db.execute(query, (after, reached, MOST_TURNS + 1)):
        at, label, *pairs = columns[_WIDTH:]
        lost_before, shows_before, lost, shows = map(_pairs, pairs)
        row = row_of(columns[:_WIDTH])
        found.append(FiledWarning(row, at, label, (lost_before, shows_before), (lost, shows)))
    return found


def _stale(db: sqlite3.Connection, rows: Sequence[Row]) -> dict[int, tuple[Pairs, Pairs]]:
    query = f"SELECT position, lost, shows FROM timeline_stale WHERE position {_IN}"
    places = orjson.dumps(sorted({row.position for row in rows})).decode()
    return {place: (_pairs(lost), _pairs(shows)) for place, lost, shows in db.execute(query, (places,))}


def _links(db: sqlite3.Connection, refs: set[str]) -> dict[str, list[Link]]:
    """Return what things belong to, what that belongs to, and so on, as far as it counts."""
    query = f"SELECT child, parent, label, since, active FROM timeline_links WHERE child {_IN}"
    found: dict[str, list[Link]] = {}
    fresh, steps = refs, 0
    while fresh and steps < MOST_STEPS:
        steps += 1
        parents: set[str] = set()
        for child, parent, label, since, is_active in db.execute(
            query, (orjson.dumps(sorted(fresh)).decode(),)
        ):
            found.setdefault(child, []).append(Link(parent, label, since, bool(is_active)))
            parents.add(parent)
        fresh = parents - found.keys()
    return found


def _pairs(text: str) -> Pairs:
    found: Pairs = orjson.loads(text)
    return found
