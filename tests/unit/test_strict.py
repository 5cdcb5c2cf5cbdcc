"""Strict JSON: what is refused, where, and that nothing which was sent comes back in a message."""

import json
from typing import Any

import orjson
import pytest

from events.strict import MalformedJson, breaches, canonical, read_json

DEEP = 40


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("raw", "detail", "line", "column"),
    [
        (b'{"tlp": "red",\n "tlp": "clear"}', "The same key stands twice in one object.", 2, 8),
        (b'{"a": 1, "\\u0061": 2}', "The same key stands twice in one object.", 1, 19),
        (b'{"data": {"b": {"secret": 1, "secret": 2}}}', "The same key stands twice in one object.", 1, 39),
        (b"[NaN]", "Not valid JSON.", 1, 2),
        (b"[Infinity]", "Not valid JSON.", 1, 2),
        (b"[-Infinity]", "Not valid JSON.", 1, 3),
        (b'"\\ud800"', "Not valid JSON.", 1, 8),
        (b'"\xff"', "Not valid UTF-8.", 1, 2),
        (b'"\xed\xa0\x80"', "Not valid UTF-8.", 1, 2),
        (b"\xef\xbb\xbf{}", "Not valid JSON.", 1, 1),
        (b"", "The text ends too early.", 1, 1),
        (b'{"a":', "The text ends too early.", 1, 5),
        (b"[" * 300, "Nested too deep.", 1, 202),
        (b"1" * 5000, "A number is too long.", 1, 4302),
        (b"01", "Not valid JSON.", 1, 2),
        (b'{"a": 1,}', "Not valid JSON.", 1, 9),
        (b'{"a": 1} x', "Not valid JSON.", 1, 10),
        (b'"a\x01b"', "Not valid JSON.", 1, 3),
        (b"{'a': 1}", "Not valid JSON.", 1, 2),
        (b"\x00", "Not valid JSON.", 1, 1),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(raw: bytes, detail: str, line: int, column: int) -> None:
    with pytest.raises(MalformedJson) as caught:
        read_json(raw)
    assert (caught.value.detail, caught.value.line, caught.value.column) == (detail, line, column)
    assert "secret" not in str(caught.value)


def test_json_is_read_as_it_is() -> None:
    value = {"a": [1, -0.5, None, True, "\U0001f600"], "b": {}}
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"data": {"a": "x\x00y"}}, [("/data/a", "control_character")]),
        ({"data": {"a": "x\x7fy"}}, [("/data/a", "control_character")]),
        ({"data": {"a": "x\x9fy"}}, [("/data/a", "control_character")]),
        ({"data": {"a": "x\ry"}}, [("/data/a", "control_character")]),
        ({"data": {"a": "line\nline\tcell"}}, []),
        ({"id": "line\nline"}, [("/id", "control_character")]),
        ({"data": {"line\nline": 1}}, [("/data", "control_character")]),
        ({"data": {"a": "\u202edlrow"}}, [("/data/a", "bidi_override")]),
        ({"data": {"a": "\u2067dlrow"}}, [("/data/a", "bidi_override")]),
        ({"data": {"\u202a": 1}}, [("/data", "bidi_override")]),
        ({"data": {"a": "e\u0301"}}, [("/data/a", "not_nfc")]),
        ({"data": {"a": "\u00e9"}}, []),
        ({"data": {"a": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"}}, []),
        ({"data": {"a": "\u0915\u094d\u200d\u0937"}}, []),
        ({"data": {"a": "\u200f\u05d0"}}, []),
        ({"data": {"a": "\ud800"}}, [("/data/a", "lone_surrogate")]),
        ({"data": {"a": "\udfff\u202e\x01e\u0301"}}, [
            ("/data/a", "lone_surrogate"), ("/data/a", "control_character"), ("/data/a", "bidi_override"),
            ("/data/a", "not_nfc"),
        ]),
        ({"data": {"a": ["ok", "\x01"]}}, [("/data/a/1", "control_character")]),
        ({"data": {"a/b~c": "\x01"}}, [("/data/a~1b~0c", "control_character")]),
        ({"data": {"a": float("inf")}}, [("/data/a", "too_big")]),
        ({"data": {"a": 2**53 - 1, "b": -(2**53) + 1, "c": 1e300, "d": 0.12345678901234567}}, []),
        ({"data": {"a": None}}, []),
        ({"data": {"a": 2**53, "b": -(2**53)}}, [("/data/a", "too_big"), ("/data/b", "too_big")]),
        ({"data": {"a": 10**30}}, [("/data/a", "too_big")]),
        ({"data": {"quoted": 'say "yes" or \\ no', "flag": True}}, []),
    ],
)  # fmt: skip
def test_text_and_numbers_that_could_deceive_are_found(event: Any, expected: list[tuple[str, str]]) -> None:
    found = breaches(event, canonical(event))
    assert [(problem.pointer, problem.code) for problem in found] == expected
    assert all("lrow" not in problem.detail + (problem.hint or "") for problem in found)
    assert orjson.dumps([problem.as_json() for problem in found])


def test_nesting_is_allowed_to_its_limit_and_said_once() -> None:
    assert breaches(nested(32), canonical(nested(32))) == []
    found = breaches(nested(DEEP), canonical(nested(DEEP)))
    assert [(problem.pointer, problem.code) for problem in found] == [("/0" * 32, "too_deep")]
    wide: list[list[int]] = [[] for _ in range(DEEP)]  # many brackets, not deep
    assert breaches(wide, canonical(wide)) == []


def test_canonical_bytes_do_not_depend_on_order() -> None:
    assert canonical({"b": 1, "a": 2}) == canonical({"a": 2, "b": 1}) == b'{"a":2,"b":1}'
    assert canonical("\ud800") is None
