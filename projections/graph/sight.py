"""The graph as one class of readers may see it: nodes, ties, paths. Only visible claims count."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from projections.graph.exports import EXPORTS
from projections.graph.look import Look
from projections.graph.paths import HUB_TIES, introduction_paths
from projections.graph.query import GraphQuery
from projections.graph.rows import newest, stored
from projections.labels import Allowed
from projections.shown import Claim, told

if TYPE_CHECKING:
    from projections.graph.view import Graph

Json = Any

MOST_TIES = 200
"""Ties of one kind that a node's answer lists."""

MOST_PROOFS = 5
"""Events that prove one tie of a path."""

_MOST_WALKED = 20_000
"""Events that the search for the newest nodes looks at."""

_COUNTRIES = 8
"""How many times more of the newest nodes are looked at when those of one country are asked for."""

_CHUNK = 500
"""Nodes that an export reads while it holds the lock."""

_INTRODUCES_NOBODY = frozenset({"place", "standard", "indicator"})
_SEPARATES = frozenset({"NOT_SAME_AS", "POSSIBLY_SAME_AS"})
_STAYS = frozenset({"amber+strict", "red"})


class GraphSight:
    """Answers from the claims that one class of readers may see, as if there were no others."""

    def __init__(self, view: "Graph", allowed: Allowed) -> None:
        self._view = view
        self._allowed = allowed

    def _look(self, query: GraphQuery | None = None) -> Look:
        return Look(self._view.network, self._allowed.numbers(), query or GraphQuery())

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
                "edges": list(look.edges_among(refs)),
                "truncated": total - len(refs),
            }

    def _newest(self, query: GraphQuery) -> Sequence[str]:
        """Return nodes of the newest visible events, of the right kind: `limit`, or a few times more."""
        most = query.limit if query.country is None else query.limit * _COUNTRIES
        found: dict[str, None] = {}
        with self._view.database.snapshot() as db:
            allowed = self._allowed.numbers()
            for walked, reading in enumerate(newest(db, self._allowed.as_json())):
                if len(found) >= most or walked >= _MOST_WALKED:
                    break
                for ref, label, _ in reading.nodes:
                    if label in allowed and (not query.kinds or ref.partition(":")[0] in query.kinds):
                        found[ref] = None
        return list(found)

    def node(self, ref: str) -> Json | None:
        """Return all that is visible about a node: values with the claims behind them, ties by kind."""
        with self._view.lock:
            look = self._look()
            if not look.sees(ref):
                return None
            said = {**look.node(ref), **self._ties(look, ref)}
            positions = [claim.origin.position for claim in look.network.nodes[ref].told]
        claims = self._claims(positions, ((ref,), "nodes"))
        return {**said, "props": self._told(claims)}

    def ties(self, ref: str) -> Json | None:
        """Return the visible ties of a node: `{"ties": {KIND: [...]}, "truncated": N}`."""
        with self._view.lock:
            look = self._look()
            return self._ties(look, ref) if look.sees(ref) else None

    def edge(self, source: str, target: str, kind: str) -> Json | None:
        """Return one tie with every visible claim behind it, best first."""
        with self._view.lock:
            look = self._look()
            found = [one for one in look.network.edge(source, target, kind) if one.label in look.allowed]
            if not found:
                return None
            said = look.edge(source, target, kind, found)
            spans = {end: look.span(found, end) for end in ("since", "until")}
        claims = self._claims([one.origin.position for one in found], ((kind, source, target), "ties"))
        claims.update({end: dated for end, dated in spans.items() if dated})
        existence = self._told({"": [Claim(None, one.origin) for one in found]})[""]["claims"]
        behind = [{name: value for name, value in one.items() if name != "value"} for one in existence]
        return {**said, "props": self._told(claims), "claims": behind}

    def _claims(
        self, positions: Sequence[int], wanted: tuple[tuple[str, ...], str]
    ) -> dict[str, list[Claim]]:
        """Read the visible claims on the properties of a node or a tie from the table."""
        key, part = wanted
        found: defaultdict[str, list[Claim]] = defaultdict(list)
        with self._view.database.snapshot() as db:
            allowed = self._allowed.numbers()
            for reading in stored(db, positions):
                for row in reading.nodes if part == "nodes" else reading.ties:
                    if tuple(row[: len(key)]) == key and row[len(key)] in allowed:
                        for name, value, pointer, label in row[-1]:
                            if label in allowed:
                                found[name].append(Claim(value, reading.origin, pointer))
        return found

    def _told(self, claims: dict[str, list[Claim]]) -> dict[str, Json]:
        with self._view.lock:
            assessments = self._look().assessments
            return {name: told(claims[name], assessments) for name in sorted(claims)}

    def _ties(self, look: Look, ref: str) -> dict[str, Json]:
        grouped: defaultdict[str, list[tuple[str, str, Json]]] = defaultdict(list)
        for tie in look.ties(ref):
            source, target, kind, _ = tie
            grouped[kind].append((target if source == ref else source, source, tie))
        kept: dict[str, list[Json]] = {}
        truncated = 0
        for kind in sorted(grouped):
            listed = sorted(grouped[kind], key=lambda one: one[:2])
            truncated += max(0, len(listed) - MOST_TIES)
            kept[kind] = [
                {**look.edge(*tie), "other": look.node(other)} for other, _, tie in listed[:MOST_TIES]
            ]
        return {"ties": kept, "truncated": truncated}

    def paths(self, source: str, target: str, k: int = 3, avoid: Iterable[str] = ()) -> Json | None:
        """Return the k shortest introduction paths, each step with the ties and events that prove it.

        Nobody is introduced by a place, a norm, or somebody with more than `HUB_TIES` visible ties.

        Returns:
            `{"paths": [{"hops", "nodes", "steps"}]}`; None if this reader does not know one of the ends.
        """
        ends, shunned = {source, target}, frozenset(avoid)
        with self._view.lock:
            look = self._look()
            if not (look.sees(source) and look.sees(target)):
                return None

            def neighbours(ref: str) -> Sequence[str]:
                if ref in ends:
                    return sorted(look.acquaintances(ref, _SEPARATES, None) - shunned)
                if ref in shunned or ref.partition(":")[0] in _INTRODUCES_NOBODY:
                    return ()
                return sorted(look.acquaintances(ref, _SEPARATES, HUB_TIES) - shunned)

            found = [] if source == target else introduction_paths(neighbours, source, target, k)
            return {"paths": [_told_path(look, path) for path in found]}

    def export(self, form: str, as_of: str | None = None) -> Iterator[bytes]:
        """Stream the whole visible graph, without what never leaves in bulk (amber+strict, red).

        Args:
            form: a key of `EXPORTS`.
            as_of: world date (EDTF) at which ties must hold.

        Raises:
            KeyError: there is no such form.
            NotEdtf: `as_of` is no date.
        """
        return EXPORTS[form](_Excerpt(self._view, self._allowed, GraphQuery(as_of=as_of)))


class _Excerpt:
    """What an export reads: the nodes there were at its start, a few at a time, so that memory stays flat."""

    def __init__(self, view: "Graph", allowed: Allowed, query: GraphQuery) -> None:
        self._view = view
        self._query = query
        self._allowed = frozenset(no for no in allowed.numbers() if view.labels.label(no).tlp not in _STAYS)
        with view.lock:
            look = self._look()
            self._refs = sorted(ref for ref in look.network.nodes if look.sees(ref))
        self._among = frozenset(self._refs)

    def _look(self) -> Look:
        return Look(self._view.network, self._allowed, self._query)

    def nodes(self) -> Iterator[Json]:
        """Yield every node in its short form."""
        return self._each(lambda look, ref: [look.node(ref)])

    def edges(self) -> Iterator[Json]:
        """Yield every tie between those nodes in its short form."""
        return self._each(lambda look, ref: look.edges_from(ref, self._among))

    def _each(self, read: Callable[[Look, str], list[Json]]) -> Iterator[Json]:
        """Read chunk by chunk; the lock is free while whoever exports writes."""
        for start in range(0, len(self._refs), _CHUNK):
            chunk = self._refs[start : start + _CHUNK]
            with self._view.lock:
                look = self._look()
                found = [one for ref in chunk if look.sees(ref) for one in read(look, ref)]
            yield from found


def _told_path(look: Look, path: Sequence[str]) -> Json:
    steps = [
        {"from": here, "to": there, "ties": look.proofs(here, there, _SEPARATES, MOST_PROOFS)}
        for here, there in pairwise(path)
    ]
    return {"hops": len(steps), "nodes": [look.node(ref) for ref in path], "steps": steps}
