"""The graph as a page: a form and tables that work without scripts, and the place where the canvas is drawn."""

from datetime import date

from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api.answers import ask
from hub.api.queries import graph_query
from hub.api.questions import today
from hub.latest import latest_place
from hub.pages.rendering import render
from projections.event_query import EventQuery
from projections.sight import Sight

SPAN_YEARS = 10
"""How far back the slider of days reaches."""

_EPOCH = date(1970, 1, 1)


async def show_explore(request: HubRequest, asked: Asked) -> Response:
    """Answer a part of the graph as tables, and the form that asks for another."""
    query, now, cursors = graph_query(asked), today(request), request.state["cursors"]

    def look(sight: Sight) -> dict[str, Json]:
        # The place is read first: whatever comes meanwhile is told twice rather than never.
        place = latest_place(sight, EventQuery(), sight.position)
        return {"graph": sight.graph(query, now), "cursor": cursors.encode(place.position)}

    found = await ask(request, look)
    names = request.state["registry"].graph
    more = {
        "here": "explore",
        "asked": asked,
        "kinds": {code: label["en"] for code, label in names.kinds.items()},
        "ties": {code: label["en"] for code, label in names.ties.items()},
        "days": ((now - _EPOCH).days - 365 * SPAN_YEARS, (now - _EPOCH).days),
        **found,
    }
    return render(request, "explore.html", more)
