"""A hub in this process, called without a network, whose graph is filled without the log and without other views."""

import asyncio
import gc
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import orjson

from benchmarks.graph_draw import READER
from benchmarks.graph_world import Invention
from events.audience import Label, Reader
from hub.address import API
from projections.changes import Change
from projections.labels import Allowed
from projections.tail import BATCH
from tests.running import World, make_world, threat

if TYPE_CHECKING:
    from projections.graph.view import Graph

Json = Any
Query = Mapping[str, str | int]

COORDINATOR = Reader(READER, clearance="amber")
"""Who asks: a partner's account that sees what is clear and green, and the amber that is addressed to it or to all."""

SELDOM = (100_000, 20, 50)
"""How often `hub serve` lets the garbage collector look."""


@dataclass(frozen=True)
class Heard:
    """An answer: its HTTP status (0: the hub raised an error), its size, how long it took, on the wall and of CPU."""

    status: int
    body: bytes
    wall: float
    cpu: float
    job: str = ""
    edges: int = 0

    def json(self) -> Json:
        """Return the body as JSON."""
        return orjson.loads(self.body)


class Room:
    """A hub with a graph."""

    def __init__(self, app: Any, state: Mapping[str, Any], world: World) -> None:
        self._app = app
        self._state = state
        self._world = world
        self._posted = 0
        self.reading = state["reading"]
        # Nobody else may reach behind a sight; to fill a graph of a million nodes through the door would take hours.
        room = state["room"]
        self.reading_room = room
        self.graph: Graph = room.shelves.graph
        self.desk: Any = room.shelves.desk
        self.allowed = Allowed(self.graph.labels, COORDINATOR)

    @property
    def app(self) -> Any:
        """The hub as an application."""
        return self._app

    @property
    def state(self) -> Mapping[str, Any]:
        """What each call to it finds."""
        return self._state

    @property
    def token(self) -> str:
        """The coordinator's."""
        return self._world.tokens["coordinator"]

    def has(self, path: str, *names: str) -> bool:
        """Tell whether there is such an address, and whether it takes these parameters."""
        found = [one for one in self._app.state.addresses if one.method == "GET" and one.path == API + path]
        return bool(found) and set(names) <= {one.name for one in found[0].parameters}

    def fold(self, changes: Iterable[Change]) -> list[float]:
        """Fold changes into the graph, as the tail does; return CPU seconds of each batch."""
        coming, took = iter(changes), []
        while batch := list(islice(coming, BATCH)):
            began = time.thread_time()
            with self.graph.database.transaction() as db:
                self.graph.fold(db, batch)
            took.append(time.thread_time() - began)
        return took

    def date(self, invention: Invention) -> None:
        """Tell the timeline which place of the log was reached on which day; the events themselves it does not get."""
        with self.graph.database.transaction() as db:
            label = self.graph.labels.intern(db, Label("red", "nobody"))
            for day, position in invention.days.items():
                _remember(db, day, position, label)

    async def ask(
        self, path: str, query: Query | None = None, method: str = "GET", *, keep: bool = True
    ) -> Heard:
        """Ask as the coordinator, and read the whole answer; of one that is not kept the edges are counted."""
        scope = self._scope(method, path, urlencode(query or {}), self._world.tokens["coordinator"])
        said = _Said(keep)
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            await self._app(scope, said.receive, said.send)
        except Exception as error:  # noqa: BLE001 - what breaks while others build is a line of the table, no crash
            said.status, said.parts = 0, [type(error).__name__.encode()]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return Heard(
            said.status, b"".join(said.parts), wall, cpu, said.location.rpartition("/")[2], said.edges
        )

    async def post(self, lawyer: str) -> None:
        """Publish a threat to a lawyer, and wait until every view shows it.

        Raises:
            RuntimeError: the hub refused it, or the views do not get there.
        """
        self._posted += 1
        data = {"data": {"targets": [lawyer], "occurred": "2031-05-03", "status": "ongoing"}}
        body = orjson.dumps(threat(self._posted, **data))
        scope = self._scope("POST", "/events", "", self._world.tokens["publisher"])
        said = _Said(keep=True, body=body)
        scope["headers"].append((b"content-type", b"application/json"))
        await self._app(scope, said.receive, said.send)
        if said.status != 201:
            raise RuntimeError(f"the threat was refused: {said.status} {b''.join(said.parts)[:200]!r}")
        self.settle()

    def settle(self) -> None:
        """Wait until the tail rests: it writes on the same connection as `fold`.

        Raises:
            RuntimeError: it does not come to rest.
        """
        if not self._state["room"].wait_for(self._state["end_of_log"](), 60):
            raise RuntimeError("the views do not catch up")

    def _scope(self, method: str, path: str, query: str, token: str) -> dict[str, Any]:
        headers = [(b"host", b"hub.test"), (b"authorization", f"Bearer {token}".encode())]
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "server": ("hub.test", 80),
            "client": ("127.0.0.1", 5),
            "root_path": "",
            "path": API + path,
            "raw_path": quote(API + path, safe="/:").encode(),
            "query_string": query.encode(),
            "headers": headers,
            "state": dict(self._state),
        }


class _Said:
    """One call: what is sent, and what comes back."""

    def __init__(self, keep: bool, body: bytes = b"") -> None:
        self.status = 0
        self.location = ""
        self.parts: list[bytes] = []
        self.edges = 0
        self._keep = keep
        self._coming = [body]

    async def receive(self) -> dict[str, Any]:
        if not self._coming:
            await asyncio.Event().wait()  # nobody hangs up
        return {"type": "http.request", "body": self._coming.pop()}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.location = dict(message["headers"]).get(b"location", b"").decode()
        elif self._keep:
            self.parts.append(message.get("body", b""))
        else:
            self.edges += message.get("body", b"").count(b"<edge ")


def _remember(db: sqlite3.Connection, day: str, position: int, label: int) -> None:
    """Write an event of which nothing but its day is known, and which nobody may see."""
    names = [row[1] for row in db.execute("PRAGMA table_info(timeline_events)")]
    said = {
        "position": position,
        "label": label,
        "id": f"day-{day}",
        "recorded": f"{day}T12:00:00Z",
        "date": None,
    }
    row = [said.get(name, "") for name in names]
    db.execute(f"INSERT INTO timeline_events VALUES({','.join('?' * len(names))})", row)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Room]:
    """Open a hub in a folder, its graph empty."""
    world = make_world(folder)
    world.issue("coordinator", READER, "observer", clearance="amber")
    app = world.app()
    async with app.router.lifespan_context(app) as state:
        room = Room(app, dict(state or {}), world)
        room.settle()
        yield room


def settle() -> None:
    """Spare the collector what is there, as `hub serve` does after its start."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
