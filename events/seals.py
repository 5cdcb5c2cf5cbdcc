"""Which fields of a payload are personal, and whose: read from the marks `x-seal` of its contract."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from events.checks import about_of
from events.event import type_of
from schemas.contract import Contract
from schemas.registry import Registry

Json = Any
Path = tuple[str | int, ...]
"""Steps into a payload: names and places in lists."""


@dataclass(frozen=True, slots=True)
class SealedField:
    """A personal field of one payload.

    Args:
        path: of the field, without `*`.
        subject: whose key seals it: a reference, or `event:SOURCE ID` where the person is not named.
    """

    path: Path
    subject: str


class Seals:
    """Knows the marks of all contracts."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._stems = frozenset(registry.stems)
        self._marks: dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {}

    def of(self, stem: str, envelope: Mapping[str, Json]) -> list[SealedField]:
        """Return the personal fields that a payload has, in its order; none for what no contract describes."""
        if stem not in self._stems:
            return []
        data = envelope["data"]
        found: list[SealedField] = []
        for steps, seal in self._marked(stem):
            if steps[0] in data:
                subject = _reference(data, seal) or _fallback(stem, envelope)
                found += [SealedField(path, subject) for path in paths_to(data, steps)]
        if stem.startswith("record.corrected."):
            found += self._corrections(envelope)
        return found

    def subjects(self, stem: str, envelope: Mapping[str, Json]) -> list[str]:
        """Return the references that the marks name, whether the payload has the fields or not."""
        if stem not in self._stems:
            return []
        data = envelope["data"]
        named = (_reference(data, seal) for _, seal in self._marked(stem))
        return list(dict.fromkeys(ref for ref in named if ref))

    def _marked(self, stem: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        known = self._marks.get(stem)
        if known is None:
            known = self._marks[stem] = tuple(_sealing(self._registry.contract(stem)))
        return known

    def _corrections(self, envelope: Mapping[str, Json]) -> Iterator[SealedField]:
        """Yield what a correction says anew of a personal field; whose, the corrected event alone may know."""
        subject = _fallback("record.corrected.v1", envelope)
        for place, change in enumerate(envelope["data"].get("changes", ())):
            steps = str(change.get("pointer", "")).split("/")[1:]
            if "to" in change and steps and steps[0] in self.personal:
                yield SealedField(("changes", place, "to"), subject)

    @cached_property
    def personal(self) -> frozenset[str]:
        """The first steps of all personal fields of all types: the corrected event may not be here yet."""
        return frozenset(steps[0] for stem in self._stems for steps, _ in self._marked(stem))

    def is_personal(self, pointer: str) -> bool:
        """Tell whether a pointer leads to a personal field of any type, into one, or to what holds one."""
        steps = pointer.split("/")[1:]
        return any(
            all(one in (step, "*") for one, step in zip(marked, steps, strict=False))
            for stem in self._stems
            for marked, _ in self._marked(stem)
        )


def _sealing(contract: Contract) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for mark in contract.marks:
        if mark.seal is not None:
            yield tuple(mark.pointer.split("/")[1:]), tuple(mark.seal.split("/")[1:])


def _reference(data: Json, steps: Sequence[str]) -> str | None:
    value = data
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value if isinstance(value, str) and ":" in value else None


def _fallback(stem: str, envelope: Mapping[str, Json]) -> str:
    source, event_id = str(envelope["source"]), str(envelope["id"])
    about = about_of(type_of(stem), envelope["data"], source)
    if about is not None:
        return f"event:{about[0]} {about[1]}"
    subject = envelope.get("subject")
    return subject if isinstance(subject, str) else f"event:{source} {event_id}"


def paths_to(value: Json, steps: Sequence[str], so_far: Path = ()) -> Iterator[Path]:
    """Yield the path of each value that steps lead to; the step `*` leads to every item, or field of a map."""
    if not steps:
        yield so_far
    elif isinstance(value, dict):
        names = value if steps[0] == "*" else [steps[0]] if steps[0] in value else []
        for name in names:
            yield from paths_to(value[name], steps[1:], (*so_far, name))
    elif isinstance(value, list) and steps[0] == "*":
        for place, inner in enumerate(value):
            yield from paths_to(inner, steps[1:], (*so_far, place))


def without(data: Json, paths: Sequence[Path]) -> Json:
    """Return a payload without some fields, sharing the rest; items of lists keep their places as null."""
    for path in paths:
        data = _without(data, path)
    return data


def _without(value: Json, path: Path) -> Json:
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and step in value:
        if rest:
            return {**value, step: _without(value[step], rest)}
        return {name: inner for name, inner in value.items() if name != step}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        inner = _without(value[step], rest) if rest else None
        return [*value[:step], inner, *value[step + 1 :]]
    return value


def path_of(pointer: str) -> Path:
    """Return the steps of a JSON Pointer into a payload; a number is a place in a list."""
    steps = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    return tuple(int(step) if step.isdecimal() else step for step in steps)


def put_back(data: Json, path: Path, field: Json) -> Json:
    """Return a payload with a field at its path, sharing the rest."""
    step, rest = path[0], path[1:]
    if isinstance(data, list) and isinstance(step, int):
        return [*data[:step], put_back(data[step], rest, field) if rest else field, *data[step + 1 :]]
    if isinstance(data, dict):
        return {**data, step: put_back(data.get(step, {}), rest, field) if rest else field}
    return data
