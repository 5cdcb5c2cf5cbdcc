"""Splits a romanised name into its parts and says what each is: title, particle, initial, patronymic, or name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from projections.names.sounds import bones, code, kinds, otherwise
from projections.names.tables import table

_WORD = re.compile(r"[a-z]+")
_SERVANT = re.compile(
    r"\babd(?:[aeiou]?l|[aeiou]([rsntdz])(?=\1)|[aeiou](?=[ -]))?[ -]*(?:[aeu][lrsntdz][ -]+|l[ -]+)?(?=[a-z])"
)
_FATHER = re.compile(r"\b[ae]b[ou]+[ -]?[aeu]?l[ -]*(?=[a-z])")
_SIGNS_A_BIT = 2
_MOST = 12
"""So many words of a name are read."""

_A_FATHER = 0.7
"""A father's name tells less, and is left out more often, than a name of one's own."""
_SHORT = 6

_SELDOM, _HONOUR, _TITLE = 0.5, 0.35, 0.15


@dataclass(frozen=True, slots=True)
class Part:
    """One word of a name.

    Args:
        word: in lower-case Latin letters.
        code: its sounds; see sounds.py.
        bones: the consonants among them.
        weight: how much it tells, about 0.1 to 2.5; a very common name and a title tell little.
        kin: numbers of the groups of names that are the same in short or in another language.
        initial: whether it is one letter, short for a name.
        otherwise: its sounds as other languages read its letters; empty if they are the same.
        kinds: a bit for each kind of consonant in it.
    """

    word: str
    code: str
    bones: str
    weight: float
    kin: frozenset[int] = frozenset()
    initial: bool = False
    otherwise: str = ""
    kinds: int = 0


def parts_of(roman: str) -> tuple[Part, ...]:
    """Return the parts of a romanised name in their order; particles are left out if anything else is there."""
    together = roman.replace("'", "")
    if "b" in together:
        together = _FATHER.sub("abul", _SERVANT.sub("abd", together))
    words = _WORD.findall(together)
    kept = [word for word in words if word not in _set("particles")] or words
    named = [word for word in kept if word not in _set("titles")]
    # A title may be a name as well: it is left out only where two other words are there.
    return tuple(part(word) for word in (named if len(named) > 1 else kept)[:_MOST])


@lru_cache(maxsize=65536)
def part(word: str) -> Part:
    """Return one word as a part."""
    sounds, others = code(word), otherwise(word)
    skeleton = bones(sounds)
    return Part(
        word,
        sounds,
        skeleton,
        _weight(word, skeleton),
        _kin().get(word, frozenset()),
        len(word) == 1,
        "" if others == sounds else others,
        kinds(skeleton),
    )


def joined(one: Part, other: Part) -> Part:
    """Return two neighbouring parts written as one word."""
    sounds, skeleton = one.code + other.code, one.bones + bones(other.code)
    return Part(
        one.word + other.word, sounds, skeleton, one.weight + other.weight, kinds=one.kinds | other.kinds
    )


def _weight(word: str, skeleton: str) -> float:
    if word in _set("titles"):
        return _TITLE
    if word in _set("honours"):
        return _HONOUR
    if len(word) == 1:
        return _SELDOM
    known = _A_FATHER if len(word) > _SHORT and word.endswith(_endings()) else _common().get(skeleton, 1.0)
    return known * (0.4 + 0.3 * min(len(skeleton) / _SIGNS_A_BIT, 5.0))


@cache
def _endings() -> tuple[str, ...]:
    return tuple(table("words")["patronymics"].split())


@cache
def _set(name: str) -> frozenset[str]:
    return frozenset(table("words")[name].split())


@cache
def _common() -> Mapping[str, float]:
    return {bones(code(word)): share for word, share in table("words")["common"].items()}


@cache
def _kin() -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, group in enumerate(table("words")["same"]):
        for word in group.split():
            found.setdefault(word, set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


KEPT = (part,)
"""What keeps words of names; see memory.py."""
