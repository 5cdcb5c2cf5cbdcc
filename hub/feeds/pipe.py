"""What our own server offers beside ASGI: a connection to which framed bytes are written straight."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from hub.feeds.frames import Framing

PIPE = "hub.pipe"
"""An ASGI extension: `scope["extensions"][PIPE]["open"](watcher)` returns a `Pipe`; the answer must have begun."""


class Watcher(Protocol):
    """Who is told, in the event loop, what becomes of a connection."""

    def paused(self) -> None:
        """So much waits that nothing should be written."""

    def resumed(self) -> None:
        """The far end has taken most of it."""

    def lost(self) -> None:
        """Nothing can be written any more."""

    def spoke(self) -> float:
        """Return when, by the event loop's clock, something was written last, as far as is known."""


class Pipe(Protocol):
    """A connection of our server, from the moment when the application took it over."""

    framing: Framing
    file: int | None
    """Where the same bytes may be written straight to as long as it is ready, if that is possible."""
    write: Callable[[bytes], None]
    """Sends bytes that are framed already, or keeps them until the far end takes them."""

    def is_ready(self) -> bool:
        """Tell whether it is open and little waits in it."""

    def release(self) -> None:
        """Give it back: from now on ASGI messages end it."""


def pipe_of(scope: Mapping[str, Any], watcher: Watcher) -> Pipe | None:
    """Take over a connection, where the server can do that."""
    extension = scope.get("extensions", {}).get(PIPE)
    pipe: Pipe | None = None if extension is None else extension["open"](watcher)
    return pipe
