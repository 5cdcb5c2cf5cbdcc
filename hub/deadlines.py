"""Connections that cannot be held open by doing nothing: uvicorn's protocols, with deadlines and bounded buffers.

Each protocol remembers until when it waits for the far end; a watchman goes round all of them (`look`).
"""

import sys
from asyncio import Transport
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidState

from hub import problems, refusals
from hub.crowd import Crowd
from hub.feeds.frames import LARGEST_PIECE, pieces
from hub.feeds.patience import ABORT
from hub.heads import MOST_HEAD_BYTES, StrictConnection, refusal_of
from hub.security import SECURITY_HEADERS
from hub.settings import Settings
from hub.stall import Stall, drop

Json = Any

WRITE_BUFFER_BYTES = 16_384
"""Most that waits for one reader in user space: a piece is written only while less than half of it waits."""

_HIGH, _LOW = WRITE_BUFFER_BYTES // 2, WRITE_BUFFER_BYTES // 8


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one connection may cost, and how many there may be.

    Args:
        head_seconds: for the whole head of a request, from its first byte or from the connection on.
        body_seconds: for the first bytes of a body, and for each pause in it.
        body_bytes_per_second: a body that stays below that for `body_seconds` is too slow.
        slow_seconds: how long a reader may take nothing of what waits for it.
        crowd: who is connected.
    """

    head_seconds: float
    body_seconds: float
    body_bytes_per_second: int
    slow_seconds: float
    crowd: Crowd

    @classmethod
    def of(cls, settings: Settings, crowd: Crowd) -> "Bounds":
        """Return the bounds that the operator set."""
        return cls(
            settings.head_seconds,
            settings.body_seconds,
            settings.body_bytes_per_second,
            settings.slow_seconds,
            crowd,
        )

    @property
    def round_seconds(self) -> float:
        """How often the watchman must go round, so that nothing is noticed much too late."""
        return min(0.4, min(self.head_seconds, self.body_seconds, self.slow_seconds) / 8)


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


class BoundedHttp(H11Protocol):
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
        self.app = self._serve
        self._application = config.loaded_app
        self._bounds = config.bounds
        self._awaits: Literal["head", "body"] | None = None
        self._until = 0.0
        self._stall = Stall()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a head, if there is room for one more."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_HIGH, low=_LOW)
        self._watch(0)
        if not self._bounds.crowd.enter(transport, self.client[0] if self.client else ""):
            self._refuse(refusals.TooManyConnections())

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for the next."""
        self._bounds.crowd.leave(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and note what must come next."""
        super().data_received(data)
        self._watch(len(data))

    def on_response_complete(self) -> None:
        """Note what must come next: the head or the body of the next request may be here in part."""
        super().on_response_complete()
        self._watch(0)

    def resume_writing(self) -> None:
        """Go on writing: the reader takes something."""
        self._stall.moves()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or too much of it; uvicorn calls this where it caught why."""
        self._refuse(refusal_of(sys.exception()))

    def look(self, now: float) -> None:
        """End the connection if the far end takes too long."""
        if self._stall.seconds(self.transport, now) >= self._bounds.slow_seconds:
            drop(self.transport)
        elif self._awaits is not None and now >= self._until and not self.transport.is_closing():
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

        scope["extensions"] = {ABORT: {"abort": self._abort}}
        await self._application(scope, receive, send_in_pieces)

    def _abort(self) -> None:
        drop(self.transport)


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One WebSocket: a long message goes out in fragments, so that little of it waits for a slow reader."""

    def __init__(
        self,
        config: BoundedConfig,
        server_state: ServerState,
        app_state: dict[str, Json],
        _loop: Json = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.app = self._serve
        self._application = config.loaded_app
        self._bounds = config.bounds
        self._stall = Stall()
        self._is_within_message = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for the next."""
        self._bounds.crowd.leave(self.transport)
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        """Go on writing: the reader takes something."""
        self._stall.moves()
        super().resume_writing()

    def handle_ping(self) -> None:
        """Answer pings, as long as the answers are read: nothing is kept for whoever asks on and on."""
        for pong in self.conn.data_to_send():
            if self.transport.get_write_buffer_size() + len(pong) <= _HIGH:
                self.transport.write(pong)

    def look(self, now: float) -> None:
        """End the connection if the reader takes nothing for too long."""
        if self._stall.seconds(self.transport, now) >= self._bounds.slow_seconds:
            drop(self.transport)

    async def send(self, message: Json) -> None:
        """Send what the application says; text in pieces, each when there is room for it."""
        text = message.get("text")
        if text is None:
            await super().send(message)
            # A refusal is a complete answer too; uvicorn would report a mistake of the application.
            self.handshake_complete |= self.close_sent
            return
        if self._is_within_message:
            # The message before was given up half way; nothing can follow it but the end.
            raise ClientDisconnected
        is_first = True
        for piece, is_last in _marked(pieces(text)):
            await self._send_fragment(piece, is_first=is_first, is_last=is_last)
            is_first = False

    async def _send_fragment(self, piece: bytes, *, is_first: bool, is_last: bool) -> None:
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        self._is_within_message = not is_last
        try:
            if is_first:
                self.conn.send_text(piece, fin=is_last)
            else:
                self.conn.send_continuation(piece, fin=is_last)
        except InvalidState as error:
            raise ClientDisconnected from error
        self.transport.write(b"".join(self.conn.data_to_send()))

    async def _serve(self, scope: Json, receive: Json, send: Json) -> None:
        scope["extensions"] = {**scope["extensions"], ABORT: {"abort": self._abort}}
        await self._application(scope, receive, send)

    def _abort(self) -> None:
        drop(self.transport)


def _marked(found: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each piece and whether it is the last."""
    before = next(found)
    for piece in found:
        yield before, False
        before = piece
    yield before, True
