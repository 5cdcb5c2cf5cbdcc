"""What events said once, where it held at the moment looked at: ties that the columns of the journal do not know."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.around.ties import Key
from projections.graph.claims import EdgeClaim
from projections.graph.eyes import Eyes

Numbers = NDArray[Any]


class Remembered:
    """What these readers may know of the past. False if nothing is known of it at all.

    Args:
        eyes: with which to look; their moment is a place of the log.
        kinds: of the ties wanted; none: all.
    """

    def __init__(self, eyes: Eyes, kinds: frozenset[str]) -> None:
        self._eyes = eyes
        self._kinds = kinds
        self._past = eyes.history.network
        self._upto = eyes.then.upto or 0
        self._later = np.array(eyes.history.began_after(self._upto), np.int64)

    def __bool__(self) -> bool:
        return bool(self._past.nodes)

    @property
    def most(self) -> int:
        """How many references the past can name."""
        return len(self._past.nodes)

    def were_known(self, places: Numbers) -> Numbers:
        """Tell of each event, by its place in the log, whether it said then what it says now."""
        known: Numbers = places <= self._upto
        return known & ~np.isin(places, self._later) if len(self._later) else known

    def ties(self, refs: Iterable[str]) -> Iterator[Key]:
        """Yield the ties of some references that held then by what an event said that says it no more."""
        past = self._past
        for ref in refs:
            for source, target, kind, claims in past.ties(ref) if ref in past.nodes else ():
                is_wanted = not self._kinds or kind in self._kinds
                if is_wanted and self._were_held(claims) and self._eyes.said(source, target, kind):
                    yield source, target, kind

    def _were_held(self, claims: Iterable[EdgeClaim]) -> bool:
        allowed, held = self._eyes.allowed, self._eyes.history.held
        return any(one.label in allowed and held(one.origin.position, self._upto) for one in claims)
