"""Who is tied to whom, read straight from the network where that says the same.

A look at another moment is asked itself.
Searches ask a thousand times; they ask a `Circle`, which is kept, and at another moment those who are `Met`.
"""

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.claims import SEPARATES, EdgeClaim, Parallel
from projections.graph.eyes import Tie
from projections.graph.look import Look
from projections.graph.paths.hostile import Hostile, concerning
from projections.graph.paths.passing import CLOSED, HOSTILE, OPEN, Passing
from projections.graph.paths.paths import HUB_TIES
from projections.graph.whole.cut import INTRODUCES_NOBODY

Json = Any
Numbers = NDArray[Any]

Found = defaultdict[tuple[str, str, str], list[EdgeClaim]]


class Walking:
    """One reader's ties, apart from some kinds. Hold the view's lock while using it.

    Args:
        look: of the reader.
        ignored: kinds of ties that do not count.
    """

    def __init__(self, look: Look, ignored: Collection[str] = SEPARATES) -> None:
        self._look = look
        self._ignored = ignored

    def others(self, ref: str) -> set[str]:
        """Return who is visibly tied to a node, itself left out."""
        look, found = self._look, list[str]()
        if look.then:
            found += (tie[1] if tie[0] == ref else tie[0] for tie in self._ties(ref))
            return set(found)
        for table in self._tables(ref):
            self._collect(table, sys.maxsize, found)
        return set(map(look.merged.of, found) if look.merged else found) - {ref}

    def _ties(self, ref: str) -> Iterator[Tie]:
        return (tie for tie in self._look.ties(ref) if tie[2] not in self._ignored)

    def _tables(self, ref: str) -> Iterator[Mapping[str, Parallel]]:
        """Yield the ties of a node and of all that is read as it, outgoing and incoming; of those who are there."""
        network = self._look.network
        for one in self._look.merged.all_of(ref):
            if one in network.nodes:
                yield network.graph.out_of(one)
                yield network.graph.into(one)

    def _collect(self, ties: Mapping[str, Parallel], limit: int, found: list[str]) -> None:
        """Add the other end of each visible tie until there are more than `limit`. Most ties have one claim."""
        allowed, ignored = self._look.allowed, self._ignored
        for other, parallel in ties.items():
            for kind, held in parallel.items():
                claims = held.claims
                is_visible = claims[0].label in allowed or any(claim.label in allowed for claim in claims)
                if is_visible and kind not in ignored:
                    found.append(other)
            if len(found) > limit:
                return

    def is_hub(self, ref: str, most: int) -> bool:
        """Tell whether a node has more than `most` visible ties."""
        if self._look.then:
            return sum(1 for _ in self._ties(ref)) > most
        # Whoever has few ties at all has few visible ones; to count them all is fast.
        tables = list(self._tables(ref))
        if sum(sum(map(len, table.values())) for table in tables) <= most:
            return False
        found: list[str] = []
        for table in tables:
            self._collect(table, most, found)
        return len(found) > most

    def between(self, here: str, there: str) -> list[Tie]:
        """Return the visible ties of two nodes in both directions, sorted by kind, with their visible claims."""
        found: Found = defaultdict(list)
        if self._look.then:
            for source, target, kind, claims in self._ties(here):
                if there in (source, target):
                    found[source, target, kind] += claims
        else:
            self._read(here, there, found)
            self._read(there, here, found)
        ordered = sorted(found, key=lambda tie: (tie[2], tie[0], tie[1]))
        return [(*tie, found[tie]) for tie in ordered]

    def _read(self, source: str, target: str, found: Found) -> None:
        look = self._look
        for one in look.merged.all_of(source):
            ties = look.network.graph.out_of(one) if one in look.network.nodes else {}
            for other in look.merged.all_of(target):
                for kind, held in ties.get(other, {}).items():
                    visible = [claim for claim in held.claims if claim.label in look.allowed]
                    if visible and kind not in self._ignored:
                        found[source, target, kind] += visible


class Met:
    """Who may introduce whom at any moment, numbered as they are met: as a `Circle` says it, but slowly.

    Hold the view's lock while using it.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._walking = Walking(look)
        self._refs: list[str] = []
        self._numbers: dict[str, int] = {}
        self.reasons: dict[str, Json] = {}

    @property
    def size(self) -> int:
        """Numbers are less than that; it grows."""
        return len(self._refs)

    def ref(self, number: int) -> str:
        """Return what a number stands for."""
        return self._refs[number]

    def number(self, ref: str) -> int:
        """Return the number of a reference to go by."""
        number = self._numbers.get(ref)
        if number is None:
            number = self._numbers[ref] = len(self._refs)
            self._refs.append(ref)
        return number

    def of_all(self, some: Numbers) -> tuple[Numbers, Numbers]:
        """Return every tie of some as two arrays, in no order."""
        near = [
            (one, self.number(other))
            for one in some.tolist()
            for other in self._walking.others(self._refs[one])
        ]
        pairs = np.array(near, np.int32).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def concerning(self, look: Look, ends: Iterable[str]) -> Set[str]:
        """Return the threats against some, or in some cases."""
        return concerning(look, ends)

    def accounts(self, look: Look, ref: str) -> Iterable[Tie]:
        """Return the ties by which somebody is accused, or belongs to others; others are among them."""
        return look.ties(ref)

    def passing(self, threats: Set[str] | None) -> Passing:
        """Return who may introduce others, and who is hostile by some threats; None: by any."""
        hostile = Hostile(self._look.ties, threats)

        def judge(number: int) -> int:
            ref = self._refs[number]
            if ref.partition(":")[0] in INTRODUCES_NOBODY or self._walking.is_hub(ref, HUB_TIES):
                return CLOSED
            return OPEN if hostile.of(ref) is None else HOSTILE

        return Passing(np.zeros(0, np.int8), judge)
