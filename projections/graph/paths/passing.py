"""Who may be passed in one question, and who was found hostile when that was asked."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]

UNKNOWN, OPEN, CLOSED, HOSTILE = range(4)
"""How somebody stands: he introduces others, he introduces nobody, he is hostile."""


class Passing:
    """How everybody stands, by number, and who was asked for.

    Args:
        table: how each number stands; a few more may follow, of whom nothing is known.
        judge: tells how one stands of whom nothing is known yet; only where not all are known.
    """

    def __init__(self, table: Numbers, judge: Callable[[int], int] | None = None) -> None:
        self._table = table
        self._judge = judge
        self._is_asked = np.zeros(len(table), bool)

    def set(self, some: Iterable[int], stands: int) -> None:
        """Let some stand so."""
        for one in some:
            self._fit(one)
            self._table[one] = stands

    def passes(self, some: Numbers) -> Numbers:
        """Tell of each whether he introduces others, and note that he was asked for."""
        if self._judge is not None:
            self._fit(int(some.max(initial=0)))
            for one in some[self._table[some] == UNKNOWN].tolist():
                self._table[one] = self._judge(one)
        self._is_asked[some] = True
        passes: Numbers = self._table[some] == OPEN
        return passes

    def shunned(self) -> list[int]:
        """Return those who were asked for and are hostile."""
        found: list[int] = np.flatnonzero(self._is_asked & (self._table == HOSTILE)).tolist()
        return found

    def _fit(self, one: int) -> None:
        room = one + 1 - len(self._table)
        if room > 0:
            self._table = np.concatenate((self._table, np.zeros(room * 2, np.int8)))
            self._is_asked = np.concatenate((self._is_asked, np.zeros(room * 2, bool)))
