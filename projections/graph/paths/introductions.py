"""Who can introduce whom to whom: paths over visible ties, each step with its trust and the events that prove it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from heapq import nsmallest
from itertools import pairwise
from operator import attrgetter
from typing import Any

from numpy.typing import NDArray

from projections.graph.eyes import Tie
from projections.graph.look import Look
from projections.graph.paths.circle import Circle
from projections.graph.paths.hostile import Hostile, Hostility
from projections.graph.paths.meeting import MOST_HOPS
from projections.graph.paths.passing import CLOSED, OPEN
from projections.graph.paths.paths import Path, Search
from projections.graph.paths.trust import UNIT, Judge, Trust
from projections.graph.paths.walking import Met, Walking

Json = Any
Numbers = NDArray[Any]

NO_WAY = (
    f"Nobody leads there in at most {MOST_HOPS} steps, by ties that you may see and past those who are avoided. "
    "GET /events?about= tells who spoke of whom."
)
"""What is told where there is no path."""

MOST_PROOFS = 5
"""Events that prove one tie of a path, or why somebody is not passed."""

MOST_REASONS = 2_000
"""Of those who are not passed, of how many it is remembered what was told of them."""

_BY_TIME = attrgetter("time", "source", "id")

MOST_AVOIDED = 20
"""Of those who are not passed, how many are named, the nearest first."""


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


def introductions(look: Look, query: PathQuery, circle: Circle | None = None) -> Json | None:
    """Return introduction paths, each step with its trust, and who was not passed though near.

    Nobody is introduced by a place, a norm, somebody with more than `HUB_TIES` visible ties, or somebody hostile.

    Args:
        look: of the reader.
        query: what is asked.
        circle: who may introduce whom by this look, if that is kept.

    Returns:
        `{"paths": [{"hops", "cost", "nodes", "steps"}], "avoided": [...]}`; None if the reader does not know an end.
    """
    source, target = look.merged.of(query.source), look.merged.of(query.target)
    if not (look.sees(source) and look.sees(target)):
        return None
    if source == target:
        return {"paths": [], "avoided": []}
    asking = _Asking(look, query, (source, target), circle or Met(look))
    search = Search(asking, *asking.ends)
    if query.weigh == "hops":
        found = search.shortest(query.k)
    else:
        found = search.cheapest(query.k, lambda here, there: asking.trust(here, there).cost)
    shunned = sorted((search.nearness(number), asking.ref(number)) for number in asking.shunned())
    return {
        "paths": [asking.told(path) for path in found],
        "avoided": [told for _, ref in shunned[:MOST_AVOIDED] for told in asking.told_hostile(ref)],
    }


class _Asking:
    """One question: who knows whom, how far that is trusted, and who was found hostile on the way."""

    def __init__(self, look: Look, query: PathQuery, ends: tuple[str, str], circle: Circle | Met) -> None:
        self._look = look
        self._circle = circle
        self._judge = Judge(look.assessments, query.now)
        self._walking = Walking(look)
        # Whoever is tied to nobody has no number; the question gives him one.
        self._strangers = [ref for ref in ends if circle.number(ref) is None]
        self.ends = self._number(ends[0]), self._number(ends[1])
        threats = None if query.hostile == "any" else circle.concerning(look, ends)
        self._hostile = Hostile(partial(circle.accounts, look), threats)
        self._reasons = circle.reasons if threats is None else {}
        passing = circle.passing(threats)
        avoid = (circle.number(look.merged.of(ref)) for ref in query.avoid)
        passing.set((number for number in avoid if number is not None), CLOSED)
        passing.set(self.ends, OPEN)
        self.passes, self.shunned = passing.passes, passing.shunned

    def _number(self, ref: str) -> int:
        number = self._circle.number(ref)
        return self._circle.size + self._strangers.index(ref) if number is None else number

    @property
    def size(self) -> int:
        """Numbers are less than that."""
        return self._circle.size + len(self._strangers)

    def ref(self, number: int) -> str:
        """Return what a number stands for."""
        known = self._circle.size
        return self._circle.ref(number) if number < known else self._strangers[number - known]

    def of_all(self, some: Numbers) -> tuple[Numbers, Numbers]:
        """Return every tie of some as two arrays, in no order."""
        return self._circle.of_all(some)

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

    def told_hostile(self, ref: str) -> list[Json]:
        """Return why somebody is not passed, in a list; nothing if he is not hostile."""
        told = self._reasons.get(ref)
        if told is None:
            if len(self._reasons) >= MOST_REASONS:
                self._reasons.clear()
            why = self._hostile.of(ref)
            told = self._reasons[ref] = {} if why is None else _reasons(ref, why)
        return [{**self._look.node(ref), **told}] if told else []

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


def _reasons(ref: str, why: Hostility) -> Json:
    whom = "it" if why.accused == ref else f"{why.accused}, to which it belongs"
    return {
        "why": f"A threat is attributed to {whom}.",
        "threats": [tie[0] for tie in why.ties[:MOST_PROOFS]],
        "events": _events(why.ties),
    }


def _events(ties: Sequence[Tie]) -> Json:
    """Return what names the events behind some ties, the oldest first."""
    # To tell events apart by their places takes a tenth of the time of comparing all that is known of them.
    origins = {claim.origin.position: claim.origin for tie in ties for claim in tie[3]}
    oldest = nsmallest(MOST_PROOFS, origins.values(), key=_BY_TIME)
    return [origin.as_json() for origin in oldest]
