"""What a partner may publish, grouped by what people want to say."""

from collections.abc import Mapping, Sequence

from events.event import Json
from hub.access import Caller
from hub.api.me import described
from hub.texts import N_
from hub.texts.speech import Speech
from schemas.contract import Contract
from schemas.registry import Registry

_GROUPS: Sequence[tuple[str, Sequence[str]]] = (
    (N_("A threat, and what became of it"), ("threat", "accountability")),
    (N_("Trials and hearings"), ("trial", "hearing")),
    (N_("Statements and replies"), ("statement", "response")),
    (N_("Needs and help"), ("need", "offer", "support")),
    (N_("Acting together"), ("action", "impact")),
    (N_("Law and promises"), ("policy", "commitment")),
    (N_("Figures"), ("legalaid", "indicator")),
    (N_("People and bodies"), ("lawyer", "body", "identity")),
    (N_("Consent and erasure"), ("consent", "erasure")),
    (N_("Corrections and doubts"), ("record", "claim")),
    (N_("Partners of this hub"), ("partner",)),
)
_FURTHER = N_("More")

ORDER = ("reported", "scheduled", "proposed", "expressed", "issued", "made", "profiled", "recorded")
"""What begins something stands before what goes on with it."""


def contracts_of(caller: Caller, registry: Registry) -> Mapping[str, Contract]:
    """Return the newest contract of each type that a caller may publish, by type."""
    return {
        one: registry.contract(f"{one}.v{registry.newest(one)}")
        for one in described(caller, registry)["types"]
    }


def grouped(contracts: Mapping[str, Contract], words: str, speech: Speech) -> list[tuple[str, list[Json]]]:
    """Return heading and types of each group that has any.

    Args:
        contracts: that may be published.
        words: that title or description must hold; empty for all.
        speech: in which they are said.
    """
    wanted = words.casefold().split()
    families = {family: heading for heading, found in _GROUPS for family in found}
    groups: dict[str, list[Json]] = {heading: [] for heading, _ in _GROUPS}
    for one in sorted(contracts.values(), key=_place):
        said = {
            "type": one.type,
            "title": speech.texts.gettext(one.title),
            "description": speech.texts.gettext(str(one.schema["description"])),
        }
        if all(word in " ".join(said.values()).casefold() for word in wanted):
            heading = families.get(one.type.partition(".")[0], _FURTHER)
            groups.setdefault(heading, []).append(said)
    return [(speech.texts.gettext(heading), found) for heading, found in groups.items() if found]


def _place(contract: Contract) -> tuple[int, int, str]:
    family, _, said = contract.type.partition(".")
    of_group = next((found.index(family) for _, found in _GROUPS if family in found), 0)
    return of_group, ORDER.index(said) if said in ORDER else len(ORDER), said
