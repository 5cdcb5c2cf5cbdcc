"""The components of OpenAPI and AsyncAPI: the hub's own answers, and every event type of the registry."""

import json
from collections.abc import Mapping
from importlib.resources import files

from events.event import Json
from schemas.registry import Registry

COMPONENTS = "#/components/schemas/"
_BASE = "https://solidarity-hub.example/schemas/"
_DROPPED = frozenset({"$schema", "$id", "$defs", "examples"})


def components(registry: Registry) -> dict[str, Json]:
    """Return every component by name, with references among them only.

    An event type is `STEM` (its data) and `event.STEM` (the whole event); `Submission` is any of the latter.
    """
    found: dict[str, Json] = json.loads(files("hub.api").joinpath("components.json").read_text("utf-8"))
    stems = set(registry.stems)
    for address, document in registry.documents().items():
        name = address.removeprefix(_BASE)
        event_type, _, version = name.partition("/")
        stem = f"{event_type}.v{version}"
        if stem in stems:
            found[stem] = _moved({key: part for key, part in document.items() if key not in _DROPPED})
        for part, schema in document.get("$defs", {}).items():
            found[f"{name.replace('/', '.')}.{part}"] = _moved(schema)
    for stem in registry.stems:
        found[f"event.{stem}"] = _event(registry, stem)
    choices = [{"$ref": f"{COMPONENTS}event.{stem}"} for stem in registry.stems]
    found["Submission"] = {"description": "An event as you send it.", "oneOf": choices}
    return found


def _event(registry: Registry, stem: str) -> Json:
    contract = registry.contract(stem)
    own = {"type": {"const": contract.type}, "data": {"$ref": COMPONENTS + stem}}
    return {
        "title": contract.title,
        "allOf": [{"$ref": f"{COMPONENTS}Envelope"}, {"type": "object", "properties": own}],
    }


def _moved(part: Json) -> Json:
    """Point the references of a schema at components."""
    if isinstance(part, list):
        return [_moved(item) for item in part]
    if not isinstance(part, Mapping):
        return part
    moved = {key: _moved(value) for key, value in part.items()}
    said = part.get("$ref")
    if isinstance(said, str):
        moved["$ref"] = COMPONENTS + _component(said)
    return moved


def _component(said: str) -> str:
    document, _, name = said.removeprefix(_BASE).partition("#/$defs/")
    return f"{document}.{name}"
