import threading
from collections.abc import Callable, Sequence
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.graph.whole.breaks import ORGANISATIONS, Breaks, breaks
from projections.graph.whole.cut import Cut
from projections.graph.whole.measures import Abandoned, betweenness, communities, core, pagerank, sources_of

KINDS = ("body", "lawyer", "partner", "threat")


def cut_of_pairs(pairs: Sequence[tuple[int, int]]) -> Cut:
    """Number nodes as they come; node n is the n-th reference, of one kind after the other."""
    used = sorted({node for pair in pairs for node in pair})
    place = {node: number for number, node in enumerate(used)}
    refs = sorted(f"{KINDS[node % 4]}:a.{node:05}" for node in used)
    rows = np.array(sorted((place[min(p)], place[max(p)]) for p in set(pairs)), np.int32).reshape(-1, 2)
    return Cut(refs, rows[:, 0].copy(), rows[:, 1].copy(), np.ones(len(rows), np.int32))


def networkx_of(cut: Cut) -> Any:
    return nx.Graph(zip(cut.first.tolist(), cut.second.tolist(), strict=True))


def silent(_: float) -> None:
    pass


pair = st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda ends: ends[0] < ends[1])
cuts = st.lists(pair, min_size=1, max_size=30, unique=True).map(cut_of_pairs)


@settings(deadline=None)
@given(cuts)
def test_measures_are_those_of_networkx(cut: Cut) -> None:
    graph, nodes = networkx_of(cut), range(len(cut))
    expected = nx.pagerank(graph, tol=1e-13, max_iter=10_000)
    assert np.allclose(pagerank(cut, silent), [expected[node] for node in nodes], atol=1e-8)
    cores = nx.core_number(graph)
    assert core(cut, silent).tolist() == [cores[node] for node in nodes]
    between = nx.betweenness_centrality(graph)
    assert np.allclose(betweenness(cut, silent), [between[node] for node in nodes], atol=1e-9)


@settings(deadline=None)
@given(cuts)
def test_a_graph_breaks_where_networkx_says(cut: Cut) -> None:
    graph, found = networkx_of(cut), breaks(cut, silent)
    assert sorted(found.points.tolist()) == sorted(nx.articulation_points(graph))
    bridges = {tuple(sorted(ends)) for ends in nx.bridges(graph)}
    assert sorted(map(tuple, found.pairs.tolist())) == sorted(bridges)
    for node, lost in zip(found.points.tolist(), found.lost.tolist(), strict=True):
        refuse_wrong_parts(graph, found, node, lost)
    for ends, sides in zip(found.pairs.tolist(), found.sides.tolist(), strict=True):
        cleft = graph.copy()
        cleft.remove_edge(*ends)
        assert sides == [len(nx.node_connected_component(cleft, end)) for end in ends]
    order = [
        (cut.kinds[node] not in ORGANISATIONS, -lost, node)
        for node, lost in zip(found.points.tolist(), found.lost.tolist(), strict=True)
    ]
    assert order == sorted(order)
    assert found.sides.min(axis=1, initial=99).tolist() == sorted(
        found.sides.min(axis=1, initial=99), reverse=True
    )


def refuse_wrong_parts(graph: Any, found: Breaks, node: int, lost: int) -> None:
    rest = graph.subgraph(nx.node_connected_component(graph, node) - {node})
    parts = sorted(nx.connected_components(rest), key=len, reverse=True)
    assert found.parts(node) == [len(part) for part in parts]
    assert lost == sum(len(part) for part in parts[1:])
    losing = set(found.lose(node, sorted(graph[node])))
    staying = [part for part in parts if not part & losing]
    assert [len(part) for part in staying] == [len(parts[0])]


def random_cut(nodes: int, pairs: int, seed: int) -> Cut:
    random = np.random.default_rng(seed)
    ends = np.sort(
        np.stack([random.integers(0, nodes, pairs), (nodes * random.random(pairs) ** 2).astype(int)]), 0
    )
    return cut_of_pairs([(one, other) for one, other in ends.T.tolist() if one != other])


ALL: tuple[Callable[..., Any], ...] = (pagerank, core, betweenness, communities)


def as_bytes(cut: Cut) -> list[bytes]:
    found = breaks(cut, silent)
    parts = [measure(cut, silent) for measure in ALL]
    return [one.tobytes() for one in (*parts, found.points, found.lost, found.pairs, found.sides)]


def test_two_runs_and_runs_among_others_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.graph.whole.measures.EXACT_NODES", 100)
    first = as_bytes(random_cut(600, 2_000, 1))
    as_bytes(random_cut(300, 500, 2))
    elsewhere: list[list[bytes]] = []

    def again() -> None:
        elsewhere.append(as_bytes(random_cut(600, 2_000, 1)))

    threads = [threading.Thread(target=again) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert elsewhere == [first] * 3


def test_an_estimate_is_near_what_it_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = random_cut(400, 1_500, 3)
    assert sources_of(cut) is None
    exact = betweenness(cut, silent)
    monkeypatch.setattr("projections.graph.whole.measures.EXACT_NODES", 100)
    assert sources_of(cut) == 100
    estimated = betweenness(cut, silent)
    most = np.argsort(-exact)[:20]
    assert abs(float((estimated[most] / exact[most]).mean()) - 1) < 0.1


def test_communities_are_numbered_by_size_then_by_their_first_node() -> None:
    pairs = [(a, b) for start in (0, 6, 10) for a in range(start, start + 4) for b in range(a + 1, start + 4)]
    pairs += [(4, a) for a in range(4)] + [(5, a) for a in range(5)]
    found = communities(cut_of_pairs(pairs), silent)
    assert found.tolist() == [0] * 6 + [1] * 4 + [2] * 4


def test_every_measure_tells_how_far_it_is_and_can_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.graph.whole.measures.EXACT_NODES", 10)
    cut = random_cut(100, 300, 4)
    for measure in (*ALL, breaks):
        shares: list[float] = []
        measure(cut, shares.append)
        assert shares == sorted(shares)
        assert 0 < shares[0] <= shares[-1] <= 1

        def end(_: float) -> None:
            raise Abandoned

        with pytest.raises(Abandoned):
            measure(cut, end)


def test_two_alone_have_nobody_between_them() -> None:
    assert betweenness(cut_of_pairs([(0, 1)]), silent).tolist() == [0.0, 0.0]
