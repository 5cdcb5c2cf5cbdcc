"""Trials and hearings as pages: what comes next, who watches, how fair it was; and claiming or handing over a seat."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import RedirectResponse, Response

from events.moments import stamp
from hub.address import Asked, HubRequest
from hub.api.answers import ask, caller_of
from hub.api.coverage import hearings
from hub.api.lists import list_query
from hub.pages import acts
from hub.pages.dossiers import AS_NOW, Look, dossier_page, show
from hub.pages.lists import pages_of, statuses_of
from hub.pages.names import names_in
from hub.pages.rendering import render
from projections.boards.actions.sheet import sheet_of, sheets_of
from projections.boards.papers import Papers
from projections.boards.trials.coverage import Row, rows_of
from projections.boards.trials.overview import Asked as Board
from projections.boards.trials.overview import overview, told
from projections.boards.trials.seats import Mission, missions
from projections.dossier_sight import ListQuery
from projections.sight import Sight

Json = Any
NEAR = timedelta(days=14)
_ACT = "seat"


async def show_trials(request: HubRequest, asked: Asked) -> Response:
    """Answer the trials, and before them the hearings that are near and who watches them."""
    query, now = list_query(asked), request.state["clock"]()

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        near = overview(papers, Board(NEAR, asked["country"]))
        page = sight.listing("trials", query)
        coming = next_hearings(papers, [one["ref"] for one in page["items"]])
        zones = zones_of(sight, [*(one.ref for one in coming.values()), *_near(near)])
        following = {trial: _told(row, now) for trial, row in coming.items()}
        names = names_in(papers, near, page["items"])
        return {"near": near, "page": page, "coming": following, "zones": zones, "names": names}

    found = await ask(request, question)
    more = {"here": "trials", "asked": asked, "now": now.isoformat(), **found}
    statuses = statuses_of("trials", request.state["registry"])
    stages = request.state["registry"].vocabularies["proceeding_stage"].codes
    pages = pages_of("/trials", asked, found["page"])
    return render(request, "trials.html", {**more, **pages, "statuses": statuses, "stages": stages})


async def show_hearings(request: HubRequest, asked: Asked) -> Response:
    """Answer the hearings; those near, or without an observer, if asked."""
    now = request.state["clock"]()

    def question(sight: Sight) -> Json:
        page = hearings(sight, list_query(asked), asked, now)
        papers = sight.papers(now)
        rows = rows_of(papers)
        items = [{**_covered(rows.get(one["ref"]), now), **one} for one in page["items"]]
        return {"page": {**page, "items": items}, "names": names_in(papers, items)}

    found = await ask(request, question)
    pages = pages_of("/hearings", asked, found["page"])
    statuses = statuses_of("hearings", request.state["registry"])
    more = {"here": "trials", "asked": asked, "statuses": statuses, **found, **pages}
    return render(request, "hearings.html", more)


def _covered(row: Row | None, now: datetime) -> Json:
    if row is None:
        return {}
    near = {"trial": row.trial, "starts_said": list(row.starts), "is_uncertain": row.is_uncertain}
    return {**near, "is_to_come": row.is_to_come(now), "coverage": told(row, now)}


def _near(board: Json) -> list[str]:
    return [one["hearing"] for trial in board["trials"] for one in trial["hearings_soon"]]


def _told(row: Row, now: datetime) -> Json:
    return {
        "hearing": row.ref,
        "starts": list(row.starts),
        "uncertain": row.is_uncertain,
        **told(row, now),
    }


def zones_of(sight: Sight, hearings: Sequence[str]) -> dict[str, str]:
    """Return the zone of the court's clock of some hearings, where anybody says it."""
    among = frozenset(hearings)
    page = sight.listing("hearings", ListQuery(among=among, limit=len(among))) if among else {"items": []}
    return {one["ref"]: one["zone"] for one in page["items"] if isinstance(one.get("zone"), str)}


def next_hearings(papers: Papers, trials: Sequence[str]) -> dict[str, Row]:
    """Return the next hearing of each of some trials that has one to come."""
    wanted = frozenset(trials)
    found: dict[str, tuple[str, str, Row]] = {}
    for row in rows_of(papers).values():
        if row.trial in wanted and row.is_to_come(papers.now):
            begins = [
                str(one.begins or "") for one in row.times if one.ends is None or one.ends >= papers.now
            ]
            place = (min(begins, default="9999"), row.ref, row)
            trial = str(row.trial)
            if trial not in found or place[:2] < found[trial][:2]:
                found[trial] = place
    return {trial: row for trial, (_, _, row) in found.items()}


def of_trial(look: Look) -> dict[str, Json]:
    """Return what a trial's page shows beside its dossier: who watches each hearing, and the seats there are."""
    rows = rows_of(look.papers)
    refs = [one["hearing"] for one in look.dossier["board"]["hearings"]]
    mine = {ref: rows[ref] for ref in refs if ref in rows}
    return {
        "coverage": {ref: told(row, look.papers.now) for ref, row in mine.items()},
        "zones": zones_of(look.sight, refs),
        "seats": {ref: seats_at(look, row) for ref, row in mine.items() if row.is_to_come(look.papers.now)},
        "partners": others(look),
    }


def of_hearing(look: Look) -> dict[str, Json]:
    """Return what a hearing's page shows beside its dossier: the missions at which one may claim a seat."""
    row = rows_of(look.papers).get(look.dossier["ref"])
    is_to_come = row is not None and row.is_to_come(look.papers.now)
    return {
        "is_to_come": is_to_come,
        "missions": [] if row is None or not is_to_come else seats_at(look, row),
        "partners": others(look),
    }


def seats_at(look: Look, row: Row) -> list[Json]:
    """Return the missions for a hearing that are open: what they hold, what is the reader's, what is kept for him."""
    near = missions(look.papers.tellings, {one for one in (row.ref, row.trial) if one is not None})
    fitting = [one for one in near if one.serves(row.ref, row.trial, row.times)]
    sheets = sheets_of([one.ref for one in fitting], look.papers.tellings)
    return [_mission(one, look) for one in fitting if sheets[one.ref].is_open]


def _mission(one: Mission, look: Look) -> Json:
    held = sum(holding.seats for holding in one.held if holding.holds(look.papers.now))
    kept = sum(offer.seats for offer in one.offers)
    return {
        "mission": one.ref,
        "room": one.seats,
        "held": held,
        "left": None if one.seats is None else max(0, one.seats - held - kept),
        "mine": sum(holding.seats for holding in one.held if holding.partner == look.slug),
        "for_me": [offer.as_json() for offer in one.offers if offer.receiver == look.slug],
    }


def others(look: Look) -> list[Json]:
    """Return the partners to whom a seat may be handed over; none for the public."""
    if look.slug is None:
        return []
    page = look.sight.listing("partners", ListQuery(status="admitted", sort="label", limit=200))
    hidden = {f"partner:{look.slug}", "partner:stewards"}
    return [{"ref": one["ref"], "name": one["label"]} for one in page["items"] if one["ref"] not in hidden]


async def claim_seat(request: HubRequest, _: Asked) -> Response:
    """Claim a seat at a hearing: join its mission as observer."""
    typed = await acts.read_form(request, _ACT)
    slug = caller_of(request).publisher.slug
    said: dict[str, Json] = {
        "action": typed.values.get("action", ""),
        "partner": f"partner:{slug}",
        "role": "observer",
    }
    if (capacity := typed.values.get("capacity")) is not None:
        said["capacity"] = int(capacity) if capacity.isascii() and capacity.isdigit() else capacity
    return await _act(request, typed, "action.joined", said)


async def give_seat(request: HubRequest, _: Asked) -> Response:
    """Give up a seat at a hearing, or hand it over to another partner."""
    typed = await acts.read_form(request, "give")
    slug = caller_of(request).publisher.slug
    said = {
        "action": typed.values.get("action", ""),
        "partner": f"partner:{slug}",
        "role": "observer",
        "left": stamp(request.state["clock"]()),
        **{name: typed.values[name] for name in ("hand_over_to", "reason") if name in typed.values},
    }
    return await _act(request, typed, "action.left", said)


async def _act(request: HubRequest, typed: acts.Typed, kind: str, data: Mapping[str, Json]) -> Response:
    """Publish what a form says, and lead back to the hearing; refused, the page says why at the field."""
    ref = request.path_params["ref"]
    label = await label_of(request, str(data["action"]))
    try:
        cursor = await acts.publish(request, typed, {"type": kind, **label, "data": dict(data)})
    except acts.ActRefused as refused:
        if kind == "action.left" and acts.was_sent(refused):
            return RedirectResponse(f"/hearings/{ref}", 303)
        return await show(request, "hearings", AS_NOW, of_hearing, acts.refused(typed, refused), 422)
    return acts.done("/hearings", ref, cursor)


async def label_of(request: HubRequest, action: str) -> dict[str, Json]:
    """Return the label under which this reader answers a call to act."""
    now, slug = request.state["clock"](), caller_of(request).publisher.slug

    def question(sight: Sight) -> Json:
        proposal = sheet_of(action, sight.papers(now).tellings).proposal
        return None if proposal is None else proposal.event

    return acts.label_of_answer(await ask(request, question), slug)


show_trial = dossier_page("trials", of_trial)
show_hearing = dossier_page("hearings", of_hearing)
