"""The two ways to a listener: written to by the broadcaster through a pipe, or fetching by itself from any server."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import anyio

from hub.feeds.frames import Framing, Lump, lumps_of
from hub.feeds.patience import Patience
from hub.feeds.pipe import Pipe, pipe_of

if TYPE_CHECKING:
    from hub.feeds.broadcast import Broadcaster
    from hub.feeds.protocol import Listener

Json = Any
Outcome = Literal["said", "left", "stuck"]
"""The goodbye was said; the far end has gone; it takes nothing."""


class PipedLine:
    """Bytes go straight to the transport; a future tells the shell when it is over."""

    __slots__ = ("_broadcaster", "_listener", "_pipe", "file", "framing", "over", "write")

    is_pulled = False

    def __init__(self, broadcaster: "Broadcaster") -> None:
        self.over: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._broadcaster = broadcaster
        self._listener: Listener | None = None
        self._pipe: Pipe | None = None

    def open(self, scope: Mapping[str, Json]) -> bool:
        """Take over a connection; False if the server does not offer that."""
        self._pipe = pipe = pipe_of(scope, self)
        if pipe is None:
            return False
        self.framing: Framing = pipe.framing
        self.file: int | None = pipe.file
        self.write = pipe.write
        return True

    def pour(self, pieces: Sequence[bytes]) -> int:
        """Send as many pieces as go out now: one call of the system for all, where it takes the bytes as they are."""
        if self.file is None:
            self.write(pieces[0])
            return 1
        try:
            sent = os.writev(self.file, pieces)
        except OSError:
            # The transport finds out what it is: full, or gone.
            sent = 0
        for number, piece in enumerate(pieces, 1):
            if sent < len(piece):
                self.write(piece[sent:])
                return number
            sent -= len(piece)
        return len(pieces)

    async def carry(self, listener: "Listener") -> Outcome:
        """Let the broadcaster write until it is over."""
        self._listener = listener
        try:
            self._broadcaster.enter(listener)
            return await self.over
        finally:
            self._broadcaster.left(listener)
            self._listener = None
            if self._pipe is not None:
                self._pipe.release()

    def is_ready(self) -> bool:
        """Tell whether it is open and little enough waits in it."""
        return self._pipe is not None and self._pipe.is_ready()

    def kick(self) -> None:
        """Do nothing: it is written to."""

    def end(self) -> None:
        """Let the shell close in good order."""
        self._finish("said")

    def drop(self) -> None:
        """Let the shell end it at once."""
        self._finish("stuck")

    def paused(self) -> None:
        """Hear from the server that it is full."""
        if self._listener is not None:
            self._broadcaster.paused(self._listener)

    def resumed(self) -> None:
        """Hear from the server that there is room again."""
        if self._listener is not None:
            self._broadcaster.resumed(self._listener)

    def lost(self) -> None:
        """Hear from the server that the far end has gone."""
        if self._listener is not None:
            self._broadcaster.left(self._listener)
        self._finish("left")

    def spoke(self) -> float:
        """Say when its group was told something."""
        group = self._listener.group if self._listener is not None else None
        return group.spoke if group is not None else 0.0

    def _finish(self, outcome: Outcome) -> None:
        if not self.over.done():
            self.over.set_result(outcome)


class PulledLine:
    """Messages are fetched one by one and sent by ASGI, each with a deadline."""

    is_pulled = True
    file: int | None = None

    def __init__(self, framing: Framing, say: Callable[[Lump], Awaitable[None]], patience: Patience) -> None:
        self.framing = framing
        self._say = say
        self._patience = patience
        self._kicked = asyncio.Event()

    async def carry(self, listener: "Listener", broadcaster: "Broadcaster") -> Outcome:
        """Fetch and send until it is over; whoever takes nothing is told so, if he takes that."""
        broadcaster.enter(listener)
        try:
            while listener.state != "leaving":
                lump = listener.next()
                if lump is None:
                    await self._kicked.wait()
                    self._kicked = asyncio.Event()
                elif not await self._send(lump, self._patience.before_goodbye):
                    if lump.last is None or listener.is_within_message or not listener.leave("slow"):
                        return "stuck"
                else:
                    broadcaster.took(listener)
            [goodbye] = lumps_of([listener.bye(listener.ended)], self.framing)
            return "said" if await self._send(goodbye, self._patience.for_goodbye) else "stuck"
        finally:
            broadcaster.left(listener)

    async def _send(self, lump: Lump, within_seconds: float) -> bool:
        with anyio.move_on_after(within_seconds):
            await self._say(lump)
            return True
        return False

    def write(self, data: bytes) -> None:
        """Do nothing: it fetches."""

    def pour(self, pieces: Sequence[bytes]) -> int:
        """Do nothing: it fetches."""
        return len(pieces)

    def is_ready(self) -> bool:
        """Tell that nothing is to be written."""
        return False

    def kick(self) -> None:
        """Look whether there is something to fetch."""
        self._kicked.set()

    def end(self) -> None:
        """Do nothing: it says goodbye itself."""

    def drop(self) -> None:
        """Do nothing: it notices itself that nothing is taken."""
