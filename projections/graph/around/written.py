"""A part of the graph as JSON that is mostly written already: for an answer that nobody looks into before it leaves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from projections.graph.around.surroundings import Numbers, Surroundings

if TYPE_CHECKING:
    from projections.graph.look import Look

Json = Any


def written(look: "Look", newest: Sequence[str]) -> Json:
    """Return the part that a look's query asks for; `nodes` and `edges` are pieces of JSON where that is quicker.

    Args:
        look: its lock is held.
        newest: as `Look.overall` takes them; only for a query about nothing.
    """
    if look.query.about:
        near, found, total = look.found_around()
    else:
        refs, total = look.overall(newest)
        near = Surroundings(look, look.tie_kinds, refs)
        found = near.asked
    return {
        "nodes": _nodes(look, near, found),
        "edges": _ties(look, near, found),
        "truncated": total - len(found),
    }


def _nodes(look: "Look", near: Surroundings, found: Numbers) -> Json:
    if look.shelf is None:
        return [look.short(ref) for ref in near.refs(found)]
    return orjson.Fragment(b"[%b]" % b",".join(look.shelf.written(look, near, found)))


def _ties(look: "Look", near: Surroundings, found: Numbers) -> Json:
    ties = near.among(found)
    if look.query.past:
        refs = set(near.refs(found))
        return look.with_ended(ties, look.edges(ties), refs, refs)
    return orjson.Fragment(ties.written(look.weighed))
