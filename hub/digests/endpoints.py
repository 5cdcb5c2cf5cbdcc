"""The links in mails: `/mail/{secret}`; and a test mail on request."""

from urllib.parse import parse_qs

import anyio.to_thread
from starlette.responses import Response

from events.event import Json
from events.moments import stamp
from hub.access import address_of
from hub.address import Asked, HubRequest
from hub.api import bodies
from hub.api.answers import caller_of
from hub.digests.postman import Postman
from hub.pages.rendering import LANGUAGE_COOKIE, render
from hub.refusals import Absent, SubscriptionRefused
from hub.subscriptions.subscription import ENGLISH, Subscription
from hub.texts.languages import chosen
from schemas.problem import Problem

ONE_CLICK = "One-Click"
MAX_FORM_BYTES = 1024
_HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


async def show_mail_link(request: HubRequest, _: Asked) -> Response:
    """Answer the buttons behind a link in a mail: looking at a link does nothing."""
    one, is_new = await _linked(request)
    return _page(request, one, {"is_new": is_new})


async def use_mail_link(request: HubRequest, _: Asked) -> Response:
    """Confirm or end a subscription: by the button of the page, or by that of a mail program (RFC 8058)."""
    one, _new = await _linked(request)
    body = (await bodies.read_body(request, MAX_FORM_BYTES)).decode("ascii", "replace")
    # Mail programs send it as they like, as a form or as one of several parts.
    act = "end" if ONE_CLICK in body else parse_qs(body).get("act", [""])[0]
    desk = _office(request).desk
    if act not in {"confirm", "end"}:
        raise SubscriptionRefused([Problem("/act", "unknown_code", "Say what to do.", "confirm, end")])
    acting = desk.confirm if act == "confirm" else desk.end
    await anyio.to_thread.run_sync(acting, one, limiter=request.state["writing"])
    return _page(request, one, {"done": act})


async def try_mail(request: HubRequest, one: Subscription) -> Json:
    """Send a test mail now, and say what came of it.

    Raises:
        Absent: the hub sends no mail any more.
        SubscriptionRefused: the mailbox did not say yes.
    """
    hub, office = request.state, _office(request)
    letter = await anyio.to_thread.run_sync(office.desk.trial, one, limiter=hub["reading"])
    if letter is None:
        raise _refused("", "not_confirmed", "Confirm by the link that was sent to this mailbox first.")
    error = await office.send_now(letter)
    return {"webhook_id": one.id, "status": None, "error": error or None, "at": stamp(hub["clock"]())}


def refuse_without_server(request: HubRequest) -> None:
    """Refuse to follow by mail where the operator has named no mail server.

    Raises:
        SubscriptionRefused: there is none.
    """
    if request.state["postman"] is None:
        raise _refused(
            "/channel", "not_allowed", "This hub sends no mail: its operator has set no mail server."
        )


def _office(request: HubRequest) -> Postman:
    postman = request.state["postman"]
    if postman is None:
        raise Absent
    return postman


async def _linked(request: HubRequest) -> tuple[Subscription, bool]:
    """Return what a link is about; the link alone is enough, whoever else calls.

    Raises:
        Absent: this hub did not make it, or what it is about has ended.
    """
    caller_of(request)
    hub, place = request.state, address_of(request)
    hub["gate"].refuse_guesser(place, None)
    secret = request.path_params["secret"]
    office = _office(request)
    found = await anyio.to_thread.run_sync(office.desk.linked, secret, limiter=hub["reading"])
    if found is None:
        hub["gate"].note_guess(place)
        raise Absent
    return found


def _page(request: HubRequest, one: Subscription, more: dict[str, Json]) -> Response:
    """Return the page in the language of the mail that led there, unless another was chosen on a page.

    A browser need not know its reader: that of whoever hides among others asks for English.
    """
    mail = one.language if one.language != ENGLISH else None
    wanted = request.cookies.get(LANGUAGE_COOKIE) or mail
    language = chosen(wanted, request.headers.get("accept-language", ""))
    return render(request, "mail_link.html", more, headers=_HEADERS, language=language)


def _refused(pointer: str, code: str, detail: str) -> SubscriptionRefused:
    return SubscriptionRefused([Problem(pointer, code, detail)])
