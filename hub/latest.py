"""The newest of what a reader may see, found from the end of the log."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from events.event import Json, Position
from hub.feeds.frames import Place
from projections.event_query import EventQuery
from projections.sight import Sight

FIRST_WINDOW = 256
MOST = 1000


def latest_events(sight: Sight, head: Position, count: int, query: EventQuery) -> Sequence[Json]:
    """Return up to `count` events that fit, as they read now, newest first."""
    window = FIRST_WINDOW
    while True:
        start = Position(max(0, head - window))
        newest: deque[Json] = deque(maxlen=count)
        after: Position | None = start
        while after is not None:
            page = sight.events(replace(query, after=after, limit=MOST))
            newest.extend(page.events)
            after = page.next
        if len(newest) == count or start == 0:
            return list(reversed(newest))
        window *= 4


def latest_place(sight: Sight, query: EventQuery, head: Position) -> Place:
    """Return where the last message up to `head` stands that this reader was or would have been told.

    A cursor of the end of the log would change whenever something hidden is recorded; this one does not.
    """
    window = FIRST_WINDOW
    while True:
        start = Position(max(0, head - window))
        last = _last_message(sight, query, start, head)
        if last is not None or start == 0:
            return Place(last or Position(0))
        window *= 4


def _last_message(sight: Sight, query: EventQuery, start: Position, head: Position) -> Position | None:
    found: Position | None = None
    place = Place(start)
    while place.position < head:
        page = sight.feed(place.position, place.part, query, MOST)
        positions = [one.position for one in page.messages if one.position <= head]
        found = positions[-1] if positions else found
        if Place(page.reached, page.part) == place or len(page.messages) < MOST:
            break
        place = Place(page.reached, page.part)
    return found
