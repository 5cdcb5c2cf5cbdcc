"""Which events are behind a part of the graph, as one look sees it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from projections.graph.look import Look
from projections.shown import Origin

Json = Any


def asserted(
    look: Look, refs: Sequence[str], edges: Iterable[Json], about: Iterable[str]
) -> dict[Origin, set[str]]:
    """Return the events behind some nodes and ties, each with the nodes of which it says something.

    Args:
        look: with whose eyes; its lock is held.
        refs: of the nodes.
        edges: as they are shown, between those nodes.
        about: those of the nodes of which also that counts which ties them to others.
    """
    found: defaultdict[Origin, set[str]] = defaultdict(set)
    for ref in refs:
        for claim in look.told(ref):
            found[claim.origin].add(ref)
    for ref in about:
        for *_, tied in look.ties(ref):
            for one in tied:
                found[one.origin].add(ref)
    for edge in edges:
        ends = edge["from"], edge["to"]
        claims = look.claims(*ends, edge["kind"]) or look.ended(*ends, edge["kind"])
        for one in claims:
            found[one.origin].update(ends)
    return found
