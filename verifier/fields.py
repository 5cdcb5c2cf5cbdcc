"""Whether an event is what a hub committed to: the opened parts of it, and what is left unproven."""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from verifier.notes import Unreadable, unbase64
from verifier.trees import leaf_hash

Json = Any
_ABSENT = object()


class Checked(NamedTuple):
    """What one proof says about one event.

    Args:
        leaf: hash of the leaf, as it follows from the event and the proof.
        faults: sentences about what does not fit.
        unproven: parts of the event, by pointer, that the proof says nothing about.
    """

    leaf: bytes
    faults: Sequence[str]
    unproven: Sequence[str]


def check(event: Mapping[str, Json], proof: Mapping[str, Json]) -> Checked:
    """Compute the leaf from what is shown of an event and what its proof opens.

    Raises:
        Unreadable: the proof has not the form of one.
    """
    try:
        opened = [(one["at"], one.get("less", ()), unbase64(one["salt"])) for one in proof["shown"]]
        made = [unbase64(one) for one in proof["hidden"]]
        row, said = unbase64(proof["row"]), unbase64(proof["leaf"])
    except (KeyError, TypeError) as odd:
        raise Unreadable("A proof lacks something.") from odd
    faults = []
    for at, less, salt in opened:
        value = part_of(event, at, less)
        if value is _ABSENT:
            faults.append(f"lacks {at or 'its attributes'}, which its proof vouches for")
        else:
            made.append(commitment(salt, at, value))
    leaf = leaf_hash(row + sha256(b"".join(sorted(made))).digest())
    if leaf != said and not faults:
        faults.append("is not what was recorded: something in it, or in its proof, was changed")
    unproven = [one for one in _parts(event) if not any(_covers(at, less, one) for at, less, _ in opened)]
    return Checked(said, faults, unproven)


def commitment(salt: bytes, at: str, value: Json) -> bytes:
    """Return the commitment to a part of an event."""
    name = at.encode()
    return sha256(b"\x02" + salt + len(name).to_bytes(4) + name + written(value).encode()).digest()


def part_of(event: Mapping[str, Json], at: str, less: Sequence[str]) -> Json:
    """Return a part of an event by its pointer, without some parts below it; with `*`, an object of all it matches."""
    if "*" in at:
        found = dict(_matches(event, at.split("/")[1:], ""))
        return found or _ABSENT
    value: Json = event
    for step in at.split("/")[1:]:
        name = _unescaped(step)
        if not isinstance(value, dict) or name not in value:
            return _ABSENT
        value = value[name]
    if at.count("/") > 2:
        return {at: value}
    for one in less:
        value = _without(value, one.removeprefix(at).split("/")[1:])
    return value


def written(value: Json) -> str:
    """Return JSON in the one form that commitments are made of: keys sorted, no spaces, no escapes but the needed."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{written(name)}:{written(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(one) for one in value) + "]"
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """Return a number in the fewest digits; with an exponent from 1e16 on, and below 1e-5."""
    said = repr(value)
    digits, mark, exponent = said.partition("e")
    if not mark:
        return said
    power = int(exponent)
    if power != -5:
        return f"{digits}e{power:+d}" if power > 0 else f"{digits}e{power}"
    sign = "-" if value < 0 else ""
    return f"{sign}0.0000{digits.removeprefix('-').replace('.', '')}"


def _matches(value: Json, steps: Sequence[str], pointer: str) -> Iterator[tuple[str, Json]]:
    if not steps:
        yield pointer, value
    elif steps[0] == "*" and isinstance(value, list):
        for place, one in enumerate(value):
            yield from _matches(one, steps[1:], f"{pointer}/{place}")
    elif isinstance(value, dict) and (name := _unescaped(steps[0])) in value:
        yield from _matches(value[name], steps[1:], f"{pointer}/{steps[0]}")


def _without(value: Json, steps: Sequence[str]) -> Json:
    if isinstance(value, list) and steps[0] == "*":
        return [_without(one, steps[1:]) for one in value]
    name = _unescaped(steps[0])
    if not isinstance(value, dict) or name not in value:
        return value
    if len(steps) == 1:
        return {key: one for key, one in value.items() if key != name}
    return {**value, name: _without(value[name], steps[1:])}


def _parts(event: Mapping[str, Json]) -> Iterator[str]:
    """Yield the pointers of everything in an event that holds nothing further."""
    for name, value in event.items():
        yield from _ends(value, f"/{_escaped(name)}")


def _ends(value: Json, pointer: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, one in pairs:
            yield from _ends(one, f"{pointer}/{_escaped(str(name))}")
    elif pointer != "/data":
        yield pointer


def _covers(at: str, less: Sequence[str], pointer: str) -> bool:
    return _is_below(at, pointer) and not any(_is_below(one, pointer) for one in less)


def _is_below(at: str, pointer: str) -> bool:
    marks, steps = at.split("/")[1:], pointer.split("/")[1:]
    return len(marks) <= len(steps) and all(
        mark in (step, "*") for mark, step in zip(marks, steps, strict=False)
    )


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")
