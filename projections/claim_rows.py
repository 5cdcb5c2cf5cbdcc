"""Events as claims, as one class of readers may see them: what each touches, and what amends or assesses it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from events.event import SOURCE_PREFIX
from projections.amendments import STEWARDS
from projections.labels import Allowed
from projections.timeline import TimelineView

Json = Any
Name = tuple[str, str]

_CORRECTED, _RETRACTED, _ASSESSED = "record.corrected", "record.retracted", "claim.assessed"


class Amendment(NamedTuple):
    """What an event says about another.

    Args:
        source: of the event that says it.
        id: its id.
        type: its type.
        time: when its publisher asserts it.
        verdict: of an assessment; "" for all others.
    """

    source: str
    id: str
    type: str
    time: str
    verdict: str


class ClaimRows:
    """Reads the timeline's rows.

    Args:
        view: the timeline.
        allowed: the labels that the readers may see.
    """

    def __init__(self, view: TimelineView, allowed: Allowed) -> None:
        self._view = view
        self._allowed = allowed

    def found(self, name: Name) -> tuple[str, list[str]] | None:
        """Return the type of an active event and the references it touches; None if these readers see none."""
        source, event_id = name
        query = """SELECT type, label, refs FROM timeline_events
            WHERE id = ? AND publisher = ? AND status = 'active'"""
        with self._view.database.snapshot() as db:
            row = db.execute(query, (event_id, source.removeprefix(SOURCE_PREFIX))).fetchone()
        if row is None or row[1] not in self._allowed:
            return None
        return row[0], [ref for ref, label, _ in orjson.loads(row[2]) if label in self._allowed]

    def amendments(self, names: Sequence[Name], upto: int | None) -> dict[Name, list[Amendment]]:
        """Return what visible events say about some others, in the order of the log.

        Args:
            names: source and id of those others.
            upto: leave out what was recorded behind this place of the log.
        """
        query = """SELECT e.publisher, e.id, e.type, e.body FROM timeline_keys k
            CROSS JOIN timeline_events e ON e.position = k.position
            WHERE k.key = :key AND e.status = 'active' AND k.position <= :upto
            AND e.label IN (SELECT value FROM json_each(:allowed)) ORDER BY k.position"""
        found: dict[Name, list[Amendment]] = {}
        values = {"upto": 2**62 if upto is None else upto, "allowed": self._allowed.as_json()}
        with self._view.database.snapshot() as db:
            for name in names:
                key = f"a:{name[0]} {name[1]}"
                rows = db.execute(query, {**values, "key": key})
                said = [(f"{SOURCE_PREFIX}{slug}", *rest) for slug, *rest in rows]
                found[name] = [_amendment(*one) for one in said if _counts(one[0], one[2], name[0])]
        return found


def _counts(source: str, event_type: str, about: str) -> bool:
    """Tell whether an event says about one of a source what it may say."""
    if event_type == _CORRECTED:
        return source == about
    if event_type == _RETRACTED:
        return source in (about, STEWARDS)
    return event_type == _ASSESSED


def _amendment(source: str, event_id: str, event_type: str, body: bytes) -> Amendment:
    envelope = orjson.loads(body)
    verdict = str(envelope["data"].get("verdict", "")) if event_type == _ASSESSED else ""
    return Amendment(source, event_id, event_type, str(envelope.get("time", "")), verdict)
