from collections.abc import Sequence

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.graph.paths import MOST_HOPS, introduction_paths


def neighbours_in(graph: "nx.Graph[str]") -> "dict[str, Sequence[str]]":
    return {node: sorted(graph[node]) for node in graph}


def test_the_shortest_paths_come_first_and_equal_ones_by_name() -> None:
    known = neighbours_in(nx.Graph([("a", "z"), ("a", "c"), ("a", "b"), ("b", "z"), ("c", "z"), ("c", "b")]))
    assert introduction_paths(known.__getitem__, "a", "z", 10) == [
        ("a", "z"),
        ("a", "b", "z"),
        ("a", "c", "z"),
        ("a", "b", "c", "z"),
        ("a", "c", "b", "z"),
    ]
    assert introduction_paths(known.__getitem__, "a", "z", 2) == [("a", "z"), ("a", "b", "z")]


def test_ways_longer_than_the_most_hops_are_not_found() -> None:
    known = neighbours_in(nx.path_graph([f"n{i}" for i in range(MOST_HOPS + 2)]))
    assert introduction_paths(known.__getitem__, "n0", f"n{MOST_HOPS + 1}", 1) == []
    assert len(introduction_paths(known.__getitem__, "n0", f"n{MOST_HOPS}", 1)[0]) == MOST_HOPS + 1


def test_who_may_not_be_passed_is_a_dead_end() -> None:
    known = {**neighbours_in(nx.Graph([("a", "hub"), ("hub", "z")])), "hub": []}
    assert introduction_paths(known.__getitem__, "a", "z", 1) == []


def test_the_work_is_bounded_in_a_dense_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.graph.paths._MOST_TRIES", 100)
    asked: list[str] = []
    clique = neighbours_in(nx.complete_graph([f"n{i:03}" for i in range(60)]))
    clique = {
        **clique,
        "z": ["y"],
        "y": ["x", "z"],
        "x": ["w", "y"],
        "w": ["n000", "x"],
        "n000": [*clique["n000"], "w"],
    }

    def ask(node: str) -> Sequence[str]:
        asked.append(node)
        return clique[node]

    found = introduction_paths(ask, "n059", "z", 10_000)
    assert found[0] == ("n059", "n000", "w", "x", "y", "z")
    assert len(found) < 100
    assert len(asked) == len(set(asked))


def test_a_large_neighbourhood_of_the_target_ends_the_look_back() -> None:
    crowd = [f"n{i:05}" for i in range(20_001)]
    known = {"z": crowd, "a": ["n00000"], **{one: ["z"] for one in crowd}}
    known["n00000"] = ["a", "z"]
    assert introduction_paths(known.__getitem__, "a", "z", 2) == [("a", "n00000", "z")]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16), st.integers(1, 6))
def test_what_is_found_is_what_networkx_finds(pairs: list[tuple[int, int]], k: int) -> None:
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(["n0", "n1"])
    graph.add_edges_from((f"n{a}", f"n{b}") for a, b in pairs if a != b)
    expected = sorted(
        map(tuple, nx.all_simple_paths(graph, "n0", "n1", cutoff=MOST_HOPS)),
        key=lambda path: (len(path), path),
    )
    assert introduction_paths(neighbours_in(graph).__getitem__, "n0", "n1", k) == expected[:k]
