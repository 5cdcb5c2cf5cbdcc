"""Prepares a record for comparing: each of its names read once, its birth, its country, its bar."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections.names.parts import Part, parts_of
from projections.names.scripts import SYLLABIC, normalise, readings, romanise, script_of
from projections.names.syllables import Sounds, native, spelling_of
from projections.names.tables import table

Json = Any

_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")
_EARLIEST = "1800"
"""A year before is a mistake of the source and tells nothing."""

_SEVERAL = re.compile(r"\s*[၊;]\s*|\s+/\s+")
_LONGEST = 200
"""So many letters of a name are read."""

_MOST_NAMES = 6
"""So many names of a record are compared, the first ones: the rest could make one comparison slow."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """One name as it is written once.

    Args:
        text: normalised.
        script: see scripts.py.
        parts: its words; see parts.py.
        words: in Latin letters, for reading them syllable by syllable; empty for scripts of syllables.
        readings: sounds by system, for scripts whose signs are syllables.
        bones: the consonants of all parts, in their order.
    """

    text: str
    script: str
    parts: tuple[Part, ...]
    words: str
    readings: tuple[Mapping[str, tuple[Sounds, ...]], ...]
    bones: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record ready for comparing.

    Args:
        spellings: each different name, the main one first.
        birth: year, month, day; None for what is not known, and None if nothing is.
        country: code in lower case, or empty.
        bar: the bar, or empty.
        bar_number: the number there, or empty.
        place: normalised place, or empty.
    """

    spellings: tuple[Spelling, ...]
    birth: tuple[int, int | None, int | None] | None
    country: str
    bar: str
    bar_number: str
    place: str


def prepare(record: Mapping[str, Json]) -> Prepared:
    """Read a record.

    Args:
        record: `name`, and where known `aliases` (a list), `birth_date` (a day, a month or a year), `country`, `bar`,
            `bar_number`, `place`; anything else is left alone.

    Raises:
        KeyError: there is no `name`.
    """
    texts = [
        str(record["name"] or "")[:_LONGEST],
        *(str(alias)[:_LONGEST] for alias in record.get("aliases") or ()),
    ]
    names = dict.fromkeys(one for text in texts[:_MOST_NAMES] for one in _apart(text))
    spellings = [one for name in names for one in spell(name)]
    return Prepared(
        tuple(one for one in spellings if one.parts),
        _birth(record.get("birth_date")),
        _plain(record.get("country")),
        _plain(record.get("bar")),
        _plain(record.get("bar_number")),
        _plain(record.get("place")),
    )


def spell(text: str) -> list[Spelling]:
    """Read one normalised name, once for each way in which its letters may be meant."""
    script = script_of(text)
    if script not in SYLLABIC:
        return [_spelling(text, script, roman, ()) for roman in readings(text, script)]
    syllables = tuple(native(text, script))
    return [_spelling(text, script, _pinyin(text) if script == "han" else _spoken(syllables[0]), syllables)]


def _spoken(reading: Mapping[str, tuple[Sounds, ...]]) -> str:
    """Spell sounds in Latin letters; a Korean name has its family first, a Burmese one a word for each syllable."""
    (system, sounds), *_ = reading.items()
    spelt = [spelling_of(*min(each), system) for each in sounds]
    return " ".join([*spelt[:1], "".join(spelt[1:])] if system == "korean" else spelt)


def _spelling(
    text: str, script: str, roman: str, syllables: tuple[Mapping[str, tuple[Sounds, ...]], ...]
) -> Spelling:
    parts = parts_of(roman)
    return Spelling(
        text, script, parts, "" if syllables else roman, syllables, "".join(part.bones for part in parts)
    )


def _apart(text: str) -> Sequence[str]:
    """Some sources write several names in one field."""
    plain = normalise(text).strip()
    if plain.isalpha() or not _SEVERAL.search(plain):
        return [plain] if plain else []
    return [one for one in _SEVERAL.split(plain) if one]


def _pinyin(text: str) -> str:
    """Read Han signs in Mandarin; in a short name without a dot, the first sign is the family's."""
    readings = [table("han").get(sign, "").split("|")[0].split(" ")[0] or sign for sign in text]
    if len(text) in (2, 3, 4) and all(reading.isalpha() for reading in readings):
        readings.insert(1, " ")
    return romanise("".join(readings), "other")


def _birth(text: Json) -> tuple[int, int | None, int | None] | None:
    found = _DATE.fullmatch(str(text or ""))
    if found is None or found[1] < _EARLIEST:
        return None
    year, month, day = found.groups()
    return int(year), int(month) if month else None, int(day) if day else None


def _plain(value: Json) -> str:
    return normalise(str(value)).strip().lower() if value else ""
