"""Writes Latin words as codes of their sounds, so that a plain edit distance counts like sounds as nearly alike.

A consonant becomes two signs, its kind and itself: b and p differ in one of two signs, b and k in both. A vowel is one
sign. The bones of a word are its consonants alone, as the scripts show them that do not write short vowels.
"""

import re
from functools import lru_cache

_SOUNDS = {
    "shch": "S1", "sch": "S1", "tch": "S4", "dzh": "S5", "sh": "S1", "ch": "S4", "zh": "S6", "kh": "K4", "gh": "K3",
    "ph": "P3", "th": "T3", "dh": "T4", "ts": "S7", "tz": "S7", "cz": "S4", "sz": "S1", "ck": "K1", "qu": "K1",
    "dj": "S5", "dz": "S5", "x": "K1S2", "b": "P2", "p": "P1", "f": "P3", "v": "v", "w": "v", "d": "T2",
    "t": "T1", "s": "S2", "z": "S3", "j": "S5", "k": "K1", "g": "K2", "q": "K5", "l": "L1", "r": "R1", "m": "M1",
    "n": "N2", "h": "h", "y": "i",
}  # fmt: skip
_OTHERS = {"ng": "N2", "a": "a", "e": "e", "i": "i", "o": "o", "u": "u", "y": "i"}
_SOFT = re.compile("c(?=[eiy])")
_FOLDED = re.compile("ou|oo|ee|ie|ei|ey|ay|ai|ae|aa|eu|iy|yi|ij|ii|uu|au|aw|ow|ew")
_FOLDS = {
    "ou": "u", "oo": "u", "ee": "i", "ie": "i", "ei": "e", "ey": "e", "ay": "e", "ai": "e", "ae": "e", "aa": "a",
    "eu": "e", "iy": "i", "yi": "i", "ij": "i", "ii": "i", "uu": "u", "au": "o", "aw": "o", "ow": "o", "ew": "u",
}  # fmt: skip
_SILENT = re.compile(r"^w(?=r)|^k(?=n)|(?<=m)b$|gh(?=t)(?<=[iau]gh)|(?<=w)h")
_SIGN = re.compile("|".join([*(one for one in _SOUNDS if len(one) > 1), "ng(?![aeiouy])", "[a-z]"]))
_DOUBLED = re.compile(r"([a-z])\1+")
_WEAK = re.compile("[aeiouh]")


@lru_cache(maxsize=65536)
def code(word: str) -> str:
    """Return the sounds of a Latin word in lower case."""
    word = _SILENT.sub("", word)
    plain = (
        _SOFT.sub("s", _DOUBLED.sub(r"\1", word)).replace("c", "k")
        if "c" in word and "ch" not in word
        else word
    )
    folded = _FOLDED.sub(lambda found: _FOLDS[found[0]], _DOUBLED.sub(r"\1", plain))
    return _SIGN.sub(lambda found: _SOUNDS.get(found[0]) or _OTHERS.get(found[0], "K1"), folded)


_OTHERWISE = (
    (re.compile("j"), "y"),
    (re.compile("ch"), "kh"),
    (re.compile("g(?=[eiy])"), "j"),
    (re.compile("(?<=[a-z]{3})(?:ix|[tsxdz])$"), ""),
    (re.compile("oi"), "ua"),
)


@lru_cache(maxsize=65536)
def otherwise(word: str) -> str:
    """Return the sounds of a Latin word as other languages read its letters; those of `code` if none does."""
    for pattern, sound in _OTHERWISE:
        word = pattern.sub(sound, word)
    return code(word)


def coarse(sounds: str) -> str:
    """Return sounds as languages hear them that know no difference of l and r."""
    return sounds.replace("R1", "L1")


@lru_cache(maxsize=65536)
def bones(sounds: str) -> str:
    """Return the consonants among the sounds of a word, and a first vowel as one sign whatever it is."""
    first = "a" if sounds[:1] in tuple("aeiouv") else ""
    return first + _WEAK.sub("", sounds[1:] if first else sounds)


_KINDS = "PTSKLRMNvh"


def kinds(skeleton: str) -> int:
    """Return a bit for each kind of consonant among the bones of a word."""
    return sum(1 << at for at, kind in enumerate(_KINDS) if kind in skeleton)


KEPT = (code, otherwise, bones)
"""What keeps words of names; see memory.py."""
