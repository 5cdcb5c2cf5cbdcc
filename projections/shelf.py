"""What a sight keeps of one list between questions: who is on it, columns and items that were asked for. Pure."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from projections.graph.merging import NOBODY, Merged

Json = Any
Values = Mapping[str, list[Json]]
Key = tuple[float, str]

_MOST_COLUMNS = 8
_MOST_ITEMS = 1_000


class Column:
    """The shown values of one property: several for one thing if they are disputed."""

    def __init__(self, values: Values) -> None:
        self.keys: dict[str, Key] = {}
        self._texts: dict[str, tuple[str, ...]] = {}
        self._refs: defaultdict[str, set[str]] = defaultdict(set)
        for ref, shown in values.items():
            self.put(ref, shown)

    def put(self, ref: str, values: list[Json]) -> None:
        """Take in the shown values of a thing that has none here."""
        flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
        self.keys[ref] = _key(flat[0] if flat else "")
        self._texts[ref] = texts = tuple(_text(one) for one in flat)
        for text in texts:
            self._refs[text].add(ref)

    def drop(self, ref: str) -> None:
        """Forget a thing."""
        self.keys.pop(ref, None)
        for text in self._texts.pop(ref, ()):
            self._refs[text].discard(ref)
            if not self._refs[text]:
                # Else every date that a hearing ever had would stay.
                del self._refs[text]

    def having(self, wanted: str) -> set[str]:
        """Return the things of which one value is `wanted`, or a code below it."""
        below = f"{wanted}."
        codes = [text for text in self._refs if text == wanted or text.startswith(below)]
        return set().union(*(self._refs[text] for text in codes))


class Shelf:
    """The visible references of one kind, sorted, with some of their columns and items; true at one turn."""

    def __init__(self, refs: list[str], merged: Merged = NOBODY) -> None:
        self.turn = 0
        self.refs = refs
        self.merged = merged
        self.columns: dict[str, Column] = {}
        self._items: dict[str, Json] = {}

    def column(self, prop: str, read: Callable[[str], Values]) -> Column:
        """Return the column of a property; what is not kept yet is asked of `read`."""
        known = self.columns.get(prop)
        if known is None:
            if len(self.columns) >= _MOST_COLUMNS:
                del self.columns[next(iter(self.columns))]
            known = self.columns[prop] = Column(read(prop))
        return known

    def items(self, refs: Sequence[str], make: Callable[[Sequence[str]], Mapping[str, Json]]) -> list[Json]:
        """Return the items of some references; what is not kept yet is asked of `make`. Nobody changes them."""
        missing = [ref for ref in refs if ref not in self._items]
        if missing:
            self._items.update(make(missing))
        found = [self._items[ref] for ref in refs]
        for ref in list(self._items)[: max(0, len(self._items) - _MOST_ITEMS)]:
            del self._items[ref]
        return found

    def renew(
        self, touched: Collection[str], existing: Collection[str], values: Mapping[str, Values]
    ) -> None:
        """Take in what has changed.

        Args:
            touched: references that may have changed.
            existing: those among them that are visible now.
            values: their shown values now, for every property in `columns`.
        """
        visible = set(existing)
        for ref in touched:
            self._items.pop(ref, None)
        for ref in touched:
            place = bisect_left(self.refs, ref)
            here = place < len(self.refs) and self.refs[place] == ref
            if here and ref not in visible:
                del self.refs[place]
            elif not here and ref in visible:
                self.refs.insert(place, ref)
        for prop, column in self.columns.items():
            for ref in touched:
                column.drop(ref)
            for ref, shown in values[prop].items():
                column.put(ref, shown)


def _key(value: Json) -> Key:
    """Order numbers before texts."""
    return float(value) if isinstance(value, int | float) else float("inf"), _text(value)


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "\n".join(f"{name} {_text(value[name])}" for name in sorted(value))
    return str(value)
