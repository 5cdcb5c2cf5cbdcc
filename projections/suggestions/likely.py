"""What both kinds of suggestions share: pairs with a score, at most three for each, and what people judged before."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from projections.alike import Reason, reason
from projections.graph.claims import Judgement
from projections.graph.look import Look
from projections.shown import Origin

MOST_OPEN = 3
"""Open suggestions for one record: what is right for most pairs is not right for the pairs of a whole pool."""

_UNSURE = "POSSIBLY_SAME_AS"


class Match(NamedTuple):
    """That two may be one.

    Args:
        other: the reference of the other one.
        score: 0 to 1.
        tier: `strong` or `possible`.
        reasons: in words, the heaviest first.
        events: behind both, and behind what was judged before.
    """

    other: str
    score: float
    tier: str
    reasons: tuple[Reason, ...]
    events: tuple[Origin, ...]


Matches = Mapping[str, Sequence[Match]]


def best(found: Sequence[Match]) -> list[Match]:
    """Return the most likely ones, best first, then by reference."""
    return sorted(found, key=lambda one: (-one.score, one.other))[:MOST_OPEN]


def mutual(refs: Sequence[str], find: Callable[[Sequence[str]], Matches]) -> Iterator[tuple[str, Match]]:
    """Yield the pairs of some records that are among the best of both ends.

    Thus no record has more than `MOST_OPEN`, and a pair is there whichever end is asked.

    Args:
        refs: of the records.
        find: returns the best of each of some records.
    """
    found = dict(find(refs))
    others = {one.other for matches in found.values() for one in matches} - found.keys()
    found.update(find(sorted(others)))
    for ref in refs:
        for one in found[ref]:
            if any(back.other == ref for back in found[one.other]):
                yield ref, one


def judged(look: Look, left: str, right: str) -> list[Judgement]:
    """Return what these readers know to be judged about two, or about whom they are read as; oldest first."""
    pairs = [
        (min(one, other), max(one, other))
        for one in look.merged.all_of(left)
        for other in look.merged.all_of(right)
    ]
    said = [one for pair in pairs for one in look.network.judged.get(pair, ()) if look.sees_judgement(one)]
    return sorted(said, key=lambda one: one.claim.origin.position)


def reopened(match: Match, before: Sequence[Judgement], newest: Origin) -> Match | None:
    """Return a match as it stands after what was judged before; None if it is settled.

    Whoever was unsure is asked again once something newer is said of one of the two.

    Args:
        match: of two records.
        before: about the two, oldest first.
        newest: the newest event behind the two records.
    """
    if not before:
        return match
    last = before[-1].claim.origin
    if any(one.kind != _UNSURE for one in before) or newest.position <= last.position:
        return None
    more = reason("unsure", judged=last.time[:10], newest=newest.time[:10])
    return match._replace(reasons=(*match.reasons, more), events=(*match.events, last))
