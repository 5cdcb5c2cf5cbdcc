"""Writes names of any script in lower-case Latin words, as they sound: for comparing, never for showing."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

from anyascii import anyascii

from projections.names import indic
from projections.names.tables import table

_RANGES = (
    (0x0250, "latin"),
    (0x0370, "other"),
    (0x0400, "greek"),
    (0x0530, "cyrillic"),
    (0x0590, "armenian"),
    (0x0600, "hebrew"),
    (0x0780, "arabic"),
    (0x0900, "other"),
    (0x0D80, "indic"),
    (0x1000, "other"),
    (0x10A0, "burmese"),
    (0x1100, "other"),
    (0x1200, "hangul"),
    (0x1E00, "other"),
    (0x2000, "latin"),
    (0x3040, "other"),
    (0x3100, "kana"),
    (0x3400, "other"),
    (0xA000, "han"),
    (0xAC00, "other"),
    (0xD7B0, "hangul"),
    (0xF900, "other"),
    (0xFB00, "han"),
)
"""Where each block of code points ends, for the scripts that are read by a way of their own."""

ABJADS = frozenset({"arabic", "hebrew"})
"""Scripts that do not write short vowels."""

SYLLABIC = frozenset({"han", "hangul", "burmese"})
"""Scripts of names that are compared syllable by syllable."""

_EASTERN = re.compile("[پچژگکیےۓہھںٹڈڑټډړښږځڅې]")
_UNSEEN = re.compile("[\u00ad\u064b-\u065f\u0670\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_APOSTROPHES = re.compile("[\u02bb-\u02bf\u2018\u2019\u201b\u2032`´ʹ\u0301\u05f3\u05f4]")
_ARTICLE = re.compile(r"\b(?:ال|أل)(?=\w{3})")
_LATER_ARTICLE = re.compile(r"(?<=\s)(?:ال|أل)(?=\w{3})")
_OPEN = re.compile("[ثذض]")
_SAYYID = re.compile(r"\bسید(?=\w{3})")
_VOWELS = "aeiou"
_TWO = frozenset("th sh kh dh zh gh ph ch ts tz dz".split())


def normalise(text: str) -> str:
    """Return `text` in compatibility form, without what cannot be seen, with one kind of apostrophe."""
    if text.isascii():
        return text
    # Half spaces part words in Persian; other unseen characters part nothing.
    plain = unicodedata.normalize("NFKC", text.replace("\u200c", " "))
    return _APOSTROPHES.sub("'", _UNSEEN.sub("", plain))


def script_of(text: str) -> str:
    """Return the script of most letters: `latin`, `arabic`, `han`, ... or `other`; `latin` if there are none."""
    if text.isascii():
        return "latin"
    counts: dict[str, int] = {}
    for letter in text:
        if letter.isalpha():
            script = _script(letter)
            counts[script] = counts.get(script, 0) + 1
    return max(sorted(counts), key=counts.__getitem__, default="latin")


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    point = ord(letter)
    return next((script for end, script in _RANGES if point < end), "other")


def romanise(text: str, script: str) -> str:
    """Return a normalised text in lower-case Latin letters, by the reading of its script."""
    if text.isascii():
        return text.lower()
    lower = text.lower()
    if script == "arabic":
        return _arabic(lower, eastern=bool(_EASTERN.search(lower)))
    if script == "greek":
        pairs = table("letters")["greek_pairs"]
        return _lettered(_paired(unicodedata.normalize("NFC", _bare(lower)), pairs), "greek")
    if script in ("cyrillic", "hebrew"):
        return _lettered(lower, script)
    return _lettered(indic.romanise(lower) if script == "indic" else lower, "latin")


def readings(text: str, script: str) -> list[str]:
    """Return every way to romanise a text that its letters leave open: Arabic ones are read otherwise in the east."""
    if script == "arabic" and _OPEN.search(text) and not _EASTERN.search(text):
        return [_arabic(text, eastern=False), _arabic(text, eastern=True)]
    return [romanise(text, script)]


def _arabic(text: str, *, eastern: bool) -> str:
    """Read Arabic letters; those that stand for long vowels become vowels where no vowel is beside them."""
    sounds = _sounds("eastern" if eastern else "arabic")
    # A Persian name may begin with the two letters of the Arabic article.
    text = _LATER_ARTICLE.sub("al ", _SAYYID.sub("سید ", text)) if eastern else _ARTICLE.sub("al ", text)
    return " ".join(_vowelled([sounds.get(letter, letter) for letter in word]) for word in text.split())


def _vowelled(sounds: list[str]) -> str:
    read = ""
    for sound, after in zip(sounds, [*sounds[1:], ""], strict=True):
        read += _said(sound, read[-1:], after)
    return read


def _said(sound: str, before: str, after: str) -> str:
    """Return how a letter is read between two others; empty before or after stands for none."""
    if sound == "'":
        return "" if before else "a"
    if sound in ("w", "y"):
        vowel = before and before not in _VOWELS and after not in ("a", "e")
        return {"w": "u", "y": "i"}[sound] if vowel else sound
    # Two letters are not the one that Latin writes with the same two.
    return "a" + sound if before + sound[:1] in _TWO else sound


def _lettered(text: str, script: str) -> str:
    sounds = _sounds(script)
    return anyascii("".join(sounds.get(letter, letter) for letter in text)).lower()


def _paired(text: str, pairs: Mapping[str, str]) -> str:
    for pair, sound in pairs.items():
        text = text.replace(pair, sound)
    return text


def _bare(text: str) -> str:
    """Take the accents off."""
    return "".join(mark for mark in unicodedata.normalize("NFD", text) if not unicodedata.combining(mark))


@cache
def _sounds(script: str) -> Mapping[str, str]:
    letters = table("letters")
    return {**letters["arabic"], **letters["eastern"]} if script == "eastern" else dict(letters[script])


KEPT = (_script,)
"""What keeps words of names; see memory.py."""
