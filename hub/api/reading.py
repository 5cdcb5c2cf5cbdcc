"""Events as a reader may see them: `GET /api/v1/events` and one of them."""

from urllib.parse import urlencode

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer, present, refuse_debtor
from hub.api.queries import event_query
from projections.event_query import EventPage
from projections.sight import Sight


async def list_events(request: HubRequest, asked: Asked) -> Response:
    """Answer a page of events in append order."""
    cursors = request.state["cursors"]
    query = event_query(cursors, asked)
    now = request.state["clock"]()

    def pull(sight: Sight) -> EventPage:
        refuse_debtor(sight, now)
        return sight.events(query)

    page = await ask(request, pull)
    if page.next is None:
        return json_answer({"events": page.events, "next": None})
    following = cursors.encode(page.next)
    pairs = [(name, said) for name, said in request.query_params.multi_items() if name != "after"]
    link = f'<{request.url.path}?{urlencode([*pairs, ("after", following)])}>; rel="next"'
    return json_answer({"events": page.events, "next": following}, headers={"Link": link})


async def show_event(request: HubRequest, _: Asked) -> Response:
    """Answer one event with its corrections, assessments and receipt."""
    source, event_id = request.path_params["source"], request.path_params["id"]

    def look(sight: Sight) -> object:
        return sight.event(source, event_id)

    found = dict(present(await ask(request, look)))
    recorded, digest = found.pop("recorded"), found.pop("digest")
    return json_answer({**found, "receipt": {"recorded": recorded, "digest": digest}})
