"""What became of what was said and done: replies, reviews, impunity, what works."""

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer, steward_of
from projections.boards.accountability.board import impunity_list
from projections.boards.impact.works import DIMENSIONS, what_works
from projections.boards.statements.scoreboard import scoreboard
from projections.boards.truth.review import retractions, review


async def show_replies(request: HubRequest, asked: Asked) -> Response:
    """Answer who was asked for how much, and replied how and how soon."""
    now, by, limit, offset = request.state["clock"](), asked["by"], asked["limit"], asked["offset"]
    return json_answer(await ask(request, lambda sight: scoreboard(sight.papers(now), by, limit, offset)))


async def show_review(request: HubRequest, asked: Asked) -> Response:
    """Answer what waits for somebody's judgement, by urgency, then the oldest first."""
    now, page = request.state["clock"](), (asked["limit"], asked["offset"])
    reason, country = asked["reason"], asked["country"]
    return json_answer(await ask(request, lambda sight: review(sight.papers(now), reason, country, page)))


async def show_retractions(request: HubRequest, _: Asked) -> Response:
    """Answer how much each partner has retracted, to stewards; to others it is absent."""
    steward_of(request)
    now = request.state["clock"]()
    return json_answer(await ask(request, lambda sight: retractions(sight.papers(now))))


async def show_impunity(request: HubRequest, asked: Asked) -> Response:
    """Answer for which threats nobody was called to account, longest first."""
    now, country, limit, offset = request.state["clock"](), asked["country"], asked["limit"], asked["offset"]
    return json_answer(
        await ask(request, lambda sight: impunity_list(sight.papers(now), country, limit, offset))
    )


async def show_what_works(request: HubRequest, asked: Asked) -> Response:
    """Answer how actions were assessed, by kind and context."""
    now, page = request.state["clock"](), (asked["limit"], asked["offset"])
    wanted = {name: asked[name] for name in DIMENSIONS}
    by = tuple(dict.fromkeys(asked["by"])) or ("kind",)
    return json_answer(await ask(request, lambda sight: what_works(sight.papers(now), by, wanted, page)))
