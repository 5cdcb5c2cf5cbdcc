import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from hub.openapi import openapi, shown_path
from hub.routes import addresses
from tests.running import registry

PROMISED = """
POST /api/v1/events
GET /api/v1/events
GET /api/v1/events/{source}/{id}
GET /api/v1/feed
GET /api/v1/graph
GET /api/v1/graph/nodes/{ref}
GET /api/v1/graph/edges
GET /api/v1/graph/paths
GET /api/v1/graph/export
GET /api/v1/search
GET /api/v1/me
GET /schemas/{type}/{version}
GET /openapi.json
GET /asyncapi.json
GET /healthz
GET /readyz
GET /metrics
"""
LISTED = [
    "lawyers", "cases", "trials", "hearings", "statements", "actions", "needs", "offers", "policies",
    "commitments", "indicators", "partners",
]  # fmt: skip


@pytest.fixture(scope="module")
def described() -> Any:
    return openapi(addresses(), registry())


def test_every_promised_address_is_there(described: Any) -> None:
    promised = {tuple(line.split()) for line in PROMISED.split("\n") if line}
    promised |= {("GET", f"/api/v1/{name}") for name in LISTED}
    promised |= {("GET", f"/api/v1/{name}/{{ref}}") for name in LISTED}
    there = {(method.upper(), path) for path, one in described["paths"].items() for method in one}
    assert promised <= there
    pages = {one.path for one in addresses() if not one.is_public}
    assert {"/", "/live", "/docs"} <= pages


def test_openapi_describes_the_table_and_nothing_else(described: Any) -> None:
    table = {(one.method.lower(), shown_path(one.path), one.name) for one in addresses() if one.is_public}
    told = {
        (method, path, operation["operationId"])
        for path, one in described["paths"].items()
        for method, operation in one.items()
    }
    assert told == table


def test_names_and_addresses_are_unique() -> None:
    table = addresses()
    assert len({one.name for one in table}) == len(table)
    assert len({(one.method, one.path) for one in table}) == len(table)


@pytest.mark.unmeasured  # all the work is that of the validator
def test_openapi_is_valid(described: Any) -> None:
    assert described["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []


def test_every_parameter_of_the_table_is_described(described: Any) -> None:
    for one in addresses():
        if one.is_public:
            operation = described["paths"][shown_path(one.path)][one.method.lower()]
            named = [said["name"] for said in operation["parameters"] if said["in"] == "query"]
            assert named == [parameter.name for parameter in one.parameters]
            assert operation["summary"]
            assert "default" in operation["responses"]


def test_every_event_type_is_a_component(described: Any) -> None:
    schemas = described["components"]["schemas"]
    assert {*registry().stems} <= set(schemas)
    assert len(schemas["Submission"]["oneOf"]) == len(registry().stems)


def test_no_reference_leaves_the_document(described: Any) -> None:
    text = json.dumps(described)
    told = {part.partition('"')[0] for part in text.split('"$ref": "')[1:]}
    schemas = described["components"]["schemas"]
    assert all(one.removeprefix("#/components/schemas/") in schemas for one in told)
