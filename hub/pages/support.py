"""Needs and offers as pages: what is looked for, what is given, which could go together and why; deciding a match."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from hub.address import Asked, Endpoint, HubRequest
from hub.api.answers import ask, caller_of
from hub.pages import acts
from hub.pages.dossiers import AS_NOW, Look, More, dossier_page, show
from hub.pages.lists import pages_of
from hub.pages.names import names_in
from hub.pages.rendering import render
from projections.boards.papers import Papers
from projections.boards.support.board import support_board
from projections.boards.support.matching import Asked as Wanted
from projections.boards.support.matching import matches
from projections.boards.support.totals import totals
from projections.dossier_sight import ListQuery
from projections.sight import Sight

Json = Any
OFFERS = 20
ENDS = ("failed", "stopped_by_person")
"""How a match that was only proposed ends: nothing came of it, or the person does not want it."""


async def show_support(request: HubRequest, asked: Asked) -> Response:
    """Answer the needs that look for help with what fits, the offers that are open, and what waits for the reader."""
    now, caller = request.state["clock"](), caller_of(request)
    account = caller.account
    wanted = Wanted(asked["need"], asked["offer"], asked["limit"], asked["offset"])

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        found = matches(papers, wanted)
        given = sight.listing("offers", ListQuery(status="open", sort="valid_until", limit=OFFERS))
        waits = [] if account is None else waiting(sight, papers, account.partner)
        return {
            "page": found,
            "given": given,
            "waits": waits,
            "totals": None if account is None else totals(papers),
            "names": names_in(papers, found, given["items"], waits),
        }

    found = await ask(request, question)
    more = {"here": "support", "asked": asked, "slug": account and account.partner, **found}
    return render(request, "support.html", {**more, **pages_of("/support", asked, found["page"])})


def waiting(sight: Sight, papers: Papers, slug: str) -> list[Json]:
    """Return the matches that wait for a partner to confirm them."""
    items = sight.mine(slug, papers.now)["groups"].get("confirm", [])
    return [support_board(papers, one["ref"]) for one in items]


def of_need(look: Look) -> dict[str, Json]:
    """Return what a need's page shows beside its dossier: what fits and why."""
    ref = look.dossier["ref"]
    found = {} if look.papers.then else matches(look.papers, Wanted(need=ref, limit=1))
    item = next(iter(found.get("items", ())), None)
    return {"item": item, "slug": look.slug, "ends": ENDS}


def of_offer(look: Look) -> dict[str, Json]:
    """Return what an offer's page shows beside its dossier: the needs that it fits."""
    found = {} if look.papers.then else matches(look.papers, Wanted(offer=look.dossier["ref"], limit=20))
    return {"fitting": found.get("items", []), "slug": look.slug, "ends": ENDS}


MORE: Mapping[str, More] = {"needs": of_need, "offers": of_offer}
"""List → what the pages of its things show."""


async def propose(request: HubRequest, _: Asked) -> Response:
    """Propose a match: reserve an offer for a need, after the person has accepted it."""
    typed = await acts.read_form(request, f"match {request.path_params['ref']}")
    ref, offer, now = request.path_params["ref"], typed.values.get("offer", ""), request.state["clock"]()

    def question(sight: Sight) -> Json:
        found = matches(sight.papers(now), Wanted(need=ref, offer=offer or None, limit=1))["items"]
        fits = [one for item in found for one in (item["proposal"], *item["alternatives"]) if one is not None]
        return next((one.get("draft") for one in fits if one["offer"] == offer), None)

    caller_of(request).publisher  # noqa: B018  # who may not publish is told so before anything else
    draft = await ask(request, question)
    if draft is None:
        return await _again(request, "needs", typed, acts.refusal("not_open"))
    data = {
        **draft["data"],
        "accepted_by_person": "accepted_by_person" in typed.values,
        **({"others_informed": True} if "others_informed" in typed.values else {}),
        **({"conditions": typed.values["conditions"]} if "conditions" in typed.values else {}),
    }
    label = {name: draft[name] for name in ("tlp", "audience") if name in draft}
    return await _act(request, "needs", typed, {"type": "support.matched", **label, "data": data})


def confirmer(name: str) -> Endpoint:
    """Return what confirms a match from the page of its need or of its offer."""
    return _decider(name, "confirm", _confirmed)


def decliner(name: str) -> Endpoint:
    """Return what ends a match from the page of its need or of its offer."""
    return _decider(name, "decline", _ended)


def _decider(name: str, act: str, event_of: Callable[[Json, acts.Typed], Mapping[str, Json]]) -> Endpoint:
    async def decide(request: HubRequest, _: Asked) -> Response:
        typed = await acts.read_form(request, f"{act} {request.path_params['ref']}")
        match, label = await _match(request, typed.values.get("support", ""))
        if not match:
            return await _again(request, name, typed, acts.refusal("not_open"))
        return await _act(request, name, typed, {**label, **event_of(match, typed)})

    return decide


def _confirmed(match: Json, typed: acts.Typed) -> Mapping[str, Json]:
    data = {one: match[one] for one in ("support", "need", "offer", "kinds", "quantity") if match.get(one)}
    data["accepted_by_person"] = "accepted_by_person" in typed.values
    return {"type": "support.matched", "data": data}


def _ended(match: Json, typed: acts.Typed) -> Mapping[str, Json]:
    result = typed.values.get("result", ENDS[0])
    data = {"support": match["support"], "result": result if result in ENDS else ENDS[0]}
    return {"type": "support.delivered", "data": data}


async def _match(request: HubRequest, support: str) -> tuple[Json, dict[str, Json]]:
    """Return a match as this reader sees it, and the label under which one answers it."""
    now, slug = request.state["clock"](), caller_of(request).publisher.slug

    def question(sight: Sight) -> tuple[Json, Json]:
        board = support_board(sight.papers(now), support)
        first = board.get("match")
        found = None if first is None else sight.event(first["source"], first["id"])
        return (board if first is not None else {}), found and found["event"]

    match, event = await ask(request, question)
    return match, acts.label_of_answer(event, slug)


async def _act(request: HubRequest, name: str, typed: acts.Typed, event: Mapping[str, Json]) -> Response:
    try:
        cursor = await acts.publish(request, typed, event)
    except acts.ActRefused as refused:
        return await _again(request, name, typed, refused)
    return acts.done(f"/{name}", request.path_params["ref"], cursor)


async def _again(request: HubRequest, name: str, typed: acts.Typed, refused: acts.ActRefused) -> Response:
    return await show(request, name, AS_NOW, MORE[name], acts.refused(typed, refused), 422)


show_need = dossier_page("needs", of_need)
show_offer = dossier_page("offers", of_offer)
