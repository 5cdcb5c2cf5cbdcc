"""The language of the pages: chosen once on a page, and what scripts say in it."""

from urllib.parse import parse_qs

import orjson
from starlette.responses import RedirectResponse, Response

from hub.address import Asked, HubRequest
from hub.api.answers import JSON
from hub.api.bodies import read_body
from hub.pages import cookies
from hub.pages.rendering import LANGUAGE_COOKIE
from hub.refusals import Absent
from hub.texts.languages import LANGUAGES, script_texts

MAX_FORM_BYTES = 4096


async def choose_language(request: HubRequest, _: Asked) -> Response:
    """Keep the language that somebody chose, and go back to where he was."""
    form = parse_qs((await read_body(request, MAX_FORM_BYTES)).decode("ascii", "replace"))
    chosen, to = (form.get(name, [""])[0] for name in ("language", "to"))
    answer = RedirectResponse(to if _is_ours(to) else "/", 303)
    if chosen in LANGUAGES:
        cookies.keep(request, answer, LANGUAGE_COOKIE, chosen)
    return answer


def _is_ours(place: str) -> bool:
    """Tell whether a place is on this hub: what begins with two slashes of either kind leads away."""
    return place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()


async def show_texts(request: HubRequest, _: Asked) -> Response:
    """Answer what scripts say in a language."""
    language = request.path_params["language"]
    if language not in LANGUAGES:
        raise Absent
    return Response(
        orjson.dumps(dict(script_texts(language))), 200, {"Cache-Control": "public, max-age=300"}, JSON
    )
