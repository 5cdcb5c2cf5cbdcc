"""The feed as a page: the newest events that fit a filter; a script goes on from there."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from urllib.parse import urlencode

from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api.answers import ask
from hub.api.queries import event_filters
from hub.latest import latest_events, latest_place
from hub.pages.around import calendar, world
from hub.pages.cards import TOLD, named
from hub.pages.names import names_of
from hub.pages.naming import OWN_TITLES
from hub.pages.rendering import render
from hub.texts import N_
from projections.sight import Sight

SHOWN = 60
"""A page of so many is some 65 KB, and is not packed: what is older is found by the filters and in the lists."""

FILTERS = ("type", "country", "about", "partner", "urgency", "since", "until")


FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "accountability": N_("Accountability"),
        "action": N_("Joint actions"),
        "body": N_("Bodies"),
        "claim": N_("Checks of claims"),
        "commitment": N_("Commitments"),
        "consent": N_("Consent"),
        "erasure": N_("Erasures"),
        "hearing": N_("Hearings"),
        "identity": N_("Who is who"),
        "impact": N_("Impact"),
        "indicator": N_("Indicators"),
        "lawyer": N_("Lawyers"),
        "legalaid": N_("Legal aid"),
        "need": N_("Needs"),
        "offer": N_("Offers"),
        "partner": N_("Partners"),
        "policy": N_("Laws and policies"),
        "record": N_("Corrections and withdrawals"),
        "response": N_("Replies"),
        "statement": N_("Statements"),
        "support": N_("Support"),
        "threat": N_("Threats"),
        "trial": N_("Trials"),
    }
)
"""What the first part of an event's type is called; a new one is shown as it stands until it is named here."""


async def show_live(request: HubRequest, asked: Asked) -> Response:
    """Answer the live feed as a page, with the map and the hearings to come beside it."""
    registry, now = request.state["registry"], request.state["clock"]()
    look = newest(request, SHOWN, asked)

    def question(sight: Sight) -> dict[str, Json]:
        beside = {"world": world(sight, asked, now), "calendar": calendar(sight, asked, now)}
        return {"page": look(sight), **beside}

    families = {one.partition(".")[0] for one in registry.types}
    more = {
        "here": "live",
        "asked": asked,
        "families": sorted((one, FAMILIES.get(one, one)) for one in families),
        **await ask(request, question),
    }
    return render(
        request,
        "live.html",
        {
            **more,
            "filters_but_country": _filters(asked, ("country",)),
            "ahead": _filters(asked, ("since", "until"))[1:],
        },
    )


def newest(request: HubRequest, count: int, asked: Asked) -> Callable[[Sight], dict[str, Json]]:
    """Return what finds the newest events that fit filters, and how the feed that goes on behind them is asked."""
    query, cursors = event_filters(asked), request.state["cursors"]
    registry, now = request.state["registry"], request.state["clock"]()
    words = {
        "fields": TOLD,
        "kinds": sorted(registry.graph.kinds),
        "types": sorted({*registry.types, *OWN_TITLES}),
        "urgencies": registry.vocabularies["urgency"].codes,
    }

    def look(sight: Sight) -> dict[str, Json]:
        head = sight.position
        place = latest_place(sight, query, head)
        events = latest_events(sight, head, count, query)
        return {
            "events": events,
            "names": names_of(sight.papers(now), {ref for one in events for ref in named(one)}),
            "cursor": cursors.encode(place.position),
            "filters": _filters(asked),
            **words,
        }

    return look


def _filters(asked: Asked, but: Collection[str] = ()) -> str:
    """Return the filters of a page as its feed is to be asked with, `&` before each."""
    said: list[tuple[str, str]] = []
    for name in FILTERS:
        value = () if name in but else asked.get(name)
        values = value if isinstance(value, tuple) else (value,)
        said += [(name, one) for one in values if one]
    return f"&{urlencode(said)}" if said else ""
