"""JSON answers, and calls that block."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

import anyio.to_thread
import orjson
from starlette.responses import Response

from events.event import Json
from hub.access import Caller, credential_of
from hub.address import HubRequest
from hub.refusals import Absent, AnswerOwed
from projections.sight import Sight

JSON = "application/json"
T = TypeVar("T")


def json_answer(body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Write a JSON answer; `body` holds only plain JSON, or pieces that are written already (`orjson.Fragment`)."""
    return Response(orjson.dumps(body), status, headers, JSON)


def present(body: Json | None) -> Json:
    """Return what was found.

    Raises:
        Absent: nothing was found, or nothing that this reader may see.
    """
    if body is None:
        raise Absent
    return body


def caller_of(request: HubRequest) -> Caller:
    """Say who calls.

    Raises:
        NotSignedIn, PartnerSuspended: the call shows a token that does not work.
    """
    return request.state["callers"].of(credential_of(request))


def steward_of(request: HubRequest) -> Caller:
    """Say which steward calls.

    Raises:
        Absent: it is none; what is for stewards is not there for others.
        NotSignedIn, PartnerSuspended: the call shows a token that does not work.
    """
    caller = caller_of(request)
    if not caller.is_steward:
        raise Absent
    return caller


def refuse_debtor(sight: Sight, now: datetime) -> None:
    """Give nothing new to a partner that owes an answer to an erasure for too long. Blocks for a short read.

    Raises:
        AnswerOwed: it does.
    """
    if sight.owes_answer(now):
        raise AnswerOwed


async def ask(request: HubRequest, question: Callable[[Sight], T]) -> T:
    """Put a question to the caller's sight, off the event loop. Every answer about events comes so."""
    caller_of(request)
    room = request.state["room"]

    def asked() -> T:
        # Read anew: it may have waited for a thread while the caller's rights ended.
        return question(room.purge(caller_of(request).reader))

    return await anyio.to_thread.run_sync(asked, limiter=request.state["reading"])
