"""The pages: rendered on the server from a sight, and working without scripts."""

import gzip
import re
from datetime import timedelta
from functools import cache
from urllib.parse import parse_qs

import anyio.to_thread
from starlette.responses import RedirectResponse, Response

from events.event import Json
from hub.access import COOKIE, Caller, Credential, address_of
from hub.address import Asked, HubRequest
from hub.api import catalogue
from hub.api.answers import ask
from hub.api.bodies import read_body
from hub.pages import cookies
from hub.pages.board import WHY, most_pressing
from hub.pages.live import newest
from hub.pages.reference import described_addresses, messages
from hub.pages.rendering import caller_of, render
from hub.refusals import Absent, NotSignedIn, PartnerSuspended, RateLimited
from hub.texts import N_
from projections.sight import Sight

SHOWN_ON_START = 20
MAX_FORM_BYTES = 4096
TOO_OFTEN = N_("Too many attempts that failed. Wait a minute, then try again.")
NO_TOKEN = N_("This token does not work.")
NO_LINK = N_("This link was used already, or is too old.")
STATIC_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png"}


async def show_start(request: HubRequest, asked: Asked) -> Response:
    """Answer the first page: what this is, and the newest events."""
    account, now = caller_of(request).account, request.state["clock"]()
    look = newest(request, SHOWN_ON_START, asked)

    def question(sight: Sight) -> dict[str, Json]:
        waits = {} if account is None else most_pressing(sight, account.partner, now)
        return {"page": look(sight), **waits}

    found = await ask(request, question)
    return render(request, "start.html", {"here": "start", "why": WHY, "now": now, **found})


async def show_docs(request: HubRequest, _: Asked) -> Response:
    """Answer the reference of the interface."""
    registry = request.state["registry"]
    more = {
        "here": "docs",
        "tags": described_addresses(request.app.state.addresses),
        "messages": messages(),
        "types": catalogue.types(registry),
    }
    return render(request, "docs.html", more)


async def show_sign_in(request: HubRequest, _: Asked) -> Response:
    """Answer the form for a token."""
    return render(request, "sign_in.html", {"here": "sign-in"})


async def show_link(request: HubRequest, _: Asked) -> Response:
    """Answer the button behind a sign-in link: looking at a link must not spend it."""
    return render(request, "sign_in.html", {"here": "sign-in", "is_link": True})


async def sign_in(request: HubRequest, _: Asked) -> Response:
    """Open a session for whoever shows a token that works."""
    form = parse_qs((await read_body(request, MAX_FORM_BYTES)).decode("ascii", "replace"))
    token = form.get("token", [""])[0].strip()
    hub = request.state
    shown = Credential("token", token, address_of(request))
    account = hub["callers"].account_of(shown)
    known = None if account is None else account.id
    try:
        hub["gate"].refuse_guesser(shown.address, known, is_sign_in=True)
        hub["callers"].of(shown)
    except RateLimited as limited:
        return _refused(request, TOO_OFTEN, limited)
    except (NotSignedIn, PartnerSuspended) as refused:
        if isinstance(refused, NotSignedIn):
            hub["gate"].note_guess(shown.address, is_sign_in=True)
        return _refused(request, NO_TOKEN)
    session = await anyio.to_thread.run_sync(
        hub["accounts"].open_session, token, hub["clock"](), _lives(request)
    )
    return await _signed_in(request, session, NO_TOKEN)


async def use_link(request: HubRequest, _: Asked) -> Response:
    """Open a session for whoever holds a sign-in link, once."""
    hub, secret = request.state, request.path_params["secret"]
    address = address_of(request)
    try:
        hub["gate"].refuse_guesser(address, None, is_sign_in=True)
    except RateLimited as limited:
        # The link is not looked at, so it is not spent either.
        return _refused(request, TOO_OFTEN, limited)
    session = await anyio.to_thread.run_sync(
        hub["accounts"].use_link, secret, hub["clock"](), _lives(request)
    )
    if session is None:
        hub["gate"].note_guess(address, is_sign_in=True)
    return await _signed_in(request, session, NO_LINK)


async def sign_out(request: HubRequest, _: Asked) -> Response:
    """Close the session."""
    await _close_session(request)
    answer = RedirectResponse("/", 303)
    cookies.forget(request, answer, COOKIE)
    return answer


async def show_static(request: HubRequest, _: Asked) -> Response:
    """Answer a style, script or picture of the pages."""
    found = request.state["statics"].get(request.path_params["name"])
    if found is None:
        raise Absent
    body, media = found
    headers = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Encoding"}
    if media != STATIC_TYPES["png"] and _takes_gzip(request.headers.get("accept-encoding", "")):
        # They are the same for everybody: their sizes tell nothing, as those of pages would.
        return Response(_packed(body), 200, {**headers, "Content-Encoding": "gzip"}, media)
    return Response(body, 200, headers, media)


@cache
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _takes_gzip(accepted: str) -> bool:
    """Tell whether an `Accept-Encoding` header names gzip, and not to refuse it."""
    said = (one.replace(" ", "").lower() for one in accepted.split(","))
    return any(one.partition(";")[0] == "gzip" and not re.fullmatch(r"gzip;q=0(\.0*)?", one) for one in said)


def _refused(request: HubRequest, sentence: str, limited: RateLimited | None = None) -> Response:
    answer = render(
        request, "sign_in.html", {"here": "sign-in", "refused": sentence}, 403 if limited is None else 429
    )
    answer.headers.update({} if limited is None else limited.headers)
    return answer


async def _signed_in(request: HubRequest, session: str | None, refusal: str) -> Response:
    """Give the browser a new session, if it works from here, in place of the one that it may have."""
    caller = Caller() if session is None else _works(request, session)
    if session is None or caller.account is None:
        return _refused(request, refusal)
    request.state["gate"].note_arrival(address_of(request), caller.account.id)
    await _close_session(request)
    answer = RedirectResponse("/", 303)
    cookies.keep(request, answer, COOKIE, session, int(_lives(request).total_seconds()))
    return answer


def _works(request: HubRequest, session: str) -> Caller:
    try:
        return request.state["callers"].of(Credential("session", session, address_of(request)))
    except PartnerSuspended:
        return Caller()


async def _close_session(request: HubRequest) -> None:
    session = request.cookies.get(COOKIE)
    if session:
        await anyio.to_thread.run_sync(request.state["accounts"].close_session, session)


def _lives(request: HubRequest) -> timedelta:
    return timedelta(hours=request.state["settings"].session_hours)
