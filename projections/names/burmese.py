"""Reads Burmese letters as syllables, each an onset and a rhyme; takes Zawgyi for what it is."""

import re
import warnings
from functools import cache

from myanmartools import ZawgyiDetector

from projections.names.tables import table

_BASE = "[\u1000-\u102a\u103f]"
_SYLLABLE = re.compile(
    rf"({_BASE})([\u103b-\u103e]*)((?:[\u102b-\u1032\u1036-\u1038\u103a]|{_BASE}[\u1037\u1038]*\u103a)*)"
)
_STACKED = re.compile(rf"\u1039(?={_BASE})")
_ZAWGYI_ORDER = re.compile(
    rf"(\u1031?)(\u103c?)({_BASE})((?:\u1039{_BASE})?)([\u103b\u103d\u103e]*)(\u1004\u103a\u1039)?"
)
_MARKS = re.compile("[\u1037\u1038]")
_BELOW, _ABOVE = 0.05, 0.95


def spellings(text: str) -> list[str]:
    """Return a Burmese text in Unicode order: as it is, converted from Zawgyi, or both where either may be meant."""
    share = _detector().get_zawgyi_probability(text)
    if share < _BELOW:
        return [text]
    converted = from_zawgyi(text)
    return [converted] if share > _ABOVE else [text, converted]


@cache
def _detector() -> ZawgyiDetector:
    with warnings.catch_warnings():
        # It opens its file in a way that Python 3.11 and 3.12 call old, and 3.13 does not any more.
        warnings.simplefilter("ignore", DeprecationWarning)
        return ZawgyiDetector()


def from_zawgyi(text: str) -> str:
    """Write a text typed for Zawgyi fonts in Unicode: other code points, and in the order of speech."""
    mapped = "".join(table("burmese")["zawgyi"].get(letter, letter) for letter in text)
    return _ZAWGYI_ORDER.sub(_reordered, mapped)


def _reordered(found: re.Match[str]) -> str:
    before, ra, base, stacked, medials, kinzi = found.groups(default="")
    return kinzi + base + stacked + "".join(sorted(ra + medials)) + before


def syllables(text: str) -> list[tuple[str, str]]:
    """Return the onset and the rhyme of each syllable, by their names in data/syllables.json."""
    # A letter stacked on another ends the syllable before it.
    apart = _STACKED.sub("\u103a", text)
    return [_read(*found.groups()) for found in _SYLLABLE.finditer(apart)]


def _read(base: str, medials: str, rest: str) -> tuple[str, str]:
    known = table("burmese")
    creaky = "\u1037" in rest
    rhyme = _MARKS.sub("", rest)
    glide = "w" if "\u103d" in medials else ""
    medials = medials.replace("\u103d", "")
    onset = known["medials"].get(base + medials, known["onsets"].get(base, ""))
    if glide and "\u103d" + rhyme in known["rhymes"]:
        glide, rhyme = "", "\u103d" + rhyme
    standing = known["standing"].get(base)
    sound = standing if standing and not rhyme else known["rhymes"].get(rhyme, "?")
    return onset + glide, sound + "'" if creaky and sound.endswith("n") else sound
