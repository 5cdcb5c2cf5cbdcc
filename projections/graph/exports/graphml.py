"""GraphML: a directed graph, edges keyed by number."""

from collections.abc import Iterable, Iterator
from itertools import chain

from projections.graph.exports.excerpt import EDGE_FIELDS, NODE_FIELDS, Excerpt, Json
from projections.graph.exports.pieces import one_text, pieces
from projections.graph.exports.xml import content, quoted

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'


def as_graphml(excerpt: Excerpt) -> Iterator[bytes]:
    """Stream GraphML."""
    return pieces(
        chain(
            (
                _HEAD,
                _keys("node", NODE_FIELDS),
                _keys("edge", EDGE_FIELDS),
                '<graph edgedefault="directed">\n',
            ),
            map(_node, excerpt.nodes()),
            (_edge(number, edge) for number, edge in enumerate(excerpt.edges())),
            ("</graph>\n</graphml>\n",),
        )
    )


def _keys(of: str, fields: Iterable[str]) -> str:
    return "".join(
        f'<key id="{of}.{name}" for="{of}" attr.name="{name}"'
        f' attr.type="{"int" if name == "claims" else "string"}"/>\n'
        for name in fields
    )


def _values(of: str, one: Json, fields: Iterable[str]) -> str:
    return "".join(
        f'<data key="{of}.{name}">{content(one_text(one[name]))}</data>'
        for name in fields
        if one.get(name) is not None
    )


def _node(node: Json) -> str:
    return f"<node id={quoted(node['ref'])}>{_values('node', node, NODE_FIELDS)}</node>\n"


def _edge(number: int, edge: Json) -> str:
    ends = f"source={quoted(edge['from'])} target={quoted(edge['to'])}"
    return f'<edge id="{number}" {ends}>{_values("edge", edge, EDGE_FIELDS)}</edge>\n'
