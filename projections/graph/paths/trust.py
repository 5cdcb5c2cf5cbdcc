"""How far one step of an introduction can be trusted, from the visible claims behind it. Pure.

Trust is the geometric mean of three parts, less doubt:

    value = (recency x reliability x independence) ** (1/3) x (1 - doubt)

- recency: 0.5 ** (age / 180 days), by the newest claim's day; a day to come counts as today;
- reliability: of the best-graded claim, the mean of what its two letters stand for (A-F of the source, 1-6 of what
  it says; F and 6, "cannot be judged", count little, but more than "unreliable" and "improbable");
- independence: 1 - 0.5 ** sources: one source half, two three quarters, and so on;
- doubt: the share of the claims that assessments speak against: refuted or unsupported 1, disputed 1/2.

A refuted claim counts for none of the first three, unless all are. A step costs 1 + (1 - value): always less than two
others, so that few hops count most, while a longer way that is well attested beats a short one that is doubtful.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from projections.shown import Assessments, Claim, Origin, assessed
from schemas.edtf import NotEdtf, bounds

Json = Any

HALF_LIFE_DAYS = 180
UNIT = 10_000
"""Trust and cost are counted in whole ten-thousandths, so that sums of equal costs are equal."""

_RELIABILITY: Mapping[str, float] = {"A": 1.0, "B": 0.85, "C": 0.65, "D": 0.4, "E": 0.1, "F": 0.3}
_CREDIBILITY: Mapping[str, float] = {"1": 1.0, "2": 0.85, "3": 0.65, "4": 0.4, "5": 0.1, "6": 0.3}
_DOUBT: Mapping[str | None, float] = {"refuted": 1.0, "unsupported": 1.0, "disputed": 0.5}


class Trust(NamedTuple):
    """How far a step can be trusted, and why.

    Args:
        value: in ten-thousandths, 1 to `UNIT`.
        recency: 0 to 1.
        newest: day of the newest claim.
        reliability: 0 to 1.
        grade: of the best claim, as `B2`.
        sources: how many distinct sources say so; what one hub told, of however many publishers, is one.
        doubt: 0 to 1.
    """

    value: int
    recency: float
    newest: date
    reliability: float
    grade: str
    sources: int
    doubt: float

    @property
    def cost(self) -> int:
        """What a step costs, in ten-thousandths: at least one whole, less than two."""
        return 2 * UNIT - self.value

    def as_json(self) -> Json:
        """Return the value and its parts, with four decimals."""
        return {
            "value": self.value / UNIT,
            "recency": round(self.recency, 4),
            "reliability": round(self.reliability, 4),
            "sources": self.sources,
            "doubt": round(self.doubt, 4),
            "grade": self.grade,
            "newest": self.newest.isoformat(),
        }

    def in_words(self) -> str:
        """Say the parts in a sentence."""
        said = "1 source says so" if self.sources == 1 else f"{self.sources} independent sources say so"
        doubted = ", and some of it is doubted" if self.doubt else ""
        return f"{said}, graded {self.grade} at best, last on {self.newest.isoformat()}{doubted}."


class Judge:
    """Weighs claims for one question; remembers the days that it has read.

    Args:
        assessments: of an event, those that the reader may see.
        now: the day of the question.
    """

    def __init__(self, assessments: Assessments, now: date) -> None:
        self._assessments = assessments
        self._now = now
        self._days: dict[tuple[str | None, str], date] = {}

    def trust(self, said: Iterable[Origin]) -> Trust:
        """Return how far the events behind a step can be trusted.

        Args:
            said: events behind the claims; at least one, any order, also twice.
        """
        doubts = {origin: self._doubt(origin) for origin in said}
        believed = [origin for origin, doubt in doubts.items() if doubt < 1] or list(doubts)
        newest = max(map(self._day, believed))
        recency = min(1.0, 0.5 ** ((self._now - newest).days / HALF_LIFE_DAYS))
        reliability, grade = max(map(_graded, believed))
        sources = len({origin.voice for origin in believed})
        doubt = sum(doubts.values()) / len(doubts)
        value = (recency * reliability * (1 - 0.5**sources)) ** (1 / 3) * (1 - doubt)
        return Trust(max(1, round(value * UNIT)), recency, newest, reliability, grade, sources, doubt)

    def _doubt(self, origin: Origin) -> float:
        about = self._assessments(origin)
        return _DOUBT.get(assessed(Claim(None, origin), about), 0.0) if about else 0.0

    def _day(self, origin: Origin) -> date:
        key = origin.as_of, origin.time[:10]
        day = self._days.get(key)
        if day is None:
            day = self._days[key] = min(_day(*key), self._now)
        return day


def _graded(origin: Origin) -> tuple[float, str]:
    """Return the two letters as a number, and as they stand."""
    grade = f"{origin.reliability or 'F'}{origin.credibility or '6'}"
    both = _RELIABILITY.get(grade[:1], 0.3) + _CREDIBILITY.get(grade[1:], 0.3)
    return both / 2, grade


def _day(as_of: str | None, asserted: str) -> date:
    """Return the latest day that a claim's world date admits, else the day on which it was asserted."""
    for text in (as_of, asserted):
        try:
            last = bounds(text[:10] if "T" in text else text)[1] if text else None
        except NotEdtf:
            continue
        if last is not None:
            return last
    return date.min
