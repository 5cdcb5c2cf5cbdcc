"""Dates as numbers, to compare a hundred thousand of them at once."""

from array import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.edtf import NotEdtf, bounds

Numbers = NDArray[Any]


class Dates:
    """Numbers the dates that stand in claims, and knows the days between which each lies.

    `texts` are the dates by their number; number 0 is that of no date at all.
    """

    def __init__(self) -> None:
        self.texts: list[str | None] = [None]
        self._numbers: dict[str | None, int] = {None: 0}
        self._first = array("i", [0])
        self._last = array("i", [0])

    def number(self, when: str | None) -> int:
        """Return the number of a date (EDTF) or a moment; a new one gets one."""
        number = self._numbers.get(when)
        if number is None:
            number = self._numbers[when] = len(self.texts)
            self.texts.append(when)
            first, last = _days(when or "")
            self._first.append(first)
            self._last.append(last)
        return number

    def forget(self, used: Numbers) -> None:
        """Let go of the text of every date but some; what stands in no claim must not be found in memory.

        Args:
            used: numbers of the dates that stay.
        """
        kept = {0, *np.unique(used).tolist()}
        for number in range(len(self.texts)):
            if number not in kept and (when := self.texts[number]) is not None:
                del self._numbers[when]
                self.texts[number] = None
                self._first[number] = self._last[number] = 0

    def first(self, dates: Numbers) -> Numbers:
        """Return the first day of each date, as `date.toordinal()`; 0: open, or not known."""
        days: Numbers = np.frombuffer(self._first, np.int32)[dates]
        return days

    def last(self, dates: Numbers) -> Numbers:
        """Return the last day of each date, likewise."""
        days: Numbers = np.frombuffer(self._last, np.int32)[dates]
        return days


def _days(when: str) -> tuple[int, int]:
    for text in (when, when[:10]):
        # A moment with a fraction of a second, say, is finer than EDTF allows; its day is not.
        try:
            first, last = bounds(text)
        except NotEdtf:
            continue
        return first.toordinal() if first else 0, last.toordinal() if last else 0
    return 0, 0
