"""Joint actions: the sign-on tracker, the letter itself, and its verification."""

from typing import Any

import anyio.to_thread
from starlette.responses import Response

from events.audience import PUBLIC
from hub.address import Asked, HubRequest
from hub.api.answers import JSON, ask, json_answer, present
from hub.letters.content import content
from hub.letters.pdf import MEDIA, pdf
from hub.pages.rendering import render
from hub.personal.reading import outside
from projections.boards.actions.letter import as_statement, letter_of
from projections.boards.actions.tracker import tracker
from projections.boards.actions.verifying import verification
from projections.sight import Sight

Json = Any
HTML = "text/html"


async def show_tracker(request: HubRequest, asked: Asked) -> Response:
    """Answer the open actions, the one to be joined soonest first, each with what it still lacks."""
    now, limit, offset = request.state["clock"](), asked["limit"], asked["offset"]
    return json_answer(await ask(request, lambda sight: tracker(sight.papers(now), limit, offset)))


async def show_letter(request: HubRequest, asked: Asked) -> Response:
    """Answer the letter of an action as a page, as a PDF, or as data."""
    ref, language, now = request.path_params["ref"], asked["language"], request.state["clock"]()
    base = outside(request)

    def look(sight: Sight) -> Json:
        papers = sight.papers(now)
        letter = letter_of(papers, ref, language)
        return None if letter is None else (content(letter, base), as_statement(papers, ref))

    shown, statement = present(await ask(request, look))
    form = _wanted(request) if asked["format"] == "accept" else asked["format"]
    headers = {"Content-Language": shown["language"], "Vary": "Accept"}
    if form == "json":
        return json_answer({**shown, "as_statement": statement}, headers=headers)
    if form == "pdf":
        printed = await anyio.to_thread.run_sync(pdf, shown, limiter=request.state["reading"])
        return Response(printed, 200, headers, MEDIA)
    return render(request, "letter.html", {"letter": shown}, headers=headers)


async def show_verification(request: HubRequest, _: Asked) -> Response:
    """Answer what everybody may know of a text with a fingerprint, whoever asks."""
    fingerprint, now = request.path_params["hash"], request.state["clock"]()
    room = request.state["room"]

    def look() -> Json:
        return verification(room.purge(PUBLIC).papers(now), fingerprint)

    found = present(await anyio.to_thread.run_sync(look, limiter=request.state["reading"]))
    headers = {"Vary": "Accept"}
    if _wanted(request, JSON) == "json":
        return json_answer(found, headers=headers)
    return render(request, "verify.html", {"found": found}, headers=headers)


def _wanted(request: HubRequest, otherwise: str = HTML) -> str:
    """Return the form that `Accept` asks for: the first one that we have."""
    forms = {HTML: "html", MEDIA: "pdf", JSON: "json"}
    said = request.headers.get("accept", "")
    named = (part.partition(";")[0].strip().lower() for part in said.split(","))
    return next((forms[one] for one in named if one in forms), forms[otherwise])
