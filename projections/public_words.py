"""What anybody may read of each change of the log, in a form that travels: what a public edge is made of.

A word holds what an anonymous reader of this hub sees and nothing else. Whatever such a reader does not see makes no
word: neither an event that is not clear, nor a change of something that is hidden in one that is.
"""

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Protocol

import orjson

from events.audience import FIELD_LEVELS, PUBLIC, PUBLIC_NAME, Label, visible
from events.event import RecordedEvent
from projections.changes import Change
from projections.marks import Marks

Json = Any
Word = Mapping[str, Json]

_NAMED = ("specversion", "id", "source", "type", "dataschema", "recordedtime", "time", "tlp")
"""What is left of the envelope of an event that is public no more."""


class Reader(Protocol):
    """What knows how events are recorded and marked: the timeline."""

    def marks(self, stem: str) -> Marks:
        """Return the marks of a stem."""

    def level_at(self, stem: str, pointer: str) -> str | None:
        """Return what a field demands of its readers."""

    def label(self, number: int) -> Label:
        """Return the label of a number."""

    def recorded(self, position: int) -> RecordedEvent:
        """Return an event as the log has it."""

    def digest(self, event: RecordedEvent, hidden: frozenset[str], *, is_erased: bool) -> str:
        """Return the digest of what is shown of an event."""

    def signature(self, event: RecordedEvent, shown: Json, closed: frozenset[str]) -> Json | None:
        """Return what may be shown of its signature."""


def word_of(change: Change, reader: Reader, now: Label | None = None) -> Word | None:
    """Return what anybody may read of a change; None if nothing.

    Args:
        change: of the log, perhaps long ago.
        reader: of what the log says.
        now: label of the event now: what is not public any more is not said again. None: that of the change.
    """
    was = change.before is not None and visible(PUBLIC, change.before)
    if visible(PUBLIC, change.label):
        now = change.label if now is None else now
        return _said(change, reader, now, was=was) if visible(PUBLIC, now) else None
    return _gone(change) if was else None


def labels_now(db: sqlite3.Connection, positions: Collection[int], reader: Reader) -> dict[int, Label]:
    """Return the labels that some events of the timeline have now, by position."""
    query = "SELECT position, label FROM timeline_events WHERE position IN (SELECT value FROM json_each(?))"
    rows = db.execute(query, (orjson.dumps(sorted(positions)).decode(),)).fetchall()
    return {position: reader.label(label) for position, label in rows}


def gone_of(word: Word) -> Word:
    """Return the word that takes back what was said of an event."""
    return _taken_back(word["stem"], word["event"], "retracted", word["consent"])


def is_same(one: Word, other: Word) -> bool:
    """Tell whether two words about an event let it read the same."""
    return bool(_told(one) == _told(other))


def forgets(word: Word) -> bool:
    """Tell whether what was said of the event before must go."""
    return bool(word["kind"] == "gone" or word["reason"] == "erased" or closes(word))


def closes(word: Word) -> bool:
    """Tell whether fields are public no more of an event that still is: by a consent that was withdrawn, or ended."""
    return bool(word.get("closes"))


def _told(word: Word) -> Json:
    told = {name: value for name, value in word.items() if name not in _ABOUT}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


_ABOUT = ("cursor", "after", "log", "reason", "was", "closes")


def _said(change: Change, reader: Reader, now: Label, *, was: bool) -> Word:
    event, label = change.event, change.label
    closed = _closed(label) | _closed(now)
    data = reader.marks(event.stem).strip(dict(event.data), closed)
    shown = {**event.envelope, "tlp": label.tlp, "data": data if isinstance(data, dict) else {}}
    recorded = reader.recorded(event.position)
    erased = [one for one in sorted(change.erased) if _is_told(one, label, event.stem, reader)]
    is_past = change.past_label is None or visible(PUBLIC, change.past_label)
    return {
        "kind": "said",
        "source": event.source,
        "id": event.id,
        "stem": event.stem,
        "is_put": change.kind == "put",
        "reason": change.reason,
        "was": _consent(change.before) if was and change.before is not None else None,
        "consent": _consent(label),
        "closes": was and change.before is not None and bool(_closed(label) - _closed(change.before)),
        "event": shown,
        "erased": erased,
        "past": change.past if is_past else "forgotten",
        "digest": reader.digest(recorded, closed, is_erased="" in change.erased),
        "signature": reader.signature(recorded, shown, closed),
    }


def _gone(change: Change) -> Word:
    # Why, as far as the public is told: not that its publisher is believed no more, nor to whom it is shown now.
    reason = change.reason if change.reason in ("retracted", "erased") else "narrowed"
    return _taken_back(
        change.event.stem,
        change.event.envelope,
        "retracted" if change.reason == "quarantined" else reason,
        _consent(change.before) if change.before is not None else None,
    )


def _taken_back(stem: str, envelope: Mapping[str, Json], reason: str, was: str | None) -> Word:
    left = {name: value for name, value in envelope.items() if name in _NAMED}
    return {
        "kind": "gone",
        "source": envelope["source"],
        "id": envelope["id"],
        "stem": stem,
        "reason": reason,
        "was": was,
        "event": {**left, "tlp": "clear", "data": {}},
    }


def _consent(label: Label) -> str:
    """Return a consent that opens to the public what this one does; what else it opens is not for the public."""
    return PUBLIC_NAME if label.consent == PUBLIC_NAME else "C1"


def _is_told(pointer: str, label: Label, stem: str, reader: Reader) -> bool:
    """Tell whether everybody may know that a field was erased; of what only a correction brought, nobody learns it."""
    if not pointer:
        return True
    return pointer.startswith("/") and _is_open(label, reader.level_at(stem, pointer))


def _closed(label: Label) -> frozenset[str]:
    """Return the levels of fields that are not for everybody."""
    return frozenset(level for level in FIELD_LEVELS if not _is_open(label, level))


def _is_open(label: Label, level: str | None) -> bool:
    return visible(PUBLIC, label if level is None else label.stricter(level))


def public_label(publisher: str, consent: str) -> Label:
    """Return the label of what everybody sees."""
    return Label("clear", publisher, consent=consent)


def hidden_label(publisher: str) -> Label:
    """Return a label of what nobody sees any more, whoever may see it where the log is."""
    return replace(Label("red", publisher), embargoed=True)
