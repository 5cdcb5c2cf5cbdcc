"""Conflicts of interest: who is kept out of a case, and stewards who lift it."""

import anyio.to_thread
from starlette.responses import Response

from events.submission import EventRefused
from hub.address import Asked, HubRequest
from hub.api import bodies
from hub.api.answers import ask, json_answer, steward_of
from hub.api.receipts import receipt_of


async def list_conflicts(request: HubRequest, asked: Asked) -> Response:
    """Answer who is kept out of what, to stewards; to others it is absent."""
    steward_of(request)
    return json_answer(await ask(request, lambda sight: sight.conflicts(asked["limit"], asked["offset"])))


async def judge_conflict(request: HubRequest, _: Asked) -> Response:
    """Record a steward's judgement: two who lift it end an exclusion, until one of them upholds it again."""
    account = steward_of(request).publisher.account
    said = await bodies.read_small(request)
    intake = request.state["intake"]
    outcome = await anyio.to_thread.run_sync(
        intake.judge_conflict, account, said, limiter=request.state["writing"]
    )
    if outcome.status != "stored":
        raise EventRefused(outcome.problems)
    return json_answer(receipt_of(outcome, request.state["cursors"]), 201)
