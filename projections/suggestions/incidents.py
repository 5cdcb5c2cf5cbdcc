"""Same incident? Threats of different publishers against the same person, about the same time, of the same sort."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from projections.alike import Reason, reason
from projections.graph.look import Look, look_at
from projections.graph.query import ALL
from projections.graph.questions.said import Said, codes_of
from projections.graph.questions.support import span_of
from projections.graph.view import Graph
from projections.shown import Assessments, Origin
from projections.suggestions.likely import Match, Matches, best, judged, reopened

NEAR_DAYS = 7
"""Two reports of one incident may give it dates that lie so far apart."""

STRONG = 0.8
"""From this score on, little is left that could tell the two apart."""

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "same target": 0.3,
        "another same target": 0.1,
        "same day": 0.3,
        "dates overlap": 0.2,
        "dates near": 0.1,
        "same category": 0.2,
        "same region": 0.2,
        "same country": 0.1,
        "same attribution": 0.1,
    }
)
"""What each reason adds to the score; nothing else does. The least that makes a suggestion is 0.5."""

_TIED = frozenset({"PART_OF", "PRECEDES", "CAUSES"})
_MOST_NEAR = 100
"""Threats about the same time that one is compared with, the nearest first."""

_MOST_EVENTS = 10
_CHUNK = 1000

Span = tuple[date, date]


class _Incident(NamedTuple):
    """What these readers see of one threat."""

    ref: str
    names: tuple[str, ...]
    span: Span
    targets: frozenset[str]
    places: frozenset[str]
    bodies: frozenset[str]
    tied: frozenset[str]
    origins: frozenset[Origin]

    @property
    def publishers(self) -> frozenset[str]:
        """Who reported it; whoever only told more of it later is none of them."""
        reported = {one.source for one in self.origins if one.type == "threat.reported"}
        return frozenset(reported or {one.source for one in self.origins})

    @property
    def newest(self) -> Origin:
        return max(self.origins, key=lambda origin: origin.position)

    def events(self) -> list[Origin]:
        """Return the events behind it, newest first."""
        return sorted(self.origins, key=lambda one: (one.time, one.source, one.id), reverse=True)[
            :_MOST_EVENTS
        ]


Pair = tuple[_Incident, _Incident]


class Incidents:
    """Finds, for one question, which threats may be one.

    Args:
        graph: of all claims.
        allowed: numbers of the labels that the readers may see.
    """

    def __init__(self, graph: Graph, allowed: frozenset[int]) -> None:
        self._graph = graph
        self._allowed = allowed
        self._known: dict[str, _Incident | None] = {}
        self._against: dict[str, list[tuple[Span, str]]] = {}
        self._said = Said(graph, allowed)

    def _look(self) -> Look:
        return look_at(self._graph, self._allowed, ALL)

    def newest(self) -> list[str]:
        """Return all threats of which an event tells, those with the newest event first."""
        with self._graph.lock:
            refs = sorted(self._graph.network.of_kinds({"threat"}))
        newest: dict[str, int] = {}
        for start in range(0, len(refs), _CHUNK):
            with self._graph.lock:
                look = self._look()
                for ref in refs[start : start + _CHUNK]:
                    if look.sees(ref):
                        newest[ref] = max((claim.origin.position for claim in look.told(ref)), default=0)
        return sorted(newest, key=lambda ref: (-newest[ref], ref))

    def find(self, refs: Sequence[str]) -> Matches:
        """Return for each of some threats which others may be the same incident, best first."""
        with self._graph.lock:
            look = self._look()
            pairs = {ref: list(self._pairs(look, ref)) for ref in refs}
        behind = {
            origin for found in pairs.values() for pair in found for one in pair for origin in one.origins
        }
        self._said.load(origin.position for origin in behind)
        with self._graph.lock:
            look = self._look()
            return {ref: best(list(self._matches(look, found))) for ref, found in pairs.items()}

    def _pairs(self, look: Look, ref: str) -> Iterator[Pair]:
        """Yield the threats that may be the same as one as far as targets, dates, publishers and ties tell."""
        mine = self._incident(look, ref)
        if mine is None:
            return
        near = {
            (_apart(mine.span, span), other)
            for target in mine.targets
            for span, other in self._threats(look, target)
            if other != ref and _apart(mine.span, span) <= NEAR_DAYS
        }
        for _, other in sorted(near)[:_MOST_NEAR]:
            theirs = self._incident(look, other)
            if (
                theirs is not None
                and mine.publishers.isdisjoint(theirs.publishers)
                and other not in mine.tied
            ):
                yield mine, theirs

    def _threats(self, look: Look, target: str) -> list[tuple[Span, str]]:
        if target not in self._against:
            self._against[target] = [
                (span_of(when), source)
                for source, end, kind, claims in look.ties(target)
                if kind == "TARGETS" and end == target and (when := look.when(claims, "since"))
            ]
        return self._against[target]

    def _incident(self, look: Look, ref: str) -> _Incident | None:
        if ref not in self._known:
            self._known[ref] = self._seen(look, ref)
        return self._known[ref]

    def _seen(self, look: Look, ref: str) -> _Incident | None:
        """Read one threat; None if nobody says when it was, or it is not seen."""
        origins = frozenset(claim.origin for claim in look.told(ref))
        ends: dict[str, set[str]] = {kind: set() for kind in ("TARGETS", "OCCURRED_IN", "ATTRIBUTED_TO")}
        tied: set[str] = set()
        dated = []
        for source, target, kind, claims in look.ties(ref):
            if kind in ends and source == ref:
                ends[kind].add(target)
            if kind == "TARGETS":
                dated += [claim for claim in claims if claim.since]
            if kind in _TIED:
                tied |= {source, target}
        if not (origins and dated and look.sees(ref)):
            return None
        span = span_of(look.when(dated, "since"))
        targets, places, bodies = (frozenset(found) for found in ends.values())
        return _Incident(
            ref, look.merged.all_of(ref), span, targets, places, bodies, frozenset(tied), origins
        )

    def _matches(self, look: Look, pairs: Sequence[Pair]) -> Iterator[Match]:
        for mine, theirs in pairs:
            left, right = sorted((mine, theirs), key=lambda one: one.ref)
            reasons = list(self._reasons(left, right, look.assessments))
            score = round(min(1.0, sum(WEIGHTS[name] for name, _ in reasons)), 4)
            if not {"same category", "same region", "same country"}.isdisjoint(name for name, _ in reasons):
                said = tuple(one.weighing(f"+{WEIGHTS[name]}") for name, one in _heaviest(reasons))
                tier = "strong" if score >= STRONG else "possible"
                match = Match(theirs.ref, score, tier, said, (*left.events(), *right.events()))
                newest = max(left.newest, right.newest, key=lambda origin: origin.position)
                still = reopened(match, judged(look, left.ref, right.ref), newest)
                if still is not None:
                    yield still

    def _reasons(
        self, left: _Incident, right: _Incident, assessments: Assessments
    ) -> Iterator[tuple[str, Reason]]:
        """Yield the name in `WEIGHTS` of each reason, and the reason."""
        for number, target in enumerate(sorted(left.targets & right.targets)):
            yield ("another same target" if number else "same target"), reason("target", target=target)
        yield _of_dates(left.span, right.span)
        codes = sorted(self._codes(left, assessments) & self._codes(right, assessments))
        if codes:
            yield "same category", reason("category", categories=tuple(codes))
        places = sorted((left.places & right.places), key=lambda place: (-len(place), place))
        if places:
            yield ("same region" if "-" in places[0] else "same country"), reason("place", place=places[0])
        bodies = sorted(left.bodies & right.bodies)
        if bodies:
            yield "same attribution", reason("attributed", bodies=tuple(bodies))

    def _codes(self, one: _Incident, assessments: Assessments) -> set[str]:
        places = [origin.position for origin in one.origins]
        names = ("categories", "categories_added")
        return {
            code for name in names for code in codes_of(self._said.node(one.names, places, name), assessments)
        }


def _heaviest(reasons: Sequence[tuple[str, Reason]]) -> list[tuple[str, Reason]]:
    return sorted(reasons, key=lambda one: (-WEIGHTS[one[0]], one[1]))


def _apart(one: Span, other: Span) -> int:
    """Return how many days lie between two dates; 0 if they may be the same day."""
    return max(0, (one[0] - other[1]).days, (other[0] - one[1]).days)


def _of_dates(one: Span, other: Span) -> tuple[str, Reason]:
    if one == other and one[0] == one[1]:
        return "same day", reason("day", day=one[0].isoformat())
    days = _apart(one, other)
    if days == 0:
        return "dates overlap", reason("overlap")
    return "dates near", reason("near", days=days)
