"""`POST /api/v1/witness/add-checkpoint`: other hubs ask this one to cosign, by C2SP's protocol for witnesses."""

import anyio.to_thread
from starlette.responses import Response

from events.notes import NoteRefused
from events.witness import MOST_BODY, OutOfStep, read_submission
from hub.address import Asked, HubRequest
from hub.api import bodies
from hub.api.log import NOTE

SIZE = "text/x.tlog.size"


async def add_checkpoint(request: HubRequest, _: Asked) -> Response:
    """Answer a cosignature; 409 with the size of the last one if the log did not start from it."""
    body = await bodies.read_body(request, MOST_BODY)
    hub = request.state

    def cosign() -> str:
        try:
            text = body.decode()
        except UnicodeDecodeError as fault:
            raise NoteRefused("The body is not UTF-8.") from fault
        return hub["witness"].add(read_submission(text), hub["clock"]())

    try:
        line = await anyio.to_thread.run_sync(cosign, limiter=hub["writing"])
    except OutOfStep as last:
        return Response(f"{last.size}\n", 409, headers={"Content-Type": SIZE})
    return Response(line, media_type=NOTE)
