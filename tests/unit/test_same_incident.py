"""Which incidents may be one: told by two partners, of one person, about one time."""

from dataclasses import replace
from typing import Any

import pytest

from events.audience import PUBLIC
from projections.suggestions.incidents import STRONG, WEIGHTS
from projections.suggestions.query import SuggestionQuery
from tests.logs import THREAT, Ask, MemoryLog
from tests.namesakes import OTHER, OWN, THIRD, answer, asked, judge, pairs

Json = Any

INCIDENTS = SuggestionQuery(kind="threat")
L, M = f"lawyer:{OWN}.1", f"lawyer:{OTHER}.1"
ONE, TWO, THREE = (f"threat:{slug}.1" for slug in (OWN, OTHER, THIRD))


def report(log: MemoryLog, slug: str, *targets: str, no: int = 1, **said: Json) -> None:
    envelope = {name: said.pop(name) for name in ("tlp",) if name in said}
    ref = f"threat:{slug}.{no}"
    data = {**THREAT, "threat": ref, "targets": list(targets or (L,)), **said}
    log.add(
        "threat.reported", {key: value for key, value in data.items() if value}, slug, subject=ref, **envelope
    )


def only(ask: Ask, **query: Any) -> Json:
    [item] = answer(ask, query=replace(INCIDENTS, **query))["items"]
    return item


def test_two_reports_of_one_incident_are_suggested_with_the_sum_of_their_reasons(
    log: MemoryLog, ask: Ask
) -> None:
    report(log, OWN)
    report(log, OTHER)
    item = only(ask)
    assert (item["kind"], item["left"]["ref"], item["right"]["ref"]) == ("threat", ONE, TWO)
    assert item["reasons"] == [
        "+0.3 both on 2026-11-02",
        f"+0.3 both target {L}",
        "+0.2 both of category liberty.arrest",
        "+0.1 both in place:QM",
    ]
    assert (item["score"], item["tier"]) == (0.9, "strong")
    assert [event["id"] for event in item["events"]] == ["e1", "e2"]
    assert item["judge"]["basis"] == ["same_incident"]
    assert asked(ask, PUBLIC, INCIDENTS) == []
    for about in (ONE, TWO, L):
        assert only(ask, about=about) == item
    assert answer(ask, query=SuggestionQuery(about=ONE)) == {"items": [item], "next": None}


@pytest.mark.parametrize(
    ("occurred", "reason"),
    [
        ("2026-11-01/2026-11-03", "+0.2 their dates overlap"),
        ("2026-11", "+0.2 their dates overlap"),
        ("2026-11-09", "+0.1 7 day(s) apart"),
        ("2026-10-26", "+0.1 7 day(s) apart"),
    ],
)
def test_vague_and_near_dates_count_less(log: MemoryLog, ask: Ask, occurred: str, reason: str) -> None:
    report(log, OWN)
    report(log, OTHER, occurred=occurred)
    item = only(ask)
    assert reason in item["reasons"]
    assert item["tier"] == ("possible" if item["score"] < STRONG else "strong")


@pytest.mark.parametrize(
    "said",
    [
        {"occurred": "2026-11-10"},
        {"occurred": None},
        {"categories": ["harassment.threat"], "place": None},
        {"categories": ["harassment.threat"], "place": {"country": "QN"}},
        {"targets": ["lawyer:open-docket.9"]},
        {"linked": [{"threat": ONE, "relation": "part_of"}]},
        {"linked": [{"threat": ONE, "relation": "precedes"}]},
    ],
)
def test_what_differs_or_is_tied_is_not_suggested(log: MemoryLog, ask: Ask, said: Json) -> None:
    report(log, OWN)
    report(log, OTHER, **said)
    assert asked(ask, query=INCIDENTS) == []


def test_a_partner_that_reports_two_threats_means_two(log: MemoryLog, ask: Ask) -> None:
    report(log, OWN)
    report(log, OWN, no=2)
    assert asked(ask, query=INCIDENTS) == []
    report(log, OTHER)
    assert asked(ask, query=INCIDENTS) == [(ONE, TWO), (f"threat:{OWN}.2", TWO)]


def test_whoever_only_tells_more_of_a_threat_has_not_reported_it(log: MemoryLog, ask: Ask) -> None:
    report(log, OWN)
    report(log, OTHER)
    more = {"threat": ONE, "changes": {"categories_added": ["harassment.threat"]}}
    log.add("threat.updated", more, OTHER, subject=ONE)
    assert [event["id"] for event in only(ask)["events"]] == ["e3", "e1", "e2"]


def test_all_that_two_share_counts(log: MemoryLog, ask: Ask) -> None:
    by = [{"body": "body:open-docket.guard", "degree": "alleged"}]
    place = {"country": "QM", "subdivision": "QM-02"}
    for slug in (OWN, OTHER):
        report(log, slug, L, "body:open-docket.bar", attributed_to=by, place=place)
    item = only(ask)
    assert item["score"] == 1.0
    assert "+0.1 both attributed to body:open-docket.guard" in item["reasons"]
    assert "+0.2 both in place:QM-02" in item["reasons"]
    assert "+0.1 both target lawyer:harbour-bar-watch.1" in item["reasons"]
    assert sum(sorted(WEIGHTS.values())[:1]) < STRONG


def test_whom_people_judged_to_be_one_is_one_target(log: MemoryLog, ask: Ask) -> None:
    report(log, OWN, L)
    report(log, OTHER, M)
    assert asked(ask, query=INCIDENTS) == []
    judge(log, L, M, "same")
    assert asked(ask, query=INCIDENTS) == [(ONE, TWO)]


def test_what_was_judged_is_not_suggested_again_unless_more_was_said(log: MemoryLog, ask: Ask) -> None:
    report(log, OWN)
    report(log, OTHER)
    judge(log, ONE, TWO, "unsure")
    assert asked(ask, query=INCIDENTS) == []
    log.add("threat.updated", {"threat": ONE, "changes": {"status": "ended"}}, OWN, subject=ONE)
    assert only(ask)["reasons"][-1].startswith("unsure when judged")
    judge(log, ONE, TWO, "different")
    assert asked(ask, query=INCIDENTS) == []


def test_a_threat_has_at_most_three_open_suggestions(log: MemoryLog, ask: Ask) -> None:
    for slug in (OWN, OTHER, THIRD, "lanterns-for-counsel", "meridian-fund"):
        report(log, slug)
    found = asked(ask, query=replace(INCIDENTS, limit=20))
    assert all(sum(ref in pair for pair in found) <= 3 for ref in (ONE, TWO, THREE))
    assert len(found) == len(set(found)) > 3


def test_hidden_reports_change_no_byte(log: MemoryLog, ask: Ask) -> None:
    report(log, OWN)
    report(log, OTHER)
    before = answer(ask, query=INCIDENTS)
    for no in range(5):
        report(log, THIRD, no=no, tlp="red")
    assert answer(ask, query=INCIDENTS) == before
    assert pairs(before) == [(ONE, TWO)]


def test_pages_begin_with_the_newest(log: MemoryLog, ask: Ask) -> None:
    report(log, OWN)
    report(log, OTHER)
    report(log, THIRD, "lawyer:quill-network.1")
    log.add("statement.issued", {"statement": "statement:open-docket.1", "kind": "letter", "title": {"en": "x"},
                                 "about": ["threat:nobody.1"]}, OTHER)  # fmt: skip
    pages = [answer(ask, query=replace(INCIDENTS, limit=1, offset=offset)) for offset in range(4)]
    assert [pairs(page) for page in pages] == [[], [(ONE, TWO)], [], []]
    assert [page["next"] for page in pages] == [1, 2, 3, None]
