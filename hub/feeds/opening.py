"""Opening a feed: reads who listens, what for and from where, before anything is sent."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from events.cursor import Cursors, UnknownCursor
from events.event import Position
from hub.access import Credential, credential_of
from hub.address import Asked
from hub.api.queries import event_filters
from hub.feeds.frames import Place
from hub.feeds.protocol import Line, Listener, Start
from hub.refusals import AnswerOwed
from hub.state import HubState
from projections.event_query import EventQuery

BEGIN = "begin"
NOW = "now"


@dataclass(frozen=True, slots=True)
class Opened:
    """A call for the feed that was let in."""

    credential: Credential | None
    query: EventQuery
    start: Start

    def listener(self, line: Line) -> Listener:
        """Return the listener at the end of a line."""
        return Listener(self.credential, self.query, self.start, line)


async def open_feed(connection: HTTPConnection[HubState], asked: Asked) -> Opened:
    """Let somebody in.

    Raises:
        NotSignedIn, PartnerSuspended, UnknownCursor: as for any other call.
        AnswerOwed: the partner is given nothing new now.
    """
    hub = connection.state
    credential = credential_of(connection)
    caller = hub["callers"].of(credential)
    # Nobody is let in who owes an answer to an erasure; those who listen already are let go within a minute.
    if caller.account is not None and await hub["shared"].owes(caller.reader, hub["clock"]()):
        raise AnswerOwed
    query = event_filters(asked)
    after = connection.headers.get("last-event-id") or asked["after"] or NOW
    async with hub["broadcaster"].courtesy.arriving():
        head = await hub["pulse"].end()
    if after != NOW:
        return Opened(credential if caller.account else None, query, _resume(hub["cursors"], after, head))
    known = await hub["shared"].beginning(caller.reader, query, head)
    start = Start(Place(head), hub["cursors"].encode(known.position, known.part), head)
    return Opened(credential if caller.account else None, query, start)


def _resume(cursors: Cursors, after: str, head: Position) -> Start:
    if after == BEGIN:
        return Start(Place(Position(0)), cursors.encode(Position(0)), head)
    position, part = cursors.decode(after)
    if position > head:
        raise UnknownCursor
    return Start(Place(position, part), after, head)
