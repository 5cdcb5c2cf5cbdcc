"""Writes a page from a template, in the language of whoever asks."""

from collections.abc import Mapping

from starlette.responses import Response

from events.event import Json
from hub.access import Caller, credential_of
from hub.address import HubRequest
from hub.pages.environment import environment
from hub.refusals import PartnerSuspended
from hub.texts.languages import Language, chosen

LANGUAGE_COOKIE = "hub_language"


def render(
    request: HubRequest,
    template: str,
    more: dict[str, Json],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a page; `more` is what its template needs beside who asks and where."""
    language = language_of(request)
    caller = caller_of(request)
    context = {
        "account": caller.account,
        "is_steward": caller.is_steward,
        "place": _place(request),
        **more,
    }
    text = environment(language.code, request.state["registry"]).get_template(template).render(context)
    spoken = {"Content-Language": language.code, "Vary": "Accept, Accept-Language, Cookie"}
    return Response(text, status, {**spoken, **(headers or {})}, media_type="text/html")


def _place(request: HubRequest) -> str:
    """Return where a reader comes back to; a secret in an address is not said again."""
    if "secret" in request.path_params:
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def language_of(request: HubRequest) -> Language:
    """Return the language of whoever asks: chosen on a page before, else what the browser accepts."""
    return chosen(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))


def caller_of(request: HubRequest) -> Caller:
    """Say who asks; a page must render for a partner that was suspended, so that he can sign out."""
    try:
        return request.state["callers"].of(credential_of(request))
    except PartnerSuspended:
        return Caller()
