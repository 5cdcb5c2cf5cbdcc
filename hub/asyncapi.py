"""`/asyncapi.json`: the feed, as AsyncAPI 3.0."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from events.event import Json
from hub.address import Parameter
from hub.api.contracts import COMPONENTS, components
from hub.openapi import LICENSE, VERSION
from schemas.registry import Registry

KINDS = ("event", "changed", "withdrawn", "live", "beat", "bye")


def asyncapi(parameters: Sequence[Parameter], registry: Registry, public_url: str) -> dict[str, Json]:
    """Describe the feed, its messages and how to resume it.

    Args:
        parameters: what the address of the feed takes.
        registry: the event types.
        public_url: how this hub is reached from outside.
    """
    parts = urlsplit(public_url)
    protocol = "wss" if parts.scheme == "https" else "ws"
    references = {kind: {"$ref": f"#/components/messages/{kind}"} for kind in KINDS}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Solidarity Hub: the live feed",
            "version": VERSION,
            "description": "What you may see, in order. Resume from the cursor of the last message.",
            "license": {"name": LICENSE["name"]},
        },
        "defaultContentType": "application/json",
        "servers": {"hub": {"host": parts.netloc, "protocol": protocol, "security": [_TOKEN]}},
        "channels": {
            "feed": {
                "address": "/api/v1/feed",
                "title": "The live feed",
                "description": "Over WebSocket, or as server-sent events with Accept: text/event-stream.",
                "messages": references,
                "bindings": {"ws": {"method": "GET", "query": _query(parameters)}},
            }
        },
        "operations": {
            "follow": {
                "action": "send",
                "channel": {"$ref": "#/channels/feed"},
                "summary": "The hub sends messages; what a listener sends is ignored.",
                "messages": [{"$ref": f"#/channels/feed/messages/{kind}"} for kind in KINDS],
            }
        },
        "components": {
            "messages": {kind: _message(kind) for kind in KINDS},
            "schemas": components(registry),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_TOKEN = {"$ref": "#/components/securitySchemes/token"}


def _message(kind: str) -> Json:
    payload = {"$ref": f"{COMPONENTS}Feed{kind.capitalize()}"}
    return {"name": kind, "contentType": "application/json", "payload": payload}


def _query(parameters: Sequence[Parameter]) -> Json:
    properties = {one.name: {**one.schema, "description": one.meaning} for one in parameters}
    return {"type": "object", "properties": properties}
