"""`/openapi.json`: the table of addresses and the registry, as OpenAPI 3.1."""

import re
from collections.abc import Sequence

from events.event import Json
from hub.address import Address, Answer, Parameter
from hub.api import bodies
from hub.api.contracts import COMPONENTS, components
from hub.problems import MEDIA
from schemas.registry import Registry

VERSION = "1.0.0"
"""Of the promise, not of the program."""

LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
COSIGNING = "Cosigning"
"""The component of a body that is plain text."""

NOTHING = "Nothing"
"""The component of a body that may be left out."""

_PART = re.compile(r"\{(\w+)(?::\w+)?\}")
_PARTS = {
    "ref": "A reference, kind:LOCAL.",
    "code": "A country, ISO 3166-1 alpha-2.",
    "source": "The source of an event, urn:hub:partner:SLUG.",
    "id": "The id of an event; `/` in it is written %2F.",
    "type": "An event type, without version.",
    "version": "A version, or `common`, `vocabularies`, `codes`.",
    "name": "common, vocabularies or codes.",
    "request": "A request to break glass.",
    "hash": "A fingerprint: SHA-256 in lower-case hexadecimal.",
    "secret": "The end of a link in a mail.",
    "address": "A personal address, as `POST /addresses` names it.",
    "subscription": "A subscription, as `POST /subscriptions` names it.",
    "job": "A job, as an answer 202 names it.",
}


def openapi(addresses: Sequence[Address], registry: Registry) -> dict[str, Json]:
    """Describe every public address."""
    paths: dict[str, Json] = {}
    for address in addresses:
        if address.is_public:
            paths.setdefault(shown_path(address.path), {})[address.method.lower()] = _operation(address)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Solidarity Hub",
            "version": VERSION,
            "summary": "One log of what happens to lawyers, and of who stands by them.",
            "description": "Without a token the same addresses answer with what is clear. Hidden is absent.",
            "license": LICENSE,
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}, {"session": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in addresses if one.is_public)],
        "paths": paths,
        "components": {
            "schemas": components(registry),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "hub_session"},
            },
        },
    }


def shown_path(path: str) -> str:
    """Return a path as OpenAPI writes it."""
    return _PART.sub(r"{\1}", path)


def _operation(address: Address) -> Json:
    in_path = [_path_parameter(name) for name in _PART.findall(address.path)]
    in_query = [_parameter(one) for one in address.parameters]
    operation = {
        "operationId": address.name,
        "summary": address.summary,
        "tags": [address.tag],
        "parameters": in_path + in_query,
        "responses": _responses(address.answers),
    }
    if address.method == "POST":
        operation["requestBody"] = _body(address.takes)
    return operation


def _path_parameter(name: str) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": _PARTS[name],
        "schema": {"type": "string"},
    }


def _parameter(one: Parameter) -> Json:
    schema = {"type": "array", "items": one.schema, "maxItems": 100} if one.many else one.schema
    said = {"name": one.name, "in": "query", "description": one.meaning, "required": one.required}
    return {**said, "schema": schema}


def _responses(answers: Sequence[Answer]) -> Json:
    problem = {MEDIA: {"schema": {"$ref": f"{COMPONENTS}Problem"}}}
    responses: dict[str, Json] = {}
    for one in answers:
        content = responses.setdefault(str(one.status), {"description": one.meaning, "content": {}})[
            "content"
        ]
        if one.component:
            content[one.media] = {"schema": {"$ref": COMPONENTS + one.component}}
    responses["default"] = {"description": "A problem document.", "content": problem}
    return responses


def _body(takes: str) -> Json:
    if takes == COSIGNING:
        return {"required": True, "content": {"text/plain": {"schema": {"$ref": f"{COMPONENTS}{takes}"}}}}
    if takes:
        named = {bodies.PLAIN: {"schema": {"$ref": f"{COMPONENTS}{takes}"}}}
        return {"required": takes != NOTHING, "content": named}
    one = {"schema": {"$ref": f"{COMPONENTS}Submission"}}
    signed = {"schema": {"$ref": f"{COMPONENTS}SignedEvent"}}
    either = {"anyOf": [one["schema"], signed["schema"]]}
    many = {"schema": {"type": "array", "items": either}}
    lines = {"schema": {"type": "string", "description": "One event a line, signed or not."}}
    content = {
        bodies.STRUCTURED: one,
        bodies.PLAIN: {"schema": either},
        bodies.BATCH: many,
        bodies.NDJSON: lines,
    }
    content[bodies.SIGNED] = signed
    return {"required": True, "content": content}
