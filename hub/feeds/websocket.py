"""The feed as a WebSocket: one JSON object a text frame."""

from contextlib import suppress

import anyio
from starlette.websockets import WebSocketDisconnect

from hub.access import refuse_foreign_origin
from hub.address import Asked, HubSocket
from hub.feeds.frames import Lump
from hub.feeds.lines import Outcome, PipedLine, PulledLine
from hub.feeds.opening import Opened, open_feed
from hub.feeds.patience import Patience, drop
from hub.feeds.protocol import ByeReason

TRY_AGAIN_LATER = 1013
SERVICE_RESTART = 1012
POLICY = 1008
CODES: dict[ByeReason, int] = {"slow": TRY_AGAIN_LATER, "restart": SERVICE_RESTART, "revoked": POLICY}


async def follow_websocket(socket: HubSocket, asked: Asked) -> None:
    """Send the feed until the listener leaves or the hub says goodbye.

    Raises:
        OriginRefused: a browser comes from another page; like every refusal, answered before accept.
    """
    hub = socket.state
    refuse_foreign_origin(socket, hub["settings"], is_needed=False)
    opened = await open_feed(socket, asked)
    await socket.accept()
    with hub["closing"].listening():
        line = PipedLine(hub["broadcaster"])
        if not line.open(socket.scope):
            await _follow_slowly(socket, opened)
            return
        listener = opened.listener(line)
        del opened, asked
        outcome = await line.carry(listener)
        await _end(socket, outcome, listener.ended)


async def _follow_slowly(socket: HubSocket, opened: Opened) -> None:
    """Send message by message, through whatever server there is."""

    async def say(lump: Lump) -> None:
        await socket.send_text(lump.data.decode())

    line = PulledLine("text", say, Patience.of(socket.state["settings"].slow_seconds))
    listener = opened.listener(line)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_listen_for_end, socket, tasks.cancel_scope)
        with suppress(WebSocketDisconnect):
            outcome = await line.carry(listener, socket.state["broadcaster"])
            await _end(socket, outcome, listener.ended)
        tasks.cancel_scope.cancel()


async def _listen_for_end(socket: HubSocket, scope: anyio.CancelScope) -> None:
    """Read and ignore what the listener says, until it leaves."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    scope.cancel()


async def _end(socket: HubSocket, outcome: Outcome, reason: ByeReason) -> None:
    """Close; a listener that does not take even that is dropped."""
    if outcome == "said":
        patience = Patience.of(socket.state["settings"].slow_seconds)
        with anyio.move_on_after(patience.for_goodbye), suppress(WebSocketDisconnect):
            await socket.close(CODES[reason])
            return
    if outcome != "left":
        await drop(socket.scope)
