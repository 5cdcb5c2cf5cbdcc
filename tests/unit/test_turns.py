"""Turns: who hears of an event that it reads differently now, that he lost some of it, or all."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC, Reader
from events.event import Position
from projections.event_query import EventQuery
from projections.reading_room import ReadingRoom
from projections.sight import Sight
from schemas.registry import Registry
from tests.logs import OWNER, PARTNER, STEWARD, Ask, MemoryLog

Json = Any

SOURCE = "urn:hub:partner:harbour-bar-watch"
LAWYER = "lawyer:harbour-bar-watch.1"
OTHER = Reader("quill-network", "dora", "amber+strict")
CASE = "case:harbour-bar-watch.1"
BODY = "body:quill-network.self"


def told(sight: Sight, after: int, part: int = 0, **query: Any) -> list[tuple[str, int, str, str | None]]:
    """Tell kind, part, event and reason of what follows a place, but for events that are new."""
    page = sight.feed(Position(after), part, EventQuery(**query), 100)
    return [(one.kind, one.part, one.id, one.reason) for one in page.messages if one.kind != "event"]


def shown(sight: Sight, event_id: str = "e1") -> Json:
    found = sight.event(SOURCE, event_id)
    assert found is not None
    return found


def named(log: MemoryLog, level: str = "C2") -> None:
    """Record a profile that open-docket is named in, with a consent that the publisher asserts."""
    consent = {"consent_level": level, "scopes": ["media"]}
    log.profile(tlp="amber", audience="open-docket", protection=consent)


def test_whoever_loses_a_field_is_told_so_and_gets_what_is_left(log: MemoryLog, ask: Ask) -> None:
    named(log)
    assert "identity" in shown(ask(PARTNER))["event"]["data"]
    log.withdraw("restrict_to_pseudonym")
    assert told(ask(PARTNER), 1) == [("withdrawn", 4, "e1", "narrowed"), ("changed", 0, "e1", "narrowed")]
    assert "identity" not in shown(ask(PARTNER))["event"]["data"]
    assert told(ask(OWNER), 1) == []


def test_a_listener_may_leave_between_what_he_lost_and_what_is_left(log: MemoryLog, ask: Ask) -> None:
    named(log)
    log.withdraw("restrict_to_pseudonym")
    first = ask(PARTNER).feed(Position(1), 0, EventQuery(), 1)
    assert ([one.kind for one in first.messages], first.reached, first.part) == (["withdrawn"], 2, 4)
    assert told(ask(PARTNER), 2, 4) == [("changed", 0, "e1", "narrowed")]
    assert told(ask(PARTNER), 2) == []


def test_a_consent_that_opens_nothing_for_a_reader_is_not_told_to_him(log: MemoryLog, ask: Ask) -> None:
    log.profile(tlp="green", audience="open-docket")
    log.consent("C2")
    assert told(ask(PARTNER), 1) == [("changed", 0, "e1", "released")]
    assert told(ask(OTHER), 1) == []


def test_a_stricter_label_takes_the_event_from_some_and_is_shown_to_the_others(
    log: MemoryLog, ask: Ask
) -> None:
    log.threat(1, audience="open-docket")
    log.add("record.corrected", {"about_event": "e1", "tlp": "amber"}, tlp="red")
    assert told(ask(OTHER), 1) == [("withdrawn", 0, "e1", "narrowed")]
    assert told(ask(PARTNER), 1) == [("changed", 0, "e1", "narrowed")]
    assert shown(ask(PARTNER))["event"]["tlp"] == "amber"


@pytest.mark.parametrize("query", [{"about": (LAWYER,)}, {"countries": ("QM",)}, {"types": ("threat.*",)}])
def test_whoever_filters_hears_of_what_he_lost(log: MemoryLog, ask: Ask, query: dict[str, Any]) -> None:
    log.threat(1, audience="open-docket")
    log.add("record.corrected", {"about_event": "e1", "tlp": "amber"}, tlp="red")
    log.add("record.corrected", {"about_event": "e1", "tlp": "red"}, tlp="red")
    assert told(ask(OTHER), 1, **query) == [("withdrawn", 0, "e1", "narrowed")]
    assert told(ask(OTHER), 1, countries=("QN",)) == []


def test_a_conflict_of_interest_takes_the_case_from_the_partner_concerned(log: MemoryLog, ask: Ask) -> None:
    admission = {"partner": "partner:quill-network", "roles": ["monitor"], "body": BODY}
    log.add("partner.admitted", admission, "stewards")
    log.threat(1, correlationid=CASE)
    log.threat(2, correlationid=CASE)
    log.correct("e3", ("/attributed_to", [{"body": BODY}]), tlp="red")
    assert told(ask(OTHER), 3) == [("withdrawn", 6, "e2", "narrowed"), ("withdrawn", 0, "e3", "narrowed")]
    assert told(ask(PARTNER), 3) == [("changed", 0, "e3", "corrected")]


def test_an_erased_field_is_withdrawn_from_those_who_could_read_it(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, audience="open-docket")
    assert "narrative" in shown(ask(PARTNER))["event"]["data"]
    log.erase(LAWYER)
    assert told(ask(PARTNER), 1) == [("withdrawn", 4, "e1", "erased"), ("changed", 0, "e1", "erased")]
    assert told(ask(OTHER), 1) == []
    answer = shown(ask(PARTNER))
    assert (answer["status"], "narrative" in answer["event"]["data"]) == ("active", False)


def test_an_erased_report_is_an_envelope(log: MemoryLog, ask: Ask, room: ReadingRoom) -> None:
    log.profile(tlp="green", represented_by="lawyer:harbour-bar-watch.2")
    log.threat(1)
    assert shown(ask(PARTNER))["event"]["data"]["lawyer"] == LAWYER
    log.erase(LAWYER)
    sight = ask(PARTNER)
    assert told(sight, 2) == [("withdrawn", 0, "e1", "erased")]
    assert told(sight, 2, about=("lawyer:harbour-bar-watch.9",)) == [("withdrawn", 0, "e1", "erased")]
    assert told(sight, 2, types=("threat.*",)) == []
    answer = shown(sight)
    assert (answer["status"], answer["event"]["data"], answer["event"]["id"]) == ("erased", {}, "e1")
    assert [one["id"] for one in sight.events(EventQuery()).events] == ["e2"]
    assert sight.search("woman")["total"] == 0
    assert sight.dossier("lawyers", "lawyer:harbour-bar-watch.2") is None
    assert sight.event(SOURCE, "e1") == ask(OWNER).event(SOURCE, "e1")


def test_what_was_erased_is_not_erased_again(log: MemoryLog, ask: Ask) -> None:
    log.profile(tlp="green")
    log.erase(LAWYER)
    log.add("record.corrected", {"about_event": "e1", "tlp": "red"}, tlp="red")
    assert told(ask(PARTNER), 2) == []
    assert ask(PARTNER).event(SOURCE, "e1") is None


def test_what_was_retracted_is_still_told_to_be_erased(log: MemoryLog, ask: Ask) -> None:
    log.profile(tlp="green")
    log.threat(1, audience="open-docket")
    log.retract("e1")
    log.retract("e2")
    log.erase(LAWYER)
    assert told(ask(PARTNER), 2) == [
        ("withdrawn", 0, "e1", "retracted"),
        ("withdrawn", 0, "e2", "retracted"),
        ("withdrawn", 4, "e1", "erased"),
        ("withdrawn", 0, "e2", "erased"),
    ]
    assert told(ask(OTHER), 4) == [("withdrawn", 0, "e1", "erased")]
    assert [shown(ask(PARTNER), one)["status"] for one in ("e1", "e2")] == ["erased", "retracted"]


def test_an_erasure_that_is_taken_back_in_time_gives_the_field_back(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, audience="open-docket")
    data = {"subject_of_consent": LAWYER, "effect": "erase"}
    log.add("consent.withdrawn", data, "quill-network", tlp="amber+strict", subject=LAWYER)
    assert "narrative" not in shown(ask(PARTNER))["event"]["data"]
    log.retract("e2", slug="stewards", about_source="urn:hub:partner:quill-network")
    assert told(ask(PARTNER), 2) == [("changed", 0, "e1", "released")]
    assert told(ask(OTHER), 2) == [("withdrawn", 0, "e2", "retracted")]


def test_what_a_correction_said_is_erased_for_those_who_could_read_it(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, audience="open-docket")
    log.events[0].data["provenance"] = {"source": "source:harbour-bar-watch.9"}  # type: ignore[index]
    log.events[0].sealed["/provenance/source"] = "source:harbour-bar-watch.9"  # type: ignore[index]
    log.correct("e1", ("/narrative", "Taken by five."), tlp="red")
    assert shown(ask(PARTNER))["event"]["data"]["narrative"] == "Taken by five."
    log.erase("source:harbour-bar-watch.9")
    assert shown(ask(PARTNER))["event"]["data"]["narrative"] == log.events[0].data["narrative"]
    assert told(ask(PARTNER), 2) == [("withdrawn", 4, "e1", "erased"), ("changed", 0, "e1", "erased")]
    assert told(ask(OTHER), 1) == []


def test_what_nobody_believes_any_more_is_withdrawn_without_saying_why(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    since = {"partner": "partner:harbour-bar-watch", "distrust_events_after": "2026-11-05T00:00:00Z"}
    log.add("partner.suspended", since, "stewards", tlp="red")
    log.threat(2)
    assert told(ask(PARTNER), 1) == [("withdrawn", 0, "e1", "retracted")]
    assert [ask(PARTNER).event(SOURCE, one) for one in ("e1", "e3")] == [None, None]
    assert [shown(ask(STEWARD), one)["status"] for one in ("e1", "e3")] == ["quarantined", "quarantined"]
    assert told(ask(STEWARD), 2) == []
    assert ask(STEWARD).events(EventQuery(types=("threat.*",))).events == []


def test_a_quarantined_event_forgets_as_well(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    since = {"partner": "partner:harbour-bar-watch", "distrust_events_after": "2026-11-05T00:00:00Z"}
    log.add("partner.suspended", since, "stewards", tlp="red")
    assert "narrative" in shown(ask(OWNER))["event"]["data"]
    log.erase(LAWYER)
    answer = shown(ask(OWNER))
    assert ("narrative" in answer["event"]["data"], answer["status"]) == (False, "quarantined")
    assert told(ask(OWNER), 2) == [("withdrawn", 0, "e1", "erased")]


def test_a_correction_of_words_that_were_erased_leaves_no_trace(
    log: MemoryLog, ask: Ask, tmp_path: Path
) -> None:
    log.threat(1)
    log.correct("e1", ("/narrative", "Taken by five."), tlp="red")
    log.correct("e1", ("/title", "Taken"), ("/narrative", "Taken by six."), tlp="red")
    assert len(told(ask(OWNER), 1)) == 2
    assert told(ask(PARTNER), 1) == [("changed", 0, "e1", "corrected")]
    log.erase(LAWYER)
    assert [one[:1] + one[2:] for one in told(ask(OWNER), 1)] == [
        ("changed", "e1", "corrected"),
        ("withdrawn", "e1", "erased"),
        ("changed", "e1", "erased"),
        ("withdrawn", "e2", "erased"),
        ("changed", "e2", "erased"),
        ("withdrawn", "e3", "erased"),
        ("changed", "e3", "erased"),
    ]
    assert told(ask(PARTNER), 1) == [("changed", 0, "e1", "corrected")]
    with sqlite3.connect(tmp_path / "views.db") as db:
        assert db.execute("SELECT at FROM timeline_turns WHERE position = 1").fetchall() == [(3,), (4,)]
    db.close()


def test_a_signature_is_shown_to_whoever_can_check_it(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, audience="open-docket")
    log.sign("e1")
    assert shown(ask(OWNER))["signature"]["keyid"] == "k1"
    assert shown(ask(PARTNER))["signature"] == {"keyid": "k1"}
    log.correct("e1", ("/title", "Taken"))
    assert shown(ask(OWNER))["signature"] == {"keyid": "k1"}


def test_types_of_the_hub_itself_may_read_differently_too(registry: Registry, tmp_path: Path) -> None:
    log = MemoryLog()
    log.add("steward.acted", {"action": "token_issued"}, "stewards", tlp="amber+strict")
    log.add("embargo.released", {"until": "2026-12-01T00:00:00Z"}, "hub", tlp="green")
    log.add("record.retracted", {"about_event": "e2", "reason": "false"}, "hub")
    room = ReadingRoom(registry, log, tmp_path / "views.db")
    try:
        room.catch_up()
        assert told(room.purge(PARTNER), 2) == [("withdrawn", 0, "e2", "retracted")]
        assert told(room.purge(PUBLIC), 0) == []
    finally:
        room.stop()
