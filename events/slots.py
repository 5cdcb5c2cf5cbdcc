"""Into which parts an event falls that are committed to one by one, and under which names."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from events.event import Json
from events.strict import escape

_APART = frozenset({"data", "tlp"})


class Carving(NamedTuple):
    """What is carved out of fields of a payload, to be a part of its own.

    Args:
        name: of the part.
        top: name of the field in which it lies.
        steps: to it; the first leads to the field.
    """

    name: str
    top: str
    steps: tuple[str, ...]

    @classmethod
    def at(cls, steps: tuple[str, ...]) -> Self:
        """Return it by its steps in a payload."""
        return cls("/data/" + "/".join(steps), f"/data/{steps[0]}", steps)


def slots_of(envelope: Mapping[str, Json], carved: Sequence[Carving]) -> dict[str, Json]:
    """Return the parts of an event that are committed to one by one, by name.

    A name is a JSON Pointer; one with `*` stands for an object of all that it matches. The attributes of the envelope
    are one part, but for `tlp`, which may read stricter later.
    """
    found: dict[str, Json] = {"": {name: value for name, value in envelope.items() if name not in _APART}}
    if "tlp" in envelope:
        found["/tlp"] = envelope["tlp"]
    data = envelope.get("data") or {}
    for name, value in data.items():
        found[f"/data/{escape(name)}" if "/" in name or "~" in name else f"/data/{name}"] = value
    for name, top, steps in carved:
        if top in found:
            taken: dict[str, Json] = {}
            rest = _carve(found[top], steps[1:], top, taken)
            if taken:
                found[top] = rest
                found[name] = taken
    return found


def _carve(value: Json, steps: Sequence[str], pointer: str, taken: dict[str, Json]) -> Json:
    """Return a value without what the steps lead to, which goes to `taken` by its pointer."""
    if isinstance(value, list) and steps[0] == "*":
        return [_carve(one, steps[1:], f"{pointer}/{place}", taken) for place, one in enumerate(value)]
    if not isinstance(value, dict) or steps[0] not in value:
        return value
    at = f"{pointer}/{escape(steps[0])}"
    if len(steps) > 1:
        return {**value, steps[0]: _carve(value[steps[0]], steps[1:], at, taken)}
    taken[at] = value[steps[0]]
    return {name: one for name, one in value.items() if name != steps[0]}


def name_at(pointer: str, carved: Sequence[Carving]) -> str:
    """Return the name of the part in which a personal field lies."""
    steps = pointer.split("/")[1:]
    if len(steps) > 1:
        for one in carved:
            if one.steps[0] == steps[0] and len(one.steps) <= len(steps) and _leads(one.steps, steps):
                return one.name
    return f"/data/{steps[0]}"


def _leads(marks: Sequence[str], steps: Sequence[str]) -> bool:
    return all(mark in (step, "*") for mark, step in zip(marks, steps, strict=False))
