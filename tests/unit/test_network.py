"""The graph in memory: what it holds once, what networkx sees of it, and how many nodes whom it shows."""

from collections import Counter
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.graph.claims import EdgeClaim, Held, NodeClaim, Reading
from projections.graph.eyes import Eyes
from projections.graph.look import Look
from projections.graph.network import Network
from projections.graph.query import ALL
from projections.shown import Origin

Json = Any
KINDS = ("lawyer", "threat", "place")


def origin(position: int) -> Origin:
    return Origin(
        position, "urn:hub:partner:x", f"e-{position}", "t", "2026-12-24T00:00:00Z", "2026-11-01", "A", "1"
    )


def reading(position: int, nodes: dict[str, int], *ties: tuple[str, str, str, int]) -> Reading:
    said: list[Json] = [(ref, label, ()) for ref, label in nodes.items()]
    tied = [(kind, one, other, label, "2026-11", None, ()) for kind, one, other, label in ties]
    return Reading(origin(position), 1, said, tied, None)


def fresh(text: str) -> str:
    """Return a copy of a text, as each event brings its own."""
    return "".join(list(text))


def labels_of(network: Network) -> dict[str, Counter[int]]:
    return {
        ref: Counter([*node.labels, *Counter(node.again or {}).elements()])
        for ref, node in network.nodes.items()
    }


refs = st.builds(lambda kind, number: f"{kind}:a.{number}", st.sampled_from(KINDS), st.integers(0, 4))
steps = st.lists(
    st.one_of(
        st.dictionaries(refs, st.integers(1, 14), min_size=1, max_size=4),
        st.integers(0, 30),
        st.tuples(st.frozensets(st.integers(1, 14)), st.frozensets(st.sampled_from(KINDS))),
    ),
    max_size=40,
)


@pytest.fixture(autouse=True, params=[(8_192, 64), (6, 2)])
def most(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    turns, counts = request.param
    monkeypatch.setattr("projections.graph.sizes._MOST_TURNS", turns)
    monkeypatch.setattr("projections.graph.sizes._MOST_COUNTS", counts)


@settings(max_examples=100)
@given(steps)
def test_how_many_a_reader_sees_is_always_as_many_as_there_are(story: list[Json]) -> None:
    network, said = Network(), dict[int, Reading]()
    asked: set[tuple[frozenset[int], frozenset[str]]] = set()
    for position, step in enumerate(story, 1):
        if isinstance(step, dict):
            said[position] = reading(position, step)
            network.add(said[position])
        elif isinstance(step, int):
            if step in said:
                network.remove(said.pop(step))
        else:
            asked.add(step)
        mentions = labels_of(network)
        for allowed, kinds in sorted(asked, key=repr):
            seen = [ref for ref, labels in mentions.items() if not allowed.isdisjoint(labels)]
            wanted = [ref for ref in seen if not kinds or ref.partition(":")[0] in kinds]
            assert network.size(allowed, kinds) == len(wanted)
    left = Network()
    for one in said.values():
        left.add(one)
    assert labels_of(left) == labels_of(network)


def test_who_may_see_new_labels_is_counted_on_from_what_was_counted() -> None:
    network = Network()
    network.add(reading(1, {"lawyer:a.1": 1, "lawyer:a.2": 2}))
    assert network.size(frozenset({1}), frozenset()) == 1
    network.add(reading(2, {"lawyer:a.2": 3, "threat:a.1": 3}))
    # The label 3 came later: those who see it see what they saw, and it.
    assert network.size(frozenset({1, 3}), frozenset()) == 3
    # The label 2 was there before: whoever sees it is somebody else.
    assert network.size(frozenset({1, 2}), frozenset()) == 2
    assert network.size(frozenset({1, 2, 3}), frozenset({"lawyer"})) == 2


def test_a_node_with_many_labels_loses_them_one_by_one() -> None:
    network = Network()
    said = [reading(number, {"lawyer:a.1": number}) for number in range(1, 12)]
    for one in said:
        network.add(one)
    assert network.size(frozenset({11}), frozenset()) == 1
    assert type(network.nodes["lawyer:a.1"].labels) is dict
    for one in said[:3]:
        network.remove(one)
    assert [*network.nodes["lawyer:a.1"].labels] == [*range(4, 12)]
    assert network.sees("lawyer:a.1", frozenset({4}))
    assert not network.sees("lawyer:a.1", frozenset({1, 2, 3}))
    for one in said[3:]:
        network.remove(one)
    assert network.size(frozenset(range(20)), frozenset()) == 0
    assert not network.nodes
    assert network.graph.number_of_nodes() == 0


def test_what_every_event_brings_again_is_held_once() -> None:
    network = Network()
    for number in (1, 2):
        ends = fresh("threat:a.1"), fresh("lawyer:a.1")
        ties = [(fresh("TARGETS"), *ends, 1), (fresh("NAMES"), *ends, 1), (fresh("SEEKS"), *ends, 2)]
        network.add(reading(number, dict.fromkeys(ends, 1), *ties))
    graph = network.graph
    (ref,) = graph.out_of("threat:a.1")
    assert any(ref is one for one in network.nodes)
    parallel = graph.out_of("threat:a.1")["lawyer:a.1"]
    targets, names, seeks = (parallel[kind].claims for kind in ("TARGETS", "NAMES", "SEEKS"))
    assert all(one is other for one, other in zip(targets, names, strict=True))
    assert [claim.label for claim in seeks] == [2, 2]
    assert graph.into("lawyer:a.1")["threat:a.1"] is graph.out_of("threat:a.1")["lawyer:a.1"]


def test_networkx_reads_the_graph_and_copies_it() -> None:
    network = Network()
    network.add(reading(1, {"threat:a.1": 1, "lawyer:a.1": 1}, ("TARGETS", "threat:a.1", "lawyer:a.1", 1)))
    network.add(reading(2, {"lawyer:a.1": 1, "lawyer:a.2": 1}, ("KNOWS", "lawyer:a.1", "lawyer:a.2", 1)))
    graph = network.graph
    assert nx.shortest_path(graph, "threat:a.1", "lawyer:a.2") == ["threat:a.1", "lawyer:a.1", "lawyer:a.2"]
    claim = EdgeClaim(origin(1), 1, "2026-11", None)
    assert next(iter(graph.edges(data=True))) == ("threat:a.1", "lawyer:a.1", {"claims": (claim,)})
    assert [(ref, data["told"]) for ref, data in graph.nodes(data=True)] == [
        (ref, []) for ref in network.nodes
    ]
    copy = graph.copy()
    assert list(copy.edges(keys=True, data="claims")) == list(graph.edges(keys=True, data="claims"))
    copy.add_edge("lawyer:a.2", "lawyer:a.1", "KNOWS", claims=[claim])
    assert copy.claims("lawyer:a.2", "lawyer:a.1", "KNOWS") == [claim]
    assert graph.claims("lawyer:a.2", "lawyer:a.1", "KNOWS") is None


def test_a_node_and_an_edge_have_no_other_attributes() -> None:
    held = Held()
    assert dict(held) == {"claims": ()}
    assert len(held) == 1
    with pytest.raises(KeyError):
        held["weight"]
    with pytest.raises(KeyError):
        held["weight"] = 1
    with pytest.raises(KeyError):
        del held["claims"]


def test_what_nobody_ties_is_told_of_by_the_event_that_names_it() -> None:
    network = Network()
    network.add(
        reading(1, {"threat:a.1": 1, "lawyer:a.1": 1, "lawyer:a.2": 2, "place:QM": 1},
                ("TARGETS", "threat:a.1", "lawyer:a.1", 1))
    )  # fmt: skip
    assert network.nodes["lawyer:a.2"].told == [NodeClaim(origin(1), 2, ())]
    assert [network.nodes[ref].told for ref in ("threat:a.1", "lawyer:a.1", "place:QM")] == [[], [], []]


def test_a_property_that_bears_a_stricter_label_is_not_shown() -> None:
    props = (("label", "Anna", "/label", 1), ("status", "held", "/status", 2))
    network = Network()
    network.add(Reading(origin(1), 1, [("lawyer:a.1", 1, props)], [], None))
    open_to, whole = (
        Look(Eyes(network, frozenset(allowed)), ALL).node("lawyer:a.1") for allowed in ({1}, {1, 2})
    )
    assert open_to == {"ref": "lawyer:a.1", "kind": "lawyer", "label": "Anna"}
    assert whole == {**open_to, "status": "held"}
    network.add(Reading(origin(2), 1, [("lawyer:a.1", 1, props)], [], None))
    for allowed, seen in (({1}, open_to), ({1, 2}, whole)):
        assert Look(Eyes(network, frozenset(allowed)), ALL).node("lawyer:a.1") == seen


def test_a_tie_keeps_as_many_claims_as_there_are_and_loses_them_one_by_one() -> None:
    network = Network()
    ends = ("threat:a.1", "lawyer:a.1")
    said = [reading(number, dict.fromkeys(ends, 1), ("TARGETS", *ends, 1)) for number in range(1, 13)]
    for number, one in enumerate(said, 1):
        network.add(one)
        claims = network.edge(*ends, "TARGETS")
        assert [claim.origin.position for claim in claims] == [*range(1, number + 1)]
    assert type(claims) is list
    for left, one in enumerate(said, 1):
        network.remove(one)
        assert [claim.origin.position for claim in network.edge(*ends, "TARGETS")] == [*range(left + 1, 13)]
    assert not network.nodes


def test_ties_of_one_event_share_what_is_held_until_another_event_claims_one_of_them() -> None:
    network = Network()
    ends = {"threat:a.1": 1, "lawyer:a.1": 1, "lawyer:a.2": 1}
    ties = [("TARGETS", "threat:a.1", ref, 1) for ref in ("lawyer:a.1", "lawyer:a.2")]
    network.add(reading(1, ends, *ties))
    out_of = network.graph.out_of("threat:a.1")
    assert out_of["lawyer:a.1"] is out_of["lawyer:a.2"]
    network.add(reading(2, ends, ties[0], ("NAMES", "threat:a.1", "lawyer:a.1", 1)))
    places = {
        ref: [one.origin.position for one in network.edge("threat:a.1", ref, "TARGETS")] for ref in out_of
    }
    assert places == {"lawyer:a.1": [1, 2], "lawyer:a.2": [1]}
    assert network.kinds_between("threat:a.1", "lawyer:a.2") == ["TARGETS"]
    network.remove(reading(1, ends, *ties))
    assert network.kinds_between("threat:a.1", "lawyer:a.1") == ["TARGETS", "NAMES"]
    assert network.kinds_between("threat:a.1", "lawyer:a.2") == []


def test_the_only_claim_on_a_node_shows_its_properties_in_the_order_of_their_names() -> None:
    props = (
        ("status", "held", "/status", 1),
        ("label", "Anna", "/label", 1),
        ("country", "QM", "/country", 1),
    )
    network = Network()
    network.add(Reading(origin(1), 1, [("lawyer:a.1", 1, props)], [], None))
    assert [*Look(Eyes(network, frozenset({1})), ALL).node("lawyer:a.1").items()] == [
        ("ref", "lawyer:a.1"), ("kind", "lawyer"), ("label", "Anna"), ("country", "QM"), ("status", "held")
    ]  # fmt: skip
