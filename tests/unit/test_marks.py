"""Fields that are stricter than their event, stripped by the marks of the contract."""

from typing import Any

import pytest

from projections.marks import NOTHING, Marks, read_marks_tree
from schemas.contract import Mark


def tree(*marks: tuple[str, str | None]) -> Marks:
    return read_marks_tree(tuple(Mark(pointer, audience=audience) for pointer, audience in marks))


@pytest.mark.parametrize(
    ("marks", "value", "levels", "hidden", "left"),
    [
        (tree(("/a", "red")), {"a": 1, "b": 2}, {"red"}, {"red"}, {"b": 2}),
        (tree(("/a", "red")), {"a": 1, "b": 2}, {"red"}, {"amber"}, {"a": 1, "b": 2}),
        (tree(("/a", "red")), {"b": 2}, set(), {"red"}, {"b": 2}),
        (tree(("/a/*/b", "red")), {"a": [{"b": 1, "c": 2}, {"b": 3}]}, {"red"}, {"red"}, {"a": [{"c": 2}]}),
        (tree(("/a/*", "red")), {"a": [1, 2], "b": 1}, {"red"}, {"red"}, {"b": 1}),
        (tree(("/a/b", "red")), {"a": {}, "c": 1}, {"red"}, {"red"}, {"c": 1}),
        (tree(("/a/b", "red"), ("/a", "amber")), {"a": {"b": 1}}, {"amber", "red"}, {"red"}, NOTHING),
        (tree(("/a/b", "red"), ("/a", "amber")), {"a": {}}, {"amber", "red"}, {"green"}, {"a": {}}),
        (tree(("/a/*/x", "red")), {"a": "text"}, set(), {"red"}, {"a": "text"}),
        (tree(("/a/*", "red")), {"a": {"x": 1}}, {"red"}, {"red"}, NOTHING),
        (tree(("/a~1b", "red")), {"a/b": 1}, {"red"}, {"red"}, NOTHING),
        (tree(("/a", "C2"), ("/b", "red")), {"a": 1, "b": 2}, {"C2", "red"}, {"C2"}, {"b": 2}),
        (tree(("/a", None)), {"a": 1}, set(), {"red"}, {"a": 1}),
    ],
)
def test_marked_fields_and_what_only_held_them_are_stripped(
    marks: Marks, value: Any, levels: set[str], hidden: set[str], left: Any
) -> None:
    assert marks.levels(value) == levels
    assert marks.strip(value, frozenset(hidden)) == left


def test_a_consent_that_a_field_asks_for_counts_instead_of_its_label() -> None:
    marks = read_marks_tree((Mark("/a", audience="amber+strict", consent="C2"),))
    assert set(marks.everywhere()) == {"C2"}
