"""What a validator found, in one form for both of ours.

`jsonschema-rs` stands on the way in, `jsonschema` is the reference.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import jsonschema
import jsonschema_rs

from schemas.walk import Step, look_up

if TYPE_CHECKING:
    from referencing import Registry as Library

Json = Any
_KIND = jsonschema_rs.ValidationErrorKind

UNKNOWN_FIELDS = frozenset({"unevaluatedProperties", "additionalProperties"})
"""Keywords whose breach names fields that the contract does not know."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One keyword of a schema that one value of a payload does not satisfy.

    Args:
        path: way to the value from the root of the payload.
        keyword: the keyword, e.g. `maxLength`; `false` where nothing at all is admitted.
        schema: the schema that holds the keyword.
        names: fields that are missing, or fields in question.
        sent: the text that is none of the codes; only for guessing what was meant, never to be repeated.
        branches: for `anyOf` and `oneOf`, what each branch found; empty when more than one branch fits.
    """

    path: tuple[Step, ...]
    keyword: str
    schema: Json
    names: tuple[str, ...] = ()
    sent: str | None = None
    branches: tuple[tuple["Breach", ...], ...] = ()

    @property
    def expected(self) -> Json:
        """The keyword's value in the schema."""
        return self.schema.get(self.keyword)


def from_rust(error: jsonschema_rs.ValidationError, library: "Library[Json]") -> Breach:
    """Read an error of `jsonschema-rs`."""
    path = tuple(error.instance_path)
    kind = error.kind
    if isinstance(kind, _KIND.PropertyNames):
        inner = from_rust(kind.error, library)
        return replace(inner, path=(*path, str(kind.error.instance)))
    if isinstance(kind, _KIND.FalseSchema):
        return Breach(path, "false", {})
    keyword, schema = _holder(error, library)
    sent = _text(error.instance) if isinstance(kind, _KIND.Enum | _KIND.Constant) else None
    return Breach(path, keyword, schema, _names(kind), sent, _branches(kind, library))


def _holder(error: jsonschema_rs.ValidationError, library: "Library[Json]") -> tuple[str, Json]:
    keyword = str(error.schema_path[-1])
    place = str(error.absolute_keyword_location)
    return keyword, look_up(place[: place.rindex(f"/{keyword}")], library)


def _names(kind: Json) -> tuple[str, ...]:
    if isinstance(kind, _KIND.Required):
        return (kind.property,)
    if isinstance(kind, _KIND.UnevaluatedProperties | _KIND.AdditionalProperties):
        return tuple(kind.unexpected)
    return ()


def _branches(kind: Json, library: "Library[Json]") -> tuple[tuple[Breach, ...], ...]:
    if isinstance(kind, _KIND.AnyOf | _KIND.OneOfNotValid):
        return tuple(tuple(from_rust(error, library) for error in branch) for branch in kind.context)
    return ()


def from_python(error: jsonschema.ValidationError, data: Json) -> Breach:
    """Read an error of `jsonschema` about the payload `data`."""
    path = tuple(error.absolute_path)
    schema: Json = error.schema
    keyword, sent = str(error.validator), error.instance
    if "propertyNames" in error.absolute_schema_path and isinstance(_value_at(data, path), dict):
        path = (*path, str(sent))
    word = _text(sent) if keyword in ("enum", "const") else None
    return Breach(path, keyword, schema, tuple(_names_in(keyword, schema, sent)), word, _context(error, data))


def _names_in(keyword: str, schema: Json, sent: Json) -> Iterator[str]:
    if keyword == "required":
        yield from (name for name in schema["required"] if name not in sent)
    elif keyword == "dependentRequired":
        needs = schema["dependentRequired"]
        yield from (
            name for having, names in needs.items() if having in sent for name in names if name not in sent
        )
    elif keyword in UNKNOWN_FIELDS:
        yield from (name for name in sent if name not in schema.get("properties", {}))


def _context(error: jsonschema.ValidationError, data: Json) -> tuple[tuple[Breach, ...], ...]:
    if error.validator not in ("anyOf", "oneOf"):
        return ()
    by_branch = groupby(error.context or (), key=lambda child: child.relative_schema_path[0])
    return tuple(tuple(from_python(child, data) for child in children) for _, children in by_branch)


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _value_at(data: Json, path: tuple[Step, ...]) -> Json:
    for step in path:
        data = data[step]
    return data
