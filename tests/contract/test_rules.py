"""Every stem has a rule that reads what its schema promises and implies what its fixture says."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
import pytest

from projections.rules import imply
from tests.folding import recorded, registry, rules

Json = Any

FIXTURES = Path(__file__).parent.parent / "fixtures"
STEMS = registry().stems


@cache
def rule_of(stem: str) -> Json:
    return orjson.loads((files("projections") / "rules" / f"{stem}.json").read_bytes())


def pointers_in(rule: Json) -> Iterator[str]:
    """Yield every pointer of a rule file in its absolute form."""
    yield from rule["when"]
    yield from rule["countries"]
    for part in [*rule["nodes"], *rule["ties"]]:
        each = part.get("each", "")
        terms = [part[end] for end in ("ref", "from", "to") if end in part]
        plain = [term if isinstance(term, str) else next(iter(term.values())) for term in terms]
        values = [*part.get("props", {}).values(), *(part[end] for end in ("since", "until") if end in part)]
        told = [value for value in values if isinstance(value, str)]
        yield from [each] if each else []
        for pointer in [*plain, *told, *part.get("if", {})]:
            if not pointer.startswith("@"):
                yield f"{each}{pointer[1:]}" if pointer.startswith(".") else pointer


def fields_at(schema: Json, steps: list[str], documents: Mapping[str, Json]) -> bool:
    """Tell whether a schema, or a part that it refers to, has a field at the end of `steps`."""
    if "$ref" in schema:
        home, _, inner = schema["$ref"].partition("#")
        target = documents[home]
        for step in inner.split("/")[1:]:
            target = target[step]
        if fields_at(target, steps, documents):
            return True
    branches = [branch for name in ("anyOf", "allOf", "oneOf") for branch in schema.get(name, ())]
    if any(fields_at(branch, steps, documents) for branch in branches):
        return True
    if not steps:
        return bool(schema.keys() - {"$ref"}) or "$ref" in schema
    step, *rest = steps
    if step == "*" or step.isdigit():
        return "items" in schema and fields_at(schema["items"], rest, documents)
    return step in schema.get("properties", {}) and fields_at(schema["properties"][step], rest, documents)


@pytest.mark.parametrize("stem", STEMS)
def test_every_pointer_of_the_rule_is_a_field_of_the_schema(stem: str) -> None:
    schema, documents = registry().contract(stem).schema, registry().documents()
    missing = [at for at in pointers_in(rule_of(stem)) if not fields_at(schema, at.split("/")[1:], documents)]
    assert missing == []


@pytest.mark.parametrize("stem", STEMS)
def test_every_tie_of_the_rule_is_in_the_vocabulary_of_the_graph(stem: str) -> None:
    assert {tie["kind"] for tie in rule_of(stem)["ties"]} <= registry().graph.ties.keys()


@pytest.mark.parametrize("stem", STEMS)
def test_the_rule_file_names_its_stem_and_nothing_beyond_the_language(stem: str) -> None:
    rule = rule_of(stem)
    assert rule["stem"] == stem
    assert rule.keys() == {"stem", "when", "countries", "nodes", "ties"}
    for node in rule["nodes"]:
        assert node.keys() <= {"ref", "each", "if", "props"}
    for tie in rule["ties"]:
        assert tie.keys() <= {"kind", "each", "if", "from", "to", "since", "until", "props"}


@pytest.mark.parametrize("stem", STEMS)
def test_the_example_implies_exactly_what_its_fixture_says(stem: str) -> None:
    fixture = orjson.loads((FIXTURES / f"{stem}.json").read_bytes())
    event = recorded(1, stem.rpartition(".v")[0], fixture["example"], partner="harbour-bar-watch")
    implied = imply(rules()[stem], event, registry().contract(stem))
    assert sorted(node.ref for node in implied.nodes) == sorted(fixture["implies"]["nodes"])
    ties = {(tie.source, tie.kind, tie.target) for tie in implied.ties}
    assert sorted(map(list, ties)) == sorted(fixture["implies"]["ties"])
    assert {node.kind for node in implied.nodes} <= registry().graph.kinds.keys()


@pytest.mark.parametrize("stem", STEMS)
def test_everything_accepted_can_be_read(stem: str) -> None:
    fixture = orjson.loads((FIXTURES / f"{stem}.json").read_bytes())
    for data in fixture["accept"]:
        event = recorded(1, stem.rpartition(".v")[0], data, partner="harbour-bar-watch")
        implied = imply(rules()[stem], event, registry().contract(stem))
        assert {end for tie in implied.ties for end in (tie.source, tie.target)} <= {
            node.ref for node in implied.nodes
        }
