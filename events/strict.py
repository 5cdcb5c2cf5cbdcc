"""Strict JSON: what a parser may silently repair is refused here, and text that could deceive a reader too.

`read_json` refuses what is not JSON (a 400). `breaches` finds, in what parsed, numbers, nesting and
characters that the hub does not take (a 422 with pointers).
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

import jiter
import orjson

from events.event import Json
from schemas.problem import Problem

MAX_DEPTH = 32
MAX_NUMBER = 2**53 - 1
"""Largest whole number that every JSON reader keeps exactly."""

MAX_PROBLEMS = 100
"""Said about one event; a flood of them would cost the hub more than the sender."""

_PLACE = re.compile(r"^(?P<what>.*) at line (?P<line>\d+) column (?P<column>\d+)$", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTROL_OR_BREAK = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNUSUAL = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER = b"0" * 16

_SAYS = {
    "lone_surrogate": "Holds half of a surrogate pair, which is no character.",
    "control_character": "Holds a control character.",
    "bidi_override": "Holds a character that reverses the direction of text.",
    "not_nfc": "Is not in Unicode normal form C.",
}
_HINTS = {
    "control_character": "Remove it; line breaks and tabs are allowed in texts below /data only.",
    "bidi_override": "Remove U+202A to U+202E and U+2066 to U+2069.",
    "not_nfc": "Normalise the text to NFC before sending.",
}


class MalformedJson(Exception):
    """What arrived is not JSON as RFC 8259 and I-JSON mean it.

    Args:
        detail: one sentence; never holds anything that was sent.
        line: from 1.
        column: from 1.
    """

    def __init__(self, detail: str, line: int, column: int) -> None:
        super().__init__(f"{detail} (line {line}, column {column})")
        self.detail = detail
        self.line = line
        self.column = column


def read_json(raw: bytes) -> Json:
    """Parse UTF-8 JSON; duplicate keys, NaN, lone surrogates and endless nesting are refused.

    Raises:
        MalformedJson: with the place of the first fault.
    """
    try:
        # Only keys are cached: a cache of values would keep names in memory after they were erased.
        return jiter.from_json(raw, allow_inf_nan=False, catch_duplicate_keys=True, cache_mode="keys")
    except ValueError as fault:
        raise _malformed(str(fault)) from None


def _malformed(message: str) -> MalformedJson:
    found = _PLACE.match(message)
    what, line, column = (found["what"], int(found["line"]), int(found["column"])) if found else ("", 1, 1)
    # The parser's own words may quote a key that was sent, so only known sentences are passed on.
    if what.startswith("Detected duplicate key"):
        detail = "The same key stands twice in one object."
    elif what.startswith("recursion"):
        detail = "Nested too deep."
    elif what.startswith("number out of range"):
        detail = "A number is too long."
    elif what.startswith("EOF"):
        detail = "The text ends too early."
    elif what.startswith("invalid unicode"):
        detail = "Not valid UTF-8."
    else:
        detail = "Not valid JSON."
    return MalformedJson(detail, max(line, 1), max(column, 1))


def breaches(event: Json, text: bytes | None) -> list[Problem]:
    """Find the strings, numbers and levels of nesting that the hub does not take, up to `MAX_PROBLEMS`.

    Args:
        event: the parsed submission.
        text: the same as `orjson` writes it; None when it could not be written.
    """
    if text is not None and _looks_clean(text):
        return []
    return list(islice(_walk(event, "", 1), MAX_PROBLEMS))


def canonical(event: Json) -> bytes | None:
    """Write JSON with sorted keys; None when it holds what JSON cannot say (lone surrogates, big numbers)."""
    try:
        return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return None


def _looks_clean(text: bytes) -> bool:
    # A cheap test that never calls foul text clean; most events pass it and are not walked.
    # orjson writes control characters with a backslash, and numbers that are not finite as null.
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH or b"\\" in text or b"null" in text or b"\x7f" in text:
        return False
    # Ten times as quick as a regular expression for sixteen digits in a row.
    if _LONG_NUMBER in text.translate(_DIGITS_TO_ZERO):
        return False
    if text.isascii():
        return True
    characters = text.decode()
    return not _UNUSUAL.search(characters) and unicodedata.is_normalized("NFC", characters)


def _walk(value: Json, pointer: str, depth: int) -> Iterator[Problem]:
    if isinstance(value, str):
        yield from _text_breaches(value, pointer)
    elif isinstance(value, (dict, list)):
        if depth > MAX_DEPTH:
            detail = f"Is nested deeper than {MAX_DEPTH} levels."
            yield Problem(pointer, "too_deep", detail, values={"most": MAX_DEPTH})
        elif isinstance(value, dict):
            yield from _walk_object(value, pointer, depth)
        else:
            for index, item in enumerate(value):
                yield from _walk(item, f"{pointer}/{index}", depth + 1)
    elif isinstance(value, (int, float)):
        yield from _number_breaches(value, pointer)


def _walk_object(value: dict[str, Json], pointer: str, depth: int) -> Iterator[Problem]:
    for key, item in value.items():
        foul = list(_text_breaches(key, pointer))
        yield from foul
        # The pointer stops above a key that is not fit to be shown.
        yield from _walk(item, pointer if foul else f"{pointer}/{escape(key)}", depth + 1)


def _number_breaches(value: int | float, pointer: str) -> Iterator[Problem]:
    if isinstance(value, float):
        if not math.isfinite(value):
            yield Problem(pointer, "too_big", "Is a number too large to be kept.")
    elif abs(value) > MAX_NUMBER:
        yield Problem(
            pointer, "too_big", "Is a whole number too large to be kept exactly.", "Send it as text."
        )


def _text_breaches(text: str, pointer: str) -> Iterator[Problem]:
    if text.isascii() and text.isprintable():
        return
    control = _CONTROL if pointer.startswith("/data/") else _CONTROL_OR_BREAK
    found = (
        ("lone_surrogate", bool(_SURROGATE.search(text))),
        ("control_character", bool(control.search(text))),
        ("bidi_override", bool(_BIDI.search(text))),
        ("not_nfc", not unicodedata.is_normalized("NFC", text)),
    )
    for code, is_found in found:
        if is_found:
            yield Problem(pointer, code, _SAYS[code], _HINTS.get(code))


def escape(key: str) -> str:
    """Write a key as one part of a JSON Pointer."""
    return key.replace("~", "~0").replace("/", "~1")
