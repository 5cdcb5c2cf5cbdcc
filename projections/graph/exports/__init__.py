"""The graph for other programs, streamed in constant memory, one file a form."""

from collections.abc import Callable, Iterator, Mapping

from projections.graph.exports.excerpt import Excerpt
from projections.graph.exports.followthemoney import as_followthemoney
from projections.graph.exports.gexf import as_gexf
from projections.graph.exports.graphml import as_graphml
from projections.graph.exports.node_link import as_node_link
from projections.graph.exports.sheets import as_csv, as_zip
from projections.graph.exports.shortform import as_json

EXPORTS: Mapping[str, Callable[[Excerpt], Iterator[bytes]]] = {
    "json": as_json,
    "gexf": as_gexf,
    "graphml": as_graphml,
    "csv": as_csv,
    "zip": as_zip,
    "node-link": as_node_link,
    "ftm": as_followthemoney,
}
"""Every form by its name. A new one is listed here and nowhere else."""
