"""The stewards' desk: partners and their tokens, erasures that are owed, how the hub stands, what stewards did."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import anyio.to_thread
from starlette.responses import RedirectResponse, Response

from events.decisions.glass import ASKED_HOLDS
from events.moments import stamp
from events.submission import STEWARDS, EventRefused, Outcome
from hub.access import Caller
from hub.accounts import ROLES, Account, GrantRefused, Role
from hub.address import Asked, HubRequest
from hub.api.answers import ask, present, steward_of
from hub.federation.telling import statuses
from hub.issuing import CLEARANCES, Office, grant_of
from hub.latest import latest_events, latest_place
from hub.pages import acts
from hub.pages.glass_words import GLASS_REASONS, GLASS_WORDS
from hub.pages.names import names_in
from hub.pages.rendering import render
from hub.texts import N_
from projections.boards.truth.review import retractions
from projections.dossier_sight import ListQuery
from projections.event_query import EventQuery
from projections.sight import Sight
from schemas.problem import Problem

Json = Any
TRAIL = 40
MOST = 200
SCOPES = ("both", "read", "write")
REASONS = ("key_compromised", "seized", "misconduct", "conflict_of_interest", "own_request", "inactive")
SPANS = ("30", "90", "365", "")

ACTS: Mapping[str, str] = MappingProxyType(
    {
        "token_issued": N_("made a token"),
        "token_revoked": N_("revoked a token"),
        "link_issued": N_("made a sign-in link"),
        "views_rebuilt": N_("had views made anew"),
        "views_sent": N_("sent the views to another hub"),
        "backup_made": N_("made a backup"),
        "backup_restored": N_("restored a backup"),
        "erase_requested": N_("asked for an erasure"),
        "hub_mended": N_("mended the hub"),
        "glass_asked": N_("asked to read what is hidden"),
        "glass_opened": N_("agreed that another steward reads what is hidden"),
        "glass_read": N_("read what is hidden"),
        "witness_asked": N_("asked a witness"),
        "witness_dropped": N_("dropped a witness"),
        "log_watched": N_("looked at the log of another hub"),
        "peer_added": N_("had this hub listen to another hub"),
        "peer_removed": N_("had this hub listen to another hub no more"),
    }
)
"""What a steward did → what a person reads."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        **acts.WORDS,
        "already_there": N_(
            "This organisation is a partner already. Suspend it first, or make another token for it."
        ),
        "no_such_partner": N_("There is no partner of this name."),
        "stewards_stay": N_("The stewards cannot be suspended here."),
        "not_a_steward": N_("This organisation does not run the hub: it has no role as a steward."),
        "not_a_reference": N_("A short name has lower-case letters, digits and hyphens."),
        "wrong_form": N_("This does not have the expected form."),
        "unknown_code": N_("Choose one of the list."),
        "too_few_items": N_("Choose at least one."),
        "not_a_span": N_("Write a number of days, or nothing."),
        **GLASS_WORDS,
    }
)
"""Code of a problem → what a steward reads."""

_DAYS = re.compile(r"[1-9][0-9]{0,3}")


async def show_steward(request: HubRequest, _: Asked) -> Response:
    """Answer the desk, to stewards; to others it is absent."""
    steward_of(request)
    return await show_desk(request)


async def show_desk(
    request: HubRequest, typed: acts.Typed | None = None, status: int = 200, token: Json = None
) -> Response:
    """Answer the desk with what somebody typed into one of its forms, or with a token that was just made."""
    hub, caller, now = request.state, steward_of(request), request.state["clock"]()

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        found = {
            "partners": _partners(sight),
            "erasures": sight.erasures(now, MOST, 0),
            "retracted": retractions(papers)["items"],
            "trail": latest_events(sight, sight.position, TRAIL, EventQuery(types=("steward.acted",))),
            "conflicts": sight.conflicts(MOST, 0)["items"],
            "last": latest_place(sight, EventQuery(partners=(STEWARDS,)), sight.position).position,
        }
        called = {one["ref"]: one["label"] for one in found["partners"]}
        return {**found, "names": {**names_in(papers, found["conflicts"]), **called}}

    found = await ask(request, question)
    beside = await anyio.to_thread.run_sync(_beside, request, caller, limiter=hub["reading"])
    more = {
        "here": "steward",
        "typed": typed or acts.Typed(""),
        "words": WORDS,
        "acts": ACTS,
        "made": token,
        "roles": hub["registry"].vocabularies["partner_role"].codes,
        "account_roles": ROLES,
        "clearances": CLEARANCES,
        "scopes": SCOPES,
        "reasons": REASONS,
        "glass_reasons": GLASS_REASONS,
        "glass_hours": ASKED_HOLDS // timedelta(hours=1),
        "spans": SPANS,
        "now": now,
        "may_act": caller.account is not None and caller.account.may_publish,
        # What stewards published last makes the next form another one.
        "once": lambda act: acts.once(caller, act, "", str(found["last"])),
    }
    headers = {} if token is None else {"Cache-Control": "no-store"}
    return render(request, "steward.html", {**more, **found, **beside}, status, headers)


def _beside(request: HubRequest, caller: Caller) -> dict[str, Json]:
    """Return what no event tells: tokens, how far views are, subscriptions, requests to break glass, peers."""
    hub = request.state
    account = present(caller.account)
    by_partner: dict[str, list[Account]] = {}
    for one in hub["accounts"].listing():
        by_partner.setdefault(one.partner, []).append(one)
    return {
        "tokens": by_partner,
        "views": hub["room"].status(),
        "subscriptions": hub["subscriptions"].listing(account, is_steward=True),
        "glass": hub["glass"].pending(),
        "peers": statuses(hub["federation"].book),
    }


def _partners(sight: Sight) -> list[Json]:
    return list(sight.listing("partners", ListQuery(sort="label", limit=MOST))["items"])


def _problem(code: str, field: str) -> acts.ActRefused:
    return acts.ActRefused([Problem(f"/data/{field}", code, WORDS[code])])


def _known(partners: list[Json], slug: str) -> Json | None:
    return next((one for one in partners if one["ref"] == f"partner:{slug}"), None)


async def admit(request: HubRequest, _: Asked) -> Response:
    """Admit a partner, or admit it again after a suspension."""
    steward_of(request)
    typed = await acts.read_form(request, "admit")
    slug, values = typed.values.get("partner", ""), typed.values
    known = _known(await ask(request, _partners), slug)
    data = {
        "partner": f"partner:{slug}",
        "name": {values.get("language", "en"): values.get("name", "")},
        "roles": list(dict.fromkeys(typed.many.get("roles", ()))),
        "admitted_on": request.state["clock"]().date().isoformat(),
    }
    try:
        if known is not None and known.get("status") == "admitted":
            raise _problem("already_there", "partner")
        cursor = await acts.publish(request, typed, {"type": "partner.admitted", "data": data})
    except acts.ActRefused as refused:
        return await show_desk(request, acts.refused(typed, refused), 422)
    return RedirectResponse(f"/steward?at_least={cursor}#partners", 303)


async def suspend(request: HubRequest, _: Asked) -> Response:
    """Suspend a partner: it holds from the next request on."""
    steward_of(request)
    typed = await acts.read_form(request, "suspend")
    slug, values = typed.values.get("partner", ""), typed.values
    data = {
        "partner": f"partner:{slug}",
        "from": stamp(request.state["clock"]()),
        "scope": values.get("scope", SCOPES[0]),
        **({"reason": values["reason"]} if "reason" in values else {}),
    }
    try:
        if slug == STEWARDS:
            raise _problem("stewards_stay", "partner")
        if _known(await ask(request, _partners), slug) is None:
            raise _problem("no_such_partner", "partner")
        cursor = await acts.publish(request, typed, {"type": "partner.suspended", "data": data})
    except acts.ActRefused as refused:
        if acts.was_sent(refused):
            return RedirectResponse("/steward#partners", 303)
        return await show_desk(request, acts.refused(typed, refused), 422)
    return RedirectResponse(f"/steward?at_least={cursor}#partners", 303)


async def issue(request: HubRequest, _: Asked) -> Response:
    """Make a token, and show it this once."""
    account = steward_of(request).publisher.account
    typed = await acts.read_form(request, "token")
    try:
        made, token = await _issued(request, typed, account)
    except acts.ActRefused as refused:
        return await show_desk(request, acts.refused(typed, refused), 422)
    return await show_desk(request, token={"token": token, "account": made})


async def _issued(request: HubRequest, typed: acts.Typed, account: str) -> tuple[Account, str]:
    values, hub = typed.values, request.state
    slug = values.get("partner", "")
    role = next((one for one in ROLES if one == values.get("role")), None)
    known = _known(await ask(request, _partners), slug)
    days = values.get("expires", "")
    if known is None:
        raise _problem("no_such_partner", "partner")
    if role is None:
        raise _problem("unknown_code", "role")
    if role == "steward" and "steward" not in known.get("roles", ()):
        raise _problem("not_a_steward", "role")
    if days and not _DAYS.fullmatch(days):
        raise _problem("not_a_span", "expires")
    lives = timedelta(days=int(days)) if days else None
    made: tuple[Account, str] = await _blocking(
        request, lambda: _make(hub, values, (slug, role, account), lives)
    )
    return made


def _make(
    hub: Any, values: Mapping[str, str], who: tuple[str, Role, str], lives: timedelta | None
) -> tuple[Account, str]:
    slug, role, account = who
    clearance = values.get("clearance")
    grant = grant_of(slug, role, values.get("account", ""), clearance, read_only="read_only" in values)
    try:
        return _office(hub, account).issue(grant, lives)
    except GrantRefused as refused:
        raise acts.ActRefused([Problem("/data/clearance", "unknown_code", str(refused))]) from refused
    except EventRefused as refused:
        raise acts.ActRefused(refused.problems) from refused


async def revoke(request: HubRequest, _: Asked) -> Response:
    """Stop a token at once, with every browser session opened by it."""
    account = steward_of(request).publisher.account
    hub, token = request.state, request.path_params["token"]
    outcome: Outcome = present(await _blocking(request, lambda: _office(hub, account).revoke(token)))
    cursor = "" if outcome.position is None else f"?at_least={hub['cursors'].encode(outcome.position)}"
    return RedirectResponse(f"/steward{cursor}#tokens", 303)


async def judge_conflict(request: HubRequest, _: Asked) -> Response:
    """Lift or uphold the exclusion of a partner from a case."""
    account = steward_of(request).publisher.account
    typed = await acts.read_form(request, "conflict")
    said = {name: typed.values.get(name, "") for name in ("case", "partner", "verdict")}
    intake = request.state["intake"]
    try:
        outcome = await _blocking(request, lambda: intake.judge_conflict(account, said))
    except EventRefused as refused:
        return await show_desk(request, acts.refused(typed, acts.ActRefused(refused.problems)), 422)
    cursor = (
        "" if outcome.position is None else f"?at_least={request.state['cursors'].encode(outcome.position)}"
    )
    return RedirectResponse(f"/steward{cursor}#conflicts", 303)


def _office(hub: Any, account: str) -> Office:
    return Office(hub["accounts"], hub["intake"].note_steward_act, hub["clock"], account)


async def _blocking(request: HubRequest, act: Callable[[], Any]) -> Any:
    return await anyio.to_thread.run_sync(act, limiter=request.state["writing"])
