"""Whether the hub lives, whether it is ready, and what it counts."""

import anyio.to_thread
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import json_answer, steward_of


async def show_health(_: HubRequest, __: Asked) -> Response:
    """Answer that the process serves."""
    return json_answer({"status": "ok"})


async def show_readiness(request: HubRequest, _: Asked) -> Response:
    """Answer each view's lag; 503 until all have caught up, and when one stands still."""
    hub = request.state
    status = await anyio.to_thread.run_sync(hub["room"].status, limiter=hub["reading"])
    is_ready = hub["room"].position >= hub["started_at"] and all(one.state == "live" for one in status)
    body = {
        "status": "ready" if is_ready else "not-ready",
        "views": {one.name: {"lag": one.lag, "state": one.state} for one in status},
    }
    return json_answer(body, 200 if is_ready else 503)


async def show_metrics(request: HubRequest, _: Asked) -> Response:
    """Answer what the hub counts, to stewards; to others it is absent."""
    steward_of(request)
    hub = request.state
    text = await anyio.to_thread.run_sync(hub["metrics"].text, limiter=hub["reading"])
    return Response(text, media_type=CONTENT_TYPE_LATEST)
