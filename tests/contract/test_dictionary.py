"""The registry: everything found by file name, nothing fetched, one self-contained schema per stem."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from schemas.documents import BASE, DIALECT
from schemas.registry import Registry
from schemas.walk import look_up

Json = Any

FIXTURES = Path(__file__).parents[1] / "fixtures"
FERRY: Json = {
    "$schema": DIALECT,
    "$id": f"{BASE}ferry.arrived/2",
    "title": "A ferry arrived",
    "x-class": "report",
    "x-publishers": ["any"],
    "x-tlp": "green",
    "type": "object",
    "required": ["crew"],
    "properties": {
        "crew": {"type": "array", "maxItems": 9, "items": {"$ref": "#/$defs/sailor"}},
        "port": {"$ref": f"{BASE}common#/$defs/place"},
    },
    "unevaluatedProperties": False,
    "$defs": {"sailor": {"type": "string", "maxLength": 20, "x-audience": "amber", "x-search": False}},
    "examples": [{"crew": ["Ada"]}],
}


@cache
def registry() -> Registry:
    return Registry.load()


def folder_with(folder: Path, stem: str, schema: Json) -> Path:
    (folder / "types").mkdir()
    (folder / "types" / f"{stem}.json").write_text(json.dumps(schema), encoding="utf-8")
    (folder / "types" / "notes.txt").write_text("Not a schema.", encoding="utf-8")
    return folder


def refs_in(part: Json) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from refs_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from refs_in(value)


def test_all_35_types_are_there_in_order() -> None:
    stems = registry().stems
    assert len(stems) >= 35
    assert list(stems) == sorted(stems)
    assert set(registry().types) == {stem.rpartition(".v")[0] for stem in stems}


def test_a_contract_says_what_its_schema_says() -> None:
    contract = registry().contract("threat.reported.v1")
    assert (contract.type, contract.version, contract.kind) == ("threat.reported", 1, "report")
    assert (contract.tlp, contract.subject_pointer) == ("amber", "/threat")
    assert contract.publishers == {"monitor", "responder", "bar", "legal_aid_provider"}
    marks = {mark.pointer: mark for mark in contract.marks}
    narrative = marks["/narrative"]
    assert (narrative.seal, narrative.audience, narrative.searchable) == ("/targets/0", "amber+strict", True)
    assert marks["/provenance/source"].audience == "red"


def test_a_type_with_parts_of_its_own_needs_no_edit(tmp_path: Path) -> None:
    with_ferry = Registry.load(folder_with(tmp_path, "ferry.arrived.v2", FERRY))
    contract = with_ferry.contract("ferry.arrived.v2")
    assert contract.subject_pointer is None
    assert [(mark.pointer, mark.audience, mark.searchable) for mark in contract.marks] == [
        ("/crew/*", "amber", False)
    ]
    assert contract.check(contract.example) == []
    assert [problem.pointer for problem in contract.check({"port": {}})] == [
        "/data/crew",
        "/data/port/country",
    ]
    assert set(with_ferry.bundled("ferry.arrived.v2")["$defs"]) >= {
        "ferry.arrived.v2.sailor",
        "place",
        "codes.country",
    }


def test_a_reference_into_the_network_is_never_followed(tmp_path: Path) -> None:
    elsewhere = {**FERRY, "properties": {"crew": {"$ref": "http://127.0.0.1:9/schema.json"}}}
    with pytest.raises(jsonschema_rs.ValidationError, match="Retrieval is disabled"):
        Registry.load(folder_with(tmp_path, "ferry.arrived.v2", elsewhere))


def test_every_reference_between_documents_leads_somewhere() -> None:
    documents = registry().documents()
    library = registry().contract("threat.reported.v1")._library
    assert {
        f"{BASE}common",
        f"{BASE}vocabularies",
        f"{BASE}codes",
        f"{BASE}threat.reported/1",
    } <= documents.keys()
    for ref in {ref for document in documents.values() for ref in refs_in(document)}:
        assert look_up(ref, library)


@pytest.mark.parametrize("stem", registry().stems)
def test_a_bundled_schema_stands_alone_and_means_the_same(stem: str) -> None:
    bundled = registry().bundled(stem)
    assert {ref.partition("#/$defs/")[0] for ref in refs_in(bundled)} <= {""}
    assert {ref.removeprefix("#/$defs/") for ref in refs_in(bundled)} == set(bundled["$defs"])
    alone = jsonschema_rs.Draft202012Validator(bundled, offline=True)
    fixture = json.loads((FIXTURES / f"{stem}.json").read_text(encoding="utf-8"))
    assert all(alone.is_valid(data) for data in [fixture["example"], *fixture["accept"]])
    by_own_format = {"not_edtf", "not_a_date", "not_a_moment", "not_a_uri", "not_a_language", "not_a_zone"}
    for refused in fixture["refuse"]:
        if not {problem["code"] for problem in refused["problems"]} <= by_own_format:
            assert not alone.is_valid(refused["data"])


def test_codes_and_labels_are_well_formed() -> None:
    vocabularies = registry().vocabularies
    for name, vocabulary in vocabularies.items():
        assert vocabulary.name == name
        assert vocabulary.title
        assert len(set(vocabulary.codes.values())) == len(vocabulary.codes), (
            f"{name}: one label for two codes"
        )
        for code, label in vocabulary.codes.items():
            assert re.fullmatch(r"[A-Za-z0-9_]+(?:[.:][A-Za-z0-9_]+)*", code)
            assert not label[0].islower()
            assert "_" not in label


def test_a_vocabularys_file_is_named_after_it() -> None:
    folder = Path(__file__).parents[2] / "schemas" / "vocabularies"
    for file in folder.glob("*.json"):
        assert json.loads(file.read_text(encoding="utf-8"))["name"] == file.stem


def test_the_graph_vocabulary_labels_21_kinds_and_every_tie() -> None:
    graph = registry().graph
    assert len(graph.kinds) == 21
    assert {"TARGETS", "SAME_AS", "IN_CASE", "SUPPORTS"} <= graph.ties.keys()
    assert all(label["en"] for label in [*graph.kinds.values(), *graph.ties.values()])
    assert all(re.fullmatch(r"[A-Z]+(?:_[A-Z]+)*", tie) for tie in graph.ties)


def test_codes_admit_invented_countries_and_money() -> None:
    codes = registry().documents()[f"{BASE}codes"]["$defs"]
    assert {"FR", "QM", "QZ", "AA", "XA", "ZZ"} <= set(codes["country"]["enum"])
    assert {"EUR", "XTS"} <= set(codes["currency"]["enum"])
    assert "QA" in codes["country"]["enum"]
    assert "QB" not in codes["country"]["enum"]
