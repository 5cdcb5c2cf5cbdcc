from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC, label_of
from projections.changes import Change
from projections.graph.questions import aid, alone, near, ranked
from projections.graph.questions.deeds import Deeds
from tests.solidarity import C1, GREEN, H1, L1, L2, T1, TR1, Solidarity, events_in, solidarity

Json = Any
L3 = "lawyer:a.3"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Solidarity]:
    with solidarity(tmp_path) as made:
        yield made


def who(answer: Json) -> list[str]:
    return [item["lawyer"]["ref"] for item in answer["items"]]


def test_whom_the_least_support_reaches_comes_first_then_the_most_urgent_then_by_reference(
    world: Solidarity,
) -> None:
    world.threaten(T1, L1, urgency="low")
    world.threaten("threat:a.2", L2, urgency="urgent")
    world.threaten("threat:a.3", L3, urgency="urgent")
    world.threaten("threat:a.4", "lawyer:a.4")
    world.state([L2], "partner:quill")
    answer = world.alone()
    assert who(answer) == [L3, L1, "lawyer:a.4", L2]
    assert [item["urgency"] for item in answer["items"]] == ["urgent", "low", "low", "urgent"]
    assert (answer["total"], answer["next"], answer["as_of"]) == (4, None, "2026-11-20")
    last = answer["items"][-1]
    assert [one["partner"]["ref"] for one in last["supporters"]] == ["partner:lanterns", "partner:quill"]
    assert last["support"] == round(sum(one["weight"] for one in last["supporters"]), 4)
    assert last["supporters"][1]["since"] == "2026-11-10"
    assert last["says"].startswith("1 threat that has not ended; supported by 2 partners")
    assert answer["items"][0]["says"].endswith("supported by nobody")
    page = world.alone(limit=1, offset=1)
    assert (who(page), page["total"], page["next"]) == ([L1], 4, 2)


def test_a_threat_that_ended_leaves_nobody_alone(world: Solidarity) -> None:
    world.threaten(T1, L1, status="ended")
    world.threaten("threat:a.2", L2, status="ended")
    world.threaten("threat:a.2", L2, status="ongoing", partner="harbour")
    assert who(world.alone()) == [L2]  # of two who disagree, one says that it goes on


def test_a_hearing_within_two_weeks_puts_somebody_on_the_list(world: Solidarity) -> None:
    world.trial(TR1, L1, L2)
    world.hearing("2026-11-28", languages=["qaa"])
    world.trial("trial:a.2", L3)
    world.hearing("2026-12-20", "hearing:a.2", "trial:a.2")
    answer = world.alone()
    assert who(answer) == [L1, L2]
    assert answer["items"][0]["urgency"] == "high"
    assert answer["items"][0]["hearings"][0]["starts"] == "2026-11-28"
    assert answer["items"][0]["says"].startswith("1 hearing within 14 days")
    assert who(world.alone(now=date(2026, 12, 10))) == [L3]
    world.observe("docket")
    assert who(world.alone()) == []


def test_a_hearing_that_was_put_off_counts_at_its_new_date(world: Solidarity) -> None:
    world.trial()
    world.hearing("2026-11-28")
    moved = {"hearing": H1, "status": "rescheduled", "new_hearing": "hearing:a.2", "new_starts": "2027-02-01"}
    world.tell("hearing.adjourned", moved, "docket")
    assert who(world.alone()) == []
    assert who(world.alone(now=date(2027, 1, 25))) == [L1]


def test_a_country_is_where_somebody_works_or_where_it_happened(world: Solidarity) -> None:
    world.profile()
    world.threaten(T1, L1, place={"country": "QN"})
    world.threaten("threat:a.2", L2, place={"country": "QP"})
    assert who(world.alone(country="QM")) == [L1]
    assert who(world.alone(country="QN")) == [L1]
    assert who(world.alone(country="QP")) == [L2]
    assert who(world.alone(country="QP", limit=1)) == [L2]
    assert world.alone(country="QQ") == {"items": [], "total": 0, "next": None, "as_of": "2026-11-20"}


def help_for(answer: Json, lawyer: str) -> dict[str, list[str]]:
    item = next(item for item in answer["items"] if item["lawyer"]["ref"] == lawyer)
    return {one["partner"]["ref"]: [why["says"] for why in one["reasons"]] for one in item["could_help"]}


def test_who_could_help_is_near_works_there_or_does_such_work_and_does_not_help_yet(
    world: Solidarity,
) -> None:
    for slug in ("lanterns", "quill", "docket", "harbour", "far"):
        world.admit(slug, countries_of_work=["QM"] if slug == "harbour" else ["QN"])
    world.threaten(T1, L1, place={"country": "QM"}, correlationid=C1)
    world.threaten("threat:a.2", L2, place={"country": "QN"})
    world.state([L1])
    world.state([L2], "partner:docket", statement="statement:a.2")
    world.offer("quill")
    world.tell("accountability.recorded", {"threat": T1, "step": "complaint_filed", "body": "body:a.x"})
    world.admit("near", body="body:a.x")
    answer = world.alone()
    found = help_for(answer, L1)
    assert found == {
        "partner:near": ["is 3 ties away"],
        "partner:docket": ["supports 1 other under liberty.arrest"],
        "partner:harbour": ["works in QM"],
    }
    item = next(item for item in answer["items"] if item["lawyer"]["ref"] == L1)
    near_one = next(one for one in item["could_help"] if one["partner"]["ref"] == "partner:near")
    steps = near_one["reasons"][0]["steps"]
    assert [step["kind"] for step in steps] == ["TARGETS", "ACCOUNTED_BY", "IS_BODY"]
    assert list(events_in(steps))


def test_who_is_behind_a_threat_or_suspended_is_not_proposed(world: Solidarity) -> None:
    for slug in ("bar", "gone", "good"):
        world.admit(slug, countries_of_work=["QM"], body=f"body:a.{slug}")
    world.tell(
        "body.profiled",
        {"body": "body:a.bar", "kind": "bar", "name": {"en": "Bar"}, "parent": "body:a.above"},
    )
    world.tell("partner.suspended", {"partner": "partner:gone"}, "stewards")
    world.threaten(T1, L1, place={"country": "QM"}, attributed_to=[{"body": "body:a.above"}])
    assert list(help_for(world.alone(), L1)) == ["partner:good"]


def test_what_is_remembered_is_renewed_by_what_is_touched(
    world: Solidarity, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    whole = alone.rows

    def counted(inquiry: Any, refs: Any, *step: Any) -> Any:
        asked.extend([len(refs)] if refs else [])
        return whole(inquiry, refs, *step)

    monkeypatch.setattr(alone, "rows", counted)
    for number in range(1, 6):
        world.threaten(f"threat:a.{number}", f"lawyer:a.{number}")
    first = world.alone()
    assert world.alone() == first
    assert asked == [5]
    world.tell("claim.assessed", {"about_event": "event-77", "verdict": "disputes"})
    monkeypatch.setattr(aid, "MOST_TOLD", 0)
    assert world.alone() == first
    assert asked == [5]
    letter = world.state(["threat:a.2"], "partner:quill")
    assert who(world.alone())[-1] == L2
    assert asked == [5, 1]
    world.drop(letter)
    assert world.alone()["items"] == first["items"]
    ended = world.threaten("threat:a.3", "lawyer:a.3", status="ended")
    assert L3 not in who(world.alone())
    world.drop(ended)
    assert world.alone()["items"] == first["items"]
    world.admit("helper", countries_of_work=["QM"])
    world.profile(L1)
    assert help_for(world.alone(), L1) == {"partner:helper": ["works in QM"]}
    world.admit("helper", countries_of_work=["QN"])
    assert help_for(world.alone(), L1) == {}


def test_a_renewed_list_is_the_list_made_anew(world: Solidarity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is told in between, what is remembered never shows."""
    steps: list[Callable[[], Any]] = [
        partial(world.threaten, correlationid=C1),
        lambda: world.trial(TR1, L1, L2),
        lambda: world.hearing("2026-11-25"),
        lambda: world.observe("docket", status="scheduled"),
        lambda: world.call([C1]),
        lambda: world.join("quill", "drafter"),
        lambda: world.need(L2),
        lambda: world.offer("fund"),
        world.match,
        lambda: world.deliver("fund"),
        lambda: world.state([TR1], "body:a.quill"),
        lambda: world.admit("quill", body="body:a.quill", countries_of_work=["QM"]),
        lambda: world.threaten("threat:a.2", L2, correlationid=C1),
        lambda: world.tell(
            "identity.judged", {"left": L1, "right": L2, "judgement": "same", "basis": ["x"], "confidence": 1}
        ),
        lambda: world.leave("quill", "2026-11-19"),
        lambda: world.deliver("fund", "failed"),
    ]
    told = []
    for step in steps:
        told.append(step())
        kept = {reader: world.alone(reader) for reader in (GREEN, PUBLIC)}
        world.forget()
        assert kept == {reader: world.alone(reader) for reader in (GREEN, PUBLIC)}
    monkeypatch.setattr(ranked, "_MOST_MOVED", 0)
    for event in reversed(told):
        world.drop(event)
        kept = {reader: world.alone(reader) for reader in (GREEN, PUBLIC)}
        world.forget()
        assert kept == {reader: world.alone(reader) for reader in (GREEN, PUBLIC)}


def test_hidden_claims_change_no_byte(world: Solidarity) -> None:
    world.threaten()
    world.admit("quill", countries_of_work=["QM"])
    before = world.alone(PUBLIC), world.ask(PUBLIC).who_acts(L1), world.ask(PUBLIC).invite(L1, 20)
    world.threaten("threat:a.2", L1, "lawyer:a.2", tlp="amber")
    world.state([L1], "partner:quill", tlp="green")
    world.tell(
        "need.expressed", {"need": "need:a.1", "for": L1, "kinds": ["x"], "expressed_by": "self"}, tlp="amber"
    )
    world.tell("claim.assessed", {"about_event": "event-1", "verdict": "refutes"}, tlp="amber")
    assert before == (world.alone(PUBLIC), world.ask(PUBLIC).who_acts(L1), world.ask(PUBLIC).invite(L1, 20))


def test_a_lawyer_who_is_gone_between_the_question_and_the_answer_breaks_nothing(world: Solidarity) -> None:
    event = world.threaten()
    world.trial()
    hearing = world.hearing("2026-11-22")
    questions = world.ask()
    standing = questions._ranking.renew(world.inquire(GREEN), questions._reached)
    label = label_of(event.envelope, embargoed=False)
    world.views.fold(Change("drop", event, label, event.position, "retracted", label))
    world.views.fold(Change("drop", hearing, label, event.position, "retracted", label))
    (item,) = aid.told(world.inquire(GREEN), standing, standing.rows)
    assert (item["threats"], item["hearings"]) == ([], [])


def test_what_is_gone_from_the_table_is_said_by_nobody(world: Solidarity) -> None:
    world.profile()
    said = world.inquire().said()
    said.load([1, 77])
    assert [claim.value for claim in said.node([L1], [1, 77], "country")] == ["QM"]
    assert said.node([L2], [1], "country") == []


def test_the_search_for_who_is_near_is_bounded(world: Solidarity, monkeypatch: pytest.MonkeyPatch) -> None:
    world.state([L1, *(f"lawyer:a.{number}" for number in range(2, 5))], "partner:quill")
    world.threaten(T1, L1, "body:a.1")
    inquiry = world.inquire(GREEN)

    def found() -> list[str]:
        with inquiry.lock:
            return list(
                near.near_partners(Deeds(inquiry.look()), L1, 5, lambda ref: ref == "partner:none")[0]
            )

    assert found() == ["partner:lanterns", "partner:quill"]
    with inquiry.lock:
        one, _ = near.near_partners(Deeds(inquiry.look()), L1, 1, lambda ref: ref == "partner:lanterns")
    assert list(one) == ["partner:quill"]
    monkeypatch.setattr(near, "HUB_TIES", 2)
    assert found() == []
    monkeypatch.setattr(near, "MOST_PASSED", 1)
    monkeypatch.setattr(near, "HUB_TIES", 200)
    assert found() == []


def test_a_partner_that_could_help_many_is_told_the_same_to_each(world: Solidarity) -> None:
    world.admit("helper", countries_of_work=["QM"])
    for number in range(1, 4):
        world.threaten(f"threat:a.{number}", f"lawyer:a.{number}", place={"country": "QM"})
    answer = world.alone()
    told = [item["could_help"] for item in answer["items"]]
    assert len(told) == 3
    assert told[0][0]["reasons"] == [
        {"says": "works in QM", "events": [one for one in told[0][0]["reasons"][0]["events"] if one["id"]]}
    ]
    assert told[0] == told[1] == told[2]


def test_whoever_is_read_as_another_is_counted_with_him(world: Solidarity) -> None:
    for number in range(2, 8):
        world.threaten(f"threat:a.{number}", L1, f"lawyer:a.{number}")
    same = {"left": "threat:a.2", "right": "threat:a.3", "judgement": "same", "basis": ["x"], "confidence": 1}
    world.tell("identity.judged", same)
    inquiry = world.inquire(GREEN)
    with inquiry.lock:
        look = inquiry.look()
        assert [Deeds(look).are_more(L1, most) for most in (2, 3, 4, 5)] == [True, True, True, False]
