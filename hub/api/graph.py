"""The graph: a part of it, one node, one tie, paths, and the whole as a file."""

from collections.abc import AsyncIterator, Iterator, Mapping

import anyio.to_thread
from starlette.responses import Response, StreamingResponse

from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer, present
from hub.api.queries import graph_query

FORMATS: Mapping[str, str] = {
    "json": "application/json",
    "gexf": "application/gexf+xml",
    "graphml": "application/graphml+xml",
    "csv": "text/csv; charset=utf-8",
}
"""Export formats and their media types."""


async def show_graph(request: HubRequest, asked: Asked) -> Response:
    """Answer a part of the graph."""
    query = graph_query(asked)
    return json_answer(await ask(request, lambda sight: sight.graph(query)))


async def show_node(request: HubRequest, _: Asked) -> Response:
    """Answer everything known about a node."""
    ref = request.path_params["ref"]
    return json_answer(present(await ask(request, lambda sight: sight.node(ref))))


async def show_edge(request: HubRequest, asked: Asked) -> Response:
    """Answer everything known about a tie."""
    found = await ask(request, lambda sight: sight.edge(asked["from"], asked["to"], asked["kind"]))
    return json_answer(present(found))


async def show_paths(request: HubRequest, asked: Asked) -> Response:
    """Answer the shortest introduction paths."""
    found = await ask(
        request, lambda sight: sight.paths(asked["from"], asked["to"], asked["k"], asked["avoid"])
    )
    return json_answer(present(found))


async def export_graph(request: HubRequest, asked: Asked) -> Response:
    """Stream the graph as a file."""
    pieces = await ask(request, lambda sight: sight.export(asked["format"], asked["as_of"]))
    name = f"graph.{asked['format']}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_threaded(request, pieces), 200, headers, FORMATS[asked["format"]])


async def _threaded(request: HubRequest, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    limiter = request.state["reading"]
    while (piece := await anyio.to_thread.run_sync(_gather, pieces, limiter=limiter)) is not None:
        yield piece


def _gather(pieces: Iterator[bytes]) -> bytes | None:
    """Join small pieces, so that each trip to a thread is worth it."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= 65_536:
            break
    return bytes(gathered) if gathered else None
