from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC, label_of
from events.event import Position
from projections.changes import Change
from projections.graph.questions.support import HALF_LIFE_DAYS, faded, span_of
from tests.folding import recorded
from tests.solidarity import A1, C1, GREEN, H1, L1, L2, ST1, T1, TR1, Solidarity, solidarity


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Solidarity]:
    with solidarity(tmp_path) as made:
        yield made


Json = Any


def on(day: str) -> date:
    return date.fromisoformat(day)


def test_a_deed_counts_half_after_the_half_life_and_whole_before_its_day() -> None:
    assert faded(0) == 1
    assert faded(HALF_LIFE_DAYS) == 0.5
    assert faded(2 * HALF_LIFE_DAYS) == 0.25
    assert faded(-5) == 1


def test_who_writes_and_who_signs_count_one_each_however_often_they_are_named(world: Solidarity) -> None:
    world.threaten()
    world.state([L1, T1], "partner:quill", "partner:lanterns")
    assert world.weights(now=on("2026-11-10")) == {"lanterns": 1, "quill": 1}
    assert world.weights(now=on("2027-05-09")) == {"lanterns": 0.5, "quill": 0.5}


def test_a_statement_about_a_threat_a_trial_or_a_case_counts_for_whom_it_concerns(world: Solidarity) -> None:
    world.threaten(correlationid=C1)
    world.trial()
    world.state([T1], "partner:quill")
    world.state([TR1], "partner:docket", statement="statement:a.2")
    world.state([C1], "partner:harbour", statement="statement:a.3")
    now = on("2026-11-10")
    assert world.weights(now=now) == {"lanterns": 3, "docket": 1, "harbour": 1, "quill": 1}
    assert world.weights(C1, now=now) == {"lanterns": 2, "harbour": 1, "quill": 1}


def test_a_body_that_signs_lends_its_weight_to_the_partner_that_it_is(world: Solidarity) -> None:
    world.admit("quill", body="body:a.quill")
    world.state([L1], "body:a.quill", "body:a.other")
    assert world.weights(now=on("2026-11-10")) == {"lanterns": 1, "quill": 1}


def test_observing_counts_two_also_where_the_hearing_was_adjourned_to_another(world: Solidarity) -> None:
    world.trial()
    world.hearing("2026-11-08")
    world.tell(
        "hearing.adjourned",
        {"hearing": H1, "status": "rescheduled", "new_hearing": "hearing:a.2", "new_starts": "2026-11-09"},
        "docket",
    )
    world.observe("quill", "hearing:a.2", on="2026-11-09")
    assert world.weights(now=on("2026-11-09")) == {"quill": 2}
    (support,) = world.inquire(GREEN).supports([L1])[L1]
    assert [tie[2] for tie in support.deeds[0].deed.path] == ["PARTY_TO", "PART_OF", "FOLLOWS", "OBSERVED_BY"]


def test_hearings_that_follow_each_other_in_a_circle_end(world: Solidarity) -> None:
    world.trial()
    world.hearing("2026-11-08")
    for one, other in ((H1, "hearing:a.2"), ("hearing:a.2", H1)):
        world.tell(
            "hearing.adjourned", {"hearing": one, "status": "rescheduled", "new_hearing": other}, "docket"
        )
    world.observe("quill", "hearing:a.2", on="2026-11-09")
    assert world.weights(now=on("2026-11-09")) == {"quill": 2}


def test_working_in_an_action_counts_two_and_lending_a_name_one(world: Solidarity) -> None:
    world.threaten()
    world.call([T1])
    world.join("quill", "drafter")
    world.join("docket", "endorser")
    world.join("lanterns", "signatory")
    assert world.weights(now=on("2026-11-01")) == {"lanterns": 2, "quill": 2, "docket": 1}


def test_who_left_an_action_stands_behind_it_no_more_until_he_comes_back(world: Solidarity) -> None:
    world.call([L1])
    world.join("quill", "observer")
    world.leave("quill", "2026-11-07")
    assert "quill" in world.weights(now=on("2026-11-06"))
    assert "quill" not in world.weights(now=on("2026-11-07"))
    world.join("quill", "observer", joined="2026-11-09")
    assert "quill" in world.weights(now=on("2026-11-09"))


def test_who_joined_a_letter_and_signed_it_did_one_thing(world: Solidarity) -> None:
    world.call([L1])
    world.join("quill", "signatory")
    world.join("docket", "signatory")
    world.state([L1], "partner:quill", action=A1)
    weights = world.weights(now=on("2026-11-05"))
    assert (weights["quill"], weights["docket"]) == (1, 1)


def test_a_role_that_nobody_names_counts_as_a_name(world: Solidarity) -> None:
    world.call([L1])
    world.leave("quill", "2026-12-24")
    assert world.weights(now=on("2026-11-20"))["quill"] == 1


def test_a_representing_partner_does_casework(world: Solidarity) -> None:
    world.profile(represented_by="partner:quill", as_of="2026-11-01")
    assert world.weights(now=on("2026-11-01")) == {"quill": 2}
    world.profile(L2, represented_by=L1)
    assert world.weights(L2) == {}


@pytest.mark.parametrize(("result", "weights"), [("partly", {"fund": 3, "quill": 3}), ("failed", {})])
def test_a_delivered_support_counts_three_for_who_delivers_and_whose_offer_it_was(
    world: Solidarity, result: str, weights: dict[str, float]
) -> None:
    world.need()
    world.offer("fund")
    world.match()
    assert world.weights() == {}
    world.deliver("quill", result)
    assert world.weights(now=on("2026-11-12")) == weights


def test_a_body_under_threat_is_supported_as_well(world: Solidarity) -> None:
    world.threaten(T1, "body:a.bar")
    world.state([T1])
    assert world.weights("body:a.bar", now=on("2026-11-10")) == {"lanterns": 1}


def test_what_others_may_not_see_counts_for_nobody_else(world: Solidarity) -> None:
    world.threaten()
    world.state([L1], "partner:quill", tlp="amber")
    assert world.weights(now=on("2026-11-10")) == {"lanterns": 1, "quill": 1}
    assert world.weights(reader=PUBLIC) == {}


def profiled(world: Solidarity, **consent: Any) -> None:
    """Record a profile by whose label the person may be named in public, or may not."""
    event = recorded(90, "lawyer.profiled", {"lawyer": L1, "country_of_practice": "QM"}, "lanterns")
    label = replace(label_of(event.envelope, embargoed=False), **consent)
    world.views.fold(Change("put", event, label, event.position))


def test_the_public_learns_of_open_statements_for_who_agreed_to_be_named_and_of_nothing_else(
    world: Solidarity,
) -> None:
    world.trial()
    world.hearing("2026-11-08")
    world.observe("docket")
    world.state([L1], "partner:quill")
    world.threaten(T1, "body:a.bar")
    world.state([T1], statement="statement:a.2")
    assert world.weights(reader=PUBLIC, now=on("2026-11-10")) == {}
    assert world.weights("body:a.bar", PUBLIC, now=on("2026-11-10")) == {"lanterns": 1}
    profiled(world, consent="C4")
    assert world.weights(reader=PUBLIC) == {}
    profiled(world, consent="C5")
    assert world.weights(reader=PUBLIC, now=on("2026-11-10")) == {"lanterns": 1, "quill": 1}


def test_a_support_is_told_with_every_step_and_its_events(world: Solidarity) -> None:
    world.threaten()
    world.state([T1], "partner:quill")
    told = world.ask().edge("partner:quill", L1, "SUPPORTS")
    assert told == {
        "from": "partner:quill",
        "to": L1,
        "kind": "SUPPORTS",
        "since": "2026-11-10",
        "until": None,
        "claims": 2,
        "status": "active",
        "derived": True,
        "weight": round(0.5 ** (10 / 180), 4),
        "because": [
            {
                "what": "signature",
                "of": ST1,
                "when": "2026-11-10",
                "weight": 1,
                "weight_now": round(0.5 ** (10 / 180), 4),
                "says": f"partner:quill wrote or signed {ST1}: counted 1, counts {round(0.5 ** (10 / 180), 4)} now",
                "steps": [
                    {"from": T1, "to": L1, "kind": "TARGETS", "events": [event(1, "threat.reported")]},
                    {"from": ST1, "to": T1, "kind": "ABOUT", "events": [event(2, "statement.issued")]},
                    {
                        "from": "partner:quill",
                        "to": ST1,
                        "kind": "SIGNED",
                        "events": [event(2, "statement.issued")],
                    },
                ],
            }
        ],
    }
    assert world.ask().edge("partner:docket", L1, "SUPPORTS") is None
    assert world.ask(PUBLIC).edge("partner:quill", L1, "SUPPORTS") is None


def event(position: int, event_type: str) -> dict[str, str]:
    return {"source": "urn:hub:partner:lanterns", "id": f"event-{position}", "type": event_type}


def test_deeds_fade_as_of_a_past_date_as_they_had_then(world: Solidarity) -> None:
    world.state([L1], "partner:quill", issued="2025-11-10")
    asked: Json = {"about": [L1], "ties": ["SUPPORTS"]}
    (now, *_), (then, *_) = (world.part(**asked)["edges"], world.part(as_of="2025-11-10", **asked)["edges"])
    assert (round(now["weight"], 2), then["weight"]) == (0.24, 1.0)


def test_what_was_known_earlier_of_roles_is_read_from_the_past(world: Solidarity) -> None:
    world.call([L1])
    first = world.join("quill", "observer")
    data = {**first.data, "role": "signatory"}
    again = replace(first, envelope={**first.envelope, "data": data})
    label = label_of(first.envelope, embargoed=False)
    world.views.fold(Change("put", again, label, Position(9), "corrected", label))
    asked: Json = {"about": [L1], "ties": ["SUPPORTS"]}

    def weights(**moment: Any) -> dict[str, float]:
        edges = world.part(now=on("2026-11-05"), **asked, **moment)["edges"]
        return {edge["from"]: round(edge["weight"]) for edge in edges}

    assert weights() == {"partner:lanterns": 2, "partner:quill": 1}
    assert weights(upto=2) == {"partner:lanterns": 2, "partner:quill": 2}


def test_a_date_of_the_world_has_a_first_and_a_last_day_whatever_it_is() -> None:
    assert span_of("2026-11") == (on("2026-11-01"), on("2026-11-30"))
    assert span_of("../2026-11-05") == (on("2026-11-05"), on("2026-11-05"))
    assert span_of("2026-11-05T10:00:00.5Z") == (on("2026-11-05"), on("2026-11-05"))
    assert span_of("soon") == span_of(None) == (date.min, date.min)
