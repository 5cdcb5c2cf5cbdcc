"""The reference validator: `jsonschema`, bounded and with the meanings that JSON Schema gives to patterns."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import jsonschema
from jsonschema.protocols import Validator
from jsonschema.validators import extend

if TYPE_CHECKING:
    from referencing import Registry as Library

Json = Any
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d+)?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))",
    re.ASCII,
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PCT = r"%[0-9A-Fa-f]{2}"
_PCHAR = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|{_PCT})"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*:"
    rf"(?://(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|{_PCT})*@)?"
    rf"(?:\[[0-9A-Fa-f:.]+\]|\[v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|{_PCT})*)(?::[0-9]*)?"
    rf"(?:/{_PCHAR}*)*|/?(?:{_PCHAR}+(?:/{_PCHAR}*)*)?)"
    rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
)


def reference_validator(
    schema: Json, library: "Library[Json]", formats: Mapping[str, Callable[[str], bool]]
) -> Validator:
    """Return a `jsonschema` validator of Draft 2020-12 that resolves locally and asserts formats."""
    checker = jsonschema.FormatChecker(formats=())
    for name, holds in {"date": is_date, "date-time": is_moment, "uri": is_uri, **formats}.items():
        checker.checks(name)(_only_texts(holds))
    kind: type[Validator] = extend(  # type: ignore[no-untyped-call]  # the stubs leave it untyped
        jsonschema.Draft202012Validator,
        {"pattern": _pattern, "properties": _properties, "uniqueItems": _unique_items},
    )
    return kind(schema, registry=library, format_checker=checker)


def is_date(text: str) -> bool:
    """Say whether a text is a day of RFC 3339, e.g. `2026-11-02`."""
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_moment(text: str) -> bool:
    """Say whether a text is a moment of RFC 3339, e.g. `2026-11-02T09:30:00Z`; a leap second ends a day."""
    moment = _MOMENT.fullmatch(text)
    if not moment or not is_date(moment[1]):
        return False
    if moment[4] != "60":
        return True
    offset = int(moment[6] or 0) * 60 + int(moment[7] or 0)
    minute = int(moment[2]) * 60 + int(moment[3]) - (-offset if moment[5] == "-" else offset)
    return (minute + 1) % (24 * 60) == 0


def is_uri(text: str) -> bool:
    """Say whether a text is an absolute address by the grammar of RFC 3986."""
    return bool(_URI.fullmatch(text))


def _only_texts(holds: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or holds(value)


def _pattern(validator: Any, pattern: str, value: Json, _: Json) -> Iterator[jsonschema.ValidationError]:
    # ECMA-262 meaning: digits are 0 to 9, and `$` is the end, not the place before a last line break.
    if validator.is_type(value, "string") and not re.search(_ecma(pattern), value, re.ASCII):
        yield jsonschema.ValidationError("The text has another form.")


def _ecma(pattern: str) -> str:
    return re.sub(r"(\\.)|(\[(?:\\.|[^\]\\])*\])|\$", lambda found: found[1] or found[2] or r"\Z", pattern)


def _properties(validator: Any, fields: Json, value: Json, _: Json) -> Iterator[jsonschema.ValidationError]:
    # The library forgets where it is when a field's schema is `false`; `{"not": {}}` says the same.
    if validator.is_type(value, "object"):
        for name in fields.keys() & value.keys():
            schema = {"not": {}} if fields[name] is False else fields[name]
            yield from validator.descend(value[name], schema, path=name, schema_path=name)


def _unique_items(validator: Any, unique: bool, value: Json, _: Json) -> Iterator[jsonschema.ValidationError]:
    # The library compares each with each: 39 s for 3,000 objects.
    if unique and validator.is_type(value, "array"):
        seen = {json.dumps(_plain(item), sort_keys=True) for item in value}
        if len(seen) < len(value):
            yield jsonschema.ValidationError("An item stands twice.")


def _plain(value: Json) -> Json:
    """Return a value in which equal numbers look equal: 1.0 is 1."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
