"""Node-link JSON: what `networkx.node_link_graph(data, edges="links")` and D3 read. A tie's key is its kind."""

from collections.abc import Iterator
from itertools import chain

import orjson

from projections.graph.exports.excerpt import Excerpt, Json
from projections.graph.exports.pieces import pieces, separated


def as_node_link(excerpt: Excerpt) -> Iterator[bytes]:
    """Stream a directed multigraph."""
    return pieces(
        chain(
            ('{"directed":true,"multigraph":true,"graph":{},"nodes":[',),
            separated(map(_node, excerpt.nodes())),
            ('],"links":[',),
            separated(map(_link, excerpt.edges())),
            ("]}\n",),
        )
    )


def _node(node: Json) -> str:
    said = {name: value for name, value in node.items() if name != "ref"}
    return orjson.dumps({"id": node["ref"], **said}).decode()


def _link(edge: Json) -> str:
    said = {name: value for name, value in edge.items() if name not in ("from", "to")}
    return orjson.dumps({"source": edge["from"], "target": edge["to"], "key": edge["kind"], **said}).decode()
