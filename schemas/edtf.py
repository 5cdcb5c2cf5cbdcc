"""Dates of the world in EDTF (ISO 8601-2:2019): as vague as what is known.

The shape is checked first, by the pattern that `schemas/common.json` publishes: cheap, bounded, and what
partners check with. Plain days, months and years are the standard library's, so that intake does not wait
for a grammar; unknown digits (`202X-XX`) and seasons (`2026-21`) are read by the library `edtf`, one date at
a time, because a whole set takes its full grammar 0.1 s.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

_ONE = r"(?:\d{4}|\d{3}X|\d{2}XX)(?:-(?:0[1-9]|1[0-2]|2[1-4]|XX)(?:-(?:0[1-9]|[12]\d|3[01]|XX))?)?[?~%]?"
_MOMENT = (
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:Z|[+-](?:[01]\d|2[0-3])(?::[0-5]\d)?)?"
)
_SET = rf"\[(?:{_ONE})(?:(?:,|\.\.)(?:{_ONE}))+\]"
_NOT_OPEN_TWICE = r"(?!/$)(?!\.\./\.\.$)(?!\.\./$)(?!/\.\.$)"
_INTERVAL = rf"{_NOT_OPEN_TWICE}(?:{_ONE}|\.\.)?/(?:{_ONE}|\.\.)?"

PATTERN = f"^(?:{_ONE}|{_MOMENT}|{_SET}|{_INTERVAL})$"
"""The same text as `$defs/edtf/pattern` in `schemas/common.json`; a test holds the two together."""
LONGEST = 64
"""Characters; `$defs/edtf/maxLength`."""

_SHAPE = re.compile(PATTERN.removesuffix("$") + r"\Z", re.ASCII)
_PLAIN = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(\d\d))?)?", re.ASCII)
_LEAP_YEAR = 2024
_MONTHS = 12


class NotEdtf(ValueError):
    """A text is no EDTF date, or names a day that no calendar has."""


@dataclass(frozen=True, slots=True)
class _Span:
    """Earliest and latest day of one date; both ends included."""

    first: date
    last: date


def check(text: str) -> bool:
    """Say whether a text is an EDTF date of levels 0 to 1 (or a set) that the calendar knows.

    Years 0001 to 9999; no set or interval that runs backwards.
    """
    try:
        bounds(text)
    except NotEdtf:
        return False
    return True


def bounds(text: str) -> tuple[date | None, date | None]:
    """Return the earliest and the latest day that a date admits; None for an end that is open or unknown.

    Approximate and uncertain dates (`~`, `?`, `%`) count as written. A moment counts as its day.

    Raises:
        NotEdtf: `check` would say no.
    """
    if len(text) > LONGEST or not _SHAPE.match(text):
        raise NotEdtf("no EDTF shape")
    if "/" in text:
        return _interval(text)
    if text.startswith("["):
        return _one_of(text)
    span = _moment(text) if "T" in text else _one(text)
    return span.first, span.last


def sort_key(text: str) -> str:
    """Return a text that orders dates by their earliest day, then by their latest, then as written.

    Raises:
        NotEdtf: `check` would say no.
    """
    first, last = bounds(text)
    earliest = "0000-00-00" if first is None else first.isoformat()
    latest = "9999-99-99" if last is None else last.isoformat()
    return f"{earliest}/{latest}/{text}"


def _interval(text: str) -> tuple[date | None, date | None]:
    start, end = (_one(side) if side not in ("", "..") else None for side in text.split("/"))
    if start and end and start.first > end.last:
        raise NotEdtf("the interval ends before it begins")
    return start.first if start else None, end.last if end else None


def _one_of(text: str) -> tuple[date, date]:
    members: list[_Span] = []
    for run in text[1:-1].split(","):
        ends = [_one(side) for side in run.split("..")]
        if any(left.first > right.last for left, right in pairwise(ends)):
            raise NotEdtf("a range in the set ends before it begins")
        members += ends
    return min(span.first for span in members), max(span.last for span in members)


def _moment(text: str) -> _Span:
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError as no_such_day:
        raise NotEdtf("no such day") from no_such_day
    return _Span(day, day)


def _one(text: str) -> _Span:
    unqualified = text.rstrip("?~%")
    plain = _PLAIN.fullmatch(unqualified)
    try:
        return _by_calendar(*plain.groups()) if plain else _by_library(unqualified)
    except ValueError as no_such_day:
        raise NotEdtf("no such day") from no_such_day


def _by_calendar(year: str, month: str | None, day: str | None) -> _Span:
    if month is None:
        return _Span(date(int(year), 1, 1), date(int(year), 12, 31))
    first = date(int(year), int(month), int(day or 1))
    return _Span(first, first if day else first.replace(day=monthrange(first.year, first.month)[1]))


def _by_library(text: str) -> _Span:
    # Imported on first need: building its grammar takes a quarter of a second that most commands never use.
    from edtf.parser import grammar
    from pyparsing import ParseException

    year, _, rest = text.partition("-")
    month, _, day = rest.partition("-")
    _refuse_day_of_no_year(month, day)
    if "X" not in text:
        form = grammar.season
    elif rest and ("X" in year or (month == "XX" and day.isdigit())):
        form = grammar.partialUnspecified
    else:
        form = grammar.unspecified
    try:
        parsed = form.parse_string(text, parse_all=True)[0]
    except ParseException as refused:
        raise NotEdtf("refused by the grammar") from refused
    return _Span(_clamped(parsed.lower_strict()), _clamped(parsed.upper_strict()))


def _refuse_day_of_no_year(month: str, day: str) -> None:
    """Refuse `202X-02-30`; the library takes any day up to 31 when the year is not known."""
    if month.isdigit() and day.isdigit() and int(month) <= _MONTHS:
        date(_LEAP_YEAR, int(month), int(day))


def _clamped(moment: Any) -> date:
    """Turn the library's time into a day; vague years get a 29 February there, and a month's last here."""
    return date(
        moment.tm_year, moment.tm_mon, min(moment.tm_mday, monthrange(moment.tm_year, moment.tm_mon)[1])
    )
