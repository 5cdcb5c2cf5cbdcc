"""Acts by form: an event goes through the same door as by the API; what is refused is told in words at its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from types import MappingProxyType
from urllib.parse import parse_qs, quote

import anyio.to_thread
from starlette.responses import RedirectResponse, Response

from events.event import SOURCE_PREFIX, Json, slug_of
from events.submission import (
    EventRefused,
    NotAdmitted,
    NotYourType,
    Outcome,
    Publisher,
    SignatureRequired,
    WrongSource,
)
from hub.access import Caller
from hub.address import HubRequest
from hub.api.answers import caller_of
from hub.api.bodies import read_body
from hub.texts import N_
from schemas.problem import Problem

MAX_FORM_BYTES = 64 * 1024
ONCE = "once"
"""Field of a form that makes a double press one event."""

_TOLD = frozenset({"amber", "amber+strict", "red"})
"""Labels of a call that its answers must not lower."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "already_decided": N_("This is over: nothing more can be said about it."),
        "already_joined": N_("Your organisation has joined in this role already."),
        "already_reserved": N_(
            "This help is reserved already. Tell the others who help, then tick that you have told them."
        ),
        "already_used": N_("This match was proposed already."),
        "above_the_most": N_("That is more than this offer gives."),
        "no_capacity_left": N_("Nothing is left of this offer."),
        "no_seat_left": N_("There is no room for so many observers."),
        "not_joined": N_("Your organisation has not joined in this role."),
        "not_open": N_("This is not open any more."),
        "not_yours": N_("Your organisation may not say this."),
        "paused": N_(
            "Help from this offer is paused: somebody came to harm, and the stewards look at it first."
        ),
        "required": N_("Fill this in."),
        "signature_required": N_(
            "Your organisation signs its events with a key. Send this by the program that holds the key."
        ),
        "same_reference": N_("Choose another organisation than your own."),
        "sent_before": N_(
            "This form was sent before, with other content. Look at how it stands now, then send again."
        ),
        "text_changed": N_(
            "The text was changed while you were reading. Nothing was signed. Read the new text below, then sign again."
        ),
        "not_a_moment": N_("This is not a date and time."),
        "unknown_partner": N_("Choose an organisation."),
        "not_your_type": N_("Your organisation does not have the role for this."),
    }
)
"""Code of a problem → what a person reads; of others the problem's own words."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it was sent back: what was typed, and what is wrong with it.

    Args:
        act: which form of the page.
        values: by field; the last of several.
        many: every value by field.
        problems: by field of the payload, `""` for the whole.
    """

    act: str
    values: Mapping[str, str] = field(default_factory=dict)
    many: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: Mapping[str, Problem] = field(default_factory=dict)


class ActRefused(Exception):
    """The hub did not take an act; `problems` says why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("refused")
        self.problems = tuple(problems)


async def read_form(request: HubRequest, act: str) -> Typed:
    """Return what somebody typed into a form."""
    body = (await read_body(request, MAX_FORM_BYTES)).decode("utf-8", "replace")
    many = parse_qs(body, keep_blank_values=False)
    # Browsers end lines as mail does.
    clean = {
        name: [one.replace("\r\n", "\n").strip() for one in values if one.strip()]
        for name, values in many.items()
    }
    return Typed(act, {name: values[-1] for name, values in clean.items() if values}, clean)


async def publish(request: HubRequest, typed: Typed, event: Mapping[str, Json]) -> str:
    """Record an event for whoever sent a form; return its cursor.

    Raises:
        ActRefused: the hub does not take it.
        NotSignedIn, MayNotPublish: who calls does not publish.
    """
    hub, publisher = request.state, caller_of(request).publisher
    envelope = {
        "specversion": "1.0",
        "id": f"form-{typed.values.get(ONCE, 'x')[:64]}",
        "source": f"{SOURCE_PREFIX}{publisher.slug}",
        **event,
    }
    outcome = await anyio.to_thread.run_sync(_record, request, publisher, envelope, limiter=hub["writing"])
    hub["metrics"].recorded(int(outcome.status == "stored"))
    if outcome.status == "conflict":
        raise ActRefused([Problem("", "sent_before", WORDS["sent_before"])])
    if outcome.status == "refused" or outcome.position is None:
        raise ActRefused(outcome.problems)
    return hub["cursors"].encode(outcome.position)


def _record(request: HubRequest, publisher: Publisher, envelope: Mapping[str, Json]) -> Outcome:
    intake = request.state["intake"]
    try:
        return intake.record([intake.check(publisher, dict(envelope))])[0]
    except EventRefused as refused:
        raise ActRefused(refused.problems) from refused
    except (NotYourType, WrongSource, NotAdmitted) as refused:
        raise ActRefused([Problem("", "not_your_type", str(refused))]) from refused
    except SignatureRequired as refused:
        raise ActRefused([Problem("", "signature_required", str(refused))]) from refused


def done(address: str, ref: str, cursor: str) -> Response:
    """Lead back to a page that shows what was done."""
    return RedirectResponse(f"{address}/{quote(ref, safe=':')}?at_least={cursor}", 303)


def refusal(code: str) -> ActRefused:
    """Return a refusal of a whole form in our own words."""
    return ActRefused([Problem("", code, WORDS[code])])


def was_sent(error: ActRefused) -> bool:
    """Tell whether the same form was sent before."""
    return any(one.code == "sent_before" for one in error.problems)


def refused(typed: Typed, error: ActRefused) -> Typed:
    """Return a form with what is wrong at each field; what belongs to none stands at the whole."""
    problems: dict[str, Problem] = {}
    for one in error.problems:
        parts = one.pointer.split("/")
        name = parts[2] if len(parts) > 2 and parts[1] == "data" else ""
        problems.setdefault(name, one)
    return Typed(typed.act, typed.values, typed.many, problems)


def once(caller: Caller, act: str, ref: str, seen: str) -> str:
    """Return what makes a form one event however often it is pressed.

    It goes by who acts and by the last that this reader was told of the matter: after an act the next form is another.
    """
    account = caller.account
    who = "" if account is None else f"{account.partner}/{account.name}"
    return blake2b(f"{who} {act} {ref} {seen}".encode(), digest_size=12).hexdigest()


def label_of_answer(call: Mapping[str, Json] | None, slug: str) -> dict[str, Json]:
    """Return the label under which one answers a call: never lower than the call's own; empty: the type's.

    Args:
        call: the event that is answered, as this reader sees it.
        slug: of the partner that answers.
    """
    if call is None or call.get("tlp") not in _TOLD:
        return {}
    audience = str(call.get("audience", ""))
    named = {one.strip() for one in audience.split(",") if one.strip()}
    if any("/" in one for one in named):
        return {"tlp": call["tlp"], "audience": audience}
    caller = slug_of(str(call["source"]))
    others = sorted({*named, caller} - {slug})
    # To amber without an audience belongs whoever is cleared for it.
    is_open = call["tlp"] == "amber" and not named
    return {"tlp": call["tlp"], **({} if is_open or not others else {"audience": ",".join(others)})}
