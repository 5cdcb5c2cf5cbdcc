"""The feed: what is told about each position, to whom, in which parts."""

from typing import Any

import pytest

from events.audience import PUBLIC
from events.event import Position
from projections.event_query import EventQuery
from projections.feed import FeedPage
from tests.logs import OWNER, PARTNER, Ask, MemoryLog

BEGIN = Position(0)
ALL = EventQuery()


def told(page: FeedPage) -> list[tuple[str, int, int, str, str | None]]:
    return [(one.kind, one.position, one.part, one.id, one.reason) for one in page.messages]


def test_a_visible_event_is_told_with_what_it_touches(log: MemoryLog, ask: Ask) -> None:
    event = log.threat(1, tlp="amber+strict", audience="open-docket")
    [message] = ask(PARTNER).feed(BEGIN, 0, ALL, 10).messages
    assert (message.kind, message.event, message.reason, message.type) == (
        "event",
        event.envelope,
        None,
        "threat.reported",
    )
    assert message.touches == ("threat:harbour-bar-watch.1", "lawyer:harbour-bar-watch.1", "place:QM")
    assert message.countries == ("QM",)
    assert told(ask(PUBLIC).feed(BEGIN, 0, ALL, 10)) == []
    assert ask(PUBLIC).feed(BEGIN, 0, ALL, 10).reached == 1


def test_corrections_and_retractions_are_told_where_they_happened(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    log.threat(2)
    log.correct("e1", ("/occurred", "2026-11-03"))
    log.retract("e2")
    page = ask(PARTNER).feed(BEGIN, 0, ALL, 10)
    assert told(page) == [
        ("event", 1, 0, "e1", None),
        ("event", 3, 1, "e3", None),
        ("changed", 3, 0, "e1", "corrected"),
        ("event", 4, 1, "e4", None),
        ("withdrawn", 4, 0, "e2", "retracted"),
    ]
    assert page.messages[2].event["data"]["occurred"] == "2026-11-03"
    assert page.messages[4].event is None


def test_a_release_is_told_to_those_who_see_the_event_now(log: MemoryLog, ask: Ask) -> None:
    for no in range(3):
        log.threat(no, tlp="clear", notbefore="2027-01-01T00:00:00Z")
    log.retract("e3")
    assert told(ask(PUBLIC).feed(BEGIN, 0, ALL, 10)) == []
    log.release("2027-01-01T00:00:00Z")
    assert told(ask(PUBLIC).feed(Position(4), 0, ALL, 10)) == [
        ("changed", 5, 5, "e1", "released"),
        ("changed", 5, 0, "e2", "released"),
    ]


def test_a_withdrawal_is_told_only_to_those_who_could_see_the_event(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear", notbefore="2027-01-01T00:00:00Z")
    log.threat(2, tlp="clear")
    log.retract("e1")
    log.retract("e2", "unsafe")
    assert told(ask(PUBLIC).feed(BEGIN, 0, ALL, 10)) == [("withdrawn", 4, 0, "e2", "retracted")]
    assert ("withdrawn", 3, 0, "e1", "retracted") in told(ask(OWNER).feed(BEGIN, 0, ALL, 10))


def test_a_correction_of_a_hidden_field_is_told_only_to_those_who_see_the_field(
    log: MemoryLog, ask: Ask
) -> None:
    log.threat(1)
    log.correct("e1", ("/narrative", "Taken by five."), tlp="amber+strict")
    assert told(ask(PARTNER).feed(Position(1), 0, ALL, 10)) == []
    assert told(ask(OWNER).feed(Position(1), 0, ALL, 10))[1:] == [("changed", 2, 0, "e1", "corrected")]


def test_a_page_may_end_between_the_messages_of_one_position(log: MemoryLog, ask: Ask) -> None:
    for no in range(3):
        log.threat(no, notbefore="2027-01-01T00:00:00Z")
    log.release("2027-01-01T00:00:00Z")
    whole = ask(PARTNER).feed(Position(3), 0, ALL, 10)
    page = ask(PARTNER).feed(Position(3), 0, ALL, 1)
    assert (told(page), page.reached, page.part) == ([("changed", 4, 5, "e1", "released")], 4, 5)
    rest = ask(PARTNER).feed(page.reached, page.part, ALL, 10)
    assert [*page.messages, *rest.messages] == whole.messages
    assert (rest.reached, rest.part) == (4, 0)


def test_behind_the_end_there_is_nothing(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    assert ask(PARTNER).feed(Position(1), 0, ALL, 10) == FeedPage([], Position(1))
    assert ask(PARTNER).feed(Position(9), 0, ALL, 10) == FeedPage([], Position(9))
    assert ask(PARTNER).feed(Position(1), 5, ALL, 10) == FeedPage([], Position(1))


@pytest.mark.parametrize(
    ("filters", "told_of"),
    [
        ({}, ["e1", "e3", "e4", "e5", "e1", "e6", "e1", "e7", "e2"]),
        ({"types": ("threat.*",)}, ["e1", "e3", "e1", "e1", "e2"]),
        ({"types": ("hearing.*",)}, []),
        ({"countries": ("QN",)}, ["e1", "e1", "e1", "e2"]),
        ({"about": ("lawyer:open-docket.2", "lawyer:open-docket.9")}, ["e2"]),
        ({"partners": ("open-docket",)}, ["e4", "e7", "e2"]),
        ({"urgencies": ("high",)}, ["e1", "e1", "e1"]),
        ({"urgencies": ("low", "urgent")}, ["e3", "e2"]),
        ({"since": "2026-11-05T00:00:05"}, ["e5", "e6", "e7"]),
        ({"until": "2026-11-05T00:00:02"}, ["e1", "e1", "e1"]),
    ],
)
def test_a_query_chooses(log: MemoryLog, ask: Ask, filters: dict[str, Any], told_of: list[str]) -> None:
    log.threat(1, urgency="urgent")
    log.threat(2, "open-docket", urgency="urgent")
    log.threat(3, urgency="low")
    log.correct("e2", ("/place/country", "QN"), slug="open-docket")
    log.correct("e1", ("/place/country", "QN"))
    log.correct("e1", ("/urgency", "high"))
    log.retract("e2", slug="open-docket")
    sight, query = ask(PARTNER), EventQuery(**filters)
    assert [one.id for one in sight.feed(BEGIN, 0, query, 100).messages] == told_of
    found = [event["id"] for event in sight.events(query).events]
    assert found == [one.id for one in sight.feed(BEGIN, 0, query, 100).messages if one.kind == "event"]
