"""Resume anywhere: what a listener got before a cut and after it is the whole, without doubles."""

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.audience import PUBLIC, Reader
from events.event import Position
from projections.event_query import EventQuery
from projections.feed import FeedMessage
from projections.reading_room import ReadingRoom
from projections.sight import Sight
from schemas.registry import Registry
from tests.logs import OWNER, PARTNER, STEWARD, MemoryLog
from tests.stories import Step, stories, tell, tell_on

Json = Any
Build = Callable[[MemoryLog, Path], ReadingRoom]
QUERIES = [
    EventQuery(),
    EventQuery(types=("threat.*",)),
    EventQuery(countries=("QN",)),
    EventQuery(partners=("stewards",)),
]


@pytest.fixture(scope="module")
def build() -> Build:
    """What makes a reading room; the registry stays out of hypothesis' sight, which would print it."""
    registry = Registry.load()
    return lambda log, path: ReadingRoom(registry, log, path)


def all_of(sight: Sight, query: EventQuery, limit: int) -> list[FeedMessage]:
    """Read the feed from the beginning, page by page."""
    told: list[FeedMessage] = []
    at, part = Position(0), 0
    while True:
        page = sight.feed(at, part, query, limit)
        told += page.messages
        if (page.reached, page.part) == (at, part):
            return told
        at, part = page.reached, page.part


@settings(max_examples=30)
@given(
    story=stories(),
    reader=st.sampled_from([PUBLIC, PARTNER, OWNER]),
    query=st.sampled_from(QUERIES),
    limit=st.integers(1, 4),
)
def test_any_message_is_a_place_to_resume_from(
    build: Build, story: list[Step], reader: Reader, query: EventQuery, limit: int
) -> None:
    with TemporaryDirectory() as folder:
        room = build(tell(story), Path(folder, "views.db"))
        try:
            room.catch_up()
            sight = room.purge(reader)
            whole = sight.feed(Position(0), 0, query, 1000)
            assert (whole.reached, whole.part) == (len(story), 0)
            assert all_of(sight, query, limit) == list(whole.messages)
            for number, message in enumerate(whole.messages, 1):
                rest = sight.feed(message.position, message.part, query, 1000)
                assert list(rest.messages) == list(whole.messages[number:])
        finally:
            room.stop()


@settings(max_examples=20)
@given(story=stories(), cut=st.integers(0, 12), reader=st.sampled_from([PUBLIC, PARTNER, OWNER]))
def test_a_listener_who_went_away_learns_what_became_of_all_he_was_told(
    build: Build, story: list[Step], cut: int, reader: Reader
) -> None:
    """Told in two sittings: whoever applies the messages holds just the events to be seen in the end."""
    log = tell(story)
    later, log.events = log.events[cut:], log.events[:cut]
    held: dict[tuple[str, str], object] = {}
    with TemporaryDirectory() as folder:
        room = build(log, Path(folder, "views.db"))
        try:
            at, part = Position(0), 0
            for _ in range(2):
                room.catch_up()
                page = room.purge(reader).feed(at, part, EventQuery(), 1000)
                _apply(held, page.messages)
                at, part = page.reached, page.part
                log.events += later
                later = []
            shown = room.purge(reader).events(EventQuery(limit=1000)).events
            assert held == {(event["source"], event["id"]): event for event in shown}
        finally:
            room.stop()


@settings(max_examples=40)
@given(story=stories(), reader=st.sampled_from([PUBLIC, PARTNER, OWNER, STEWARD]))
def test_each_step_tells_just_what_reads_differently_since(
    build: Build, story: list[Step], reader: Reader
) -> None:
    """Who follows live hears of an event when, and only when, he sees it differently; first of what he lost."""
    log = MemoryLog()
    before: dict[str, Json] = {}
    with TemporaryDirectory() as folder:
        room = build(log, Path(folder, "views.db"))
        try:
            for place, step in enumerate(story):
                tell_on(log, step)
                room.catch_up()
                sight = room.purge(reader)
                now = {one.id: sight.event(one.source, one.id) for one in log.events}
                told: dict[str, list[FeedMessage]] = {one.id: [] for one in log.events}
                for message in sight.feed(Position(place), 0, EventQuery(), 1000).messages:
                    told[message.id].append(message)
                for name, seen in now.items():
                    kinds = None if name in before else ["event"]
                    _check(told[name], before.get(name), seen, kinds)
                before = now
        finally:
            room.stop()


def _check(told: list[FeedMessage], before: Json, now: Json, first: list[str] | None) -> None:
    old, new = _active(before), _active(now)
    kinds = [message.kind for message in told]
    if first is not None:
        assert kinds == (first if new is not None else [])
    elif old == new:
        # What was retracted is still told to be erased, to whoever can look at it.
        is_erased = [message.reason for message in told] == ["erased"] and before != now
        assert not told or (old is None and is_erased)
    elif new is None or old is None:
        assert kinds == (["withdrawn"] if new is None else ["changed"])
    else:
        has_lost = told[0].reason in {"narrowed", "erased"} and _lacks(old["event"], new["event"])
        assert kinds == (["withdrawn", "changed"] if has_lost else ["changed"])


def _lacks(old: Json, new: Json) -> bool:
    """Tell whether a field is gone."""
    if isinstance(old, dict) and isinstance(new, dict):
        return any(name not in new or _lacks(value, new[name]) for name, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return any(_lacks(one, other) for one, other in zip(old, new, strict=False))
    return False


def _active(seen: Json) -> Json:
    if seen is None or seen["status"] != "active":
        return None
    return {name: seen.get(name) for name in ("event", "flags")}


def _apply(held: dict[tuple[str, str], object], messages: Iterable[FeedMessage]) -> None:
    for message in messages:
        if message.kind == "withdrawn":
            held.pop((message.source, message.id), None)
        else:
            held[message.source, message.id] = message.event
