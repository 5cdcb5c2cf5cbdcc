"""Indicators, datasets and downloads: what is agreed, what was reported, and what stays hidden."""

import csv
import io
from typing import Any

import pytest

from events.audience import PUBLIC
from events.disclosure import SMALL
from hub.api.data import as_csv
from projections.boards.indicators import board as boards
from projections.boards.indicators.definitions import DEFINITIONS
from projections.boards.indicators.download import download
from projections.boards.indicators.figures import DATASETS, Wanted, figures
from projections.boards.indicators.periods import time_period
from schemas.cells import as_said
from tests.gazette import FIRST, NOW, ONE, board, cell, defined, reported
from tests.logs import PARTNER, Ask, MemoryLog

Json = Any

TWO, SECOND = "indicator:quill.2", "dataset:tallow.2"
GIRLS = {"gender": "woman", "age_band": "12_14", "stage": "diversion"}


def test_versions_stand_in_a_chain_and_each_has_its_meter(log: MemoryLog, ask: Ask) -> None:
    agreed: Json = {"status": "agreed", "endorsed_by": ["partner:tallow"], "review_by": "2027-03-11"}
    defined(log, TWO, version="10.0.0-rc.1", replaces=ONE, **agreed)
    against: Json = {"objections": [{"by": "partner:tallow", "text": "Why"}], "time": "2026-11-06T00:00:00Z"}
    defined(log, ONE, version="9.2.0", minimum_cell=10, **against)
    defined(log, "indicator:quill.odd", version="x.y", code="LA-17")
    found = board(ask(PUBLIC), "indicators", TWO)
    assert [(one["version"], one["replaced_by"]) for one in found["versions"]] == [
        ("9.2.0", [TWO]),
        ("10.0.0-rc.1", []),
    ]
    assert (found["definition"]["said_by"], found["definition"]["status"]) == ("partner:quill", "agreed")
    assert (found["review_days_left"], found["consensus"]["share"]) == (10, 1.0)
    # The last word of each counts, whichever version he spoke of.
    assert found["consensus"]["all_versions"]["share"] == 0.0
    first = board(ask(PUBLIC), "indicators", ONE)
    assert (first["consensus"]["share"], first["definition"]["status"]) == (0.0, "draft")
    assert board(ask(PUBLIC), "indicators", "indicator:quill.odd")["consensus"]["share"] is None
    assert ask(PUBLIC).papers(NOW).rows(DEFINITIONS)[ONE].minimum == 10


def test_what_a_publisher_says_again_takes_the_place_of_what_it_said(log: MemoryLog, ask: Ask) -> None:
    defined(log, endorsed_by=["partner:tallow", "partner:harbour"])
    defined(log, endorsed_by=["partner:tallow"])
    defined(log, slug="harbour", objections=[{"by": "partner:harbour"}])
    consensus = board(ask(PUBLIC), "indicators", ONE)["consensus"]
    assert [one["by"] for one in consensus["endorsed_by"]] == ["partner:tallow"]
    assert [(one["by"], one["text"]) for one in consensus["objections"]] == [("partner:harbour", None)]


def test_whoever_gave_a_version_its_reference_defines_it_and_the_stewards(log: MemoryLog, ask: Ask) -> None:
    defined(log, unit="count", status="agreed")
    other: Json = {"unit": "money", "status": "retired", "time": "2026-11-07T00:00:00Z", "replaces": TWO}
    defined(log, slug="docket", endorsed_by=["partner:docket"], minimum_cell=50, **other)
    found = board(ask(PUBLIC), "indicators", ONE)
    said = {name: found["definition"][name] for name in ("unit", "status", "said_by")}
    assert said == {"unit": "count", "status": "agreed", "said_by": "partner:quill"}
    assert [one["by"] for one in found["consensus"]["endorsed_by"]] == ["partner:docket"]
    assert (found["versions"][0]["replaces"], "minimum_cell" in found["definition"]) == (None, False)
    defined(log, slug="stewards", status="retired", time="2026-11-08T00:00:00Z")
    assert board(ask(PUBLIC), "indicators", ONE)["definition"]["status"] == "retired"
    numbered = "indicator:0190aaaa-0000-7000-8000-000000000067"
    defined(log, numbered, slug="docket", unit="hours", code="LA-02")
    defined(log, numbered, slug="quill", unit="days", code="LA-02", time="2026-11-09T00:00:00Z")
    assert board(ask(PUBLIC), "indicators", numbered)["definition"]["unit"] == "hours"


def test_nobody_agrees_or_objects_for_another_partner_that_spoke_itself(log: MemoryLog, ask: Ask) -> None:
    def meter() -> tuple[list[str], list[str]]:
        found = board(ask(PUBLIC), "indicators", ONE)["consensus"]
        return [one["by"] for one in found["endorsed_by"]], [one["by"] for one in found["objections"]]

    defined(log, endorsed_by=["partner:tallow", "body:quill.agency"])
    assert meter() == (["body:quill.agency", "partner:tallow"], [])
    # Somebody else says so of it, in a definition and in a draft of his own.
    against: Json = [{"by": "partner:tallow", "text": "Why"}]
    defined(log, slug="docket", objections=against, time="2026-11-07T00:00:00Z")
    defined(log, "indicator:docket.3", slug="docket", replaces=ONE, status="draft", objections=against)
    assert meter() == (["body:quill.agency", "partner:tallow"], [])
    defined(log, slug="tallow", objections=against, time="2026-11-08T00:00:00Z")
    assert meter() == (["body:quill.agency"], ["partner:tallow"])
    defined(log, endorsed_by=["partner:tallow"], time="2026-11-09T00:00:00Z")
    assert meter() == ([], ["partner:tallow"])


def test_an_objection_that_is_hidden_does_not_move_the_meter(log: MemoryLog, ask: Ask) -> None:
    defined(log, endorsed_by=["partner:tallow"])
    defined(log, TWO, slug="docket", replaces=ONE, objections=[{"by": "partner:docket"}], tlp="green")
    shares = [board(ask(who), "indicators", ONE)["consensus"]["share"] for who in (PUBLIC, PARTNER)]
    assert shares == [1.0, 0.5]


def test_figures_on_an_indicator_that_nobody_defined_are_shown(log: MemoryLog, ask: Ask) -> None:
    reported(log, cell(12))
    log.add(
        "commitment.made", {"commitment": "commitment:quill.1", "target": [{"indicator": ONE}]}, tlp="clear"
    )
    found = board(ask(PUBLIC), "indicators", ONE)
    assert (found["definition"], len(found["benchmark"]["series"])) == (None, 1)
    [row] = download(ask(PUBLIC).papers(NOW), None, None, None).rows
    assert (row["INDICATOR_CODE"], row["INDICATOR_VERSION"]) == (None, None)


def test_a_report_replaces_the_figures_of_the_same_version_and_no_others(log: MemoryLog, ask: Ask) -> None:
    reported(log, cell(12), cell(50, TWO))
    reported(log, cell(14), dataset=SECOND, supersedes=FIRST)
    papers = ask(PUBLIC).papers(NOW)
    values = [(one.indicator, one.value) for one, _ in figures(papers, Wanted())]
    assert values == [(ONE, 14), (TWO, 50)]
    assert board(ask(PUBLIC), "datasets", FIRST)["superseded_by"] == {ONE: SECOND}
    assert board(ask(PUBLIC), "datasets", SECOND)["supersedes"] == FIRST


def test_two_reports_that_replace_each_other_are_not_both_gone(log: MemoryLog, ask: Ask) -> None:
    reported(log, cell(14), dataset=SECOND, supersedes=FIRST)
    reported(log, cell(12), supersedes=SECOND)
    assert [one.value for one, _ in figures(ask(PUBLIC).papers(NOW), Wanted())] == [12]
    # The same dataset again: what was said last counts, whichever came first.
    reported(log, cell(13), supersedes=FIRST, time="2026-11-06T00:00:00Z")
    reported(log, cell(11), time="2026-11-05T12:00:00Z")
    assert [one.value for one, _ in figures(ask(PUBLIC).papers(NOW), Wanted())] == [14, 13]


def test_a_dataset_is_shown_in_tables_by_what_it_is_split_by(log: MemoryLog, ask: Ask) -> None:
    men = {"gender": "man"}
    reported(
        log,
        cell(60),
        cell(20, dims=GIRLS),
        cell(30, dims=men),
        cell(None, dims={"gender": "woman"}),
        notes="Late",
    )
    found = board(ask(PUBLIC), "datasets", FIRST)
    assert [(table["by"], len(table["rows"])) for table in found["tables"]] == [
        ([], 1),
        (["age_band", "gender", "stage"], 1),
        (["gender"], 2),
    ]
    assert (found["about"]["notes"], found["about"]["reporter"]) == ("Late", "partner:tallow")


def test_a_dataset_without_visible_figures_has_an_empty_board(log: MemoryLog, ask: Ask) -> None:
    reported(log, period="2026/2027")
    measured = [{"indicator": ONE, "dataset": SECOND}]
    log.add("commitment.progressed", {"commitment": "commitment:quill.1", "measured": measured}, tlp="clear")
    assert board(ask(PUBLIC), "datasets", FIRST)["tables"] == []
    assert ask(PUBLIC).papers(NOW).rows(DATASETS) == {}


def test_long_benchmarks_end_and_say_so(log: MemoryLog, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "MOST_SERIES", 2)
    reported(log, *(cell(20 + number, dims={"offence_group": f"o{number}"}) for number in range(5)))
    assert board(ask(PUBLIC), "indicators", ONE)["benchmark"]["truncated"] == 3


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2026-07/2026-09", "2026-Q3"),
        ("2026-07-01/2026-12-31", "2026-S2"),
        ("2026-01/2026-12", "2026"),
        ("2026-02/2026-02", "2026-02"),
        ("2026-02-05/2026-02-05", "2026-02-05"),
        ("2026-02/2026-04", "2026-02-01/P89D"),
        ("2026-01/2026-04", "2026-01-01/P120D"),
        ("2026-12/2027-02", "2026-12-01/P90D"),
        ("2026-02-05/2026-03-04", "2026-02-05/P28D"),
        ("2026-02/..", "2026-02/.."),
        ("nonsense", "nonsense"),
    ],
)
def test_periods_are_written_as_statistics_do(text: str, period: str) -> None:
    assert time_period(text) == period


def test_a_download_says_what_is_hidden_and_what_is_missing(log: MemoryLog, ask: Ask) -> None:
    defined(log)
    reported(
        log, cell(SMALL, dims=GIRLS), cell(None, dims={**GIRLS, "gender": "man"}), cell(None, TWO), notes="N"
    )
    reported(log, cell(None, numerator=5, denominator=9), dataset=SECOND, subdivision="QS-01", period="2025/2025",
             suppression={"threshold": 5, "cells_suppressed": 1})  # fmt: skip
    found = download(ask(PUBLIC).papers(NOW), None, None, None)
    told = {(row["INDICATOR"], row["SEX"], row["TIME_PERIOD"]): row for row in found.rows}
    small, beside = told[ONE, "F", "2026-Q3"], told[ONE, "M", "2026-Q3"]
    assert [small[name] for name in ("OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "COMMENT")] == [
        None,
        "Q",
        "C",
        "<5 N",
    ]
    assert (beside["OBS_STATUS"], beside["CONF_STATUS"]) == ("Q", "S")
    assert (told[TWO, "_T", "2026-Q3"]["OBS_STATUS"], told[TWO, "_T", "2026-Q3"]["CONF_STATUS"]) == ("M", "F")
    year = told[ONE, "_T", "2025"]
    assert (year["REF_AREA"], year["NUMERATOR"], year["OBS_STATUS"]) == ("QS-01", 5, "Q")
    assert [one["indicator"] for one in found.definitions] == [ONE]
    assert {one["dataset"] for one in found.coverage} == {FIRST, SECOND}


def test_what_is_downloaded_can_be_narrowed(log: MemoryLog, ask: Ask) -> None:
    defined(log)
    defined(log, TWO, code="LA-17")
    reported(log, cell(12), cell(13, TWO))
    reported(log, cell(14), dataset=SECOND, country="QR", period="2025-12/2026-01")
    papers = ask(PUBLIC).papers(NOW)

    def values(*asked: Json) -> list[Json]:
        return [row["OBS_VALUE"] for row in download(papers, *asked).rows]

    assert values("LA-16", None, None) == values(ONE, None, None) == [14, 12]
    assert values("LA-99", None, None) == []
    assert (
        values(None, "QR", None)
        == values(None, None, "2025")
        == values(None, None, "2025-12/2026-01")
        == [14]
    )
    assert values(None, None, "2026-07") == []


def test_what_a_dataset_says_twice_of_a_group_keeps_two_lines(log: MemoryLog, ask: Ask) -> None:
    reported(log, cell(4.5, unit="hours"), cell(30.0, unit="hours"), period="not a period")
    rows = download(ask(PUBLIC).papers(NOW), None, None, None).rows
    assert [(row["LINE"], row["OBS_VALUE"], row["TIME_PERIOD"]) for row in rows] == [
        ("1", 4.5, "not a period"),
        ("2", 30.0, "not a period"),
    ]


def test_a_table_holds_nothing_that_a_spreadsheet_would_compute(log: MemoryLog, ask: Ask) -> None:
    formulas = ("=1+1", "+1", "-1", "@a", "\t=1", "'=1", "\uff1d1", "a;=1", 'a;"=1;b', "a\n=1")
    for number, notes in enumerate(formulas):
        whom = {"population_definition": 'a "b", c\nd', "dataset": f"dataset:tallow.{number}"}
        reported(log, cell(-2.5, unit="index"), notes=notes, **whom)
    written = as_csv(download(ask(PUBLIC).papers(NOW), None, None, None).rows)
    assert written.startswith(b"STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,INDICATOR,")
    rows = list(csv.DictReader(io.StringIO(written.decode(), newline="")))
    assert [as_said(row["COMMENT"]) for row in rows] == list(formulas)
    for mark in ",;\t":
        read = csv.reader(io.StringIO(written.decode(), newline=""), delimiter=mark)
        assert not [cell for row in read for cell in row if cell[:1] in set("=+@\uff1d") or cell == "-1"]
    told = {(row["OBS_VALUE"], row["STRUCTURE"], row["ACTION"], row["POPULATION"]) for row in rows}
    assert told == {("-2.5", "dataflow", "I", 'a "b", c\nd')}
