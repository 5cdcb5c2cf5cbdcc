"""The one registry of contracts: read once, compiled once, asked by everybody."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from schemas.contract import Contract, read_marks
from schemas.documents import (
    BASE,
    library_of,
    read_graph_vocabulary,
    read_types,
    read_vocabularies,
    shared_documents,
)
from schemas.formats import Check, Formats
from schemas.trim import Shape
from schemas.vocabulary import GraphVocabulary, Vocabulary
from schemas.walk import places

if TYPE_CHECKING:
    from referencing import Registry as Library

Json = Any

_STEM = re.compile(r"(?P<type>[a-z]+(?:\.[a-z]+)+)\.v(?P<version>[1-9][0-9]*)")


class UnknownStem(KeyError):
    """No contract has this stem."""


class MisnamedSchema(ValueError):
    """A file in `types/` is not named after its schema: `threat.reported.v1` for `.../threat.reported/1`."""


@dataclass(frozen=True, slots=True, eq=False)
class Registry:
    """Every contract and what contracts share; never changes after `load`."""

    vocabularies: Mapping[str, Vocabulary]
    graph: GraphVocabulary
    _contracts: Mapping[str, Contract]
    _documents: Mapping[str, Json]

    @classmethod
    def load(cls, extra: Path | None = None) -> "Registry":
        """Return everything in this package, and the types in the folder `extra/types`, if given.

        A process compiles its package once: the files of an installed package do not change under it.

        Raises:
            MisnamedSchema: a file's name and its `$id` differ.
        """
        return _of_package() if extra is None else cls.compiled(extra)

    @classmethod
    def compiled(cls, extra: Path | None) -> "Registry":
        """Read and compile what `load` returns; errors as there."""
        vocabularies = read_vocabularies()
        types = dict(read_types(extra))
        shared = shared_documents(vocabularies)
        documents = {**shared, **{schema["$id"]: schema for schema in types.values()}}
        compile_ = _Compiler(
            library_of(documents), jsonschema_rs.Registry(list(shared.items())), Formats.load().checks()
        )
        contracts = {stem: compile_.contract(stem, types[stem]) for stem in sorted(types)}
        return cls(
            MappingProxyType(vocabularies),
            read_graph_vocabulary(),
            MappingProxyType(contracts),
            MappingProxyType(documents),
        )

    @property
    def stems(self) -> tuple[str, ...]:
        """Every stem, in alphabetical order."""
        return tuple(self._contracts)

    @property
    def types(self) -> tuple[str, ...]:
        """Every event type once, in alphabetical order."""
        return tuple(sorted({contract.type for contract in self._contracts.values()}))

    def newest(self, event_type: str) -> int | None:
        """Return the highest version of a type; None if there is no such type."""
        versions = (contract.version for contract in self._contracts.values() if contract.type == event_type)
        return max(versions, default=None)

    def contract(self, stem: str) -> Contract:
        """Return the contract of a stem.

        Raises:
            UnknownStem: there is none.
        """
        try:
            return self._contracts[stem]
        except KeyError as missing:
            raise UnknownStem(stem) from missing

    def documents(self) -> Mapping[str, Json]:
        """Return `$id` → JSON Schema of everything: types, common parts, vocabularies, codes."""
        return self._documents

    def bundled(self, stem: str) -> Json:
        """Return the schema of a stem as one document that refers to nothing outside itself.

        What it used elsewhere stands under `$defs`: common parts by their name, lists as `vocabularies.NAME`
        and `codes.NAME`.
        """
        schema = self.contract(stem).schema
        used: dict[str, Json] = {}
        waiting = list(_refs_in(schema))
        while waiting:
            ref = waiting.pop()
            if _local_name(ref) not in used:
                part = self._part(ref)
                used[_local_name(ref)] = _with_local_refs(part)
                waiting += _refs_in(part)
        return {**_with_local_refs(schema), "$defs": dict(sorted(used.items()))}

    def _part(self, ref: str) -> Json:
        home, _, pointer = ref.partition("#/$defs/")
        return self._documents[home]["$defs"][pointer]


@cache
def _of_package() -> Registry:
    return Registry.compiled(None)


@dataclass(frozen=True, slots=True)
class _Compiler:
    library: "Library[Json]"
    shared: jsonschema_rs.Registry
    formats: Mapping[str, Check]

    def contract(self, stem: str, schema: Json) -> Contract:
        name = _STEM.fullmatch(stem)
        if name is None or not schema["$id"].endswith(f"/{name['type']}/{name['version']}"):
            raise MisnamedSchema(stem)
        gate = jsonschema_rs.Draft202012Validator(
            schema,
            formats=dict(self.formats),
            validate_formats=True,
            ignore_unknown_formats=False,
            registry=self.shared,
            offline=True,
        )
        known = tuple(places(schema, self.library))
        return Contract(
            stem=stem,
            type=name["type"],
            version=int(name["version"]),
            title=schema["title"],
            kind=schema["x-class"],
            publishers=frozenset(schema["x-publishers"]),
            tlp=schema["x-tlp"],
            subject_pointer=schema.get("x-subject"),
            marks=read_marks(known),
            past=tuple(one.pointer for one in known if one.schema.get("x-past") is True),
            schema=schema,
            example=schema["examples"][0],
            _gate=gate,
            _library=self.library,
            _shape=Shape.of(known),
            _formats=self.formats,
        )


def _refs_in(part: Json) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _refs_in(item)
    elif isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from _refs_in(value)


def _with_local_refs(part: Json) -> Json:
    if isinstance(part, list):
        return [_with_local_refs(item) for item in part]
    if not isinstance(part, dict):
        return part
    copy = {key: _with_local_refs(value) for key, value in part.items()}
    if isinstance(copy.get("$ref"), str):
        copy["$ref"] = f"#/$defs/{_local_name(copy['$ref'])}"
    return copy


def _local_name(ref: str) -> str:
    home, _, name = ref.partition("#/$defs/")
    document = home.removeprefix(BASE).replace("/", ".v")
    return name if document == "common" else f"{document}.{name}"
