"""The JSON Schema documents that contracts point into: files of this package and lists of codes."""

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from referencing import Registry as Library
from referencing.jsonschema import DRAFT202012

from schemas.formats import country_codes, currency_codes
from schemas.vocabulary import GraphVocabulary, Vocabulary

Json = Any

BASE = "https://solidarity-hub.example/schemas/"
"""Where the public names of schemas begin; nothing is ever fetched from there."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def read_types(extra: Path | None) -> Iterator[tuple[str, Json]]:
    """Yield the stem and the schema of each file in `types/`, of this package and of the folder `extra`.

    References are made absolute.
    """
    folders: list[Traversable] = [files("schemas").joinpath("types")]
    if extra is not None:
        folders.append(extra / "types")
    for folder in folders:
        for stem, document in _read_folder(folder):
            yield stem, with_absolute_refs(document, document["$id"])


def read_vocabularies() -> dict[str, Vocabulary]:
    """Return name → vocabulary, in order of name."""
    found = (
        Vocabulary.from_json(document)
        for _, document in _read_folder(files("schemas").joinpath("vocabularies"))
    )
    return {vocabulary.name: vocabulary for vocabulary in found}


def read_graph_vocabulary() -> GraphVocabulary:
    """Return the node kinds and tie kinds that rules may name."""
    document = _read(files("schemas").joinpath("graph.json"))
    return GraphVocabulary(document["kinds"], document["ties"])


def shared_documents(vocabularies: Mapping[str, Vocabulary]) -> dict[str, Json]:
    """Return `$id` → document of what types share: common parts, vocabularies, country and currency codes."""
    common = _read(files("schemas").joinpath("common.json"))
    codes = {
        "country": _codes(
            "country", "ISO 3166-1 alpha-2 code, upper case; QM to QZ are free for tests.", country_codes()
        ),
        "currency": _codes("currency", "ISO 4217 code, upper case; XTS is for tests.", currency_codes()),
    }
    lists = {name: vocabulary.as_schema() for name, vocabulary in vocabularies.items()}
    documents = [
        with_absolute_refs(common, common["$id"]),
        _document("vocabularies", "Controlled vocabularies", lists),
        _document("codes", "Codes of international standards", codes),
    ]
    return {document["$id"]: document for document in documents}


def library_of(documents: Mapping[str, Json]) -> "Library[Json]":
    """Return the documents as a `referencing` registry; it knows no way to the network."""
    resources = [(name, DRAFT202012.create_resource(document)) for name, document in documents.items()]
    empty: Library[Json] = Library()
    return empty.with_resources(resources).crawl()


def with_absolute_refs(part: Json, home: str) -> Json:
    """Return a copy in which `#/...` reads `HOME#/...`: a part can be read wherever it stood."""
    if isinstance(part, list):
        return [with_absolute_refs(item, home) for item in part]
    if not isinstance(part, dict):
        return part
    copy = {key: with_absolute_refs(value, home) for key, value in part.items()}
    ref = copy.get("$ref")
    if isinstance(ref, str) and ref.startswith("#"):
        copy["$ref"] = home + ref
    return copy


def _document(name: str, title: str, defs: Mapping[str, Json]) -> dict[str, Json]:
    return {"$schema": DIALECT, "$id": BASE + name, "title": title, "$defs": dict(defs)}


def _codes(name: str, description: str, codes: Iterable[str]) -> dict[str, Json]:
    return {"description": description, "enum": list(codes), "x-vocabulary": name}


def _read_folder(folder: Traversable) -> Iterator[tuple[str, Json]]:
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".json"):
            yield file.name.removesuffix(".json"), _read(file)


def _read(file: Traversable) -> Json:
    return json.loads(file.read_text(encoding="utf-8"))
