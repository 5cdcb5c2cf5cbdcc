"""Places in payloads: taking out what stands there, saying something else, and corrections; for the oracle."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

Json = Any

GONE = object()
TEXTS = frozenset({
    "title", "narrative", "purpose", "note", "notes", "draft", "details", "sealed_note", "sealed_basis", "text",
    "alias_public", "display_name", "name", "public_notice", "conditions", "risk_note", "stated_reason_by_authority",
    "full", "given", "family", "what", "case_number",
})  # fmt: skip
"""Fields of payloads that hold nothing but words."""


def steps(pointer: str) -> list[str]:
    return [one.replace("~1", "/").replace("~0", "~") for one in pointer.split("/")[1:]]


def covers(mark: str, pointer: str) -> bool:
    """Tell whether a marked place and another are one within the other; `*` in the mark is any step."""
    return all(one in {"*", other} for one, other in zip(steps(mark), steps(pointer), strict=False))


def removed(value: Json, path: Sequence[str]) -> Json:
    """Remove what `path` leads to, and every list or object above it that has nothing else."""
    if not path:
        return GONE
    if isinstance(value, dict):
        inner = {k: removed(v, path[1:]) if path[0] in {"*", k} else v for k, v in value.items()}
        left: Json = {k: v for k, v in inner.items() if v is not GONE}
        return left if left or not value else GONE
    if isinstance(value, list) and (path[0] == "*" or path[0].isdecimal()):
        chosen = [removed(v, path[1:]) if path[0] in {"*", str(at)} else v for at, v in enumerate(value)]
        return [v for v in chosen if v is not GONE] or GONE
    return value


def altered(value: Json, path: Sequence[str], random: Random) -> Json:
    """Say something else where `path` leads, or something where there was nothing."""
    word = f"altered {random.randrange(1000)}"
    if not path:
        return blanked(value, lambda _: word) if isinstance(value, dict | list) else word
    if isinstance(value, dict) and path[0] != "*":
        if path[0] in value:
            return {**value, path[0]: altered(value[path[0]], path[1:], random)}
        new = f"source:altered.{random.randrange(1000)}" if path[0] == "source" else word
        return value if len(path) > 1 or random.random() < 0.5 else {**value, path[0]: new}
    if isinstance(value, list):
        return [
            altered(v, path[1:], random) if path[0] in {"*", str(at)} else v for at, v in enumerate(value)
        ]
    return value


def blanked(value: Json, word: Callable[[str], str], *, inside: bool = False) -> Json:
    """Replace every text in fields that hold nothing but words."""
    if isinstance(value, str):
        return word(value) if inside else value
    if isinstance(value, list):
        return [blanked(item, word, inside=inside) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"pointer", "to"}:
        return {
            **value,
            "to": blanked(value["to"], word, inside=value["pointer"].rpartition("/")[2] in TEXTS),
        }
    return {name: blanked(inner, word, inside=inside or name in TEXTS) for name, inner in value.items()}


def corrected(data: Json, corrections: Sequence[Json], accepts: Callable[[Json], bool]) -> Json:
    """Apply the changes of corrections, each whole if that may stand, else one change at a time."""
    for changes in corrections:
        whole = data
        for change in changes:
            whole = GONE if whole is GONE else _placed(whole, steps(change["pointer"]), change["to"])
        if whole is not GONE and accepts(whole):
            data = whole
            continue
        for change in changes:
            one = _placed(data, steps(change["pointer"]), change["to"])
            data = one if one is not GONE and accepts(one) else data
    return data


def _placed(value: Json, path: Sequence[str], new: Json) -> Json:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        inner = _placed(value[step], rest, new) if step in value else GONE if rest else new
        return GONE if inner is GONE else {**value, step: inner}
    if isinstance(value, list):
        if step in {"-", str(len(value))}:
            return GONE if rest else [*value, new]
        if not step.isdecimal() or int(step) > len(value):
            return GONE
        inner = _placed(value[int(step)], rest, new)
        return GONE if inner is GONE else [*value[: int(step)], inner, *value[int(step) + 1 :]]
    return GONE


def strings(value: Json) -> Iterator[str]:
    """Yield every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)
