"""The coordinators' questions on the twelve stories: each answers something useful, and every reason can be checked."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_scenarios import STORIES, Told, hub
from tests.solidarity import events_in

Json = Any

NAMES = sorted(STORIES)
SINCE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with hub(tmp_path_factory.mktemp("questions"), SINCE) as made:
        for name in NAMES:
            made.tell(STORIES[name])
        yield made


def checked(told: Told, answer: Json, reader: str | None = "stewards") -> Json:
    """Return an answer after clicking through to every event that it names."""
    opened: set[tuple[str | None, str, str]] = told.__dict__.setdefault("opened", set())
    for source, event_id in set(events_in(answer)):
        if (reader, source, event_id) in opened:
            continue
        opened.add((reader, source, event_id))
        found = told.ask(f"/events/{source}/{event_id}", reader)
        assert found is not None, event_id
        assert found["event"]["id"] == event_id
    return answer


def alone(told: Told, reader: str | None = "stewards", **asked: str) -> dict[str, Json]:
    answer = checked(told, told.ask("/graph/alone", reader, **asked), reader)
    return {item["lawyer"]["ref"]: item for item in answer["items"]}


def partners(items: Json) -> list[str]:
    return [one["partner"]["ref"].removeprefix("partner:") for one in items]


def test_whoever_was_released_on_conditions_is_under_threat_and_not_alone(told: Told) -> None:
    item = alone(told)["lawyer:lanterns-for-counsel.L-0101"]
    assert {"northlight-law-society", "harbour-bar-watch", "open-docket", "quill-network"} < set(
        partners(item["supporters"])
    )
    assert item["support"] == pytest.approx(8, abs=1)
    assert [one["status"] for one in item["threats"]] == ["mitigated"]


def test_whom_nobody_supports_comes_first(told: Told) -> None:
    ranked = [(item["support"], ref) for ref, item in alone(told).items()]
    assert [support for support, _ in ranked] == sorted(support for support, _ in ranked)
    lonely = {ref for support, ref in ranked if support == 0}
    mine = "lawyer:lanterns-for-counsel"
    assert lonely == {"lawyer:open-docket.OD-0201", f"{mine}.L-0501", f"{mine}.L-0701"}
    assert "lawyer:lanterns-for-counsel.L-0101" not in lonely


def test_the_lawyers_on_trial_stand_alone_when_a_hearing_is_near(tmp_path: Path) -> None:
    with hub(tmp_path, datetime(2026, 4, 5, tzinfo=UTC)) as early:
        early.tell(STORIES["s09"], "s09-05d")
        items = alone(early)
        assert len(items) == 23
        for item in items.values():
            assert item["hearings"][0]["starts"] == "2026-04-13"
            assert partners(item["supporters"]) == [
                "lanterns-for-counsel",
                "northlight-law-society",
                "open-docket",
            ]
            assert item["urgency"] == "high"


def test_a_lawyer_whose_bar_is_the_threat_is_not_referred_to_it(told: Told) -> None:
    item = alone(told, country="QV")["lawyer:lanterns-for-counsel.L-0701"]
    assert "veridane-bar" not in partners(item["could_help"])
    assert {"harbour-bar-watch", "quill-network"} <= set(partners(item["could_help"]))


def test_the_public_sees_support_for_those_who_agreed_to_be_named(told: Told) -> None:
    items = alone(told, None)
    unsupported, supported = (f"lawyer:lanterns-for-counsel.L-0{number}" for number in ("501", "601"))
    assert {ref: bool(item["supporters"]) for ref, item in items.items()} == {
        unsupported: False,
        supported: True,
    }
    item = items[supported]
    assert partners(item["supporters"]) == ["lanterns-for-counsel"]
    assert {deed["what"] for one in item["supporters"] for deed in one["deeds"]} == {"signature"}


def test_who_acts_in_a_mass_trial_shows_observers_dissent_and_who_is_silent(told: Told) -> None:
    answer = checked(told, told.ask("/graph/who-acts", about="case:open-docket.C-0901"))
    acts = {
        group["partner"]["ref"]: {(act["what"], act["of"]) for act in group["acts"]}
        for group in answer["partners"]
    }
    hearing, trial = "hearing:open-docket.HE-0903", "trial:open-docket.TR-0901"
    assert ("observed", hearing) in acts["partner:open-docket"] & acts["partner:northlight-law-society"]
    assert ("graded", trial) in acts["partner:northlight-law-society"]
    assert ("assessed", trial) in acts["partner:open-docket"]
    assert ("joined", "action:open-docket.A-0901") in acts["partner:lanterns-for-counsel"]
    silent = partners(answer["silence"]["partners"])
    assert {"harbour-bar-watch", "quill-network"} <= set(silent)
    assert not {"open-docket", "northlight-law-society", "lanterns-for-counsel"} & set(silent)
    double = {(one["what"], one["for"]): one for one in answer["double"]}
    assert double["observed", hearing]["together"] == ["action:open-docket.A-0901"]


def test_who_acts_shows_which_demands_and_needs_wait(told: Told) -> None:
    reader = "lanterns-for-counsel"
    answer = checked(
        told, told.ask("/graph/who-acts", reader, about="case:lanterns-for-counsel.C-0501"), reader
    )
    assert partners(answer["partners"]) == ["harbour-bar-watch", "lanterns-for-counsel"]
    answer = checked(told, told.ask("/graph/who-acts", about="statement:lanterns-for-counsel.ST-0601"))
    assert answer["silence"]["demands"] == []  # the ministry answered, if only by denying


def test_whom_to_invite_for_the_reform_when_the_call_is_over(tmp_path: Path) -> None:
    with hub(tmp_path, datetime(2027, 6, 1, tzinfo=UTC)) as late:
        late.tell(STORIES["s12"])
        answer = checked(late, late.ask("/graph/invite", about="policy:northlight-law-society.PO-1201"))
    assert answer["items"][0]["partner"]["ref"] == "partner:northlight-law-society"
    for item in answer["items"]:
        assert item["score"] == pytest.approx(sum(one["points"] for one in item["reasons"]))
    reasons = {one["reason"]: one for one in answer["items"][0]["reasons"]}
    assert reasons["mandate"]["says"] == "has 2 fitting roles: bar, policy"
    assert reasons["response"]["says"] == "joined 1 of 1 such call"


def test_who_takes_part_in_an_open_call_need_not_be_invited(told: Told) -> None:
    answer = checked(told, told.ask("/graph/invite", about="policy:northlight-law-society.PO-1201"))
    assert {one["because"] for one in answer["left_out"]} == {"takes_part", "suspended"}
    assert "partner:quill-network" in {one["partner"]["ref"] for one in answer["left_out"]}


def test_the_bar_that_is_the_threat_is_never_invited(told: Told) -> None:
    answer = checked(told, told.ask("/graph/invite", about="lawyer:lanterns-for-counsel.L-0701"))
    conflict = next(one for one in answer["left_out"] if one["partner"]["ref"] == "partner:veridane-bar")
    assert conflict["because"] == "conflict"
    assert [step["kind"] for step in conflict["steps"]] == ["ATTRIBUTED_TO", "IS_BODY"]
    assert "veridane-bar" not in partners(answer["items"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reader", ["stewards", "northlight-law-society", None])
def test_every_matter_of_every_story_answers_with_events_that_can_be_opened(
    told: Told, name: str, reader: str | None
) -> None:
    refs = {event.get("correlationid") or event["data"].get("policy") for event in STORIES[name].events} - {
        None
    }
    for ref in sorted(refs):
        for address in ("/graph/who-acts", "/graph/invite"):
            answer = told.ask(address, reader, about=ref)
            seen = told.ask(f"/graph/nodes/{ref}", reader)
            assert (answer is None) == (seen is None)
            checked(told, answer, reader)
            checked(told, (seen or {}).get("derived"), reader)


@pytest.mark.parametrize("reader", ["stewards", "northlight-law-society", None])
def test_every_derived_tie_is_explained_by_events_that_its_reader_may_open(
    told: Told, reader: str | None
) -> None:
    graph = told.ask("/graph", reader, derived="true", limit="2000")
    derived = [edge for edge in graph["edges"] if edge.get("derived")]
    nodes = {node["ref"] for node in graph["nodes"]}
    assert {edge["kind"] for edge in derived} <= {"SUPPORTS", "CO_ACTED_WITH", "SHARES_THREAT_PATTERN"}
    assert derived
    for edge in derived:
        assert {edge["from"], edge["to"]} <= nodes
        asked = {name: edge[name] for name in ("from", "to", "kind")}
        found = checked(told, told.ask("/graph/edges", reader, **asked), reader)
        assert {name: found[name] for name in edge} == edge
        assert list(events_in(found))
    plain = told.ask("/graph", reader, limit="2000")
    assert not any("derived" in edge for edge in plain["edges"])


def test_nothing_that_is_absent_on_purpose_is_in_the_graph_of_the_stories(told: Told) -> None:
    for reader in ("stewards", "lanterns-for-counsel", None):
        graph = told.ask("/graph", reader, derived="true", limit="2000")
        assert not any(node["kind"] in {"person", "source"} for node in graph["nodes"])
        for edge in graph["edges"]:
            ends = {edge[end].partition(":")[0] for end in ("from", "to")}
            assert not ends & {"person", "source"}
            assert ends != {"partner", "place"}  # nobody learns where an observer travels
            if ends == {"lawyer", "place"}:
                assert edge["kind"] == "PRACTISES_IN"
            if ends == {"lawyer"}:
                assert edge["kind"] in {"REPRESENTED_BY", "SAME_AS", "NOT_SAME_AS", "POSSIBLY_SAME_AS"}
