"""Which of several values of a node is shown: the rule of `projections.shown`, quickly where it is easy to apply."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from projections.graph.claims import Prop
from projections.shown import Assessments, Claim, Origin, shown

Json = Any
Given = tuple[Prop, Origin]
"""What an event gives as a property."""

_IS_DAY = re.compile(r"[1-9]\d{3}-\d\d-\d\d", re.ASCII).fullmatch


def claims_of(given: Iterable[Given]) -> list[Claim]:
    """Return what events give as claims."""
    return [Claim(prop.value, origin, prop.pointer) for prop, origin in given]


def value_of(given: Sequence[Given], assessments: Assessments | None) -> tuple[Json, bool]:
    """Return which value is shown, and whether that is disputed.

    Args:
        given: visible values, at least one.
        assessments: those that the reader may see; None where nobody assessed any of those events.
    """
    if assessments is None:
        found = _by_day(given)
        if found is not None:
            return found
    said = shown(claims_of(given), assessments or _none)
    return said.value, said.disputed


def _none(_: Origin) -> Sequence[Any]:
    return ()


def _by_day(given: Sequence[Given]) -> tuple[str, bool] | None:
    """Return the value as of the latest day, if nothing else has to decide; a source's newest value counts for it."""
    value = given[0][0].value
    if type(value) is str and all(prop.value == value for prop, _ in given):
        return value, False
    newest: dict[str, tuple[str, str]] = {}
    for prop, origin in given:
        day, value = origin.as_of or origin.time[:10], prop.value
        if type(value) is not str or not _IS_DAY(day):
            return None
        before = newest.setdefault(origin.source, (day, value))
        if day > before[0]:
            newest[origin.source] = day, value
        elif day == before[0] and value != before[1]:
            return None
    latest = max(newest.values())[0]
    values = {value for day, value in newest.values() if day == latest}
    if len(values) > 1:
        return None
    return values.pop(), len({value for _, value in newest.values()}) > 1
