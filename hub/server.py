"""Runs the hub under uvicorn, with the bounds that keep a stalled reader cheap."""

import asyncio
import logging
import resource
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette

from hub.bounds import Bounds
from hub.collector import spare_the_start, spare_the_views
from hub.crowd import LOOPBACK, Crowd
from hub.deadlines import BoundedConfig
from hub.observing.logs import OWN, log_kind_alone, log_lines
from hub.observing.supervisor import Notify, silent
from hub.settings import Settings, SettingsRefused
from hub.starting import TOLD
from hub.state import GOODBYE_SECONDS, Closing

SEND_BUFFER_BYTES = 32_768
UNACKNOWLEDGED_MILLISECONDS = 15_000
LARGEST_FRAME_IN = 65_536
PING_SECONDS, PONG_SECONDS = 8, 11
"""A WebSocket whose far end reads nothing is noticed within their sum, though nothing is sent to it."""

FILES_BESIDES = 256
GRACE_SECONDS = 20
"""How long a push that is under way may take before the hub stops all the same."""

LEAVES_WITHIN_SECONDS = 2 * GRACE_SECONDS
BACKLOG = 2048
ACCEPTED_AT_A_TIME = 2
"""Connections that asyncio takes in one round of its loop; it would take the whole backlog, and all else would wait."""


class HubServer(uvicorn.Server):
    """Watches over its connections, and says goodbye on every feed before they are closed.

    Args:
        config: of uvicorn, with the application and the bounds of a connection.
        closing: of the application.
        on_ready: called once the hub listens.
        drain_seconds: how long it says that it is not ready, and serves, before it stops.
        notify: tells the supervisor that it lives and leaves.
    """

    def __init__(
        self,
        config: BoundedConfig,
        closing: Closing,
        on_ready: Callable[[], None],
        drain_seconds: float = 0.0,
        notify: Notify = silent,
    ) -> None:
        super().__init__(config)
        self._notify = notify
        self._drain_seconds = drain_seconds
        self._bounds = config.bounds
        self._closing = closing
        self._on_ready = on_ready
        self._watchman: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell that it listens."""
        asyncio.get_running_loop().set_exception_handler(log_kind_alone)
        await super().startup(sockets)
        if self.started:
            for one in sockets or ():
                # Those who wait to be accepted do so in the system, as many as before.
                one.listen(BACKLOG)
            self._watchman = asyncio.create_task(self._go_round())
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that it leaves, take nobody new, let the listeners go, finish what is under way, then stop."""
        self._notify("STOPPING=1")
        self._closing.is_draining = True
        await self._drain()
        for server in self.servers:
            # Before the goodbye: who listens comes back at once, and must find another hub, or none.
            server.close()
        await self._closing.begin(GOODBYE_SECONDS)
        await super().shutdown(sockets)
        if self._watchman is not None:
            self._watchman.cancel()
            with suppress(asyncio.CancelledError):
                await self._watchman
        # uvicorn would raise the signal again when it is done; a hub that was asked to stop has stopped.
        self._captured_signals.clear()

    async def _drain(self) -> None:
        """Serve on until every proxy has seen that this hub is not ready; a second signal cuts that short."""
        until = asyncio.get_running_loop().time() + self._drain_seconds
        # uvicorn's handler of signals sets a flag: there is nothing to wait for.
        while asyncio.get_running_loop().time() < until and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(min(0.1, self._drain_seconds))

    async def _go_round(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._bounds.round_seconds)
            self._notify("WATCHDOG=1")
            now = loop.time()
            for one in list(self._bounds.watched):
                one.look(now)


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


def server_for(app: Starlette, on_ready: Callable[[], None], notify: Notify = silent) -> HubServer:
    """Return a server for what `hub/app.py` built; run it with a socket of `open_socket`."""
    settings: Settings = app.state.settings
    relays = (*LOOPBACK, *settings.trusted_proxies)
    crowd = Crowd(settings.connections, settings.connections_per_address, relays)
    config = BoundedConfig(
        app,
        Bounds.of(settings, crowd),
        loop="asyncio",
        ws_max_size=LARGEST_FRAME_IN,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PONG_SECONDS,
        access_log=False,  # addresses may hold one-time links
        log_config=None,
        log_level="error",  # what strangers send wrong is no news
        lifespan="on",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=ACCEPTED_AT_A_TIME,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return HubServer(config, app.state.closing, on_ready, settings.drain_seconds, notify)


def run(
    app: Starlette,
    settings: Settings,
    on_ready: Callable[[str], None] | None = None,
    bound: socket.socket | None = None,
    notify: Notify = silent,
) -> None:
    """Serve until a signal says stop; logs one line to standard error when it listens.

    Args:
        app: what `hub/app.py` built.
        settings: host and port.
        on_ready: called with the address, in the event loop, once the hub listens.
        bound: a socket of `open_socket`, for whoever must have the address before all else.
        notify: tells the supervisor.

    Raises:
        SettingsRefused: the address cannot be had.
        StoreUnavailable, HubNotInitialised: why the hub could not start.
    """
    bound = open_socket(settings) if bound is None else bound
    address = address_of(bound)
    log_lines(settings.log, settings.log_level)

    def ready() -> None:
        spare_the_views()
        logging.getLogger("hub").info("The hub listens on %s", address)
        notify("READY=1")
        if on_ready is not None:
            on_ready(address)

    allow_files(settings.connections + FILES_BESIDES)
    spare_the_start()
    try:
        server_for(app, ready, notify).run(sockets=[bound])
    except SystemExit as end:
        # uvicorn ends the process when a start fails, and shows a trace in place of the reason.
        fault: BaseException | None = app.state.starting.fault
        if isinstance(fault, TOLD):
            raise fault from end
        logging.getLogger(OWN).exception("The hub could not start", exc_info=fault)
        raise


def allow_files(wanted: int) -> None:
    """Let this process open that many files, as far as the system allows; each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
