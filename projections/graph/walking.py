"""Who is tied to whom, for searches that ask a thousand times: read straight from the network where that says the same.

A look at another moment is asked itself.
"""

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Set

from projections.graph.claims import EdgeClaim, Parallel
from projections.graph.eyes import Tie
from projections.graph.look import Look

Found = defaultdict[tuple[str, str, str], list[EdgeClaim]]


class Walking:
    """One reader's ties, apart from some kinds. Hold the view's lock while using it.

    Args:
        look: of the reader.
        ignored: kinds of ties that do not count.
    """

    def __init__(self, look: Look, ignored: Collection[str]) -> None:
        self._look = look
        self._ignored = ignored

    def others(self, ref: str) -> set[str]:
        """Return who is visibly tied to a node, itself left out."""
        look, found = self._look, list[str]()
        if look.then:
            found += (tie[1] if tie[0] == ref else tie[0] for tie in self._ties(ref))
            return set(found)
        for one in look.merged.all_of(ref):
            self._collect(look.network.graph.out_of(one), sys.maxsize, found)
            self._collect(look.network.graph.into(one), sys.maxsize, found)
        return set(map(look.merged.of, found) if look.merged else found) - {ref}

    def _ties(self, ref: str) -> Iterator[Tie]:
        return (tie for tie in self._look.ties(ref) if tie[2] not in self._ignored)

    def _collect(self, ties: Mapping[str, Parallel], limit: int, found: list[str]) -> None:
        """Add the other end of each visible tie until there are more than `limit`. Most ties have one claim."""
        allowed, ignored = self._look.allowed, self._ignored
        for other, parallel in ties.items():
            for kind, held in parallel.items():
                claims = held["claims"]
                is_visible = claims[0].label in allowed or any(claim.label in allowed for claim in claims)
                if is_visible and kind not in ignored:
                    found.append(other)
            if len(found) > limit:
                return

    def is_hub(self, ref: str, most: int) -> bool:
        """Tell whether a node has more than `most` visible ties."""
        look, graph = self._look, self._look.network.graph
        if look.then:
            return sum(1 for _ in self._ties(ref)) > most
        # Whoever has few ties at all has few visible ones; to count them all is fast.
        tables = [table for one in look.merged.all_of(ref) for table in (graph.out_of(one), graph.into(one))]
        if sum(sum(map(len, table.values())) for table in tables) <= most:
            return False
        found: list[str] = []
        for table in tables:
            self._collect(table, most, found)
        return len(found) > most

    def touching(self, refs: Iterable[str], among: Set[str]) -> Iterator[tuple[str, str]]:
        """Yield who of `refs` is visibly tied to whom of `among`, at least once."""
        look, graph = self._look, self._look.network.graph
        if look.then:
            yield from ((ref, other) for ref in refs for other in self.others(ref) & among)
            return
        aliases = {one: ref for one, ref in look.merged.canonical.items() if one != ref and ref in among}
        asked = ((ref, one) for ref in refs for one in look.merged.all_of(ref))
        for asking, one in asked:
            for ties in (graph.out_of(one), graph.into(one)):
                # Keys are compared first: hardly anybody is wanted, and to look at claims is slow.
                for names in (among, aliases.keys()) if aliases else (among,):
                    near = () if names.isdisjoint(ties.keys()) else ties.keys() & names
                    found = (other for other in near if self._is_tied(ties[other]))
                    yield from ((asking, aliases.get(other, other)) for other in found)

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

    def _is_tied(self, parallel: Parallel) -> bool:
        allowed, ignored = self._look.allowed, self._ignored
        return any(
            claim.label in allowed
            for kind, held in parallel.items()
            if kind not in ignored
            for claim in held["claims"]
        )

    def _read(self, source: str, target: str, found: Found) -> None:
        look = self._look
        for one in look.merged.all_of(source):
            ties = look.network.graph.out_of(one)
            for other in look.merged.all_of(target):
                for kind, held in ties.get(other, {}).items():
                    visible = [claim for claim in held["claims"] if claim.label in look.allowed]
                    if visible and kind not in self._ignored:
                        found[source, target, kind] += visible
