"""Bounds of unknown whole numbers under equations."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from events.disclosure_relations import TooMany

if TYPE_CHECKING:
    from collections.abc import Collection

Equation = tuple[Mapping[int, int], int]
"""Coefficient by unknown, and what it all adds up to."""

Values = Mapping[int, int]

_IMPOSSIBLE = 2
"""Status of `scipy.optimize.milp`."""


class Budget:
    """How much may still be computed for one event.

    Args:
        unknowns: counted each time that a program is solved.
        nodes: of the search in one program.
    """

    def __init__(self, unknowns: int = 40_000, nodes: int = 2_000) -> None:
        self._left = unknowns
        self.nodes = nodes

    def spend(self, unknowns: int) -> None:
        """Pay for one program.

        Raises:
            TooMany: nothing is left.
        """
        self._left -= unknowns
        if self._left < 0:
            raise TooMany


class Unknowns:
    """Whole numbers within spans that fulfil equations.

    Args:
        spans: least and greatest value by number.
        equations: at least one; over these numbers alone.
        budget: of the event.
    """

    def __init__(
        self, spans: Mapping[int, tuple[int, int]], equations: Sequence[Equation], budget: Budget
    ) -> None:
        # A solver needs an end; beyond this one nothing differs for what is asked.
        end = 1_000 + sum(abs(rest) for _, rest in equations) + 10 * len(spans)
        self._spans = {number: (low, min(high, max(end, low))) for number, (low, high) in spans.items()}
        self._equations = equations
        self._budget = budget
        self._witnesses: list[Values] = []
        self._program: _Program | None = None

    def fit(self) -> bool:
        """Tell whether there are such numbers."""
        if len(self._equations) == 1:
            [(coefficients, rest)] = self._equations
            low, high = self._reach(coefficients, ())
            return low <= rest <= high
        return self._solve({})

    def foresee(self, least: Mapping[int, int], most: Mapping[int, int]) -> None:
        """Look for examples that answer many of the questions to come at once.

        Args:
            least: what will be asked of `can_be_most`.
            most: what will be asked of `can_be_least`.
        """
        if len(self._equations) == 1:
            return
        for bounds, sign in ((least, -1), (most, 1)):
            open_ones = list(bounds)
            while open_ones:
                self._solve(dict.fromkeys(open_ones, sign))
                last = self._witnesses[-1]
                left = [number for number in open_ones if sign * (last[number] - bounds[number]) > 0]
                if len(left) == len(open_ones):
                    break
                open_ones = left

    def can_be_least(self, number: int, most: int) -> bool:
        """Tell whether a number can be `most` or less."""
        return self._bound(number, 1) <= most if not self._seen(number, 0, most) else True

    def can_be_most(self, number: int, least: int) -> bool:
        """Tell whether a number can be `least` or more."""
        return self._bound(number, -1) >= least if not self._seen(number, least, None) else True

    def _seen(self, number: int, low: int, high: int | None) -> bool:
        values = (one[number] for one in self._witnesses)
        return any(value >= low and (high is None or value <= high) for value in values)

    def _bound(self, number: int, sign: int) -> int:
        """Return the least (sign 1) or greatest (-1) value of a number."""
        if len(self._equations) == 1:
            return self._alone(number, sign)
        self._solve({number: sign})
        return self._witnesses[-1][number]

    def _alone(self, number: int, sign: int) -> int:
        [(coefficients, rest)] = self._equations
        low, high = self._reach(coefficients, (number,))
        ends = (rest - high, rest - low)
        if coefficients[number] < 0:
            ends = (-ends[1], -ends[0])
        own = self._spans[number]
        return max(own[0], ends[0]) if sign > 0 else min(own[1], ends[1])

    def _reach(self, coefficients: Mapping[int, int], without: "Collection[int]") -> tuple[int, int]:
        """Return the least and greatest sum of all but some terms."""
        low = high = 0
        for number, factor in coefficients.items():
            if number not in without:
                ends = sorted(factor * end for end in self._spans[number])
                low, high = low + ends[0], high + ends[1]
        return low, high

    def _solve(self, wanted: Mapping[int, int]) -> bool:
        self._budget.spend(len(self._spans))
        if self._program is None:
            self._program = _Program(self._spans, self._equations)
        values = self._program.least(wanted, self._budget.nodes)
        if values is not None:
            self._witnesses.append(values)
        return values is not None


class _Program:
    """An integer program of HiGHS."""

    def __init__(self, spans: Mapping[int, tuple[int, int]], equations: Sequence[Equation]) -> None:
        # Imported on first need: few events need it, and it takes a quarter of a second.
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint
        from scipy.sparse import coo_array

        self._numbers = sorted(spans)
        places = {number: place for place, number in enumerate(self._numbers)}
        entries = [
            (row, places[number], factor)
            for row, (coefficients, _) in enumerate(equations)
            for number, factor in coefficients.items()
        ]
        rows, columns, factors = (np.array(one) for one in zip(*entries, strict=True))
        shape = (len(equations), len(spans))
        matrix = coo_array((factors, (rows, columns)), shape=shape).tocsr()
        rests = np.array([rest for _, rest in equations])
        low, high = (np.array([spans[number][end] for number in self._numbers]) for end in (0, 1))
        self._bounds: Any = Bounds(low, high)
        self._sums: Any = LinearConstraint(matrix, rests, rests)

    def least(self, wanted: Mapping[int, int], nodes: int) -> Values | None:
        """Return numbers that make a weighed sum least; None if there are none.

        Args:
            wanted: weight by number; others weigh nothing.
            nodes: of the search, at most.

        Raises:
            TooMany: the search was given up.
        """
        import numpy as np
        from scipy.optimize import milp

        weights = np.array([wanted.get(number, 0) for number in self._numbers], dtype=float)
        whole = np.ones(len(self._numbers))
        options = {"node_limit": nodes}
        found = milp(weights, integrality=whole, bounds=self._bounds, constraints=self._sums, options=options)
        if found.status == _IMPOSSIBLE:
            return None
        if found.status != 0:
            raise TooMany
        return {number: round(value) for number, value in zip(self._numbers, found.x, strict=True)}
