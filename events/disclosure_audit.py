"""The audit of figures: whether a hidden count can be computed from what is shown. Pure, and the same every time.

Each hidden count is an unknown whole number, each sum an equation. What a reader can know of a count lies between
the least and the greatest value that fit all equations. Where one equation binds some unknowns the two are found by
adding up, where several cross by integer programming (HiGHS, in scipy).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from events.disclosure import LEAST, Cell
from events.disclosure_relations import Relation, TooMany, relations
from events.disclosure_solver import Budget, Equation, Unknowns

Finding = tuple[str, str]
"""Code and pointer: `sum_differs`, `reveals_a_cell` or `too_many_cells`."""

SUM_DIFFERS = "sum_differs"
REVEALS = "reveals_a_cell"
TOO_MANY = "too_many_cells"


def audit(cells: Sequence[Cell], budget: Budget | None = None) -> list[Finding]:
    """Return what is wrong with some figures, sorted by pointer.

    Args:
        cells: of any tables; of one table, each group once.
        budget: of work; left out: the usual one.
    """
    by_table: defaultdict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        by_table[cell.table].append(cell)
    left = Budget() if budget is None else budget
    found = [one for table in sorted(by_table) for one in _table(by_table[table], left)]
    return sorted(set(found), key=lambda one: (one[1], one[0]))


def _table(cells: Sequence[Cell], budget: Budget) -> Iterator[Finding]:
    alone = [cell for cell in cells if _is_bare(cell)]
    if alone:
        yield from ((REVEALS, cell.pointer) for cell in alone)
        return
    try:
        everything, equal = relations(cells)
    except TooMany:
        yield TOO_MANY, cells[0].pointer
        return
    wrong = [one for one in equal if not _may_be(one, everything)]
    if wrong:
        yield from ((SUM_DIFFERS, everything[one.left[0]].pointer) for one in wrong)
        return
    for part in _parts(everything, equal):
        yield from part.findings(budget, cells[0].pointer)


def _is_bare(cell: Cell) -> bool:
    """Tell whether what is known of a hidden count (from a percentage) is already too much."""
    return cell.low >= 1 and cell.high < cell.least and not cell.is_small


def _may_be(relation: Relation, cells: Sequence[Cell]) -> bool:
    low = [sum(cells[number].low for number in side) for side in relation]
    high = [sum(cells[number].high for number in side) for side in relation]
    return low[0] <= high[1] and low[1] <= high[0]


@dataclass(frozen=True, slots=True)
class _Part:
    """Hidden counts that hang together.

    Args:
        cells: the hidden ones by number.
        equations: over them.
        where: pointer to something that was published.
    """

    cells: Mapping[int, Cell]
    equations: Sequence[Equation]
    where: str

    def findings(self, budget: Budget, otherwise: str) -> Iterator[Finding]:
        where = self.where or otherwise
        spans = {number: (cell.low, cell.high) for number, cell in self.cells.items()}
        unknowns = Unknowns(spans, self.equations, budget)
        try:
            if not unknowns.fit():
                yield SUM_DIFFERS, where
                return
            far = {no: LEAST - 1 if cell.is_small else cell.least for no, cell in self.cells.items()}
            unknowns.foresee(far, {no: 1 for no, cell in self.cells.items() if cell.is_small})
            for number, cell in sorted(self.cells.items()):
                if _is_told(unknowns, number, cell):
                    yield REVEALS, cell.pointer or where
        except TooMany:
            yield TOO_MANY, where


def _is_told(unknowns: Unknowns, number: int, cell: Cell) -> bool:
    """Tell whether more follows of a count than is said of it, and what follows is that it is small."""
    if cell.is_small:
        return not (unknowns.can_be_least(number, 1) and unknowns.can_be_most(number, LEAST - 1))
    return not (unknowns.can_be_most(number, cell.least) or unknowns.can_be_least(number, 0))


def _parts(cells: Sequence[Cell], equal: Sequence[Relation]) -> list[_Part]:
    """Put what is known into the equations, and sort the rest by what hangs together."""
    equations = [_equation(one, cells) for one in equal]
    leaders: dict[int, int] = {}
    for coefficients, _ in equations:
        for first, number in pairwise(coefficients):
            leaders[_leader(leaders, number)] = _leader(leaders, first)
    members: defaultdict[int, set[int]] = defaultdict(set)
    sums: defaultdict[int, list[Equation]] = defaultdict(list)
    for one in dict.fromkeys((tuple(sorted(coefficients.items())), rest) for coefficients, rest in equations):
        if one[0]:
            leader = _leader(leaders, one[0][0][0])
            members[leader].update(number for number, _ in one[0])
            sums[leader].append((dict(one[0]), one[1]))
    return [_part(cells, members[leader], sums[leader]) for leader in sorted(members)]


def _part(cells: Sequence[Cell], members: set[int], sums: Sequence[Equation]) -> _Part:
    hidden = {number: cells[number] for number in sorted(members)}
    where = next((cell.pointer for cell in hidden.values() if cell.pointer), "")
    return _Part(hidden, sums, where)


def _leader(leaders: dict[int, int], number: int) -> int:
    while leaders.setdefault(number, number) != number:
        leaders[number] = number = leaders[leaders[number]]
    return number


def _equation(relation: Relation, cells: Sequence[Cell]) -> Equation:
    coefficients: defaultdict[int, int] = defaultdict(int)
    rest = 0
    for side, sign in zip(relation, (1, -1), strict=True):
        for number in side:
            if cells[number].is_known:
                rest -= sign * cells[number].low
            else:
                coefficients[number] += sign
    return {number: sign for number, sign in coefficients.items() if sign}, rest
