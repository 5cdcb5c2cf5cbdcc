"""What the hub is compared with: endpoints that do the same the plain way, under the same server.

`parse`: parses JSON and answers, nothing else: the limit of single posts. `save`: Python's `jsonschema` and
`Application.save` of one aggregate for each event. `python -m benchmarks.naive KIND FOLDER` serves one until it is
told to stop.
"""

import json
import socket
import sys
from pathlib import Path
from typing import Any

import anyio.to_thread
import uvicorn
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from jsonschema import Draft202012Validator
from referencing import Registry as Library
from referencing.jsonschema import DRAFT202012
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.server import BACKLOG, address_of
from schemas.registry import Registry

Json = Any


class Report(Aggregate):
    """One report, as the library's tutorial would have it."""

    @event("Registered")
    def __init__(self, body: dict[str, Json]) -> None:
        self.body = body


async def parse(request: Request) -> Response:
    """Parse and answer."""
    body = await request.json()
    return JSONResponse({"status": "parsed", "id": body["id"]}, 201)


def saving(folder: Path) -> Starlette:
    """Return an application that validates with `jsonschema` and saves one aggregate for each event."""
    registry = Registry.load()
    documents = registry.documents().items()
    library: Library[Json] = Library().with_resources(
        (address, DRAFT202012.create_resource(schema)) for address, schema in documents
    )
    schema = registry.contract("threat.reported.v1").schema
    validator = Draft202012Validator(
        schema, registry=library, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    database = str(folder / "naive.sqlite")
    log: Application[Any] = Application(
        {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": database}
    )

    def save(body: dict[str, Json]) -> None:
        validator.validate(body["data"])
        log.save(Report(body))

    async def post(request: Request) -> Response:
        body = await request.json()
        await anyio.to_thread.run_sync(save, body)
        return JSONResponse({"status": "stored", "id": body["id"]}, 201)

    return Starlette(routes=[Route("/api/v1/events", post, methods=["POST"])])


def serve(app: Starlette) -> None:
    """Serve on a free port, with the settings of `hub/server.py`."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    print(json.dumps({"address": address_of(bound)}), flush=True)
    config = uvicorn.Config(
        app, access_log=False, log_config=None, server_header=False, date_header=False, backlog=BACKLOG
    )
    uvicorn.Server(config).run(sockets=[bound])


if __name__ == "__main__":
    kind, where = sys.argv[1], Path(sys.argv[2])
    parsing = Starlette(routes=[Route("/api/v1/events", parse, methods=["POST"])])
    serve(parsing if kind == "parse" else saving(where))
