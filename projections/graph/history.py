"""What events said before they were put right: the graph as the hub knew it earlier.

Only what may still be shown is kept, under the present label; what was erased goes, and what was retracted because it
should never have been known. See `keeping.py`.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from projections.graph.claims import Reading
from projections.graph.network import Network


class Span(NamedTuple):
    """From which place of the log on an event read so, and up to which place it did."""

    born: int
    died: int


@dataclass(frozen=True, slots=True)
class Version:
    """A reading that an event has no more.

    Args:
        reading: as it was.
        span: when.
    """

    reading: Reading
    span: Span


class History:
    """Holds the versions beside the network; each is a reading of its own, under a negative number.

    `network` is the graph of all of them together: whoever walks it asks `held` which hold at his place of the log.
    """

    def __init__(self) -> None:
        self.network = Network()
        self._spans: dict[int, Span] = {}
        self._readings: dict[int, Reading] = {}
        self._versions: defaultdict[int, list[int]] = defaultdict(list)
        self._began: dict[int, int] = {}
        self._last = 0
        self._retracted: set[int] = set()

    def keep(self, version: Version) -> None:
        """Add what an event said until now."""
        self._last -= 1
        numbered = version.reading._replace(origin=version.reading.origin._replace(position=self._last))
        self.network.add(numbered)
        self._spans[self._last] = version.span
        self._readings[self._last] = numbered
        self._versions[version.reading.origin.position].append(self._last)

    def has(self, position: int) -> bool:
        """Tell whether the event at `position` said anything before that is kept."""
        return position in self._versions

    def retract(self, position: int) -> None:
        """Note that the event at `position` was retracted: what is kept of it holds no more, in whatever form."""
        self._retracted.update(self._versions.get(position, ()))

    def is_retracted(self, number: int) -> bool:
        """Tell whether the event of a version was retracted, not just put right."""
        return number in self._retracted

    def begin(self, position: int, born: int) -> None:
        """Note since which place of the log the event at `position` reads as it does now."""
        if born == position:
            self._began.pop(position, None)
        else:
            self._began[position] = born

    def began(self, position: int) -> int:
        """Return since which place of the log the event at `position` reads as it does now."""
        return self._began.get(position, position)

    def began_after(self, upto: int) -> list[int]:
        """Return the positions of events that read as they do now only since a place of the log behind `upto`."""
        return [position for position, born in self._began.items() if born > upto]

    def forget(self, position: int) -> None:
        """Let go of all that the event at `position` ever said before."""
        for number in self._versions.pop(position, ()):
            self.network.remove(self._readings.pop(number))
            del self._spans[number]
            self._retracted.discard(number)

    def held(self, number: int, upto: int) -> bool:
        """Tell whether a version held at a place of the log.

        Args:
            number: the position that the origins of its claims bear.
            upto: the place.
        """
        span = self._spans.get(number)
        return span is not None and span.born <= upto < span.died

    def reading(self, number: int) -> Reading | None:
        """Return a version by the number that the origins of its claims bear; None if it was let go meanwhile."""
        return self._readings.get(number)
