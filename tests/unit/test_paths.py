from collections.abc import Collection
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from projections.graph.paths.meeting import MOST_HOPS
from projections.graph.paths.paths import DETOUR, Path, Search

Numbers = NDArray[Any]


class Known:
    """Who knows whom in a graph, numbered against the order of names; some may not be passed."""

    def __init__(self, graph: "nx.Graph[str]", blocked: Collection[str] = ()) -> None:
        self._graph = graph
        self._blocked = blocked
        self._refs = sorted(graph, reverse=True)
        self.size = len(self._refs)

    def number(self, ref: str) -> int:
        return self._refs.index(ref)

    def ref(self, number: int) -> str:
        return self._refs[number]

    def passes(self, some: Numbers) -> Numbers:
        return np.array([self.ref(one) not in self._blocked for one in some], bool)

    def of_all(self, some: Numbers) -> tuple[Numbers, Numbers]:
        pairs = [(one, self.number(other)) for one in some for other in self._graph[self.ref(one)]]
        both = np.array(pairs, np.int32).reshape(-1, 2)
        return both[:, 0], both[:, 1]


def search(known: Known, source: str, target: str) -> Search:
    return Search(known, known.number(source), known.number(target))


def graph_of(*pairs: str) -> "nx.Graph[str]":
    return nx.Graph([(pair[0], pair[1]) for pair in pairs])


def one(*_: str) -> int:
    return 1


def shortest(known: Known, source: str, target: str, k: int = 10) -> list[Path]:
    return search(known, source, target).shortest(k)


def test_the_shortest_paths_come_first_and_equal_ones_by_name() -> None:
    known = Known(graph_of("az", "ac", "ab", "bz", "cz", "cb"))
    expected = [("a", "z"), ("a", "b", "z"), ("a", "c", "z"), ("a", "b", "c", "z"), ("a", "c", "b", "z")]
    assert shortest(known, "a", "z") == expected
    assert shortest(known, "a", "z", 2) == expected[:2]
    assert search(known, "a", "z").cheapest(10, one) == expected


def test_a_longer_way_that_costs_less_comes_first() -> None:
    known = Known(graph_of("ax", "xz", "ab", "bc", "cz"))
    cost = {"ax": 19, "xz": 19, "ab": 11, "bc": 11, "cz": 11}
    found = search(known, "a", "z").cheapest(2, lambda here, there: cost["".join(sorted((here, there)))])
    assert found == [("a", "b", "c", "z"), ("a", "x", "z")]


def test_ways_longer_than_the_most_hops_are_not_found() -> None:
    names = [f"n{number}" for number in range(MOST_HOPS + 2)]
    known = Known(nx.path_graph(names))
    assert shortest(known, "n0", names[-1]) == search(known, "n0", names[-1]).cheapest(1, one) == []
    way = [tuple(names[:-1])]
    assert shortest(known, "n0", names[-2]) == search(known, "n0", names[-2]).cheapest(1, one) == way


def test_a_detour_of_more_hops_counts_only_where_there_are_too_few_others() -> None:
    known = Known(graph_of("az", "ab", "bc", "cd", "dz", "ax", "xz"))
    assert [len(path) - 1 for path in search(known, "a", "z").cheapest(2, one)] == [1, 2]
    assert [len(path) - 1 for path in search(known, "a", "z").cheapest(3, one)] == [1, 2, DETOUR + 2]


def test_who_may_not_be_passed_is_a_dead_end() -> None:
    for pairs in (("ah", "hz"), ("ab", "bh", "hc", "cz"), ("ah", "hb", "bz"), ("ab", "bh", "hz")):
        known = Known(graph_of(*pairs), blocked="h")
        assert shortest(known, "a", "z") == []
        assert search(known, "a", "z").cheapest(1, one) == []


def test_the_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.graph.paths.paths._MOST_TRIES", 100)
    clique = nx.complete_graph([f"n{number:03}" for number in range(60)])
    clique.add_edges_from([("n000", "w"), ("w", "x"), ("x", "y"), ("y", "z")])
    known = Known(clique)
    found = shortest(known, "n059", "z", 10_000)
    assert found[0] == ("n059", "n000", "w", "x", "y", "z")
    assert len(found) < 200


def test_too_large_a_neighbourhood_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    star = nx.Graph(
        [("a", f"n{number}") for number in range(40)] + [("z", f"m{number}") for number in range(40)]
    )
    star.add_edges_from((f"n{number}", f"o{number}") for number in range(40))
    star.add_edges_from((f"m{number}", f"o{number}") for number in range(40))
    assert len(shortest(Known(star), "a", "z", 3)) == 3
    monkeypatch.setattr("projections.graph.paths.paths._MOST_ASKED", 45)
    assert len(shortest(Known(star), "a", "z", 100)) == 40
    monkeypatch.setattr("projections.graph.paths.paths._MOST_ASKED", 10)
    assert shortest(Known(star), "a", "z", 3) == []
    assert search(Known(star), "a", "z").cheapest(3, one) == []


def test_detours_are_not_sought_where_there_is_too_much_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = nx.complete_graph([f"n{number:02}" for number in range(12)])
    everything = search(Known(graph), "n00", "n01").cheapest(3, one)
    assert [len(path) - 1 for path in everything] == [1, 2, 2]
    for limit in ("_MOST_ASKED_FURTHER", "_MOST_NODES", "_MOST_TIES"):
        with monkeypatch.context() as narrow:
            narrow.setattr(f"projections.graph.paths.paths.{limit}", 0)
            assert search(Known(graph), "n00", "n01").cheapest(3, one) == [("n00", "n01")]


def test_many_bridges_are_too_much_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.graph.paths.paths._MOST_NODES", 6)
    graph = nx.Graph([("a", "z"), *((f"n{number}", f"m{number}") for number in range(9))])
    graph.add_edges_from(("a", f"n{number}") for number in range(9))
    graph.add_edges_from((f"m{number}", "z") for number in range(9))
    assert search(Known(graph), "a", "z").cheapest(3, one) == [("a", "z")]


EDGES = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=22)


def drawn(pairs: list[tuple[int, int]]) -> "nx.Graph[str]":
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(["n0", "n1"])
    graph.add_edges_from((f"n{a}", f"n{b}") for a, b in pairs if a != b)
    return graph


def simple(graph: "nx.Graph[str]", blocked: Collection[str]) -> list[Path]:
    passable = graph.subgraph([node for node in graph if node not in blocked])
    return [tuple(path) for path in nx.all_simple_paths(passable, "n0", "n1", cutoff=MOST_HOPS)]


@given(EDGES, st.sets(st.sampled_from(["n2", "n3", "n4"])), st.integers(1, 6))
def test_the_shortest_are_those_of_networkx(pairs: list[tuple[int, int]], blocked: set[str], k: int) -> None:
    graph = drawn(pairs)
    expected = sorted(simple(graph, blocked), key=lambda path: (len(path), path))
    assert shortest(Known(graph, blocked), "n0", "n1", k) == expected[:k]


@given(EDGES, st.sets(st.sampled_from(["n2", "n3", "n4"])), st.integers(1, 6), st.integers(0, 99))
def test_the_cheapest_are_those_of_all_within_the_detour(
    pairs: list[tuple[int, int]], blocked: set[str], k: int, seed: int
) -> None:
    graph = drawn(pairs)

    def cost(here: str, there: str) -> int:
        return 10 + (int(here[1:]) * 7 + int(there[1:]) * 7 + seed) % 10

    def total(path: Path) -> int:
        return sum(cost(*step) for step in pairwise(path))

    everything = simple(graph, blocked)
    most = min(map(len, everything), default=0) + DETOUR
    while len([path for path in everything if len(path) <= most]) < min(k, len(everything)):
        most += 1
    expected = sorted(total(path) for path in everything if len(path) <= most)[:k]
    found = search(Known(graph, blocked), "n0", "n1").cheapest(k, cost)
    assert [total(path) for path in found] == expected
    assert set(found) <= set(everything)
    assert len(set(found)) == len(found)
    assert found == sorted(found, key=lambda path: (total(path), path))


@given(EDGES, st.integers(1, 6))
def test_where_all_are_trusted_alike_the_lengths_are_those_of_networkx(
    pairs: list[tuple[int, int]], k: int
) -> None:
    graph = drawn(pairs)
    expected = sorted(map(len, simple(graph, ())))
    found = [len(path) for path in search(Known(graph), "n0", "n1").cheapest(k, one)]
    assert found == expected[:k]
