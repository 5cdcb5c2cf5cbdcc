"""What matching goes by, read from data: weights of the parts of a score, and what words and numbers mean."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

Json = Any

ALL_POINTS = 1000
"""The score of an offer of which every part fits whole."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers and words of `weights.json` and `terms.json`.

    Args:
        weights: part of the score → its points; all together `ALL_POINTS`.
        unknown: share of its points that a part gets of which nothing is said.
        tiers: urgency → its place, the most urgent last.
        answer: urgency → hours within which an offer must answer.
        roles: kind of body, or how a lawyer stands → words by which an offer may name them.
        said: everything else, as in the file.
    """

    weights: Mapping[str, int]
    unknown: float
    tiers: Mapping[str, int]
    answer: Mapping[str, int]
    roles: Mapping[str, frozenset[str]]
    said: Mapping[str, Json]

    def words(self, name: str) -> frozenset[str]:
        """Return a list of words of the file."""
        return frozenset(self.said[name])

    def tier(self, urgency: str) -> int:
        """Return the place of an urgency; of an unknown word that of `normal`."""
        return self.tiers.get(urgency, self.tiers["normal"])


@cache
def terms() -> Terms:
    """Return what the hub comes with."""
    weighed, said = _read("weights.json"), _read("terms.json")
    unknown = weighed.pop("unknown_share")
    return Terms(
        _points(weighed),
        unknown,
        {word: place for place, word in enumerate(said["tiers"])},
        said["answer_within_hours"],
        {word: frozenset(names) for word, names in said["roles"].items()},
        said,
    )


def _points(weighed: Mapping[str, int]) -> dict[str, int]:
    """Return whole points that add up to `ALL_POINTS`, what is left over going to the first."""
    total = sum(weighed.values())
    points = {name: weight * ALL_POINTS // total for name, weight in weighed.items()}
    first = next(iter(points))
    return {**points, first: points[first] + ALL_POINTS - sum(points.values())}


def _read(name: str) -> Json:
    return orjson.loads(files("projections.boards.support").joinpath(name).read_bytes())


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence lists them."""
    return ", ".join(sorted(words))
