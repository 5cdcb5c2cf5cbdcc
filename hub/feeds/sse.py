"""The feed as server-sent events: `event:` is the kind, `id:` the cursor, `data:` the object."""

from contextlib import suppress
from typing import Literal

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hub.address import Asked, HubRequest
from hub.feeds.frames import Frame
from hub.feeds.listener import Listener
from hub.feeds.opening import open_listener
from hub.feeds.patience import Patience, drop
from hub.state import Closing

HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


async def follow_events(request: HubRequest, asked: Asked) -> Response:
    """Answer the feed as a stream that ends when the listener leaves or the hub says goodbye."""
    listener = await open_listener(request, asked)
    hub = request.state
    return FeedResponse(listener, hub["closing"], Patience.of(hub["settings"].slow_seconds))


class FeedResponse(Response):
    """Streams a listener's messages until it leaves or the hub says goodbye.

    Starlette's own streaming waits for a slow client for ever; here each message has a deadline.
    """

    media_type = "text/event-stream"

    def __init__(self, listener: Listener, closing: Closing, patience: Patience) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._listener = listener
        self._closing = closing
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the feed."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        with self._closing.listening():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_listen_for_end, receive, tasks.cancel_scope)
                # OSError: the server says so when the listener has gone.
                with suppress(OSError):
                    await self._send_all(scope, send)
                tasks.cancel_scope.cancel()

    async def _send_all(self, scope: Scope, send: Send) -> None:
        await _say(send, b": the feed begins\n\n")
        async for frames in self._listener.batches():
            for frame in frames:
                said = await self._send(send, frame)
                if said != "whole":
                    goodbye = self._listener.bye("slow") if said == "nothing" else None
                    await self._end(scope, send, goodbye, is_within_message=said == "part")
                    return
                self._listener.cursor = frame.cursor
        await self._end(scope, send)

    async def _send(self, send: Send, frame: Frame) -> Literal["whole", "part", "nothing"]:
        """Return how much of a message the listener took in time."""
        said = 0
        with anyio.move_on_after(self._patience.before_goodbye):
            for piece in frame.server_sent():
                await _say(send, piece)
                said += 1
            return "whole"
        return "part" if said else "nothing"

    async def _end(
        self, scope: Scope, send: Send, goodbye: Frame | None = None, *, is_within_message: bool = False
    ) -> None:
        """End the stream, after a last message if there is one; who does not take even that is dropped."""
        if not is_within_message:
            with anyio.move_on_after(self._patience.for_goodbye):
                for piece in goodbye.server_sent() if goodbye else ():
                    await _say(send, piece)
                await _say(send, b"", more=False)
                return
        await drop(scope)


async def _say(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _listen_for_end(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
