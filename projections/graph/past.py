"""What lists and dossiers read when a past moment is asked for: the same claims, out of the graph and its history."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from projections.dossier_reading import Claims
from projections.graph.look import Look
from projections.shown import Assessments, Claim, shown

if TYPE_CHECKING:
    from projections.graph.view import Graph

Json = Any


class PastReading:
    """One moment of the graph as one class of readers may see it; in the form of `DossierReading`.

    Args:
        db: of the views.
        view: the graph; its lock is taken for each question.
        look: at the moment.
    """

    def __init__(self, db: sqlite3.Connection, view: "Graph", look: Look) -> None:
        self._db = db
        self._view = view
        self._look = look
        self.merged = look.merged

    def of_kind(self, kind: str) -> list[str]:
        """Return all references of a kind that were visible, sorted."""
        with self._view.lock:
            return [ref for ref in self._look.everyone() if ref.startswith(f"{kind}:")]

    def existing(self, refs: Collection[str]) -> list[str]:
        """Return those that were there, and are not read as another."""
        with self._view.lock:
            return sorted(ref for ref in refs if self._look.sees(ref))

    def with_events_about(self, about: str) -> set[str]:
        """Return the references that events named together with another."""
        with self._view.lock:
            about = self.merged.of(about)
            places = {claim.origin.position for claim in self._look.told(about)}
            places |= {claim.origin.position for *_, claims in self._look.ties(about) for claim in claims}
        named = (node for reading in self._view.readings(self._db, places) for node in reading.nodes)
        return {self.merged.of(ref) for ref, label, _ in named if label in self._look.allowed}

    def claims(self, refs: Collection[str]) -> Claims:
        """Return the claims by reference and property."""
        wanted = {one for ref in refs for one in self.merged.all_of(ref)}
        with self._view.lock:
            places = {claim.origin.position for ref in refs for claim in self._look.told(ref)}
        found: defaultdict[str, defaultdict[str, list[Claim]]] = defaultdict(lambda: defaultdict(list))
        for reading in self._view.readings(self._db, places):
            for ref, label, props in reading.nodes:
                if ref in wanted and label in self._look.allowed:
                    for name, value, pointer, own in props:
                        if own in self._look.allowed:
                            found[self.merged.of(ref)][name].append(Claim(value, reading.origin, pointer))
        return {ref: dict(props) for ref, props in found.items()}

    def assessments(self, _: Claims) -> Assessments:
        """Return the lookup of the assessments of events."""
        return self._look.assessments

    def columns(self, refs: Collection[str], props: Iterable[str]) -> dict[str, dict[str, list[Json]]]:
        """Return for each property the shown values of some references."""
        claims = self.claims(refs)
        return {
            prop: {
                ref: shown(own[prop], self._look.assessments).values
                for ref, own in claims.items()
                if prop in own
            }
            for prop in props
        }

    def column(self, kind: str, prop: str) -> dict[str, list[Json]]:
        """Return the shown values of one property for all of a kind."""
        return self.columns(self.of_kind(kind), (prop,))[prop]


@contextmanager
def past_reading(view: "Graph", look: Look) -> Iterator[PastReading]:
    """Give what lists and dossiers read of a past moment."""
    with view.database.snapshot() as db:
        yield PastReading(db, view, look)
