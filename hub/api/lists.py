"""Lists and dossiers of every kind."""

from starlette.responses import Response

from hub.address import Asked, Endpoint, HubRequest
from hub.api.answers import ask, json_answer, present
from projections.dossier_sight import LISTS, ListQuery
from projections.graph.query import GraphQuery


def lister(name: str) -> Endpoint:
    """Return what answers the list `name`, filtered, sorted and by the page."""

    async def show_list(request: HubRequest, asked: Asked) -> Response:
        query = list_query(asked)
        return json_answer(await ask(request, lambda sight: sight.listing(name, query)))

    return show_list


def list_query(asked: Asked) -> ListQuery:
    """Return which items of a list are asked for."""
    return ListQuery(
        country=asked["country"],
        status=asked["status"],
        about=asked["about"],
        where=dict(asked["where"]),
        sort=asked["sort"].removeprefix("-"),
        descending=asked["sort"].startswith("-"),
        limit=asked["limit"],
        offset=asked["offset"],
        as_of=asked["as_of"],
        known_on=asked["known_on"],
    )


def dossier_of(name: str) -> Endpoint:
    """Return what answers the dossier of one thing in the list `name`."""

    async def show_dossier(request: HubRequest, asked: Asked) -> Response:
        ref = request.path_params["ref"]
        query = GraphQuery(as_of=asked["as_of"], known_on=asked["known_on"])
        now = request.state["clock"]()
        return json_answer(present(await ask(request, lambda sight: sight.dossier(name, ref, query, now))))

    return show_dossier


NAMES = tuple(LISTS)
"""The lists there are."""
