"""Which branch of an `anyOf` or `oneOf` a sender most likely meant."""

from dataclasses import replace
from typing import Any

from schemas.breach import UNKNOWN_FIELDS, Breach

Json = Any

ONE_OF_THESE = "one of these fields"
"""Pseudo-keyword of a breach that joins branches which differ only in the field that they require."""


def concrete(breach: Breach) -> list[Breach]:
    """Return the breaches behind an `anyOf` or `oneOf`: those of the branch that was most likely meant.

    A value that fits no branch's type, or is in none of several lists of codes, breaks all branches at once:
    one breach says so.
    """
    if not breach.branches:
        return [breach]
    branches = [[one for part in branch for one in concrete(part)] for branch in breach.branches]
    mistyped = [one for branch in branches for one in branch if _is_here(one, breach, "type")]
    fitting = [branch for branch in branches if not any(_is_here(one, breach, "type") for one in branch)]
    if not fitting:
        return [_joined(breach, "type", mistyped)]
    if len(fitting) > 1 and all(len(branch) == 1 for branch in fitting):
        only = [branch[0] for branch in fitting]
        if all(_is_here(one, breach, "enum", "const") for one in only):
            return [_joined(breach, "enum", only)]
        if all(_is_here(one, breach, "required") for one in only):
            return [
                replace(
                    only[0], keyword=ONE_OF_THESE, names=tuple(name for one in only for name in one.names)
                )
            ]
    return min(fitting, key=lambda branch: _distance(branch, breach))


def _is_here(one: Breach, whole: Breach, *keywords: str) -> bool:
    return one.path == whole.path and one.keyword in keywords


def _distance(branch: list[Breach], whole: Breach) -> tuple[int, int]:
    """Rank a branch: first by fixed values one level down that do not match, then by how much is wrong."""
    deep = len(whole.path) + 1
    wrong = sum(one.keyword == "const" and len(one.path) <= deep for one in branch)
    return wrong, sum(len(one.names) if one.keyword in UNKNOWN_FIELDS else 1 for one in branch)


def _joined(whole: Breach, keyword: str, parts: list[Breach]) -> Breach:
    """Join breaches of one kind into one that expects whatever any of them expects."""
    options: list[Json] = []
    for part in parts:
        expected = part.expected
        options += [
            one for one in (expected if isinstance(expected, list) else [expected]) if one not in options
        ]
    lists = [part.schema["x-vocabulary"] for part in parts if "x-vocabulary" in part.schema]
    listed = {"x-vocabulary": lists[0]} if lists else {}
    return Breach(whole.path, keyword, {**whole.schema, **listed, keyword: options}, sent=parts[0].sent)
