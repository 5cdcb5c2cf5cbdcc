"""What a reader can add up: which counts of one table must be equal to which others. Pure.

Counts of the same breakdown are taken to be all there are: a total is the sum of its parts, and two breakdowns of
the same persons have the same sum.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import NamedTuple

from events.disclosure import NO_END, Cell, Group

MOST_COMBINATIONS = 4_000
"""Combinations of codes that are looked at; more are not audited but refused."""


Shape = tuple[str, ...]
"""Names of the dimensions by which cells are split, sorted."""

Shapes = Mapping[Shape, Sequence[int]]
"""Shape → numbers of its cells."""


class TooMany(Exception):
    """So many breakdowns cross that nobody can tell what follows from them."""


class Relation(NamedTuple):
    """Cells that add up to the same as others.

    Args:
        left: numbers of cells.
        right: numbers of cells.
    """

    left: tuple[int, ...]
    right: tuple[int, ...]


def relations(cells: Sequence[Cell]) -> tuple[list[Cell], list[Relation]]:
    """Return the cells of one table with those that nobody published but a reader can think of, and what adds up.

    Args:
        cells: of one table, each group once.

    Raises:
        TooMany: it would be too much to look at.
    """
    by_shape: defaultdict[Shape, list[int]] = defaultdict(list)
    for number, cell in enumerate(cells):
        by_shape[_shape(cell.group)].append(number)
    shapes = sorted(by_shape, key=lambda shape: (len(shape), shape))
    found = [one for pair in combinations(shapes, 2) for one in _between(pair, by_shape, cells)]
    finest = [one for one in shapes if not any(set(one) < set(other) for other in shapes)]
    # Two breakdowns that agree where they meet can always be crossed; of three that is not so.
    if len(finest) <= 2 or not _fit_together(finest, by_shape, cells):
        return list(cells), found
    crossed, more = _crossed(cells, {shape: by_shape[shape] for shape in finest})
    return [*cells, *crossed], [*found, *more]


def _shape(group: Group) -> Shape:
    return tuple(name for name, _ in group)


def _part(group: Group, names: Sequence[str]) -> Group:
    return tuple(one for one in group if one[0] in names)


def _between(pair: tuple[Shape, Shape], by_shape: Shapes, cells: Sequence[Cell]) -> Iterator[Relation]:
    common = sorted(set(pair[0]) & set(pair[1]))
    left, right = (_sides(shape, common, by_shape, cells) for shape in pair)
    broken = {group for shape in pair for group in _unbroken(shape, common, by_shape, cells)}
    for group in sorted(left.keys() & right.keys() - broken):
        yield Relation(tuple(left[group]), tuple(right[group]))


def _sides(
    shape: Shape, common: Sequence[str], by_shape: Shapes, cells: Sequence[Cell]
) -> Mapping[Group, Sequence[int]]:
    """Sort the cells of a shape by the part that another shape has too."""
    sides: defaultdict[Group, list[int]] = defaultdict(list)
    for number in by_shape[shape]:
        sides[_part(cells[number].group, common)].append(number)
    return sides


def _unbroken(
    shape: Shape, common: Sequence[str], by_shape: Shapes, cells: Sequence[Cell]
) -> Iterator[Group]:
    """Yield the parts in which a coarser cell stands for itself: there the cells of the shape are not all."""
    for other in by_shape:
        if set(common) <= set(other) and set(other) < set(shape):
            split = {_part(cells[number].group, other) for number in by_shape[shape]}
            coarse = (cells[number].group for number in by_shape[other])
            yield from (_part(group, common) for group in coarse if group not in split)


def _fit_together(finest: Sequence[Shape], by_shape: Shapes, cells: Sequence[Cell]) -> bool:
    for pair in combinations(finest, 2):
        common = sorted(set(pair[0]) & set(pair[1]))
        left, right = (_sides(shape, common, by_shape, cells).keys() for shape in pair)
        if left != right:
            return False
    return True


def _crossed(cells: Sequence[Cell], finest: Shapes) -> tuple[list[Cell], list[Relation]]:
    """Return the crossing of several breakdowns, and how each of their cells is the sum of a part of it."""
    table, least = cells[0].table, cells[0].least
    crossed: list[Cell] = []
    parts: defaultdict[int, list[int]] = defaultdict(list)
    for group, above in _joined(cells, finest):
        for number in above:
            parts[number].append(len(cells) + len(crossed))
        crossed.append(Cell(table, group, 0, NO_END, least, ""))
    return crossed, [Relation((number,), tuple(those)) for number, those in sorted(parts.items())]


def _joined(cells: Sequence[Cell], finest: Shapes) -> list[tuple[Group, tuple[int, ...]]]:
    """Return every group that lies in one cell of each breakdown, with these cells."""
    joined: list[tuple[Group, tuple[int, ...]]] = [((), ())]
    names: set[str] = set()
    for shape in sorted(finest):
        sides = _sides(shape, sorted(names & set(shape)), finest, cells)
        pairs = (
            (group, above, number) for group, above in joined for number in sides.get(_part(group, shape), ())
        )
        joined = [
            (tuple(sorted({*group, *cells[no].group})), (*above, no))
            for group, above, no in islice(pairs, MOST_COMBINATIONS + 1)
        ]
        if len(joined) > MOST_COMBINATIONS:
            raise TooMany
        names |= set(shape)
    return joined
