"""The graph as a page: a form and tables that work without scripts, and the place where the canvas is drawn."""

from datetime import date

import orjson
from markupsafe import Markup
from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api.answers import ask, caller_of
from hub.api.queries import graph_query
from hub.api.questions import today
from hub.latest import latest_place
from hub.pages.rendering import render_as_found
from projections.event_query import EventQuery
from projections.sight import Sight

SPAN_YEARS = 10
"""How far back the slider of days reaches."""

LISTED = 200
"""Rows of each table: the canvas shows all of it, and so do the files."""

_EPOCH = date(1970, 1, 1)


async def show_explore(request: HubRequest, asked: Asked) -> Response:
    """Answer a part of the graph as tables, and the form that asks for another; the form does not wait for it."""
    query, now, cursors = graph_query(asked), today(request), request.state["cursors"]

    def look(sight: Sight) -> dict[str, Json]:
        # The place is read first: whatever comes meanwhile is told twice rather than never.
        place = latest_place(sight, EventQuery(), sight.position)
        graph = sight.graph(query, now)
        return {**_shown(graph), "packed": packed(graph), "cursor": cursors.encode(place.position)}

    caller_of(request)  # who may not ask is told so before anything leaves
    names = request.state["registry"].graph
    more = {
        "here": "explore",
        "asked": asked,
        "kinds": list(names.kinds),
        "ties": list(names.ties),
        "days": ((now - _EPOCH).days - 365 * SPAN_YEARS, (now - _EPOCH).days),
    }
    return render_as_found(request, "explore.html", more, lambda: ask(request, look))


def _shown(graph: Json) -> dict[str, Json]:
    nodes, edges = graph["nodes"], graph["edges"]
    ends = {ref for one in edges[:LISTED] for ref in (one["from"], one["to"])}
    return {
        "nodes": nodes[:LISTED],
        "edges": edges[:LISTED],
        "sizes": (len(nodes), len(edges)),
        "truncated": graph["truncated"],
        "standards": [one["ref"] for one in nodes if one["kind"] == "standard"],
        "called": {one["ref"]: one["label"] for one in nodes if one["ref"] in ends},
    }


def packed(graph: Json) -> Markup:
    """Return a part of the graph for the canvas (`web/src/graph/packed.ts` reads it): ends of ties as numbers.

    It is text of the page, so nothing in it may be read as markup.
    """
    numbers = {one["ref"]: number for number, one in enumerate(graph["nodes"])}
    codes: dict[str, int] = {}
    nodes = [
        [one["ref"], one["kind"], None if one["label"] == one["ref"] else one["label"]]
        for one in graph["nodes"]
    ]
    edges = [
        [
            numbers[one["from"]],
            numbers[one["to"]],
            codes.setdefault(one["kind"], len(codes)),
            one["since"],
            one["until"],
            one["claims"],
            codes.setdefault(one["status"], len(codes)),
            *([one["weight"]] if "weight" in one else ()),
        ]
        for one in graph["edges"]
    ]
    said = {"nodes": nodes, "edges": edges, "codes": list(codes), "truncated": graph["truncated"]}
    text = orjson.dumps(said).decode().replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(text)  # noqa: S704 - nothing in it can end or open markup
