"""Conflicts of interest: who is kept out of a case, and stewards who lift it."""

import anyio.to_thread
from starlette.responses import Response

from events.strict import read_json
from events.submission import EventRefused
from hub.access import Caller, credential_of, refuse_foreign_origin
from hub.address import Asked, HubRequest
from hub.api import bodies
from hub.api.answers import ask, caller_of, json_answer
from hub.api.receipts import receipt_of
from hub.refusals import Absent, MediaTypeUnknown

MOST_BYTES = 4096


async def list_conflicts(request: HubRequest, asked: Asked) -> Response:
    """Answer who is kept out of what, to stewards; to others it is absent."""
    _steward(request)
    return json_answer(await ask(request, lambda sight: sight.conflicts(asked["limit"], asked["offset"])))


async def judge_conflict(request: HubRequest, _: Asked) -> Response:
    """Record a steward's judgement: two who lift it end an exclusion, until one of them upholds it again."""
    credential = credential_of(request)
    if credential is not None and credential.kind == "session":
        refuse_foreign_origin(request, request.state["settings"], is_needed=True)
    account = _steward(request).publisher.account
    if bodies.media_type(request) != bodies.PLAIN:
        raise MediaTypeUnknown((bodies.PLAIN,))
    said = read_json(await bodies.read_body(request, MOST_BYTES))
    intake = request.state["intake"]
    outcome = await anyio.to_thread.run_sync(
        intake.judge_conflict, account, said, limiter=request.state["writing"]
    )
    if outcome.status != "stored":
        raise EventRefused(outcome.problems)
    return json_answer(receipt_of(outcome, request.state["cursors"]), 201)


def _steward(request: HubRequest) -> Caller:
    caller = caller_of(request)
    if not caller.is_steward:
        raise Absent
    return caller
