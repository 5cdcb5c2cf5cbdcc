"""Keeps the past of events: what they said before, as far as it may still be shown. One writer of the history."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from projections.changes import Change
from projections.graph.claims import Reading, numbered
from projections.graph.history import History, Span, Version
from projections.graph.rows import encode, put_versions, said_before
from projections.labels import Labels

Json = Any
Said = tuple[Reading, Span]


class Keeping:
    """Takes over what an event said when a change makes it say something else.

    The past bears the present label, so that whoever loses sight of an event loses its past with it. A change of what
    is hidden from a reader changes nothing for him: what it takes out of the past is only what itself is about.

    Args:
        db: of the views.
        history: in memory.
        labels: numbers of labels.
    """

    def __init__(self, db: sqlite3.Connection, history: History, labels: Labels) -> None:
        self._db = db
        self._history = history
        self._labels = labels

    def turn(self, change: Change, before: Reading | None, after: Reading | None) -> None:
        """Note that an event reads differently.

        Args:
            change: that makes it so.
            before: what it said until now, as `rows.encode` takes it; None if nothing.
            after: what it says from now on, likewise.
        """
        position = change.event.position
        if change.past == "forgotten":
            self._put(position, 0, [])
            self._begin(position, position)
            return
        wrong = _rows(before) - _rows(after) if change.past == "mended" else frozenset()
        kept = said_before(self._db, position) if self._history.has(position) else []
        cleaned = [(_without(one, wrong, change.erased), span) for one, span in kept]
        # Who reads the log after an erasure finds the field gone from the first; so it must be here.
        last = None if before is None else _without(before, frozenset(), change.erased)
        if last is not None and not _same(last, after):
            span = Span(self._history.began(position), change.at)
            cleaned.append((_without(last, wrong, frozenset()), span))
            self._begin(position, change.at)
        if cleaned:
            if last is None and after is not None:
                # What was retracted is said again.
                self._begin(position, change.at)
            self._put(position, self._labels.intern(self._db, change.past_label or change.label), cleaned)
            if after is None:
                self._history.retract(position)

    def _put(self, position: int, label: int, said: Sequence[Said]) -> None:
        if not said and not self._history.has(position):
            return
        put_versions(self._db, position, label, said)
        self._history.forget(position)
        for one, span in said:
            self._history.keep(Version(numbered(one, self._labels.forms(label)), span))

    def _begin(self, position: int, born: int) -> None:
        if self._history.began(position) != born:
            self._history.begin(position, born)
            self._db.execute("DELETE FROM graph_began WHERE position = ?", (position,))
            if born != position:
                self._db.execute("INSERT INTO graph_began VALUES(?,?)", (position, born))


def _same(before: Reading, after: Reading | None) -> bool:
    """Tell whether two readings say the same, whoever may see it."""
    return after is not None and encode(before) == encode(after)


def _rows(said: Reading | None) -> frozenset[bytes]:
    """Return every single thing that a reading says."""
    return frozenset() if said is None else frozenset(map(orjson.dumps, _each(said)))


def _each(said: Reading) -> Iterator[Json]:
    for ref, _, props in said.nodes:
        yield ref
        yield from ([ref, prop] for prop in props)
    for tie in said.ties:
        yield tie[:3]
        yield from ([*tie[:3], prop] for prop in tie[6])


def _without(said: Reading, wrong: frozenset[bytes], erased: frozenset[str]) -> Reading:
    """Return a reading without what was wrong in it, and without the fields that were erased."""
    if not wrong and not erased:
        return said

    def stays(*path: Json) -> bool:
        return orjson.dumps(list(path) if len(path) > 1 else path[0]) not in wrong

    def left(owner: Sequence[Json], props: Sequence[Json]) -> list[Json]:
        return [prop for prop in props if stays(*owner, prop) and not _is_erased(prop[2], prop[3], erased)]

    nodes = [[ref, level, left([ref], props)] for ref, level, props in said.nodes if stays(ref)]
    ties = [[*tie[:6], left(tie[:3], tie[6])] for tie in said.ties if stays(tie[:3])]
    return said._replace(nodes=nodes, ties=ties)


def _is_erased(pointer: str, level: str | None, erased: frozenset[str]) -> bool:
    """Tell whether a property comes from an erased field.

    What a correction said anew is erased by its place there: where that stood in the event is not known here, so that
    everything goes that any field demands a stricter label for.
    """
    if any(one == "" or pointer == one or pointer.startswith(f"{one}/") for one in erased):
        return True
    return level is not None and any(one and not one.startswith("/") for one in erased)
