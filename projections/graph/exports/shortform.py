"""JSON in the shape that `/graph` answers."""

from collections.abc import Iterator
from itertools import chain

import orjson

from projections.graph.exports.excerpt import Excerpt
from projections.graph.exports.pieces import pieces, separated


def as_json(excerpt: Excerpt) -> Iterator[bytes]:
    """Stream the shape that `/graph` answers."""
    return pieces(
        chain(
            ('{"nodes":[',),
            separated(orjson.dumps(node).decode() for node in excerpt.nodes()),
            ('],"edges":[',),
            separated(orjson.dumps(edge).decode() for edge in excerpt.edges()),
            ('],"truncated":0}\n',),
        )
    )
