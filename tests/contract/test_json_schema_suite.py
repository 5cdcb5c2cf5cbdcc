"""Both validators pass the official test suite, for the keywords that our schemas use."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from jsonschema_specifications import REGISTRY as SPECIFICATIONS

from schemas.reference import reference_validator
from schemas.registry import Registry
from tests.suite_from_registry import suite_folder

Json = Any

ANNOTATIONS = {"$schema", "$id", "title", "description", "examples", "contentEncoding"}
FILE_OF = {
    "$ref": "ref",
    "$defs": "defs",
    "if": "if-then-else",
    "then": "if-then-else",
    "else": "if-then-else",
}
OUR_FORMATS = {"edtf", "language", "zone"}


@pytest.fixture(scope="module")
def suite() -> Path:
    return suite_folder() / "tests" / "draft2020-12"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


def keywords_in(schema: Json) -> Iterator[str]:
    """Yield each keyword of a schema and of its parts; names of fields are no keywords."""
    if isinstance(schema, list):
        for part in schema:
            yield from keywords_in(part)
    elif isinstance(schema, dict):
        for keyword, value in schema.items():
            yield keyword
            if keyword in ("properties", "$defs"):
                for part in value.values():
                    yield from keywords_in(part)
            elif keyword not in (
                "examples",
                "enum",
                "const",
                "default",
                "required",
                "dependentRequired",
                "x-labels",
            ):
                yield from keywords_in(value)


def formats_in(schema: Json) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from formats_in(part)
    elif isinstance(schema, dict):
        if isinstance(schema.get("format"), str):
            yield schema["format"]
        for part in schema.values():
            yield from formats_in(part)


def files_for(registry: Registry) -> set[str]:
    used = {keyword for document in registry.documents().values() for keyword in keywords_in(document)}
    named = {keyword for keyword in used - ANNOTATIONS - {"format"} if not keyword.startswith("x-")}
    formats = {
        name for document in registry.documents().values() for name in formats_in(document)
    } - OUR_FORMATS
    return {f"{FILE_OF.get(keyword, keyword)}.json" for keyword in named} | {
        f"optional/format/{name}.json" for name in formats
    }


def verdicts_of(schema: Json, examples: list[Json], *, formats: bool) -> list[tuple[bool, bool]]:
    """Return what `jsonschema-rs` and what `jsonschema` say of each example."""
    rust = jsonschema_rs.Draft202012Validator(schema, validate_formats=formats, offline=True)
    reference = reference_validator(schema, SPECIFICATIONS, {})
    return [(rust.is_valid(one), reference.is_valid(one)) for one in examples]


def test_both_validators_pass_the_official_suite_for_our_keywords(suite: Path, registry: Registry) -> None:
    wrong, told = {}, 0
    for name in sorted(files_for(registry)):
        for group in json.loads((suite / name).read_text(encoding="utf-8")):
            examples = [case["data"] for case in group["tests"]]
            verdicts = verdicts_of(group["schema"], examples, formats="format/" in name)
            told += len(verdicts)
            for case, said in zip(group["tests"], verdicts, strict=True):
                if said != (case["valid"], case["valid"]):
                    wrong[name, f"{group['description']}: {case['description']}"] = said
    assert wrong == {}
    assert told > 900


def test_every_keyword_that_we_use_is_in_the_suite(suite: Path, registry: Registry) -> None:
    assert [name for name in sorted(files_for(registry)) if not (suite / name).exists()] == []
