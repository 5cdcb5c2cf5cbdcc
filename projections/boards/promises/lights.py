"""The light of a commitment: by how long ago the last report was; the thresholds are data (`lights.json`)."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import orjson

Json = Any


class Light(NamedTuple):
    """One light: it shines up to so many years after a report; None: for ever."""

    light: str
    years: int | None


@cache
def lights() -> Sequence[Light]:
    """Return the lights, the first that applies first."""
    said = orjson.loads((files(__package__) / "lights.json").read_bytes())["lights"]
    return tuple(Light(one["light"], one["years"]) for one in said)


def light_of(last: date | None, now: datetime) -> str | None:
    """Return the light for the day of a last report; None if no day is known."""
    if last is None:
        return None
    today = now.date()
    return next(one.light for one in lights() if one.years is None or today <= _years_after(last, one.years))


def _years_after(day: date, years: int) -> date:
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
