"""The feed as a WebSocket: one JSON object a text frame."""

import anyio
from starlette.websockets import WebSocketDisconnect

from hub.access import refuse_foreign_origin
from hub.address import Asked, HubSocket
from hub.feeds.frames import Frame
from hub.feeds.listener import Listener
from hub.feeds.opening import open_listener

TRY_AGAIN_LATER = 1013
SERVICE_RESTART = 1012
POLICY = 1008
CODES = {"slow": TRY_AGAIN_LATER, "restart": SERVICE_RESTART, "revoked": POLICY}


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
    patience = socket.state["settings"].slow_seconds
    try:
        async for frames in listener.batches():
            for frame in frames:
                if not await _send(socket, frame, patience):
                    await _say_slow(socket, listener, patience)
                    return
                listener.cursor = frame.cursor
        await socket.close(CODES[listener.ended])
    except WebSocketDisconnect:
        return


async def _send(socket: HubSocket, frame: Frame, patience: float) -> bool:
    with anyio.move_on_after(patience) as scope:
        await socket.send_text(frame.text)
    return not scope.cancelled_caught


async def _say_slow(socket: HubSocket, listener: Listener, patience: float) -> None:
    """Give a listener that reads again one chance to hear why; else the connection is dropped."""
    with anyio.move_on_after(patience):
        await socket.send_text(listener.bye("slow").text)
        await socket.close(TRY_AGAIN_LATER)
