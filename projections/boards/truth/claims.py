"""Claims and what was said of them, read out of tellings: the shown-value rule of `projections/shown.py` for boards."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from projections.boards.tellings import Name, Telling, Tellings
from projections.rule import step_to, steps_of
from projections.shown import (
    UNVERIFIED,
    Assessment,
    Assessments,
    Claim,
    Origin,
    assessed,
    assessment_in,
    origin_in,
    time_key,
    world_key,
)

Json = Any

ASSESSED = "claim.assessed"
REPORTS = ("threat.reported", "threat.updated")
"""Types that claim how a threat stands."""

DOUBTFUL = frozenset({"refuted", "unsupported"})
"""Verifications with which a claim counts as nothing that happened."""


class Said(NamedTuple):
    """What visible assessments say of some events.

    Args:
        tellings: by source and id of the event that they are about, by the moment of their publishers.
        lookup: the same as the shown-value rule asks for it.
    """

    tellings: Mapping[Name, Sequence[Telling]]
    lookup: Assessments


def said_of(tellings: Tellings, told: Iterable[Telling]) -> Said:
    """Return what visible assessments say of some events."""
    found = tellings.on({one.name for one in told})
    by_name = {
        name: sorted((one for one in about if one.type == ASSESSED), key=moment)
        for name, about in found.items()
    }
    read = {
        name: [one for each in about if (one := assessment_in(each.event))] for name, about in by_name.items()
    }
    return Said(by_name, lambda origin: read.get((origin.source, origin.id), ()))


def moment(telling: Telling) -> tuple[tuple[float, str], str, str]:
    """Order events by when their publishers asserted them, then by id and source: never by arrival."""
    return time_key(str(telling.event.get("time", ""))), telling.event["id"], telling.event["source"]


def world_moment(telling: Telling) -> tuple[str, tuple[tuple[float, str], str, str]]:
    """Order events by when it happened, and what has no date by when it was asserted."""
    return world_key(telling.when or str(telling.event.get("time", ""))[:10]), moment(telling)


def origin_of(telling: Telling) -> Origin:
    """Return what the rule needs of the event behind claims."""
    return origin_in(telling.position, telling.event, telling.when)


def grade_of(telling: Telling) -> Json:
    """Return the reliability of a source and the credibility of what it said, which are never one number."""
    said = telling.data.get("provenance")
    given = said if isinstance(said, dict) else {}
    grade = {
        "reliability": str(given.get("reliability", "F")),
        "credibility": str(given.get("credibility", "6")),
    }
    return {**grade, "source_kind": given["source_kind"]} if "source_kind" in given else grade


def claims_in(told: Iterable[Telling], pointers: Mapping[str, str]) -> list[Claim]:
    """Return what events claim of one property.

    Args:
        told: the events.
        pointers: type → where in its payload the property stands; other types claim nothing of it.
    """
    return [
        Claim(value, origin_of(one), pointers[one.type])
        for one in told
        if one.type in pointers and (value := step_to(one.data, steps_of(pointers[one.type]))) is not None
    ]


def verification_of(telling: Telling, said: Said) -> str:
    """Return how far an event as a whole is believed, whichever of its fields were assessed.

    Where only fields of it are refuted it is disputed, and no word about a field lifts what was said of all of it.
    """
    found = said.lookup(origin_of(telling))
    nothing = Claim(None, origin_of(telling))
    whole = assessed(nothing, [one for one in found if not one.fields])
    if whole in DOUBTFUL:
        return whole
    return assessed(nothing, [one if not one.fields else _in_part(one) for one in found]) or UNVERIFIED


def _in_part(one: Assessment) -> Assessment:
    """Return what an assessment of some fields means for the event: one that is wrong does not undo the rest."""
    return one._replace(fields=(), result="disputed" if one.result in DOUBTFUL else one.result)


def counting(told: Iterable[Telling], said: Said) -> list[Telling]:
    """Return those events that nobody's last word calls refuted or unsupported."""
    return [one for one in told if verification_of(one, said) not in DOUBTFUL]
