"""Joint actions as pages: what is open, the exact text and who signed it; signing, signing again and leaving."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from events.moments import stamp
from hub.address import Asked, HubRequest
from hub.api.answers import ask, caller_of
from hub.api.lists import list_query
from hub.letters.content import content
from hub.pages import acts
from hub.pages.dossiers import AS_NOW, Look, dossier_page, show
from hub.pages.lists import pages_of, statuses_of
from hub.pages.names import names_in
from hub.pages.rendering import language_of, render
from hub.pages.trials import label_of
from projections.boards.actions.letter import letter_of
from projections.boards.actions.sheet import sheet_of
from projections.boards.actions.tracker import joined_by, tracker
from projections.boards.statements.board import statement_board
from projections.sight import Sight

Json = Any
MOST_STATEMENTS = 10
ROLES = ("signatory", "co_sponsor", "endorser", "co_lead", "drafter", "observer", "translator", "funder", "host",
         "local_liaison", "trainer")  # fmt: skip
"""Roles in which one joins by form, those first that sign."""

REASONS = ("text_changed", "facts_changed", "capacity", "conflict", "risk", "other")


async def show_actions(request: HubRequest, asked: Asked) -> Response:
    """Answer the open actions, the one to be joined soonest first; or the reader's own; or all there ever were."""
    now, caller = request.state["clock"](), caller_of(request)
    slug = None if caller.account is None else caller.account.partner
    limit, offset = asked["limit"], asked["offset"]

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        if asked["show"] == "all":
            page = sight.listing("actions", list_query(asked))
        elif asked["show"] == "mine":
            page = tracker(papers, limit, offset, joined_by(slug))
        else:
            page = tracker(papers, limit, offset)
        waits = [] if slug is None else sight.mine(slug, now)["groups"]
        return {"page": page, "names": names_in(papers, page["items"], waits), "waits": waits}

    found = await ask(request, question)
    pages = pages_of("/actions", asked, found["page"])
    statuses = statuses_of("actions", request.state["registry"])
    more = {"here": "actions", "asked": asked, "statuses": statuses, "slug": slug, "now": now.isoformat()}
    return render(request, "actions.html", {**more, **found, **pages})


def of_action(language: str) -> Any:
    """Return what finds what an action's page shows beside its dossier, for a reader of some language."""

    def find(look: Look) -> dict[str, Json]:
        ref, papers = look.dossier["ref"], look.papers
        letter = letter_of(papers, ref, look.asked["language"] or language)
        is_translated = letter is not None and letter.language != letter.original
        original = letter_of(papers, ref) if is_translated else None
        statements = [one["statement"] for one in look.dossier["board"]["statements"]][:MOST_STATEMENTS]
        boards = {one: statement_board(papers, one) for one in dict.fromkeys(statements) if one}
        proposal = sheet_of(ref, papers.tellings).proposal
        own = look.dossier["board"]["signatories"]
        call = None if proposal is None else proposal.event
        return {
            "letter": None if letter is None else content(letter, look.base),
            "original": None if original is None else content(original, look.base),
            "has_letter": letter is not None,
            "outcomes": {one: board.get("demands", []) for one, board in boards.items()},
            "replies": {one: board.get("replies", []) for one, board in boards.items()},
            "mine": [one for one in own if one["partner"] == f"partner:{look.slug}"],
            "label": acts.label_of_answer(call, look.slug or "") or {"tlp": "green"},
            "roles": ROLES,
            "reasons": REASONS,
            "slug": look.slug,
            "can_join": look.dossier["board"]["state"] in {"proposed", "open_for_joining"},
        }

    return find


async def show_action(request: HubRequest, asked: Asked) -> Response:
    """Answer one action."""
    return await dossier_page("actions", of_action(language_of(request).code))(request, asked)


async def join(request: HubRequest, _: Asked) -> Response:
    """Sign an action, or join it in another role: by the fingerprint of the text that was in view."""
    typed = await acts.read_form(request, "join")
    slug, values = caller_of(request).publisher.slug, typed.values
    language = values.get("name_language", language_of(request).code)
    name = {"display_name": {language: values["display_name"]}} if "display_name" in values else {}
    moments = {
        one: f"{values[one]}:00Z" if len(values[one]) == len("2026-01-01T00:00") else values[one]
        for one in ("valid_until", "embargo_until")
        if one in values
    }
    said = {
        "action": request.path_params["ref"],
        "partner": f"partner:{slug}",
        "role": values.get("role", "signatory"),
        **name,
        **moments,
        **{one: values[one] for one in ("conditions", "text_hash") if one in values},
        **({"approved_by_board": True} if "approved_by_board" in values else {}),
    }
    return await _act(request, typed, "action.joined", said)


async def leave(request: HubRequest, _: Asked) -> Response:
    """Leave an action, or one role in it."""
    typed = await acts.read_form(request, "leave")
    slug, values = caller_of(request).publisher.slug, typed.values
    said = {
        "action": request.path_params["ref"],
        "partner": f"partner:{slug}",
        "left": stamp(request.state["clock"]()),
        **{one: values[one] for one in ("role", "reason") if one in values},
        **({"remove_from_published": True} if "remove_from_published" in values else {}),
    }
    return await _act(request, typed, "action.left", said)


async def _act(request: HubRequest, typed: acts.Typed, kind: str, data: Mapping[str, Json]) -> Response:
    ref = request.path_params["ref"]
    label = await label_of(request, ref)
    try:
        cursor = await acts.publish(request, typed, {"type": kind, **label, "data": dict(data)})
    except acts.ActRefused as refused:
        if kind == "action.left" and acts.was_sent(refused):
            return RedirectResponse(f"/actions/{ref}", 303)
        again = acts.refused(typed, refused)
        return await show(request, "actions", AS_NOW, of_action(language_of(request).code), again, 422)
    return acts.done("/actions", ref, cursor)
