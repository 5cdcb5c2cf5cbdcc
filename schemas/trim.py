"""Cutting a payload to the size at which its problems can be told in a blink.

`jsonschema-rs` copies the value in question into each error: 15,000 wrong names in one object (250 KiB) took
all memory of the machine. Whatever lies beyond a list's greatest length is not worth telling anyhow.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.walk import Place, pointer_of

Json = Any

MOST_ITEMS = 1000
"""Items kept of a list for which the contract has no limit."""
MOST_FIELDS = 101
"""Fields kept of an object beside those that the contract names; more than any map may have."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a valid payload can be.

    Args:
        pointers: every place that the contract knows; `*` stands for every item, or for every field of a map.
        items: pointer of a list → the most items that it may have.
    """

    pointers: frozenset[str]
    items: Mapping[str, int]

    @classmethod
    def of(cls, places: Iterable[Place]) -> "Shape":
        """Measure a contract by its places."""
        pointers: set[str] = set()
        items: dict[str, int] = {}
        for place in places:
            pointers.add(place.pointer)
            if "maxItems" in place.schema:
                items[place.pointer] = max(items.get(place.pointer, 0), place.schema["maxItems"])
        return cls(frozenset(pointers), items)


def trimmed(value: Json, shape: Shape, pointer: str = "") -> Json:
    """Return a copy with lists and objects cut to little more than their greatest size.

    An invalid payload stays invalid: a list too long stays too long, and some of the unknown fields remain.
    """
    if isinstance(value, list):
        most = shape.items.get(pointer, MOST_ITEMS) + 1
        return [trimmed(item, shape, f"{pointer}/*") for item in value[:most]]
    if not isinstance(value, dict):
        return value
    places = {name: pointer + pointer_of((name,)) for name in value}
    others = [name for name, place in places.items() if place not in shape.pointers]
    cut = frozenset(others[MOST_FIELDS:])
    return {
        name: trimmed(item, shape, places[name] if places[name] in shape.pointers else f"{pointer}/*")
        for name, item in value.items()
        if name not in cut
    }
