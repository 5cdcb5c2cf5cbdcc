"""Tamper evidence: checkpoints of the Merkle log, and proofs for what a reader sees.

Nothing here depends on how much there is, or on what is hidden, but for hashes that look like chance to whoever lacks
the salts (docs/decisions/0030).
"""

import anyio.to_thread
from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api.answers import ask, caller_of, json_answer, present, refuse_debtor
from hub.api.queries import event_query
from projections.event_query import EventPage
from projections.sight import Sight

NOTE = "text/plain; charset=utf-8"


async def show_checkpoint(request: HubRequest, _: Asked) -> Response:
    """Answer the newest checkpoint with its cosignatures, as a signed note."""
    caller_of(request)
    hub = request.state
    found = await anyio.to_thread.run_sync(hub["ledger"].checkpoint, limiter=hub["reading"])
    return Response(present(found), media_type=NOTE)


async def show_log_key(request: HubRequest, _: Asked) -> Response:
    """Answer the keys under which this hub signs checkpoints, and cosigns those of others."""
    caller_of(request)
    ledger = request.state["ledger"]

    def keys() -> Json:
        signer = ledger.signer
        return {"key": ledger.key(), "witness": None if signer is None else signer.witness_key.text}

    return json_answer(await anyio.to_thread.run_sync(keys, limiter=request.state["reading"]))


async def show_consistency(request: HubRequest, asked: Asked) -> Response:
    """Answer the proof that the tree of one size continues that of another."""
    caller_of(request)
    hub, old, new = request.state, asked["from"], asked["to"]
    found = await anyio.to_thread.run_sync(hub["ledger"].consistency, old, new, limiter=hub["reading"])
    return json_answer({"from": old, "to": new, "proof": found})


async def show_proof(request: HubRequest, asked: Asked) -> Response:
    """Answer what proves that one event is in the log as this reader sees it."""
    ledger = request.state["ledger"]

    def prove(sight: Sight) -> Json | None:
        found = sight.evidence(asked["source"], asked["id"])
        if found is None:
            return None
        note, proofs = ledger.proofs([found])
        return {**_named(found[1]), **proofs[0], "checkpoint": note} if proofs else None

    return json_answer(present(await ask(request, prove)))


async def list_proofs(request: HubRequest, asked: Asked) -> Response:
    """Answer the same for a page of events, in the order of `GET /events`."""
    cursors, ledger = request.state["cursors"], request.state["ledger"]
    query, now = event_query(cursors, asked), request.state["clock"]()

    def prove(sight: Sight) -> tuple[EventPage, Json]:
        refuse_debtor(sight, now)
        page = sight.events(query)
        shown = [*zip(page.positions, page.events, strict=True)]
        note, proofs = ledger.proofs(shown)
        found = [{**_named(event), **proof} for event, proof in zip(page.events, proofs, strict=True)]
        return page, {"checkpoint": note, "proofs": found}

    page, said = await ask(request, prove)
    return json_answer({**said, "next": None if page.next is None else cursors.encode(page.next)})


def _named(event: Json) -> Json:
    return {"source": event["source"], "id": event["id"]}
