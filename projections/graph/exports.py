"""The graph for other programs, streamed in constant memory: JSON, GEXF, GraphML, CSV. Ids are references."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Protocol
from xml.sax.saxutils import escape

import orjson

Json = Any

NODE_FIELDS = ("kind", "label", "country", "status")
EDGE_FIELDS = ("kind", "since", "until", "claims", "status")

_PIECE = 65_536
"""Bytes; pieces are about that large, so that a server sends few."""

_NEVER_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_ATTRIBUTES = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_IN_TEXT = {"\r": "&#13;"}
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet computes, wide forms included; or what an apostrophe before that already stands for."""


class Excerpt(Protocol):
    """What is exported: nodes and edges in the short form of `/graph`, each to be read once."""

    def nodes(self) -> Iterator[Json]:
        """Yield every node."""

    def edges(self) -> Iterator[Json]:
        """Yield every edge between those nodes."""


def as_json(excerpt: Excerpt) -> Iterator[bytes]:
    """Stream the shape that `/graph` answers."""
    return _pieces(
        chain(
            ('{"nodes":[',),
            _separated(orjson.dumps(node).decode() for node in excerpt.nodes()),
            ('],"edges":[',),
            _separated(orjson.dumps(edge).decode() for edge in excerpt.edges()),
            ('],"truncated":0}\n',),
        )
    )


def as_gexf(excerpt: Excerpt) -> Iterator[bytes]:
    """Stream GEXF 1.3: a directed graph, edges keyed by number."""
    return _pieces(
        chain(
            (
                '<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n',
                '<graph mode="static" defaultedgetype="directed">\n',
                _gexf_fields("node", NODE_FIELDS),
                _gexf_fields("edge", EDGE_FIELDS),
                "<nodes>\n",
            ),
            map(_gexf_node, excerpt.nodes()),
            ("</nodes>\n<edges>\n",),
            (_gexf_edge(number, edge) for number, edge in enumerate(excerpt.edges())),
            ("</edges>\n</graph>\n</gexf>\n",),
        )
    )


def as_graphml(excerpt: Excerpt) -> Iterator[bytes]:
    """Stream GraphML: a directed graph, edges keyed by number."""
    return _pieces(
        chain(
            (
                '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n',
                _graphml_keys("node", NODE_FIELDS),
                _graphml_keys("edge", EDGE_FIELDS),
                '<graph edgedefault="directed">\n',
            ),
            (
                f"<node id={_quoted(node['ref'])}>{_graphml_data('node', node, NODE_FIELDS)}</node>\n"
                for node in excerpt.nodes()
            ),
            (_graphml_edge(number, edge) for number, edge in enumerate(excerpt.edges())),
            ("</graph>\n</graphml>\n",),
        )
    )


def as_csv(excerpt: Excerpt) -> Iterator[bytes]:
    """Stream the edges as CSV; a cell that a spreadsheet would compute is quoted by an apostrophe."""
    columns = ("from", "kind", "to", "since", "until", "claims")
    rows = (",".join(_cell(edge[name]) for name in columns) + "\r\n" for edge in excerpt.edges())
    return _pieces(chain((",".join(columns) + "\r\n",), rows))


EXPORTS: Mapping[str, Callable[[Excerpt], Iterator[bytes]]] = {
    "json": as_json,
    "gexf": as_gexf,
    "graphml": as_graphml,
    "csv": as_csv,
}
"""Every form by its name. A new one is listed here and nowhere else."""


def _pieces(texts: Iterable[str]) -> Iterator[bytes]:
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= _PIECE:
            yield "".join(waiting).encode()
            waiting.clear()
            size = 0
    yield "".join(waiting).encode()


def _separated(texts: Iterable[str]) -> Iterator[str]:
    between = ""
    for text in texts:
        yield between + text
        between = ",\n"


def _quoted(value: Json) -> str:
    """Return an XML attribute value; characters that XML cannot hold are left out."""
    return f'"{escape(_NEVER_IN_XML.sub("", str(value)), _IN_ATTRIBUTES)}"'


def _content(value: Json) -> str:
    """Return the content of an XML element; a carriage return is written so that no parser makes it a line feed."""
    return escape(_NEVER_IN_XML.sub("", _text(value)), _IN_TEXT)


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def _type(field: str) -> str:
    return "integer" if field == "claims" else "string"


def _gexf_fields(of: str, fields: Iterable[str]) -> str:
    listed = "".join(
        f'<attribute id="{name}" title="{name}" type="{_type(name)}"/>' for name in fields if name != "label"
    )
    return f'<attributes class="{of}" mode="static">{listed}</attributes>\n'


def _gexf_values(one: Json, fields: Iterable[str]) -> str:
    values = "".join(
        f'<attvalue for="{name}" value={_quoted(_text(one[name]))}/>'
        for name in fields
        if name != "label" and one.get(name) is not None
    )
    return f"<attvalues>{values}</attvalues>"


def _gexf_node(node: Json) -> str:
    named = f"id={_quoted(node['ref'])} label={_quoted(node['label'])}"
    return f"<node {named}>{_gexf_values(node, NODE_FIELDS)}</node>\n"


def _gexf_edge(number: int, edge: Json) -> str:
    ends = f"source={_quoted(edge['from'])} target={_quoted(edge['to'])}"
    return (
        f'<edge id="{number}" {ends} label={_quoted(edge["kind"])}>{_gexf_values(edge, EDGE_FIELDS)}</edge>\n'
    )


def _graphml_keys(of: str, fields: Iterable[str]) -> str:
    return "".join(
        f'<key id="{of}.{name}" for="{of}" attr.name="{name}"'
        f' attr.type="{"int" if name == "claims" else "string"}"/>\n'
        for name in fields
    )


def _graphml_data(of: str, one: Json, fields: Iterable[str]) -> str:
    return "".join(
        f'<data key="{of}.{name}">{_content(one[name])}</data>'
        for name in fields
        if one.get(name) is not None
    )


def _graphml_edge(number: int, edge: Json) -> str:
    ends = f"source={_quoted(edge['from'])} target={_quoted(edge['to'])}"
    return f'<edge id="{number}" {ends}>{_graphml_data("edge", edge, EDGE_FIELDS)}</edge>\n'


def _cell(value: Json) -> str:
    text = "" if value is None else str(value)
    if _FORMULA.match(text):
        text = f"'{text}"
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if any(mark in text for mark in ',"\r\n') else text
