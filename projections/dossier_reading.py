"""The tables of the dossiers as one class of readers may see them, at one state."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any

import orjson

from projections.graph.merging import NOBODY, Merged
from projections.labels import Allowed
from projections.shown import Assessment, Assessments, Claim, Origin, assessment_from, shown

Json = Any
Claims = dict[str, dict[str, list[Claim]]]

FORGOTTEN = ""
"""Stands for references that were touched and are forgotten."""

MOST_RENEWED = 2_000
"""References; where more have changed, starting anew is quicker."""

_CHUNK = 500
_ORIGIN = "e.position, e.source, e.id, e.type, e.time, e.as_of, e.reliability, e.credibility"
_SEEN = "label IN (SELECT value FROM json_each(?))"
_EXISTS = f"EXISTS (SELECT 1 FROM dossiers_facts f WHERE f.ref = r.ref AND f.told IN (0, 1) AND f.{_SEEN})"


class DossierReading:
    """One state of the tables as one class of readers may see it."""

    def __init__(self, db: sqlite3.Connection, allowed: Allowed, merged: Merged = NOBODY) -> None:
        self._db = db
        self._allowed = allowed.as_json()
        self.merged = merged

    def turn(self) -> int:
        """Return the last turn at which anything changed."""
        turn: int = self._db.execute("SELECT coalesce(max(turn), 0) FROM dossiers_refs").fetchone()[0]
        return turn

    def touched(self, kind: str, since: int, most: int = MOST_RENEWED) -> list[str] | None:
        """Return what of a kind ("": of all) changed after a turn; None if it is quicker to start anew."""
        query = "SELECT ref FROM dossiers_refs WHERE turn > ? LIMIT ?"
        refs = [ref for (ref,) in self._db.execute(query, (since, most + 1))]
        return (
            None
            if len(refs) > most or FORGOTTEN in refs
            else [ref for ref in refs if not kind or ref.startswith(f"{kind}:")]
        )

    def of_kind(self, kind: str) -> list[str]:
        """Return all visible references of a kind, sorted."""
        query = (
            f"SELECT r.ref FROM dossiers_refs r WHERE r.ref >= ? AND r.ref < ? AND {_EXISTS} ORDER BY r.ref"
        )
        found = self._db.execute(query, (f"{kind}:", f"{kind};", self._allowed))
        return [ref for (ref,) in found if self.merged.of(ref) == ref]

    def existing(self, refs: Collection[str]) -> list[str]:
        """Return those that are visible, and not read as another."""
        query = f"SELECT r.ref FROM (SELECT value AS ref FROM json_each(?)) r WHERE {_EXISTS}"
        asked = {one for ref in refs if self.merged.of(ref) == ref for one in self.merged.all_of(ref)}
        found = self._db.execute(query, (_json(asked), self._allowed))
        return sorted({self.merged.of(ref) for (ref,) in found})

    def with_events_about(self, about: str) -> set[str]:
        """Return the visible references that visible events name together with another."""
        every = self.merged.all_of(self.merged.of(about))
        return {self.merged.of(ref) for one in every for ref in self._with_events_about(one)}

    def _with_events_about(self, about: str) -> set[str]:
        query = (
            "SELECT DISTINCT e.position, e.facts FROM dossiers_facts f JOIN dossiers_events e USING(position)"
            " WHERE f.ref = ? AND f.label IN (SELECT value FROM json_each(?))"
        )
        seen = frozenset(orjson.loads(self._allowed))
        rows = self._db.execute(query, (about, self._allowed))
        return {ref for _, facts in rows for ref, _, label in orjson.loads(facts) if label in seen}

    def claims(self, refs: Collection[str]) -> Claims:
        """Return the visible claims by reference and property."""
        query = (
            f"SELECT f.ref, f.props, {_ORIGIN} FROM dossiers_facts f JOIN dossiers_events e USING(position)"
            " WHERE f.ref IN (SELECT value FROM json_each(?)) AND f.told = 1"
            " AND f.label IN (SELECT value FROM json_each(?))"
        )
        found: Claims = {}
        asked = {one for ref in refs for one in self.merged.all_of(ref)}
        for ref, props, *origin in self._db.execute(query, (_json(asked), self._allowed)):
            behind = Origin(*origin)
            by_prop = found.setdefault(self.merged.of(ref), {})
            for prop, (value, pointer) in orjson.loads(props).items():
                by_prop.setdefault(prop, []).append(Claim(value, behind, pointer))
        return found

    def assessments(self, claims: Claims) -> Assessments:
        """Return the lookup of visible assessments of the events behind some claims."""
        ids = {claim.origin.id for props in claims.values() for one in props.values() for claim in one}
        query = (
            "SELECT about, body FROM dossiers_assessments WHERE about IN (SELECT value FROM json_each(?))"
            " AND label IN (SELECT value FROM json_each(?))"
        )
        found: defaultdict[str, list[Assessment]] = defaultdict(list)
        for about, body in self._db.execute(query, (_json(ids), self._allowed)):
            found[about].append(assessment_from(orjson.loads(body)))
        return lambda origin: found.get(origin.id, ())

    def columns(self, refs: Collection[str], props: Iterable[str]) -> dict[str, dict[str, list[Json]]]:
        """Return for each property the shown values of some references."""
        claims = self.claims(refs)
        assessments = self.assessments(claims)
        return {
            prop: {ref: shown(own[prop], assessments).values for ref, own in claims.items() if prop in own}
            for prop in props
        }

    def column(self, kind: str, prop: str) -> dict[str, list[Json]]:
        """Return the shown values of one property for all of a kind; what is undisputed needs no rule."""
        query = (
            "SELECT ref, props FROM dossiers_facts WHERE ref >= ? AND ref < ? AND told = 1"
            " AND label IN (SELECT value FROM json_each(?))"
        )
        found: dict[str, list[Json]] = {}
        differing: set[str] = set()
        for own, props in self._db.execute(query, (f"{kind}:", f"{kind};", self._allowed)):
            said, ref = orjson.loads(props).get(prop), self.merged.of(own)
            if said is not None and found.setdefault(ref, [said[0]]) != [said[0]]:
                differing.add(ref)
        rest = iter(sorted(differing))
        while chunk := list(islice(rest, _CHUNK)):
            found.update(self.columns(chunk, (prop,))[prop])
        return found


def _json(values: Collection[str]) -> str:
    return orjson.dumps(sorted(values)).decode()
