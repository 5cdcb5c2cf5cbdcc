"""Scores whether two records may be of one person: a sum of explained weights, never a decision.

The weights of the names come from small trees over what `findings.py` finds, those of birth and country from a table;
all of them are log-odds, fitted by benchmarks/train_names.py, and none may count against what it is evidence for.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from projections.alike import Reason, reason
from projections.names.findings import Findings, find
from projections.names.prepared import Prepared, prepare
from projections.names.reasons import in_words
from projections.names.tables import table

Json = Any

STRONG = 0.97
"""From here on, at most one of a hundred pairs is of two people: the names say so nearly always."""

POSSIBLE = 0.5
"""From here on, a pair is worth a look by a person."""

_NOT_ONE = 0.2
"""Two full dates of birth, or two numbers at one bar: not more than this, whatever the names say."""

_BAR_SAME, _BAR_CLASH, _PLACE_SAME = 6.0, -6.0, 0.7
"""Set by hand: the labelled pairs know no bars and no places."""

_NAMELESS = -4.0


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two records are.

    Args:
        score: 0 to 1; see `STRONG` and `POSSIBLE`.
        reasons: what speaks for or against it, heaviest first, each with its weight in log-odds.
    """

    score: float
    reasons: tuple[Reason, ...]

    @property
    def tier(self) -> str:
        """`strong`, `possible` or `none`. No tier merges anything."""
        return "strong" if self.score >= STRONG else "possible" if self.score >= POSSIBLE else "none"


def score(left: Mapping[str, Json], right: Mapping[str, Json]) -> Likeness:
    """Compare two records; see `prepare` for their form. Which one stands left makes no difference."""
    return compare(prepare(left), prepare(right))


def compare(left: Prepared, right: Prepared) -> Likeness:
    """Compare two prepared records; which one stands left makes no difference."""
    if not (left.spellings and right.spellings):
        return Likeness(_chance(_NAMELESS), (reason("nameless"),))
    found = find(left, right)
    said = [
        (_of_names(found), in_words(found)),
        *_of_person(found),
        *_of_bar(left, right),
        *_of_place(left, right),
    ]
    said.sort(key=lambda each: (-abs(each[0]), each[1]))
    chance = _chance(sum(weight for weight, _ in said))
    weighed = tuple(one.weighing(f"{weight:+.1f}") for weight, one in said)
    gated = (found.birth == "clash" and _full(left, right)) or any(weight == _BAR_CLASH for weight, _ in said)
    return Likeness(min(chance, _NOT_ONE) if gated else chance, weighed)


def _chance(odds: float) -> float:
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))), 4)


def _full(left: Prepared, right: Prepared) -> bool:
    return all(each.birth and each.birth[2] for each in (left, right))


def _of_names(found: Findings) -> float:
    """Sum what each tree says: from its first node on, left if the finding is not above the threshold."""
    values, total = found.values, 0.0
    for nodes, leaves in _trees():
        at = 0
        while at >= 0:
            name, threshold, left, right = nodes[at]
            at = left if values[name] <= threshold else right
        total += leaves[~at]
    return total


@cache
def _trees() -> list[tuple[list[tuple[int, float, int, int]], list[float]]]:
    return [([(*node,) for node in tree["nodes"]], tree["leaves"]) for tree in table("weights")["trees"]]


def _of_person(found: Findings) -> Iterator[tuple[float, Reason]]:
    weights = table("weights")
    if found.birth:
        yield weights["birth"][found.birth], reason(f"born_{found.birth.replace(' ', '_')}")
    if found.country:
        yield weights["country"][found.country], reason(f"country_{found.country}")


def _of_bar(left: Prepared, right: Prepared) -> Iterator[tuple[float, Reason]]:
    if left.bar_number and right.bar_number and left.bar == right.bar:
        if left.bar_number == right.bar_number:
            yield _BAR_SAME, reason("number_same")
        else:
            yield _BAR_CLASH, reason("number_different")


def _of_place(left: Prepared, right: Prepared) -> Iterator[tuple[float, Reason]]:
    if left.place and left.place == right.place:
        yield _PLACE_SAME, reason("place_same")
