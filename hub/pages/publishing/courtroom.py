"""`/courtroom`: notes at a hearing on a device without network; the page is the same for everybody, so it may be kept.

It names no account and shows nothing that anybody published: hearings, notes and what waits to be sent come from the
device, where the script keeps them encrypted (docs/decisions/0031).
"""

from dataclasses import replace

from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api.answers import json_answer
from hub.pages.environment import environment
from hub.pages.publishing.fields import LIST, MAP, TEXTS, Field, form_of
from hub.pages.publishing.offers import Offers, options
from hub.pages.publishing.pages import speech_for
from hub.pages.publishing.shown import Shown, Writer
from hub.pages.publishing.typed import NOTHING
from hub.pages.refusals import all_words
from hub.pages.rendering import language_of
from hub.refusals import Absent
from hub.texts import N_
from schemas.registry import Registry

_FACTS = (
    "observation", "accused_present", "counsel_present", "interpreter", "public_excluded", "panel_changed",
    "detention_decision", "next_hearing",
)  # fmt: skip
"""What an observer is asked about the session, besides notes and rights."""

_ADJOURNED = ("reason", "requested_by", "detention_continues")

_PUT_OFF = N_("It did not take place: it was put off without a date")
_CANCELLED = N_("It did not take place: it was cancelled")

_ICONS = (("icon-192.png", "192x192"), ("icon-512.png", "512x512"))


async def show_courtroom(request: HubRequest, _: Asked) -> Response:
    """Answer the page on which an observer writes; whoever asks, it is the same in one language."""
    language, speech = language_of(request), speech_for(request)
    registry = request.state["registry"]
    writer = Writer(speech, Offers())
    reported, adjourned = (_fields(registry, one) for one in ("hearing.reported", "hearing.adjourned"))
    context = {
        "facts": [_shown(writer, reported[name]) for name in _FACTS if name in reported],
        "adjourned": [_shown(writer, adjourned[name]) for name in _ADJOURNED if name in adjourned],
        "statuses": [*options(reported["status"], speech), *_not_held(registry, speech.texts.gettext)],
        "rights": _of(registry, "fair_trial_right", speech),
        "ratings": _of(registry, "right_rating", speech),
        "place": "/courtroom",
        "refusals": all_words(speech.texts),
    }
    text = environment(language.code, registry).get_template("courtroom.html").render(context)
    headers = {"Content-Language": language.code, "Vary": "Accept, Accept-Language, Cookie"}
    return Response(text, 200, headers, media_type="text/html")


def _fields(registry: Registry, event_type: str) -> dict[str, Field]:
    contract = registry.contract(f"{event_type}.v{registry.newest(event_type)}")
    return {one.name: one for one in form_of(contract, registry).children}


def _shown(writer: Writer, one: Field) -> Shown:
    """Return a field without lists inside: their rows are made by the hub, which may be out of reach."""
    plain = tuple(each for each in one.children if each.form not in {LIST, TEXTS, MAP})
    return writer.shown(replace(one, children=plain), f"data/{one.name}", NOTHING)


def _not_held(registry: Registry, say: Json) -> list[tuple[str, str]]:
    codes = registry.vocabularies["hearing_status"].codes
    said = (("postponed_no_date", _PUT_OFF), ("cancelled", _CANCELLED))
    return [(code, say(text)) for code, text in said if code in codes]


def _of(registry: Registry, vocabulary: str, speech: Json) -> list[tuple[str, str]]:
    return [(code, speech.label(vocabulary, code)) for code in registry.vocabularies[vocabulary].codes]


async def show_manifest(request: HubRequest, _: Asked) -> Response:
    """Answer what a device needs to install the courtroom mode."""
    language, say = language_of(request), speech_for(request).texts.gettext
    icons: list[Json] = [{"src": "/static/mark.svg", "sizes": "any", "type": "image/svg+xml"}]
    icons += [
        {"src": f"/static/{name}", "sizes": size, "type": "image/png", "purpose": "any maskable"}
        for name, size in _ICONS
    ]
    said = {
        "id": "/courtroom",
        "name": say(N_("Solidarity Hub: courtroom")),
        "short_name": say(N_("Courtroom")),
        "description": say(
            N_("Notes at a hearing, also without network. They are sent when the network is back.")
        ),
        "lang": language.code,
        "dir": language.direction,
        "start_url": "/courtroom",
        "scope": "/",
        "display": "standalone",
        "background_color": "#fbfaf7",
        "theme_color": "#17605d",
        "icons": icons,
    }
    answer = json_answer(said, headers={"Vary": "Accept-Language, Cookie", "Cache-Control": "no-cache"})
    answer.headers["content-type"] = "application/manifest+json"
    return answer


async def show_worker(request: HubRequest, _: Asked) -> Response:
    """Answer the script that lets the courtroom page open without network."""
    found = request.state["statics"].get("sw.js")
    if found is None:
        raise Absent
    return Response(found[0], 200, {"Cache-Control": "no-cache"}, media_type="text/javascript")
