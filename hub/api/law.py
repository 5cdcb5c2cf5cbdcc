"""Open consultations, norms and who engages them, commitments with their lights."""

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer
from projections.boards.law.consultations import Asked as Page
from projections.boards.law.consultations import consultations
from projections.boards.law.norms import standards
from projections.boards.promises.listing import Asked as Wanted
from projections.boards.promises.listing import commitments


async def list_consultations(request: HubRequest, asked: Asked) -> Response:
    """Answer policies on which one can still comment, the one that closes soonest first."""
    now, page = request.state["clock"](), Page(asked["country"], asked["limit"], asked["offset"])
    return json_answer(await ask(request, lambda sight: consultations(sight.papers(now), page)))


async def show_standards(request: HubRequest, asked: Asked) -> Response:
    """Answer each provision of the listed norms with how many visible events touch it."""
    now = request.state["clock"]()
    norm, country = asked["norm"], asked["country"]
    return json_answer(await ask(request, lambda sight: standards(sight.papers(now), norm, country)))


async def list_lights(request: HubRequest, asked: Asked) -> Response:
    """Answer commitments with light and badge, those that were reported on longest ago first."""
    now = request.state["clock"]()
    names = ("light", "badge", "overdue", "country", "limit", "offset")
    wanted = Wanted(**{name: asked[name] for name in names})
    return json_answer(await ask(request, lambda sight: commitments(sight.papers(now), wanted)))
