"""How many nodes readers see: counted once, and from then on only what changed since."""

from collections import Counter
from collections.abc import Mapping, Set
from itertools import islice
from typing import NamedTuple

from projections.graph.claims import Marks, Node

_MOST_TURNS = 8_192
"""Changes that are remembered; whoever asks less often than that is counted for anew."""

_MOST_COUNTS = 64
"""Classes of readers whose counts are kept; those asked for longest ago go first."""


class _Turn(NamedTuple):
    """That a node of a kind bears more or fewer than before of some labels: the first so many."""

    kind: str
    labels: Marks
    before: int
    after: int


class _Count(NamedTuple):
    """What some readers see: how many of each kind, up to which turn, when that was the highest label there was."""

    kinds: Counter[str]
    upto: int
    highest: int


class Sizes:
    """Counts the nodes of a network for classes of readers. Hold the view's lock while calling.

    Args:
        kinds: kind → the nodes of it.
        nodes: by reference.
    """

    def __init__(self, kinds: Mapping[str, Set[str]], nodes: Mapping[str, Node]) -> None:
        self._kinds = kinds
        self._nodes = nodes
        self._turns: list[_Turn] = []
        self._forgotten = 0
        self._highest = 0
        self._counts: dict[frozenset[int], _Count] = {}

    def note(self, kind: str, labels: Marks, before: int, after: int) -> None:
        """Note that a node bears more or fewer of some labels.

        Args:
            kind: of the node.
            labels: whatever is added to them later comes behind what they are now.
            before: how many of the first of them it bore.
            after: how many it bears.
        """
        if not self._counts:
            return
        self._turns.append(_Turn(kind, labels, before, after))
        if len(self._turns) >= _MOST_TURNS:
            del self._turns[: _MOST_TURNS // 2]
            self._forgotten += _MOST_TURNS // 2

    def met(self, label: int) -> None:
        """Note that a node bears this label."""
        self._highest = max(self._highest, label)

    def of(self, allowed: frozenset[int], kinds: Set[str]) -> int:
        """Count the nodes that bear a label among `allowed`; no kinds: of all."""
        known = self._known(allowed)
        count = self._counted(allowed) if known is None else self._caught_up(allowed, known)
        self._counts[allowed] = count
        if len(self._counts) > _MOST_COUNTS:
            del self._counts[next(iter(self._counts))]
        return count.kinds.total() if not kinds else sum(count.kinds[kind] for kind in kinds)

    def _known(self, allowed: frozenset[int]) -> _Count | None:
        """Take the count to go on from: of the same readers, perhaps from before there were some of the labels."""
        known = self._counts.pop(allowed, None)
        if known is None:
            before = (key for key, one in self._counts.items() if _grew(key, allowed, one.highest))
            found = next(before, None)
            known = None if found is None else self._counts.pop(found)
        return known if known is not None and known.upto >= self._forgotten else None

    def _counted(self, allowed: frozenset[int]) -> _Count:
        nodes = self._nodes
        seen = {
            kind: sum(not allowed.isdisjoint(nodes[ref].labels) for ref in refs)
            for kind, refs in self._kinds.items()
        }
        return self._now(Counter(seen))

    def _caught_up(self, allowed: frozenset[int], count: _Count) -> _Count:
        for kind, labels, before, after in self._turns[count.upto - self._forgotten :]:
            was_hidden, is_hidden = (allowed.isdisjoint(islice(labels, most)) for most in (before, after))
            count.kinds[kind] += was_hidden - is_hidden
        return self._now(count.kinds)

    def _now(self, kinds: Counter[str]) -> _Count:
        return _Count(kinds, self._forgotten + len(self._turns), self._highest)


def _grew(before: frozenset[int], now: frozenset[int], highest: int) -> bool:
    """Tell whether readers see what they saw before, and labels that no node bore then."""
    return before < now and min(now - before) > highest
