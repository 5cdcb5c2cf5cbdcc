"""Turns: what made an earlier event read differently, seen by which labels, and what was lost by it.

A turn must be the same when the log is folded again after an erasure. So what it tells of personal fields comes from
what the log keeps for ever (which fields there were, what was erased when); what needed their values is marked, and
goes when they go.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from events.event import Position, RecordedEvent
from events.seals import Seals, path_of, without
from projections.changes import Change
from projections.labels import Labels
from projections.marks import Marks, read_marks_tree
from projections.rule_compiler import stricter_tlp
from projections.rulings import PlacedEvents
from schemas.registry import Registry

Json = Any
Forms = set[tuple[int, int, bool]]
"""Label numbers of one form of an event before and after, 0 where there is none; whether a value had to be read."""

Shows = set[tuple[int, bool]]
"""Label numbers, one of which shows a difference; whether a personal value had to be read."""

UNMARKED = Marks()

SCHEMA = """
    CREATE TABLE IF NOT EXISTS timeline_turns(
        at INTEGER NOT NULL, position INTEGER NOT NULL, reason TEXT NOT NULL, before INTEGER NOT NULL,
        after INTEGER NOT NULL, forms TEXT NOT NULL, shows TEXT NOT NULL,
        PRIMARY KEY(at, position)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS timeline_turns_by_position ON timeline_turns(position);
"""

SEEN = "IN (SELECT value FROM json_each(:allowed))"
"""Condition that a label number is among those that a reader may see."""

_OLD, _NEW = "json_extract(f.value, '$[0]')", "json_extract(f.value, '$[1]')"

GONE = f"""(t.before {SEEN} AND (t.after NOT {SEEN} OR t.reason IN ('narrowed', 'erased') AND EXISTS (
        SELECT 1 FROM json_each(t.forms) f WHERE {_OLD} {SEEN} AND {_NEW} NOT {SEEN})))"""
"""Condition on a turn `t`: its reader lost the event, or a field of it."""

GAINED = f"""(t.before NOT {SEEN} OR EXISTS (
        SELECT 1 FROM json_each(t.forms) f WHERE {_OLD} NOT {SEEN} AND {_NEW} {SEEN}))"""
"""Condition on a turn `t`: its reader sees the event, or a field of it, that he did not see before."""

DIFFERS = f"""(e.status = 'active' AND e.label {SEEN} AND t.after {SEEN} AND (t.before NOT {SEEN}
        OR EXISTS (SELECT 1 FROM json_each(t.forms) f WHERE ({_OLD} {SEEN}) <> ({_NEW} {SEEN}))
        OR EXISTS (SELECT 1 FROM json_each(t.shows) f WHERE {_OLD} {SEEN})))"""
"""Condition on a turn `t` of an event `e`: its reader sees the event, and saw it differently before."""


class Past(NamedTuple):
    """How an event read until now."""

    label: int
    status: str
    erased: frozenset[str]
    data: Json


class Turns:
    """Works out turns, and files them."""

    def __init__(self, registry: Registry, labels: Labels, log: PlacedEvents) -> None:
        self._labels = labels
        self._log = log
        self._contracts = {stem: registry.contract(stem) for stem in registry.stems}
        self._marks = {stem: read_marks_tree(one.marks) for stem, one in self._contracts.items()}
        # What a correction says of such a field is sealed, whatever the type.
        self._personal = Seals(registry).personal

    def marks(self, stem: str) -> Marks:
        """Return the marks of a stem; none for what only the hub itself publishes."""
        return self._marks.get(stem, UNMARKED)

    def note(self, db: sqlite3.Connection, change: Change, past: Past, status: str) -> None:
        """File the turn that a change is, if anybody may be told of it.

        Args:
            db: of the views.
            change: of an event that was there before.
            past: how it read until now.
            status: that it has from now on.
        """
        is_erased = change.reason == "erased"
        # Whoever was told that it was retracted may have it still, and must hear that it was erased.
        is_told = past.status == "active" or (is_erased and past.status != "erased")
        before = past.label if is_told else 0
        stays = status == "active" or (is_erased and status != "erased")
        after = self._labels.intern(db, change.label) if stays else 0
        if before or after:
            forms: Forms = set()
            shows: Shows = set()
            if before and after:
                forms, shows = self._forms(db, change, past), self._shows(db, change, past)
            row = (change.at, change.event.position, change.reason, before, after, _list(forms), _list(shows))
            db.execute("INSERT INTO timeline_turns VALUES(?,?,?,?,?,?,?)", row)
        # A public edge lets go of what is closed to everybody: then nothing is erased that was not before.
        if is_erased and change.erased != past.erased:
            _forget_values(db, change.event.position)

    def _forms(self, db: sqlite3.Connection, change: Change, past: Past) -> Forms:
        event = change.event
        before, after = past.label, self._labels.intern(db, change.label)
        found: Forms = set()
        if before != after:
            levels, read = self.levels(event, change.erased, past.data, event.data)
            found |= self.pairs(db, (before, after), levels, is_read=False)
            found |= self.pairs(db, (before, after), read - levels, is_read=True)
        for pointer in change.erased - past.erased:
            found.add((self.number(db, before, self.level_at(event.stem, pointer)), 0, False))
        for pointer in past.erased - change.erased:
            found.add((0, self.number(db, after, self.level_at(event.stem, pointer)), False))
        return found

    def levels(
        self, event: RecordedEvent, erased: frozenset[str], *payloads: Json
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Return what the fields of an event demand, and what those do whose values must be read to tell.

        Args:
            event: as it reads now.
            erased: pointers of the fields that it has no more.
            payloads: all that it has read like.
        """
        marks = self.marks(event.stem)
        levels = {level for one in payloads for level in marks.levels(self.plain(event, one))}
        sealed = (self.level_at(event.stem, pointer) for pointer in event.sealed.keys() - erased)
        levels |= {level for level in sealed if level is not None}
        return frozenset(levels), frozenset(
            level for one in payloads if self.own(one) for level in marks.levels(self.own(one))
        )

    def pairs(
        self, db: sqlite3.Connection, labels: tuple[int, int], levels: Iterable[str], *, is_read: bool
    ) -> Forms:
        """Return the forms of an event at some levels, under two labels."""
        numbers = [[self.number(db, label, level) for label in labels] for level in levels]
        return {(old, new, is_read) for old, new in numbers if old != new}

    def _shows(self, db: sqlite3.Connection, change: Change, past: Past) -> Shows:
        event = change.event
        after = self._labels.intern(db, change.label)
        found = self.differing(db, after, event, (past.data, event.data))
        if self._labels.label(past.label).tlp != change.label.tlp:
            found.add((after, False))
        return found if change.reason != "erased" else {one for one in found if not one[1]}

    def differing(
        self, db: sqlite3.Connection, label: int, event: RecordedEvent, payloads: tuple[Json, Json]
    ) -> Shows:
        """Return the labels, one of which shows a difference between two payloads of an event."""
        marks = self.marks(event.stem)
        parts = {
            False: [self.plain(event, one) for one in payloads],
            True: [self.own(one) for one in payloads],
        }
        return {
            (self.number(db, label, level), is_read)
            for is_read, (old, new) in parts.items()
            for level in _differing(marks, old, new)
        }

    def plain(self, event: RecordedEvent, data: Json) -> Json:
        """Return a payload without everything that is sealed, or was brought by what is sealed."""
        left = without(data, [path_of(pointer) for pointer in sorted(event.sealed)])
        return {name: value for name, value in left.items() if name not in self._personal}

    def own(self, data: Json) -> Json:
        """Return the personal part of a payload."""
        return {name: value for name, value in data.items() if name in self._personal}

    def number(self, db: sqlite3.Connection, label: int, level: str | None) -> int:
        """Return the number of the label of a field."""
        return label if level is None else self._labels.raised(label, level)

    def level_at(self, stem: str, pointer: str) -> str | None:
        """Return what the field at a pointer demands; before what a correction brought stands its place."""
        place, _, rest = pointer.partition("/")
        if place:
            [correction] = self._log.at([Position(int(place))])
            pointer = str(correction.data["changes"][int(rest.split("/")[1])]["pointer"])
        return stricter_tlp(self._contracts[stem], pointer, inside=False)


def _differing(marks: Marks, old: Mapping[str, Json], new: Mapping[str, Json]) -> list[str | None]:
    """Return what one must be able to see to see a difference; None: the event."""
    if old == new:
        return []
    levels = marks.levels(old) | marks.levels(new)
    if marks.strip(old, levels) != marks.strip(new, levels):
        return [None]
    return [
        level
        for level in sorted(levels)
        if marks.strip(old, levels - {level}) != marks.strip(new, levels - {level})
    ]


def _forget_values(db: sqlite3.Connection, position: int) -> None:
    """Take out of the turns of an event what only values told that are erased now."""
    query = "SELECT at, reason, forms, shows FROM timeline_turns WHERE position = ?"
    for at, reason, forms, shows in db.execute(query, (position,)).fetchall():
        left = [_list(tuple(one) for one in orjson.loads(text) if not one[-1]) for text in (forms, shows)]
        if reason == "corrected" and left == ["[]", "[]"]:
            db.execute("DELETE FROM timeline_turns WHERE at = ? AND position = ?", (at, position))
        elif left != [forms, shows]:
            row = (*left, at, position)
            db.execute("UPDATE timeline_turns SET forms = ?, shows = ? WHERE at = ? AND position = ?", row)


def _list(found: Iterable[tuple[Json, ...]]) -> str:
    return orjson.dumps(sorted(found)).decode()
