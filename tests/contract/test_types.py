"""One stem, three files: what every event type owes to partners, whoever adds it."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schemas.documents import BASE, DIALECT, library_of
from schemas.problem import Problem
from schemas.registry import Registry
from schemas.trim import MOST_FIELDS, MOST_ITEMS
from schemas.walk import Place, places

Json = Any

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
STEMS = sorted(path.stem for path in (ROOT / "schemas" / "types").glob("*.json"))
LABELS = {"clear", "green", "amber", "amber+strict", "red"}
CONSENT_LEVELS = {"C0", "C1", "C2", "C3", "C4", "C5"}
MARKS = {"x-seal", "x-audience", "x-consent", "x-search"}
OTHER_WORDS_OF_OURS = {
    "x-class", "x-publishers", "x-tlp", "x-subject", "x-form", "x-vocabulary", "x-labels", "x-own", "x-past",
}  # fmt: skip
CANARY = "zq7canary"


@cache
def registry() -> Registry:
    return Registry.load()


@cache
def fixture_of(stem: str) -> Json:
    return json.loads((FIXTURES / f"{stem}.json").read_text(encoding="utf-8"))


def places_of(schema: Json) -> list[Place]:
    return list(places(schema, library_of(registry().documents())))


def resolves(pointer: str, known: set[str]) -> bool:
    """Say whether a mark's pointer names a place; `/targets/0` is one of `/targets/*`."""
    return re.sub(r"/[0-9]+(?=/|$)", "/*", pointer) in known


def assert_bounded(place: Place) -> None:
    """Assert that nothing of unlimited size fits here."""
    schema, types = place.schema, place.schema.get("type", ())
    if "string" in types:
        assert {"maxLength", "enum", "const"} & schema.keys(), f"{place.pointer}: a text without limit"
    if "array" in types:
        assert schema.get("maxItems", MOST_ITEMS + 1) <= MOST_ITEMS, f"{place.pointer}: a list without limit"
    if "object" in types and "additionalProperties" in schema:
        assert schema.get("maxProperties", MOST_FIELDS) < MOST_FIELDS, f"{place.pointer}: a map without limit"
        assert "propertyNames" in schema, f"{place.pointer}: a map of any names"
    elif "object" in types:
        assert schema.get("unevaluatedProperties") is False, f"{place.pointer}: an object open to any field"


def is_typed(schema: Json) -> bool:
    """Say whether a schema says what a value is; one that admits any value must limit each kind."""
    limits = {"maxLength", "maxItems", "maxProperties"}
    return bool({"type", "enum", "const"} & schema.keys()) or limits <= schema.keys()


@pytest.mark.parametrize("stem", STEMS)
def test_a_stem_has_its_three_files(stem: str) -> None:
    assert (ROOT / "projections" / "rules" / f"{stem}.json").is_file()
    assert (FIXTURES / f"{stem}.json").is_file()


def test_no_rule_and_no_fixture_is_without_its_schema() -> None:
    assert {path.stem for path in (ROOT / "projections" / "rules").glob("*.json")} == set(STEMS)
    assert {path.stem for path in FIXTURES.glob("*.v*.json")} == set(STEMS)


@pytest.mark.parametrize("stem", STEMS)
def test_a_schema_is_valid_json_schema_and_named_after_its_file(stem: str) -> None:
    schema = json.loads((ROOT / "schemas" / "types" / f"{stem}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    event_type, _, version = stem.rpartition(".v")
    assert (schema["$schema"], schema["$id"]) == (DIALECT, f"{BASE}{event_type}/{version}")
    assert schema["type"] == "object"
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("stem", STEMS)
def test_nothing_in_a_payload_is_without_limit(stem: str) -> None:
    found = places_of(registry().contract(stem).schema)
    for place in found:
        assert_bounded(place)
    typed = {place.pointer for place in found if is_typed(place.schema)}
    assert {place.pointer for place in found} - typed == set()


@pytest.mark.parametrize("stem", STEMS)
def test_our_own_keywords_are_known_and_sane(stem: str) -> None:
    contract = registry().contract(stem)
    roles = set(registry().vocabularies["partner_role"].codes)
    assert contract.kind in ("report", "decision", "amendment")
    assert contract.publishers
    assert contract.publishers == {"any"} or contract.publishers <= roles
    assert contract.tlp in LABELS
    own = {word for place in places_of(contract.schema) for word in place.schema if word.startswith("x-")}
    assert own <= MARKS | OTHER_WORDS_OF_OURS


@pytest.mark.parametrize("stem", STEMS)
def test_only_dates_tell_of_the_past(stem: str) -> None:
    contract = registry().contract(stem)
    forms = defaultdict[str, set[Json]](set)
    for place in places_of(contract.schema):
        forms[place.pointer] |= {place.schema.get("format"), place.schema.get("x-form")}
    assert all(forms[pointer] & {"date", "date-time", "edtf"} for pointer in contract.past)


@pytest.mark.parametrize("stem", STEMS)
def test_the_subject_is_a_required_reference(stem: str) -> None:
    contract = registry().contract(stem)
    if contract.subject_pointer is not None:
        field = contract.subject_pointer.removeprefix("/").split("/")[0]
        assert field in contract.schema["required"]
        pointer = re.sub(r"/[0-9]+$", "/*", contract.subject_pointer)
        forms = {
            place.schema.get("x-form") for place in places_of(contract.schema) if place.pointer == pointer
        }
        assert "reference" in forms


@pytest.mark.parametrize("stem", STEMS)
def test_marks_point_at_what_is_there(stem: str) -> None:
    contract = registry().contract(stem)
    known = {place.pointer for place in places_of(contract.schema)}
    for mark in contract.marks:
        assert mark.pointer in known
        assert mark.seal is None or resolves(mark.seal, known)
        assert mark.audience is None or mark.audience in LABELS
        assert mark.consent is None or mark.consent in CONSENT_LEVELS


@pytest.mark.parametrize("stem", STEMS)
def test_the_example_is_the_fixtures_and_valid(stem: str) -> None:
    contract = registry().contract(stem)
    assert contract.schema["examples"] == [contract.example] == [fixture_of(stem)["example"]]
    assert contract.check(contract.example) == []


@pytest.mark.parametrize("stem", STEMS)
def test_what_should_be_accepted_is(stem: str) -> None:
    contract = registry().contract(stem)
    assert fixture_of(stem)["accept"]
    assert [contract.check(data) for data in fixture_of(stem)["accept"]] == [
        [] for _ in fixture_of(stem)["accept"]
    ]


@pytest.mark.parametrize("stem", STEMS)
def test_a_refusal_tells_every_problem_and_no_other(stem: str) -> None:
    assert fixture_of(stem)["refuse"]
    for refused in fixture_of(stem)["refuse"]:
        told = registry().contract(stem).check(refused["data"])
        assert [{"pointer": one.pointer, "code": one.code} for one in told] == refused["problems"]
        assert all(one.detail.endswith(".") and one.detail[0].isupper() for one in told)


def with_canaries(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[Json]:
    """Yield copies of a payload in which one value, or the name of one field, is a canary."""
    if isinstance(value, dict):
        yield {**value, f"{CANARY}_field": f"{CANARY}_value"}
        for name, part in value.items():
            for changed in with_canaries(part, (*path, name)):
                yield {**value, name: changed}
    elif isinstance(value, list):
        yield [*value, f"{CANARY}_item"]
        for index, part in enumerate(value):
            for changed in with_canaries(part, (*path, index)):
                yield [*value[:index], changed, *value[index + 1 :]]
    else:
        yield f"{value}{CANARY}"
        yield [f"{CANARY}_in_list"]


def says_a_canary(problem: Problem) -> bool:
    return CANARY in problem.detail or CANARY in (problem.hint or "")


@pytest.mark.parametrize("stem", STEMS)
def test_no_sentence_repeats_what_was_sent(stem: str) -> None:
    contract = registry().contract(stem)
    told = [problem for data in with_canaries(contract.example) for problem in contract.check(data)]
    assert told
    assert [problem for problem in told if says_a_canary(problem)] == []
