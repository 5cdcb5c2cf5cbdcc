"""`GET /api/v1/peers`: the hubs that this one listens to, for stewards."""

import anyio.to_thread
from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import json_answer, steward_of
from hub.federation.telling import statuses


async def list_peers(request: HubRequest, _: Asked) -> Response:
    """Answer how each peer is, and what was not taken and why, to stewards; to others it is absent."""
    steward_of(request)
    hub = request.state
    rows = await anyio.to_thread.run_sync(statuses, hub["federation"].book, limiter=hub["reading"])
    return json_answer({"items": rows, "total": len(rows), "next": None})
