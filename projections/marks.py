"""Strips the fields of a payload that are stricter than its event, as the marks of the contract say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.contract import Mark

Json = Any

NOTHING = object()
"""What is left of a value that is hidden whole."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The marked places of a payload as a tree; `*` stands for every item of a list or field of a map.

    Args:
        level: label, or consent of the person, that everything from here down demands; None where only
            something below is marked.
        searchable: whether search may read from here down.
        below: the branches.
    """

    level: str | None = None
    searchable: bool = True
    below: Mapping[str, "Marks"] = field(default_factory=dict)

    def levels(self, value: Json) -> frozenset[str]:
        """Return the labels of the marked fields that `value` has.

        An empty list or object above a marked field counts as if it had it, so that it reads like one that
        was emptied.
        """
        return frozenset(self.each_level(value))

    def each_level(self, value: Json) -> Iterator[str]:
        """Yield the same, some perhaps more than once."""
        if self.level is not None:
            yield self.level
        if _is_empty(value):
            for branch in self.below.values():
                yield from branch.everywhere()
        for branch, _, inner in self.steps(value):
            yield from branch.each_level(inner)

    def everywhere(self) -> Iterator[str]:
        """Yield every label in this part of the tree."""
        if self.level is not None:
            yield self.level
        for branch in self.below.values():
            yield from branch.everywhere()

    def steps(self, value: Json) -> Iterator[tuple["Marks", str | int, Json]]:
        """Yield each branch with the key and the value of `value` that it leads to."""
        every = self.below.get("*")
        if isinstance(value, dict):
            for name, inner in value.items():
                branch = self.below.get(name, every)
                if branch is not None:
                    yield branch, name, inner
        elif isinstance(value, list) and every is not None:
            for place, inner in enumerate(value):
                yield every, place, inner

    def strip(self, value: Json, hidden: frozenset[str]) -> Json:
        """Return `value` without the fields whose label is in `hidden`; `NOTHING` if nothing is left.

        What holds nothing marked is shared, not copied.
        """
        if self.level in hidden:
            return NOTHING
        if _is_empty(value):
            return value if hidden.isdisjoint(self.everywhere()) else NOTHING
        changed = {key: branch.strip(inner, hidden) for branch, key, inner in self.steps(value)}
        if not changed:
            return value
        if isinstance(value, list):
            left: Json = [
                inner for inner in (changed[place] for place in range(len(value))) if inner is not NOTHING
            ]
        else:
            merged = {**value, **changed}
            left = {name: inner for name, inner in merged.items() if inner is not NOTHING}
        return left if left else NOTHING


def read_marks_tree(marks: tuple[Mark, ...]) -> Marks:
    """Arrange the marks of a contract as a tree."""
    return _tree([(mark.pointer.split("/")[1:], mark) for mark in marks])


def _tree(marks: list[tuple[list[str], Mark]]) -> Marks:
    own = [mark for path, mark in marks if not path]
    names = dict.fromkeys(path[0] for path, _ in marks if path)
    below = {
        _unescaped(name): _tree([(path[1:], mark) for path, mark in marks if path and path[0] == name])
        for name in names
    }
    level = next((mark.level for mark in own), None)
    return Marks(level, all(mark.searchable for mark in own), below)


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _is_empty(value: Json) -> bool:
    return not value and isinstance(value, dict | list)
