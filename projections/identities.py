"""The view `identities`: what each event says of who a lawyer is, and an index of names for each label.

There is an index for each label number, so that what somebody finds depends on nothing that he may not see: in one
index for all, hidden records would push visible ones out of the first fifty. Nothing of an erased name stays.
"""

import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from projections.changes import Change
from projections.database import Database
from projections.graph.claims import Forms
from projections.graph.view import origin_of
from projections.labels import Labels
from projections.names.candidates import Candidates
from projections.names.prepared import Prepared, prepare
from projections.rules import ImpliedNode, Readings
from projections.shown import Origin, time_key

Json = Any

_NAMES = "names"
_SEALED = (_NAMES, "born", "bar_number")
_PLAIN = ("country", "bar", "subdivision")
_TOLD = frozenset((*_SEALED, *_PLAIN))
"""Properties of a lawyer that help to recognise him: those of the sealed field, and others."""

_Place = tuple[int, str, int]
"""Of a piece: position of its event, the reference, and the number of its label."""


class Piece(NamedTuple):
    """What one event says of who a lawyer is to those who may see one label.

    Where names are hidden from some who see the event, there are two: one with all of it, and one without names.

    Args:
        ref: the lawyer.
        label: number of the label; who may see it may see all of the piece.
        filed: place of the log since which the event reads so.
        origin: the event.
        said: `names` (a list), `born` (a year), `country`, `bar`, `bar_number`, `subdivision`, as far as known.
        prepared: the piece as it is indexed; None until it is, and where it has no names.
    """

    ref: str
    label: int
    filed: int
    origin: Origin
    said: Mapping[str, Json]
    prepared: Prepared | None = None


def record_of(pieces: Sequence[Piece]) -> dict[str, Json]:
    """Join what events say of one lawyer into a record for `projections.names`; the newest event counts first.

    A number without a bar is left out: it could be of any.
    """
    ordered = sorted(pieces, key=_moment, reverse=True)
    lists = [piece.said.get(_NAMES, []) for piece in ordered]
    names = dict.fromkeys([name for each in lists for name in each[:1]])
    names.update(dict.fromkeys([name for each in lists for name in each[1:]]))
    main, *aliases = names or ("",)
    first = {name: next((p.said[name] for p in ordered if name in p.said), None) for name in _TOLD}
    return {
        "name": main,
        "aliases": aliases,
        "birth_date": None if first["born"] is None else str(first["born"]),
        "country": first["country"],
        "bar": first["bar"],
        "bar_number": first["bar"] and first["bar_number"],
        "place": first["subdivision"],
    }


def _moment(piece: Piece) -> tuple[tuple[float, str], str, str]:
    return time_key(piece.origin.time), piece.origin.source, piece.origin.id


class Identities:
    """Files the pieces in a table and in memory; indexes those with names by their label."""

    name = "identities"
    VERSION = 1
    schema = """
    CREATE TABLE IF NOT EXISTS identities_pieces(
        position INTEGER NOT NULL, ref TEXT NOT NULL, label INTEGER NOT NULL, publisher TEXT NOT NULL,
        named INTEGER NOT NULL, filed INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY(position, ref, label)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS identities_named ON identities_pieces(ref, position, label) WHERE named;
    """

    def __init__(self, readings: Readings, labels: Labels, database: Database) -> None:
        self.database = database
        self.labels = labels
        self._lock = threading.Lock()
        self._readings = readings
        self._filed = _Filed()

    def load(self, db: sqlite3.Connection) -> None:
        """Read the pieces from the table and index them anew, in the order in which they were filed."""
        # Of two pieces of one event the longer one, with the names, comes last, as it was filed.
        query = """SELECT position, ref, label, filed, body FROM identities_pieces
            ORDER BY filed, position, ref, length(body)"""
        filed = _Filed()
        for position, ref, label, at, body in db.execute(query):
            origin, said = orjson.loads(body)
            filed.add(Piece(ref, label, at, Origin(position, *origin), said))
        with self._lock:
            self._filed = filed

    def fold(self, db: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """File what the events say from now on instead of what they said before."""
        steps = [(change, list(self._read(db, change))) for change in changes]
        touched = {change.event.position for change, pieces in steps if pieces or change.before is not None}
        with self._lock:
            for change, pieces in steps:
                if change.event.position in touched:
                    self._filed.replace(change.event.position, pieces)
            rows = [_row(piece) for position in sorted(touched) for piece in self._filed.at(position)]
        db.executemany(
            "DELETE FROM identities_pieces WHERE position = ?", [(one,) for one in sorted(touched)]
        )
        db.executemany("INSERT INTO identities_pieces VALUES(?,?,?,?,?,?,?)", rows)

    def _read(self, db: sqlite3.Connection, change: Change) -> Iterator[Piece]:
        if change.kind == "drop":
            return
        implied = self._readings.imply(change.event)
        for node in implied.nodes:
            if node.kind == "lawyer" and not _TOLD.isdisjoint(node.props):
                origin = origin_of(change, implied.when, self._readings)
                for label, said in _said(node, self.labels.forms(self.labels.intern(db, change.label))):
                    yield Piece(node.ref, label, change.at, origin, said)

    def pieces(self, refs: Collection[str], labels: Collection[int]) -> list[Piece]:
        """Return what events say of some references to those who may see some labels, each event once."""
        with self._lock:
            found = [piece for ref in refs for piece in self._filed.of(ref) if piece.label in labels]
        # Of two pieces of one event, the one with names comes later and says what the other says.
        return list({(piece.origin.position, piece.ref): piece for piece in found}.values())

    def near(self, record: Prepared, labels: Collection[int], limit: int) -> list[str]:
        """Return the references whose pieces with some labels are most like a record, best first, then by name.

        Of a label with no more than `limit` pieces all may be among them: so few can be compared one by one.
        """
        best: dict[str, float] = {}
        with self._lock:
            for label in labels:
                for (_, ref, _), weight in self._filed.near(label, record, limit):
                    best[ref] = max(weight, best.get(ref, weight))
        return sorted(best, key=lambda ref: (-best[ref], ref))[:limit]

    def newest(self, db: sqlite3.Connection, allowed: str) -> Iterator[str]:
        """Yield the references with names under some labels (a JSON list), those with the newest event first."""
        query = (
            "SELECT ref FROM identities_pieces WHERE named AND label IN (SELECT value FROM json_each(?))"
            " GROUP BY ref ORDER BY max(position) DESC, ref"
        )
        for (ref,) in db.execute(query, (allowed,)):
            yield ref


class _Filed:
    """The pieces in memory, and the indexes."""

    def __init__(self) -> None:
        self._pieces: dict[_Place, Piece] = {}
        self._at: dict[int, list[_Place]] = {}
        self._of: dict[str, list[_Place]] = {}
        self._indexes: dict[int, Candidates[_Place]] = {}
        self._indexed: dict[int, dict[_Place, None]] = {}

    def at(self, position: int) -> list[Piece]:
        """Return what one event says."""
        return [self._pieces[place] for place in self._at.get(position, ())]

    def of(self, ref: str) -> list[Piece]:
        """Return what is said of one reference, in the order of filing."""
        return [self._pieces[place] for place in self._of.get(ref, ())]

    def near(self, label: int, record: Prepared, limit: int) -> list[tuple[_Place, float]]:
        """Return the pieces under one label that are most like a record, each with a weight; if few, all."""
        index = self._indexes.get(label)
        if index is None:
            return []
        few = self._indexed[label] if len(index) <= limit else ()
        return [*index.near(record, limit), *((place, 0.0) for place in few)]

    def replace(self, position: int, pieces: Sequence[Piece]) -> None:
        """Let an event say this; what it said before is gone, and what it says still keeps its place."""
        known = self.at(position)
        if len(known) != len(pieces) or not all(map(_is_same, known, pieces)):
            for piece in known:
                self._remove(piece)
            for piece in pieces:
                self.add(piece)

    def add(self, piece: Piece) -> None:
        """File a piece that is not here."""
        place = _place(piece)
        if piece.said.get(_NAMES):
            prepared = prepare(record_of([piece]))
            piece = piece._replace(prepared=prepared)
            self._indexes.setdefault(piece.label, Candidates()).add(place, prepared)
            self._indexed.setdefault(piece.label, {})[place] = None
        self._pieces[place] = piece
        self._at.setdefault(place[0], []).append(place)
        self._of.setdefault(piece.ref, []).append(place)

    def _remove(self, piece: Piece) -> None:
        place = _place(piece)
        del self._pieces[place]
        _take(self._at, place[0], place)
        _take(self._of, piece.ref, place)
        if piece.prepared is not None:
            self._indexes[piece.label].remove(place)
            del self._indexed[piece.label][place]
            if not self._indexed[piece.label]:
                del self._indexed[piece.label], self._indexes[piece.label]


def _place(piece: Piece) -> _Place:
    return piece.origin.position, piece.ref, piece.label


def _take(lists: dict[Any, list[_Place]], key: Any, value: _Place) -> None:
    lists[key].remove(value)
    if not lists[key]:
        del lists[key]


def _is_same(one: Piece, other: Piece) -> bool:
    return one[:2] == other[:2] and (one.origin, one.said) == (other.origin, other.said)


def _said(node: ImpliedNode, numbers: Forms) -> Iterator[tuple[int, dict[str, Json]]]:
    """Yield what whoever sees the event may know, and what whoever sees the names of it may; with their labels."""
    own = numbers[node.tlp]
    told = {name: node.props[name] for name in sorted(_TOLD & node.props.keys())}
    plain = {name: value for name, (value, _, tlp) in told.items() if numbers[tlp] == own}
    label = next((numbers[told[name].tlp] for name in _SEALED if name in told), own)
    if plain:
        yield own, plain
    if label != own:
        yield label, {name: value for name, (value, _, tlp) in told.items() if numbers[tlp] in (own, label)}


def _row(piece: Piece) -> tuple[Json, ...]:
    origin = piece.origin
    body = orjson.dumps((tuple(origin[1:]), piece.said))
    publisher = origin.source.rpartition(":")[2]
    return origin.position, piece.ref, piece.label, publisher, bool(piece.said.get(_NAMES)), piece.filed, body
