"""`/asyncapi.json`: the feed over both transports, and the webhooks, as AsyncAPI 3.0."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from events.event import Json
from hub.address import Parameter
from hub.api.contracts import COMPONENTS, components
from hub.openapi import LICENSE, VERSION
from schemas.registry import Registry

KINDS = ("event", "changed", "withdrawn", "live", "beat", "bye")
LETTERS = ("event", "changed", "withdrawn", "notice", "test")

_CURSOR = "mF0pTZ4Xq3yB8Kc1vN6wRg"
_NAMED: Mapping[str, Json] = {"source": "urn:hub:partner:harbour-bar-watch", "id": "t-17"}
_EXAMPLE: Mapping[str, Json] = {
    "specversion": "1.0",
    **_NAMED,
    "type": "threat.reported",
    "time": "2031-05-04T11:58:00Z",
    "tlp": "green",
    "subject": "threat:harbour-bar-watch.0017",
    "dataschema": "https://solidarity-hub.example/schemas/threat.reported/1",
    "recordedtime": "2031-05-04T12:00:00Z",
    "data": {
        "threat": "threat:harbour-bar-watch.0017",
        "targets": ["lawyer:harbour-bar-watch.0042"],
        "categories": ["liberty.arrest"],
        "place": {"country": "QM"},
    },
}
_EXAMPLES: Mapping[str, Json] = {
    "event": {"event": _EXAMPLE, "touches": ["lawyer:harbour-bar-watch.0042", "place:QM"]},
    "changed": {**_NAMED, "reason": "corrected", "event": _EXAMPLE},
    "withdrawn": {**_NAMED, "reason": "retracted"},
    "live": {"sent": 1},
    "beat": {},
    "bye": {"reason": "restart"},
}
_MEANINGS: Mapping[str, str] = {
    "event": "Something happened that you follow.",
    "changed": "Something that you were told reads differently now.",
    "withdrawn": "Something that you were told may no longer be used.",
    "notice": "The hub asks whether you still want to follow.",
    "test": "You asked for a delivery, to see whether it arrives.",
}


def asyncapi(parameters: Sequence[Parameter], registry: Registry, public_url: str) -> dict[str, Json]:
    """Describe the feed and the webhooks, their messages, and how to resume.

    Args:
        parameters: what the address of the feed takes.
        registry: the event types.
        public_url: how this hub is reached from outside.
    """
    schemas, query = components(registry), _query(parameters)
    feed = {kind: _message(kind, schemas) for kind in KINDS}
    letters = {f"letter.{kind}": _letter(kind) for kind in LETTERS}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Solidarity Hub: the live feed and the webhooks",
            "version": VERSION,
            "description": "What you may see, in order. Resume from the cursor of the last message.",
            "license": {"name": LICENSE["name"]},
        },
        "defaultContentType": "application/json",
        "servers": _servers(public_url),
        "channels": {
            "feed": {
                **_feed_channel("websocket", "One JSON object in each text frame."),
                "bindings": {"ws": {"method": "GET", "query": query, "bindingVersion": "0.1.0"}},
            },
            "stream": _feed_channel(
                "http",
                "Server-sent events, with Accept: text/event-stream. `event:` is the kind, `id:` the cursor, "
                "`data:` the same JSON object. Last-Event-ID comes before `after`.",
            ),
            "webhook": _webhook_channel(),
        },
        "operations": _operations(query),
        "components": {
            "messages": {**feed, **letters},
            "schemas": schemas,
            "securitySchemes": _SCHEMES,
        },
    }


_SCHEMES: Mapping[str, Json] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of an account. Without one you follow what is clear.",
    },
    "session": {
        "type": "httpApiKey",
        "in": "cookie",
        "name": "hub_session",
        "description": "The session of a browser that signed in.",
    },
}


def _servers(public_url: str) -> Json:
    parts = urlsplit(public_url)
    security = [{"$ref": f"#/components/securitySchemes/{name}"} for name in _SCHEMES]
    both = {"host": parts.netloc, "security": security}
    return {
        "websocket": {**both, "protocol": "wss" if parts.scheme == "https" else "ws"},
        "http": {**both, "protocol": parts.scheme},
        "yours": {
            "host": "{receiver}",
            "protocol": "https",
            "description": "Where your webhook listens.",
            "variables": {"receiver": {"description": "Host of the address that you gave."}},
        },
    }


def _feed_channel(server: str, description: str) -> dict[str, Json]:
    return {
        "address": "/api/v1/feed",
        "title": "The live feed",
        "description": description,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in KINDS},
    }


def _webhook_channel() -> Json:
    return {
        "address": None,
        "title": "A webhook of yours",
        "description": "The address that you gave to POST /api/v1/subscriptions. Bodies are signed as Standard "
        "Webhooks has it, and say only that something happened: ask the hub for the rest.",
        "servers": [{"$ref": "#/servers/yours"}],
        "messages": {kind: {"$ref": f"#/components/messages/letter.{kind}"} for kind in LETTERS},
    }


def _operations(query: Json) -> Json:
    return {
        "follow": {
            **_sending("feed", KINDS),
            "summary": "The hub sends messages; what a listener sends is ignored.",
        },
        "stream": {
            **_sending("stream", KINDS),
            "summary": "The hub answers GET with a stream that does not end.",
            "bindings": {"http": {"method": "GET", "query": query, "bindingVersion": "0.3.0"}},
        },
        "deliver": {
            **_sending("webhook", LETTERS),
            "summary": "The hub posts to your address, and again over days until it answers with a status of 2xx.",
            "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
        },
    }


def _sending(channel: str, names: Sequence[str]) -> dict[str, Json]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
    }


def _message(kind: str, schemas: Mapping[str, Json]) -> Json:
    component = f"Feed{kind.capitalize()}"
    example = {"kind": kind, "cursor": _CURSOR, **_EXAMPLES[kind]}
    return {
        "name": kind,
        "title": kind,
        "summary": schemas[component]["description"],
        "contentType": "application/json",
        "payload": {"$ref": COMPONENTS + component},
        "examples": [{"name": kind, "payload": example}],
    }


def _letter(kind: str) -> Json:
    example = {
        "type": kind,
        "timestamp": "2031-05-04T12:00:00Z",
        "data": {**_NAMED, "type": "threat.reported", "cursor": _CURSOR},
    }
    own = {"type": "object", "properties": {"type": {"const": kind}}}
    return {
        "name": f"letter.{kind}",
        "title": f"webhook: {kind}",
        "summary": _MEANINGS[kind],
        "contentType": "application/json",
        "headers": _LETTER_HEADERS,
        "payload": {"allOf": [{"$ref": f"{COMPONENTS}Webhook"}, own]},
        "examples": [{"name": kind, "headers": _LETTER_EXAMPLE, "payload": example}],
    }


_LETTER_EXAMPLE: Mapping[str, Json] = {
    "webhook-id": "msg_0d4b7a52f5c8e1936a2b7c4d5e6f7081",
    "webhook-timestamp": "1935835200",
    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
}
_LETTER_HEADERS: Mapping[str, Json] = {
    "type": "object",
    "properties": {
        "webhook-id": {
            "type": "string",
            "pattern": "^msg_[0-9a-f]{32}$",
            "description": "The same whenever this message is sent again: drop what you have.",
        },
        "webhook-timestamp": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "When it was sent, in seconds since 1970; refuse what is older than 5 minutes.",
        },
        "webhook-signature": {
            "type": "string",
            "description": "One or more of `v1,` (HMAC-SHA256) and `v1a,` (Ed25519) with base64, by space; over "
            "id, timestamp and body, joined by dots.",
        },
    },
    "required": ["webhook-id", "webhook-signature", "webhook-timestamp"],
}


def _query(parameters: Sequence[Parameter]) -> Json:
    properties = {one.name: {**_schema(one), "description": one.meaning} for one in parameters}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _schema(one: Parameter) -> dict[str, Json]:
    return {"type": "array", "items": one.schema, "maxItems": 100} if one.many else dict(one.schema)
