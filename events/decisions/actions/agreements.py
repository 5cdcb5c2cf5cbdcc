"""Whether an action has the agreement of whom it concerns, going by what its proposal says."""

from collections.abc import Iterable, Mapping
from typing import Any

from events.event import Json
from schemas.problem import Problem

ASKED = frozenset({"yes", "representative"})
NOT_ASKED = "not_possible"
"""Whether a person agrees: somebody who may say so did, or nobody could be asked."""

_FOR_FEW = frozenset({"amber+strict", "red"})

_OF_A_PERSON = frozenset({"lawyer", "threat", "trial", "hearing", "case"})
"""Kinds of things that do not exist without a person."""

_WHERE = "/data/agreed_with_person"


def lawyers_in(refs: Iterable[str]) -> frozenset[str]:
    """Return the lawyers among some references."""
    return frozenset(ref for ref in refs if ref.startswith("lawyer:"))


def is_agreed(agreement: Any, envelope: Mapping[str, Json]) -> bool:
    """Tell whether a person's agreement, or the reach of an event, allows it to speak of that person."""
    if agreement in ASKED:
        return True
    tlp = envelope.get("tlp")
    is_for_few = tlp in _FOR_FEW or (tlp == "amber" and bool(envelope.get("audience")))
    return agreement == NOT_ASKED and is_for_few


def is_unsaid(data: Mapping[str, Json]) -> bool:
    """Tell whether a proposal concerns a person, and does not say whether that person agrees.

    Goes by the proposal alone: who is behind a case may be hidden, also from whoever calls others about it.
    """
    kinds = {ref.partition(":")[0] for ref in data.get("about", ())}
    return "agreed_with_person" not in data and not kinds.isdisjoint(_OF_A_PERSON)


def remark_unsaid(data: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Return what whoever proposes should know if it does not say whether the person agrees."""
    if not is_unsaid(data):
        return ()
    detail = "It is about a case, so about a person; whether that person agrees is not said."
    hint = "Say it in agreed_with_person: yes, representative, not_possible (why: risk_note), not_applicable."
    return (Problem(_WHERE, "agreement_unknown", detail, hint),)
