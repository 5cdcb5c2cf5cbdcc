"""Text for the index and for queries, in any script. Pure."""

import re
import unicodedata
from typing import Any

from projections.marks import Marks
from projections.rule_compiler import strictest

Json = Any

_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\ua9e0-\ua9ff"
    "\uaa60-\uaa7f\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff])"
)
"""Scripts that write words without spaces: Thai, Lao, Myanmar, Khmer, Han, Kana."""

_NO_TEXT = re.compile(r"[0-9TWXYZ:+\-.~?%/\[\], ]*")
"""Dates, moments and amounts: found by other means."""

TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
"""How SQLite splits what `fold` returns."""

_MOST_WORDS = 16
_SNIPPET = 160
_SEARCHED = 2_000


def fold(text: str) -> str:
    """Return text in which what is found alike is alike, and every unspaced letter is a word."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(one for one in parts if not unicodedata.combining(one))
    return _UNSPACED.sub(r" \1 ", unicodedata.normalize("NFC", plain))


def phrases(text: str) -> list[str]:
    """Split what a user typed into the phrases that must all be there, each as the index has it."""
    spaced = "".join(one if one.isprintable() and one != '"' else " " for one in text)
    found = (" ".join(fold(word).split()) for word in spaced.split())
    return [phrase for phrase in found if any(one.isalnum() for one in phrase)][:_MOST_WORDS]


def texts(value: Json, marks: Marks) -> dict[str | None, list[str]]:
    """Return every text of a payload that search may read, by stricter label of its field; None: none."""
    found: dict[str | None, list[str]] = {None: []}
    _read_marked(value, marks, None, found)
    return found


def _read_marked(value: Json, marks: Marks, audience: str | None, found: dict[str | None, list[str]]) -> None:
    if not marks.searchable:
        return
    if marks.level is not None:
        audience = strictest(marks.level, audience)
        found.setdefault(audience, [])
    if not marks.below or not isinstance(value, dict | list):
        _read(value, found[audience])
        return
    marked = {key: branch for branch, key, _ in marks.steps(value)}
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if key in marked:
            _read_marked(inner, marked[key], audience, found)
        else:
            _read(inner, found[audience])


def _read(value: Json, found: list[str]) -> None:
    """Add every text in `value`; the busiest lines of a replay."""
    if type(value) is str:
        if value[:1].isalpha() or not _NO_TEXT.fullmatch(value):
            found.append(value)
    elif type(value) is dict:
        for inner in value.values():
            _read(inner, found)
    elif type(value) is list:
        for inner in value:
            _read(inner, found)


def snippet(text: str, wanted: list[str]) -> str:
    """Return the part of `text` around the first phrase that it holds, cut at spaces if possible.

    Args:
        text: whatever the reader may see; nothing else gets into the snippet.
        wanted: from `phrases`.
    """
    text = " ".join(text.split())
    start = max(0, _place(text, wanted) - _SNIPPET // 4)
    end = start + _SNIPPET
    if start:
        start = text.find(" ", start, start + 20) + 1 or start
    space = text.rfind(" ", max(start, end - 20), end)
    if space > start and end < len(text):
        end = space
    cut = text[start:end].strip()
    return f"{'… ' if start else ''}{cut}{' …' if end < len(text) else ''}"


def _place(text: str, wanted: list[str]) -> int:
    """Return about where one of the phrases begins; 0 if nowhere in the first part of the text."""
    squeezed = ["".join(phrase.split()) for phrase in wanted]
    flat: list[str] = []
    places: list[int] = []
    for place, one in enumerate(text[:_SEARCHED]):
        folded = "".join(fold(one).split())
        flat.append(folded)
        places += [place] * len(folded)
    line = "".join(flat)
    found = [line.find(phrase) for phrase in squeezed]
    return min((places[at] for at in found if at >= 0), default=0)
