"""Opening a feed: reads who listens, what for and from where, before anything is sent."""

import anyio.to_thread
from starlette.requests import HTTPConnection

from events.audience import Reader
from events.cursor import UnknownCursor
from events.event import Position
from hub.access import credential_of
from hub.address import Asked
from hub.api.queries import event_filters
from hub.feeds.frames import Place
from hub.feeds.listener import Listener, Start
from hub.latest import latest_place
from hub.state import HubState
from projections.event_query import EventQuery

BEGIN = "begin"
NOW = "now"


async def open_listener(connection: HTTPConnection[HubState], asked: Asked) -> Listener:
    """Return a listener for this call.

    Raises:
        NotSignedIn, PartnerSuspended, UnknownCursor: as for any other call.
    """
    hub = connection.state
    credential = credential_of(connection)
    caller = hub["callers"].of(credential)
    query = event_filters(asked)
    after = connection.headers.get("last-event-id") or asked["after"] or NOW
    start = await anyio.to_thread.run_sync(_start, hub, caller.reader, query, after, limiter=hub["reading"])
    return Listener(hub, credential if caller.account else None, query, start)


def _start(hub: HubState, reader: Reader, query: EventQuery, after: str) -> Start:
    head, cursors = hub["end_of_log"](), hub["cursors"]
    if after == BEGIN:
        return Start(Place(Position(0)), cursors.encode(Position(0)), head)
    if after == NOW:
        known = latest_place(hub["room"].purge(reader), query, head)
        return Start(Place(head), cursors.encode(known.position, known.part), head)
    position, part = cursors.decode(after)
    if position > head:
        raise UnknownCursor
    return Start(Place(position, part), after, head)
