from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.solidarity import A1, C1, GREEN, H1, L1, L2, N1, ST1, T1, TR1, Solidarity, events_in, solidarity

Json = Any


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Solidarity]:
    with solidarity(tmp_path) as made:
        yield made


def acts(world: Solidarity, about: str = L1) -> dict[str, list[tuple[str, str]]]:
    found = world.ask().who_acts(about)
    assert found is not None
    return {
        group["partner"]["ref"].removeprefix("partner:"): [(act["what"], act["of"]) for act in group["acts"]]
        for group in found["partners"]
    }


def silence(world: Solidarity, about: str = L1) -> Json:
    found = world.ask().who_acts(about)
    assert found is not None
    return found["silence"]


def test_acts_are_grouped_by_partner_newest_first_with_their_events(world: Solidarity) -> None:
    world.threaten(partner="harbour")
    world.state([L1], "partner:quill")
    world.trial()
    world.hearing("2026-11-08")
    world.observe("docket")
    world.call([T1], lead="partner:harbour")
    world.join("quill", "drafter")
    world.need()
    world.offer("fund")
    world.match()
    world.deliver("fund")
    world.tell("impact.assessed", {"about": A1, "assessor": "partner:quill", "impact": "minor"}, "quill")
    world.tell(
        "claim.assessed",
        {"about_event": "event-1", "about_source": "urn:hub:partner:harbour", "verdict": "verifies"},
        "docket",
    )
    world.tell(
        "claim.assessed",
        {"about_event": "event-1", "about_source": "urn:hub:partner:harbour", "verdict": "disputes"},
        "docket",
    )
    world.admit("admitted", body="body:a.bar")
    world.threaten("threat:a.2", L1, "body:a.bar")
    found = acts(world)
    assert "stewards" not in found  # that somebody was admitted is no act in a matter
    assert found["fund"] == [
        ("delivered", "support:a.1"),
        ("offered", "offer:a.1"),
        ("reported", "support:a.1"),
    ]
    assert found["docket"][0] == ("observed", H1)
    assert ("assessed", T1) in found["docket"]
    assert ("assessed", A1) in found["quill"]
    assert {("joined", A1), ("signed", ST1)} < set(found["quill"])
    assert {("reported", T1), ("proposed", A1)} == set(found["harbour"])
    assert ("wrote", ST1) in found["lanterns"]
    answer = world.ask().who_acts(L1)
    assert answer is not None
    assert [group["latest"] for group in answer["partners"]] == sorted(
        (group["latest"] for group in answer["partners"]), reverse=True
    )
    assert all(list(events_in(act)) for group in answer["partners"] for act in group["acts"])
    assert world.ask().who_acts("lawyer:a.77") is None


def test_a_case_a_trial_and_an_action_each_have_their_matter(world: Solidarity) -> None:
    world.threaten(correlationid=C1)
    world.threaten("threat:a.2", L2)
    world.trial(TR1, L1, L2)
    world.call([L1, "policy:a.1"])
    world.state([C1, L2], action=A1)

    def matter(about: str) -> set[str]:
        found = world.ask().who_acts(about)
        assert found is not None
        return set(found["matter"])

    assert matter(C1) == {C1, T1, L1, ST1, A1}
    assert "threat:a.2" not in matter(L1)  # what another one suffers is another matter
    assert matter(TR1) == {TR1, L1, L2}
    assert matter(A1) == {A1, L1, "policy:a.1", ST1}
    assert matter("policy:a.1") == {"policy:a.1", A1, ST1}
    assert matter("place:QM") == {"place:QM"}


def test_silence_shows_partners_whose_work_it_is_and_who_did_nothing(world: Solidarity) -> None:
    world.admit("here", roles=["funder"], countries_of_work=["QM"])
    world.admit("able", roles=["monitor"])
    world.admit("both", roles=["responder"], countries_of_work=["QM"])
    world.admit("other", roles=["funder"], countries_of_work=["QN"])
    world.admit("active", countries_of_work=["QM"])
    world.admit("gone", countries_of_work=["QM"])
    world.tell("partner.suspended", {"partner": "partner:gone"}, "stewards")
    world.threaten(place={"country": "QM"}, partner="active")
    found = silence(world)["partners"]
    assert [(one["partner"]["ref"], one["reasons"]) for one in found] == [
        ("partner:both", ["works in QM", "is responder"]),
        ("partner:able", ["is monitor"]),
        ("partner:here", ["works in QM"]),
    ]
    assert all(one["events"] for one in found)


def test_silence_shows_needs_hearings_and_demands_that_nobody_answered(world: Solidarity) -> None:
    world.need()
    world.need(need="need:a.2", state="withdrawn")
    world.need(need="need:a.3")
    world.offer("fund")
    world.match(need="need:a.3")
    world.trial()
    world.hearing("2026-11-08")
    world.hearing("2026-11-09", "hearing:a.2")
    world.observe("docket", "hearing:a.2")
    world.tell(
        "hearing.adjourned", {"hearing": "hearing:a.3", "status": "cancelled", "new_hearing": "hearing:a.4"}
    )
    world.hearing("2026-11-10", "hearing:a.3")
    world.hearing("2026-11-11", "hearing:a.5")
    world.tell("hearing.adjourned", {"hearing": "hearing:a.5", "status": "cancelled"}, "docket")
    demands: Json = {
        "demands": [{"text": {"en": "Release"}}],
        "addressees": ["body:a.court"],
        "reply_expected_by": "2026-12-01",
    }
    world.state([L1], **demands)
    world.state([L1], statement="statement:a.2", **demands)
    world.state([L1], statement="statement:a.3", addressees=["body:a.court"])
    world.state([L1], statement="statement:a.4")
    answer = {
        "statement": "statement:a.2",
        "kind": "accepts",
        "received": "2026-11-15",
        "from": "body:a.court",
    }
    world.tell("response.received", answer)
    found = silence(world)
    assert [one["ref"] for one in found["needs"]] == [N1]
    assert [one["ref"] for one in found["hearings"]] == [H1, "hearing:a.4"]
    assert found["hearings"][0]["says"] == "the hearing of 2026-11-08 has no observer"
    assert found["hearings"][1]["says"] == "the hearing has no observer"
    (demand,) = found["demands"]
    assert (demand["ref"], demand["says"]) == (ST1, "1 demand, and no answer")
    assert demand["reply_expected_by"] == ["2026-12-01"]
    assert all(one["events"] for some in found.values() for one in some)


def test_the_same_done_by_two_within_thirty_days_is_shown_with_what_they_share(world: Solidarity) -> None:
    world.trial()
    world.hearing("2026-11-08")
    world.admit("docket", name={"en": "Docket"})
    world.observe("docket")
    world.observe("quill")
    world.call([L1], lead="partner:docket", kind="trial_observation_mission")
    world.call([L1], "action:a.2", lead="partner:quill", kind="trial_observation_mission")
    world.join("quill", "observer")
    world.state([L1], issued="2026-11-01", statement=ST1)
    world.state([L1], issued="2026-12-24", statement="statement:a.2", authors=["partner:quill"])
    answer = world.ask(GREEN).who_acts(L1)
    assert answer is not None
    double = {(one["what"], one["for"]): one for one in answer["double"]}
    assert {("observed", H1), ("proposed", L1)} == {
        key for key in double if key[0] in ("observed", "proposed", "wrote")
    }
    observed = double["observed", H1]
    assert observed["together"] == [A1]
    assert [act["partner"] for act in observed["acts"]] == ["partner:docket", "partner:quill"]
    assert (observed["days_apart"], observed["says"]) == (
        0,
        "Docket and partner:quill both observed hearing:a.1, on the same day",
    )
    assert double["proposed", L1]["acts"][0]["of"] == A1


def test_a_person_who_is_two_references_has_one_matter(world: Solidarity) -> None:
    world.threaten()
    world.threaten("threat:a.2", L2)
    judged = {"left": L1, "right": L2, "judgement": "same", "basis": ["bar_number"], "confidence": 1}
    world.tell("identity.judged", judged, "docket")
    assert world.ask().who_acts(L1) == world.ask().who_acts(L2)
    assert {T1, "threat:a.2"} <= set(world.ask(now=date(2026, 11, 20)).who_acts(L1)["matter"])  # type: ignore[index]  # it is there
