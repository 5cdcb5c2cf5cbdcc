"""What somebody typed into a form as a payload, and back: nothing that was typed is ever lost.

A field has the name of its place, `data/place/country`; what stands in a list has its number, `data/targets/0`. What
cannot be read stays as it was typed, so that the contract refuses it where it stands.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from events.event import Json
from hub.pages.publishing import fields as f
from hub.pages.publishing.fields import Field

Typed = Mapping[str, Sequence[str]]
"""The fields of a form by name; several values where several were chosen."""

NOTHING = object()
"""Nothing was typed here."""

MOST_ROWS = 1000

_WHOLE = re.compile(r"-?\d{1,18}")
_NUMBER = re.compile(r"-?\d{1,18}\.\d{1,10}")
_OFFSET = re.compile(r"Z|[+-]\d\d:\d\d")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[+-]\d\d:\d\d)")

Days = Callable[[str], str]
"""Turns words for a date into EDTF, or gives them back."""


class Payload:
    """Reads the fields of one form.

    Args:
        typed: what was typed.
        days: reads dates in words.
    """

    def __init__(self, typed: Typed, days: Days) -> None:
        self._typed = typed
        self._days = days

    def read(self, field: Field, path: str) -> Json:
        """Return what was said at a place; `NOTHING` where nothing was."""
        readers = {
            f.GROUP: self._group,
            f.LIST: self._list,
            f.PAIR: self._list,
            f.TEXTS: self._map,
            f.MAP: self._map,
            f.CHOICES: self._choices,
            f.FIXED: _fixed,
        }
        return readers.get(field.form, self._one)(field, path)

    def _choices(self, _: Field, path: str) -> Json:
        return [one for one in self._typed.get(path, ()) if one] or NOTHING

    def _one(self, field: Field, path: str) -> Json:
        said = self.text(path)
        if not said:
            return NOTHING
        return (
            moment_from(said, self.text(f"{path}@zone"))
            if field.form == f.MOMENT
            else self._plain(field, said)
        )

    def text(self, path: str) -> str:
        """Return the one text of a field."""
        return next((one for one in self._typed.get(path, ()) if one.strip()), "").strip()

    def _plain(self, field: Field, said: str) -> Json:
        if field.form == f.DAY:
            return self._days(said)
        if field.form in {f.NUMBER, f.FIGURE}:
            return number_from(said)
        if field.form in {f.YES, f.ANSWER}:
            return {"true": True, "false": False, "null": None}.get(said, said)
        return value_from(said) if field.form == f.VALUE else said

    def _group(self, field: Field, path: str) -> Json:
        made = {one.name: self.read(one, f"{path}/{one.name}") for one in field.children}
        said = {name: value for name, value in made.items() if value is not NOTHING}
        fixed = {one.name for one in field.children if one.form == f.FIXED}
        return said if said.keys() - fixed else NOTHING

    def _list(self, field: Field, path: str) -> Json:
        item = field.item
        if item is None:
            values = [self.read(one, f"{path}/{one.name}") for one in field.children]
            said = [None if one is NOTHING else one for one in values]
            return said if any(one is not NOTHING for one in values) else NOTHING
        found = [self.read(item, f"{path}/{row}") for row in self.rows(path)]
        return [one for one in found if one is not NOTHING] or NOTHING

    def _map(self, field: Field, path: str) -> Json:
        made: dict[str, Json] = {}
        for row in self.rows(path):
            key, value = self.text(f"{path}/{row}/key"), self.read(field.item or field, f"{path}/{row}/value")
            if key and value is NOTHING:
                continue
            if value is not NOTHING:
                made[_free(key, made)] = value
        return made or NOTHING

    def rows(self, path: str) -> list[int]:
        """Return the numbers of the rows of a list, in order."""
        start = len(path) + 1
        heads = {
            name[start:].partition("/")[0].partition("@")[0]
            for name in self._typed
            if name.startswith(f"{path}/")
        }
        return sorted(int(one) for one in heads if one.isdecimal() and len(one) < 5)[:MOST_ROWS]


def _fixed(field: Field, _: str) -> Json:
    return field.fixed


def _free(key: str, made: Mapping[str, Json]) -> str:
    """Return a key that is not taken: two texts of one language stay two, and the contract says what is wrong."""
    return next(one for one in _numbered(key) if one not in made)


def _numbered(key: str) -> Iterator[str]:
    yield key
    number = 2
    while True:
        yield f"{key} ({number})"
        number += 1


def number_from(said: str) -> Json:
    """Return a number; what is none as it was typed, and `null` where that word was."""
    if _WHOLE.fullmatch(said):
        return int(said)
    if _NUMBER.fullmatch(said):
        return float(said)
    return None if said == "null" else said


def value_from(said: str) -> Json:
    """Return a JSON value; what is none is a text."""
    try:
        return json.loads(said, parse_constant=str)
    except (ValueError, RecursionError):
        return said


def text_of(field: Field, value: Json) -> str:
    """Return what a field shows for a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and (field.form != f.VALUE or value_from(value) == value):
        return value
    return json.dumps(value, ensure_ascii=False)


def moment_from(said: str, zone: str) -> str:
    """Return a moment with its offset, from a clock's time and a zone; what cannot be read as it was typed."""
    if _MOMENT.fullmatch(said):
        return said
    try:
        clock = datetime.fromisoformat(said)
    except ValueError:
        return said
    if _OFFSET.fullmatch(zone):
        return f"{_clock(clock)}{zone}"
    try:
        there = clock.replace(tzinfo=ZoneInfo(zone or "UTC"))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return f"{said} {zone}"
    offset = there.strftime("%z")
    return f"{_clock(clock)}{offset[:3]}:{offset[3:5]}".replace("+00:00", "Z")


def _clock(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds")


def clock_of(moment: Json) -> tuple[str, str]:
    """Return a moment as a clock's time and its offset, as the two fields show it."""
    found = _MOMENT.fullmatch(moment) if isinstance(moment, str) else None
    return (
        (found[1].removesuffix(":00") if found[1].count(":") == 2 else found[1], found[2])
        if found
        else (
            str(moment),
            "",
        )
    )
