"""Where the page of a thing is, by its reference."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

PLACES: Mapping[str, str] = MappingProxyType(
    {
        "lawyer": "lawyers",
        "case": "cases",
        "trial": "trials",
        "hearing": "hearings",
        "statement": "statements",
        "action": "actions",
        "need": "needs",
        "offer": "offers",
        "policy": "policies",
        "commitment": "commitments",
        "indicator": "indicators",
        "partner": "partners",
    }
)
"""Kind of a reference → the list in which its dossier is."""


def dossier_address(ref: str) -> str:
    """Return where a person reads all about a reference: its dossier, a country's page, or its place in the graph."""
    kind, _, local = ref.partition(":")
    if kind == "place" and len(local) == 2:  # a country; what is below it has no page
        return f"/countries/{quote(local)}"
    if kind in PLACES:
        return f"/{PLACES[kind]}/{quote(ref, safe=':')}"
    return f"/explore?about={quote(ref, safe=':')}"
