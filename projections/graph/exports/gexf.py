"""GEXF 1.3 for Gephi: parallel ties by their kind, dates as intervals, colours by the kind of node.

The schema of GEXF knows start and end of nodes and edges as days; an end that is missing is open.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from projections.graph.exports.days import Days
from projections.graph.exports.excerpt import EDGE_FIELDS, NODE_FIELDS, Excerpt, Json
from projections.graph.exports.pieces import one_text, pieces
from projections.graph.exports.xml import is_plain, quoted

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz" version="1.3">\n'
    '<graph mode="dynamic" timeformat="date" timerepresentation="interval" defaultedgetype="directed">\n'
)

_COLOURS: Mapping[str, tuple[int, int, int]] = {
    "lawyer": (0, 114, 178),
    "partner": (0, 158, 115),
    "body": (86, 180, 233),
    "threat": (213, 94, 0),
    "case": (120, 94, 240),
    "trial": (204, 121, 167),
    "hearing": (170, 68, 153),
    "statement": (240, 228, 66),
    "action": (51, 160, 44),
    "need": (230, 159, 0),
    "offer": (178, 223, 138),
    "support": (102, 194, 165),
    "policy": (136, 34, 85),
    "commitment": (153, 153, 51),
    "indicator": (68, 170, 153),
    "dataset": (166, 118, 29),
    "place": (150, 150, 150),
    "standard": (90, 90, 90),
}
"""Red, green and blue; told apart by most who see few colours. The kind stands beside it: colour is no signal alone."""

_OTHERS = (200, 200, 200)

_MOST_WRITTEN = 20_000


def as_gexf(excerpt: Excerpt) -> Iterator[bytes]:
    """Stream GEXF 1.3."""
    writing = _Writing()
    return pieces(
        chain(
            (_HEAD, _fields("node", NODE_FIELDS), _fields("edge", EDGE_FIELDS), "<nodes>\n"),
            map(writing.node, excerpt.dated_nodes()),
            ("</nodes>\n<edges>\n",),
            map(writing.edge, excerpt.edges()),
            ("</edges>\n</graph>\n</gexf>\n",),
        )
    )


def _fields(of: str, fields: Iterable[str]) -> str:
    listed = "".join(
        f'<attribute id="{name}" title="{name}" type="{"integer" if name == "claims" else "string"}"/>'
        for name in fields
        if name != "label"
    )
    return f'<attributes class="{of}" mode="static">{listed}</attributes>\n'


class _Writing:
    """One export: the number of the next edge, and the dates met."""

    def __init__(self) -> None:
        self._days = Days()
        self._number = -1
        self._written: dict[tuple[str | None, str | None], tuple[str, str]] = {}

    def node(self, node: Json) -> str:
        """Return a node."""
        red, green, blue = _COLOURS.get(node["kind"], _OTHERS)
        values = "".join(
            f'<attvalue for="{name}" value={quoted(one_text(node[name]))}/>'
            for name in NODE_FIELDS
            if name != "label" and node.get(name) is not None
        )
        return (
            f"<node id={quoted(node['ref'])} label={quoted(one_text(node['label']))}"
            f"{self._span(node.get('since'), None)}><attvalues>{values}</attvalues>"
            f'<viz:color r="{red}" g="{green}" b="{blue}"/></node>\n'
        )

    def edge(self, edge: Json) -> str:
        """Return an edge; written for speed, since there may be millions."""
        self._number += 1
        source, target, kind = edge["from"], edge["to"], edge["kind"]
        if is_plain(f"{source}{target}{kind}"):
            source, target, kind = f'"{source}"', f'"{target}"', f'"{kind}"'
        else:
            source, target, kind = quoted(source), quoted(target), quoted(kind)
        since, until = edge["since"], edge["until"]
        span, said = self._dated(since, until) if since or until else ("", "")
        return (
            f'<edge id="{self._number}" source={source} target={target} label={kind} kind={kind}{span}><attvalues>'
            f'<attvalue for="kind" value={kind}/>{said}<attvalue for="claims" value="{edge["claims"]}"/>'
            f'<attvalue for="status" value={quoted(edge["status"])}/></attvalues></edge>\n'
        )

    def _dated(self, since: str | None, until: str | None) -> tuple[str, str]:
        """Return the interval, and the values that say it; thousands of edges share them."""
        known = self._written.get((since, until))
        if known is None:
            if len(self._written) >= _MOST_WRITTEN:
                self._written.clear()
            ends = ("since", since), ("until", until)
            said = "".join(
                f'<attvalue for="{name}" value={quoted(when)}/>' for name, when in ends if when is not None
            )
            known = self._written[since, until] = self._span(since, until), said
        return known

    def _span(self, since: str | None, until: str | None) -> str:
        begins, ends = self._days.span(since, until)
        start = f' start="{begins}"' if begins else ""
        return f'{start} end="{ends}"' if ends else start
