import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC
from projections.graph.query import GraphQuery
from projections.graph.questions.derived import LEAST_CASES
from tests.folding import registry
from tests.pointers import strings
from tests.solidarity import A1, C1, GREEN, L1, L2, ST1, T1, Solidarity, events_in, solidarity

Json = Any


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Solidarity]:
    with solidarity(tmp_path) as made:
        yield made


def edges(answer: Json) -> list[tuple[str, str, str]]:
    return [(edge["from"], edge["kind"], edge["to"]) for edge in answer["edges"]]


def refs(answer: Json) -> list[str]:
    return [node["ref"] for node in answer["nodes"]]


def test_two_who_joined_one_action_acted_together(world: Solidarity) -> None:
    for slug in ("quill", "docket"):
        world.join(slug, "signatory")
        world.join(slug, "observer", "action:a.2")
    world.join("harbour", "signatory")
    told = world.ask().edge("partner:docket", "partner:quill", "CO_ACTED_WITH")
    assert told is not None
    assert (told["weight"], told["claims"], told["since"], told["derived"]) == (2, 4, "2026-11-05", True)
    assert [one["action"] for one in told["because"]] == [A1, "action:a.2"]
    assert [step["from"] for step in told["because"][0]["steps"]] == ["partner:docket", "partner:quill"]
    assert world.ask().edge("partner:quill", "partner:docket", "CO_ACTED_WITH") is None


def gather(world: Solidarity, number: int, **data: Any) -> None:
    for no in range(number):
        world.threaten(f"threat:a.{no}", f"lawyer:a.{no}", place={"country": "QM"}, **data)


def test_a_pattern_is_one_from_five_visible_cases_on(world: Solidarity) -> None:
    gather(world, LEAST_CASES - 1, attributed_to=[{"body": "body:a.police"}])
    world.threaten(
        "threat:a.9", tlp="amber", place={"country": "QM"}, attributed_to=[{"body": "body:a.police"}]
    )
    for source in ("place:QM", "body:a.police"):
        assert world.ask(PUBLIC).edge(source, "category:liberty.arrest", "SHARES_THREAT_PATTERN") is None
        told = world.ask(GREEN).edge(source, "category:liberty.arrest", "SHARES_THREAT_PATTERN")
        assert told is not None
        assert (told["weight"], told["claims"], told["to"]) == (5, 5, "category:liberty.arrest")
        assert len(set(events_in(told))) == 5


def test_threats_of_one_case_are_one_case(world: Solidarity) -> None:
    for no in range(LEAST_CASES + 1):
        world.threaten(f"threat:a.{no}", place={"country": "QM"}, correlationid=C1)
    assert world.ask().edge("place:QM", "category:liberty.arrest", "SHARES_THREAT_PATTERN") is None


def test_derived_ties_come_when_asked_for_and_lead_one_hop_on(world: Solidarity) -> None:
    world.threaten()
    world.state([L1, T1], "partner:quill")
    plain = world.part(about=[L1])
    assert "SUPPORTS" not in {kind for _, kind, _ in edges(plain)}
    named = world.part(about=[L1], ties=["SUPPORTS"])
    assert refs(named) == [L1, "partner:lanterns", "partner:quill"]
    assert edges(named) == [("partner:lanterns", "SUPPORTS", L1), ("partner:quill", "SUPPORTS", L1)]
    assert all(edge["derived"] and edge["weight"] > 0.9 for edge in named["edges"])
    whole = world.part(about=[L1], derived=True)
    assert {"TARGETS", "ABOUT", "SUPPORTS"} <= {kind for _, kind, _ in edges(whole)}
    mixed = world.part(about=[L1], ties=["SUPPORTS", "TARGETS"])
    assert {kind for _, kind, _ in edges(mixed)} == {"TARGETS", "SUPPORTS"}
    cut = world.part(about=[L1], ties=["SUPPORTS"], limit=2)
    assert (refs(cut), cut["truncated"]) == ([L1, "partner:lanterns"], 1)
    assert refs(world.part(about=[L1], ties=["SUPPORTS"], hops=0)) == [L1]


def test_without_a_start_derived_ties_join_what_is_there(world: Solidarity) -> None:
    world.state([L1], "partner:quill")
    world.join("quill", "signatory")
    world.join("docket", "signatory")
    found = world.part(derived=True)
    assert ("partner:quill", "SUPPORTS", L1) in edges(found)
    assert ("partner:docket", "CO_ACTED_WITH", "partner:quill") in edges(found)
    few = world.part(derived=True, kinds=["lawyer"])
    assert (refs(few), few["edges"]) == ([L1], [])


def test_kinds_and_countries_leave_out_derived_ends_too(world: Solidarity) -> None:
    gather(world, LEAST_CASES)
    world.state(["lawyer:a.1"])
    asked: Json = {"about": ["place:QM"], "ties": ["SHARES_THREAT_PATTERN"]}
    assert refs(world.part(**asked)) == ["place:QM", "category:liberty.arrest"]
    assert refs(world.part(**asked, kinds=("place", "category"))) == ["place:QM", "category:liberty.arrest"]
    assert world.part(**asked)["nodes"][1] == {
        "ref": "category:liberty.arrest",
        "kind": "category",
        "label": "liberty.arrest",
    }
    assert refs(world.part(**asked, country="QM")) == ["place:QM"]
    assert refs(world.part(**asked, kinds=["place"])) == ["place:QM"]
    of_lawyer = world.part(about=["lawyer:a.1"], ties=["SUPPORTS"], kinds=["lawyer"])
    assert refs(of_lawyer) == ["lawyer:a.1"]


def test_a_node_tells_its_derived_ties_with_the_other_end(world: Solidarity) -> None:
    world.profile(correlationid=C1)
    world.threaten()
    world.need()
    world.offer("fund")
    world.match()
    world.deliver("quill")
    world.trial()
    world.hearing("2026-11-08")
    world.observe("docket")
    world.state([L1], "body:a.quill")
    world.admit("quill", body="body:a.quill")
    world.call([T1], lead="partner:harbour")
    sight = world.views.graph_of(GREEN)
    lawyer = world.ask().node(sight.node(L1))
    assert lawyer is not None
    supporters = [one["other"]["ref"] for one in lawyer["derived"]["SUPPORTS"]]
    assert supporters == [f"partner:{one}" for one in ("docket", "fund", "harbour", "lanterns", "quill")]
    for slug in ("docket", "fund", "harbour", "lanterns", "quill"):
        told = world.ask().node(sight.node(f"partner:{slug}"))
        assert told is not None
        assert L1 in [one["other"]["ref"] for one in told["derived"]["SUPPORTS"]], slug
        of_case = C1 in [one["other"]["ref"] for one in told["derived"]["SUPPORTS"]]
        # Only the statement is about somebody or something that is in the case.
        assert of_case == (slug in ("lanterns", "quill")), slug
    statement = world.ask().node(sight.node(ST1))
    assert statement is not None
    assert statement["derived"] == {}
    assert world.ask().node(sight.node("lawyer:a.77")) is None
    assert world.ask().edge("partner:quill", "lawyer:a.77", "SUPPORTS") is None


def test_who_is_read_as_another_is_supported_by_whom_the_other_is(world: Solidarity) -> None:
    world.state([L1], "partner:quill")
    world.state([L2], "partner:docket", statement="statement:a.2")
    judged = {
        "left": L1,
        "right": L2,
        "judgement": "same",
        "basis": ["bar_number"],
        "confidence": 1,
        "preferred": L2,
    }
    event = world.tell("identity.judged", judged)
    assert set(world.weights(L2)) == {"lanterns", "quill", "docket"}
    assert world.ask().edge("partner:quill", L1, "SUPPORTS") == world.ask().edge(
        "partner:quill", L2, "SUPPORTS"
    )
    world.drop(event)
    assert set(world.weights(L1)) == {"lanterns", "quill"}
    assert set(world.weights(L2)) == {"lanterns", "docket"}


def test_no_rule_makes_a_tie_that_is_absent_on_purpose() -> None:
    written = [json.loads(one.read_bytes()) for one in (files("projections") / "rules").iterdir()]
    ties = [tie for rule in written for tie in rule["ties"]]
    pointers = {pointer for tie in ties for end in ("from", "to") for pointer in strings(tie[end])}
    assert len(ties) > 50
    forbidden = ("client", "family", "home", "travel", "source", "person", "relative")
    for pointer in pointers:
        assert not any(word in step for step in pointer.split("/") for word in forbidden), pointer


def test_persons_and_sources_are_no_nodes_whatever_an_event_says(world: Solidarity) -> None:
    for stem in registry().stems:
        contract = registry().contract(stem)
        world.tell(contract.type, contract.example, tlp="clear")
    graph = world.views.graph_of(GREEN).graph(GraphQuery(limit=5000))
    kinds = {node["kind"] for node in graph["nodes"]}
    assert {"lawyer", "threat", "partner"} <= kinds
    assert not kinds & {"person", "source"}
    whole = world.part(derived=True, limit=5000)
    assert not {node["kind"] for node in whole["nodes"]} & {"person", "source"}
    for edge in whole["edges"]:
        between = {edge["from"].partition(":")[0], edge["to"].partition(":")[0]}
        if "lawyer" in between and "place" in between:
            assert edge["kind"] == "PRACTISES_IN"  # where somebody works, never where he lives
        if between == {"lawyer"}:
            assert edge["kind"] in {"REPRESENTED_BY", "SAME_AS", "NOT_SAME_AS", "POSSIBLY_SAME_AS"}
        if between == {"partner", "place"}:
            raise AssertionError(edge)
