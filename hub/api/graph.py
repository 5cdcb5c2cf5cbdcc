"""The graph: a part of it, one node, one tie, paths, and the whole as a file."""

from collections.abc import AsyncIterator, Iterator, Mapping

import anyio.to_thread
from starlette.responses import Response, StreamingResponse

from events.audience import Reader
from events.event import Json, Position
from events.submission import StoreUnavailable
from hub.address import Asked, HubRequest
from hub.api.answers import ask, caller_of, json_answer, present, refuse_debtor
from hub.api.queries import graph_query, moment_query, whole_position
from hub.api.questions import today
from hub.fairness import TURN
from hub.feeds.patience import drop
from hub.refusals import NotSignedIn, PartnerSuspended, QueryRefused
from projections.graph.paths.introductions import NO_WAY, PathQuery
from projections.sight import Sight
from schemas.problem import Problem

FORMATS: Mapping[str, str] = {
    "json": "application/json",
    "gexf": "application/gexf+xml",
    "graphml": "application/graphml+xml",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
    "node-link": "application/json",
    "ftm": "application/x-ndjson",
}
"""Export formats and their media types."""

_ENDINGS = {"node-link": "node-link.json", "ftm": "ftm.json"}
"""How the file's name ends where that is not the name of the format."""


async def show_graph(request: HubRequest, asked: Asked) -> Response:
    """Answer a part of the graph."""
    query, now = graph_query(asked), today(request)
    more = {name: asked[name] for name in ("derived", "claims")}
    return json_answer(await ask(request, lambda sight: sight.written_graph(query, now, **more)))


async def show_node(request: HubRequest, asked: Asked) -> Response:
    """Answer everything known about a node."""
    ref, query = request.path_params["ref"], moment_query(asked)
    now = today(request)
    return json_answer(present(await ask(request, lambda sight: sight.node(ref, query, now))))


async def show_edge(request: HubRequest, asked: Asked) -> Response:
    """Answer everything known about a tie."""
    query, now = moment_query(asked), today(request)
    ends = asked["from"], asked["to"], asked["kind"]
    found = await ask(request, lambda sight: sight.edge(*ends, query, now))
    return json_answer(present(found))


async def show_changes(request: HubRequest, asked: Asked) -> Response:
    """Answer what is new since a cursor, and the cursor to ask with next time."""
    cursors = request.state["cursors"]
    since = Position(0) if asked["since"] is None else whole_position(cursors, asked["since"])
    now = request.state["clock"]()

    def look(sight: Sight) -> tuple[Json, Position]:
        refuse_debtor(sight, now)
        return sight.changes(since, asked["limit"])

    found, reached = await ask(request, look)
    return json_answer({**found, "cursor": cursors.encode(reached)})


async def show_paths(request: HubRequest, asked: Asked) -> Response:
    """Answer the shortest introduction paths; where there is none, say so.

    Raises:
        QueryRefused: both ends are one, or an end is to be avoided.
    """
    _refuse_ends(asked)
    chosen = asked["k"], asked["avoid"], asked["weigh"], asked["hostile"]
    query = PathQuery(asked["from"], asked["to"], today(request), *chosen)
    found = present(await ask(request, lambda sight: sight.paths(query)))
    return json_answer(found if found["paths"] else {**found, "says": NO_WAY})


def _refuse_ends(asked: Asked) -> None:
    source, target = asked["from"], asked["to"]
    problems = []
    if source == target:
        detail = "Nobody is introduced to himself: say two different ends."
        problems.append(Problem("/query/to", "not_allowed", detail))
    if {source, target} & set(asked["avoid"]):
        detail = "A path cannot avoid where it begins or ends."
        problems.append(Problem("/query/avoid", "not_allowed", detail))
    if problems:
        raise QueryRefused(problems)


async def export_graph(request: HubRequest, asked: Asked) -> Response:
    """Stream the graph as a file."""
    query, now = moment_query(asked), request.state["clock"]()
    reader = caller_of(request).reader

    def export(sight: Sight) -> Iterator[bytes]:
        refuse_debtor(sight, now)
        return sight.export(asked["format"], query)

    pieces = await ask(request, export)
    name = f"graph.{_ENDINGS.get(asked['format'], asked['format'])}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(streamed(request, pieces, reader), 200, headers, FORMATS[asked["format"]])


async def streamed(request: HubRequest, pieces: Iterator[bytes], reader: Reader) -> AsyncIterator[bytes]:
    """Yield the pieces of a file as they are made, each when it is its caller's turn.

    Whoever is not that reader any more gets no further one: the connection ends before the file does.
    """
    limiter, turn = request.state["reading"], request.scope[TURN]
    while True:
        if not _is_still(request, reader):
            await drop(request.scope)
            return
        # Not held while a piece is sent: whoever reads slowly would keep others from asking.
        async with turn():
            piece = await anyio.to_thread.run_sync(_gather, pieces, limiter=limiter)
        if piece is None:
            return
        yield piece


def _is_still(request: HubRequest, reader: Reader) -> bool:
    """Tell whether a call that began a while ago would be let in as the same reader now."""
    try:
        return caller_of(request).reader == reader
    except (NotSignedIn, PartnerSuspended, StoreUnavailable):
        return False


def _gather(pieces: Iterator[bytes]) -> bytes | None:
    """Join small pieces, so that each trip to a thread is worth it."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= 65_536:
            break
    return bytes(gathered) if gathered else None
