"""The pipe of one connection: how framed bytes reach its transport without a task, a queue or a copy."""

from asyncio import Transport
from typing import TYPE_CHECKING

from hub.feeds.frames import Framing
from hub.feeds.pipe import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable


class TransportPipe:
    """Writes to a transport, and passes on what the transport says."""

    __slots__ = ("_is_paused", "_transport", "_watcher", "file", "framing", "write")

    def __init__(self, transport: Transport, framing: Framing, watcher: Watcher) -> None:
        self.framing = framing
        self.file = _file(transport)
        self.write: Callable[[bytes], None] = transport.write
        # Whatever waits stops the writer: so a lump may be as large as all that may wait.
        transport.set_write_buffer_limits(high=0)
        self._transport = transport
        self._watcher: Watcher | None = watcher
        self._is_paused = transport.get_write_buffer_size() > 0

    def is_ready(self) -> bool:
        """Tell whether it is open and little waits in it."""
        return not self._is_paused and not self._transport.is_closing()

    def release(self) -> None:
        """Say nothing to the watcher any more."""
        self._watcher = None

    def spoke(self) -> float:
        """Return when something was written last, as far as is known."""
        return self._watcher.spoke() if self._watcher is not None else 0.0

    def paused(self) -> None:
        """Note that much waits for the far end."""
        self._is_paused = True
        if self._watcher is not None:
            self._watcher.paused()

    def resumed(self) -> None:
        """Note that the far end has taken most of it."""
        self._is_paused = False
        if self._watcher is not None:
            self._watcher.resumed()

    def lost(self) -> None:
        """Note that nothing can be written any more."""
        if self._watcher is not None:
            self._watcher.lost()


def _file(transport: Transport) -> int | None:
    """Return the file of a connection whose bytes go out as they are, which they do not where they are encrypted.

    The transport closes it after it has said that the connection is lost: whoever writes straight to it must have
    stopped by then, or might write to somebody else.
    """
    opened = transport.get_extra_info("socket")
    is_plain = opened is not None and transport.get_extra_info("sslcontext") is None
    return int(opened.fileno()) if is_plain and not transport.is_closing() else None
