"""Runs the hub under uvicorn, with the bounds that keep a stalled reader cheap."""

import gc
import logging
import socket
import sys
import traceback
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from hub.settings import Settings, SettingsRefused
from hub.state import Closing

SEND_BUFFER_BYTES = 32_768
UNACKNOWLEDGED_MILLISECONDS = 15_000
LARGEST_FRAME_IN = 65_536
GOODBYE_SECONDS = 1.0
GRACE_SECONDS = 5
BACKLOG = 2048


class HubServer(uvicorn.Server):
    """Says goodbye on every feed before connections are closed.

    Args:
        config: of uvicorn, with the application.
        closing: of the application.
        on_ready: called once the hub listens.
    """

    def __init__(self, config: uvicorn.Config, closing: Closing, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._closing = closing
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell that it listens."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the listeners go, then stop."""
        await self._closing.begin(GOODBYE_SECONDS)
        await super().shutdown(sockets)
        # uvicorn would raise the signal again when it is done; a hub that was asked to stop has stopped.
        self._captured_signals.clear()


def open_socket(settings: Settings) -> socket.socket:
    """Bind the hub's address; accepted connections inherit the bounds.

    Raises:
        SettingsRefused: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, asyncio switches Nagle's algorithm off: else each answer waits 40 ms for an ACK.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MILLISECONDS)
    try:
        bound.bind((settings.host, settings.port))
    except OSError as error:
        bound.close()
        raise SettingsRefused(
            f"The hub cannot listen on {settings.host} port {settings.port}: {error.strerror}."
        ) from error
    return bound


def address_of(bound: socket.socket) -> str:
    """Return the http:// address of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def server_for(app: Starlette, on_ready: Callable[[], None]) -> HubServer:
    """Return a server for what `hub/app.py` built; run it with a socket of `open_socket`."""
    config = uvicorn.Config(
        app,
        ws_max_size=LARGEST_FRAME_IN,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        access_log=False,  # addresses may hold one-time links
        log_config=None,
        log_level="warning",
        lifespan="on",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=LARGEST_FRAME_IN,
    )
    return HubServer(config, app.state.closing, on_ready)


def run(app: Starlette, settings: Settings, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until a signal says stop; logs one line to standard error when it listens.

    Args:
        app: what `hub/app.py` built.
        settings: host and port.
        on_ready: called with the address, in the event loop, once the hub listens.

    Raises:
        SettingsRefused: the address cannot be had.
    """
    bound = open_socket(settings)
    address = address_of(bound)
    log_quietly()

    def ready() -> None:
        logging.getLogger("hub").warning("The hub listens on %s", address)
        if on_ready is not None:
            on_ready(address)

    spare_the_collector()
    server_for(app, ready).run(sockets=[bound])


def spare_the_collector() -> None:
    """Let the garbage collector look at what is new less often, and never at what the start has made.

    The graph is millions of small objects that stay; going through them again and again took a third of a replay.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


class QuietFormatter(logging.Formatter):
    """Writes errors without their messages: those may hold what somebody sent."""

    def formatException(self, ei: object) -> str:  # noqa: N802  # the library's name
        """Return the kind of the error and where it happened."""
        kind, _, places = ei if isinstance(ei, tuple) else (None, None, None)
        named = getattr(kind, "__name__", "error")
        steps = [f"  {one.filename}:{one.lineno} {one.name}" for one in traceback.extract_tb(places)]
        return "\n".join([*steps, named])


def log_quietly() -> None:
    """Send warnings and errors to standard error, without values."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(QuietFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
