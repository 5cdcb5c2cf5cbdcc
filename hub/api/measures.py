"""Measures of the whole graph, and the jobs that find what takes a while."""

from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api.answers import ask, json_answer, present
from hub.refusals import Absent
from projections.graph.whole.question import Pending, WholeQuestion

CENTRAL = ("pagerank", "betweenness", "core")

JOBS = "/api/v1/graph/jobs/"


async def show_central(request: HubRequest, asked: Asked) -> Response:
    """Answer the most central nodes."""
    return await _answer(request, WholeQuestion(asked["by"], asked["kinds"], asked["limit"]))


async def show_communities(request: HubRequest, asked: Asked) -> Response:
    """Answer the largest communities."""
    return await _answer(request, WholeQuestion("communities", limit=asked["limit"]))


async def show_bridges(request: HubRequest, asked: Asked) -> Response:
    """Answer what would cut most off if it were lost."""
    return await _answer(request, WholeQuestion("bridges", limit=asked["limit"]))


async def show_job(request: HubRequest, _: Asked) -> Response:
    """Answer what a job found, or how far it is.

    Raises:
        Absent: there is no such job of this reader.
    """
    name = request.path_params["job"]
    return told(present(await ask(request, lambda sight: sight.job(name))))


async def cancel_job(request: HubRequest, _: Asked) -> Response:
    """End a job.

    Raises:
        Absent: there is no such job of this reader.
    """
    name = request.path_params["job"]
    if not await ask(request, lambda sight: sight.cancel_job(name)):
        raise Absent
    return Response(status_code=204)


async def _answer(request: HubRequest, question: WholeQuestion) -> Response:
    return told(await ask(request, lambda sight: sight.whole(question)))


def told(found: Json | Pending) -> Response:
    """Write an answer, or 202 and where it will be."""
    if isinstance(found, Pending):
        return json_answer(
            {"job": found.job, "progress": found.progress}, 202, {"Location": JOBS + found.job}
        )
    return json_answer(found)
