"""Which statements and actions rest on facts that read differently now, and who may know it.

Whoever could see a fact, and sees that it no longer reads as it was recorded, sees the flag on what he sees of that
which names it in `facts_from`; nobody else does. It goes again when every amendment of the fact was taken back.

What was said of somebody while he was judged to be the same as another rests on that judgement, too, without naming it.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from events.event import Position, RecordedEvent
from projections.amendments import LONG_AGO, NEVER, moment_of
from projections.changes import Change
from projections.rulings import PlacedEvents
from projections.turns import SEEN, Turns

Json = Any

FLAG = "STALE_FACT"

SCHEMA = """
    CREATE TABLE IF NOT EXISTS timeline_facts(
        fact TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(fact, position)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS timeline_facts_by_position ON timeline_facts(position);
    CREATE TABLE IF NOT EXISTS timeline_judged(
        judgement INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(judgement, position)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS timeline_judged_by_position ON timeline_judged(position);
    CREATE TABLE IF NOT EXISTS timeline_stale(
        position INTEGER PRIMARY KEY, ref TEXT, lost TEXT NOT NULL, shows TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS timeline_stale_by_ref ON timeline_stale(ref);
    CREATE TABLE IF NOT EXISTS timeline_warnings(
        at INTEGER NOT NULL, position INTEGER NOT NULL, label INTEGER NOT NULL, lost_before TEXT NOT NULL,
        shows_before TEXT NOT NULL, lost TEXT NOT NULL, shows TEXT NOT NULL,
        PRIMARY KEY(at, position)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS timeline_warnings_by_position ON timeline_warnings(position);
"""


def is_stale(row: str, when: str = "") -> str:
    """Return the condition that a reader knows a fact behind a row as it no longer is."""
    return f"""(EXISTS (SELECT 1 FROM json_each({row}.lost{when}) f WHERE json_extract(f.value, '$[0]') {SEEN}
        AND json_extract(f.value, '$[1]') NOT {SEEN})
        OR EXISTS (SELECT 1 FROM json_each({row}.shows{when}) f WHERE json_extract(f.value, '$[0]') {SEEN}))"""


_RESTING = ("action.proposed.", "statement.issued.")
"""Stems of what rests on facts."""

_JUDGES = "identity.judged."
_NEVER_JUDGED = ("place:", "standard:", "indicator:", "partner:")


class Named(NamedTuple):
    """What some changes may flag, or be flagged for.

    Args:
        facts: ids, among those of their events, that anything rests on.
        is_anybody_judged: whether anybody was judged to be the same as another.
    """

    facts: set[str]
    is_anybody_judged: bool


class Facts:
    """Follows which events rest on which others; files when they are flagged, as labels, for all readers at once.

    What is filed of one that rests on several facts is the union of what became of each: pairs of labels of which the
    reader sees the first and no longer the second, and labels that show another value. What needed a personal value
    bears the place of its fact, and goes when that is erased, as in `projections/turns.py`.
    """

    def __init__(self, turns: Turns, log: PlacedEvents) -> None:
        self._turns = turns
        self._log = log

    def named(self, db: sqlite3.Connection, changes: Sequence[Change]) -> Named:
        """Return what some changes may flag; to be asked once for all of them."""
        ids = orjson.dumps(sorted({change.event.id for change in changes})).decode()
        query = "SELECT DISTINCT fact FROM timeline_facts WHERE fact IN (SELECT value FROM json_each(?))"
        known = {fact for (fact,) in db.execute(query, (ids,))}
        query = "SELECT 1 FROM timeline_keys WHERE key = 't:identity.judged' LIMIT 1"
        is_judged = any(change.event.stem.startswith(_JUDGES) for change in changes)
        return Named(
            known.union(*(_facts_from(change.event) for change in changes)),
            is_judged or db.execute(query).fetchone() is not None,
        )

    def concern(self, change: Change, named: Named) -> bool:
        """Tell whether a first reading may flag anything, or be flagged."""
        event = change.event
        if named.is_anybody_judged and event.stem.startswith((_JUDGES, *_RESTING)):
            return True
        return event.id in named.facts or bool(_facts_from(event))

    def note(self, db: sqlite3.Connection, change: Change) -> None:
        """File what a change that was filed does to the flags."""
        event = change.event
        query = "SELECT position FROM timeline_facts WHERE fact = ? AND position <> ?"
        resting = {position for (position,) in db.execute(query, (event.id, event.position))}
        resting |= _judge(db, event)
        db.execute("DELETE FROM timeline_facts WHERE position = ?", (event.position,))
        db.executemany(
            "INSERT INTO timeline_facts VALUES(?,?)", [(fact, event.position) for fact in _facts_from(event)]
        )
        for position in sorted({event.position, *resting}):
            self._renew(db, position, change.at)
        if change.reason == "erased":
            for position in sorted(resting):
                _forget_values(db, position, event.position)

    def _renew(self, db: sqlite3.Connection, position: int, at: int) -> None:
        """Flag one event anew."""
        query = "SELECT lost, shows FROM timeline_stale WHERE position = ?"
        before = db.execute(query, (position,)).fetchone() or ("[]", "[]")
        after = self._state(db, position)
        if after == before:
            return
        query = "SELECT label, body FROM timeline_events WHERE position = ?"
        label, body = db.execute(query, (position,)).fetchone()
        db.execute("DELETE FROM timeline_stale WHERE position = ?", (position,))
        if after != ("[]", "[]"):
            ref = orjson.loads(body).get("subject")
            db.execute("INSERT INTO timeline_stale VALUES(?,?,?,?)", (position, ref, *after))
        if position < at:
            db.execute(
                """INSERT INTO timeline_warnings VALUES(?,?,?,?,?,?,?) ON CONFLICT(at, position)
                DO UPDATE SET label = excluded.label, lost = excluded.lost, shows = excluded.shows""",
                (at, position, label, *before, *after),
            )

    def _state(self, db: sqlite3.Connection, position: int) -> tuple[str, str]:
        """Return what became of the facts on which an event rests."""
        columns = "e.position, e.label, e.status, e.past, e.erased, e.body"
        query = f"""SELECT {columns} FROM timeline_facts f CROSS JOIN timeline_events e ON e.id = f.fact
            WHERE f.position = ?1 AND e.position <> f.position
            UNION SELECT {columns} FROM timeline_judged j CROSS JOIN timeline_events e ON e.position = j.judgement
            WHERE j.position = ?1"""
        lost: set[tuple[int, ...]] = set()
        shows: set[tuple[int, ...]] = set()
        for place, label, status, past, erased, body in db.execute(query, (position,)).fetchall():
            labels = [*orjson.loads(past), label]
            if status == "active":
                gone, differing = self._became(db, place, labels, (orjson.loads(erased), orjson.loads(body)))
                lost |= gone
                shows |= differing
            else:
                lost |= {(one, 0) for one in labels}
        return _list(lost), _list(shows)

    def _became(
        self, db: sqlite3.Connection, place: int, labels: Sequence[int], now: tuple[list[str], Json]
    ) -> tuple[set[tuple[int, ...]], set[tuple[int, ...]]]:
        """Return what became of a fact that still stands.

        Args:
            db: of the views.
            place: of the fact.
            labels: that it bore, the present one last.
            now: pointers of what was erased of it, and how it reads.
        """
        (erased, shown), turns, label = now, self._turns, labels[-1]
        [recorded] = self._log.at([Position(place)])
        levels, read = turns.levels(recorded, frozenset(erased), recorded.data, shown["data"])
        lost: set[tuple[int, ...]] = set()
        for one in labels:
            lost |= {(one, label)} if one != label else set()
            lost |= {pair[:2] for pair in turns.pairs(db, (one, label), levels, is_read=False)}
            lost |= {
                (*pair[:2], place) for pair in turns.pairs(db, (one, label), read - levels, is_read=True)
            }
            lost |= {(turns.number(db, one, turns.level_at(recorded.stem, each)), 0) for each in erased}
        differing = turns.differing(db, label, recorded, (recorded.data, shown["data"]))
        shows: set[tuple[int, ...]] = {(number,) for number, is_read in differing if not is_read}
        if not erased:
            shows |= {(number, place) for number, is_read in differing if is_read}
        if recorded.envelope.get("tlp") != shown.get("tlp"):
            shows.add((label,))
        return lost, shows


def _judge(db: sqlite3.Connection, event: RecordedEvent) -> set[int]:
    """File which judgements an event rests on, or what rests on it if it is one; return what rests or rested on it."""
    if event.stem.startswith(_JUDGES):
        query = "SELECT position FROM timeline_judged WHERE judgement = ?"
        before = {position for (position,) in db.execute(query, (event.position,))}
        after = {place for place in _touching(db, event, _RESTING) if _rests(db, place, event.position)}
        db.execute("DELETE FROM timeline_judged WHERE judgement = ?", (event.position,))
        rows: list[tuple[int, int]] = [(event.position, place) for place in after]
    elif event.stem.startswith(_RESTING):
        before, after = set(), set()
        db.execute("DELETE FROM timeline_judged WHERE position = ?", (event.position,))
        found = _touching(db, event, (_JUDGES,))
        rows = [(place, event.position) for place in found if _rests(db, event.position, place)]
    else:
        return set()
    db.executemany("INSERT INTO timeline_judged VALUES(?,?)", rows)
    return before | after


def _touching(db: sqlite3.Connection, event: RecordedEvent, stems: Sequence[str]) -> list[int]:
    """Return the events of some types that speak of whom an event speaks of, both openly, in order."""
    refs = db.execute("SELECT refs FROM timeline_events WHERE position = ?", (event.position,)).fetchone()[0]
    named = [
        f"r:{ref}" for ref, _, is_open in orjson.loads(refs) if is_open and not ref.startswith(_NEVER_JUDGED)
    ]
    query = """SELECT t.position FROM timeline_keys t WHERE t.key IN (SELECT value FROM json_each(?))
        AND EXISTS (SELECT 1 FROM timeline_keys k WHERE k.position = t.position AND k.open
            AND k.key IN (SELECT value FROM json_each(?))) ORDER BY t.position"""
    types = orjson.dumps([f"t:{stem.rstrip('.')}" for stem in stems]).decode()
    return [position for (position,) in db.execute(query, (types, orjson.dumps(named).decode()))]


def _rests(db: sqlite3.Connection, position: int, judgement: int) -> bool:
    """Tell whether an event was asserted while a judgement stood that two are the same, in whatever order both came."""
    said, judged = (_envelope(db, place) for place in (position, judgement))
    if judged["data"].get("judgement") != "same":
        return False
    query = """SELECT e.body FROM timeline_keys k JOIN timeline_events e USING(position)
        WHERE k.key = ? AND e.type = 'record.retracted' AND e.status = 'active'"""
    named = f"a:{judged['source']} {judged['id']}"
    ends = [_moment(orjson.loads(body), NEVER) for (body,) in db.execute(query, (named,))]
    return _moment(judged, LONG_AGO) <= _moment(said, LONG_AGO) < min(ends, default=NEVER)


def _envelope(db: sqlite3.Connection, position: int) -> Json:
    query = "SELECT body FROM timeline_events WHERE position = ?"
    return orjson.loads(db.execute(query, (position,)).fetchone()[0])


def _moment(envelope: Json, default: int) -> int:
    moment = moment_of(envelope.get("time"))
    return default if moment is None else moment


def _facts_from(event: RecordedEvent) -> list[str]:
    found = event.data.get("facts_from")
    return sorted({one for one in found if isinstance(one, str)}) if isinstance(found, list) else []


def _forget_values(db: sqlite3.Connection, position: int, fact: int) -> None:
    """Take out of the warnings about one event what only values of a fact told that are erased now."""
    query = """SELECT at, lost_before, shows_before, lost, shows FROM timeline_warnings WHERE position = ?"""
    for at, *texts in db.execute(query, (position,)).fetchall():
        left = [
            _list(tuple(one) for one in orjson.loads(text) if len(one) == size or one[-1] != fact)
            for text, size in zip(texts, (2, 1, 2, 1), strict=True)
        ]
        if left[:2] == left[2:]:
            db.execute("DELETE FROM timeline_warnings WHERE at = ? AND position = ?", (at, position))
        elif left != texts:
            columns = "lost_before = ?, shows_before = ?, lost = ?, shows = ?"
            query = f"UPDATE timeline_warnings SET {columns} WHERE at = ? AND position = ?"
            db.execute(query, (*left, at, position))


def _list(found: Iterable[tuple[int, ...]]) -> str:
    return orjson.dumps(sorted(found)).decode()
