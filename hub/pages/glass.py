"""Break-glass by form: asked for, agreed to and read by stewards, by the very functions of the interface."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from starlette.responses import RedirectResponse, Response

from events.event import SOURCE_PREFIX
from events.glass import GlassRefused
from events.submission import EventRefused
from hub.address import Asked, HubRequest
from hub.api import glass
from hub.api.answers import steward_of
from hub.pages import acts
from hub.pages.rendering import render
from hub.pages.steward import WORDS, show_desk
from schemas.problem import Problem

FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "/source": ("partner", "no_such_partner"),
        "/id": ("event", "glass_unknown_event"),
        "/reason/code": ("code", "unknown_code"),
        "/reason/text": ("text", "glass_no_reason"),
    }
)
"""Place in what the interface is asked → field of the form, and what is said at it."""


async def ask(request: HubRequest, _: Asked) -> Response:
    """Ask to read an event; whether there is such an event is not said."""
    steward_of(request)
    typed = await acts.read_form(request, "glass")
    values = typed.values
    said = {
        "source": f"{SOURCE_PREFIX}{values.get('partner', '')}",
        "id": values.get("event", ""),
        "reason": {"code": values.get("code", ""), "text": values.get("text", "")},
    }
    try:
        await glass.asked(request, said)
    except EventRefused as refused:
        problems = _at_fields(refused.problems)
        return await show_desk(request, acts.refused(typed, acts.ActRefused(problems)), 422)
    return RedirectResponse("/steward#glass", 303)


def _at_fields(problems: Sequence[Problem]) -> list[Problem]:
    named = (FIELDS[one.pointer] for one in problems)
    return [Problem(f"/data/{name}", code, WORDS[code]) for name, code in named]


async def agree(request: HubRequest, _: Asked) -> Response:
    """Agree, as a second steward, that the two read."""
    steward_of(request)
    try:
        await glass.approved(request)
    except GlassRefused as refused:
        return await _refused(request, refused)
    return RedirectResponse("/steward#glass", 303)


async def read(request: HubRequest, _: Asked) -> Response:
    """Show the event to one of the two, after the reading was recorded."""
    steward_of(request)
    try:
        noted, shown = await glass.read(request)
    except GlassRefused as refused:
        return await _refused(request, refused)
    more = {"here": "steward", "names": {}, "noted": noted, "found": shown}
    return render(request, "glass.html", more, headers={"Cache-Control": "no-store"})


async def _refused(request: HubRequest, refused: GlassRefused) -> Response:
    problems = [Problem("", f"glass_{one.code}", one.detail) for one in refused.problems]
    return await show_desk(request, acts.refused(acts.Typed("agree"), acts.ActRefused(problems)), 422)
