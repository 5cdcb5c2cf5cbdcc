"""`/publish`: what may be said, the form for each type, and what was published by it."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote, urlencode

import anyio.to_thread
from starlette.responses import RedirectResponse, Response

from events.event import Json
from events.submission import Publisher
from hub.access import Caller
from hub.address import Asked, HubRequest
from hub.api.answers import ask, caller_of, json_answer, present
from hub.pages.publishing import fields as f
from hub.pages.publishing.audience import preview
from hub.pages.publishing.catalogue import contracts_of, grouped
from hub.pages.publishing.days import Almanac, in_words
from hub.pages.publishing.desk import Desk, Sheeted, Written
from hub.pages.publishing.fields import Field, form_of
from hub.pages.publishing.keeping import is_of, kept
from hub.pages.publishing.offers import kinds_in, offered
from hub.pages.publishing.problems import label_problems
from hub.pages.publishing.sheet import (
    Sheet,
    Verdict,
    judge,
    name_of,
    payload_of,
    read_envelope,
    read_form,
    without_row,
)
from hub.pages.publishing.typed import Payload
from hub.pages.rendering import language_of, render
from hub.refusals import Absent
from hub.texts.speech import Speech, speech_of
from schemas.contract import Contract

_FOLLOWING: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "threat": ("threat.updated", "need.expressed", "action.proposed", "accountability.recorded"),
    "trial": ("hearing.scheduled", "trial.concluded"),
    "hearing": ("hearing.reported", "hearing.adjourned"),
    "need": ("support.matched",),
    "support": ("support.delivered", "impact.assessed"),
    "action": ("action.completed", "impact.assessed"),
    "statement": ("response.received", "impact.assessed"),
    "commitment": ("commitment.progressed",),
    "lawyer": ("threat.reported", "need.expressed", "consent.recorded"),
})  # fmt: skip
"""What is often said next about a thing."""


def speech_for(request: HubRequest) -> Speech:
    """Return how the page speaks."""
    return speech_of(language_of(request).code, request.state["registry"])


async def show_types(request: HubRequest, asked: Asked) -> Response:
    """Answer what the caller may publish."""
    caller, registry = caller_of(request), request.state["registry"]
    contracts = contracts_of(caller, registry)
    words = asked["q"] or ""
    more = {
        "here": "publish",
        "q": words,
        "may_publish": bool(contracts),
        "groups": grouped(contracts, words, speech_for(request)),
    }
    return render(request, "publish.html", more)


async def show_form(request: HubRequest, asked: Asked) -> Response:
    """Answer the form for a type, with what the address already says."""
    contract = _contract(request)
    desk = await desk_of(request, contract)
    if desk is None:
        return refused(request, contract)
    return plain(request, desk.page(Written(_begun(desk, asked), {})))


async def take_form(request: HubRequest, _: Asked) -> Response:
    """Check a form, show who will read it, and publish it when that was seen."""
    contract = _contract(request)
    typed = await read_form(request)
    if not is_of(typed, caller_of(request)):
        return kept(request, typed)
    desk = await desk_of(request, contract)
    if desk is None:
        return refused(request, contract, 403)
    act = next(iter(typed.pop("act", ())), "check")
    if act.startswith("remove "):
        typed = without_row(typed, act.removeprefix("remove "))
    payload = Payload(typed, desk.almanac.read)
    name = name_of(typed, desk.publisher, request.state["clock"]())
    sheet = Sheet(payload_of(payload, desk.form), read_envelope(typed, desk.almanac.read), name)
    written = Written(sheet.data, sheet.envelope, sheet.id)
    sheeted = desk.page(written, act)
    if act.startswith(("add ", "remove ")):
        return plain(request, sheeted)
    loose = label_problems(sheet.envelope.get("tlp", contract.tlp), desk.loosest(sheet.data))
    is_dry = act != "send" or bool(loose)
    raw = sheet.raw(contract, desk.publisher)
    verdict = await judged(request, desk.publisher, raw, is_dry=is_dry)
    problems = [*loose, *verdict.problems]
    if not problems and not is_dry:
        return gone(request, verdict)
    return shown(request, sheeted, verdict, problems)


def plain(request: HubRequest, sheeted: Sheeted, **more: Json) -> Response:
    """Answer a form that nobody has checked yet."""
    return render(request, "publish_form.html", {**sheeted.context(), **more})


async def judged(request: HubRequest, publisher: Publisher, raw: dict[str, Json], *, is_dry: bool) -> Verdict:
    """Put a submission before the archive, off the event loop."""

    def put() -> Verdict:
        return judge(request.state, publisher, raw, is_dry=is_dry)

    return await anyio.to_thread.run_sync(put, limiter=request.state["writing"])


def shown(
    request: HubRequest, sheeted: Sheeted, verdict: Verdict, problems: list[Json], **more: Json
) -> Response:
    """Answer a form with what is wrong at its fields, or with who will read it."""
    sheeted.refuse(problems)
    sheeted.outcome = verdict.outcome
    if verdict.checked is not None:
        contract = request.state["registry"].contract(verdict.checked.stem)
        sheeted.preview = preview(verdict.checked, contract, sheeted.desk.caller.reader, sheeted.desk.speech)
    context = {**sheeted.context(), "is_ready": not problems, **more}
    return render(request, "publish_form.html", context, 422 if problems else 200)


def gone(request: HubRequest, verdict: Verdict) -> Response:
    """Go on to what was published."""
    outcome = verdict.outcome
    if outcome is None:
        raise Absent
    request.state["metrics"].recorded(int(outcome.status == "stored"))
    cursor = (
        {} if outcome.position is None else {"at_least": request.state["cursors"].encode(outcome.position)}
    )
    return RedirectResponse(f"/published/{quote(outcome.id, safe='')}?{urlencode(cursor)}", 303)


async def show_published(request: HubRequest, _: Asked) -> Response:
    """Answer what became of an event of the caller's own, and what to do next."""
    caller, name = caller_of(request), request.path_params["id"]
    found = await own_event(request, caller, name)
    event = found["event"]
    contracts = contracts_of(caller, request.state["registry"])
    kind = str(event.get("subject", "")).partition(":")[0]
    speech = speech_for(request)
    following = [
        (one, speech.texts.gettext(contracts[one].title))
        for one in _FOLLOWING.get(kind, ())
        if one in contracts
    ]
    address = f"/api/v1/events/{event['source']}/{quote(event['id'], safe='')}"
    return render(
        request, "published.html", {**found, "here": "publish", "address": address, "following": following}
    )


async def own_event(request: HubRequest, caller: Caller, name: str) -> dict[str, Json]:
    """Return an event that the caller's partner has published.

    Raises:
        Absent: there is none of that name, or the caller may not see it.
    """
    if caller.account is None:
        raise Absent
    source = f"urn:hub:partner:{caller.account.partner}"
    return dict(present(await ask(request, lambda sight: sight.event(source, name))))


async def show_day(request: HubRequest, asked: Asked) -> Response:
    """Answer what is stored for a date in words, and what that means."""
    speech = speech_for(request)
    edtf = Almanac(speech.language.code, request.state["clock"]().date()).read(asked["said"])
    words = in_words(edtf, speech)
    return json_answer(
        {"edtf": edtf if words else None, "words": words}, headers={"Vary": "Accept-Language, Cookie"}
    )


def _contract(request: HubRequest) -> Contract:
    registry = request.state["registry"]
    event_type = request.path_params["type"]
    version = registry.newest(event_type)
    if version is None:
        raise Absent
    return registry.contract(f"{event_type}.v{version}")


async def desk_of(request: HubRequest, contract: Contract) -> Desk | None:
    """Return what is needed for a form; None for whoever may not publish the type."""
    caller, registry = caller_of(request), request.state["registry"]
    if contract.type not in contracts_of(caller, registry):
        return None
    publisher, now, speech = caller.publisher, request.state["clock"](), speech_for(request)
    form = form_of(contract, registry)
    offers = await ask(request, lambda sight: offered(sight, kinds_in(form), publisher.slug, now, speech))
    almanac = Almanac(speech.language.code, now.date())
    return Desk(caller, publisher, contract, form, speech, almanac, offers, now)


def refused(request: HubRequest, contract: Contract, status: int = 200) -> Response:
    """Answer that the caller may not publish a type."""
    speech = speech_for(request)
    title, description = contract.title, str(contract.schema["description"])
    said = {"title": speech.texts.gettext(title), "description": speech.texts.gettext(description)}
    return render(request, "publish_form.html", {"here": "publish", "refused": True, **said}, status)


def _begun(desk: Desk, asked: Asked) -> dict[str, Json]:
    """Return what a new form already says: its own new reference, or what its address names."""
    about, event = asked["about"], asked["event"]
    data: dict[str, Json] = {}
    for one in desk.form.children:
        if one.name == "about_event" and event:
            data[one.name] = event
        elif about and _takes(one, about) and about not in _said(data):
            data[one.name] = [about] if one.form == f.LIST else about
        elif one.is_own:
            data[one.name] = desk.offers.new.get(one.kinds[0], "")
    return data


def _takes(one: Field, reference: str) -> bool:
    """Tell whether a needed field takes a reference; not one that names something new."""
    place = one.item if one.form == f.LIST and one.item else one
    return one.required and not one.is_own and reference.partition(":")[0] in place.kinds


def _said(data: Mapping[str, Json]) -> list[Json]:
    return [one for value in data.values() for one in (value if isinstance(value, list) else [value])]
