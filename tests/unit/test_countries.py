"""Country pages: what is counted for whom, and what stays hidden."""

from typing import Any

from events.audience import PUBLIC
from events.disclosure import SMALL
from projections.boards.countries.counts import Counted, sum_of
from projections.boards.countries.index import countries
from projections.boards.countries.page import country_page
from tests.gazette import NOW, cell, defined, reported
from tests.logs import PARTNER, Ask, MemoryLog

Json = Any


def country(log: MemoryLog, threats: int, tlp: str = "clear", **said: Json) -> None:
    for number in range(threats):
        name = f"{tlp}-{said.get('status', '')}-{number}"
        data = {
            "threat": f"threat:docket.{name}",
            "targets": [f"lawyer:docket.{name}"],
            "place": {"country": "QR"},
        }
        more = {"categories": ["liberty.arrest"], "occurred": "2026-10-01", **said}
        log.add("threat.reported", {**data, **more}, "docket", tlp=tlp)


def test_a_country_shows_safety_beside_access(log: MemoryLog, ask: Ask) -> None:
    country(log, 6, status="ongoing")
    country(log, 5, status="ended")
    country(log, 2, tlp="green", status="escalated", categories=["life.attempt"])
    more = {"threat": "threat:docket.clear-ended-0", "changes": {"categories_added": ["movement.travel_ban"]}}
    log.add("threat.updated", more, "docket", tlp="green")
    stopped = {
        "threat": "threat:docket.clear-ended-1",
        "step": "convicted",
        "as_of": "2026-12-01",
        "country": "QR",
    }
    log.add("accountability.recorded", stopped, "docket", tlp="green")
    trial = {"trial": "trial:docket.1", "title": {"en": "A trial"}, "parties": [], "country": "QR"}
    log.add("trial.scheduled", trial, "docket", tlp="green")
    log.add("trial.scheduled", {**trial, "trial": "trial:docket.2"}, "docket", tlp="green")
    log.add(
        "trial.concluded",
        {"trial": "trial:docket.2", "final": True, "decided": "2026-12-01"},
        "docket",
        tlp="green",
    )
    log.add("trial.scheduled", {**trial, "trial": "trial:docket.3"}, "docket", tlp="green")
    log.add(
        "trial.concluded",
        {"trial": "trial:docket.3", "final": False, "decided": "2026-12-01"},
        "docket",
        tlp="green",
    )
    hearing = {
        "hearing": "hearing:docket.1",
        "trial": "trial:docket.1",
        "starts": "2027-03-04",
        "country": "QR",
    }
    log.add("hearing.scheduled", hearing, "docket", tlp="green")
    reported(log, cell(12, ref="indicator:quill.7"), cell(13), country="QR", coverage_percent=40)
    defined(log)
    safety = country_page(ask(PARTNER).papers(NOW), "QR")["safety"]  # type: ignore[index]
    assert safety["threats"]["by_status"]["by"] == {"ended": 5, "escalated": 2, "ongoing": 6}
    assert (safety["threats"]["count"], safety["threats"]["ongoing"]["count"]) == (13, 8)
    assert safety["threats"]["by_category"]["by"]["movement.travel_ban"] == 1
    assert safety["threats"]["targets"]["count"] == 13
    assert safety["impunity"]["by"] == {"called_to_account": 1, "nobody_called_to_account": 12}
    assert safety["trials"]["by"] == {"closed": 1, "decided": 1, "open": 1}
    assert [row["trials"] for row in countries(ask(PARTNER).papers(NOW))["items"]] == [3]
    assert (safety["hearings"]["by"], safety["hearings"]["things"]) == (
        {"uncovered": 1},
        {"uncovered": ["hearing:docket.1"]},
    )
    page = country_page(ask(PUBLIC).papers(NOW), "QR")
    assert page is not None
    public = page["safety"]
    assert (public["threats"]["count"], public["threats"]["by_status"]["by"]) == (
        11,
        {"ended": 5, "ongoing": 6},
    )
    assert (public["trials"]["count"], public["hearings"]["count"], public["impunity"]["count"]) == (0, 0, 11)
    known = [
        (one["code"], one["version"], one["latest"][0]["points"][0]["value"])
        for one in page["access"]["indicators"]
    ]
    assert known == [("LA-16", "1.0.0", 13), (None, None, 12)]
    assert [one["coverage_percent"] for one in page["access"]["reports"]] == [40]


def test_nothing_small_is_public_and_nothing_can_be_computed(log: MemoryLog, ask: Ask) -> None:
    country(log, 3, status="ongoing")
    country(log, 6, status="ended")
    country(log, 7, status="mitigated")
    threats = country_page(ask(PUBLIC).papers(NOW), "QR")["safety"]["threats"]  # type: ignore[index]
    assert threats["by_status"]["by"] == {"ended": None, "mitigated": 7, "ongoing": SMALL}
    assert (threats["count"], threats["ongoing"]["count"], "things" in threats["by_status"]) == (
        16,
        None,
        False,
    )
    # The list of countries splits otherwise: what is hidden here is hidden there.
    [row] = countries(ask(PUBLIC).papers(NOW))["items"]
    assert row["threats"] == {"count": 16, "not_ongoing": None, "ongoing": SMALL}
    [row] = countries(ask(PARTNER).papers(NOW))["items"]
    assert row["threats"] == {"count": 16, "not_ongoing": 13, "ongoing": 3}


def test_of_a_few_not_even_the_kind_is_public(log: MemoryLog, ask: Ask) -> None:
    country(log, 2, status="ongoing")
    safety = country_page(ask(PUBLIC).papers(NOW), "QR")["safety"]  # type: ignore[index]
    assert safety["threats"]["by_status"]["by"] == {} == safety["threats"]["by_category"]["by"]
    assert (safety["threats"]["count"], safety["threats"]["targets"]["count"]) == (SMALL, SMALL)
    assert (safety["threats"]["ongoing"]["count"], safety["impunity"]["by"]) == (None, {})


def test_what_one_breakdown_hides_the_other_does_not_tell(log: MemoryLog, ask: Ask) -> None:
    country(log, 4, status="ongoing")
    country(log, 4, status="ended")
    safety = country_page(ask(PUBLIC).papers(NOW), "QR")["safety"]  # type: ignore[index]
    assert safety["threats"]["by_status"]["by"] == {"ended": SMALL, "ongoing": SMALL}
    assert (safety["threats"]["count"], safety["impunity"]["count"]) == (None, None)


def test_a_country_of_which_nothing_is_visible_is_not_there(log: MemoryLog, ask: Ask) -> None:
    country(log, 6, tlp="green")
    log.threat(1, tlp="green")
    assert country_page(ask(PUBLIC).papers(NOW), "QR") is None
    assert countries(ask(PUBLIC).papers(NOW)) == {"items": [], "total": 0, "next": None}
    hearing = {"hearing": "hearing:docket.1", "starts": "2027-03-04", "country": "QV"}
    log.add("hearing.scheduled", hearing, "docket", tlp="clear")
    assert country_page(ask(PUBLIC).papers(NOW), "QV") is not None


def test_a_hearing_that_somebody_watches_is_covered_and_laws_and_promises_stand_beside(
    log: MemoryLog, ask: Ask
) -> None:
    hearing = {"hearing": "hearing:docket.1", "starts": "2027-03-04", "country": "QR"}
    log.add("hearing.scheduled", hearing, "docket", tlp="clear")
    log.add(
        "hearing.scheduled",
        {**hearing, "hearing": "hearing:docket.2", "starts": "2020-01-01"},
        "docket",
        tlp="clear",
    )
    law = {"policy": "policy:docket.1", "title": {"en": "A law"}, "stage": "in_force", "country": "QR"}
    log.add("policy.changed", {**law, "practice_gap": "wide"}, "docket", tlp="clear")
    promise = {
        "commitment": "commitment:docket.1",
        "by": "body:docket.1",
        "text": {"en": "A fund"},
        "country": "QR",
    }
    log.add("commitment.made", promise, "docket", tlp="clear")
    page = country_page(ask(PARTNER).papers(NOW), "QR")
    assert page is not None
    assert page["safety"]["hearings"]["by"] == {"uncovered": 1}
    assert (page["access"]["practice_gaps_open"], page["access"]["commitments"][0]["label"]) == (1, "A fund")
    assert [row["policies"] for row in countries(ask(PARTNER).papers(NOW))["items"]] == [1]


def test_a_threat_of_which_no_day_is_known_says_nothing_of_impunity(log: MemoryLog, ask: Ask) -> None:
    data = {"threat": "threat:docket.1", "categories": ["liberty.arrest"], "place": {"country": "QR"}}
    log.add("threat.reported", data, "docket", tlp="clear", time="no moment")
    page = country_page(ask(PARTNER).papers(NOW), "QR")
    assert page is not None
    assert page["safety"]["impunity"]["by"] == {"unknown": 1}


def test_threats_and_trials_of_no_country_are_in_none(log: MemoryLog, ask: Ask) -> None:
    log.add(
        "threat.reported",
        {"threat": "threat:docket.1", "categories": ["liberty.arrest"]},
        "docket",
        tlp="clear",
    )
    log.add(
        "trial.scheduled",
        {"trial": "trial:docket.1", "title": {"en": "T"}, "parties": []},
        "docket",
        tlp="clear",
    )
    log.add("policy.changed", {"policy": "policy:docket.1", "stage": "draft"}, "docket", tlp="clear")
    about = {
        "statement": "statement:docket.1",
        "about": ["threat:docket.2", "trial:docket.2"],
        "title": {"en": "S"},
    }
    log.add("statement.issued", about, "docket", tlp="clear")
    assert countries(ask(PUBLIC).papers(NOW))["items"] == []


def test_a_status_on_which_reports_differ_is_counted_as_disputed(log: MemoryLog, ask: Ask) -> None:
    for slug, status in (("docket", "ongoing"), ("harbour", "ended")):
        data = {"threat": "threat:docket.1", "categories": ["liberty.arrest"], "place": {"country": "QR"}}
        log.add("threat.reported", {**data, "status": status, "occurred": "2026-10"}, slug, tlp="clear")
    for number, slug in enumerate(("docket", "harbour"), 1):
        about = {
            "about_event": f"e{number}",
            "about_source": f"urn:hub:partner:{slug}",
            "verdict": "disputes",
        }
        log.add("claim.assessed", about, "quill", tlp="clear")
    threats = country_page(ask(PARTNER).papers(NOW), "QR")["safety"]["threats"]  # type: ignore[index]
    assert threats["by_status"]["by"] == {"disputed": 1}
    assert threats["ongoing"]["count"] == 0


def test_numbers_of_partners_name_what_they_count() -> None:
    counted = Counted(is_public=False)
    assert counted.one("targets", ["b", "a"])["things"] == ["a", "b"]
    assert counted.several("categories", {"x": ("a", "b"), "y": ("a",)})["by"] == {"a": 2, "b": 1}
    parts = counted.parts("status", {"ongoing": ["a"], "ended": []})
    assert (parts["count"], sum_of(parts, ["ongoing", "escalated"], "ongoing")["count"]) == (1, 1)
    public = Counted(is_public=True)
    assert public.several("categories", {str(no): ("a",) for no in range(5)})["by"] == {"a": 5}
    assert public.one("targets", map(str, range(5)))["count"] == 5
