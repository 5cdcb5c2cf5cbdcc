"""The registry, its vocabularies and formats, and what is said of contracts that our own types do not need."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.formats import Formats
from schemas.problem import Problem
from schemas.reference import is_moment
from schemas.registry import MisnamedSchema, Registry, UnknownStem
from schemas.vocabulary import nearest

Json = Any
BASE = "https://solidarity-hub.example/schemas"
ODD = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": f"{BASE}/office.searched/2",
    "title": "An office was searched",
    "x-class": "report",
    "x-publishers": ["any"],
    "x-tlp": "green",
    "type": "object",
    "properties": {
        "never": False,
        "either": {"anyOf": [{"enum": ["door", "window"]}, {"const": "roof"}]},
        "note": {
            "allOf": [
                {
                    "type": "string",
                    "maxLength": 9,
                    "x-audience": "amber",
                    "x-seal": "/office",
                    "x-consent": "C1",
                },
                {"x-audience": "red", "x-consent": "C2", "x-search": False},
            ]
        },
        "rooms": {"type": "array", "maxItems": 5000, "items": {"type": "integer"}},
        "office": {"type": "string", "maxLength": 9},
    },
    "if": {"properties": {"office": {"const": "court"}}, "required": ["office"]},
    "then": {"properties": {"chamber": {"type": "string", "maxLength": 9}}},
    "anyOf": [{"required": ["either"]}, {"required": ["rooms"]}, {"required": ["note"]}],
    "unevaluatedProperties": False,
    "examples": [{"either": "door"}],
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("extra")
    (folder / "types").mkdir()
    (folder / "types" / "README.md").write_text("Types of one hub only.")
    for version in (2, 10):
        schema = {**ODD, "$id": f"{BASE}/office.searched/{version}"}
        (folder / "types" / f"office.searched.v{version}.json").write_text(json.dumps(schema))
    return Registry.load(folder)


def told(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(one.pointer, one.code) for one in problems]


def check(extended: Registry, data: Json) -> list[tuple[str, str]]:
    contract = extended.contract("office.searched.v2")
    by_rust, by_python = told(contract.check(data)), told(contract.explain_by_reference(data))
    assert by_rust == by_python
    return by_rust


def test_a_type_in_another_folder_is_found_by_its_file_name(registry: Registry, extended: Registry) -> None:
    assert set(extended.stems) - set(registry.stems) == {"office.searched.v2", "office.searched.v10"}
    assert "office.searched" in extended.types
    assert f"{BASE}/office.searched/2" in extended.documents()


def test_the_newest_version_is_the_highest_number(extended: Registry) -> None:
    assert extended.newest("office.searched") == 10
    assert extended.newest("office.burnt") is None


def test_a_stem_without_a_contract_is_unknown(registry: Registry) -> None:
    with pytest.raises(UnknownStem):
        registry.contract("office.searched.v2")


@pytest.mark.parametrize("name", ["office.searched.v3", "searched.v2", "office.searched"])
def test_a_file_named_otherwise_than_its_schema_stops_the_start(tmp_path: Path, name: str) -> None:
    (tmp_path / "types").mkdir()
    (tmp_path / "types" / f"{name}.json").write_text(json.dumps(ODD))
    with pytest.raises(MisnamedSchema):
        Registry.load(tmp_path)


def test_marks_of_one_field_add_up_to_the_strictest(extended: Registry) -> None:
    [mark] = extended.contract("office.searched.v2").marks
    assert (mark.pointer, mark.seal, mark.audience, mark.consent, mark.searchable) == (
        *("/note", "/office", "red", "C2"),
        False,
    )


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        ({"either": "roof"}, []),
        ({"note": "n", "never": 1}, [("/data/never", "not_allowed")]),
        ({}, [("/data/either", "required")]),
        ({"either": "chimney"}, [("/data/either", "wrong_value")]),
        ({"note": "n", "chamber": "2"}, [("/data", "not_allowed")]),
        ({"note": "n", "office": "court", "chamber": "2"}, []),
        ({"rooms": ["x"]}, [("/data/rooms/0", "wrong_type")]),
    ],
)
def test_constructs_that_our_types_do_not_use_are_explained_too(
    extended: Registry, data: Json, problems: list[tuple[str, str]]
) -> None:
    assert check(extended, data) == problems


def test_nobody_is_told_more_than_a_thousand_problems(extended: Registry) -> None:
    assert len(check(extended, {"rooms": ["x"] * 3000})) == 1000


def test_a_problem_leaves_out_the_hint_that_it_does_not_have() -> None:
    bare = Problem("/data", "required", "This field is required.")
    assert "hint" not in bare.as_json()
    assert Problem("/data", "required", "This field is required.", "A text.").as_json()["hint"] == "A text."


@pytest.mark.parametrize(
    ("moment", "is_one"),
    [
        *(
            ("2026-11-02T09:30:00Z", True),
            ("2016-12-31T23:59:60Z", True),
            ("2017-01-01T04:59:60+05:00", True),
        ),
        *(
            ("2016-12-31T18:59:60-05:00", True),
            ("2016-12-31T22:59:60Z", False),
            ("2026-02-30T09:30:00Z", False),
        ),
    ],
)
def test_a_leap_second_ends_a_day_of_utc(moment: str, is_one: bool) -> None:
    assert is_moment(moment) is is_one


@pytest.mark.parametrize(
    ("tag", "is_known"),
    [
        *(("en", True), ("pt-BR", True), ("zh-Hant", True), ("es-419", True), ("qaa", True), ("en-QM", True)),
        *(("xx", False), ("en-JJ", False), ("zh-Hxyz", False), ("EN", False), ("en_GB", False), ("", False)),
    ],
)
def test_a_language_is_a_tag_of_known_parts(tag: str, is_known: bool) -> None:
    assert Formats.load().is_language(tag) is is_known


def test_there_are_fifty_eight_vocabularies_with_a_label_for_every_code(registry: Registry) -> None:
    assert len(registry.vocabularies) == 58
    for vocabulary in registry.vocabularies.values():
        assert vocabulary.codes
        assert all(vocabulary.label(code) and vocabulary.label(code, "qaa") for code in vocabulary.codes)
        assert vocabulary.label("no_such_code") == "no_such_code"


def test_every_kind_of_node_and_tie_has_a_label(registry: Registry) -> None:
    for named in (*registry.graph.kinds.values(), *registry.graph.ties.values()):
        assert named["en"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *(
            ("liberty.arest", "liberty.arrest"),
            ("Liberty.Arrest", "liberty.arrest"),
            ("liberty arrest", None),
        ),
        *(("QM", None), ("x" * 500, None), ("", None), ("nothing like it", None)),
    ],
)
def test_the_nearest_code_is_guessed_only_where_that_helps(said: str, meant: str | None) -> None:
    guessed = nearest(said, ["liberty.arrest", "judicial.prosecution", "QN"])
    assert guessed == meant or (said == "liberty arrest" and guessed == "liberty.arrest")
