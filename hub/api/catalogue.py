"""What partners build against: schemas, OpenAPI, AsyncAPI. The same for every reader."""

from collections.abc import Mapping

from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api.answers import json_answer
from hub.refusals import Absent
from schemas.registry import Registry, UnknownStem

SCHEMA = "application/schema+json"


async def list_schemas(request: HubRequest, _: Asked) -> Response:
    """Answer every event type with its title, class, default label and publishers."""
    return json_answer({"types": types(request.state["registry"])})


def types(registry: Registry) -> list[Mapping[str, Json]]:
    """Describe every event type in a few words."""
    contracts = [registry.contract(stem) for stem in registry.stems]
    return [
        {
            "type": one.type,
            "version": one.version,
            "title": one.title,
            "class": one.kind,
            "tlp": one.tlp,
            "publishers": sorted(one.publishers),
            "schema": f"/schemas/{one.type}/{one.version}",
        }
        for one in contracts
    ]


async def show_schema(request: HubRequest, _: Asked) -> Response:
    """Answer the schema of a type as one document that refers to nothing outside itself."""
    stem = f"{request.path_params['type']}.v{request.path_params['version']}"
    try:
        schema = request.state["registry"].bundled(stem)
    except UnknownStem as unknown:
        raise Absent from unknown
    return _schema(schema)


async def show_shared(request: HubRequest, _: Asked) -> Response:
    """Answer what types share: common parts, vocabularies, codes."""
    name = request.path_params["name"]
    documents = request.state["registry"].documents()
    found = [document for address, document in documents.items() if address.endswith(f"/schemas/{name}")]
    if not found:
        raise Absent
    return _schema(found[0])


async def show_openapi(request: HubRequest, _: Asked) -> Response:
    """Answer the description of this interface."""
    return Response(request.state["documents"].openapi, media_type="application/json")


async def show_asyncapi(request: HubRequest, _: Asked) -> Response:
    """Answer the description of the feed."""
    return Response(request.state["documents"].asyncapi, media_type="application/json")


def _schema(schema: Json) -> Response:
    answer = json_answer(schema)
    answer.headers["Content-Type"] = SCHEMA
    return answer
