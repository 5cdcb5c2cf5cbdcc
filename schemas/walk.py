"""Reading a schema as a tree of fields, whatever it refers to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from referencing import Registry as Library

Json = Any
Step = str | int

_SAME_PLACE = ("allOf", "anyOf", "oneOf")
_SAME_PLACE_ONE = ("if", "then", "else")


@dataclass(frozen=True, slots=True)
class Place:
    """One schema that applies at one pointer of the payload.

    Args:
        pointer: JSON Pointer into the payload; `*` stands for every item, or for every field of a map.
        schema: what applies there; several may apply at one pointer.
    """

    pointer: str
    schema: Json


def pointer_of(path: tuple[Step, ...]) -> str:
    """Return a path as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def look_up(ref: str, library: "Library[Json]") -> Json:
    """Return the schema that an absolute `$ref` names."""
    return library.resolver().lookup(ref).contents


def same_place(schema: Json, library: "Library[Json]") -> Iterator[Json]:
    """Yield a schema and whatever else it applies to the same value: refs, combinations, conditions."""
    if not isinstance(schema, dict):
        return
    yield schema
    if "$ref" in schema:
        yield from same_place(look_up(schema["$ref"], library), library)
    for keyword in _SAME_PLACE:
        for branch in schema.get(keyword, ()):
            yield from same_place(branch, library)
    for keyword in _SAME_PLACE_ONE:
        yield from same_place(schema.get(keyword), library)


def fields_of(schema: Json, library: "Library[Json]") -> dict[str, Json]:
    """Return name → schema of every field that an object may have; the first mention of a name wins."""
    known: dict[str, Json] = {}
    for part in same_place(schema, library):
        known = {**part.get("properties", {}), **known}
    return known


def places(schema: Json, library: "Library[Json]", pointer: str = "") -> Iterator[Place]:
    """Yield every place of a payload with each schema that applies there, outermost first."""
    for part in same_place(schema, library):
        yield Place(pointer, part)
        for name, field in part.get("properties", {}).items():
            yield from places(field, library, pointer + pointer_of((name,)))
        for index, item in enumerate(part.get("prefixItems", ())):
            yield from places(item, library, f"{pointer}/{index}")
        for keyword in ("items", "additionalProperties"):
            yield from places(part.get(keyword), library, f"{pointer}/*")


def describe(schema: Json, library: "Library[Json]") -> str | None:
    """Return the first `description` that applies to a value; None when there is none."""
    for part in same_place(schema, library):
        if "description" in part:
            return str(part["description"])
    return None
