"""The newest messages of a reader, found from a place backwards, and the moments that may be told of them."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from events.event import Json, Position
from hub.feeds.frames import Place
from projections.event_query import EventQuery
from projections.feed import FeedMessage
from projections.sight import Sight

_WHOLE = 2**62


@dataclass(frozen=True, slots=True)
class Stride:
    """How far back to look first, and how much to read at once; no answer depends on it.

    Args:
        window: places of the log; four times as many each time that they were too few.
        most: messages or events.
    """

    window: int = 256
    most: int = 1000


STRIDE = Stride()


def newest_messages(
    sight: Sight, query: EventQuery, before: Place, count: int, stride: Stride = STRIDE
) -> Sequence[FeedMessage]:
    """Return the last `count` messages of the feed that stand before a place, newest first.

    How far it looks back at once changes nothing in the answer.
    """
    window = stride.window
    while True:
        start = Position(max(0, before.position - window))
        found = deque(_between(sight, query, (start, before), stride), maxlen=count)
        if len(found) == count or start == 0:
            return list(reversed(found))
        window *= 4


def end_of(sight: Sight) -> Place:
    """Return the place behind everything that there is."""
    return Place(Position(sight.position + 1), 1)


def _between(
    sight: Sight, query: EventQuery, ends: tuple[Position, Place], stride: Stride
) -> Iterator[FeedMessage]:
    place, before = Place(ends[0]), ends[1]
    while True:
        page = sight.feed(place.position, place.part, query, stride.most)
        kept = [
            one
            for one in page.messages
            if _number(one.position, one.part) < _number(before.position, before.part)
        ]
        yield from kept
        if len(kept) < stride.most:
            return
        place = Place(page.reached, page.part)


def _number(position: int, part: int) -> tuple[int, int]:
    return position, part or _WHOLE


def moment_of(sight: Sight, message: FeedMessage, stride: Stride = STRIDE) -> str:
    """Return when a message came to be, as far as its reader can know.

    Of an event when it was recorded. What made it read differently may be hidden, and the moment of that too: then
    the moment of the last event before it that the reader sees, which is the cause itself where he sees that.
    """
    if message.kind == "event":
        return message.recorded
    return max(_recorded_by(sight, message.position, stride), message.recorded)


def _recorded_by(sight: Sight, position: Position, stride: Stride) -> str:
    window = stride.window
    while True:
        start = Position(max(0, position - window))
        last = _last_recorded(sight, start, position, stride.most)
        if last or start == 0:
            return last
        window *= 4


def _last_recorded(sight: Sight, start: Position, position: Position, most: int) -> str:
    last, after = "", start
    while True:
        page = sight.events(EventQuery(after=after, limit=most))
        known: list[Json] = [
            event for event, place in zip(page.events, page.positions, strict=True) if place <= position
        ]
        last = str(known[-1]["recordedtime"]) if known else last
        if len(known) < most or page.next is None:
            return last
        after = page.next
