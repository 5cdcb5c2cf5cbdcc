"""What of the timeline and of the deadlines a partner must see to, as one class of readers may see it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from events.event import SOURCE_PREFIX
from events.moments import stamp
from projections.deadlines.view import Deadlines
from projections.labels import Allowed
from projections.stale import is_stale
from projections.timeline import TimelineView
from projections.turns import SEEN

Json = Any
Name = tuple[str, str]

_MOST = 1_000
"""Of a partner's events of one sort; what is due first comes first."""


class OwnSight:
    """Finds events of a partner by what has become of them."""

    def __init__(self, timeline: TimelineView, deadlines: Deadlines, allowed: Allowed) -> None:
        self._timeline = timeline
        self._deadlines = deadlines
        self._allowed = allowed

    def dues(self, slug: str, kinds: Collection[str], until: datetime) -> list[Json]:
        """Return the moments of some kinds, up to one, that events of a partner speak of, in order of time.

        Of reminders that come before the moment itself there are none.
        """
        named = {"slug": slug, "kinds": orjson.dumps(sorted(kinds)).decode(), "until": stamp(until)}
        query = f"""SELECT m.type, m.data FROM json_each(:kinds) k CROSS JOIN deadlines_moments m
            ON m.publisher = :slug AND m.kind = k.value AND m.moment <= :until
            WHERE m.label {SEEN} ORDER BY m.moment DESC, m.key LIMIT {_MOST}"""
        with self._deadlines.database.snapshot() as db:
            rows = db.execute(query, {**named, "allowed": self._allowed.as_json()}).fetchall()
        found = [{**orjson.loads(data), "type": kind} for kind, data in reversed(rows)]
        return [one for one in found if "lead" not in one]

    def assessed(self, slug: str) -> dict[Name, Json]:
        """Return the active events of a partner that others assess, as proofs with a reference; the newest 1,000."""
        start = f"a:{SOURCE_PREFIX}{slug} "
        query = f"""SELECT e.publisher, e.id, e.type, e.date, e.refs FROM
            (SELECT k.key, max(k.position) AS last FROM timeline_keys k
                JOIN timeline_events c ON c.position = k.position
                WHERE k.key >= :start AND k.key < :end AND k.label {SEEN} AND c.status = 'active'
                AND c.type = 'claim.assessed' GROUP BY k.key ORDER BY last DESC LIMIT {_MOST}) a
            CROSS JOIN timeline_events e ON e.id = substr(a.key, :skipped) AND e.publisher = :slug
            WHERE e.status = 'active' AND e.label {SEEN} ORDER BY a.last DESC"""
        named = {"slug": slug, "start": start, "end": f"{start[:-1]}!", "skipped": len(start) + 1}
        proofs = self._proofs(query, named)
        return {(one["proof"]["source"], one["proof"]["id"]): one for one in proofs}

    def stale(self, slug: str) -> list[Json]:
        """Return the events of a partner that rest on facts which read differently now, as proofs with a reference."""
        query = f"""SELECT e.publisher, e.id, e.type, e.date, e.refs FROM timeline_stale k
            CROSS JOIN timeline_events e ON e.position = k.position
            WHERE e.publisher = :slug AND e.status = 'active' AND e.label {SEEN} AND {is_stale("k")}
            ORDER BY e.position DESC LIMIT {_MOST}"""
        return self._proofs(query, {"slug": slug})

    def quarantined(self) -> list[Json]:
        """Return the events that are kept and believed by nobody, as proofs with a reference."""
        query = f"""SELECT publisher, id, type, date, refs FROM timeline_events e
            WHERE e.status = 'quarantined' AND e.label {SEEN} ORDER BY e.position DESC LIMIT {_MOST}"""
        return self._proofs(query, {})

    def named_by(self, slug: str, refs: Iterable[str]) -> frozenset[str]:
        """Return those references that an active event of a partner names."""
        named = {
            "slug": slug,
            "refs": orjson.dumps(sorted(set(refs))).decode(),
            "allowed": self._allowed.as_json(),
        }
        query = f"""SELECT w.value FROM json_each(:refs) w WHERE EXISTS (SELECT 1 FROM timeline_keys k
            CROSS JOIN timeline_events e ON e.position = k.position
            WHERE k.key = 'r:' || w.value AND k.label {SEEN} AND e.publisher = :slug AND e.status = 'active')"""
        with self._timeline.database.snapshot() as db:
            return frozenset(ref for (ref,) in db.execute(query, named))

    def _proofs(self, query: str, named: Mapping[str, Json]) -> list[Json]:
        with self._timeline.database.snapshot() as db:
            rows = db.execute(query, {**named, "allowed": self._allowed.as_json()}).fetchall()
        return [
            {
                "ref": next((ref for ref, label, _ in orjson.loads(refs) if label in self._allowed), None),
                "proof": {"source": f"{SOURCE_PREFIX}{slug}", "id": event_id, "type": kind, "when": when},
            }
            for slug, event_id, kind, when, refs in reversed(rows)
        ]
