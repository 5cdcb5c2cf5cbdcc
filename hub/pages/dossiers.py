"""Dossiers as pages: what is shown of a thing, who says so, both timelines, what stands around it, and its board."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from starlette.responses import Response

from hub.access import Caller
from hub.address import Asked, Endpoint, HubRequest
from hub.api.answers import ask, caller_of, present
from hub.api.me import described
from hub.latest import latest_place
from hub.pages.acts import WORDS, Typed, once
from hub.pages.names import names_in
from hub.pages.rendering import render
from hub.texts import N_
from projections.boards.papers import Papers
from projections.event_query import EventQuery
from projections.graph.query import GraphQuery
from projections.sight import Sight

Json = Any
TITLES: Mapping[str, str] = MappingProxyType(
    {
        "lawyers": N_("Lawyers"),
        "cases": N_("Cases"),
        "trials": N_("Trials"),
        "hearings": N_("Hearings"),
        "statements": N_("Statements"),
        "actions": N_("Joint actions"),
        "needs": N_("Needs"),
        "offers": N_("Offers"),
        "policies": N_("Laws and policies"),
        "commitments": N_("Promises"),
        "indicators": N_("Indicators"),
        "partners": N_("Partners"),
    }
)
"""List → its heading."""

HERE: Mapping[str, str] = MappingProxyType(
    {
        "trials": "trials",
        "hearings": "trials",
        "actions": "actions",
        "statements": "actions",
        "needs": "support",
        "offers": "support",
        "policies": "policy",
        "commitments": "data",
        "indicators": "data",
    }
)
"""List → the page of the menu that it belongs to."""

_ABOUT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lawyers": (
            "threat.reported",
            "need.expressed",
            "trial.scheduled",
            "action.proposed",
            "consent.recorded",
        ),
        "cases": ("threat.reported", "trial.scheduled", "impact.assessed"),
        "trials": ("hearing.scheduled", "trial.concluded", "action.proposed", "claim.assessed"),
        "hearings": ("hearing.reported", "hearing.adjourned", "action.proposed"),
        "statements": ("response.received", "impact.assessed"),
        "actions": ("action.completed", "statement.issued", "impact.assessed"),
        "needs": ("offer.made", "need.expressed"),
        "offers": ("offer.made",),
        "policies": ("policy.changed", "action.proposed", "commitment.made"),
        "commitments": ("commitment.progressed", "action.proposed"),
        "indicators": ("indicator.defined", "legalaid.reported"),
        "partners": (),
    }
)
"""List → types of what one most often publishes about a thing in it."""

AS_NOW: Asked = MappingProxyType({"as_of": None, "known_on": None, "order": "world", "language": None})
"""What is asked of a page that answers a form."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a page of one thing is made from.

    Args:
        sight: of the reader.
        papers: of the reader, at the moment that is looked at.
        dossier: of the thing.
        caller: who asks.
        asked: how.
        base: of the hub, from outside.
    """

    sight: Sight
    papers: Papers
    dossier: Json
    caller: Caller
    asked: Asked
    base: str

    @property
    def slug(self) -> str | None:
        """The reader's partner."""
        return None if self.caller.account is None else self.caller.account.partner


More = Callable[[Look], dict[str, Json]]
"""What a page shows of its kind beside what every dossier shows."""


def dossier_page(name: str, more: More | None = None) -> Endpoint:
    """Return what answers the dossiers of a list as pages."""

    async def show_dossier(request: HubRequest, asked: Asked) -> Response:
        return await show(request, name, asked, more)

    return show_dossier


async def show(
    request: HubRequest,
    name: str,
    asked: Asked,
    more: More | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    """Answer the dossier of one thing; with a form that was refused, what was typed and what is wrong.

    Raises:
        Absent: there is nothing that this reader may see.
    """
    ref, now, caller = request.path_params["ref"], request.state["clock"](), caller_of(request)
    query = GraphQuery(as_of=asked["as_of"], known_on=asked["known_on"])
    base = request.state["settings"].public_url or str(request.base_url).rstrip("/")

    def question(sight: Sight) -> Json:
        dossier = sight.dossier(name, ref, query, now)
        if dossier is None:
            return None
        papers = sight.papers(now, query)
        found = {} if more is None else more(Look(sight, papers, dossier, caller, asked, base))
        place = latest_place(sight, EventQuery(about=(dossier["ref"],)), sight.position)
        names = names_in(papers, dossier, found)
        return {"dossier": dossier, "names": names, "place": place.position, **found}

    found = present(await ask(request, question))
    cursor = request.state["cursors"].encode(found.pop("place"))
    me = described(caller, request.state["registry"])
    context = {
        **found,
        "here": HERE.get(name, ""),
        "list": name,
        "titles": TITLES,
        "order": asked["order"],
        "asked": asked,
        "is_past": asked["as_of"] is not None or asked["known_on"] is not None,
        "cursor": cursor,
        "may_act": me["may_publish"],
        "may_say": [one for one in _ABOUT[name] if one in me["types"]],
        "typed": typed or Typed(""),
        "words": WORDS,
        "now": now.isoformat(),
        "once": lambda act: once(caller, act, ref, cursor),
    }
    return render(request, "dossier.html", context, status)
