"""Events as nodes of the graph: what each asserts, and what speaks for or against which."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.audience import PUBLIC
from projections import assertions
from projections.assertions import claim_of, event_of
from projections.graph.query import GraphQuery
from projections.sight import Sight
from tests.logs import OWNER, PARTNER, Ask, MemoryLog

Json = Any

OWN = "harbour-bar-watch"
THREAT, LAWYER = f"threat:{OWN}.1", f"lawyer:{OWN}.1"
ALL = ["ASSERTS", "CORROBORATES", "DISPUTES", "CORRECTS", "RETRACTS"]


def claim(event_id: str, slug: str = OWN) -> str:
    return f"claim:{slug}.{event_id}"


def assess(log: MemoryLog, verdict: str, slug: str = "open-docket", **envelope: Json) -> str:
    data = {"about_event": "e1", "about_source": f"urn:hub:partner:{OWN}", "verdict": verdict}
    return claim(log.add("claim.assessed", data, slug, **envelope).id, slug)


def ties(found: Json, *kinds: str) -> set[tuple[str, str, str]]:
    return {(one["from"], one["kind"], one["to"]) for one in found["edges"] if one["kind"] in (kinds or ALL)}


def asked(sight: Sight, **query: Json) -> Json:
    return sight.graph(GraphQuery(**{"about": [THREAT], "hops": 1, **query}), claims=True)


def test_every_event_asserts_what_it_speaks_of(ask: Ask, log: MemoryLog) -> None:
    log.threat(1)
    found = asked(ask(PARTNER))
    [node] = [one for one in found["nodes"] if one["kind"] == "claim"]
    event = {"source": f"urn:hub:partner:{OWN}", "id": "e1", "type": "threat.reported"}
    assert node == {"ref": claim("e1"), "kind": "claim", "label": "threat.reported", "event": event}
    assert ties(found) == {(claim("e1"), "ASSERTS", one["ref"]) for one in found["nodes"] if one != node}
    assert {THREAT, LAWYER} <= {to for _, _, to in ties(found)}


def test_unasked_there_are_none(ask: Ask, log: MemoryLog) -> None:
    log.threat(1)
    found = ask(PARTNER).graph(GraphQuery(about=[THREAT], hops=2))
    assert {one["kind"] for one in found["nodes"]}.isdisjoint({"claim"})


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        ("corroborates", "CORROBORATES"),
        ("verifies", "CORROBORATES"),
        ("disputes", "DISPUTES"),
        ("refutes", "DISPUTES"),
    ],
)
def test_one_claim_speaks_for_or_against_another(ask: Ask, log: MemoryLog, verdict: str, kind: str) -> None:
    log.threat(1)
    one = assess(log, verdict)
    assert ties(asked(ask(PARTNER)), *ALL[1:]) == {(one, kind, claim("e1"))}


def test_what_cannot_be_judged_speaks_neither_for_nor_against(ask: Ask, log: MemoryLog) -> None:
    log.threat(1)
    assess(log, "cannot_judge")
    assert ties(asked(ask(PARTNER)), *ALL[1:]) == set()
    node: Json = ask(PARTNER).node(claim("e1"))
    assert node["ties"].keys() == {"ASSERTS"}


def test_a_correction_corrects_and_a_retraction_retracts(ask: Ask, log: MemoryLog) -> None:
    log.threat(1)
    log.correct("e1", ("/status", "ended"))
    assert ties(asked(ask(PARTNER)), *ALL[1:]) == {(claim("e2"), "CORRECTS", claim("e1"))}
    log.retract("e1", "false")
    found = ask(PARTNER).graph(GraphQuery(about=[THREAT], upto=2), claims=True)
    assert ties(found, *ALL[1:]) == {(claim("e2"), "CORRECTS", claim("e1"))}
    log.add("threat.updated", {"threat": THREAT, "status": "ended"}, subject=THREAT)
    found = asked(ask(PARTNER), past=True)
    assert not ties(found, "RETRACTS")
    log.add("statement.issued", {"statement": f"statement:{OWN}.1", "about": [LAWYER, THREAT]}, id="st")
    found = asked(ask(PARTNER), past=True, hops=2)
    assert (claim("e3"), "RETRACTS", claim("e1")) in ties(found, "RETRACTS")


def test_only_its_publisher_and_stewards_amend_a_claim(ask: Ask, log: MemoryLog) -> None:
    log.threat(1)
    about = {"about_event": "e1", "about_source": f"urn:hub:partner:{OWN}"}
    log.add("record.retracted", {**about, "reason": "false"}, "open-docket")
    log.add("record.corrected", {**about, "changes": []}, "open-docket")
    assert ties(asked(ask(PARTNER)), *ALL[1:]) == set()


def test_claims_are_as_visible_as_their_events(ask: Ask, log: MemoryLog) -> None:
    log.threat(1, tlp="clear")
    hidden = assess(log, "disputes", tlp="red")
    assert ties(asked(ask(PUBLIC)), *ALL[1:]) == set()
    assert ask(PUBLIC).node(claim("e1")) is not None
    assert ask(PARTNER).node(hidden) is None
    assert ask(PUBLIC).node(claim("nothing")) is None


def test_kinds_and_ties_name_what_is_wanted(ask: Ask, log: MemoryLog) -> None:
    log.threat(1)
    one = assess(log, "disputes")
    sight = ask(PARTNER)

    def found(**query: Json) -> Json:
        return sight.graph(GraphQuery(**{"about": [THREAT], "hops": 1, **query}))

    assert ties(found(ties=["DISPUTES"])) == {(one, "DISPUTES", claim("e1"))}
    assert {node["kind"] for node in found(kinds=["claim"])["nodes"]} == {"claim"}
    assert found(kinds=["claim"], about=[])["edges"] == found(ties=["DISPUTES"])["edges"]
    both = found(kinds=["claim", "lawyer"], about=[LAWYER])
    assert {node["ref"] for node in both["nodes"]} == {LAWYER, claim("e1"), one}
    mixed = found(ties=["TARGETS", "ASSERTS"])
    assert {edge["kind"] for edge in mixed["edges"]} == {"TARGETS", "ASSERTS"}


def test_about_a_claim_is_what_it_speaks_of(ask: Ask, log: MemoryLog) -> None:
    log.threat(1)
    log.profile(1)
    sight = ask(PARTNER)
    found = sight.graph(GraphQuery(about=[claim("e1")], hops=1))
    assert {one["ref"] for one in found["nodes"] if one["kind"] == "claim"} == {claim("e1")}
    assert (claim("e1"), "ASSERTS", LAWYER) in ties(found)
    assert sight.graph(GraphQuery(about=[claim("nothing")], hops=2))["nodes"] == []


def test_a_claim_and_its_ties_have_dossiers(ask: Ask, log: MemoryLog) -> None:
    log.threat(1)
    one = assess(log, "disputes")
    sight = ask(PARTNER)
    node: Json = sight.node(claim("e1"))
    assert {tie["other"]["ref"] for tie in node["ties"]["ASSERTS"]} >= {THREAT, LAWYER}
    assert [tie["from"] for tie in node["ties"]["DISPUTES"]] == [one]
    tie: Json = sight.edge(one, claim("e1"), "DISPUTES")
    assert tie["claims"] == [
        {"event": {"source": "urn:hub:partner:open-docket", "id": "e2", "type": "claim.assessed"}}
    ]
    tie = sight.edge(claim("e1"), LAWYER, "ASSERTS")
    assert tie["claims"][0]["event"]["id"] == "e1"
    assert sight.edge(claim("e1"), "lawyer:nobody.1", "ASSERTS") is None
    assert sight.edge(claim("e1"), claim("nothing"), "DISPUTES") is None


def test_the_newest_are_told_and_the_rest_counted(
    ask: Ask, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assertions, "MOST_CLAIMS", 1)
    log.threat(1)
    log.threat(1)
    found = asked(ask(OWNER))
    assert [one["ref"] for one in found["nodes"] if one["kind"] == "claim"] == [claim("e2")]
    assert found["truncated"] == 1


@given(st.text(min_size=1, max_size=40), st.sampled_from(["harbour-bar-watch", "o1"]))
def test_the_reference_of_a_claim_names_its_event(event_id: str, slug: str) -> None:
    named = f"urn:hub:partner:{slug}", event_id.encode("utf-8", "ignore").decode()
    ref = claim_of(*named)
    assert event_of(ref) == named
    assert set(ref) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")
