"""What a sight keeps of a list: items are made once, anew when something is said, and only so many stay."""

from collections.abc import Sequence

from projections.shelf import Shelf


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
