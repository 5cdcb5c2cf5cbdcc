"""Reads the scripts of India, whose blocks all follow the order of Devanagari, as Latin letters."""

import unicodedata
from collections.abc import Iterator

from projections.names.tables import table

_DEVANAGARI, _BLOCK, _END = 0x0900, 0x80, 0x0D80


def romanise(text: str) -> str:
    """Return an Indic text in Latin letters; a bare consonant carries a vowel but at the end of a word."""
    return " ".join("".join(_word(word)) for word in unicodedata.normalize("NFD", text).split())


def _word(word: str) -> Iterator[str]:
    letters = [_aligned(letter) for letter in word]
    known = table("letters")["indic"]
    for letter, after in zip(letters, [*letters[1:], ""], strict=True):
        if letter in known["consonants"]:
            yield known["consonants"][letter]
            if after and after not in known["signs"]:
                yield "a"
        else:
            yield next(
                (known[kind][letter] for kind in ("signs", "vowels", "marks") if letter in known[kind]),
                letter,
            )


def _aligned(letter: str) -> str:
    point = ord(letter)
    return chr(_DEVANAGARI + (point - _DEVANAGARI) % _BLOCK) if _DEVANAGARI <= point < _END else letter
