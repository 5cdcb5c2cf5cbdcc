from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC
from projections.graph.questions.invite import REASONS
from tests.solidarity import A1, L1, L2, T1, Solidarity, events_in, solidarity

Json = Any


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Solidarity]:
    with solidarity(tmp_path) as made:
        yield made


def invited(world: Solidarity, about: str = L1, **more: Any) -> dict[str, dict[str, Json]]:
    found = world.ask(**more).invite(about, 50)
    assert found is not None
    return {
        item["partner"]["ref"].removeprefix("partner:"): {one["reason"]: one for one in item["reasons"]}
        for item in found["items"]
    }


def test_a_score_is_the_sum_of_the_points_of_its_reasons(world: Solidarity) -> None:
    world.profile(L1, languages=["qaa", "qab", "qac"])
    world.threaten(place={"country": "QM"})
    world.need()
    world.admit(
        "quill", countries_of_work=["QM", "QN"], languages=["qaa", "qab", "qac"], roles=["monitor", "bar"]
    )
    world.admit("fund", roles=["funder"])
    world.offer("fund", eligible={"countries": ["QM"]})
    world.offer("fund", "offer:a.2", eligible={"countries": ["QN"]})
    world.offer("fund", "offer:a.3", kinds=["psychosocial"])
    world.offer("fund", "offer:a.4", state="exhausted")
    world.offer("fund", "offer:a.5", eligible={"retrospective": True})
    world.match()
    answer = world.ask().invite(L1, 50)
    assert answer is not None
    for item in answer["items"]:
        assert item["score"] == round(sum(one["points"] for one in item["reasons"]), 4)
        for one in item["reasons"]:
            table = answer["weights"][one["reason"]]
            assert one["points"] == round(min(one["number"], table["most"]) * table["weight"], 4)
            assert list(events_in(one)), one
    quill, fund = invited(world)["quill"], invited(world)["fund"]
    assert quill["country"]["says"] == "works in 1 country concerned: QM"
    assert (quill["language"]["number"], quill["language"]["points"]) == (3, 2)
    assert quill["mandate"]["says"] == "has 2 fitting roles: bar, monitor"
    assert fund["capacity"]["offers"] == ["offer:a.1", "offer:a.5"]
    assert fund["capacity"]["says"] == "has 2 open offers that fit: offer:a.1, offer:a.5"
    assert len(fund["capacity"]["events"]) == 2
    assert answer["weights"] == {
        name: {"weight": one.weight, "most": one.most} for name, one in REASONS.items()
    }
    assert answer["items"][0]["partner"]["ref"] == "partner:quill"
    first = world.ask().invite(L1, 1)
    assert first is not None
    assert (len(first["items"]), first["total"]) == (1, answer["total"])
    assert world.ask().invite("lawyer:a.77", 5) is None


def test_past_response_is_how_many_calls_of_others_one_joined(world: Solidarity) -> None:
    for slug in ("lanterns", "quill", "docket"):
        world.admit(slug, roles=[])
    for number in range(1, 5):
        world.call(["lawyer:a.9"], f"action:a.{number}", join_by="2026-11-02T00:00:00Z")
    world.call(["policy:a.1"], "action:a.8")
    world.call(["lawyer:a.9"], "action:a.9", lead="partner:quill", join_by="2026-11-02T00:00:00Z")
    world.join("quill", "signatory", "action:a.1")
    world.join("quill", "signatory", "action:a.9")
    world.profile()
    found = invited(world)
    assert found["quill"]["response"]["says"] == "joined 1 of 4 such calls"
    assert found["quill"]["response"]["points"] == 0.5
    assert "docket" not in found


def test_who_is_near_and_who_acts_already_is_told_so(world: Solidarity) -> None:
    world.admit("quill", roles=[])
    world.threaten(partner="quill")
    world.state([T1], "partner:quill")
    found = invited(world)["quill"]
    assert found["acting"]["says"] == "has acted 2 times in this matter"
    assert found["closeness"]["says"] == "is 3 ties away, which counts 0.3333"
    assert [step["kind"] for step in found["closeness"]["steps"]] == ["TARGETS", "ABOUT", "SIGNED"]


def left_out(world: Solidarity, **more: Any) -> dict[str, str]:
    found = world.ask(**more).invite(L1, 50)
    assert found is not None
    return {one["partner"]["ref"].removeprefix("partner:"): one["because"] for one in found["left_out"]}


def test_who_is_behind_the_threat_is_never_proposed(world: Solidarity) -> None:
    world.admit("bar", body="body:a.bar", countries_of_work=["QM"])
    world.admit("good", body="body:a.good", countries_of_work=["QM"])
    world.profile()
    world.threaten(attributed_to=[{"body": "body:a.bar"}])
    world.state([L1], "partner:bar")
    assert left_out(world) == {"bar": "conflict"}
    assert "bar" not in invited(world)
    answer = world.ask().invite(L1, 50)
    assert answer is not None
    assert [step["kind"] for step in answer["left_out"][0]["steps"]] == ["ATTRIBUTED_TO", "IS_BODY"]
    # Of another case it may be asked.
    world.threaten("threat:a.2", L2)
    world.profile(L2)
    assert "bar" in invited(world, L2)


def test_who_is_suspended_or_takes_part_in_an_open_call_is_left_out(world: Solidarity) -> None:
    for slug in ("lanterns", "gone", "quill", "docket", "back"):
        world.admit(slug, countries_of_work=["QM"])
    world.tell("partner.suspended", {"partner": "partner:gone"}, "stewards")
    world.profile()
    world.call([L1], join_by="2026-11-25T00:00:00Z")
    world.join("quill", "signatory")
    world.join("back", "signatory")
    world.leave("back", "2026-11-10")
    assert left_out(world) == {"gone": "suspended", "lanterns": "takes_part", "quill": "takes_part"}
    told = world.ask().invite(L1, 50)
    assert told is not None
    assert [[event["type"] for event in one["events"]] for one in told["left_out"]] == [
        ["partner.admitted", "partner.suspended"],
        ["action.proposed"],
        ["action.joined"],
    ]
    assert set(invited(world)) == {"docket", "back"}
    # After the last day to join, the next call is open to all.
    assert left_out(world, now=date(2026, 12, 1)) == {"gone": "suspended"}
    world.tell("action.completed", {"action": A1, "state": "completed"})
    assert left_out(world) == {"gone": "suspended"}


def test_the_public_is_told_of_what_is_open_alone(world: Solidarity) -> None:
    world.admit("quill", countries_of_work=["QM"])
    world.profile()
    world.threaten(attributed_to=[{"body": "body:a.bar"}], tlp="amber")
    world.state([L1], "partner:quill", tlp="green")
    found = invited(world, reader=PUBLIC)
    assert set(found["quill"]) == {"country", "mandate"}
