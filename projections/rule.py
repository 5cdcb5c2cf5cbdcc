"""The pieces of a compiled rule: pointers, terms, values, parts. How each reads a payload."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from events.event import RecordedEvent

Json = Any


# Named tuples, not dataclasses: an event implies dozens of them and they are made three times as fast.
class ImpliedValue(NamedTuple):
    """A value that a payload gives to a node or a tie.

    Args:
        value: the JSON value; never null.
        pointer: where in the payload it stands, e.g. `/parties/3/outcome`; a list gathered from many places
            keeps the `*`; "" is a constant of the rule.
        tlp: stricter label of the field it was taken from; None: as its event.
    """

    value: Json
    pointer: str
    tlp: str | None = None


@dataclass(frozen=True, slots=True)
class Pointer:
    """A compiled pointer.

    Args:
        pattern: its absolute form, with `*` for every item.
        steps: the way from the payload or, if `relative`, from the item of `each`.
        relative: whether it starts at the item.
        many: whether it yields a list.
        key: the one step of the simplest and most frequent pointers, a field of the payload itself; else "".
        tlp: stricter label of the field it leads to, if any.
    """

    pattern: str
    steps: tuple[str, ...]
    relative: bool
    many: bool
    key: str
    tlp: str | None

    def values(self, data: Json, item: Json) -> list[Json]:
        """Return what stands there; nulls and missing fields yield nothing."""
        if self.key:
            value = data.get(self.key)
            return [] if value is None else [value]
        start = item if self.relative else data
        if self.many:
            return [value for _, value in walk(start, self.steps, "")]
        value = step_to(start, self.steps)
        return [] if value is None else [value]

    def told(self, prefix: str) -> str:
        """Return the pointer with the item's own place instead of the `*` of `each`."""
        return "".join((prefix, *(f"/{step}" for step in self.steps))) if self.relative else self.pattern


@dataclass(frozen=True, slots=True)
class Term:
    """What names a node: a pointer to a reference, a pointer to a code with `prefix`, or `special`."""

    prefix: str
    special: str
    pointer: Pointer

    def refs(self, event: RecordedEvent, data: Json, item: Json) -> list[str]:
        """Return the references it names; they may still be of a kind that never becomes a node."""
        if self.special:
            case = str(event.envelope.get("correlationid", ""))
            return [f"partner:{event.publisher}" if self.special == "@publisher" else case]
        values = self.pointer.values(data, item)
        return [f"{self.prefix}{value}" for value in values if type(value) is str]


@dataclass(frozen=True, slots=True)
class Value:
    """A named value: a constant, or whatever stands at a pointer."""

    name: str
    const: Json
    pointer: Pointer
    tlp: str | None

    def read(self, data: Json, item: Json, prefix: str) -> ImpliedValue | None:
        """Return the value with its place; None when the payload has none."""
        pointer = self.pointer
        if pointer.key:
            value = data.get(pointer.key)
            return None if value is None else ImpliedValue(value, pointer.pattern, self.tlp)
        if self.const is not None:
            return ImpliedValue(self.const, "", self.tlp)
        values = pointer.values(data, item)
        if not values:
            return None
        return ImpliedValue(values if pointer.many else values[0], pointer.told(prefix), self.tlp)


@dataclass(frozen=True, slots=True)
class Part:
    """One entry under `nodes` or `ties`.

    Args:
        kind: of the tie; "" for nodes.
        needs: fields without which a payload gives nothing here.
        each: the way to the items, if it is read once for each.
        conditions: pointers and what must stand there.
        ends: the one or two terms.
        tlps: the stricter labels of the ends.
        values: the properties.
        span: since and until.
        tlp: the stricter label of a tie.
    """

    kind: str
    needs: frozenset[str]
    each: tuple[str, ...] | None
    conditions: tuple[tuple[Pointer, tuple[Json, ...]], ...]
    ends: tuple[Term, ...]
    tlps: tuple[str | None, ...]
    values: tuple[Value, ...]
    span: tuple[Value | None, Value | None]
    tlp: str | None

    def items(self, data: Json) -> list[tuple[str, Json]]:
        """Return the items of `each` that meet the conditions, with their place; no `each`: the payload."""
        found = [("", data)] if self.each is None else walk(data, self.each, "")
        if not self.conditions:
            return found
        return [
            (prefix, item)
            for prefix, item in found
            if all(_holds(pointer.values(data, item), wanted) for pointer, wanted in self.conditions)
        ]

    def props(self, data: Json, item: Json, prefix: str) -> dict[str, ImpliedValue]:
        """Return the named values that the payload has."""
        found = {}
        for value in self.values:
            read = value.read(data, item, prefix)
            if read is not None:
                found[value.name] = read
        return found


@dataclass(frozen=True, slots=True)
class Rule:
    """Our reading of one stem, compiled."""

    stem: str
    kinds: frozenset[str]
    when: tuple[Pointer, ...]
    countries: tuple[Pointer, ...]
    nodes: tuple[Part, ...]
    ties: tuple[Part, ...]
    graded: bool

    def grades(self, event: RecordedEvent) -> tuple[str, str]:
        """Return the reliability and credibility (Admiralty) an event gives itself; default F and 6."""
        provenance = event.data.get("provenance") if self.graded else None
        said = provenance if isinstance(provenance, dict) else {}
        return str(said.get("reliability", "F")), str(said.get("credibility", "6"))


def _holds(values: Sequence[Json], wanted: tuple[Json, ...]) -> bool:
    """Tell whether a value is wanted; a missing field counts as null, so `[null]` asks for its absence."""
    return any(value in wanted for value in values or (None,))


def step_to(value: Json, steps: tuple[str, ...]) -> Json:
    """Return what stands at the end of `steps`; None if nothing does."""
    for step in steps:
        value = value.get(step) if type(value) is dict else _item(value, step)
    return value


def _item(value: Json, step: str) -> Json:
    if type(value) is list and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    return None


def walk(value: Json, steps: tuple[str, ...], place: str) -> list[tuple[str, Json]]:
    """Return every non-null value under `steps` with its place, lists in their order."""
    for depth, step in enumerate(steps):
        if step == "*":
            rest = steps[depth + 1 :]
            items = value if type(value) is list else []
            return [found for no, item in enumerate(items) for found in walk(item, rest, f"{place}/{no}")]
        value = value.get(step) if type(value) is dict else _item(value, step)
        place = f"{place}/{step}"
    return [] if value is None else [(place, value)]


def steps_of(pointer: str) -> tuple[str, ...]:
    """Split a JSON Pointer, escapes undone."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
