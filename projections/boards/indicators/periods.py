"""Periods as statistics write them: a year, half, quarter, month or day; else first day and duration."""

from calendar import monthrange
from datetime import date

from schemas.edtf import NotEdtf, bounds


def time_period(text: str) -> str:
    """Return an EDTF interval as an SDMX time period; as written where an end is open or it cannot be read."""
    try:
        first, last = bounds(text)
    except NotEdtf:
        return text
    if first is None or last is None:
        return text
    return _whole(first, last) or f"{first}/P{(last - first).days + 1}D"


def _whole(first: date, last: date) -> str | None:
    if first == last:
        return first.isoformat()
    is_whole = first.day == 1 and last.day == monthrange(last.year, last.month)[1]
    if not is_whole or first.year != last.year:
        return None
    months = last.month - first.month + 1
    if months == 1:
        return f"{first:%Y-%m}"
    names = {12: "", 6: "-S", 3: "-Q"}
    if months not in names or (first.month - 1) % months:
        return None
    return f"{first:%Y}{names[months]}" + (str((first.month - 1) // months + 1) if months < 12 else "")
