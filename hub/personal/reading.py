"""Who reads a feed or a calendar, how such an answer leaves the hub, and from which sights it is computed."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import anyio.to_thread
from starlette.responses import Response

from events.audience import PUBLIC, Reader
from hub.access import Caller, address_of
from hub.address import Asked, HubRequest
from hub.api.answers import caller_of, refuse_debtor
from hub.personal.keys import Purpose
from hub.refusals import NotSignedIn
from hub.subscriptions.standing import cleared
from projections.sight import Sight

T = TypeVar("T")
TAG_BYTES = 16

HEADERS: Mapping[str, str] = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "Vary": "Authorization, Cookie",
}
"""Kept by nobody between, asked about anew each time, and its address told to nobody who is linked to."""

_NO_KEY = (
    "This personal address does not work: it was revoked, or its token was, or it is for something else."
)


@dataclass(frozen=True, slots=True)
class Sights:
    """What the reader may see, and of it what everybody may see."""

    own: Sight
    public: Sight


async def reader_of(request: HubRequest, asked: Asked, purpose: Purpose) -> Caller:
    """Say who reads: by the key in the address; without one, by token or session.

    Raises:
        NotSignedIn: the key does not work, is for something else, or not from there.
        PartnerSuspended: the partner of whoever made the address may not read now.
        RateLimited: too many keys that do not work came from there.
    """
    key = asked["key"]
    if key is None:
        return caller_of(request)
    hub, place = request.state, address_of(request)
    found = await anyio.to_thread.run_sync(hub["personal"].of, key, limiter=hub["reading"])
    hub["gate"].refuse_guesser(place, None if found is None else found.account)
    if found is None:
        hub["gate"].note_guess(place)
        raise NotSignedIn(_NO_KEY)
    caller = hub["callers"].holder(found.account)
    allowed = caller.account is not None and caller.account.allows(place)
    if not allowed or found.purpose != purpose:
        raise NotSignedIn(_NO_KEY)
    hub["gate"].note_arrival(place, found.account)
    return caller


async def ask_both(request: HubRequest, reader: Reader, question: Callable[[Sights], T]) -> T:
    """Put a question to what may leave the hub for a reader, off the event loop: never stricter than amber.

    Raises:
        AnswerOwed: the partner is given nothing new now.
    """
    room, now = request.state["room"], request.state["clock"]()

    def asked() -> T:
        refuse_debtor(room.purge(reader), now)
        return question(Sights(room.purge(cleared(reader, "mail")), room.purge(PUBLIC)))

    return await anyio.to_thread.run_sync(asked, limiter=request.state["reading"])


def fresh(request: HubRequest, body: bytes, media: str) -> Response:
    """Answer a file, or 304 without it to whoever shows that he has it. Its tag is of nothing but the file."""
    tag = f'"{hashlib.sha256(body).hexdigest()[: 2 * TAG_BYTES]}"'
    headers = {**HEADERS, "ETag": tag}
    shown = request.headers.get("if-none-match", "")
    if tag in (one.strip().removeprefix("W/") for one in shown.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media)


def outside(request: HubRequest) -> str:
    """Return how the hub is reached from outside, without a slash at the end."""
    return request.state["settings"].public_url or str(request.base_url).rstrip("/")
