"""What a sight keeps of a list: items are made once, anew when something is said, and only so many stay."""

import tracemalloc
from collections.abc import Sequence

from projections.shelf import Column, Shelf


def test_items_are_kept_until_something_is_said_of_them() -> None:
    asked: list[list[str]] = []

    def make(refs: Sequence[str]) -> dict[str, object]:
        asked.append(list(refs))
        return {ref: {"ref": ref, "made": len(asked)} for ref in refs}

    shelf = Shelf(["need:a", "need:b"])
    assert [one["made"] for one in shelf.items(["need:a", "need:b"], make)] == [1, 1]
    assert [one["made"] for one in shelf.items(["need:b", "need:a"], make)] == [1, 1]
    shelf.renew(["need:a", "need:c"], ["need:a", "need:c"], {})
    assert shelf.refs == ["need:a", "need:b", "need:c"]
    assert [one["made"] for one in shelf.items(shelf.refs, make)] == [2, 1, 2]
    assert asked == [["need:a", "need:b"], ["need:a", "need:c"]]


def test_only_so_many_items_stay() -> None:
    shelf, made = Shelf([]), list[str]()

    def make(refs: Sequence[str]) -> dict[str, str]:
        made.extend(refs)
        return {ref: ref for ref in refs}

    refs = [f"need:{number:04}" for number in range(1_200)]
    for start in range(0, 1_200, 200):
        assert shelf.items(refs[start : start + 200], make) == refs[start : start + 200]
    shelf.items(refs[200:], make)
    assert made == refs
    shelf.items(refs[:1], make)
    assert made == [*refs, refs[0]]


def test_of_the_values_that_a_thing_had_only_the_last_stays() -> None:
    column = Column({"hearing:a": ["2026-01-01", "2026-01-01"], "hearing:b": ["2026-01-01"]})
    column.drop("hearing:a")
    assert column.having("2026-01-01") == {"hearing:b"}
    tracemalloc.start()
    try:
        for number in range(10_000):
            column.drop("hearing:a")
            column.put("hearing:a", [f"{number}"])
        assert tracemalloc.get_traced_memory()[0] < 500_000
    finally:
        tracemalloc.stop()
    assert column.having("9999") == {"hearing:a"}
