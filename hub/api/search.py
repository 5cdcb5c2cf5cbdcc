"""Full text over what a reader may see, and everything about one reference in order."""

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer, present


async def search(request: HubRequest, asked: Asked) -> Response:
    """Answer the events that hold every word."""
    found = await ask(
        request, lambda sight: sight.search(asked["q"], asked["kinds"], asked["limit"], asked["offset"])
    )
    return json_answer(found)


async def show_timeline(request: HubRequest, asked: Asked) -> Response:
    """Answer the events about a reference, by world date or as recorded."""
    ref = request.path_params["ref"]
    found = await ask(
        request, lambda sight: sight.timeline(ref, asked["order"], asked["limit"], asked["offset"])
    )
    return json_answer(present(found))
