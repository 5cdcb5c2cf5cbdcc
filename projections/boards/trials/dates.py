"""From a date as vague as what is known (EDTF) to the times that it admits. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.edtf import NotEdtf, bounds

_VAGUE = re.compile(r"[?~%X]")
_EAST, _WEST = timedelta(hours=14), timedelta(hours=12)
"""How far the day begins before, and ends after, that of UTC somewhere on earth."""

_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 30)
"""Nearer the ends of time neither zones nor the day after can be told."""


class Candidate(NamedTuple):
    """One time at which a hearing may be.

    Args:
        first: the earliest day, as the court counts days; None: not known.
        last: the latest day.
        begins: the earliest moment, wherever the court may be; None: not known.
        ends: the latest moment.
        is_certain: it is one day, or a moment of it, and nothing about it is vague.
    """

    first: date | None
    last: date | None
    begins: datetime | None
    ends: datetime | None
    is_certain: bool

    @property
    def day(self) -> date | None:
        """The day, if it is one."""
        return self.first if self.first == self.last else None

    def lies_in(self, since: datetime, until: datetime) -> bool:
        """Tell whether it may be between two moments, both included."""
        return (self.begins is None or self.begins <= until) and (self.ends is None or self.ends >= since)


def candidates(text: str, zone: str | None = None) -> list[Candidate]:
    """Return every time that a date admits, the earliest first; none if it is no date."""
    try:
        if "T" in text:
            return [_moment(text, zone)]
        if not text.startswith("["):
            return [_span(text, zone, is_certain="/" not in text and not _VAGUE.search(text))]
        runs = {run.replace("..", "/") for run in text[1:-1].split(",")}
        found = [_span(run, zone, is_certain=False) for run in runs]
    except NotEdtf:
        return []
    return sorted(found, key=lambda one: (one.first or date.min, one.last or date.max))


def day_of(text: str | None) -> date | None:
    """Return the day of a date that admits one alone."""
    found = candidates(text) if isinstance(text, str) else []
    return found[0].day if len(found) == 1 else None


def _span(text: str, zone: str | None, *, is_certain: bool) -> Candidate:
    first, last = bounds(text)
    place = _place(zone)
    return Candidate(
        first,
        last,
        None if first is None else _begins(first, place),
        None if last is None else _ends(last, place),
        is_certain and first is not None and first == last,
    )


def _moment(text: str, zone: str | None) -> Candidate:
    first, last = bounds(text)
    said = datetime.fromisoformat(text)
    place = _place(zone)
    if not _FIRST <= said.date() <= _LAST or (said.tzinfo is None and place is None):
        # An hour of nowhere is as good as its day.
        return _span(text[:10], None, is_certain=True)
    at = (said.replace(tzinfo=place) if said.tzinfo is None else said).astimezone(UTC)
    return Candidate(first, last, at, at, is_certain=True)


def _begins(day: date, place: ZoneInfo | None) -> datetime:
    start = datetime.combine(_held(day), time(), place or UTC).astimezone(UTC)
    return start if place is not None else start - _EAST


def _ends(day: date, place: ZoneInfo | None) -> datetime:
    after = datetime.combine(_held(day) + timedelta(days=1), time(), place or UTC).astimezone(UTC)
    return after - timedelta(seconds=1) + (_WEST if place is None else timedelta())


def _held(day: date) -> date:
    return min(max(day, _FIRST), _LAST)


def _place(zone: str | None) -> ZoneInfo | None:
    try:
        return None if zone is None else ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None
