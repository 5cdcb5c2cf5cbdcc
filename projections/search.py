"""Full text over what a reader may see: SQLite FTS5, any script.

No ranking by bm25: it weighs words by how often all documents hold them, the hidden ones too. Every hit
holds all that was asked for; newer events come first.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from events.audience import FIELD_LEVELS
from events.event import SOURCE_PREFIX
from projections.changes import Change
from projections.database import Database
from projections.labels import Allowed, Labels
from projections.marks import Marks, read_marks_tree
from projections.words import TOKENIZER, fold, phrases, snippet, texts
from schemas.registry import Registry

Json = Any

_FORMS = 16
"""Rows that one position may have; the position times this, plus the rank of the label, is a row's number."""


class _Form(NamedTuple):
    """What one event says to those who may see one label of it."""

    no: int
    label: int
    text: str


class SearchView:
    """Indexes an event as all its readers see it, and once more per stricter label of its fields."""

    name = "search"
    VERSION = 1
    schema = f"""
    CREATE TABLE IF NOT EXISTS search_events(
        position INTEGER PRIMARY KEY, publisher TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
        ref TEXT, recorded TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS search_rows(
        no INTEGER PRIMARY KEY, position INTEGER NOT NULL, base INTEGER NOT NULL, label INTEGER NOT NULL,
        kind TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS search_texts(no INTEGER PRIMARY KEY, text TEXT NOT NULL);
    CREATE VIRTUAL TABLE IF NOT EXISTS search_index USING fts5(words, content='', tokenize="{TOKENIZER}");
    """

    def __init__(self, registry: Registry, labels: Labels, database: Database) -> None:
        self.database = database
        self._labels = labels
        self._marks = {stem: read_marks_tree(registry.contract(stem).marks) for stem in registry.stems}

    def load(self, db: sqlite3.Connection) -> None:
        """Do nothing: all of it lies in the tables."""

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """Index what is new; of what reads differently or is dropped, forget the old words first."""
        latest = {change.event.position: change for change in changes}
        known = [change.event.position for change in changes if change.before is not None]
        for position in dict.fromkeys(known):
            _forget(db, position)
        _file(db, [self._entry(db, change) for change in latest.values() if change.kind == "put"])

    def scrub(self, db: sqlite3.Connection) -> None:
        """Merge the index into one piece: until then it remembers the words of what it has forgotten."""
        db.execute("INSERT INTO search_index(search_index) VALUES('optimize')")

    def _entry(self, db: sqlite3.Connection, change: Change) -> "_Entry":
        event, label = change.event, change.label
        base = self._labels.intern(db, label)
        said = texts(event.data, self._marks.get(event.stem, _UNMARKED))
        case = event.envelope.get("correlationid")
        plain = said.pop(None) if case is None else [str(case), *said.pop(None)]
        stricter: list[tuple[int, int, list[str]]] = []
        for audience, own in said.items():
            if own:
                # A form of its own though its label be the same: else a snippet would tell what decides about it.
                number = self._labels.raised(base, str(audience))
                stricter.append((FIELD_LEVELS.index(str(audience)), number, own))
        first = event.position * _FORMS
        forms = [_Form(first, base, "\n".join(plain))]
        forms += [
            _Form(first + rank, number, "\n".join((*plain, *own))) for rank, number, own in sorted(stricter)
        ]
        ref = event.envelope.get("subject")
        about = (event.position, event.publisher, event.id, str(event.envelope.get("type", "")), ref)
        return _Entry(
            (*about, str(event.envelope.get("recordedtime", ""))), base, str(ref).partition(":")[0], forms
        )


class _Entry(NamedTuple):
    """All rows of one event."""

    about: tuple[Json, ...]
    base: int
    kind: str
    forms: list[_Form]

    def rows(self) -> Iterator[tuple[Json, ...]]:
        """Yield the rows of `search_rows`."""
        for form in self.forms:
            yield form.no, self.about[0], self.base, form.label, self.kind


_UNMARKED = Marks()


def _forget(db: sqlite3.Connection, position: int) -> None:
    span = (position * _FORMS, position * _FORMS + _FORMS)
    gone = db.execute("SELECT no, text FROM search_texts WHERE no >= ? AND no < ?", span).fetchall()
    db.executemany(
        "INSERT INTO search_index(search_index, rowid, words) VALUES('delete', ?, ?)",
        [(no, fold(text)) for no, text in gone],
    )
    for table in ("search_texts", "search_rows"):
        db.execute(f"DELETE FROM {table} WHERE no >= ? AND no < ?", span)
    db.execute("DELETE FROM search_events WHERE position = ?", (position,))


def _file(db: sqlite3.Connection, entries: Sequence[_Entry]) -> None:
    forms = [form for entry in entries for form in entry.forms]
    db.executemany("INSERT INTO search_events VALUES(?,?,?,?,?,?)", [entry.about for entry in entries])
    db.executemany(
        "INSERT INTO search_rows VALUES(?,?,?,?,?)", [row for entry in entries for row in entry.rows()]
    )
    db.executemany("INSERT INTO search_texts VALUES(?,?)", [(form.no, form.text) for form in forms])
    db.executemany(
        "INSERT INTO search_index(rowid, words) VALUES(?,?)", [(form.no, fold(form.text)) for form in forms]
    )


_HITS = f"""SELECT e.publisher, e.id, e.type, e.ref, e.recorded, t.text
    FROM json_each(?) h CROSS JOIN search_texts t ON t.no = h.value
    CROSS JOIN search_events e ON e.position = t.no / {_FORMS} ORDER BY t.no DESC"""


def _first_forms(numbers: Iterable[tuple[int]], most: int) -> list[int]:
    """Return for each of the first so many events its lowest row, the one that most readers see."""
    found: list[int] = []
    for (no,) in numbers:
        if found and found[-1] // _FORMS == no // _FORMS:
            found[-1] = no
        elif len(found) == most:
            break
        else:
            found.append(no)
    return found


class SearchSight:
    """Finds text in the rows whose label its readers may see."""

    def __init__(self, view: SearchView, allowed: Allowed) -> None:
        self._view = view
        self._allowed = allowed

    def search(self, text: str, kinds: Sequence[str] = (), limit: int = 20, offset: int = 0) -> Json:
        """Return the events that hold every word of `text`, newest first.

        Args:
            text: words; a word with signs in it (`harbour-bar-watch.0042`) is found as it stands. Nothing in
                it is a command.
            kinds: only events whose main reference is of one of these kinds, e.g. `lawyer`; none: all.
            limit: of hits.
            offset: hits to leave out before them.
        """
        wanted = phrases(text)
        if not wanted:
            return {"hits": [], "total": 0}
        hits = """FROM search_index CROSS JOIN search_rows r ON r.no = search_index.rowid
            WHERE search_index MATCH :words AND r.base IN (SELECT value FROM json_each(:allowed))
              AND r.label IN (SELECT value FROM json_each(:allowed))"""
        if kinds:
            hits += " AND r.kind IN (SELECT value FROM json_each(:kinds))"
        with self._view.database.snapshot() as db:
            named = {
                "words": " ".join(f'"{phrase}"' for phrase in wanted),
                "allowed": self._allowed.as_json(),
                "kinds": orjson.dumps(list(kinds)).decode(),
            }
            (total,) = db.execute(f"SELECT count(DISTINCT r.position) {hits}", named).fetchone()
            ordered = db.execute(f"SELECT r.no {hits} ORDER BY search_index.rowid DESC", named)
            page = _first_forms(ordered, offset + limit)[offset:]
            rows = db.execute(_HITS, (orjson.dumps(page).decode(),)).fetchall()
        names = ("source", "id", "type", "ref", "recorded", "snippet")
        return {
            "hits": [
                dict(
                    zip(names, (f"{SOURCE_PREFIX}{row[0]}", *row[1:5], snippet(row[5], wanted)), strict=True)
                )
                for row in rows
            ],
            "total": total,
        }
