"""A form that was sent by somebody else than who opened it: published by nobody, and kept on the page that says so."""

from starlette.responses import Response

from hub.access import Caller
from hub.address import HubRequest
from hub.pages.publishing.typed import Typed
from hub.pages.rendering import render

OWNER = "owner"
"""The hidden field that says for which account, by its id, a form was opened."""


def is_of(typed: Typed, caller: Caller) -> bool:
    """Tell whether a form is sent by whom it was opened for; one that does not say that is of whoever is signed in."""
    account = caller.account
    return account is not None and all(one == account.id for one in typed.get(OWNER, ()))


def kept(request: HubRequest, typed: Typed) -> Response:
    """Answer what was typed, to go on with when the right account is signed in; it is checked then, not published."""
    fields = [(name, one) for name, said in typed.items() if name not in {OWNER, "act"} for one in said]
    context = {"here": "publish", "action": request.url.path, "fields": fields}
    return render(request, "publish_kept.html", context, 403)
