"""How long a feed waits for a listener who takes nothing, and how it lets go of him."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio

ABORT = "hub.abort"
"""An ASGI extension: `scope["extensions"][ABORT]["abort"]()` ends the connection without waiting for anything."""

NOTICED_SECONDS = 1.0
_SHARE_BEFORE_GOODBYE = 0.8


@dataclass(frozen=True, slots=True)
class Patience:
    """After `before_goodbye` seconds a listener is behind; he has `for_goodbye` more to hear it, then he is dropped."""

    before_goodbye: float
    for_goodbye: float

    @classmethod
    def of(cls, seconds: float) -> "Patience":
        """Return how to spend that many seconds."""
        before = seconds * _SHARE_BEFORE_GOODBYE
        return cls(before, seconds - before)


async def drop(scope: Mapping[str, Any]) -> None:
    """End a connection at once, where the server can do that, and give it time to say that the listener has gone."""
    extension = scope.get("extensions", {}).get(ABORT)
    if extension is not None:
        extension["abort"]()
        await anyio.sleep(NOTICED_SECONDS)
