"""What both of the protocols here have in common: a pipe for feeds, and somebody who watches over a slow reader."""

import asyncio
from typing import Any

from hub.bounds import Bounds
from hub.feeds.frames import Framing
from hub.feeds.patience import ABORT
from hub.feeds.pipe import PIPE, Watcher
from hub.plumbing import TransportPipe
from hub.stall import Stall, drop, untie

Json = Any


class Bounded(asyncio.Protocol):
    """One connection, beside the class of uvicorn that speaks its protocol.

    Whoever has a pipe in which nothing waits is not watched: of ten thousand idle listeners, nobody is looked at.
    """

    transport: asyncio.Transport
    _bounds: Bounds
    _application: Json

    def __init__(self, config: Json, *more: Json) -> None:
        super().__init__(config, *more)  # type: ignore[call-arg]  # what stands beside this takes them
        self._application = config.loaded_app
        self._bounds = config.bounds
        self._stall = Stall()
        self._pipe: TransportPipe | None = None
        self._calls = 0
        self._is_gone = False

    @property
    def app(self) -> Json:
        """What uvicorn calls for a request; not kept, for it would keep this alive."""
        return self._count

    @app.setter
    def app(self, _: Json) -> None:
        """Take no other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to be watched."""
        super().connection_made(transport)
        self._bounds.watched.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for the next, unless what was asked for is still being done."""
        self._is_gone = True
        self._leave()
        self._bounds.watched.discard(self)
        super().connection_lost(exc)
        self._end_pipe()
        # What is tied in a circle would wait for the garbage collector, which hardly ever looks at what is old.
        untie(self.transport)

    def pause_writing(self) -> None:
        """Write no more: the reader takes nothing."""
        self._bounds.watched.add(self)
        super().pause_writing()
        if self._pipe is not None:
            self._pipe.paused()

    def resume_writing(self) -> None:
        """Go on writing: the reader takes something."""
        self._stall.moves()
        super().resume_writing()
        if self._pipe is not None:
            self._pipe.resumed()

    def look(self, now: float) -> None:
        """End the connection if the reader takes nothing for too long."""
        if self._is_stuck(now):
            self._abort()
        elif self._pipe is not None and not self.transport.get_write_buffer_size():
            self._bounds.watched.discard(self)

    def _is_stuck(self, now: float) -> bool:
        return self._stall.seconds(self.transport, now) >= self._bounds.slow_seconds

    def _own_extensions(self) -> dict[str, dict[str, Json]]:
        """Return what is offered beside ASGI; to be taken back when the application is done: it holds this."""
        return {ABORT: {"abort": self._abort}, PIPE: {"open": self._open_pipe}}

    def _lay_pipe(self, framing: Framing, watcher: Watcher) -> TransportPipe:
        self._pipe = TransportPipe(self.transport, framing, watcher)
        return self._pipe

    def _open_pipe(self, watcher: Watcher) -> TransportPipe:
        raise NotImplementedError

    def _end_pipe(self) -> None:
        if self._pipe is not None:
            self._pipe.lost()

    def _abort(self) -> None:
        drop(self.transport)

    async def _count(self, scope: Json, receive: Json, send: Json) -> None:
        """Call the application.

        A connection counts until that is over: whoever asks and goes at once, again and again, would fill the memory
        with what waits for its turn.
        """
        self._calls += 1
        try:
            await self._serve(scope, receive, send)
        finally:
            self._calls -= 1
            self._leave()

    def _leave(self) -> None:
        if self._is_gone and not self._calls:
            self._bounds.crowd.leave(self.transport)

    async def _serve(self, scope: Json, receive: Json, send: Json) -> None:
        raise NotImplementedError
