"""The feed as server-sent events: `event:` is the kind, `id:` the cursor, `data:` the object."""

from contextlib import suppress

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hub.address import Asked, HubRequest
from hub.feeds.frames import Lump
from hub.feeds.lines import Outcome, PipedLine, PulledLine
from hub.feeds.opening import Opened, open_feed
from hub.feeds.patience import Patience, drop
from hub.state import HubState

HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
BEGINNING = b": the feed begins\n\n"


async def follow_events(request: HubRequest, asked: Asked) -> Response:
    """Answer the feed as a stream that ends when the listener leaves or the hub says goodbye."""
    return FeedResponse(request.state, await open_feed(request, asked))


class FeedResponse(Response):
    """Streams a listener's messages until it leaves or the hub says goodbye.

    Starlette's own streaming waits for a slow client for ever; here each message has a deadline.
    """

    media_type = "text/event-stream"

    def __init__(self, hub: HubState, opened: Opened) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._hub = hub
        self._opened = opened
        self._patience = Patience.of(hub["settings"].slow_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the feed."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        await _say(send, BEGINNING)
        with self._hub["closing"].listening():
            line = PipedLine(self._hub["broadcaster"])
            if line.open(scope):
                await self._end(scope, send, await line.carry(self._opened.listener(line)))
            else:
                await self._follow_slowly(scope, receive, send)

    async def _follow_slowly(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send message by message, through whatever server there is."""

        async def say(lump: Lump) -> None:
            await _say(send, lump.data)

        line = PulledLine("stream", say, self._patience)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_listen_for_end, receive, tasks.cancel_scope)
            # OSError: the server says so when the listener has gone.
            with suppress(OSError):
                outcome = await line.carry(self._opened.listener(line), self._hub["broadcaster"])
                await self._end(scope, send, outcome)
            tasks.cancel_scope.cancel()

    async def _end(self, scope: Scope, send: Send, outcome: Outcome) -> None:
        """End the stream; who does not take even that is dropped."""
        if outcome == "said":
            with anyio.move_on_after(self._patience.for_goodbye):
                await _say(send, b"", more=False)
                return
        if outcome != "left":
            await drop(scope)


async def _say(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _listen_for_end(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
