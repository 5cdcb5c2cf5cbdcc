"""Connections that cannot be held open by doing nothing: uvicorn's protocols, with deadlines and bounded buffers.

Each protocol remembers until when it waits for the far end; a watchman goes round all of them (`look`).
"""

import sys
from asyncio import Transport
from contextlib import suppress
from typing import Any, Literal

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from hub import problems, refusals
from hub.bounded import Bounded
from hub.bounds import HIGH, LOW, Bounds
from hub.feeds.frames import LARGEST_PIECE, Framing
from hub.feeds.pipe import Watcher
from hub.heads import MOST_HEAD_BYTES, StrictConnection, refusal_of
from hub.plumbing import TransportPipe
from hub.security import SECURITY_HEADERS
from hub.websocket_deadlines import BoundedWebSocket

Json = Any


class BoundedConfig(uvicorn.Config):
    """The configuration of uvicorn, with these bounds for every connection.

    Args:
        app: the application.
        bounds: for each connection.
        more: what uvicorn knows.
    """

    def __init__(self, app: Json, bounds: Bounds, **more: Json) -> None:
        super().__init__(app, http=BoundedHttp, ws=BoundedWebSocket, **more)
        self.bounds = bounds


class BoundedHttp(Bounded, H11Protocol):
    """One HTTP connection: its heads and bodies come in time, and nothing piles up before a slow reader."""

    def __init__(
        self,
        config: BoundedConfig,
        server_state: ServerState,
        app_state: dict[str, Json],
        _loop: Json = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = StrictConnection(h11.SERVER, MOST_HEAD_BYTES)
        self._awaits: Literal["head", "body"] | None = None
        self._until = 0.0
        self._has_left = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a head, if there is room for one more."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=HIGH, low=LOW)
        self._watch(0)
        if not self._bounds.crowd.enter(transport, self.client[0] if self.client else ""):
            self._refuse(refusals.TooManyConnections())

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for the next."""
        super().connection_lost(exc)
        self.cycle = None  # type: ignore[assignment]  # as before the first request; it is tied in a circle

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to another protocol, which is watched instead."""
        self._has_left = True
        self._bounds.watched.discard(self)
        super().handle_websocket_upgrade(event)

    def data_received(self, data: bytes) -> None:
        """Take what came, and note what must come next."""
        super().data_received(data)
        if not self._has_left:
            self._watch(len(data))

    def on_response_complete(self) -> None:
        """Note what must come next: the head or the body of the next request may be here in part."""
        super().on_response_complete()
        self._watch(0)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or too much of it; uvicorn calls this where it caught why."""
        self._refuse(refusal_of(sys.exception()))

    def look(self, now: float) -> None:
        """End the connection if the far end takes too long."""
        if self._awaits is None:
            super().look(now)
        elif self._is_stuck(now):
            self._abort()
        elif now >= self._until and not self.transport.is_closing():
            if self.flow.read_paused:
                # The hub itself does not read on: that is no fault of the sender.
                self._until = now + self._bounds.body_seconds
            else:
                self._refuse(refusals.RequestTooSlow(self._awaits))

    def _watch(self, received: int) -> None:
        now, state = self.loop.time(), self.conn.their_state
        if state is h11.IDLE:
            if self._awaits != "head":
                self._awaits, self._until = "head", now + self._bounds.head_seconds
        elif state is not h11.SEND_BODY:
            self._awaits = None
        elif self._awaits != "body":
            self._awaits, self._until = "body", now + self._bounds.body_seconds
        elif not self.cycle.response_complete:
            # Every byte buys a little time, and never more than one pause.
            bought = received / self._bounds.body_bytes_per_second
            self._until = min(self._until + bought, now + self._bounds.body_seconds)
        if self._awaits is not None:
            self._bounds.watched.add(self)

    def _refuse(self, error: Exception) -> None:
        """Answer with a problem, if nothing was answered yet, and close."""
        if self.cycle is not None and not self.cycle.response_complete:
            # The application hears that the caller has gone, and what it still says is not sent.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            with suppress(h11.LocalProtocolError):
                self.transport.write(self._refusal(error))
        self.transport.close()

    def _refusal(self, error: Exception) -> bytes:
        response = problems.answer(error)
        assert response is not None  # noqa: S101  # every error of this module has a row
        security = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
        headers = [*response.raw_headers, *security, (b"connection", b"close")]
        parts = (
            h11.Response(status_code=response.status_code, headers=headers),
            h11.Data(data=bytes(response.body)),
            h11.EndOfMessage(),
        )
        return b"".join(self.conn.send(part) or b"" for part in parts)

    async def _serve(self, scope: Json, receive: Json, send: Json) -> None:
        """Call the application; what it says goes out in pieces, each when there is room for it."""

        async def send_in_pieces(message: Json) -> None:
            body = message.get("body", b"")
            for start in range(0, len(body) - LARGEST_PIECE, LARGEST_PIECE):
                piece = body[start : start + LARGEST_PIECE]
                await send({"type": message["type"], "body": piece, "more_body": True})
            if len(body) > LARGEST_PIECE:
                message = {**message, "body": body[-((len(body) - 1) % LARGEST_PIECE + 1) :]}
            await send(message)

        scope["extensions"] = self._own_extensions()
        try:
            await self._application(scope, receive, send_in_pieces)
        finally:
            scope["extensions"] = {}

    def _open_pipe(self, watcher: Watcher) -> TransportPipe:
        framing: Framing = "stream" if self.cycle.scope["http_version"] == "1.0" else "chunked"
        pipe = self._lay_pipe(framing, watcher)
        if self.cycle.disconnected or self.transport.is_closing():
            self.loop.call_soon(self._end_pipe)
        return pipe
