"""Compares names syllable by syllable, for scripts whose signs are syllables and for what is spelt after them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeVar

from projections.names import burmese
from projections.names.tables import table

_Thing = TypeVar("_Thing")

Sound = tuple[str, str]
"""An onset and a rhyme, by their names in data/syllables.json."""

Sounds = frozenset[Sound]
"""The ways in which one syllable may be meant."""

_SPACES = re.compile(r"[\s·・,.\-‐‑–=＝]+")
_CODA = "ng|nt|nn|ck|ll|[nmklptrcswbdg]"
_LATIN = re.compile(
    rf"(?:[bcdfghjklmnpqrstvwxz]|y(?=[aeiou]))*(?:[aeiou]|y(?![aeiou]))+(?:h(?![aeiouy]))?(?:(?:{_CODA})(?![aeiouyhw]))?"
    rf"|[bcdfghjklmnpqrstvwxz]+"
)
_FINALS = "|k|k|k|n|n|n|t|l|k|m|l|l|l|p|l|m|p|p|t|t|ng|t|t|k|t|p|t".split("|")
_SAME_ONSET, _SAME_RHYME = 0.4, 0.35

_SYSTEMS_OF = {
    "kr": ("korean",),
    "kp": ("korean",),
    "cn": ("mandarin",),
    "tw": ("mandarin",),
    "hk": ("cantonese", "mandarin"),
    "mo": ("cantonese", "mandarin"),
    "sg": ("overseas",),
    "my": ("overseas",),
}
_ANY = ("mandarin", "cantonese", "korean", "overseas")


@dataclass(frozen=True, slots=True)
class Match:
    """How well two names agree syllable by syllable.

    Args:
        system: the reading that fits best, e.g. `cantonese`.
        one: how many syllables the one name has; the native one, if only one is.
        other: how many the other has.
        total: the sum of their likenesses.
        same: how many syllables are the same.
        worst: the least likeness; 0 if a syllable of the shorter name has no like.
        family: whether the first syllables are the same.
        heard: whether each syllable of the other name is one of this system.
    """

    system: str
    one: int
    other: int
    total: float
    same: int
    worst: float
    family: bool
    heard: bool

    @property
    def share(self) -> float:
        """How much of the one name has its like in the other, 0 to 1."""
        return self.total / self.one

    @property
    def longer(self) -> float:
        """How much of the longer name has its like in the other, 0 to 1."""
        return self.total / max(self.one, self.other)


@dataclass(frozen=True, slots=True)
class _System:
    onsets: Mapping[str, tuple[str, ...]]
    rhymes: Mapping[str, tuple[str, ...]]
    whole: Mapping[str, tuple[Sound, ...]]


def systems_for(countries: Sequence[str], script: str) -> tuple[str, ...]:
    """Return the readings worth trying for a name in this script; `countries` are codes in lower case."""
    if script in ("hangul", "burmese"):
        return ("korean",) if script == "hangul" else ("burmese",)
    for country in countries:
        if country in _SYSTEMS_OF:
            return _SYSTEMS_OF[country]
    return _ANY if script == "han" else ()


def looks_korean(words: Sequence[str]) -> bool:
    """Whether a name in Latin words begins or ends with a Korean family name and is Korean all through."""
    families = table("syllables")["surnames"]["korean"].split()
    if not 1 < len(words) < 5 or not (words[0] in families or words[-1] in families):
        return False
    return all(sound for word in words for sound in spoken(word, "korean"))


@lru_cache(maxsize=16384)
def spoken_words(roman: str) -> tuple[str, ...]:
    """Return the words of a name in Latin letters without forms of address."""
    words = (word.replace("'", "") for word in _SPACES.split(roman))
    return tuple(word for word in words if word.isalpha() and word.isascii() and word not in _addresses())


@cache
def _addresses() -> frozenset[str]:
    return frozenset(table("words")["addresses"].split())


def latin_syllables(word: str) -> tuple[str, ...]:
    """Split a Latin word, in lower case, into what may be its syllables."""
    whole = any(heard(word, system) for system in ("korean", "mandarin", "cantonese", "burmese"))
    return (word,) if whole else tuple(_LATIN.findall(word))


def spellings(onset: str, rhyme: str, system: str) -> tuple[str, ...]:
    """Return the ways in which a sound of a system is spelt in Latin letters."""
    known, glide = table("syllables")[system], system == "burmese" and onset.endswith("w") and len(onset) > 1
    onsets = known["onsets"].get(onset.removesuffix("w") if glide else onset, "").split(" ")
    rhymes = _rhymes(system).get(rhyme, "").split()
    whole = known.get("whole", {}).get(onset + rhyme, "").split()
    return tuple(dict.fromkeys([*whole, *(one + "w" * glide + end for one in onsets for end in rhymes)]))


@cache
def spelling_of(onset: str, rhyme: str, system: str) -> str:
    """Return the first of the ways in which a sound is spelt, or its own name."""
    return next(iter(spellings(onset, rhyme, system)), onset + rhyme)


@lru_cache(maxsize=65536)
def spoken(word: str, system: str) -> tuple[Sounds, ...]:
    """Return the syllables of a Latin word in lower case; one if the whole of it may be one."""
    whole = heard(word, system)
    if whole:
        return (whole,)
    return tuple(heard(one, system) for one in _LATIN.findall(word))


def native(text: str, script: str) -> list[Mapping[str, tuple[Sounds, ...]]]:
    """Return each way of reading a Han, Hangul or Burmese text, as sounds by system."""
    if script == "burmese":
        read = [burmese.syllables(one) for one in burmese.spellings(text)]
        return [{"burmese": tuple(frozenset({sound}) for sound in one)} for one in read]
    if script == "hangul":
        return [{"korean": tuple(frozenset({hangul(one)}) for one in text if "가" <= one <= "힣")}]
    signs = [sign for sign in text if sign in table("han")]
    return [{system: tuple(_han(sign, system) for sign in signs) for system in _ANY}]


def hangul(sign: str) -> Sound:
    """Return the sound of one Hangul syllable."""
    number = ord(sign) - 0xAC00
    korean = table("syllables")["korean"]
    onset = list(korean["onsets"])[number // 588]
    return onset, list(korean["vowels"])[number % 588 // 28] + _FINALS[number % 28]


@cache
def _han(sign: str, system: str) -> Sounds:
    mandarin, cantonese, korean = table("han")[sign].split("|")
    if system == "korean":
        return frozenset(hangul(one) for one in korean)
    if system == "overseas":
        spelt = frozenset(("=", one) for one in _southern().get(sign, ()))
        return spelt | _han(sign, "mandarin") | _han(sign, "cantonese")
    readings = mandarin if system == "mandarin" else cantonese
    return frozenset(_parted(one, system) for one in readings.split())


@cache
def _southern() -> Mapping[str, tuple[str, ...]]:
    rows = table("southern").items()
    return {sign: tuple(spelt.split()) for signs, spelt in rows if signs != "source" for sign in signs}


@cache
def _southern_spellings() -> frozenset[str]:
    return frozenset(one for spelt in _southern().values() for one in spelt)


def _parted(syllable: str, system: str) -> Sound:
    onsets = table("syllables")[system]["onsets"]
    onset = max((one for one in onsets if syllable.startswith(one) and one != syllable), key=len)
    return onset, syllable.removeprefix(onset)


@cache
def _rhymes(system: str) -> Mapping[str, str]:
    known = table("syllables")[system]
    if "rhymes" in known:
        return dict(known["rhymes"])
    return {
        vowel + final: " ".join(one + end for one in spelt.split() for end in (ends.split() or [""]))
        for vowel, spelt in known["vowels"].items()
        for final, ends in known["finals"].items()
    }


@cache
def _system(name: str) -> _System:
    known, rhymes = table("syllables")[name], _rhymes(name)
    whole = {key: [_whole(key, name)] for key in known.get("whole", {})}
    spelt_whole = {key: known["whole"][key] for key in whole}
    return _System(
        _inverted({key: [key] for key in known["onsets"]}, known["onsets"]),
        _inverted({key: [key] for key in rhymes}, rhymes),
        _inverted(whole, spelt_whole),
    )


def _whole(key: str, system: str) -> Sound:
    if system != "korean":
        return _parted(key, system)
    onsets = table("syllables")["korean"]["onsets"]
    onset = max((one for one in onsets if key.startswith(one) and one != key), key=len)
    return onset, key.removeprefix(onset)


def _inverted(
    things: Mapping[str, list[_Thing]], spelt: Mapping[str, str]
) -> Mapping[str, tuple[_Thing, ...]]:
    found: dict[str, list[_Thing]] = {}
    for key, meant in things.items():
        for one in spelt[key].split(" "):
            found.setdefault(one, []).extend(meant)
    return {one: tuple(meant) for one, meant in found.items()}


@lru_cache(maxsize=65536)
def heard(syllable: str, system: str) -> Sounds:
    """Return what a syllable in Latin letters may stand for; empty if it is none of this system."""
    if system == "overseas":
        usual = heard(syllable, "mandarin") | heard(syllable, "cantonese")
        return usual | {("=", syllable)} if usual or syllable in _southern_spellings() else usual
    known = _system(system)
    found = set(known.whole.get(syllable, ()))
    for at in range(min(len(syllable), 4)):
        onsets, rest = known.onsets.get(syllable[:at], ()), syllable[at:]
        found |= {(onset, rhyme) for onset in onsets for rhyme in known.rhymes.get(rest, ())}
        if rest.startswith("w") and system == "burmese":
            found |= {(onset + "w", rhyme) for onset in onsets for rhyme in known.rhymes.get(rest[1:], ())}
    return frozenset(found)


@lru_cache(maxsize=65536)
def likeness(one: Sounds, other: Sounds) -> float:
    """Return how alike two syllables are: 1 if they may be the same, less if the onset or the rhyme may."""
    if not one.isdisjoint(other):
        return 1.0
    if {onset for onset, _ in one} & {onset for onset, _ in other} - {"="}:
        return _SAME_ONSET
    return _SAME_RHYME if {rhyme for _, rhyme in one} & {rhyme for _, rhyme in other} else 0.0


def align(one: Sequence[Sounds], other: Sequence[Sounds]) -> tuple[float, int, float]:
    """Align two names in their order.

    Returns:
        The sum of likenesses, how many syllables are the same, and the worst likeness, over the shorter name.
    """
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    row = [(0.0, 0, 1.0)] * (len(many) + 1)
    for syllable in few:
        before, row = row, [(0.0, 0, 0.0)]
        for to, with_ in enumerate(many):
            alike = likeness(syllable, with_)
            total, same, worst = before[to]
            here = (total + alike, same + (alike == 1.0), min(worst, alike))
            row.append(max(here, row[to], (*before[to + 1][:2], 0.0)))
    return row[-1]


def best(one: Sequence[Sounds], orders: Sequence[Sequence[Sounds]], system: str) -> Match:
    """Return the best match of a name with another in any of its orders."""
    (total, same, worst), order = max(
        ((align(one, order), order) for order in orders), key=lambda each: each[0]
    )
    family = bool(order) and likeness(one[0], order[0]) == 1.0
    return Match(system, len(one), len(order), total, same, worst, family, all(order))


KEPT = (spoken_words, spelling_of, spoken, heard, likeness)
"""What keeps words of names; see memory.py."""
