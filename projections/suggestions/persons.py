"""Same person? Lawyers whose names, births and bars are alike, among the records that a reader may see."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from projections.graph.look import Look, look_at
from projections.graph.query import ALL
from projections.graph.view import Graph
from projections.identities import Identities, Piece, record_of
from projections.names.prepared import Prepared, prepare
from projections.names.score import compare
from projections.shown import Origin
from projections.suggestions.likely import Match, Matches, best, judged, reopened

_NEAR = 50
"""So many records are compared with one."""

_MOST_EVENTS = 10
"""Events that are named for each of the two."""


@dataclass(frozen=True, slots=True)
class _Record:
    """All that these readers know of who one lawyer is; what is read as one is one."""

    pieces: Sequence[Piece]
    prepared: Prepared

    @property
    def newest(self) -> Origin:
        return max((piece.origin for piece in self.pieces), key=lambda origin: origin.position)

    def events(self) -> list[Origin]:
        """Return the events behind it, newest first."""
        found = {piece.origin for piece in self.pieces}
        return sorted(found, key=lambda one: (one.time, one.source, one.id), reverse=True)[:_MOST_EVENTS]


class Persons:
    """Finds, for one question, who may be whom.

    Args:
        view: of the pieces.
        graph: which knows what was judged.
        allowed: numbers of all labels that the readers may see.
        labels: those of them whose pieces may take part.
    """

    def __init__(
        self, view: Identities, graph: Graph, allowed: frozenset[int], labels: Collection[int]
    ) -> None:
        self._view = view
        self._graph = graph
        self._allowed = allowed
        self._labels = sorted(labels)
        self._known: dict[str, _Record | None] = {}
        with graph.lock:
            self.merged = self._look().merged

    def _look(self) -> Look:
        return look_at(self._graph, self._allowed, ALL)

    def newest(self) -> list[str]:
        """Return everybody who has a name here, those with the newest event first."""
        with self._view.database.snapshot() as db:
            named = self._view.newest(db, str(self._labels))
            return list(dict.fromkeys(self.merged.of(ref) for ref in named))

    def find(self, refs: Sequence[str]) -> Matches:
        """Return for each of some lawyers who else he may be, best first; nobody if no name of his is visible."""
        likely = {ref: self._likely(ref) for ref in refs}
        with self._graph.lock:
            look = self._look()
            return {ref: best(self._unjudged(look, ref, found)) for ref, found in likely.items()}

    def _likely(self, ref: str) -> list[Match]:
        record = self._record(ref)
        if record is None:
            return []
        near = self._view.near(record.prepared, self._labels, _NEAR)
        others = sorted({self.merged.of(one) for one in near} - {ref})
        records = [(other, against) for other in others if (against := self._record(other))]
        return [match for other, against in records for match in _compared((ref, record), (other, against))]

    def _unjudged(self, look: Look, ref: str, found: Sequence[Match]) -> list[Match]:
        left: list[Match] = []
        for match in found:
            ends = (self._record(ref), self._record(match.other))
            newest = max((one.newest for one in ends if one), key=lambda origin: origin.position)
            still = reopened(match, judged(look, ref, match.other), newest)
            if still is not None and look.sees(ref) and look.sees(match.other):
                left.append(still)
        return left

    def _record(self, ref: str) -> _Record | None:
        if ref not in self._known:
            pieces = self._view.pieces(self.merged.all_of(ref), self._labels)
            self._known[ref] = self._joined(pieces) if any(one.said.get("names") for one in pieces) else None
        return self._known[ref]

    def _joined(self, pieces: Sequence[Piece]) -> _Record:
        known = pieces[0].prepared if len(pieces) == 1 else None
        prepared = known or prepare(record_of(pieces))
        # Two partners name one bar differently until somebody judges the two to be the same.
        bar = record_of(pieces)["bar"]
        return _Record(pieces, replace(prepared, bar=self.merged.of(bar) if bar else ""))


def _compared(one: tuple[str, _Record], other: tuple[str, _Record]) -> Iterator[Match]:
    # Always in one order, so that the reasons read the same whichever of the two is asked.
    (_, left), (_, right) = sorted((one, other), key=lambda each: each[0])
    likeness = compare(left.prepared, right.prepared)
    if likeness.tier != "none":
        events = (*left.events(), *right.events())
        yield Match(other[0], likeness.score, likeness.tier, likeness.reasons, events)
