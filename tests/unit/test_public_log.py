"""What anybody may read of a change of the log, and the log of words that an edge keeps of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC, Label
from events.event import Position, RecordedEvent
from projections.changes import Change
from projections.event_query import EventQuery
from projections.public_log import PublicLog
from projections.public_words import Word, is_same, labels_now, word_of
from projections.reading_room import ReadingRoom
from projections.timeline import TimelineView
from tests.folding import registry
from tests.logs import MemoryLog

Json = Any

SLUG = "harbour-bar-watch"
CLEAR, GREEN = Label("clear", SLUG), Label("green", SLUG)
TITLE, NARRATIVE = "/title", "/narrative"
"""Of what is clear anybody may read the one, and nobody but the team the other."""


@pytest.fixture
def log() -> MemoryLog:
    made = MemoryLog()
    data = {"threat": f"threat:{SLUG}.1", "targets": [f"lawyer:{SLUG}.1"], "categories": ["liberty.arrest"]}
    made.add(
        "threat.reported", {**data, "title": "Taken by four officers", "narrative": "At night."}, tlp="clear"
    )
    return made


@pytest.fixture
def event(log: MemoryLog) -> RecordedEvent:
    return log.events[0]


@pytest.fixture
def timeline(log: MemoryLog, tmp_path: Path) -> Iterator[TimelineView]:
    room = ReadingRoom(registry(), log, tmp_path / "views.sqlite")
    room.catch_up()
    yield room.shelves.timeline
    room.stop()


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[PublicLog]:
    opened = PublicLog(tmp_path / "public.sqlite")
    yield opened
    opened.close()


def put(event: RecordedEvent, label: Label = CLEAR, **more: Json) -> Change:
    return Change("put", event, label, event.position, **more)


def said(timeline: TimelineView, change: Change, cursor: str) -> Word:
    found = word_of(change, timeline)
    assert found is not None
    return {**found, "cursor": cursor}


def test_what_nobody_else_may_read_makes_no_word(timeline: TimelineView, event: RecordedEvent) -> None:
    assert word_of(put(event, GREEN), timeline) is None
    assert word_of(put(event), timeline, GREEN) is None
    told = word_of(put(event), timeline)
    assert told is not None
    assert told["event"]["data"]["categories"] == ["liberty.arrest"]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("retracted", "retracted"),
        ("erased", "erased"),
        ("narrowed", "narrowed"),
        ("quarantined", "retracted"),
    ],
)
def test_of_what_is_public_no_more_only_that_it_was_is_said(
    timeline: TimelineView, event: RecordedEvent, reason: Any, told: str
) -> None:
    change = Change("drop", event, GREEN, Position(2), reason, CLEAR)
    word = word_of(change, timeline)
    assert word is not None
    assert (word["kind"], word["reason"]) == ("gone", told)
    assert word["event"]["data"] == {}
    assert "audience" not in word["event"]


def test_an_erasure_is_told_of_what_anybody_may_see_alone(
    timeline: TimelineView, event: RecordedEvent
) -> None:
    change = put(
        event, reason="erased", before=CLEAR, erased=frozenset({"", TITLE, NARRATIVE, "of a correction"})
    )
    word = word_of(change, timeline)
    assert word is not None
    assert word["erased"] == ["", TITLE]
    assert "At night." not in str(word)


def test_a_word_counts_once_however_often_it_comes(
    edge: PublicLog, timeline: TimelineView, event: RecordedEvent
) -> None:
    word = said(timeline, put(event), "a")
    edge.apply([word, word], {"public": "7"})
    edge.apply([word], {})
    assert (edge.head(), edge.stand("public"), edge.stand("other")) == (1, "7", None)
    assert [one.id for one in edge.at([Position(1), Position(99)])] == [event.id]


def test_whoever_waits_is_told_whether_there_is_a_word(
    edge: PublicLog, timeline: TimelineView, event: RecordedEvent
) -> None:
    assert edge.wait(Position(0), 0.001) is False
    edge.apply([said(timeline, put(event), "a")], {})
    assert edge.wait(Position(0), 0.001) is True


def test_that_something_is_gone_which_never_came_says_nothing(
    edge: PublicLog, timeline: TimelineView, event: RecordedEvent
) -> None:
    gone = said(timeline, Change("drop", event, GREEN, Position(2), "retracted", CLEAR), "b")
    edge.apply([gone], {"public": "8"})
    assert (edge.head(), edge.read(Position(0), 9), edge.stand("public")) == (0, [], "8")


def test_what_is_gone_is_in_no_byte_of_the_file(
    edge: PublicLog, timeline: TimelineView, event: RecordedEvent, tmp_path: Path
) -> None:
    edge.apply([said(timeline, put(event), "a")], {})
    assert holds(tmp_path, b"four officers")
    edge.apply([said(timeline, Change("drop", event, GREEN, Position(2), "retracted", CLEAR), "b")], {})
    assert not holds(tmp_path, b"four officers")
    places = [Position(one) for one in range(1, edge.head() + 1)]
    assert [one.kind for one in edge.changes(places)] == ["put", "drop", "drop"]


def test_what_was_erased_is_gone_from_what_was_said_before(
    edge: PublicLog, timeline: TimelineView, event: RecordedEvent, tmp_path: Path
) -> None:
    edge.apply([said(timeline, put(event), "a")], {})
    data = {name: value for name, value in event.data.items() if name != "title"}
    left = replace(event, envelope={**event.envelope, "data": data}, erased=frozenset({TITLE}))
    change = put(left, reason="erased", before=CLEAR, erased=frozenset({TITLE}))
    edge.apply([said(timeline, change, "b")], {})
    assert not holds(tmp_path, b"four officers")
    assert [one.erased for one in edge.read(Position(0), 9)] == [{TITLE}, {TITLE}]


NAMED = Label("clear", "harbour-bar-watch", consent="C5")
UNNAMED = Label("clear", "harbour-bar-watch", consent="C1")


def test_a_name_that_is_public_no_more_is_said_nowhere_again(
    edge: PublicLog, timeline: TimelineView, log: MemoryLog, tmp_path: Path
) -> None:
    event = log.profile(tlp="clear")
    first = said(timeline, put(event, NAMED), "a")
    assert "Dovrask" in str(first)
    assert "Dovrask" not in str(word_of(put(event, NAMED), timeline, UNNAMED))
    edge.apply([first], {})
    assert holds(tmp_path, b"Dovrask")
    room = ReadingRoom(registry(), edge, tmp_path / "public.views", given=edge)
    try:
        room.catch_up()
        assert "Dovrask" in str(room.purge(PUBLIC).event(event.source, event.id))
        change = replace(put(event, UNNAMED, reason="narrowed", before=NAMED), at=Position(3))
        edge.apply([said(timeline, change, "b")], {})
        room.catch_up()
        assert not holds(tmp_path, b"Dovrask")
        feed = room.purge(PUBLIC).feed(Position(0), 0, EventQuery(), 9)
        found = [(one.kind, one.reason) for one in feed.messages]
        assert found == [("event", None), ("withdrawn", "narrowed"), ("changed", "narrowed")]
        again = replace(put(event, NAMED, reason="released", before=UNNAMED), at=Position(4))
        edge.apply([said(timeline, again, "c")], {})
        room.catch_up()
        assert "Dovrask" in str(room.purge(PUBLIC).event(event.source, event.id))
        feed = room.purge(PUBLIC).feed(Position(0), 0, EventQuery(), 9)
        assert [(one.kind, one.reason) for one in feed.messages][-1] == ("changed", "released")
    finally:
        room.stop()


def test_an_edge_folds_the_words_that_it_has(
    edge: PublicLog, timeline: TimelineView, event: RecordedEvent, tmp_path: Path
) -> None:
    word = said(timeline, put(event), "a")
    edge.apply([word], {})
    room = ReadingRoom(registry(), edge, tmp_path / "edge.sqlite", given=edge)
    room.catch_up()
    try:
        seen = room.purge(PUBLIC).event(event.source, event.id)
        assert seen is not None
        assert edge.digest(edge.at([Position(1)])[0]) == word["digest"]
        assert room.next_release() is None
    finally:
        room.stop()


def test_it_is_known_which_label_events_have_now(
    log: MemoryLog, timeline: TimelineView, tmp_path: Path
) -> None:
    log.threat(2, tlp="green")
    room = ReadingRoom(registry(), log, tmp_path / "two.sqlite")
    room.catch_up()
    try:
        shelves = room.shelves
        found = labels_now(shelves.database.writer, [1, 2], shelves.timeline)
        assert {position: label.tlp for position, label in found.items()} == {1: "clear", 2: "green"}
    finally:
        room.stop()


def test_words_are_the_same_if_the_event_reads_the_same(timeline: TimelineView, event: RecordedEvent) -> None:
    word = said(timeline, put(event), "a")
    assert is_same(word, {**word, "cursor": "b", "reason": "corrected"})
    assert not is_same(word, {**word, "erased": [TITLE]})


def holds(folder: Path, text: bytes) -> bool:
    return any(text in file.read_bytes() for file in folder.iterdir() if file.name.startswith("public."))
