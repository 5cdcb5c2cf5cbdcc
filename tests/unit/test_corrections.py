"""Corrections change the places they point to and no other."""

from typing import Any

import pytest

from events.corrections import corrected


@pytest.mark.parametrize(
    ("data", "changes", "after"),
    [
        ({"a": [1, 2]}, [{"pointer": "/a/1", "to": 3}], {"a": [1, 3]}),
        ({"a": [1]}, [{"pointer": "/a/-", "to": 2}], {"a": [1, 2]}),
        ({"a": [1]}, [{"pointer": "/a/1", "to": 2}], {"a": [1, 2]}),
        ({"a": [1]}, [{"pointer": "/a/-/b", "to": 2}], {"a": [1]}),
        ({"a": [1]}, [{"pointer": "/a/5", "to": 2}], {"a": [1]}),
        ({"a": [1]}, [{"pointer": "/a/x", "to": 2}], {"a": [1]}),
        ({"a": [1]}, [{"pointer": "/a/²", "to": 2}], {"a": [1]}),
        ({"a": [{"b": 1}]}, [{"pointer": "/a/0/b", "to": 2}], {"a": [{"b": 2}]}),
        ({"a": [{"b": 1}]}, [{"pointer": "/a/0/b/c", "to": 2}], {"a": [{"b": 1}]}),
        ({"a": 1}, [{"pointer": "/a/b", "to": 2}], {"a": 1}),
        ({"a/b~": 1}, [{"pointer": "/a~1b~0", "to": 2}], {"a/b~": 2}),
        (
            {"a": 1},
            [{"pointer": "", "to": {}}, {"pointer": 3, "to": 1}, {"to": 1}, {"pointer": "/a"}, 4],
            {"a": 1},
        ),
        ({"a": 1}, "no list", {"a": 1}),
        ({"a": 1}, [{"pointer": "/x/y", "to": 2}, {"pointer": "/b", "to": 2}], {"a": 1, "b": 2}),
    ],
)
def test_a_correction_changes_the_place_it_points_to_and_no_other(
    data: Any, changes: Any, after: Any
) -> None:
    assert corrected(data, [changes], lambda _: True) == after


def test_changes_that_are_only_good_together_are_made_together() -> None:
    changes = [{"pointer": "/a", "to": 1}, {"pointer": "/b", "to": 1}]
    assert corrected({}, [changes], lambda data: ("a" in data) == ("b" in data)) == {"a": 1, "b": 1}
