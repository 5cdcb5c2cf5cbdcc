"""What the graph is compared with: bare structures and the bare compiled engine, ready before anybody asks.

They hold what the same reader sees, and prove nothing: neither claims nor labels, neither dates nor words.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import nsmallest
from typing import Any

import networkit
import networkx as nx
import numpy as np
import orjson

from benchmarks.graph_room import Room
from projections.changes import Change
from projections.rules import Readings

Json = Any
Row = tuple[str, str, str, str | None, int]
SOURCES = 100


class Sets:
    """Who is tied to whom as sets of references, and since which place of the log: the limit of local questions."""

    def __init__(self, room: Room) -> None:
        self.near: dict[str, set[str]] = {}
        self.first: dict[str, int] = {}
        for source, target, _, _, place in rows(room):
            for ref in (source, target):
                self.first[ref] = min(place, self.first.get(ref, place))
            self.near.setdefault(source, set()).add(target)
            self.near.setdefault(target, set()).add(source)

    def two_hops(self, start: str, most: int = 500) -> list[str]:
        """Return the first nodes within two hops, and the ties among them."""
        near = self.near
        one = near[start]
        found = {start} | one
        for ref in one:
            found |= near[ref]
        first = list(found)[:most]
        among = set(first)
        for ref in first:
            near[ref] & among
        return first


def rows(room: Room) -> Iterator[Row]:
    """Yield the ties that the reader sees: source, target, kind, since, place of the log."""
    graph, allowed = room.graph.network.graph, room.allowed.numbers()
    for source in graph:
        for target, parallel in graph.out_of(source).items():
            for kind, held in parallel.items():
                for claim in held.claims:
                    if claim.label in allowed:
                        yield source, target, kind, claim.since, claim.origin.position
                        break


class Engine:
    """NetworKit on the pairs that the reader's own graph has, on one thread as in the hub."""

    def __init__(self, room: Room) -> None:
        view = room.graph
        with view.lock:
            canonical = view.eyes(room.allowed.numbers()).merged.canonical
            cut = view.journal.cut(room.allowed.numbers(), canonical)
        networkit.setNumberOfThreads(1)
        self.refs: Sequence[str] = cut.refs
        self.pairs = len(cut.first)
        self.numbers = {ref: number for number, ref in enumerate(cut.refs)}
        self.plain = networkit.GraphFromCoo((cut.first, cut.second), n=len(cut.refs))
        costs = 1 + 1 / (1 + np.asarray(cut.claims, float))
        self.weighted = networkit.GraphFromCoo((costs, (cut.first, cut.second)), n=len(cut.refs))

    def path(self, source: str, target: str) -> list[int]:
        """Return one shortest path."""
        ends = self.numbers[source], self.numbers[target]
        return list(networkit.distance.BidirectionalBFS(self.plain, *ends).run().getPath())

    def cheap_path(self, source: str, target: str) -> list[int]:
        """Return one cheapest path."""
        ends = self.numbers[source], self.numbers[target]
        return list(networkit.distance.BidirectionalDijkstra(self.weighted, *ends).run().getPath())

    def measures(self) -> dict[str, Callable[[], object]]:
        """Return what computes each measure with the same parameters as the hub, and reads the result."""
        graph, central = self.plain, networkit.centrality
        return {
            "pagerank": lambda: central.PageRank(graph, damp=0.85, tol=1e-10).run().scores(),
            "core": lambda: central.CoreDecomposition(graph).run().scores(),
            "communities": lambda: networkit.community.ParallelLeiden(graph).run().getPartition().getVector(),
            "betweenness": lambda: central.EstimateBetweenness(graph, SOURCES).run().scores(),
        }


def networkx_of(changes: Iterable[Change], readings: Readings) -> Callable[[], None]:
    """Return what adds the ties of some events to a bare multigraph of networkx, by kind, with one claim each."""
    ties = [
        (tie.source, tie.target, tie.kind, change.event.id)
        for change in changes
        for tie in readings.imply(change.event).ties
    ]

    def add() -> None:
        graph: Any = nx.MultiDiGraph()
        for source, target, kind, claim in ties:
            graph.add_edge(source, target, kind, claims=[claim])

    return add


def ranked(rows_: Sequence[tuple[float, str]], answer: Json) -> Callable[[], object]:
    """Return what picks the first fifty of ready numbers and writes an answer that is ready, too."""
    return lambda: (nsmallest(50, rows_), orjson.dumps(answer))


def gexf(ties: Sequence[Row]) -> int:
    """Write ties that are ready as GEXF, a piece after the other; return the bytes."""
    size = 0
    waiting: list[str] = []
    for number, (source, target, kind, since, _) in enumerate(ties):
        start = f' start="{since}"' if since else ""
        waiting.append(f'<edge id="{number}" source="{source}" target="{target}" label="{kind}"{start}/>\n')
        if len(waiting) == 500:
            size += len("".join(waiting).encode())
            waiting.clear()
    return size + len("".join(waiting).encode())
