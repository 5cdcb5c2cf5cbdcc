"""Whether the hub lives, whether it is ready, and what it counts."""

from collections.abc import Sequence

import anyio
import anyio.to_thread
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from events.event import Json
from events.submission import StoreUnavailable
from hub.access import credential_of
from hub.address import Asked, HubRequest
from hub.api.answers import json_answer, steward_of
from hub.refusals import Absent, NotSignedIn, PartnerSuspended

PATIENCE_SECONDS = 2.0
"""How long the log may take to answer: a proxy must not wait for a database that fails."""

COARSE = 1_000
"""To all but stewards a lag is told in thousands: counted exactly, it would tell that something was recorded."""


async def show_health(_: HubRequest, __: Asked) -> Response:
    """Answer that the process serves."""
    return json_answer({"status": "ok"})


async def show_readiness(request: HubRequest, _: Asked) -> Response:
    """Answer each view's lag; 503 until all have caught up, when one stands still, or this hub is about to stop."""
    unit = 1 if _is_steward(request) else COARSE
    views = await _views(request)
    status = _status(request, views)
    found = () if views is None else views
    shown = {name: {"lag": lag // unit * unit, "state": state} for name, state, lag in found}
    body = {"status": status, "counted_in": unit, "views": shown}
    return json_answer(body, 200 if status == "ready" else 503)


async def show_metrics(request: HubRequest, _: Asked) -> Response:
    """Answer what the hub counts, to stewards; to others it is absent."""
    steward_of(request)
    hub = request.state
    text = await anyio.to_thread.run_sync(hub["metrics"].text, limiter=hub["reading"])
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _status(request: HubRequest, views: Sequence[tuple[str, str, int]] | None) -> Json:
    hub = request.state
    if hub["closing"].is_draining:
        return "draining"
    if views is None or hub["room"].trouble is not None:
        return "log-unavailable"
    has_caught_up = hub["room"].position >= hub["started_at"] and all(one[1] == "live" for one in views)
    return "ready" if has_caught_up else "not-ready"


async def _views(request: HubRequest) -> Sequence[tuple[str, str, int]] | None:
    """Return name, state and lag of each view; None if the log does not answer."""
    room = request.state["room"]
    with anyio.move_on_after(PATIENCE_SECONDS):
        try:
            status = await anyio.to_thread.run_sync(
                room.status, limiter=request.state["reading"], abandon_on_cancel=True
            )
        except StoreUnavailable:
            return None
        return [(one.name, one.state, one.lag) for one in status]
    return None


def _is_steward(request: HubRequest) -> bool:
    try:
        if credential_of(request) is None:
            return False
        steward_of(request)
    except (Absent, NotSignedIn, PartnerSuspended, StoreUnavailable):
        return False
    return True
