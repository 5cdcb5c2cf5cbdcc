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

from hub.bounds import HIGH, Bounds
from hub.feeds.frames import pieces
from hub.feeds.patience import ABORT
from hub.feeds.pipe import PIPE, Watcher
from hub.plumbing import TransportPipe
from hub.stall import Stall, drop, untie

Json = Any

SPOKEN = "13"


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One WebSocket: a long message goes out in fragments, so that little of it waits for a slow reader."""

    def __init__(
        self,
        config: Json,
        server_state: ServerState,
        app_state: dict[str, Json],
        _loop: Json = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._application = config.loaded_app
        self._bounds: Bounds = config.bounds
        self._stall = Stall()
        self._is_within_message = False
        self._pipe: TransportPipe | None = None

    @property
    def app(self) -> Json:
        """What uvicorn calls for a connection; not kept, for it would keep this alive."""
        return self._serve

    @app.setter
    def app(self, _: Json) -> None:
        """Take no other."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for the next."""
        self._bounds.crowd.leave(self.transport)
        super().connection_lost(exc)
        self._end_pipe()
        # What is tied in a circle would wait for the garbage collector, which hardly ever looks at what is old.
        self.conn.parser.close()
        untie(self.transport)

    def pause_writing(self) -> None:
        """Write no more: the reader takes nothing."""
        super().pause_writing()
        if self._pipe is not None:
            self._pipe.paused()

    def resume_writing(self) -> None:
        """Go on writing: the reader takes something."""
        self._stall.moves()
        super().resume_writing()
        if self._pipe is not None:
            self._pipe.resumed()

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
        own = {ABORT: {"abort": self._abort}, PIPE: {"open": self._open_pipe}}
        scope["extensions"] = {**scope["extensions"], **own}
        try:
            await self._application(scope, receive, send)
        finally:
            scope["extensions"] = {}

    def _open_pipe(self, watcher: Watcher) -> TransportPipe:
        self._pipe = TransportPipe(self.transport, "websocket", watcher)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            self.loop.call_soon(self._end_pipe)
        return self._pipe

    def _end_pipe(self) -> None:
        if self._pipe is not None:
            self._pipe.lost()

    def _abort(self) -> None:
        drop(self.transport)


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
