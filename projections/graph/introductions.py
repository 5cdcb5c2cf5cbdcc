"""Who can introduce whom to whom: paths over visible ties, each step with its trust and the events that prove it."""

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from projections.graph.eyes import Tie
from projections.graph.hostile import Hostile, Hostility
from projections.graph.look import Look
from projections.graph.paths import HUB_TIES, Path, Search
from projections.graph.trust import UNIT, Judge, Trust
from projections.graph.walking import Walking

Json = Any

MOST_PROOFS = 5
"""Events that prove one tie of a path, or why somebody is not passed."""

MOST_AVOIDED = 20
"""Of those who are not passed, how many are named, the nearest first."""

_INTRODUCES_NOBODY = frozenset({"place", "standard", "indicator"})
_SEPARATES = frozenset({"NOT_SAME_AS", "POSSIBLY_SAME_AS"})


@dataclass(frozen=True, slots=True)
class PathQuery:
    """Which introductions are asked for.

    Args:
        source: who asks.
        target: who is to be reached.
        now: today; trust fades.
        k: how many paths, at least 1.
        avoid: who is not passed.
        weigh: `trust`: few steps, and trusted ones; `hops`: few steps.
        hostile: `any`: nobody is passed to whom any threat is attributed; `ends`: only threats that concern the ends.
    """

    source: str
    target: str
    now: date
    k: int = 3
    avoid: Collection[str] = ()
    weigh: str = "trust"
    hostile: str = "any"


def introductions(look: Look, query: PathQuery) -> Json | None:
    """Return introduction paths, each step with its trust, and who was not passed though near.

    Nobody is introduced by a place, a norm, somebody with more than `HUB_TIES` visible ties, or somebody hostile.

    Returns:
        `{"paths": [{"hops", "cost", "nodes", "steps"}], "avoided": [...]}`; None if the reader does not know an end.
    """
    source, target = look.merged.of(query.source), look.merged.of(query.target)
    if not (look.sees(source) and look.sees(target)):
        return None
    if source == target:
        return {"paths": [], "avoided": []}
    asking = _Asking(look, query, (source, target))
    search = Search(asking, source, target)
    if query.weigh == "hops":
        found = search.shortest(query.k)
    else:
        found = search.cheapest(query.k, lambda here, there: asking.trust(here, there).cost)
    shunned = sorted(asking.shunned, key=lambda ref: (search.nearness(ref), ref))
    return {
        "paths": [asking.told(path) for path in found],
        "avoided": [_told_hostile(look, ref, asking.shunned[ref]) for ref in shunned[:MOST_AVOIDED]],
    }


class _Asking:
    """One question: who knows whom, how far that is trusted, and who was found hostile on the way."""

    def __init__(self, look: Look, query: PathQuery, ends: Path) -> None:
        self._look = look
        self._ends = frozenset(ends)
        self._avoid = frozenset(map(look.merged.of, query.avoid)) - self._ends
        self._hostile = Hostile(look, None if query.hostile == "any" else ends)
        self._judge = Judge(look.assessments, query.now)
        self._walking = Walking(look, _SEPARATES)
        self.shunned: dict[str, Hostility] = {}

    def passes(self, ref: str) -> bool:
        """Tell whether somebody may introduce others."""
        if ref in self._ends:
            return True
        if ref in self._avoid or ref.partition(":")[0] in _INTRODUCES_NOBODY:
            return False
        if self._walking.is_hub(ref, HUB_TIES):
            return False
        why = self._hostile.of(ref)
        if why is not None:
            self.shunned[ref] = why
        return why is None

    def neighbours(self, ref: str) -> Iterable[str]:
        """Return who is visibly tied to somebody."""
        return self._walking.others(ref)

    def touching(self, refs: Iterable[str], among: Set[str]) -> Iterable[tuple[str, str]]:
        """Yield who of some is visibly tied to whom of others."""
        return self._walking.touching(refs, among)

    def trust(self, here: str, there: str) -> Trust:
        """Return how far a step is trusted."""
        return self._judge.trust(
            claim.origin for tie in self._walking.between(here, there) for claim in tie[3]
        )

    def told(self, path: Path) -> Json:
        """Return a path ready for JSON."""
        steps = [self._told_step(here, there) for here, there in pairwise(path)]
        cost = sum(self.trust(*step).cost for step in pairwise(path))
        nodes = [self._look.node(ref) for ref in path]
        return {"hops": len(steps), "cost": cost / UNIT, "nodes": nodes, "steps": steps}

    def _told_step(self, here: str, there: str) -> Json:
        trust = self.trust(here, there)
        return {
            "from": here,
            "to": there,
            "cost": trust.cost / UNIT,
            "trust": trust.as_json(),
            "why": trust.in_words(),
            "ties": [
                {**self._look.edge(*tie), "events": _events([tie])}
                for tie in self._walking.between(here, there)
            ],
        }


def _told_hostile(look: Look, ref: str, why: Hostility) -> Json:
    whom = "it" if why.accused == ref else f"{why.accused}, to which it belongs"
    return {
        **look.node(ref),
        "why": f"A threat is attributed to {whom}.",
        "threats": [tie[0] for tie in why.ties[:MOST_PROOFS]],
        "events": _events(why.ties),
    }


def _events(ties: Sequence[Tie]) -> Json:
    """Return what names the events behind some ties, the oldest first."""
    origins = {claim.origin for tie in ties for claim in tie[3]}
    ordered = sorted(origins, key=lambda origin: (origin.time, origin.source, origin.id))
    return [origin.as_json() for origin in ordered[:MOST_PROOFS]]
