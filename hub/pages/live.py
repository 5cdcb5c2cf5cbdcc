"""The feed as a page: the newest events that fit a filter; a script goes on from there."""

from urllib.parse import urlencode

from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api.answers import ask
from hub.api.queries import event_filters
from hub.latest import latest_events, latest_place
from hub.pages.rendering import render
from projections.sight import Sight

SHOWN = 100

FILTERS = ("type", "country", "about", "partner", "urgency", "since", "until")


async def show_live(request: HubRequest, asked: Asked) -> Response:
    """Answer the live feed as a page."""
    registry = request.state["registry"]
    more = {
        "here": "live",
        "page": await newest(request, SHOWN, asked),
        "asked": asked,
        "families": sorted({one.partition(".")[0] for one in registry.types}),
        "urgencies": registry.vocabularies["urgency"].codes,
    }
    return render(request, "live.html", more)


async def newest(request: HubRequest, count: int, asked: Asked) -> dict[str, Json]:
    """Return the newest events that fit filters, and with what the feed that goes on behind them is asked."""
    query, cursors = event_filters(asked), request.state["cursors"]

    def look(sight: Sight) -> dict[str, Json]:
        head = sight.position
        place = latest_place(sight, query, head)
        return {
            "events": latest_events(sight, head, count, query),
            "cursor": cursors.encode(place.position),
            "filters": _filters(asked),
        }

    return await ask(request, look)


def _filters(asked: Asked) -> str:
    """Return the filters of a page as its feed is to be asked with, `&` before each."""
    said: list[tuple[str, str]] = []
    for name in FILTERS:
        value = asked.get(name)
        values = value if isinstance(value, tuple) else (value,)
        said += [(name, one) for one in values if one]
    return f"&{urlencode(said)}" if said else ""
