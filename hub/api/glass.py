"""Break-glass: two stewards read one event that they may not see, and its publisher is told."""

import anyio.to_thread
from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api import bodies
from hub.api.answers import json_answer, present, steward_of


async def list_glass(request: HubRequest, _: Asked) -> Response:
    """Answer the requests that wait for a second steward or are open, to stewards; to others it is absent."""
    steward_of(request)
    hub = request.state
    found = await anyio.to_thread.run_sync(hub["glass"].pending, limiter=hub["reading"])
    return json_answer({"requests": found})


async def ask_glass(request: HubRequest, _: Asked) -> Response:
    """Record a request. The answer is the same whether there is such an event or not."""
    account, token = _acting(request)
    said = await bodies.read_small(request)
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


def _acting(request: HubRequest) -> tuple[str, str]:
    """Return name and token id of the steward's account; every act is recorded, so that it must not be read-only."""
    caller = steward_of(request)
    account = caller.publisher.account
    assert caller.account is not None  # noqa: S101  # a steward has one
    return account, caller.account.id
