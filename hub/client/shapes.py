"""Looks up what JSON type a field of an event has, so that a cell of a sheet can be read as that type."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urldefrag, urljoin

Json = Any

_OF_VALUE = {bool: "boolean", int: "number", float: "number", str: "string", type(None): "null"}


class Shapes:
    """The types of the fields of one event type, read from its JSON Schema.

    Args:
        documents: every JSON Schema by its `$id`.
        root: `$id` of the type's schema.
    """

    def __init__(self, documents: Mapping[str, Json], root: str) -> None:
        self._documents = documents
        self._root = root

    def types(self, path: Sequence[str | int]) -> frozenset[str]:
        """Return the JSON types that a value at `path` below `data` may have; empty if no field is there."""
        found = [(self._root, self._documents.get(self._root, {}))]
        for step in path:
            found = [below for base, schema in found for below in self._below(base, schema, step)]
        return frozenset(kind for base, schema in found for kind in self._kinds(base, schema))

    def required(self) -> Sequence[str]:
        """Return the names of the fields that every payload has."""
        return [*self._documents.get(self._root, {}).get("required", ())]

    def _variants(self, base: str, schema: Json) -> Iterator[tuple[str, Json]]:
        """Yield the schema and all that it refers to or is composed of."""
        yield base, schema
        if "$ref" in schema:
            yield from self._variants(*self._resolved(base, schema["$ref"]))
        for word in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(word, ()):
                yield from self._variants(base, part)

    def _resolved(self, base: str, ref: str) -> tuple[str, Json]:
        document, fragment = urldefrag(urljoin(base, ref))
        schema = self._documents.get(document, {})
        for step in fragment.split("/")[1:]:
            schema = schema.get(step.replace("~1", "/").replace("~0", "~"), {})
        return document, schema

    def _below(self, base: str, schema: Json, step: str | int) -> Iterator[tuple[str, Json]]:
        for where, one in self._variants(base, schema):
            if isinstance(step, int):
                below = one.get("items")
            else:
                below = one.get("properties", {}).get(step, one.get("additionalProperties"))
            if isinstance(below, Mapping):
                yield where, below

    def _kinds(self, base: str, schema: Json) -> Iterator[str]:
        for _, one in self._variants(base, schema):
            said = one.get("type", ())
            yield from (said,) if isinstance(said, str) else said
            allowed = one.get("enum", [one["const"]] if "const" in one else [])
            yield from (_OF_VALUE.get(type(value), "object") for value in allowed)
