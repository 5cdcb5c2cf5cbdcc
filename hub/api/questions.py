"""The coordinators' questions: who stands alone, who acts, whom to invite."""

from datetime import date

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer, present


def today(request: HubRequest) -> date:
    """Return the day by the hub's clock, by which deeds fade: the same for all readers."""
    return request.state["clock"]().date()


async def show_alone(request: HubRequest, asked: Asked) -> Response:
    """Answer a page of lawyers under threat, those first whom the least support reaches."""
    now = today(request)
    return json_answer(await ask(request, lambda sight: sight.questions(now).alone(asked)))


async def show_who_acts(request: HubRequest, asked: Asked) -> Response:
    """Answer who did what in a matter, what nobody does, and what two do."""
    now = today(request)
    found = await ask(request, lambda sight: sight.questions(now).who_acts(asked["about"]))
    return json_answer(present(found))


async def show_invite(request: HubRequest, asked: Asked) -> Response:
    """Answer which partners to invite to an action in a matter, with reasons."""
    now = today(request)
    found = await ask(request, lambda sight: sight.questions(now).invite(asked["about"], asked["limit"]))
    return json_answer(present(found))
