"""Who may be the same person: suggested with reasons to whom may know it, until somebody has judged."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from events.audience import PUBLIC
from projections.suggestions.query import SuggestionQuery
from schemas.registry import Registry
from tests.logs import OWNER, PARTNER, STEWARD, Ask, MemoryLog
from tests.namesakes import COORDINATOR, NAMES, OTHER, OWN, THIRD, A, B, C, answer, asked, judge, pairs, told

Json = Any


@pytest.mark.parametrize(("one", "other"), list(combinations(NAMES, 2)))
def test_one_name_in_two_scripts_is_suggested_with_its_reasons(
    log: MemoryLog, ask: Ask, one: str, other: str
) -> None:
    told(log, 1, one, birth_year=1974)
    told(log, 2, other, slug=OTHER, birth_year=1974)
    told(log, 3, "Quendoline Abrassart", birth_year=1951)
    whole = answer(ask)
    assert whole["next"] is None
    [item] = whole["items"]
    assert (item["kind"], item["left"]["ref"], item["right"]["ref"]) == ("lawyer", A, B)
    assert item["tier"] in {"possible", "strong"}
    assert any("born the same year" in reason for reason in item["reasons"])
    assert any("after transliteration" in reason for reason in item["reasons"])
    assert [event["id"] for event in item["events"]] == ["e1", "e2"]
    judgement = item["judge"]
    assert (judgement["left"], judgement["right"], judgement["judgement"]) == (A, B, None)
    assert judgement["basis"] == ["name_transliteration"]
    payload = {**judgement, "judgement": "same"}
    assert Registry.load().contract("identity.judged.v1").check(payload) == []


def test_a_record_is_asked_for_by_its_reference_or_by_a_threat(log: MemoryLog, ask: Ask) -> None:
    told(log, 1, NAMES[0])
    told(log, 2, NAMES[1], slug=OTHER)
    log.threat(1)
    for about in (A, B, f"threat:{OWN}.1"):
        assert asked(ask, query=replace(COORDINATOR, about=about, kind="lawyer")) == [(A, B)]
    assert asked(ask, query=replace(COORDINATOR, about="place:QM", kind="lawyer")) == []
    assert answer(ask, query=replace(COORDINATOR, about="lawyer:nobody.1")) is None


def test_whoever_may_not_know_that_others_know_him_gets_only_what_his_partner_told(
    log: MemoryLog, ask: Ask
) -> None:
    told(log, 1, NAMES[0])
    told(log, 2, NAMES[1], slug=OTHER)
    observer = SuggestionQuery()
    assert asked(ask, PARTNER, observer) == []
    told(log, 3, NAMES[2], slug=OTHER)
    assert asked(ask, PARTNER, observer) == [(B, C)]
    assert set(asked(ask)) == {(A, B), (A, C), (B, C)}
    assert asked(ask, PUBLIC, observer) == []


@pytest.mark.parametrize("level", ["C0", "C1"])
def test_without_consent_the_names_of_another_partner_suggest_nothing(
    log: MemoryLog, ask: Ask, level: str
) -> None:
    told(log, 1, NAMES[0], level=level)
    told(log, 2, NAMES[1], slug=OTHER)
    assert asked(ask) == []
    assert asked(ask, OWNER) == [(A, B)]
    assert asked(ask, STEWARD) == []
    log.withdraw("restrict_to_pseudonym", 2, OTHER)
    assert asked(ask, OWNER) == []


@pytest.mark.parametrize("judgement", ["same", "different", "unsure"])
def test_what_was_judged_is_not_suggested_again(log: MemoryLog, ask: Ask, judgement: str) -> None:
    told(log, 1, NAMES[0])
    told(log, 2, NAMES[1], slug=OTHER)
    before = answer(ask)
    said = judge(log, B, A, judgement)
    assert asked(ask) == []
    # Taking it back brings back what was there before, and nothing more.
    log.retract(said.id, "false", THIRD)
    assert answer(ask) == before


def test_whoever_was_unsure_is_asked_again_when_more_is_said(log: MemoryLog, ask: Ask) -> None:
    told(log, 1, NAMES[0])
    told(log, 2, NAMES[1], slug=OTHER)
    judge(log, A, B, "unsure")
    assert asked(ask) == []
    told(log, 1, NAMES[0], birth_year=1974)
    [item] = answer(ask)["items"]
    assert item["reasons"][-1].startswith("unsure when judged on 2026-11-05; more was said since then")
    assert item["events"][-1]["type"] == "identity.judged"
    judge(log, A, B, "different")
    told(log, 1, NAMES[0], birth_year=1974)
    assert asked(ask) == []


def test_a_judgement_that_a_reader_may_not_see_settles_nothing_for_him(log: MemoryLog, ask: Ask) -> None:
    told(log, 1, NAMES[0])
    told(log, 2, NAMES[1], slug=OTHER)
    judge(log, A, B, "different", tlp="red")
    assert asked(ask) == [(A, B)]


def test_whoever_is_read_as_one_is_one_record_and_a_split_suggests_nothing_by_itself(
    log: MemoryLog, ask: Ask
) -> None:
    told(log, 1, NAMES[0])
    told(log, 2, "Ossiane Brundtwick", slug=OTHER)
    told(log, 3, NAMES[1], slug=OTHER)
    assert asked(ask) == [(A, C)]
    said = judge(log, A, B, "same", preferred=B)
    judge(log, B, C, "unsure")
    assert asked(ask) == []
    log.retract(said.id, "false", THIRD)
    assert asked(ask) == [(A, C)]
    judge(log, A, B, "same")
    judge(log, A, C, "different")
    assert asked(ask) == []


def test_no_record_has_more_than_three_open_suggestions(log: MemoryLog, ask: Ask) -> None:
    for no in range(1, 10):
        told(log, no, NAMES[no % 3], slug=(OWN, OTHER)[no % 2], birth_year=1974)
    whole = asked(ask, query=replace(COORDINATOR, limit=20))
    assert len(whole) == len(set(whole)) > 0
    for no in range(1, 10):
        ref = f"lawyer:{OWN}.{no}"
        mine = [pair for pair in whole if ref in pair]
        assert sorted(asked(ask, query=replace(COORDINATOR, about=ref))) == sorted(mine)
        assert len(mine) <= 3


def test_pages_go_through_the_newest_records_first_and_show_each_pair_once(log: MemoryLog, ask: Ask) -> None:
    for no in (1, 2, 3):
        told(log, no, f"Quendoline Abrassart{'aeiou'[no]}", birth_year=1950 + no)
    told(log, 4, NAMES[0])
    told(log, 5, NAMES[1], slug=OTHER)
    found: list[tuple[str, str]] = []
    offset: Json = 0
    rounds = 0
    while offset is not None:
        page = answer(ask, query=replace(COORDINATOR, limit=1, offset=offset))
        found += pairs(page)
        offset, rounds = page["next"], rounds + 1
    assert rounds == 5
    assert found[0] == (f"lawyer:{OWN}.4", f"lawyer:{OWN}.5")
    assert sorted(found) == sorted(asked(ask, query=replace(COORDINATOR, limit=20)))


def test_numbers_at_one_bar_tell_and_those_of_two_bars_do_not(log: MemoryLog, ask: Ask) -> None:
    one, two = "body:harbour-bar-watch.bar", "body:open-docket.bar"
    told(log, 1, NAMES[0], bar=one, bar_number="77")
    told(log, 2, NAMES[1], slug=OTHER, bar=two, bar_number="78")
    assert asked(ask) == [(A, B)]
    judge(log, one, two, "same")
    assert asked(ask) == []
    told(log, 3, NAMES[1], slug=OTHER, bar=two, bar_number="77")
    [item] = answer(ask)["items"]
    assert (item["left"]["ref"], item["right"]["ref"]) == (A, C)
    assert item["judge"]["basis"] == ["bar_number", "name_transliteration"]


def test_a_number_without_a_bar_says_nothing(log: MemoryLog, ask: Ask) -> None:
    told(log, 1, NAMES[0], bar_number="77")
    told(log, 2, NAMES[1], slug=OTHER, bar_number="78")
    [item] = answer(ask)["items"]
    assert not any("number" in reason for reason in item["reasons"])


def test_what_several_events_say_of_one_is_joined(log: MemoryLog, ask: Ask) -> None:
    told(log, 1, "Ossiane Brundtwick")
    told(log, 1, NAMES[0], slug=OTHER, birth_year=1974)
    told(log, 2, NAMES[1], slug=OTHER, birth_year=1974)
    [item] = answer(ask)["items"]
    assert [event["id"] for event in item["events"]] == ["e2", "e1", "e3"]
    assert asked(ask, PARTNER, SuggestionQuery()) == [(A, B)]
    log.retract("e2", slug=OTHER)
    assert asked(ask) == []


def test_events_that_say_nothing_of_who_somebody_is_are_left_alone(log: MemoryLog, ask: Ask) -> None:
    log.add("lawyer.profiled", {"lawyer": A, "country_of_practice": "QM"}, subject=A)
    log.add("lawyer.profiled", {"lawyer": B}, subject=B)
    log.add("lawyer.profiled", {"lawyer": C, "identity": {"birth_year": 1974}}, subject=C)
    assert answer(ask) == {"items": [], "next": None}
    assert answer(ask, query=replace(COORDINATOR, about=A)) == {"items": [], "next": None}
    log.retract("e1")
    assert answer(ask, query=replace(COORDINATOR, about=A)) is None
