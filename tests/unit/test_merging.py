"""Who is read as one: judged by people, never by itself, undone when a judgement goes."""

from typing import Any

import pytest

from events.audience import PUBLIC
from projections.dossier_sight import ListQuery
from projections.graph.claims import EdgeClaim, Judgement
from projections.graph.merging import Merged, merged
from projections.graph.query import GraphQuery
from projections.shown import Origin
from tests.logs import OWNER, PARTNER, Ask, MemoryLog

Json = Any

A, B, C = (f"lawyer:harbour-bar-watch.{number}" for number in (1, 2, 3))
OWN, OTHER = "harbour-bar-watch", "open-docket"


def said(kind: str, number: int = 1, partner: str = OWN, preferred: str | None = None) -> Judgement:
    origin = Origin(number, partner, f"e{number}", "identity.judged", f"2026-11-0{number}", None, "B", "2")
    return Judgement(kind, EdgeClaim(origin, 0, None, None), preferred)


def names(*judged: tuple[str, str, Judgement]) -> Merged:
    pairs: dict[tuple[str, str], list[Judgement]] = {}
    for left, right, one in judged:
        pairs.setdefault((min(left, right), max(left, right)), []).append(one)
    return merged(pairs, lambda one: one.claim.label == 0, lambda _: ())


def test_what_is_judged_the_same_has_one_name() -> None:
    found = names((B, A, said("SAME_AS")), (B, C, said("SAME_AS", 2)))
    assert found.members == {A: (A, B, C)}
    assert [found.of(ref) for ref in (A, B, C, "lawyer:x.9")] == [A, A, A, "lawyer:x.9"]
    assert names((A, B, said("SAME_AS", preferred=B))).of(A) == B
    assert names((A, B, said("SAME_AS", preferred="lawyer:x.9"))).of(B) == A


@pytest.mark.parametrize("kind", ["NOT_SAME_AS", "POSSIBLY_SAME_AS"])
def test_nothing_else_merges(kind: str) -> None:
    assert not names((A, B, said(kind)))
    assert not names((A, B, said("SAME_AS")), (A, B, said(kind, 2, OTHER)))
    # Whoever judges anew is taken by his last word.
    assert not names((A, B, said("SAME_AS")), (A, B, said(kind, 2)))
    assert names((A, B, said(kind)), (A, B, said("SAME_AS", 2)))


def test_whoever_is_another_than_one_of_a_group_stays_out_of_it() -> None:
    found = names((A, B, said("SAME_AS")), (B, C, said("SAME_AS", 2)), (A, C, said("NOT_SAME_AS", 3)))
    assert found.members == {A: (A, B)}


def report(log: MemoryLog, number: int, slug: str = OWN, **more: Json) -> None:
    threat = f"threat:{slug}.{number}"
    data = {"threat": threat, "targets": [f"lawyer:{OWN}.{number}"], "categories": ["liberty.arrest"]}
    log.add("threat.reported", data, slug, subject=threat, **more)


def judge(log: MemoryLog, judgement: str = "same", **more: Json) -> None:
    data = {"left": A, "right": B, "judgement": judgement, "basis": ["photo"], "confidence": 0.9}
    log.add("identity.judged", data, OTHER, **more)


def test_the_graph_reads_both_as_one_and_splits_again(ask: Ask, log: MemoryLog) -> None:
    report(log, 1)
    report(log, 2, OTHER)
    apart = ask(OWNER).graph(GraphQuery(about=[A, B]))
    judge(log)
    sight = ask(OWNER)
    found = sight.graph(GraphQuery(about=[B]))
    assert [node["ref"] for node in found["nodes"]] == [A, f"threat:{OWN}.1", f"threat:{OTHER}.2"]
    assert found["nodes"][0]["same"] == [B]
    assert {(edge["from"], edge["to"]) for edge in found["edges"]} == {
        (f"threat:{OWN}.1", A),
        (f"threat:{OTHER}.2", A),
    }
    assert sight.node(B) == sight.node(A)
    assert sight.edge(f"threat:{OTHER}.2", B, "TARGETS") is not None
    raw = sight.graph(GraphQuery(about=[A], merge=False))
    assert [(edge["kind"], edge["to"]) for edge in raw["edges"]] == [("SAME_AS", B), ("TARGETS", A)]
    log.retract("e3", slug=OTHER)
    assert ask(OWNER).graph(GraphQuery(about=[A, B])) == apart


def test_who_does_not_see_the_judgement_sees_two(ask: Ask, log: MemoryLog) -> None:
    report(log, 1, tlp="clear")
    report(log, 2, tlp="clear")
    before = ask(PUBLIC).graph(GraphQuery())
    judge(log, tlp="amber")
    assert ask(PUBLIC).graph(GraphQuery()) == before
    assert ask(PARTNER).graph(GraphQuery(kinds=["lawyer"]))["nodes"] == [
        {"ref": A, "kind": "lawyer", "label": A, "same": [B]}
    ]


def test_lists_and_dossiers_hold_them_as_one(ask: Ask, log: MemoryLog) -> None:
    log.profile(1, country_of_practice="QM")
    log.profile(2, practice_status="practising")
    assert ask(OWNER).listing("lawyers", ListQuery())["total"] == 2
    judge(log)
    sight = ask(OWNER)
    page = sight.listing("lawyers", ListQuery())
    assert (page["total"], page["items"][0]["ref"], page["items"][0]["same"]) == (1, A, [B])
    assert sight.listing("lawyers", ListQuery(status="practising"))["total"] == 1
    dossier = sight.dossier("lawyers", B)
    assert dossier is not None
    assert (dossier["ref"], dossier["same"]) == (A, [B])
    assert [one["event"]["id"] for one in dossier["timeline"]["log"]["items"]] == ["e1", "e2", "e3"]
    log.retract("e3", slug=OTHER)
    assert ask(OWNER).listing("lawyers", ListQuery())["total"] == 2


def test_consent_to_name_the_one_names_the_other_nowhere(ask: Ask, log: MemoryLog) -> None:
    open_name: Json = {"protection": {"consent_level": "C5", "scopes": ["media"]}}
    log.profile(1, tlp="clear", **open_name, identity={"names": [{"full": "Pellamine Dovrask"}]})
    log.profile(2, tlp="clear", identity={"names": [{"full": "Isvael Korrendt"}]})
    judge(log, tlp="clear")
    sight = ask(PUBLIC)
    told = [sight.graph(GraphQuery()), sight.node(A), sight.dossier("lawyers", A), sight.search("Korrendt")]
    assert "Dovrask" in str(told)
    assert "Isvael" not in str(told)


def test_the_past_knows_who_was_one_then(ask: Ask, log: MemoryLog) -> None:
    report(log, 1)
    report(log, 2)
    judge(log)
    log.correct("e3", ("/judgement", "different"), slug=OTHER)
    sight = ask(OWNER)
    assert [len(sight.graph(GraphQuery(kinds=["lawyer"], upto=upto))["nodes"]) for upto in (2, 3, 4)] == [
        2,
        1,
        2,
    ]
