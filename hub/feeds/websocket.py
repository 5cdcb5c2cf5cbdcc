"""The feed as a WebSocket: one JSON object a text frame."""

from contextlib import suppress

import anyio
from starlette.websockets import WebSocketDisconnect

from hub.access import refuse_foreign_origin
from hub.address import Asked, HubSocket
from hub.feeds.listener import ByeReason, Listener
from hub.feeds.opening import open_listener
from hub.feeds.patience import Patience, drop

TRY_AGAIN_LATER = 1013
SERVICE_RESTART = 1012
POLICY = 1008
CODES: dict[ByeReason, int] = {"slow": TRY_AGAIN_LATER, "restart": SERVICE_RESTART, "revoked": POLICY}


async def follow_websocket(socket: HubSocket, asked: Asked) -> None:
    """Send the feed until the listener leaves or the hub says goodbye.

    Raises:
        OriginRefused: a browser comes from another page; like every refusal, answered before accept.
    """
    refuse_foreign_origin(socket, socket.state["settings"], is_needed=False)
    listener = await open_listener(socket, asked)
    await socket.accept()
    with socket.state["closing"].listening():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_listen_for_end, socket, tasks.cancel_scope)
            await _send_all(socket, listener)
            tasks.cancel_scope.cancel()


async def _listen_for_end(socket: HubSocket, scope: anyio.CancelScope) -> None:
    """Read and ignore what the listener says, until it leaves."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    scope.cancel()


async def _send_all(socket: HubSocket, listener: Listener) -> None:
    patience = Patience.of(socket.state["settings"].slow_seconds)
    try:
        async for frames in listener.batches():
            for frame in frames:
                with anyio.move_on_after(patience.before_goodbye) as waiting:
                    await socket.send_text(frame.text)
                if waiting.cancelled_caught:
                    await _end(socket, patience, "slow", listener.bye("slow").text)
                    return
                listener.cursor = frame.cursor
        await _end(socket, patience, listener.ended)
    except WebSocketDisconnect:
        return


async def _end(socket: HubSocket, patience: Patience, reason: ByeReason, text: str | None = None) -> None:
    """Close, after a last message if there is one; a listener that does not take even that is dropped."""
    with anyio.move_on_after(patience.for_goodbye), suppress(WebSocketDisconnect):
        if text is not None:
            await socket.send_text(text)
        await socket.close(CODES[reason])
        return
    await drop(socket.scope)
