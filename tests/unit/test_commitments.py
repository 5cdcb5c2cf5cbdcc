"""Commitments as boards: what follows from visible events, whatever order they came in."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from events.audience import PUBLIC
from projections.boards.papers import Papers
from projections.boards.promises.lights import light_of
from projections.boards.promises.listing import Asked, commitments
from tests.gazette import MINISTRY, NOW, OTHER, PROMISE, board, made, progressed
from tests.logs import PARTNER, Ask, MemoryLog

Json = Any


@pytest.mark.parametrize(
    ("last", "today", "light"),
    [
        (None, date(2027, 3, 1), None),
        (date(2026, 3, 1), date(2027, 3, 1), "green"),
        (date(2026, 2, 28), date(2027, 3, 1), "yellow"),
        (date(2025, 3, 1), date(2027, 3, 1), "yellow"),
        (date(2025, 2, 28), date(2027, 3, 1), "red"),
        (date(2024, 2, 29), date(2025, 2, 28), "green"),
        (date(2024, 2, 29), date(2025, 3, 1), "yellow"),
        (date(9999, 5, 1), date(2027, 3, 1), "green"),
    ],
)
def test_a_light_turns_when_a_report_is_a_year_and_two_years_old(
    last: date | None, today: date, light: str | None
) -> None:
    assert light_of(last, datetime(today.year, today.month, today.day, tzinfo=UTC)) == light


def test_both_sides_stand_beside_each_other_and_neither_overwrites(log: MemoryLog, ask: Ask) -> None:
    made(log, due="2027-02-01")
    shadow = {"reporter": "independent", "state": "partly_fulfilled", "time": "2027-01-09T00:00:00Z"}
    progressed(log, "tallow", as_of="2026-12", new_due="2027-05-01", **shadow)
    progressed(log, reporter="self", state="fulfilled", as_of="2026-11", narrative="Done")
    progressed(log, reporter="self", state="on_track", as_of="2026-06")
    found = board(ask(PUBLIC), "commitments", PROMISE)
    assert [one["state"] for one in found["reports"]["self"]] == ["on_track", "fulfilled"]
    assert found["badge"] == "DISPUTED"
    last = {side: one["state"] for side, one in found["last"].items()}
    assert last == {"self": "fulfilled", "independent": "partly_fulfilled"}
    assert [one["due"] for one in found["due"]["history"]] == ["2027-02-01", "2027-05-01"]
    assert (found["due"]["state"], found["due"]["days_left"]) == ("open", 61)
    later = board(ask(PUBLIC), "commitments", PROMISE, datetime(2028, 12, 31, tzinfo=UTC))
    assert later["due"]["overdue"] is True
    lights = [later["lights"][name] for name in ("light", "self", "independent")]
    assert lights == ["yellow", "red", "yellow"]
    progressed(log, "tallow", reporter="independent", state="fulfilled", as_of="2027-02")
    found = board(ask(PUBLIC), "commitments", PROMISE, datetime(2028, 12, 31, tzinfo=UTC))
    assert (found["badge"], found["due"]["state"]) == (None, "done")


def test_what_is_hidden_neither_disputes_nor_lights(log: MemoryLog, ask: Ask) -> None:
    made(log)
    progressed(log, reporter="self", state="fulfilled", as_of="2025-01-01")
    progressed(log, "tallow", reporter="independent", state="broken", as_of="2027-01", tlp="green")
    public, partner = (board(ask(who), "commitments", PROMISE) for who in (PUBLIC, PARTNER))
    assert (public["badge"], public["lights"]["light"], public["reports"]["independent"]) == (None, "red", [])
    assert (partner["badge"], partner["lights"]["light"]) == ("DISPUTED", "green")


def test_who_does_not_say_on_which_side_he_stands_is_independent_unless_he_promised(
    log: MemoryLog, ask: Ask
) -> None:
    made(log, by="partner:northlight", made="2026-01-10")
    progressed(log, as_of="nonsense")
    progressed(log, "tallow", by="partner:tallow", state="delayed")
    found = board(ask(PUBLIC), "commitments", PROMISE)
    assert [one["by"] for one in found["reports"]["self"]] == ["partner:northlight"]
    assert [one["by"] for one in found["reports"]["independent"]] == ["partner:tallow"]
    # A report without a date is as old as its event.
    assert found["lights"]["last_report"] == "2026-11-05"


def test_before_any_report_days_count_from_the_promise(log: MemoryLog, ask: Ask) -> None:
    made(log)
    lights = board(ask(PUBLIC), "commitments", PROMISE)["lights"]
    assert (lights["light"], lights["counts_from"], lights["last_report"]) == ("yellow", "promise", None)
    progressed(log, time="no moment")
    log.add(
        "commitment.progressed",
        {"commitment": "commitment:tallow.2", "state": "made"},
        tlp="clear",
        time="none",
    )
    lights = board(ask(PUBLIC), "commitments", "commitment:tallow.2")["lights"]
    assert (lights["light"], lights["counts_from"]) == (None, None)


def test_targets_stand_beside_what_was_measured_of_the_same_version(log: MemoryLog, ask: Ask) -> None:
    one, two = "indicator:stewards.1", "indicator:stewards.2"
    target = [
        {"indicator": one, "baseline": 40, "value": 80, "unit": "percent", "by": "2027-02-01"},
        {"indicator": "indicator:stewards.9", "baseline": 90, "value": 30},
        {"indicator": "indicator:stewards.8", "by": "2027-02-01"},
    ]
    made(log, target=target)
    measured = [
        {"indicator": one, "value": 61, "unit": "percent", "period": "2026"},
        {"indicator": two, "value": 99, "unit": "percent"},
        {"indicator": "indicator:stewards.9", "value": 20},
        {"indicator": "indicator:stewards.8", "value": 7},
        {"indicator": one},
    ]
    progressed(log, reporter="self", measured=measured, as_of="2027-01")
    other = [{"indicator": one, "value": 85, "unit": "count"}]
    progressed(log, "tallow", reporter="independent", measured=other, as_of="2027-01")
    found = board(ask(PUBLIC), "commitments", PROMISE)
    first, second, third = found["targets"]
    assert (first["days_left"], first["overdue"]) == (-28, True)
    # In another unit nobody can tell.
    assert first["reached"] == {"independent": None, "self": False}
    assert (second["reached"], second["overdue"]) == ({"self": True}, False)
    assert third["reached"] == {"self": None}
    assert [row["indicator"] for row in found["measured_beside"]] == [two]


def test_a_commitment_that_was_only_reported_on_has_a_board(log: MemoryLog, ask: Ask) -> None:
    progressed(log, reporter="self")
    found = board(ask(PUBLIC), "commitments", PROMISE)
    assert (found["targets"], found["due"]["state"], found["promised"]) == ([], "none", [])


def test_commitments_hang_together(log: MemoryLog, ask: Ask) -> None:
    made(log)
    made(log, commitment="commitment:northlight.2", supports=[PROMISE, OTHER])
    assessed = {"about": PROMISE, "impact": "minor", "as_of": "2027", "assessor": "partner:tallow"}
    log.add("impact.assessed", assessed, "tallow", tlp="clear")
    found = board(ask(PUBLIC), "commitments", PROMISE)
    assert found["supported_by"] == ["commitment:northlight.2"]
    assert len(found["assessed"]) == 1
    assert board(ask(PUBLIC), "commitments", "commitment:northlight.2")["supports"] == [PROMISE, OTHER]


def listed(papers: Papers, **asked: Json) -> list[str]:
    return [one["ref"] for one in commitments(papers, Asked(**asked))["items"]]


def test_commitments_are_filtered_by_light_badge_and_what_is_overdue(log: MemoryLog, ask: Ask) -> None:
    made(log, due="2027-02-01", country="QP")
    progressed(log, reporter="self", state="fulfilled", as_of="2024-01-01")
    progressed(log, "tallow", reporter="independent", state="broken", as_of="2024-02-01")
    second = "commitment:northlight.2"
    made(log, commitment=second, country="QR")
    papers = ask(PUBLIC).papers(NOW)
    assert listed(papers) == [second, PROMISE]
    assert (
        listed(papers, light="red")
        == listed(papers, badge="DISPUTED")
        == listed(papers, overdue=True)
        == [PROMISE]
    )
    assert listed(papers, country="QR", light="yellow") == [second]
    page = commitments(papers, Asked(limit=1))
    assert (page["total"], page["next"], page["items"][0]["by"]) == (2, 1, MINISTRY)
