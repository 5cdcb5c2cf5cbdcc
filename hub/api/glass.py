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
    _acting(request)
    return json_answer(await asked(request, await bodies.read_small(request)), 202)


async def asked(request: HubRequest, said: Json) -> Json:
    """Record a request of whoever calls, and return it.

    Raises:
        EventRefused: with every problem.
    """
    account, token = _acting(request)
    hub = request.state
    return await anyio.to_thread.run_sync(hub["glass"].ask, account, token, said, limiter=hub["writing"])


async def approve_glass(request: HubRequest, _: Asked) -> Response:
    """Record that a second steward agrees; the two may read from now on."""
    return json_answer(await approved(request))


async def approved(request: HubRequest) -> Json:
    """Record that whoever calls agrees to the request of the address, and return it.

    Raises:
        GlassRefused: by the same steward, too late, or approved already.
        Absent: there is no such request.
    """
    account, token = _acting(request)
    hub, named = request.state, request.path_params["request"]
    opened = await anyio.to_thread.run_sync(hub["glass"].open, account, token, named, limiter=hub["writing"])
    return present(opened)


async def show_glass(request: HubRequest, _: Asked) -> Response:
    """Record that one of the two reads, then answer the event whole, or that there is none."""
    noted, shown = await read(request)
    receipt = {name: shown.pop(name) for name in ("recorded", "digest")}
    return json_answer({"glass": noted, **shown, "receipt": receipt})


async def read(request: HubRequest) -> tuple[Json, dict[str, Json]]:
    """Record that whoever calls reads; only then return the request, and the event whole.

    Raises:
        GlassRefused: it is not open, or not for this steward.
        Absent: there is no such request, or no such event.
    """
    account, token = _acting(request)
    hub, named = request.state, request.path_params["request"]

    def look() -> tuple[Json, Json | None]:
        noted = present(hub["glass"].note_reading(account, token, named))
        return noted, hub["room"].break_glass(noted["source"], noted["id"])

    noted, record = await anyio.to_thread.run_sync(look, limiter=hub["writing"])
    return noted, dict(present(record))


def _acting(request: HubRequest) -> tuple[str, str]:
    """Return name and token id of the steward's account; every act is recorded, so that it must not be read-only."""
    caller = steward_of(request)
    account = caller.publisher.account
    assert caller.account is not None  # noqa: S101  # a steward has one
    return account, caller.account.id
