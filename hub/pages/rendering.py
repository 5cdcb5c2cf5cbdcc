"""Writes a page from a template, for whoever asks."""

from starlette.responses import Response

from events.event import Json
from hub.access import Caller, credential_of
from hub.address import HubRequest
from hub.refusals import PartnerSuspended


def render(request: HubRequest, template: str, more: dict[str, Json], status: int = 200) -> Response:
    """Return a page; `more` is what its template needs beside who asks and the titles of types."""
    registry = request.state["registry"]
    context = {
        "account": caller_of(request).account,
        "titles": {registry.contract(stem).type: registry.contract(stem).title for stem in registry.stems},
        **more,
    }
    text = request.state["templates"].get_template(template).render(context)
    return Response(text, status, media_type="text/html")


def caller_of(request: HubRequest) -> Caller:
    """Say who asks; a page must render for a partner that was suspended, so that he can sign out."""
    try:
        return request.state["callers"].of(credential_of(request))
    except PartnerSuspended:
        return Caller()
