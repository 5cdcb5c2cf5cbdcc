"""Erasures, and which partners have said that their own copies are gone."""

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer


async def list_erasures(request: HubRequest, asked: Asked) -> Response:
    """Answer a page of erasures, newest first; what is overdue is judged by the hub's clock, for all alike."""
    now = request.state["clock"]()
    limit, offset, overdue = asked["limit"], asked["offset"], asked["overdue"]
    return json_answer(await ask(request, lambda sight: sight.erasures(now, limit, offset, overdue=overdue)))
