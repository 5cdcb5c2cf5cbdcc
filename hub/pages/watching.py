"""Pages that say up to when they are complete, and offer what is newer: where the feed stands when one is made.

A script follows the feed from there, and when something comes that this reader may see, it asks for the same page
again: only if that reads differently is there news (`web/src/islands/watch.ts`). So nothing here knows which events
a page is made of, and none can be forgotten.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from starlette.responses import Response

from hub.address import Address, Asked, Endpoint, HubRequest
from hub.api.answers import ask
from hub.latest import latest_place
from projections.event_query import EventQuery

WATCHED = frozenset(
    {
        "/lawyers", "/cases", "/statements", "/needs", "/offers", "/policies", "/commitments", "/indicators",
        "/partners", "/trials", "/hearings", "/actions", "/support", "/policy", "/data", "/data/promises",
        "/data/impunity", "/data/works", "/countries", "/countries/{code}", "/review", "/review/{ref}", "/board",
        "/steward", "/things/{ref}", "/ties", "/events/{source}/{id:path}",
    }
)  # fmt: skip
"""Pages made of what partners said that are not live by another script."""

_OF_THE_PAST = ("as_of", "known_on")
_EVERYTHING = EventQuery()
_SCOPE = "hub.watched"


def watching(addresses: Iterable[Address]) -> Iterator[Address]:
    """Yield the addresses, those of watched pages with an endpoint that notes where the feed stands."""
    for one in addresses:
        is_watched = one.method == "GET" and one.path in WATCHED
        yield replace(one, endpoint=watched(one.endpoint)) if is_watched else one


def watched(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint that notes where this reader's feed stands before it finds what it shows.

    What comes in between is told again, never left out.
    """

    async def show(request: HubRequest, asked: Asked) -> Response:
        if not any(asked.get(name) for name in _OF_THE_PAST):
            place = await ask(request, lambda sight: latest_place(sight, _EVERYTHING, sight.position))
            request.scope[_SCOPE] = request.state["cursors"].encode(place.position)
        return await endpoint(request, asked)

    return show


def place_of(request: HubRequest) -> str:
    """Return the cursor after which a page looks for news; empty where it does not."""
    return str(request.scope.get(_SCOPE, ""))
