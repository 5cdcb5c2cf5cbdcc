"""Finds, among many records, the few worth comparing with one: an index in memory, kept up record by record.

A record is filed under keys: the bones of each word of its names, neighbouring words as one, its syllables, its number
at a bar, its day of birth, its place. A key that few records have tells much, one that many have tells little. What is
found by keys is ranked by them, by country and year of birth, and by how alike the whole names look.
"""

import heapq
import math
import re
from array import array
from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import Generic, TypeVar

from rapidfuzz.distance.Levenshtein import normalized_similarity

from projections.names import syllables
from projections.names.parts import Part
from projections.names.prepared import Prepared, Spelling
from projections.names.sounds import bones, coarse, otherwise
from projections.names.syllables import Sound

Key = TypeVar("Key", bound=Hashable)

_RANKED = 250
"""So many of those found by keys are looked at more closely."""

_COUNTRY, _ABROAD, _YEAR, _OTHER_YEAR, _LOOKS, _BAR = 1.5, -3.0, 2.5, -3.0, 9.0, 30.0
_SYLLABLE = 1.5
_SOFT = re.compile(r"\d|v|^a")


class Candidates(Generic[Key]):
    """An index of prepared records by a key of the caller's; not for several threads at once.

    Args:
        most_filed: a key under which more records are filed leads nowhere.
    """

    def __init__(self, most_filed: int = 6000) -> None:
        self._most_filed = most_filed
        self._filed: dict[str, array[int]] = {}
        self._records: dict[int, tuple[Key, Prepared]] = {}
        self._numbers: dict[Key, int] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._records)

    def add(self, key: Key, record: Prepared) -> None:
        """File a record; what was filed under the same key before is removed."""
        self.remove(key)
        number, self._next = self._next, self._next + 1
        self._records[number], self._numbers[key] = (key, record), number
        for each in _filed_under(record):
            self._filed.setdefault(each, array("I")).append(number)

    def remove(self, key: Key) -> None:
        """Forget a record; nothing happens if it is not there."""
        number = self._numbers.pop(key, None)
        if number is None:
            return
        for each in _filed_under(self._records.pop(number)[1]):
            filed = self._filed[each]
            filed.remove(number)
            if not filed:
                del self._filed[each]

    def near(self, record: Prepared, limit: int = 50) -> list[tuple[Key, float]]:
        """Return the records most likely to be of the same person, best first, each with a weight above 0.

        A record that is filed itself is among them. Equal weights come in the order of filing.
        """
        found = self._by_keys(record)
        closer = heapq.nlargest(_RANKED, found, key=lambda number: (found[number], -number))
        ranked = ((found[number] + _besides(record, self._records[number][1]), -number) for number in closer)
        best = heapq.nlargest(limit, ranked)
        return [(self._records[-number][0], weight) for weight, number in best if weight > 0]

    def _by_keys(self, record: Prepared) -> dict[int, float]:
        found: dict[int, float] = {}
        for keys in _asked(record):
            filed = [each for key in keys if (each := self._filed.get(key)) and len(each) <= self._most_filed]
            numbers = filed[0] if len(filed) == 1 else set(chain.from_iterable(filed))
            weight = math.log((len(self._records) + 1) / (len(numbers) + 0.5)) if numbers else 0.0
            for number in numbers:
                found[number] = found.get(number, 0.0) + weight
        return found


def _filed_under(record: Prepared) -> set[str]:
    """Return the keys of a record, each once."""
    keys = set(_facts(record))
    for name in record.spellings:
        keys.update(_stem(part) for part in name.parts)
        keys.update(_both(one, other) for one, other in pairwise(name.parts))
        keys.update(f"k{group}" for part in name.parts for group in part.kin)
        keys.update(_sound_keys(name))
    return keys - {""}


def _sound_keys(name: Spelling) -> Iterator[str]:
    if name.readings:
        for reading in name.readings:
            for system, sounds in reading.items():
                yield from (_spelt(system, sound) for each in sounds for sound in each)
    else:
        yield from (f"l{one}" for one in _latin(name.words))


def _asked(record: Prepared) -> list[Sequence[str]]:
    """Return groups of keys; a record filed under any key of a group counts once for it."""
    groups: dict[Sequence[str], None] = {}
    for name in record.spellings:
        for part in name.parts:
            groups[tuple(_variants(part))] = None
        groups.update(((_both(one, other),), None) for one, other in pairwise(name.parts))
        groups.update((tuple(sorted(each)), None) for each in _sounds_asked(name))
    groups.update(((fact,), None) for fact in _facts(record))
    return list(groups)


def _variants(part: Part) -> Iterator[str]:
    yield _stem(part)
    yield _shape(bones(otherwise(part.word)))
    yield from (f"k{group}" for group in sorted(part.kin))


def _sounds_asked(name: Spelling) -> Iterator[set[str]]:
    if not name.readings:
        yield from (_heard_keys(one) for one in _latin(name.words))
    for reading in name.readings:
        by_place = zip(*reading.values(), strict=False)
        for place in by_place:
            sounds = [(system, sound) for system, each in zip(reading, place, strict=True) for sound in each]
            yield {_spelt(*each) for each in sounds} | {
                f"l{one}" for each in sounds for one in _spellings(*each)
            }


def _facts(record: Prepared) -> Iterator[str]:
    if record.bar_number:
        yield f"b{record.bar}|{record.bar_number}"
    if record.birth and record.birth[1]:
        yield "d{}-{}-{}".format(*record.birth)
    if record.place:
        yield f"p{record.place}"


def _besides(one: Prepared, other: Prepared) -> float:
    weight = max((_looks(name, with_) for name in one.spellings for with_ in other.spellings), default=0.0)
    if one.country and other.country:
        weight += _COUNTRY if one.country == other.country else _ABROAD
    if one.birth and other.birth:
        weight += _YEAR if one.birth[0] == other.birth[0] else _OTHER_YEAR
    if one.bar_number and (one.bar, one.bar_number) == (other.bar, other.bar_number):
        weight += _BAR
    return weight


def _looks(one: Spelling, other: Spelling) -> float:
    alike = _LOOKS * normalized_similarity(one.bones, other.bones)
    if not (one.readings or other.readings):
        return alike
    # How many syllables there are tells more than how the whole is spelt in one of many ways.
    return max(alike, _LOOKS / 2 - _SYLLABLE * abs(_length(one) - _length(other)))


def _length(name: Spelling) -> int:
    if name.readings:
        return min(len(next(iter(reading.values()))) for reading in name.readings)
    return sum(len(syllables.latin_syllables(word)) for word in syllables.spoken_words(name.words))


def _stem(part: Part) -> str:
    return _shape(part.bones)


def _both(one: Part, other: Part) -> str:
    return _stem(one) + _stem(other).removeprefix("a")


@lru_cache(maxsize=65536)
def _shape(skeleton: str) -> str:
    """Return the kinds of the consonants of a word; its first vowel counts where there is only one consonant."""
    kinds = _SOFT.sub("", coarse(skeleton))
    return kinds if len(kinds) > 1 else re.sub(r"\d", "", coarse(skeleton))


@lru_cache(maxsize=16384)
def _latin(words: str) -> tuple[str, ...]:
    """Return the syllables of a name in Latin letters, if each word of it could be East Asian."""
    spoken = [syllables.latin_syllables(word) for word in syllables.spoken_words(words)]
    flat = tuple(dict.fromkeys(one for word in spoken for one in word))
    return flat if all(_heard(one) for one in flat) else ()


_SYSTEMS = ("korean", "mandarin", "cantonese", "burmese")


@lru_cache(maxsize=65536)
def _heard(syllable: str) -> frozenset[tuple[str, Sound]]:
    return frozenset((system, sound) for system in _SYSTEMS for sound in syllables.heard(syllable, system))


def _spelt(system: str, sound: Sound) -> str:
    return f"s{system[0]}{sound[0]}|{sound[1]}"


@lru_cache(maxsize=65536)
def _heard_keys(syllable: str) -> set[str]:
    return {f"l{syllable}", f"so=|{syllable}", *(_spelt(*each) for each in _heard(syllable))}


@lru_cache(maxsize=65536)
def _spellings(system: str, sound: Sound) -> tuple[str, ...]:
    """Return the ways in which a sound is spelt in Latin letters."""
    onset, rhyme = sound
    if onset == "=":
        return (rhyme,)
    if system == "overseas":
        return ()
    return syllables.spellings(onset, rhyme, system)


KEPT = (_shape, _latin, _heard, _heard_keys, _spellings)
"""What keeps words of names; see memory.py."""
