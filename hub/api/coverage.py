"""Coverage: which hearings nobody will watch, as a list and as a board."""

from dataclasses import replace
from datetime import datetime

from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer
from hub.api.lists import list_query
from projections.boards.trials.coverage import Row, rows_of
from projections.boards.trials.overview import Asked as Board
from projections.boards.trials.overview import overview, told
from projections.dossier_sight import ListQuery
from projections.graph.query import GraphQuery
from projections.sight import Sight


async def list_hearings(request: HubRequest, asked: Asked) -> Response:
    """Answer the hearings; if asked, only those near, or without an observer, and then with their coverage."""
    query, now = list_query(asked), request.state["clock"]()
    return json_answer(await ask(request, lambda sight: hearings(sight, query, asked, now)))


def hearings(sight: Sight, query: ListQuery, asked: Asked, now: datetime) -> Json:
    """Return a page of the hearings; only those near, or without an observer, if asked: then with their coverage."""
    is_narrowed = asked["uncovered"] or asked["within"] is not None
    return _narrowed(sight, query, asked, now) if is_narrowed else sight.listing("hearings", query)


async def show_coverage(request: HubRequest, asked: Asked) -> Response:
    """Answer hearings that are near, by country and by trial, and why each counts as covered or not."""
    now = request.state["clock"]()
    moment = GraphQuery(as_of=asked["as_of"], known_on=asked["known_on"])
    wanted = Board(asked["within"], asked["country"], asked["about"], asked["limit"], asked["offset"])
    return json_answer(await ask(request, lambda sight: overview(sight.papers(now, moment), wanted)))


def _narrowed(sight: Sight, query: ListQuery, asked: Asked, now: datetime) -> Json:
    papers = sight.papers(now, GraphQuery(as_of=query.as_of, known_on=query.known_on))
    found = {ref: row for ref, row in rows_of(papers).items() if _fits(row, asked, now)}
    page = sight.listing("hearings", replace(query, among=found.keys()))
    items = [{**item, "coverage": told(found[item["ref"]], now)} for item in page["items"]]
    return {**page, "items": items}


def _fits(row: Row, asked: Asked, now: datetime) -> bool:
    within = asked["within"]
    is_near = within is None or row.is_within(now, within)
    return is_near and (not asked["uncovered"] or row.is_uncovered(now))
