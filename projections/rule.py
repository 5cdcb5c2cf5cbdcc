"""The pieces of a compiled rule: pointers, terms, values, parts. How each reads a payload."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from events.event import RecordedEvent

Json = Any

made = tuple.__new__
"""Makes a named tuple of all its values at a third of what its own constructor takes."""


# Named tuples, not dataclasses: an event implies dozens of them and they are made three times as fast; by `made` faster
# still.
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


class ImpliedNode(NamedTuple):
    """A node that a payload speaks of; `tlp` is the stricter label of its reference, if any."""

    ref: str
    kind: str
    props: Mapping[str, ImpliedValue]
    tlp: str | None = None


class ImpliedTie(NamedTuple):
    """A tie that a payload speaks of; `tlp` is the stricter label of what it rests on, if any."""

    kind: str
    source: str
    target: str
    since: str | None
    until: str | None
    props: Mapping[str, ImpliedValue]
    tlp: str | None = None


Found = dict[str, tuple[str | None, Mapping[str, ImpliedValue]]]
"""Reference of a node → the stricter label of its most visible mention, and its properties."""

Reader = Callable[[RecordedEvent, Json, Found, list[ImpliedTie]], None]
"""Reads one part: an event and its payload, what was found so far."""


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


@dataclass(frozen=True, slots=True)
class Rule:
    """Our reading of one stem, compiled.

    Each of the `readers` reads a part, nodes first, if the payload has the fields that it needs.
    """

    stem: str
    kinds: frozenset[str]
    when: tuple[Pointer, ...]
    countries: tuple[Pointer, ...]
    graded: bool
    readers: tuple[tuple[frozenset[str], Reader], ...]

    def grades(self, event: RecordedEvent) -> tuple[str, str]:
        """Return the reliability and credibility (Admiralty) an event gives itself; default F and 6."""
        provenance = event.data.get("provenance") if self.graded else None
        said = provenance if isinstance(provenance, dict) else {}
        return str(said.get("reliability", "F")), str(said.get("credibility", "6"))


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
