"""What is behind the graph, to be read by people: one thing on it, one tie with its events, one event."""

from collections.abc import Mapping

from starlette.responses import Response

from events.event import Json, slug_of
from hub.address import Asked, HubRequest
from hub.api.answers import ask, present
from hub.api.queries import moment_query
from hub.api.questions import today
from hub.pages.names import names_in
from hub.pages.rendering import render
from projections.sight import Sight

MOST_BEHIND = 50
"""Events of a tie that are read out; what is left is said."""


async def show_thing(request: HubRequest, asked: Asked) -> Response:
    """Answer what is known of a node of the graph, and what is tied to it."""
    ref, query, day = request.path_params["ref"], moment_query(asked), today(request)

    def look(sight: Sight) -> Json:
        found = sight.node(ref, query, day)
        return found and {"thing": found, "names": names_in(sight.papers(now), found)}

    now = request.state["clock"]()
    found = present(await ask(request, look))
    return render(request, "thing.html", {"here": "explore", "asked": asked, **found})


async def show_tie(request: HubRequest, asked: Asked) -> Response:
    """Answer a tie, and the events behind it as a person reads them."""
    query, day = moment_query(asked), today(request)
    ends = asked["from"], asked["to"], asked["kind"]

    def look(sight: Sight) -> Json:
        found = sight.edge(*ends, query, day)
        if found is None:
            return None
        behind = [_read(sight, one) for one in found["claims"][:MOST_BEHIND]]
        names = names_in(sight.papers(now), found, *(one["said"] for one in behind))
        return {"tie": found, "behind": behind, "more": len(found["claims"]) - len(behind), "names": names}

    now = request.state["clock"]()
    found = present(await ask(request, look))
    return render(request, "tie.html", {"here": "explore", "asked": asked, **found})


def _read(sight: Sight, proof: Mapping[str, Json]) -> dict[str, Json]:
    """Return what a claim rests on, with the event itself where there is one."""
    named = proof.get("event") or {}
    found = sight.event(named["source"], named["id"]) if "source" in named and "id" in named else None
    return {"proof": proof, "said": found}


async def show_event(request: HubRequest, _: Asked) -> Response:
    """Answer one event as a person reads it, with what was said about it."""
    source, event_id = request.path_params["source"], request.path_params["id"]
    now = request.state["clock"]()

    def look(sight: Sight) -> Json:
        found = sight.event(source, event_id)
        return found and {"found": found, "names": names_in(sight.papers(now), found)}

    found = present(await ask(request, look))
    publisher = f"partner:{slug_of(source)}"
    return render(request, "event.html", {"here": "live", "publisher": publisher, **found})
