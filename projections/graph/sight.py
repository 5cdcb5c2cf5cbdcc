"""The graph as one class of readers may see it: nodes, ties, paths. Only visible claims count."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from projections.graph.around.written import written
from projections.graph.asserted import asserted
from projections.graph.beginnings import dated
from projections.graph.changed import changed
from projections.graph.claims import Reading
from projections.graph.exports import EXPORTS
from projections.graph.look import Look, look_at
from projections.graph.merging import Merged
from projections.graph.past import PastReading, past_reading
from projections.graph.paths.circles import Circles
from projections.graph.paths.introductions import PathQuery, introductions
from projections.graph.query import ALL, GraphQuery
from projections.graph.questions.inquiry import Inquiry
from projections.graph.rows import Rows
from projections.graph.whole.desk import Kept
from projections.labels import Allowed
from projections.shown import Claim, Origin, told

if TYPE_CHECKING:
    from projections.graph.view import Graph

Json = Any

MOST_TIES = 200
"""Ties of one kind that a node's answer lists."""

_MOST_WALKED = 20_000
"""Events that the search for the newest nodes looks at."""

_COUNTRIES = 8
"""How many times more of the newest nodes are looked at when those of one country are asked for."""

_CHUNK = 500
"""Nodes that an export reads while it holds the lock."""

_STAYS = frozenset({"amber+strict", "red"})


class GraphSight:
    """Answers from the claims that one class of readers may see, as if there were no others."""

    def __init__(self, view: "Graph", allowed: Allowed, kept: Kept | None = None) -> None:
        self._view = view
        self._allowed = allowed
        self._circles = Circles(view, allowed, kept or Kept())

    def inquire(self, now: date) -> Inquiry:
        """Return what the coordinators' questions are answered from, on a day of the hub's clock."""
        return Inquiry(self._view, self._allowed, now)

    def _look(self, query: GraphQuery | None = None) -> Look:
        allowed = self._allowed
        shelf = self._view.briefs.of(allowed.reader)
        return look_at(self._view, allowed.numbers(), query or ALL, shelf)

    def graph(self, query: GraphQuery) -> Json:
        """Return a subgraph; `truncated` counts the visible nodes left out for the limit.

        Raises:
            NotEdtf: `as_of` is no date.
        """
        candidates = () if query.about else self._newest(query)
        with self._view.lock:
            look = self._look(query)
            refs, total = look.around() if query.about else look.overall(candidates)
            return {
                "nodes": [look.node(ref) for ref in refs],
                "edges": look.edges_among(refs),
                "truncated": total - len(refs),
            }

    def written(self, query: GraphQuery) -> Json:
        """Return the same as `graph` for whoever writes it as JSON at once: much of it is written already.

        Raises:
            NotEdtf: `as_of` is no date.
        """
        candidates = () if query.about else self._newest(query)
        with self._view.lock:
            return written(self._look(query), candidates)

    def _newest(self, query: GraphQuery) -> Sequence[str]:
        """Return nodes of the newest visible events, of the right kind: `limit`, or a few times more."""
        most = query.limit if query.country is None else query.limit * _COUNTRIES
        found: dict[str, None] = {}
        with self._view.database.snapshot() as db:
            allowed = self._allowed.numbers()
            for walked, reading in enumerate(Rows(db, self._view.labels).newest(self._allowed.as_json())):
                if len(found) >= most or walked >= _MOST_WALKED:
                    break
                for ref, label, _ in reading.nodes:
                    if label in allowed and (not query.kinds or ref.partition(":")[0] in query.kinds):
                        found[ref] = None
        return list(found)

    def node(self, ref: str, query: GraphQuery = ALL) -> Json | None:
        """Return all that is visible about a node: values with the claims behind them, ties by kind."""
        with self._view.lock:
            look = self._look(query)
            ref = look.merged.of(ref)
            if not look.sees(ref):
                return None
            said = {**look.node(ref), **self._ties(look, ref)}
            among = frozenset(look.merged.all_of(ref))
            places = [claim.origin.position for claim in look.told(ref)]
        claims = self._claims(places, lambda reading: _props_of_node(reading, among))
        return {**said, "props": self._told(query, claims)}

    def asserted(
        self, query: GraphQuery, refs: Sequence[str], edges: Sequence[Json]
    ) -> dict[Origin, set[str]]:
        """Return the events behind some nodes and ties of a part of the graph, each with the nodes it speaks of."""
        with self._view.lock:
            look = self._look(query)
            asked = {look.merged.of(ref) for ref in query.about}
            return asserted(look, refs, edges, [ref for ref in refs if ref in asked])

    def short(self, refs: Sequence[str]) -> list[Json]:
        """Return the short form of those references that are nodes, in the order of their references."""
        with self._view.lock:
            look = self._look()
            return [look.node(ref) for ref in sorted({look.merged.of(ref) for ref in refs}) if look.sees(ref)]

    def ties(self, ref: str, query: GraphQuery = ALL) -> Json | None:
        """Return the visible ties of a node: `{"ties": {KIND: [...]}, "truncated": N}`."""
        with self._view.lock:
            look = self._look(query)
            ref = look.merged.of(ref)
            return self._ties(look, ref) if look.sees(ref) else None

    def edge(self, source: str, target: str, kind: str, query: GraphQuery = ALL) -> Json | None:
        """Return one tie with every visible claim behind it, best first."""
        with self._view.lock:
            look = self._look(query)
            source, target = look.merged.of(source), look.merged.of(target)
            found = look.claims(source, target, kind) or (
                look.ended(source, target, kind) if query.past else []
            )
            if not found:
                return None
            said = look.edge(source, target, kind, found)
            spans = {end: look.span(found, end) for end in ("since", "until")}
            ends = frozenset(look.merged.all_of(source)), frozenset(look.merged.all_of(target))
            places = [one.origin.position for one in found]
        claims = self._claims(places, lambda reading: _props_of_tie(reading, kind, *ends))
        claims.update({end: dated for end, dated in spans.items() if dated})
        existence = self._told(query, {"": [Claim(None, one.origin) for one in found]})[""]["claims"]
        behind = [{name: value for name, value in one.items() if name != "value"} for one in existence]
        return {**said, "props": self._told(query, claims), "claims": behind}

    def _claims(
        self, places: Sequence[int], props: Callable[[Reading], Iterator[tuple[int, Json]]]
    ) -> dict[str, list[Claim]]:
        """Read the visible claims on the properties of a node or a tie from what events say, or said."""
        found: defaultdict[str, list[Claim]] = defaultdict(list)
        with self._view.database.snapshot() as db:
            allowed = self._allowed.numbers()
            for reading in self._view.readings(db, places):
                for own, rows in props(reading):
                    for name, value, pointer, label in rows if own in allowed else ():
                        if label in allowed:
                            found[name].append(Claim(value, reading.origin, pointer))
        return found

    def _told(self, query: GraphQuery, claims: dict[str, list[Claim]]) -> dict[str, Json]:
        with self._view.lock:
            assessments = self._look(query).assessments
            return {name: told(claims[name], assessments) for name in sorted(claims)}

    def _ties(self, look: Look, ref: str) -> dict[str, Json]:
        ties, truncated = look.listed(ref, MOST_TIES)
        kept = {
            kind: [{**edge, "other": look.node(other)} for other, edge in listed]
            for kind, listed in ties.items()
        }
        return {"ties": kept, "truncated": truncated}

    def paths(self, query: PathQuery, moment: GraphQuery = ALL) -> Json | None:
        """Return introduction paths; None if this reader does not know one of the ends."""
        if moment != ALL:
            with self._view.lock:
                return introductions(self._look(moment), query)
        with self._circles.now() as (look, circle):
            return introductions(look, query, circle)

    def merged(self) -> Merged:
        """Return which references these readers read as one, now."""
        with self._view.lock:
            return self._view.eyes(self._allowed.numbers()).merged

    @contextmanager
    def past(self, query: GraphQuery) -> Iterator[PastReading]:
        """Give what lists and dossiers read of the moment of a query.

        Raises:
            NotEdtf: `as_of` is no date.
        """
        with self._view.lock:
            look = self._look(query)
        with past_reading(self._view, look) as reading:
            yield reading

    def changes(self, place: int, limit: int) -> tuple[Json, int]:
        """Return what is new since a place of the log, and the place from which to go on."""
        return changed(self._view, self._allowed, place, limit)

    def export(self, form: str, query: GraphQuery = ALL) -> Iterator[bytes]:
        """Stream the whole visible graph, without what never leaves in bulk (amber+strict, red).

        Args:
            form: a key of `EXPORTS`.
            query: its moment, and whether what was judged the same is read as one.

        Raises:
            KeyError: there is no such form.
            NotEdtf: `as_of` is no date.
        """
        return EXPORTS[form](_Excerpt(self._view, self._allowed, query))


class _Excerpt:
    """What an export reads: the nodes there were at its start, a few at a time, so that memory stays flat.

    Each few are read as they are then, also where other views took the place of those that it began with.
    """

    def __init__(self, view: "Graph", allowed: Allowed, query: GraphQuery) -> None:
        self._query = query
        self._reader = allowed.reader
        self._read_from(view)
        with view.lock:
            self._refs = self._look().everyone()
        self._among = frozenset(self._refs)

    def _read_from(self, view: "Graph") -> None:
        self._view = view
        numbers = Allowed(view.labels, self._reader).numbers()
        self._allowed = frozenset(no for no in numbers if view.labels.label(no).tlp not in _STAYS)

    def _look(self) -> Look:
        return look_at(self._view, self._allowed, self._query)

    def nodes(self) -> Iterator[Json]:
        """Yield every node in its short form."""
        return self._each(lambda look, refs: [look.node(ref) for ref in refs])

    def dated_nodes(self) -> Iterator[Json]:
        """Yield every node in its short form, with the day on which it began if it is one that begins."""
        return self._each(lambda look, refs: [dated(look, ref) for ref in refs])

    def edges(self) -> Iterator[Json]:
        """Yield every tie between those nodes in its short form."""
        return self._each(lambda look, refs: look.edges_from(refs, self._among))

    def _each(self, read: Callable[[Look, list[str]], list[Json]]) -> Iterator[Json]:
        """Read chunk by chunk; the lock is free while whoever exports writes."""
        for start in range(0, len(self._refs), _CHUNK):
            chunk = self._refs[start : start + _CHUNK]
            if self._view.newest is not self._view:
                self._read_from(self._view.newest)
            with self._view.lock:
                look = self._look()
                found = read(look, [ref for ref in chunk if look.sees(ref)])
            yield from found


def _props_of_node(reading: Reading, among: frozenset[str]) -> Iterator[tuple[int, Json]]:
    """Yield label and properties of what an event says of a node."""
    return ((label, props) for ref, label, props in reading.nodes if ref in among)


def _props_of_tie(
    reading: Reading, kind: str, sources: frozenset[str], targets: frozenset[str]
) -> Iterator[tuple[int, Json]]:
    """Yield label and properties of what an event says of a tie."""
    for of, source, target, label, _, _, props in reading.ties:
        if of == kind and source in sources and target in targets:
            yield label, props
