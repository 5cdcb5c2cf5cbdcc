"""Lengths of time as ISO 8601 writes them: years and months by the calendar, days and hours by the clock."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

_FORM = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?(?:T(\d{1,5})H)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time.

    Args:
        text: as it was written, e.g. `P7D`.
        months: by the calendar.
        rest: by the clock.
    """

    text: str
    months: int
    rest: timedelta


def read_span(text: str) -> Span:
    """Read e.g. `P7D`, `PT48H` or `P1Y`.

    Raises:
        ValueError: it is none.
    """
    found = _FORM.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError(f"{text} is no length of time")
    years, months, days, hours = (int(one or 0) for one in found.groups())
    return Span(text, 12 * years + months, timedelta(days=days, hours=hours))


def later(moment: datetime, span: Span, sign: int = 1) -> datetime | None:
    """Return the moment a span later, or with -1 earlier; None beyond what a calendar has.

    A month later than the 31st is the last day of a month that has no 31st.
    """
    try:
        if not span.months:
            return moment + sign * span.rest
        year, month = divmod(12 * moment.year + moment.month - 1 + sign * span.months, 12)
        day = min(moment.day, monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day) + sign * span.rest
    except (ValueError, OverflowError):
        return None
