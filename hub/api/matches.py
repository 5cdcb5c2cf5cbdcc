"""Which offer for which need: proposals, what was helped in all, and what the stewards must look at."""

from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api.answers import ask, caller_of, json_answer, steward_of
from hub.refusals import NotSignedIn
from projections.boards.support.board import review_list
from projections.boards.support.matching import Asked as Wanted
from projections.boards.support.matching import matches
from projections.boards.support.totals import totals
from projections.paging import further
from projections.sight import Sight


async def show_matches(request: HubRequest, asked: Asked) -> Response:
    """Answer the needs that look for help, each with what fits, why, and what stands against the rest."""
    now = request.state["clock"]()
    wanted = Wanted(asked["need"], asked["offer"], asked["limit"], asked["offset"])
    return json_answer(await ask(request, lambda sight: matches(sight.papers(now), wanted)))


async def show_totals(request: HubRequest, asked: Asked) -> Response:
    """Answer how many were helped and what it cost, never of a few.

    Raises:
        NotSignedIn: nothing of it is for the public.
    """
    if caller_of(request).account is None:
        raise NotSignedIn
    now = request.state["clock"]()
    return json_answer(await ask(request, lambda sight: totals(sight.papers(now))))


async def list_reviews(request: HubRequest, asked: Asked) -> Response:
    """Answer the deliveries after which somebody came to harm and that no steward has judged."""
    steward_of(request)
    now, limit, offset = request.state["clock"](), asked["limit"], asked["offset"]

    def question(sight: Sight) -> Json:
        found = review_list(sight.papers(now))
        page = found[offset : offset + limit]
        following = further(offset, len(page), len(found))
        return {"items": page, "total": len(found), "next": following}

    return json_answer(await ask(request, question))
