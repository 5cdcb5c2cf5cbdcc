"""From a date as vague as what is known (EDTF) to the days that belong in a calendar. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.edtf import NotEdtf, bounds

LONGEST = 31
"""Days; what may be on any day of more than a month is no entry of a calendar."""

MOST_CANDIDATES = 20

YEARS = range(1900, 2200)
"""What programs have in their calendars; nearer the ends of time neither zones nor the day after can be told."""

_VAGUE = re.compile(r"[?~%X]")


@dataclass(frozen=True, slots=True)
class When:
    """One time at which a hearing may be.

    Args:
        key: its day as written, or its first and last; two of a hearing with one key are the same entry.
        start: a day, or a moment in the zone of the court if its hour is known.
        end: the day after the last, of more than one day; a moment, if that is known.
        is_certain: nothing about it is vague.
    """

    key: str
    start: date | datetime
    end: date | datetime | None = None
    is_certain: bool = True


def candidates(text: str, zone: str | None = None, ends: str | None = None) -> list[When]:
    """Return every time that a date admits, the earliest first; none if it is too vague for a calendar.

    Args:
        text: EDTF.
        zone: of the court; a moment is told in it, without it in UTC.
        ends: EDTF; counts only if both are moments.
    """
    try:
        if "T" in text:
            bounds(text)
            return [_moment(text, zone, ends)] if int(text[:4]) in YEARS else []
        if text.startswith("["):
            runs = [_span(run.replace("..", "/"), is_certain=False) for run in text[1:-1].split(",")]
        else:
            runs = [_span(text, is_certain="/" not in text and not _VAGUE.search(text))]
    except NotEdtf:
        return []
    found = {one.key: one for one in runs if one is not None}
    return [found[key] for key in sorted(found)][:MOST_CANDIDATES]


def key_of(text: str) -> str | None:
    """Return the key of a date that admits one time alone."""
    found = candidates(text)
    return found[0].key if len(found) == 1 else None


def _span(text: str, *, is_certain: bool) -> When | None:
    first, last = bounds(text)
    if first is None or last is None or (last - first).days >= LONGEST:
        return None
    if first.year not in YEARS or last.year not in YEARS:
        return None
    if first == last:
        return When(first.isoformat(), first, None, is_certain)
    return When(f"{first}/{last}", first, last + timedelta(days=1), is_certain=False)


def _moment(text: str, zone: str | None, ends: str | None) -> When:
    day = text[:10]
    start = _placed(text, zone)
    if start is None:
        # An hour of nowhere: a wrong hour is worse than none.
        return When(day, date.fromisoformat(day))
    end = _placed(ends, zone) if ends is not None and "T" in ends else None
    return When(day, start, end if end is not None and end > start else None)


def _placed(text: str, zone: str | None) -> datetime | None:
    moment = datetime.fromisoformat(text)
    if moment.year not in YEARS:
        return None
    if zone is not None:
        place = ZoneInfo(zone)
        return moment.replace(tzinfo=place) if moment.tzinfo is None else moment.astimezone(place)
    return None if moment.tzinfo is None else moment.astimezone(UTC)
