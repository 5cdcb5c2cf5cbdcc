"""Who is near: partners within a few ties of somebody, each with the way to him."""

from collections.abc import Callable

from projections.graph.claims import SEPARATES
from projections.graph.eyes import Tie
from projections.graph.questions.deeds import Deeds, kind_of

MOST_HOPS = 3
MOST_PASSED = 60
"""Nodes that are passed in one search, nearest first, then by reference."""

HUB_TIES = 200
"""Who has more ties than that brings nobody near."""

_BRINGS_NOBODY_NEAR = frozenset({"place", "standard", "indicator", "partner"})


def near_partners(
    deeds: Deeds, start: str, most: int, shuns: Callable[[str], object]
) -> tuple[dict[str, tuple[Tie, ...]], set[str]]:
    """Return partners within `MOST_HOPS` of a node, nearest first, then by reference, with the shortest way.

    Args:
        deeds: gives the visible ties.
        start: where to begin.
        most: how many partners.
        shuns: tells which nodes are neither passed nor found.

    Returns:
        The partners, and the nodes whose ties were looked at.
    """
    ways: dict[str, tuple[Tie, ...]] = {start: ()}
    found: dict[str, tuple[Tie, ...]] = {}
    frontier, passed = [start], set[str]()
    for _ in range(MOST_HOPS):
        reached: dict[str, tuple[Tie, ...]] = {}
        for ref in frontier:
            if len(passed) >= MOST_PASSED:
                break
            passed.add(ref)
            if ref != start and deeds.are_more(ref, HUB_TIES):
                continue
            for tie in sorted(deeds.ties(ref), key=_ends):
                other = tie[1] if tie[0] == ref else tie[0]
                if (
                    other not in ways
                    and other not in reached
                    and not shuns(other)
                    and tie[2] not in SEPARATES
                ):
                    reached[other] = (*ways[ref], tie)
        ways.update(reached)
        found.update((ref, reached[ref]) for ref in sorted(reached) if kind_of(ref) == "partner")
        frontier = sorted(ref for ref in reached if kind_of(ref) not in _BRINGS_NOBODY_NEAR)
        if len(found) >= most:
            break
    return dict(list(found.items())[:most]), passed


def _ends(tie: Tie) -> tuple[str, str, str]:
    return tie[2], tie[0], tie[1]
