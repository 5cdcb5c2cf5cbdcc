"""The coordinators' questions: who stands alone, who acts, whom to invite."""

from datetime import date

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer, present
from hub.api.measures import told
from hub.api.queries import question_moment


def today(request: HubRequest) -> date:
    """Return the day by the hub's clock, by which deeds fade: the same for all readers."""
    return request.state["clock"]().date()


async def show_alone(request: HubRequest, asked: Asked) -> Response:
    """Answer a page of lawyers under threat, those first whom the least support reaches; or say who finds it."""
    now, moment = today(request), question_moment(asked)
    return told(await ask(request, lambda sight: sight.alone(asked, now, moment)))


async def show_who_acts(request: HubRequest, asked: Asked) -> Response:
    """Answer who did what in a matter, what nobody does, and what two do."""
    now, moment = today(request), question_moment(asked)
    found = await ask(request, lambda sight: sight.questions(now, moment).who_acts(asked["about"]))
    return json_answer(present(found))


async def show_invite(request: HubRequest, asked: Asked) -> Response:
    """Answer which partners to invite to an action in a matter, with reasons."""
    now, moment = today(request), question_moment(asked)
    ref, limit = asked["about"], asked["limit"]
    return json_answer(
        present(await ask(request, lambda sight: sight.questions(now, moment).invite(ref, limit)))
    )
