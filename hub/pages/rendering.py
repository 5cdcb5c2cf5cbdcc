"""Writes a page from a template, in the language of whoever asks."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

from jinja2 import Template
from markupsafe import Markup
from starlette.responses import Response, StreamingResponse

from events.event import Json
from hub.access import Caller, credential_of
from hub.address import HubRequest
from hub.pages.contexts import CONTEXTS, PageContext, let_go
from hub.pages.environment import environment
from hub.pages.watching import place_of
from hub.refusals import PartnerSuspended
from hub.texts.languages import Language, chosen

LANGUAGE_COOKIE = "hub_language"

_PAUSE = Markup("\0")
"""What a template says where its first half ends; no text of a page holds it."""


def render(
    request: HubRequest,
    template: str,
    more: dict[str, Json],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    language: Language | None = None,
) -> Response:
    """Return a page; `more` is what its template needs beside who asks and where.

    `language` is that of the page where something is known that says more than the browser does.
    """
    spoken = language or language_of(request)
    text = "".join(_pieces(request, template, more, spoken))
    return Response(text, status, {**_spoken(spoken), **(headers or {})}, media_type="text/html")


def render_as_found(
    request: HubRequest,
    template: str,
    more: dict[str, Json],
    find: Callable[[], Awaitable[Mapping[str, Json]]],
) -> Response:
    """Return a page whose first half, up to `{{ pause }}`, leaves before what the rest tells is found.

    The rest reads it from `found`. Nothing before the pause may depend on it; what is to be refused is refused before.
    """
    found: dict[str, Json] = {}
    language = language_of(request)
    pieces = _pieces(request, template, {**more, "found": found, "pause": _PAUSE}, language)

    async def halves() -> AsyncIterator[str]:
        yield "".join(iter(pieces.__next__, _PAUSE))
        found.update(await find())
        yield "".join(pieces)

    return StreamingResponse(halves(), headers=_spoken(language), media_type="text/html")


def _pieces(request: HubRequest, template: str, more: dict[str, Json], language: Language) -> Iterator[str]:
    caller = caller_of(request)
    context = {
        "account": caller.account,
        "is_steward": caller.is_steward,
        "place": _place(request),
        "watch": place_of(request),
        **more,
    }
    return _written(environment(language.code, request.state["registry"]).get_template(template), context)


def _written(template: Template, context: Mapping[str, Json]) -> Iterator[str]:
    made: list[PageContext] = []
    try:
        yield from template.generate({**context, CONTEXTS: made})
    finally:
        let_go(made)


def _spoken(language: Language) -> dict[str, str]:
    return {"Content-Language": language.code, "Vary": "Accept, Accept-Language, Cookie"}


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
