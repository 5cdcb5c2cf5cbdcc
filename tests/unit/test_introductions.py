"""Introductions: trust of steps, who is never passed, and the words for it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC, Reader
from projections.graph.paths.introductions import MOST_AVOIDED, PathQuery
from projections.graph.paths.trust import HALF_LIFE_DAYS, UNIT, Judge, Trust
from projections.graph.query import GraphQuery
from projections.shown import Assessment, Origin
from tests.folding import Views, recorded, views_in

Json = Any

NOW = date(2026, 12, 1)
FRIEND = Reader("lanterns", "anna", "amber")


def origin(number: int = 1, partner: str = "lanterns", grade: str = "B2", **more: Any) -> Origin:
    said = {"as_of": None, "time": "2026-12-01T10:00:00Z", **more}
    return Origin(
        number, f"urn:hub:partner:{partner}", f"e-{number}", "threat.reported", said["time"], said["as_of"],
        grade[0], grade[1],
    )  # fmt: skip


def trust(*said: Origin, results: dict[str, str] | None = None) -> Trust:
    def assessments(about: Origin) -> list[Assessment]:
        result = (results or {}).get(about.id)
        moment = "2026-12-01T11:00:00Z"
        return (
            [Assessment(about.source, about.id, "urn:hub:partner:x", "j", moment, result, ())]
            if result
            else []
        )

    return Judge(assessments, NOW).trust(said)


def test_a_new_claim_of_the_best_grade_is_trusted_by_how_many_say_so() -> None:
    values = [
        trust(*(origin(number, f"p{number}", "A1") for number in range(1, count + 1))).value
        for count in (1, 2, 3)
    ]
    assert values == [round(UNIT * share ** (1 / 3)) for share in (0.5, 0.75, 0.875)]
    assert trust(origin(1, "p", "A1"), origin(2, "p", "A1")).value == values[0]


def test_what_one_hub_tells_of_many_publishers_is_one_word() -> None:
    own = origin(1, "p1", "A1")
    north = [origin(number, f"p{number}", "A1")._replace(told="north") for number in (2, 3, 4)]
    south = origin(5, "p5", "A1")._replace(told="south")
    assert [trust(*said).sources for said in (north, [own, *north], [own, *north, south])] == [1, 2, 3]
    assert trust(*north).value == trust(own).value


def test_trust_fades_by_half_of_the_recency_in_a_half_life() -> None:
    assert HALF_LIFE_DAYS == 180
    days = ("2026-12-01", "2026-06-04", "2025-12-06", "2026", "2027-05-01", "2026-06-04/..")
    assert [round(trust(origin(as_of=day)).recency, 4) for day in days] == [1, 0.5, 0.25, 1, 1, 1]
    old = trust(origin(1, as_of="2026-06-04"), origin(2, as_of="2026-12-01"))
    assert (old.recency, old.newest) == (1, NOW)


def test_a_day_that_nobody_can_read_is_long_ago() -> None:
    assert trust(origin(as_of="2026-06-04T10:00:00.5Z")).newest == date(2026, 6, 4)
    assert trust(origin(as_of="soon", time="2026-06-04T10:00:00Z")).newest == date(2026, 6, 4)
    ancient = trust(origin(as_of=None, time=""))
    assert (ancient.newest, ancient.value) == (date.min, 1)


def test_the_best_grade_counts_and_what_cannot_be_judged_is_not_the_worst() -> None:
    best = trust(origin(1, grade="E5"), origin(2, grade="A2"), origin(3, grade="F6"))
    assert (best.grade, best.reliability) == ("A2", 0.925)
    order = ["A1", "B2", "C3", "D4", "F6", "E5"]
    values = [trust(origin(grade=grade)).value for grade in order]
    assert values == sorted(values, reverse=True)


def test_doubt_takes_from_trust_and_a_refuted_claim_adds_none() -> None:
    two = origin(1, "p", "A1"), origin(2, "q", "C3")
    sure = trust(*two)
    assert trust(*two, results={"e-1": "disputed"}).value == round(sure.value * 0.75)
    refuted = trust(*two, results={"e-1": "refuted"})
    assert (refuted.sources, refuted.grade, refuted.doubt) == (1, "C3", 0.5)
    assert trust(*two, results={"e-1": "refuted", "e-2": "unsupported"}).value == 1
    assert trust(*two, results={"e-1": "corroborated"}) == sure
    assert "some of it is doubted" in refuted.in_words()


def test_a_step_costs_less_than_two() -> None:
    worst, best = (
        trust(origin(as_of="1900", grade="E5")),
        trust(*(origin(1, f"p{no}", "A1") for no in range(40))),
    )
    assert UNIT <= best.cost < worst.cost < 2 * UNIT


def member(position: int, lawyer: str, body: str, partner: str = "lanterns", **data: Any) -> Any:
    envelope = {name: data.pop(name) for name in ("tlp", "time") if name in data}
    said = {"lawyer": f"lawyer:a.{lawyer}", "bar": f"body:a.{body}", **data}
    return recorded(position, "lawyer.profiled", said, partner, **envelope)


def threat(position: int, number: int, *targets: str, by: tuple[str, ...] = (), **envelope: str) -> Any:
    accused = [{"body": body, "degree": "direct", "confidence": 0.7} for body in by]
    data = {"threat": f"threat:a.{number}", "targets": list(targets), "attributed_to": accused}
    return recorded(position, "threat.reported", data, "lanterns", **envelope)


def ask(views: Views, source: str, target: str, reader: Reader = PUBLIC, **more: Any) -> Json:
    return views.graph_of(reader).paths(PathQuery(source, target, NOW, **more))


def ways(answer: Json) -> list[list[str]]:
    return [[node["ref"] for node in path["nodes"]] for path in answer["paths"]]


A, B = "lawyer:a.1", "lawyer:a.2"


def graded(grade: str) -> Json:
    return {"reliability": grade[0], "credibility": grade[1]}


def test_a_well_attested_longer_way_beats_a_doubtful_short_one(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        old = {"provenance": graded("E5"), "as_of": "2019"}
        views.put(member(1, "1", "old", **old), member(2, "2", "old", **old))
        for position, partner in ((3, "harbour"), (6, "docket"), (9, "lanterns")):
            views.put(
                member(position, "1", "x", partner, provenance=graded("A1"), as_of="2026-11-30"),
                member(position + 1, "2", "y", partner, provenance=graded("A1"), as_of="2026-11-30"),
                recorded(
                    position + 2,
                    "body.profiled",
                    {
                        "body": "body:a.x",
                        "member_of": ["body:a.y"],
                        "provenance": graded("A1"),
                        "as_of": "2026-11-30",
                    },
                    partner,
                ),
            )
        answer = ask(views, A, B)
        assert ways(answer) == [[A, "body:a.x", "body:a.y", B], [A, "body:a.old", B]]
        assert ways(ask(views, A, B, weigh="hops")) == [[A, "body:a.old", B], [A, "body:a.x", "body:a.y", B]]
        costs = [path["cost"] for path in answer["paths"]]
        assert costs == sorted(costs)
        step = answer["paths"][0]["steps"][0]
        assert step["trust"] == {
            "value": 0.9552, "recency": 0.9962, "reliability": 1, "sources": 3, "doubt": 0, "grade": "A1",
            "newest": "2026-11-30",
        }  # fmt: skip
        assert step["cost"] == 1.0448
        assert step["why"] == "3 independent sources say so, graded A1 at best, last on 2026-11-30."
        assert [event["id"] for event in step["ties"][0]["events"]] == ["event-3", "event-6", "event-9"]
        assert answer["avoided"] == []


def test_a_hostile_body_is_never_passed_and_the_answer_says_why(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(
            member(1, "1", "x"),
            member(2, "2", "x"),
            threat(3, 7, "lawyer:a.9", by=("body:a.x",)),
        )
        assert ask(views, A, B) == {
            "paths": [],
            "avoided": [
                {
                    "ref": "body:a.x",
                    "kind": "body",
                    "label": "body:a.x",
                    "why": "A threat is attributed to it.",
                    "threats": ["threat:a.7"],
                    "events": [
                        {"source": "urn:hub:partner:lanterns", "id": "event-3", "type": "threat.reported"}
                    ],
                }
            ],
        }
        assert ways(ask(views, A, "body:a.x")) == [[A, "body:a.x"]]
        assert ways(ask(views, A, B, hostile="ends")) == [[A, "body:a.x", B]]
        views.put(threat(4, 8, B, by=("body:a.x",)))
        assert ways(ask(views, A, B, hostile="ends")) == []


def test_what_the_reader_may_not_see_makes_nobody_hostile(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(member(1, "1", "x"), member(2, "2", "x"), threat(3, 7, B, by=("body:a.x",), tlp="amber"))
        assert ways(ask(views, A, B)) == [[A, "body:a.x", B]]
        assert ways(ask(views, A, B, FRIEND)) == []


@pytest.mark.parametrize("accused", ["body:a.top", "body:a.middle", "body:a.x"])
def test_whoever_belongs_to_a_hostile_body_is_not_passed_either(tmp_path: Path, accused: str) -> None:
    with views_in(tmp_path) as views:
        views.put(
            member(1, "1", "x"),
            member(2, "2", "x"),
            recorded(3, "body.profiled", {"body": "body:a.x", "parent": "body:a.middle"}),
            recorded(4, "body.profiled", {"body": "body:a.middle", "parent": "body:a.top"}),
            recorded(5, "body.profiled", {"body": "body:a.top", "parent": "body:a.middle"}),
            threat(6, 7, "lawyer:a.9", by=(accused,)),
        )
        answer = ask(views, A, B)
        assert ways(answer) == []
        [avoided] = answer["avoided"]
        assert avoided["ref"] == "body:a.x"
        assert (accused in avoided["why"]) is (accused != "body:a.x")


def test_a_partner_whose_body_is_hostile_is_not_passed(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(
            recorded(1, "partner.admitted", {"partner": "partner:state", "body": "body:a.x", "name": "N"}),
            recorded(2, "action.joined", {"action": "action:a.1", "partner": "partner:state"}, "state"),
            recorded(3, "action.joined", {"action": "action:a.2", "partner": "partner:state"}, "state"),
        )
        assert ways(ask(views, "action:a.1", "action:a.2")) == [["action:a.1", "partner:state", "action:a.2"]]
        views.put(threat(4, 7, "lawyer:a.9", by=("body:a.x",)))
        answer = ask(views, "action:a.1", "action:a.2")
        assert (ways(answer), [one["ref"] for one in answer["avoided"]]) == ([], ["partner:state"])
        assert answer["avoided"][0]["why"] == "A threat is attributed to body:a.x, to which it belongs."


def test_the_nearest_of_many_hostile_bodies_are_named(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        bodies = [f"{number:02}" for number in range(MOST_AVOIDED + 5)]
        views.put(*(member(number, "1", body) for number, body in enumerate(bodies, 1)))
        views.put(member(50, "2", "00"), threat(51, 7, B, by=tuple(f"body:a.{body}" for body in bodies)))
        avoided = ask(views, A, B, hostile="ends")["avoided"]
        assert [one["ref"] for one in avoided] == [f"body:a.{body}" for body in bodies[:MOST_AVOIDED]]


def test_merged_references_are_passed_as_one(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        judged = {
            "left": "body:a.x",
            "right": "body:a.y",
            "judgement": "same",
            "basis": ["bar_number"],
            "confidence": 1,
        }
        views.put(member(1, "1", "x"), member(2, "2", "y"))
        assert ways(ask(views, A, B)) == []
        views.put(recorded(3, "identity.judged", judged))
        answer = ask(views, A, B)
        assert ways(answer) == [[A, "body:a.x", B]]
        assert [step["ties"][0]["events"][0]["id"] for step in answer["paths"][0]["steps"]] == [
            "event-1",
            "event-2",
        ]
        assert ways(ask(views, A, "body:a.y")) == [[A, "body:a.x"]]
        assert ways(ask(views, A, B, avoid=["body:a.y"])) == []


def test_paths_of_another_moment_are_those_of_its_ties(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        for number, day in ((1, "2026-01-05"), (2, "2026-06-05")):
            data = {"threat": f"threat:a.{number}", "targets": [A, B], "occurred": day}
            views.put(recorded(number, "threat.reported", data, "lanterns"))
        then = GraphQuery(as_of="2026-03-01")
        found = views.graph_of().paths(PathQuery(A, B, NOW), then)
        assert found is not None
        assert ways(found) == [[A, "threat:a.1", B]]
        assert [event["id"] for event in found["paths"][0]["steps"][0]["ties"][0]["events"]] == ["event-1"]


def test_at_another_moment_the_same_are_not_passed(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(
            member(1, "1", "x", country_of_practice="QM"),
            member(2, "2", "x", country_of_practice="QM"),
            *(member(number, str(number), "x") for number in range(3, 202)),
            member(202, "1", "y"),
            member(203, "2", "y"),
            threat(204, 7, A, by=("body:a.y",)),
        )
        sight = views.graph_of()
        for moment in (GraphQuery(as_of="2026-11-01"), GraphQuery(upto=203), GraphQuery(merge=False)):
            for hostile in ("any", "ends"):
                query = PathQuery(A, B, NOW, hostile=hostile)
                found = sight.paths(query, moment)
                assert found is not None
                expected = [[A, "body:a.y", B]] if moment.upto else []
                assert ways(found) == expected


def test_ends_must_be_known_and_places_introduce_nobody(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(
            member(1, "1", "x", country_of_practice="QM"),
            member(2, "2", "y", country_of_practice="QM"),
            threat(3, 7, "lawyer:a.9", tlp="amber"),
        )
        assert ask(views, A, B) == {"paths": [], "avoided": []}
        assert ways(ask(views, A, "place:QM")) == [[A, "place:QM"]]
        assert ask(views, A, A) == {"paths": [], "avoided": []}
        assert ask(views, A, "lawyer:a.9") is None


def test_a_hub_introduces_nobody_but_hidden_ties_make_no_hub(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(*(member(number, str(number), "x") for number in range(1, 201)))
        views.put(member(201, "201", "x", tlp="amber"))
        assert ways(ask(views, A, B)) == [[A, "body:a.x", B]]
        assert ways(ask(views, A, B, FRIEND)) == []
        assert ways(ask(views, A, "body:a.x", FRIEND)) == [[A, "body:a.x"]]


def test_who_is_judged_another_is_no_acquaintance(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        judged = {"left": A, "right": B, "judgement": "unsure", "basis": ["bar_number"], "confidence": 0.5}
        views.put(recorded(1, "identity.judged", judged))
        assert ways(ask(views, A, B)) == []
        views.put(
            threat(2, 7, A, B), recorded(3, "statement.issued", {"statement": "statement:a.1", "about": [A]})
        )
        assert ways(ask(views, A, B)) == [[A, "threat:a.7", B]]
        views.put(member(4, "1", "x", represented_by=B))
        [direct, _] = ask(views, A, B)["paths"]
        assert [tie["kind"] for tie in direct["steps"][0]["ties"]] == ["REPRESENTED_BY"]
