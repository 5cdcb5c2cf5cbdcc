"""Disclosure control: which figures are counts of persons, and how small counts are hidden. Pure, no library.

A count from 1 to 4 can point at a person. Whoever publishes figures sends it as `"<5"`, and what the hub counts by
itself it hides by the same rule (`hide_small`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor

from events.event import Json

SMALL = "<5"
"""Stands for a count from 1 to 4."""

LEAST = 5
"""The smallest count that is shown, zero aside."""

CHILDREN = frozenset({"under_12", "12_14", "15_17"})
"""Codes of `age_band` in which all are children."""

NO_END = 10**12
"""Stands for no upper end."""

Group = tuple[tuple[str, str], ...]
"""Whom a figure counts: (dimension, code), sorted; a dimension that is left out: all of it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One count of persons, or what a reader knows of it.

    Args:
        table: what is counted: indicator, unit, and `value`, `numerator` or `denominator`.
        group: whom.
        low: least that it can be.
        high: most that it can be.
        least: the smallest count of this table that may be told.
        pointer: from the root of the event.
    """

    table: tuple[str, str, str]
    group: Group
    low: int
    high: int
    least: int
    pointer: str

    @property
    def is_known(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high

    @property
    def is_small(self) -> bool:
        """Whether it is told to be 1 to 4 and no more."""
        return (self.low, self.high) == (1, LEAST - 1)


def group_of(observation: Mapping[str, Json]) -> Group:
    """Return whom an observation is about."""
    return tuple(sorted((observation.get("dims") or {}).items()))


def is_of_children(observation: Mapping[str, Json]) -> bool:
    """Tell whether an observation is about children alone."""
    return (observation.get("dims") or {}).get("age_band") in CHILDREN


def cells_of(observations: list[Json], least: Mapping[str, int]) -> list[Cell]:
    """Return the counts among some observations, those too that follow from a percentage.

    Args:
        observations: that fit their contract.
        least: the smallest count that may be told, of indicators for which it is not `LEAST`.
    """
    return [cell for index, one in enumerate(observations) for cell in _cells(index, one, least)]


def _cells(index: int, one: Mapping[str, Json], least: Mapping[str, int]) -> Iterator[Cell]:
    pointer, group = f"/data/observations/{index}", group_of(one)
    smallest = least.get(one["indicator"], LEAST)
    parts = [name for name in ("numerator", "denominator") if name in one]
    if one["unit"] == "count":
        parts.insert(0, "value")
    spans = _spans(one)
    for name in dict.fromkeys((*parts, *spans)):
        low, high = spans.get(name) or _span(one.get(name))
        table = (one["indicator"], one["unit"], name)
        yield Cell(table, group, low, high, smallest, f"{pointer}/{name}")


def share_of(observation: Mapping[str, Json]) -> tuple[int, int] | None:
    """Return the least and greatest numerator of a figure, said or as it follows from a percentage; None: unknown."""
    part = observation.get("numerator")
    return _spans(observation).get("numerator") if part is None else (part, part)


def _span(value: Json) -> tuple[int, int]:
    if value == SMALL:
        return 1, LEAST - 1
    return (0, NO_END) if value is None else (int(value), int(value))


def _spans(one: Mapping[str, Json]) -> dict[str, tuple[int, int]]:
    """Return which withheld numbers follow from a percentage, as it was rounded, and the number beside it."""
    value, part, whole = (one.get(name) for name in ("value", "numerator", "denominator"))
    if one["unit"] != "percent" or value is None or (part is None) == (whole is None):
        return {}
    said = Decimal(repr(value))
    exponent = said.normalize().as_tuple().exponent
    half = Decimal(5).scaleb(min(int(exponent), 0) - 1)
    low, high = max(said - half, Decimal(0)) / 100, (said + half) / 100
    if whole is not None:
        return {"numerator": (ceil(low * whole), max(floor(high * whole), ceil(low * whole)))}
    first = ceil(int(part or 0) / high)
    return {"denominator": (first, NO_END if not low else max(floor(int(part or 0) / low), first))}


def hide_small(counts: Mapping[str, int], total: int) -> tuple[dict[str, Json], Json]:
    """Hide the small counts of a breakdown, and so many others that none can be computed from the total.

    Args:
        counts: by code, together the total.
        total: of all.

    Returns:
        the counts, those from 1 to 4 as `"<5"`, one that is hidden with them as None; and the total, which is
        hidden too if nothing else can hide them. Of a total that is small no part is told.
    """
    if 0 < total < LEAST:
        return dict.fromkeys(sorted(counts)), SMALL
    shown: dict[str, Json] = {
        code: SMALL if 0 < count < LEAST else count for code, count in sorted(counts.items())
    }
    small = sum(value == SMALL for value in shown.values())
    rest = sum(count for count in counts.values() if 0 < count < LEAST)
    if not small or _says_nothing(small, rest):
        return shown, total
    large = sorted((count, code) for code, count in counts.items() if count >= LEAST)
    if not large:
        return shown, None
    shown[large[0][1]] = None
    return shown, total


def _says_nothing(small: int, rest: int) -> bool:
    """Tell whether each of some counts from 1 to 4 that add up to `rest` can still be 1, and can still be 4."""
    others = small - 1
    return others <= rest - (LEAST - 1) and rest - 1 <= (LEAST - 1) * others
