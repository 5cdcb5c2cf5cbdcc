"""How the parts of a rule read a payload. Closures over what the rule fixes: every event passes a dozen of them."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from events.audience import CONSENT, TLP
from events.event import RecordedEvent
from projections.rule import (
    Found,
    ImpliedTie,
    ImpliedValue,
    Part,
    Pointer,
    Reader,
    Term,
    Value,
    made,
    walk,
)

Json = Any

LEVELS = (*TLP[:4], *CONSENT, TLP[4])
_RANKS: Mapping[str | None, int] = {None: -1, **{level: rank for rank, level in enumerate(LEVELS)}}

NO_PROPS: Mapping[str, ImpliedValue] = MappingProxyType({})

_Refs = Callable[[RecordedEvent, Json, Json, Found], Sequence[str]]
"""Gives the references that the payload of an event, or an item of it, names; those found before need no check."""

_Values = Callable[[Json, Json], Sequence[Json]]
"""Gives what stands at a pointer into a payload or an item; nulls and missing fields yield nothing."""

_Items = Callable[[Json], Sequence[tuple[str, Json]]]

_Date = Callable[[Json, Json], str | None]


def rank_of(tlp: str | None) -> int:
    """Order labels by strictness; None, no label of its own, comes first, an unknown one last."""
    return _RANKS.get(tlp, len(LEVELS))


def kind_of(ref: str, kinds: frozenset[str]) -> str:
    """Return the kind of a reference; "" if it is none, or one that never becomes a node."""
    kind, _, local = ref.partition(":")
    return kind if local and kind in kinds else ""


def note(found: Found, ref: str, tlp: str | None, props: Mapping[str, ImpliedValue]) -> None:
    """Add a node or what is new about it; it is as visible as its most visible mention."""
    known = found.get(ref)
    if known is None:
        found[ref] = (tlp, props)
    elif props or known[0] is not None:
        found[ref] = (min(tlp, known[0], key=rank_of), {**props, **known[1]})


def node_reader(part: Part, kinds: frozenset[str]) -> Reader:
    """Return what reads an entry of `nodes`.

    Args:
        part: the entry.
        kinds: of node that references may name.
    """
    (end,), (tlp,) = part.ends, part.tlps
    refs, props, items = _refs(end, kinds), _props(part.values), _items(part)

    def read(event: RecordedEvent, data: Json, found: Found, _: list[ImpliedTie]) -> None:
        for prefix, item in items(data) if items is not None else (("", data),):
            named = refs(event, data, item, found)
            if named:
                told = props(data, item, prefix)
                for ref in named:
                    note(found, ref, tlp, told)

    return read


def tie_reader(part: Part, kinds: frozenset[str]) -> Reader:
    """Return what reads an entry of `ties`.

    Args:
        part: the entry.
        kinds: of node that references may name.
    """
    first, second = (_refs(end, kinds) for end in part.ends)
    since, until = (None if value is None else _date(value) for value in part.span)
    items, props, kind, tlp = _items(part), _props(part.values), part.kind, part.tlp
    source_tlp, target_tlp = part.tlps

    def read(event: RecordedEvent, data: Json, found: Found, ties: list[ImpliedTie]) -> None:
        for prefix, item in items(data) if items is not None else (("", data),):
            sources = first(event, data, item, found)
            targets = second(event, data, item, found) if sources else ()
            if not targets:
                continue
            told = props(data, item, prefix)
            begins = None if since is None else since(data, item)
            ends = None if until is None else until(data, item)
            for source in sources:
                note(found, source, source_tlp, NO_PROPS)
                for target in targets:
                    note(found, target, target_tlp, NO_PROPS)
                    ties.append(made(ImpliedTie, (kind, source, target, begins, ends, told, tlp)))

    return read


def _items(part: Part) -> _Items | None:
    """Return what gives the items of `each` that meet the conditions, with their place; None: always the payload."""
    each, meets = part.each, _meets(part)
    if each is None:
        return None if meets is None else lambda data: (("", data),) if meets(data, data) else ()
    if each[1:] == ("*",):
        every, start = each[0], f"/{each[0]}/"

        def items(data: Json) -> Sequence[tuple[str, Json]]:
            values = data.get(every)
            return [
                (f"{start}{no}", item)
                for no, item in enumerate(values if type(values) is list else ())
                if item is not None and (meets is None or meets(data, item))
            ]

        return items
    return lambda data: [
        (place, item) for place, item in walk(data, each, "") if meets is None or meets(data, item)
    ]


def _meets(part: Part) -> Callable[[Json, Json], bool] | None:
    """Return what tells whether an item meets the conditions; None: there are none."""
    conditions = [(_values(pointer), wanted) for pointer, wanted in part.conditions]

    def meets(data: Json, item: Json) -> bool:
        for values, wanted in conditions:
            # A missing field counts as null, so that `[null]` asks for its absence.
            for value in values(data, item) or (None,):
                if value in wanted:
                    break
            else:
                return False
        return True

    return meets if conditions else None


def _refs(term: Term, kinds: frozenset[str]) -> _Refs:
    if term.special:
        return _special(term.special, kinds)
    if term.prefix:
        return _coded(term.prefix, _values(term.pointer))
    if term.pointer.key:
        return _at_key(term.pointer.key, kinds)
    return _anywhere(_values(term.pointer), kinds)


def _special(special: str, kinds: frozenset[str]) -> _Refs:
    def refs(event: RecordedEvent, _: Json, __: Json, ___: Found) -> Sequence[str]:
        case = str(event.envelope.get("correlationid", ""))
        ref = f"partner:{event.publisher}" if special == "@publisher" else case
        return (ref,) if kind_of(ref, kinds) else ()

    return refs


def _coded(prefix: str, values: _Values) -> _Refs:
    def refs(_: RecordedEvent, data: Json, item: Json, __: Found) -> Sequence[str]:
        return [prefix + value for value in values(data, item) if type(value) is str and value]

    return refs


def _at_key(key: str, kinds: frozenset[str]) -> _Refs:
    def refs(_: RecordedEvent, data: Json, __: Json, found: Found) -> Sequence[str]:
        ref = data.get(key)
        return (ref,) if type(ref) is str and (ref in found or kind_of(ref, kinds)) else ()

    return refs


def _anywhere(values: _Values, kinds: frozenset[str]) -> _Refs:
    def refs(_: RecordedEvent, data: Json, item: Json, found: Found) -> Sequence[str]:
        return [
            ref for ref in values(data, item) if type(ref) is str and (ref in found or kind_of(ref, kinds))
        ]

    return refs


def _values(pointer: Pointer) -> _Values:
    """Return what reads a pointer: the three frequent kinds on a way of their own."""
    key = pointer.steps[0] if pointer.steps else ""
    if _is_field(pointer):

        def one(data: Json, item: Json) -> Sequence[Json]:
            start = item if pointer.relative else data
            value = start.get(key) if type(start) is dict else None
            return () if value is None else (value,)

        return one
    if pointer.steps[1:] == ("*",) and not pointer.relative:

        def every(data: Json, _: Json) -> Sequence[Json]:
            values = data.get(key)
            return values if type(values) is list else ()

        return every
    return pointer.values


def _is_field(pointer: Pointer) -> bool:
    """Tell whether a pointer leads to a field of the payload or of the item itself."""
    return len(pointer.steps) == 1 and pointer.steps[0] != "*" and not pointer.steps[0].isdigit()


def _props(values: Sequence[Value]) -> Callable[[Json, Json, str], Mapping[str, ImpliedValue]]:
    """Return what reads properties; nobody changes what it returns."""
    if not values:
        return lambda _, __, ___: NO_PROPS
    # Nine of ten are a field of the payload.
    plan = [
        (value.name, value.pointer.key, value.pointer.pattern, value.tlp, _read(value)) for value in values
    ]

    def props(data: Json, item: Json, prefix: str) -> Mapping[str, ImpliedValue]:
        found = {}
        for name, key, pattern, tlp, read in plan:
            if not key:
                told = read(data, item, prefix)
                if told is not None:
                    found[name] = told
                continue
            value = data.get(key)
            if value is not None:
                found[name] = made(ImpliedValue, (value, pattern, tlp))
        return found

    return props


def _read(value: Value) -> Callable[[Json, Json, str], ImpliedValue | None]:
    """Return what reads one property that is no field of the payload: mostly a field of the item."""
    if value.const is not None or not value.pointer.relative or not _is_field(value.pointer):
        return value.read
    values, tlp, step = _values(value.pointer), value.tlp, value.pointer.steps[0]

    def read(data: Json, item: Json, prefix: str) -> ImpliedValue | None:
        found = values(data, item)
        return made(ImpliedValue, (found[0], f"{prefix}/{step}", tlp)) if found else None

    return read


def _date(value: Value) -> _Date:
    """Return what reads a value that is one text, and else None."""
    values, many = _values(value.pointer), value.pointer.many

    def date(data: Json, item: Json) -> str | None:
        found = values(data, item) if value.const is None else (value.const,)
        return found[0] if found and not many and type(found[0]) is str else None

    return date
