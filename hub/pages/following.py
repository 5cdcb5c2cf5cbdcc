"""What an account follows, by mail too, and its calendar and feed addresses: seen, made and ended without scripts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import unquote, urlencode, urlsplit

import anyio.to_thread
from starlette.responses import RedirectResponse, Response

from events.event import Json
from hub.accounts import Account
from hub.address import Asked, Endpoint, HubRequest
from hub.api import subscriptions
from hub.api.answers import ask, caller_of
from hub.api.wishes import filters
from hub.pages import acts
from hub.pages.live import FAMILIES
from hub.pages.names import names_in
from hub.pages.rendering import language_of, render
from hub.personal import endpoints as personal
from hub.personal.keys import PURPOSES
from hub.refusals import AddressRefused, NotSignedIn, SubscriptionRefused
from hub.subscriptions.desk import SubscriptionDesk, Wish
from hub.subscriptions.subscription import ENGLISH
from hub.texts import N_
from schemas.problem import Problem

FILTERS = tuple(one.name for one in filters())
RATES: Mapping[str, str] = MappingProxyType(
    {"each": N_("at once"), "daily": N_("once a day"), "weekly": N_("once a week")}
)
"""How often somebody is told → what a person reads."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "failing": N_("Nothing arrives there any more."),
        "revoked": N_("The token that made it was revoked."),
        "expired": N_("The token that made it has run out."),
        "suspended": N_("Your organisation was suspended."),
        "gone": N_("The program said that it is gone."),
        "stale": N_("Nobody said that it is still wanted."),
    }
)
"""Why a subscription is paused or ended → what a person reads."""

DONE: Mapping[str, str] = MappingProxyType(
    {
        "mail": N_(
            "The hub asks the mailbox first: open the mail that comes, follow its link and say yes. Nothing else is"
            " sent before. Without an answer it ends after a week."
        ),
        "again": N_("You follow this by mail already."),
        "end": N_("You follow this no more."),
        "confirm": N_("The hub has noted that you still want it."),
        "resume": N_("It goes on where it stood."),
        "revoke": N_("This address works no more."),
    }
)
"""What was done by a form → what a person reads afterwards."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "required": N_("Fill this in."),
        "no_mailbox": N_("This is no address of a mailbox. It looks like name@host.example."),
        "not_confirmed": N_("The mailbox has not said yes. Open the link in the mail that it got first."),
        "ended": N_("This has ended. Make a new one."),
        "not_allowed": N_("This is not possible here."),
        "too_many": N_("You have as many as an account may have. End some that you do not need."),
    }
)
"""Code of a problem → what a person reads."""

_NOT_KEPT = {"Cache-Control": "no-store"}
_KEPT_BACK = frozenset({"url", "cursor", "signature", "public_key", "tries"})
"""Of a webhook: its address may hold a secret; the rest is for programs."""

_SEVERAL = re.compile(r"[\s,;]+")


async def show_following(request: HubRequest, asked: Asked) -> Response:
    """Answer what the account follows; to the public, that it is for accounts."""
    account = caller_of(request).account
    if account is None:
        return render(request, "following.html", {"here": "following"})
    return await _shown(request, account, {"asked": asked, "done": DONE.get(asked["done"])})


async def follow_by_mail(request: HubRequest, _: Asked) -> Response:
    """Follow by mail; whoever presses twice has one subscription."""
    account = _signed_in(request)
    typed = await acts.read_form(request, "mail")
    try:
        wish = await subscriptions.wished(request, account, _wish(typed, language_of(request).code))
        if await _has(request, account, wish):
            return _back("again")
        await subscriptions.begin(request, account, wish)
    except SubscriptionRefused as refused:
        return await _refused(request, account, typed, refused.problems)
    return _back("mail")


async def try_out(request: HubRequest, _: Asked) -> Response:
    """Send a test, and say what came of it."""
    account = _signed_in(request)
    try:
        said = await subscriptions.tried(request, account)
    except SubscriptionRefused as refused:
        return await _refused(request, account, acts.Typed("own"), refused.problems)
    return await _shown(request, account, {"tried": said})


def acting(name: str, act: subscriptions.Act) -> Endpoint:
    """Return what does something with a subscription, and says so."""

    async def do(request: HubRequest, _: Asked) -> Response:
        account = _signed_in(request)
        try:
            await subscriptions.acted(request, account, act)
        except SubscriptionRefused as refused:
            return await _refused(request, account, acts.Typed("own"), refused.problems)
        return _back(name)

    return do


end = acting("end", SubscriptionDesk.remove)
confirm = acting("confirm", SubscriptionDesk.confirm)
resume = acting("resume", SubscriptionDesk.resume)


async def make_address(request: HubRequest, _: Asked) -> Response:
    """Make a personal address, and show it this once, in the language of the page."""
    account = _signed_in(request)
    typed = await acts.read_form(request, "address")
    try:
        made = await personal.make(request, account, dict(typed.values))
    except AddressRefused as refused:
        return await _refused(request, account, typed, refused.problems)
    spoken = language_of(request).code
    more = "" if spoken == ENGLISH else f"&language={spoken}"
    shown = {"for": made["for"], "urls": [f"{url}{more}" for url in made["urls"]]}
    return await _shown(request, account, {"made": shown})


async def revoke_address(request: HubRequest, _: Asked) -> Response:
    """Revoke a personal address: from now on it does not work."""
    await personal.revoke(request, _signed_in(request))
    return _back("revoke")


def _signed_in(request: HubRequest) -> Account:
    account = caller_of(request).account
    if account is None:
        raise NotSignedIn
    return account


def _back(done: str) -> Response:
    return RedirectResponse(f"/following?done={done}#done", 303)


async def _shown(
    request: HubRequest, account: Account, more: Mapping[str, Json], status: int = 200
) -> Response:
    hub, now = request.state, request.state["clock"]()
    own = await anyio.to_thread.run_sync(_own, request, account, limiter=hub["reading"])
    asked = more.get("asked", {})
    partners = [f"partner:{slug}" for one in own for slug in one["follows"].get("partner", ())]
    follows = [one["follows"] for one in own]
    about = list(asked.get("about") or ())
    names = await ask(request, lambda sight: names_in(sight.papers(now), follows, partners, about))
    families = {f"{one.partition('.')[0]}.*" for one in hub["registry"].types}
    said = {
        "here": "following",
        "place": "/following",
        "own": own,
        "names": names,
        "addresses": await personal.listed(request, account),
        "purposes": PURPOSES,
        "typed": acts.Typed(""),
        "words": WORDS,
        "rates": RATES,
        "reasons": REASONS,
        "families": dict(sorted((one, FAMILIES.get(one[:-2], one[:-2])) for one in families)),
        "types": hub["registry"].types,
        "urgencies": hub["registry"].vocabularies["urgency"].codes,
        "about": about,
        "filled": {name: ",".join(asked.get(name) or ()) for name in FILTERS},
        "sends_mail": hub["postman"] is not None,
        "is_kept_in": bool(account.networks),
    }
    return render(request, "following.html", {**said, **more}, status, _NOT_KEPT)


def _own(request: HubRequest, account: Account) -> list[Json]:
    """Return the subscriptions of an account, the newest first, what ended last; of a webhook the host alone."""
    hub = request.state
    office = hub["postman"]

    def shown(one: Json) -> Json:
        is_mail = one["channel"] == "mail" and one["state"] == "active"
        return {
            **{name: value for name, value in one.items() if name not in _KEPT_BACK},
            "host": urlsplit(one.get("url") or "").hostname,
            "waits": is_mail and office is not None and office.desk.waits(one["id"]),
            "live": urlencode(one["follows"], doseq=True),
        }

    found = hub["subscriptions"].listing(account, is_steward=False)["subscriptions"]
    newest = sorted(found, key=lambda one: one["created"], reverse=True)
    return [shown(one) for one in sorted(newest, key=lambda one: one["state"] == "ended")]


def _wish(typed: acts.Typed, language: str) -> Json:
    """Return what somebody typed as the body of `POST /subscriptions`."""
    told = {name: typed.values[name] for name in ("address", "rate", "why") if name in typed.values}
    asked = {name: _several(name, typed.values[name]) for name in FILTERS if name in typed.values}
    return {**told, **asked, "channel": "mail", "language": language}


def _several(name: str, text: str) -> list[str]:
    """Return the values of a field; of the address of a page, the reference in it."""
    values = [one for one in _SEVERAL.split(text) if one]
    if name == "country":
        return [one.upper() for one in values]
    if name == "about":
        return [unquote(re.split("[?#]", one)[0].rpartition("/")[2]) for one in values]
    return values


async def _has(request: HubRequest, account: Account, wish: Wish) -> bool:
    """Tell whether an account follows just this already."""
    wanted = (wish.query, wish.target, wish.rate, wish.language)
    own = await anyio.to_thread.run_sync(
        request.state["subscriptions"].shelf.listing, account.id, limiter=request.state["reading"]
    )
    return any((one.query, one.target, one.rate, one.language) == wanted for one in own)


async def _refused(
    request: HubRequest, account: Account, typed: acts.Typed, problems: Sequence[Problem]
) -> Response:
    """Answer the page with what was typed, and what is wrong at its field."""
    found: dict[str, Problem] = {}
    for one in problems:
        name = one.pointer.split("/")[1] if one.pointer else ""
        found.setdefault(name, replace(one, code=_OWN_CODES.get((name, one.code), one.code)))
    told = replace(typed, problems=found)
    return await _shown(request, account, {"typed": told}, 422)


_OWN_CODES: Mapping[tuple[str, str], str] = MappingProxyType(
    {("address", "wrong_form"): "no_mailbox", ("", "too_many_items"): "too_many"}
)
