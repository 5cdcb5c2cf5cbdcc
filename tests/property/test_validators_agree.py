"""`jsonschema-rs`, which stands on the way in, and `jsonschema`, the reference, never disagree."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from schemas.contract import Contract
from schemas.problem import Problem
from schemas.reference import reference_validator
from schemas.registry import Registry
from tests.depth import in_depth

Json = Any

FIXTURES = Path(__file__).parents[1] / "fixtures"
STEMS = sorted(path.stem for path in FIXTURES.glob("*.v*.json"))
PAYLOADS_PER_STEM = in_depth(4_000, 10_000) // len(STEMS) + 1
EXPLAINED_PER_STEM = in_depth(10, 60)
"""Refusals of a type whose every problem is compared."""

STRANGE: tuple[Json, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        3,
        1.0,
        0.5,
        1e300,
        2**53 + 1,
        2**70,
        -(2**70),
        "",
        " ",
        "x",
        "é",
        "\u0663",
        "a\n",
    ),
    *([], {}, [[]], [1, 1.0], [1, True], [0, False], [{"a": 1}, {"a": 1.0}], {"a": ""}, {"a/b": 1, "m~n": 2}),
    *(
        "2026-11-02",
        "2026-02-30",
        "2026-11-02\n",
        "２０２６-11-02",
        "2026-11-02T09:30:00Z",
        "2026-11-02t09:30:00z",
    ),
    *("2026-11-02T09:30:00+05:30", "2026-11-02T24:00:00Z", "2016-12-31T23:59:60Z", "2016-12-31T22:59:60Z"),
    *(
        "2026-11-02 09:30:00Z",
        "2026-11-02T09:30:00",
        "20261102",
        "2026-W01-1",
        "2026-21",
        "202X",
        "2026-01/2026-03",
    ),
    *(
        "2026-03/2026-01",
        "2026/",
        "[2026-03-04,2026-04-03]",
        "2026-11-02~",
        "/",
        "QM",
        "qm",
        "ZZZ",
        "INT",
        "XTS",
        "QM-02",
    ),
    *(
        "en",
        "EN",
        "pt-BR",
        "qaa",
        "x-private",
        "Europe/Paris",
        "Etc/GMT-4",
        "Europe/Nowhere",
        "http://a.example/",
    ),
    *(
        "https://a.example/ä",
        "https://a.example/%zz",
        "https://[::1]:80/?q#f",
        "http://a b",
        "ftp://a.example",
        "<5",
        "-",
    ),
    *(
        "lawyer:harbour-bar-watch.0042",
        "lawyer:harbour-bar-watch.0042\n",
        "lawyer:Harbour.1",
        "partner:harbour-bar-watch",
    ),
    *(
        "person:0190aaaa-0000-7000-8000-00000000000a",
        "case:a.b",
        "case:ab.",
        "threat:harbour-bar-watch." + "x" * 81,
    ),
    *(
        "x" * 500,
        "x" * 501,
        "😀" * 500,
        "😀" * 501,
        {"kid": "k-1", "alg": "A256GCM", "ct": "AAAA"},
        {"kid": "k-1"},
    ),
)


NEW_NAMES = ("colour", "titel", "a/b", "m~n", "0", "ref", "qaa")
"""No empty name: `jsonschema-rs` leaves it out of the way to a value, so its problems point at the object."""


@cache
def registry() -> Registry:
    return Registry.load()


def fixture_of(stem: str) -> Json:
    return json.loads((FIXTURES / f"{stem}.json").read_text(encoding="utf-8"))


def payloads_of(stem: str) -> list[Json]:
    fixture = fixture_of(stem)
    return [fixture["example"], *fixture["accept"], *(refused["data"] for refused in fixture["refuse"])]


def parents_in(value: Json) -> Iterator[Json]:
    """Yield every object and list that holds something."""
    if isinstance(value, dict | list) and value:
        yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from parents_in(part)


def leaves_in(value: Json) -> Iterator[Json]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves_in(part)
    else:
        yield value


def mutate(data: Json, chance: Random, words: list[Json]) -> None:
    """Change one place of a payload: remove, replace, add, repeat, or damage a text."""
    parent = chance.choice(list(parents_in(data)) or [data])
    if not parent:
        return
    key = chance.choice(list(parent)) if isinstance(parent, dict) else chance.randrange(len(parent))
    deed = chance.randrange(6)
    if deed == 0:
        del parent[key]
    elif deed == 1:
        parent[key] = copy.deepcopy(chance.choice(STRANGE))
    elif deed == 2:
        parent[key] = copy.deepcopy(chance.choice(words))
    elif deed == 3 and isinstance(parent, list):
        parent.extend(copy.deepcopy(parent) * chance.choice((1, 1, 60)))
    elif deed == 4 and isinstance(parent[key], str) and parent[key]:
        at = chance.randrange(len(parent[key]))
        parent[key] = (
            parent[key][:at] + chance.choice("aZ0.-:/~?\n\u0663é") + parent[key][at + chance.randrange(2) :]
        )
    elif isinstance(parent, dict):
        parent[chance.choice(("colour", "titel", "a/b", "m~n", "0", "ref", "qaa"))] = copy.deepcopy(
            chance.choice(STRANGE)
        )


def generated(stem: str) -> Iterator[Json]:
    chance = Random(stem)
    originals = payloads_of(stem)
    words = [leaf for original in originals for leaf in leaves_in(original)]
    for _ in range(PAYLOADS_PER_STEM):
        data = copy.deepcopy(chance.choice(originals))
        for _ in range(chance.randint(1, 3)):
            mutate(data, chance, words)
        yield data


def has_nameless_field(value: Json) -> bool:
    """Tell whether a field is named by the empty text: `jsonschema-rs` leaves it out of the path of an error."""
    return any(isinstance(part, dict) and "" in part for part in parents_in(value))


def said(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in problems]


def reference_of(contract: Contract) -> Any:
    return reference_validator(contract.schema, contract._library, contract._formats)


@pytest.mark.parametrize("stem", STEMS)
def test_both_agree_on_every_fixture_and_tell_the_same_problems(stem: str) -> None:
    contract = registry().contract(stem)
    for data in payloads_of(stem):
        assert contract.check(data) == contract.explain_by_reference(data)


@pytest.mark.parametrize("stem", STEMS)
def test_both_agree_on_generated_payloads(stem: str) -> None:
    contract = registry().contract(stem)
    reference = reference_of(contract)
    verdicts, explained = set(), 0
    for data in generated(stem):
        valid = contract._gate.is_valid(data)
        assert reference.is_valid(data) == valid, data
        verdicts.add(valid)
        if not valid and explained < EXPLAINED_PER_STEM and not has_nameless_field(data):
            explained += 1
            assert said(contract.check(data)) == said(contract.explain_by_reference(data)) != [], data
    assert verdicts == {True, False}
