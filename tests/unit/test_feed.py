"""The feed: what is told about each position, to whom, in which parts."""

from typing import Any

import pytest

from events.audience import PUBLIC
from events.event import Position
from projections.event_query import EventQuery
from projections.feed import FeedMessage, FeedPage, fits
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


QUERIES: list[dict[str, Any]] = [
    {},
    {"types": ("threat.*",)},
    {"types": ("hearing.*",)},
    {"countries": ("QN",)},
    {"about": ("lawyer:open-docket.2", "lawyer:open-docket.9")},
    {"partners": ("open-docket",)},
    {"since": "2026-11-05T00:00:02"},
    {"until": "2026-11-05T00:00:02"},
]


@pytest.mark.parametrize("filters", QUERIES)
def test_a_message_fits_a_query_just_when_the_query_finds_it(
    log: MemoryLog, ask: Ask, filters: dict[str, Any]
) -> None:
    log.threat(1)
    log.threat(2, "open-docket")
    log.threat(3)
    log.correct("e2", ("/place/country", "QN"), slug="open-docket")
    log.retract("e2", slug="open-docket")
    log.correct("e1", ("/place/country", "QN"))
    query = EventQuery(**filters)
    sight = ask(PARTNER)

    def essence(message: FeedMessage) -> tuple[Any, ...]:
        return message.kind, message.position, message.id, message.event

    everything = sight.feed(BEGIN, 0, ALL, 100).messages
    chosen = [essence(one) for one in everything if fits(one, query)]
    assert [essence(one) for one in sight.feed(BEGIN, 0, query, 100).messages] == chosen
