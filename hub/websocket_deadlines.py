"""WebSockets that cannot be held open by doing nothing: uvicorn's protocol, with bounded buffers."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidState
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

from hub.bounded import Bounded
from hub.bounds import HIGH
from hub.feeds.frames import pieces
from hub.feeds.pipe import Watcher
from hub.plumbing import TransportPipe

Json = Any

SPOKEN = "13"


class Unheard:
    """Stands where messages wait for the application: one that has a pipe fetches none."""

    __slots__ = ()

    def put_nowait(self, _: Json) -> None:
        """Let a message fall."""


class BoundedWebSocket(Bounded, WebSocketsSansIOProtocol):
    """One WebSocket: a long message goes out in fragments, so that little of it waits for a slow reader."""

    def __init__(
        self,
        config: Json,
        server_state: ServerState,
        app_state: dict[str, Json],
        _loop: Json = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._is_within_message = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for the next."""
        super().connection_lost(exc)
        self.conn.parser.close()

    def handle_connect(self, event: Request) -> None:
        """Begin; another version of the protocol is told which one is spoken here (RFC 6455, 4.4)."""
        if event.headers.get_all("Sec-WebSocket-Version") in ([], [SPOKEN]):
            super().handle_connect(event)
            return
        refusal = self.conn.reject(
            HTTPStatus.UPGRADE_REQUIRED, f"This hub speaks version {SPOKEN} of WebSocket.\n"
        )
        refusal.headers["Sec-WebSocket-Version"] = SPOKEN
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        self.conn.send_response(refusal)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()

    def send_receive_event_to_app(self) -> None:
        """Pass on what the reader says; in a pipe nobody listens to it, but text must still be text (RFC 6455, 8.1)."""
        if self._pipe is None:
            super().send_receive_event_to_app()
        elif self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.conn.fail(CloseCode.INVALID_DATA)
            self.handle_parser_exception()
        self.frames = []

    def handle_close(self, event: Frame) -> None:
        """Say nothing behind the end."""
        self._end_pipe()
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        """Say nothing behind the end."""
        self._end_pipe()
        super().handle_parser_exception()

    def keepalive_timeout(self) -> None:
        """Say nothing behind the end."""
        self._end_pipe()
        super().keepalive_timeout()

    def handle_ping(self) -> None:
        """Answer pings, as long as the answers are read: nothing is kept for whoever asks on and on."""
        for pong in self.conn.data_to_send():
            if self.transport.get_write_buffer_size() + len(pong) <= HIGH:
                self.transport.write(pong)

    def send_keepalive_ping(self) -> None:
        """Ask whether the far end is there, unless it was told something meanwhile: then the system asks."""
        spoke = self._pipe.spoke() if self._pipe is not None else 0.0
        rest = spoke + float(self.ping_interval or 0) - self.loop.time()
        if rest > 0 and not self.transport.is_closing():
            self.ping_timer = self.loop.call_later(rest, self.send_keepalive_ping)
        else:
            super().send_keepalive_ping()

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
        scope["extensions"] = {**scope["extensions"], **self._own_extensions()}
        try:
            await self._application(scope, receive, send)
        finally:
            scope["extensions"] = {}

    def _open_pipe(self, watcher: Watcher) -> TransportPipe:
        pipe = self._lay_pipe("websocket", watcher)
        self._forget_beginning()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            self.loop.call_soon(self._end_pipe)
        return pipe

    def _forget_beginning(self) -> None:
        """Let go of what nobody needs once a connection is a pipe, a third of what it takes: heads, and a queue."""
        self.request.headers.clear()
        self.response.headers.clear()
        self.scope["headers"].clear()  # type: ignore[attr-defined]  # a list, here and in Starlette
        self.queue = Unheard()  # type: ignore[assignment]  # all that is asked of it here


def _is_text(said: bytes) -> bool:
    try:
        said.decode()
    except UnicodeDecodeError:
        return False
    return True


def _marked(found: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each piece and whether it is the last."""
    before = next(found)
    for piece in found:
        yield before, False
        before = piece
    yield before, True
