"""Break-glass: two stewards read one event that they may not see, and its publisher is told."""

import anyio.to_thread
from starlette.responses import Response

from events.event import Json
from events.strict import read_json
from hub.access import Caller
from hub.address import Asked, HubRequest
from hub.api import bodies
from hub.api.answers import caller_of, json_answer, present
from hub.refusals import Absent, MediaTypeUnknown

MOST_BYTES = 4096


async def list_glass(request: HubRequest, _: Asked) -> Response:
    """Answer the requests that wait for a second steward or are open, to stewards; to others it is absent."""
    _steward(request)
    hub = request.state
    found = await anyio.to_thread.run_sync(hub["glass"].pending, limiter=hub["reading"])
    return json_answer({"requests": found})


async def ask_glass(request: HubRequest, _: Asked) -> Response:
    """Record a request. The answer is the same whether there is such an event or not."""
    account, token = _acting(request)
    if bodies.media_type(request) != bodies.PLAIN:
        raise MediaTypeUnknown((bodies.PLAIN,))
    said = read_json(await bodies.read_body(request, MOST_BYTES))
    hub = request.state
    made = await anyio.to_thread.run_sync(hub["glass"].ask, account, token, said, limiter=hub["writing"])
    return json_answer(made, 202)


async def approve_glass(request: HubRequest, _: Asked) -> Response:
    """Record that a second steward agrees; the two may read from now on."""
    account, token = _acting(request)
    hub, asked = request.state, request.path_params["request"]
    opened = await anyio.to_thread.run_sync(hub["glass"].open, account, token, asked, limiter=hub["writing"])
    return json_answer(present(opened))


async def show_glass(request: HubRequest, _: Asked) -> Response:
    """Record that one of the two reads, then answer the event whole, or that there is none."""
    account, token = _acting(request)
    hub, asked = request.state, request.path_params["request"]

    def read() -> tuple[Json, Json | None]:
        noted = present(hub["glass"].note_reading(account, token, asked))
        return noted, hub["room"].break_glass(noted["source"], noted["id"])

    noted, record = await anyio.to_thread.run_sync(read, limiter=hub["writing"])
    shown = dict(present(record))
    receipt = {name: shown.pop(name) for name in ("recorded", "digest")}
    return json_answer({"glass": noted, **shown, "receipt": receipt})


def _steward(request: HubRequest) -> Caller:
    caller = caller_of(request)
    if not caller.is_steward:
        raise Absent
    return caller


def _acting(request: HubRequest) -> tuple[str, str]:
    """Return name and token id of the steward's account; every act is recorded, so that it must not be read-only."""
    caller = _steward(request)
    account = caller.publisher.account
    assert caller.account is not None  # noqa: S101  # a steward has one
    return account, caller.account.id
