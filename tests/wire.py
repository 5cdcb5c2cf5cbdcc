"""A wire into a hub in this process: any method, header and body; what comes back, whole and as it was sent."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import quote

from anyio.from_thread import BlockingPortal, start_blocking_portal

from tests.running import World

Message = dict[str, Any]
HOST = "hub.test"
ORIGIN = f"http://{HOST}"
SECONDS = 30


@dataclass(frozen=True)
class Reply:
    """An answer; of a WebSocket that was accepted the status is 101 and the body its frames, one a line."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header, or nothing."""
        return next((value for known, value in self.headers if known == name), "")

    @property
    def whole(self) -> bytes:
        """Everything that went out."""
        return "\n".join(f"{name}: {value}" for name, value in self.headers).encode() + b"\n\n" + self.body


class Wire:
    """Calls an open hub; nothing stands between the test and what the hub sends."""

    def __init__(self, app: Any, state: Mapping[str, Any], portal: BlockingPortal) -> None:
        self._app = app
        # Every call comes from an address of its own: no limit of an address is what is tried here.
        self._callers = count(1)
        self._portal = portal
        self.state = state

    def ask(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Reply:
        """Call over HTTP; of a stream of events comes what there is until it is live.

        Args:
            method: any.
            path: not quoted.
            query: quoted.
            headers: besides `host`.
            body: sent in one piece.
        """
        scope = _scope("http", path, query, headers or {}) | {"method": method, "scheme": "http"}
        sent = self._call(
            scope,
            {"type": "http.request", "body": body},
            lambda message: b"event: live" in message.get("body", b""),
        )
        parts = [one.get("body", b"") for one in sent if one["type"] == "http.response.body"]
        return Reply(sent[0]["status"], _headers(sent[0]), b"".join(parts))

    def listen(self, path: str, query: str = "", headers: Mapping[str, str] | None = None) -> Reply:
        """Follow over a WebSocket until it is live, or refused."""
        extensions = {"extensions": {"websocket.http.response": {}}, "subprotocols": [], "scheme": "ws"}
        scope = _scope("websocket", path, query, headers or {}) | extensions
        sent = self._call(
            scope, {"type": "websocket.connect"}, lambda message: '"kind":"live"' in message.get("text", "")
        )
        if sent[0]["type"] == "websocket.accept":
            frames = [one["text"] for one in sent if "text" in one]
            return Reply(101, _headers(sent[0]), "\n".join(frames).encode())
        return Reply(sent[0]["status"], _headers(sent[0]), b"".join(one.get("body", b"") for one in sent))

    def settle(self) -> None:
        """Wait until the views have all that the log has."""
        assert self.state["room"].wait_for(self.state["end_of_log"](), SECONDS)
        stalls = self.state["room"].stalls()
        assert not stalls, stalls

    def _call(self, scope: Message, first: Message, is_enough: Callable[[Message], bool]) -> list[Message]:
        number = next(self._callers)
        client = (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 5)
        scope |= {"client": client, "state": dict(self.state)}
        return self._portal.call(_called, self._app, scope, first, is_enough)


async def _called(app: Any, scope: Message, first: Message, is_enough: Callable[[Message], bool]) -> Any:
    sent: list[Message] = []
    coming = [first]
    left = asyncio.Event()

    async def receive() -> Message:
        if coming:
            return coming.pop()
        await left.wait()
        return {"type": f"{scope['type']}.disconnect", "code": 1000}

    async def send(message: Message) -> None:
        sent.append(message)
        if is_enough(message):
            left.set()

    await asyncio.wait_for(app(scope, receive, send), SECONDS)
    return sent


def _scope(kind: str, path: str, query: str, headers: Mapping[str, str]) -> Message:
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "server": (HOST, 80),
        "root_path": "",
        "path": path,
        "raw_path": quote(path, safe="/:").encode(),
        "query_string": query.encode(),
        "headers": [(b"host", HOST.encode()), *pairs],
    }


def _headers(start: Message) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name.decode(), value.decode("latin-1")) for name, value in start["headers"]))


@contextmanager
def wired(world: World) -> Iterator[Wire]:
    """Open the hub of a world."""
    app = world.app()
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)) as state,
    ):
        wire = Wire(app, dict(state), portal)
        wire.settle()
        yield wire
