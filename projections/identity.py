"""Scores whether two records may be of the same person: a sum of explained weights, never a decision."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from projections.romanise import romanise

Json = Any

_TITLES = frozenset(
    "dr drs prof mr mrs ms sir haji hajji hajj al el bin ibn bint abu ould von van de da di la le dos der den e u "
    "daw ko maung sayyed sayyid seyyed seyed mullah maulavi mawlawi sheikh shaykh eng gen col brig maj st jr h hj "
    "hon shri smt".split()
)
_SOUNDS = (
    (re.compile("sch|tch|dj|dzh|sh|ch|zh|ts|dz|cz|sz|tz|x|[jzsc](?=[eiy])|[jzs]"), "s"),
    (re.compile("kh|gh|ck|[gqck]"), "k"),
    (re.compile("ph|[bpvfw]"), "p"),
    (re.compile("th|dh|[dt]"), "t"),
    (re.compile("[lr]"), "l"),
    (re.compile("[nm]g?"), "n"),
    (re.compile("[aeiouyh']"), ""),
)
_DOUBLED = re.compile(r"(.)\1+")
_WORD = re.compile(r"\w+")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)-(\d\d))?")

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "base": -1.8,
        "words": 2.7,
        "sound": 1.4,
        "joined": 2.0,
        "birth_same": 3.0,
        "birth_swapped": 1.5,
        "year_same": 3.8,
        "year_near": 0.9,
        "birth_clash": -3.5,
        "bar_same": 6.0,
        "bar_clash": -6.0,
        "country_same": 0.6,
        "country_differs": -3.0,
    }
)
"""How much each finding counts, in log-odds: fitted on labelled pairs, but for bar numbers and swapped days."""

_SAID: Mapping[str, str] = MappingProxyType(
    {
        "words": "each word of the shorter name has its like in the other: {:.0%}",
        "sound": "the names sound alike: {:.0%}",
        "joined": "the names written as one word sound alike: {:.0%}",
        "birth_same": "same date of birth",
        "birth_swapped": "same date of birth if day and month are swapped",
        "year_same": "same year of birth",
        "year_near": "years of birth next to each other",
        "birth_clash": "different dates of birth",
        "bar_same": "same number at the same bar",
        "bar_clash": "different numbers at the same bar",
        "country_same": "same country",
        "country_differs": "different countries",
    }
)

_SHARPNESS: Mapping[str, int] = MappingProxyType({"words": 3, "sound": 4, "joined": 4})
"""Names that are nearly alike are mostly of different people: the degree counts by this power."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two records are.

    Args:
        score: 0 to 1; from 0.5 on it is worth a look by a person.
        reasons: what speaks for or against it, heaviest first, each with its weight.
    """

    score: float
    reasons: tuple[str, ...]


def score(left: Mapping[str, Json], right: Mapping[str, Json]) -> Likeness:
    """Compare two records; which one stands left makes no difference.

    Args:
        left: `name`, and where known `aliases`, `birth_date` (a day or a year), `country`, `bar`, `bar_number`.
        right: likewise.
    """
    found = findings(left, right)
    counts = {name: WEIGHTS[name] * degree ** _SHARPNESS.get(name, 1) for name, degree in found.items()}
    total = WEIGHTS["base"] + sum(counts.values())
    heavy = sorted(counts, key=lambda name: (-abs(counts[name]), name))
    reasons = tuple(f"{counts[name]:+.1f} {_SAID[name].format(found[name])}" for name in heavy)
    return Likeness(round(1 / (1 + math.exp(-total)), 4), reasons)


def findings(left: Mapping[str, Json], right: Mapping[str, Json]) -> dict[str, float]:
    """Return the findings that count, each with its degree from 0 to 1."""
    pairs = [(one, other) for one in _names(left) for other in _names(right)]
    words, sound, joined = max((_alike(one, other) for one, other in pairs), key=sum, default=(0.0, 0.0, 0.0))
    found = {"words": words, "sound": sound, "joined": joined}
    for name in (*_birth(left, right), *_bar(left, right), *_country(left, right)):
        found[name] = 1.0
    return found


def _names(record: Mapping[str, Json]) -> list[tuple[str, ...]]:
    texts = [str(record["name"]), *(str(alias) for alias in record.get("aliases") or ())]
    return [words for text in texts if (words := _words(text))]


def _words(text: str) -> tuple[str, ...]:
    words = _WORD.findall(romanise(text).replace("'", "").replace("’", ""))
    kept = [word for word in words if word not in _TITLES and len(word) > 1]
    return tuple(sorted(kept or words))


def _alike(one: Sequence[str], other: Sequence[str]) -> tuple[float, float, float]:
    sounds, other_sounds = [_sound(word) for word in one], [_sound(word) for word in other]
    whole, other_whole = _sound("".join(one)), _sound("".join(other))
    joined = max(_ratio(whole, other_whole), _ratio("".join(sorted(sounds)), "".join(sorted(other_sounds))))
    return _weakest(one, other), _aligned(sounds, other_sounds), joined


def _weakest(one: Sequence[str], other: Sequence[str]) -> float:
    """Return how alike the word of the shorter name is that has the least of a like in the other."""
    few, many = sorted((one, other), key=lambda words: (len(words), words))
    return min(max(_like(word, with_) for with_ in many) for word in few)


def _like(word: str, with_: str) -> float:
    sound, other = _sound(word), _sound(with_)
    by_sound = 0.95 * _ratio(sound, other) if min(len(sound), len(other)) > 1 else 0.0
    return max(_ratio(word, with_), by_sound)


def _sound(word: str) -> str:
    """Return the consonants of a word, those that sound alike as one."""
    first = "a" if word[:1] in "aeiouy" else ""
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return _DOUBLED.sub(r"\1", first + word)


def _aligned(one: Sequence[str], other: Sequence[str]) -> float:
    """Match words with words, best first; return the matched share of all letters."""
    free, free_too, matched = list(one), list(other), 0.0
    ranked = sorted(
        ((_ratio(word, with_), word, with_) for word in set(one) for with_ in set(other)), reverse=True
    )
    for ratio, word, with_ in ranked:
        while word in free and with_ in free_too:
            free.remove(word)
            free_too.remove(with_)
            matched += ratio**2 * (len(word) + len(with_))
    shorter = 2 * min(sum(map(len, one)), sum(map(len, other)))
    total = sum(map(len, one)) + sum(map(len, other))
    # Names are often given in part: what the longer one has besides counts against it, but half.
    return 2 * matched / (shorter + total) if total else 0.0


def _ratio(one: str, other: str) -> float:
    """Return 1 less the share of letters that must be changed, put in or left out."""
    if one == other:
        return 1.0
    before = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        row = [at]
        for to, with_ in enumerate(other, 1):
            row.append(min(before[to] + 1, row[-1] + 1, before[to - 1] + (letter != with_)))
        before = row
    return 1 - before[-1] / max(len(one), len(other))


def _birth(left: Mapping[str, Json], right: Mapping[str, Json]) -> Iterator[str]:
    one, other = (_DATE.fullmatch(str(record.get("birth_date") or "")) for record in (left, right))
    if one is None or other is None:
        return
    years = abs(int(one[1]) - int(other[1]))
    if not (one[2] and other[2]):
        yield "year_same" if years == 0 else "year_near" if years == 1 else "birth_clash"
    elif one[0] == other[0]:
        yield "birth_same"
    elif (one[1], one[2], one[3]) == (other[1], other[3], other[2]):
        yield "birth_swapped"
    else:
        yield "birth_clash"


def _bar(left: Mapping[str, Json], right: Mapping[str, Json]) -> Iterator[str]:
    one, other = left.get("bar_number"), right.get("bar_number")
    if one and other and left.get("bar") == right.get("bar"):
        yield "bar_same" if one == other else "bar_clash"


def _country(left: Mapping[str, Json], right: Mapping[str, Json]) -> Iterator[str]:
    one, other = left.get("country"), right.get("country")
    if one and other:
        yield "country_same" if str(one).lower() == str(other).lower() else "country_differs"
