"""What the reference page tells, read from the table of addresses and the components."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files

from hub.address import Address
from hub.asyncapi import KINDS
from hub.openapi import shown_path


def described_addresses(addresses: Sequence[Address]) -> Mapping[str, Sequence[Address]]:
    """Return the public addresses by tag, as they are shown."""
    tags: dict[str, list[Address]] = {}
    for one in addresses:
        if one.is_public:
            tags.setdefault(one.tag, []).append(replace(one, path=shown_path(one.path)))
    return tags


def messages() -> Sequence[tuple[str, Sequence[str], str]]:
    """Return kind, fields and meaning of every feed message."""
    components = json.loads(files("hub.api").joinpath("components.json").read_text("utf-8"))
    parts = [(kind, components[f"Feed{kind.capitalize()}"]) for kind in KINDS]
    return [
        (kind, [name for name in one["properties"] if name != "kind"], one["description"])
        for kind, one in parts
    ]
