"""How ties end that nobody disputes, written as JSON: most end as many others do."""

from collections.abc import Iterable

import orjson

Plain = tuple[str | None, str | None, int]
"""Since and until when a tie holds that nobody disputes, and how many events say so."""

MOST_ENDINGS = 50_000
"""Kept at about 250 bytes each."""


class Endings:
    """Writes them, and keeps what was written: nothing but kinds, dates and counts. Hold the view's lock.

    Args:
        most: kept.
    """

    def __init__(self, most: int = MOST_ENDINGS) -> None:
        self._most = most
        self._known: dict[tuple[str, Plain | None], str] = {}

    def forget(self) -> None:
        """Let go of all: a date that was erased must not be found in memory."""
        self._known.clear()

    def of(self, said: Iterable[tuple[str, Plain | None]]) -> list[str]:
        """Return how some ties end, from the quote behind their target on.

        Args:
            said: the kind of each, and what it says; None where that has to be weighed: how it ends means nothing.
        """
        if len(self._known) > self._most:
            self._known.clear()
        known = self._known
        return [known.get(one) or self._written(one) for one in said]

    def _written(self, one: tuple[str, Plain | None]) -> str:
        since, until, claims = one[1] or (None, None, 0)
        said = {"kind": one[0], "since": since, "until": until, "claims": claims, "status": "active"}
        text = self._known[one] = f'",{orjson.dumps(said).decode()[1:]}'
        return text
