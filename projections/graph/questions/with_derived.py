"""Derived ties beside those that events claim: in a part of the graph, at a node, on their own."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from projections.graph.look import Look
from projections.graph.query import GraphQuery
from projections.graph.questions.derived import (
    CATEGORY,
    CO_ACTED_WITH,
    DERIVED,
    SHARES_THREAT_PATTERN,
    SUPPORTS,
    DerivedTie,
    tie_between,
    ties_of,
)
from projections.graph.questions.inquiry import Inquiry

Json = Any

_CATEGORIES = CATEGORY.rstrip(":")

_Ties = dict[tuple[str, str, str], DerivedTie]

MOST_STARTS = 500
"""Nodes of a part of the graph whose derived ties are computed, in the order of the answer."""


def part(
    inquiry: Inquiry, query: GraphQuery, graph: Callable[[GraphQuery], Json], kinds: Sequence[str]
) -> Json:
    """Return a part of the graph together with derived ties.

    From the nodes that are asked about, derived ties lead one hop further; else they join nodes that are there. What
    `kinds` or `country` leaves out is left out here, too.

    Args:
        inquiry: about the same moment as the query.
        query: which part.
        graph: answers the question for what events claim.
        kinds: of derived ties, at least one.
    """
    claimed = tuple(kind for kind in query.ties if kind not in DERIVED)
    is_bare = bool(query.ties) and not claimed
    found = graph(replace(query, ties=claimed, hops=0 if is_bare and query.about else query.hops))
    listed = {node["ref"]: node for node in found["nodes"]}
    ties = _from(inquiry, query, list(listed)[:MOST_STARTS], kinds)
    added = _ends(inquiry, query, ties, listed.keys()) if query.about and query.hops else []
    fitting = added[: max(0, query.limit - len(listed))]
    with inquiry.lock:
        look = inquiry.look()
        listed.update((ref, _node(look, ref)) for ref in fitting)
    derived = [ties[key].as_json() for key in sorted(ties) if key[0] in listed and key[1] in listed]
    return {
        "nodes": list(listed.values()),
        "edges": [*([] if is_bare else found["edges"]), *derived],
        "truncated": found["truncated"] + len(added) - len(fitting),
    }


def _from(inquiry: Inquiry, query: GraphQuery, refs: Sequence[str], kinds: Sequence[str]) -> _Ties:
    """Return the derived ties of some nodes.

    Whom a partner supports is told from their side, unless it is the start; a pattern leads to no other node, and is
    told of the start alone.
    """
    with inquiry.lock:
        look = inquiry.look()
        asked = {look.merged.of(ref) for ref in query.about}
    starts = [ref for ref in refs if ref in asked]
    among = {
        SUPPORTS: [ref for ref in refs if not ref.startswith("partner:") or ref in starts],
        CO_ACTED_WITH: refs,
        SHARES_THREAT_PATTERN: starts,
    }
    ties = [tie for kind in kinds for tie in ties_of(inquiry, among[kind], [kind])]
    return {(tie.source, tie.target, tie.kind): tie for tie in ties}


def _ends(inquiry: Inquiry, query: GraphQuery, ties: _Ties, listed: Collection[str]) -> list[str]:
    """Return the other ends of derived ties that fit a query, sorted."""
    ends = {end for tie in ties for end in tie[:2]}.difference(listed)
    is_cut = (bool(query.kinds) and _CATEGORIES not in query.kinds) or query.country is not None
    with inquiry.lock:
        look = inquiry.look(replace(query, ties=()))
        return sorted(ref for ref in ends if (not is_cut if ref.startswith(CATEGORY) else look.fits(ref)))


def _node(look: Look, ref: str) -> Json:
    if ref.startswith(CATEGORY):
        return {"ref": ref, "kind": _CATEGORIES, "label": ref.removeprefix(CATEGORY)}
    return look.node(ref)


def at_node(inquiry: Inquiry, ref: str) -> Json:
    """Return the derived ties of a node by kind, each with its other end."""
    found: dict[str, list[Json]] = {}
    ties = ties_of(inquiry, [ref])
    with inquiry.lock:
        look = inquiry.look()
        ref = look.merged.of(ref)
        for tie in ties:
            other = _node(look, tie.target if tie.source == ref else tie.source)
            found.setdefault(tie.kind, []).append({**tie.as_json(), "other": other})
    return found


def edge(inquiry: Inquiry, source: str, target: str, kind: str) -> Json | None:
    """Return one derived tie with all that it follows from; None if it does not."""
    tie = tie_between(inquiry, source, target, kind)
    return None if tie is None else {**tie.as_json(), "because": tie.because}
