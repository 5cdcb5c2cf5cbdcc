"""Finds what speaks for and against two records being of one person, as numbers; the score weighs them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance.Levenshtein import normalized_similarity

from projections.names import syllables
from projections.names.align import Alignment, Pair, align, by_syllables
from projections.names.prepared import Prepared, Spelling
from projections.names.scripts import ABJADS, SYLLABIC
from projections.names.syllables import Match, Sounds

NAMES = (
    "shorter", "longer", "alike", "worst", "worst_bones", "worst_code", "worst_first", "told", "clash", "left",
    "first_left",
    "last_left", "initials", "words", "whole", "spoken_system", "spoken_one", "spoken", "spoken_longer",
    "spoken_worst", "spoken_extra", "script", "birth", "country",
)  # fmt: skip
"""What is found of every pair, in the order of `Findings.values`."""

UNKNOWN = -1.0
_SURE = 0.9
_TRIED = 3


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of a pair.

    Args:
        values: numbers, in the order of `NAMES`.
        alignment: of the two names that agree best, word by word or by syllables.
        match: the same, syllable by syllable; None where no such reading fits.
        by_syllables: whether the syllables tell, not the words.
        birth: how the births relate, one of `BIRTHS`.
        country: `same`, `different`, or empty where one is not known.
        one: the name of one record that agrees best.
        other: the name of the other record.
    """

    values: tuple[float, ...]
    alignment: Alignment
    match: Match | None
    by_syllables: bool
    birth: str
    country: str
    one: Spelling
    other: Spelling


def find(left: Prepared, right: Prepared) -> Findings:
    """Compare two records that have names; which one stands left makes no difference."""
    countries = sorted({left.country, right.country} - {""})
    tried = [_compared(one, other, countries) for one, other in _closest(left, right)]
    _, told, match, one, other = max(tried, key=lambda each: (each[0], _order(each[3]), _order(each[4])))
    spoken = match is not None and _tells(match)
    worded = _told(told, match) if match and spoken else _worded(told, one, other)
    birth, country = relation(left, right), _COUNTRIES[_country(left, right)]
    known = (_kind(one, other), float(BIRTHS.index(birth)), float(_country(left, right)))
    return Findings((*worded, *_spoken(match), *known), told, match, spoken, birth, country, one, other)


_Compared = tuple[float, Alignment, Match | None, Spelling, Spelling]


def _closest(left: Prepared, right: Prepared) -> Iterator[tuple[Spelling, Spelling]]:
    """Yield the pairs of names worth comparing: those that look nearest at a glance."""
    pairs = [(a, b) if _order(a) <= _order(b) else (b, a) for a in left.spellings for b in right.spellings]
    yield from pairs if len(pairs) <= _TRIED else sorted(pairs, key=_glance, reverse=True)[:_TRIED]


def _order(name: Spelling) -> tuple[str, str, str]:
    return name.script, name.text, name.bones


def _glance(pair: tuple[Spelling, Spelling]) -> tuple[float, tuple[str, str, str], tuple[str, str, str]]:
    one, other = pair
    return normalized_similarity(one.bones, other.bones), _order(one), _order(other)


def _compared(one: Spelling, other: Spelling, countries: Sequence[str]) -> _Compared:
    match = _matched(one, other, countries)
    told = by_syllables(match) if match and _tells(match) else align(one, other)
    spoken = match.longer * min(match.one / 3, 1.0) if match else 0.0
    return max(told.shorter + 0.5 * told.longer, 1.5 * spoken), told, match, one, other


def _tells(match: Match) -> bool:
    """What is spelt after a system of syllables is told by them: whole words look alike too easily."""
    return match.heard or match.share > _SURE


def _matched(one: Spelling, other: Spelling, countries: Sequence[str]) -> Match | None:
    native, latin = (one, other) if one.readings else (other, one)
    if not native.readings:
        return _both_latin(one, other, countries)
    systems = syllables.systems_for(countries, native.script)
    found = [
        match
        for reading in native.readings
        for system in systems
        if reading.get(system)
        and (match := syllables.best(reading[system], _orders(latin, system), system)).other
    ]
    return max(found, key=lambda match: (match.share, match.system), default=None)


def _both_latin(one: Spelling, other: Spelling, countries: Sequence[str]) -> Match | None:
    systems = syllables.systems_for(countries, "latin") or _guessed(one, other, countries)
    found = [
        match
        for system in systems
        if (sounds := _sounds(syllables.spoken_words(one.words), system))
        and (match := syllables.best(sounds, _orders(other, system), system)).other
    ]
    return max(found, key=lambda match: (match.total, match.system), default=None)


def _guessed(one: Spelling, other: Spelling, countries: Sequence[str]) -> tuple[str, ...]:
    if countries:
        return ("burmese",) if "mm" in countries else ()
    korean = syllables.looks_korean(syllables.spoken_words(one.words)) and syllables.looks_korean(
        syllables.spoken_words(other.words)
    )
    return ("korean",) if korean else ()


def _sounds(words: Sequence[str], system: str) -> list[Sounds]:
    return [sound for word in words for sound in syllables.spoken(word, system)]


def _orders(latin: Spelling, system: str) -> list[list[Sounds]]:
    """A name as it is written, with its last word first, and with its first word last."""
    if latin.readings:
        return [list(reading[system]) for reading in latin.readings if system in reading] or [[]]
    words = syllables.spoken_words(latin.words)
    # A Burmese name has no family name that could stand elsewhere.
    orders = (
        [words]
        if system == "burmese" or len(words) < 2
        else [words, (*words[-1:], *words[:-1]), (*words[1:], *words[:1])]
    )
    return [_sounds(order, system) for order in dict.fromkeys(orders)]


def _told(told: Alignment, match: Match) -> Iterator[float]:
    yield from (
        told.shorter,
        told.longer,
        match.share,
        match.worst,
        match.worst,
        match.worst,
        float(match.family),
    )
    yield from (
        told.told,
        told.clash,
        told.left,
        float(told.first_left),
        0.0,
        0.0,
        float(match.same),
        told.longer,
    )


def _worded(found: Alignment, one: Spelling, other: Spelling) -> Iterator[float]:
    full = [pair for pair in found.pairs if not pair.by_initial]
    yield from (found.shorter, found.longer)
    yield sum(pair.alike for pair in full) / len(full) if full else 0.0
    yield from _worst(min(full, key=lambda pair: pair.alike, default=None))
    yield from (found.told, found.clash, found.left, float(found.first_left), float(found.last_left))
    yield from (float(len(found.pairs) - len(full)), float(len(found.pairs)))
    mine, theirs = (" ".join(sorted(part.bones for part in name.parts)) for name in (one, other))
    yield max(normalized_similarity(one.bones, other.bones), normalized_similarity(mine, theirs))


def _worst(pair: Pair | None) -> tuple[float, float, float, float]:
    if pair is None:
        return 0.0, 0.0, 0.0, 0.0
    bones, codes = (pair.one.bones, pair.other.bones), (pair.one.code, pair.other.code)
    first = float(bones[0][:1] == bones[1][:1])
    return pair.alike, normalized_similarity(*bones), normalized_similarity(*codes), first


_SYSTEMS = ("korean", "mandarin", "cantonese", "overseas", "burmese")


def _spoken(match: Match | None) -> Iterator[float]:
    if match is None:
        yield from (UNKNOWN,) * 6
    else:
        yield from (float(_SYSTEMS.index(match.system)), float(match.one), match.share, match.longer)
        yield from (match.worst, float(match.other - match.one))


BIRTHS = (
    "clash", "other day", "other year", "near", "", "day of another year", "swapped", "same year", "same day",
)  # fmt: skip
"""How two births may relate, from what speaks against one person to what speaks for it; empty: not known."""


def relation(left: Prepared, right: Prepared) -> str:
    """Say how two births relate, in one of a few words; empty where one is not known."""
    one, other = left.birth, right.birth
    if one is None or other is None:
        return ""
    years = abs(one[0] - other[0])
    if None in (*one, *other):
        return (
            "same year" if years == 0 else "near" if years == 1 else "other year" if years == 2 else "clash"
        )
    if one == other:
        return "same day"
    if years == 0 and one[1:] == (other[2], other[1]):
        return "swapped"
    if one[1:] == other[1:] and years <= 10:
        return "day of another year"
    return "other day" if years == 0 else "clash"


_COUNTRIES = ("different", "", "same")


def _country(left: Prepared, right: Prepared) -> int:
    return 1 if not (left.country and right.country) else 2 * (left.country == right.country)


def _kind(one: Spelling, other: Spelling) -> float:
    """Number how far apart the scripts are: the same, letter by letter, without vowels, roughly, by syllables."""
    scripts = {one.script, other.script}
    if len(scripts) == 1:
        return 0.0
    if scripts <= {"latin", "cyrillic", "greek"}:
        return 1.0
    if scripts & SYLLABIC:
        return 4.0
    return 2.0 if scripts & ABJADS else 3.0
