"""How a letter speaks: the words around its text, and which way its script runs."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from unicodedata import bidirectional

import orjson

_STRONG: Mapping[str, str] = MappingProxyType({"L": "ltr", "R": "rtl", "AL": "rtl"})


def direction(text: str) -> str:
    """Return `rtl` or `ltr`: how the first letter of a text that has a direction runs."""
    return next((_STRONG[found] for one in text if (found := bidirectional(one)) in _STRONG), "ltr")


def words_for(language: str) -> Mapping[str, str]:
    """Return the words around a letter: in its language where we have them, else in English.

    `language` among them is the one they are in.
    """
    stem = language.partition("-")[0].lower()
    spoken = _spoken()
    return spoken.get(stem, spoken["en"])


@cache
def _spoken() -> Mapping[str, Mapping[str, str]]:
    """Return the words of every language file beside this module."""
    folder = files("hub.letters").joinpath("words")
    found = {one.name.removesuffix(".json"): orjson.loads(one.read_bytes()) for one in folder.iterdir()}
    return MappingProxyType({name: {**said, "language": name} for name, said in sorted(found.items())})
