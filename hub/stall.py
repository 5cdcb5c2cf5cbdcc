"""Readers who take nothing: for how long already, and how a connection ends that nothing can be said to."""

import socket
import struct
from asyncio import Transport
from contextlib import suppress

_NO_LINGERING = struct.pack("ii", 1, 0)


class Stall:
    """How long something has waited for a reader who takes nothing."""

    __slots__ = ("_since", "_waited")

    def __init__(self) -> None:
        self._waited = 0
        self._since: float | None = None

    def moves(self) -> None:
        """Note that the reader takes something."""
        self._since = None

    def seconds(self, transport: Transport, now: float) -> float:
        """Return for how long what waits has not become less; 0 when nothing waits."""
        waiting = transport.get_write_buffer_size()
        if not waiting:
            self._since = None
            return 0.0
        if self._since is None or waiting < self._waited:
            self._since = now
        self._waited = waiting
        return now - self._since


def drop(transport: Transport) -> None:
    """End a connection at once: what waits in user space and in the kernel is thrown away."""
    opened = transport.get_extra_info("socket")
    with suppress(OSError):
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
    transport.abort()


def untie(transport: Transport) -> None:
    """Let a connection that has ended be freed at once.

    asyncio keeps a method of the transport in the transport: tied in a circle, thousands of dead connections would
    wait for the garbage collector, which hardly ever looks at what is old.
    """
    vars(transport).pop("_read_ready_cb", None)
