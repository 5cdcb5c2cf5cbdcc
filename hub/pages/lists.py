"""Lists as pages: what there is of a kind, filtered, sorted and by the page."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode

from starlette.responses import Response

from events.event import Json
from hub.address import Asked, Endpoint, HubRequest
from hub.api.answers import ask
from hub.api.lists import list_query
from hub.pages.dossiers import HERE, TITLES
from hub.pages.names import names_in
from hub.pages.rendering import render
from hub.texts import N_
from projections.sight import Sight
from schemas.registry import Registry

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lawyers": ("country", "status", "victim_status", "languages"),
        "cases": ("status",),
        "statements": ("of_kind", "issued", "reply_expected_by"),
        "needs": ("kinds", "urgency", "status", "needed_by"),
        "offers": ("kinds", "status", "capacity", "valid_until"),
        "policies": ("country", "of_kind", "status", "direction", "in_force_from"),
        "commitments": ("country", "of_kind", "status", "due"),
        "indicators": ("code", "version", "unit", "status"),
        "partners": ("roles", "countries_of_work", "languages", "status"),
    }
)
"""List → the properties that it shows of each thing, after its name."""

ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "lawyers": N_("Lawyers of whom somebody spoke, by the name that you may know."),
        "cases": N_("What belongs together: a person, the threats, the trials and what was done."),
        "statements": N_("Letters and statements that went out, what they ask for, and who answered."),
        "needs": N_("What people at risk look for. You see what those who speak for them share with you."),
        "offers": N_("What organisations can give, and how much of it is left."),
        "policies": N_("Laws and policies, at which stage they are, and what they do to lawyers."),
        "commitments": N_("What states promised, and how far they are, as they and as others see it."),
        "indicators": N_("What is measured, as partners agreed to define it."),
        "partners": N_("Organisations of this hub, what they do and where."),
    }
)
"""List → what it is, in a sentence."""

STATUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lawyers": ("practising", "suspended", "disbarred", "in_exile", "trainee", "retired"),
        "trials": ("decided", "closed"),
        "indicators": ("draft", "consultation", "agreed", "retired"),
        "partners": ("admitted", "suspended"),
    }
)
"""List → the statuses by which it is filtered, where no vocabulary holds them."""

VOCABULARIES: Mapping[str, str] = MappingProxyType(
    {
        "needs": "need_state",
        "offers": "offer_state",
        "policies": "policy_stage",
        "commitments": "commitment_state",
        "actions": "action_state",
        "hearings": "hearing_status",
    }
)
"""List → the vocabulary of its statuses."""


def statuses_of(name: str, registry: Registry) -> tuple[str, ...]:
    """Return the statuses by which a list is filtered."""
    if name in VOCABULARIES:
        return tuple(registry.vocabularies[VOCABULARIES[name]].codes)
    return STATUSES.get(name, ())


def list_page(name: str) -> Endpoint:
    """Return what answers a list as a page."""

    async def show_list(request: HubRequest, asked: Asked) -> Response:
        query, now = list_query(asked), request.state["clock"]()

        def question(sight: Sight) -> Json:
            page = sight.listing(name, query)
            return {"page": page, "names": names_in(sight.papers(now), page["items"])}

        found = await ask(request, question)
        context = {
            **found,
            "here": HERE.get(name, ""),
            "list": name,
            "title": TITLES[name],
            "about": ABOUT[name],
            "columns": COLUMNS[name],
            "statuses": statuses_of(name, request.state["registry"]),
            "vocabulary": VOCABULARIES.get(name, ""),
            "asked": asked,
            **pages_of(f"/{name}", asked, found["page"]),
        }
        return render(request, "list.html", context)

    return show_list


def pages_of(address: str, asked: Asked, page: Mapping[str, Json]) -> dict[str, str]:
    """Return the addresses of the next part of a list, and of the one before; empty where there is none."""
    offset, limit = int(asked["offset"]), int(asked["limit"])
    following = page["next"]
    return {
        "further": "" if following is None else _at(address, asked, following),
        "back": "" if offset == 0 else _at(address, asked, max(0, offset - limit)),
    }


def _at(address: str, asked: Asked, offset: int) -> str:
    """Return the address of a part of a list with the filters that were asked for."""
    said: list[tuple[str, str]] = []
    for name, value in asked.items():
        if name in {"offset", "at_least", "limit"} or value in (None, (), False):
            continue
        if name == "where":
            said += [(name, f"{prop}:{wanted}") for prop, wanted in value]
        elif name == "within":
            said.append((name, f"{int(value.total_seconds()) // 3600}h"))
        else:
            said.append((name, "true" if value is True else str(value)))
    said += [("limit", str(asked["limit"])), ("offset", str(offset))]
    return f"{address}?{urlencode(said)}"
