"""Follows the live feed over WebSocket: reconnects by itself and remembers how far it came."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect

from hub.client.answers import FIRST_PAUSE, LONGEST_PAUSE, Turned, Unreachable

Json = Any

LARGEST_MESSAGE = 8 * 1024 * 1024
TRY_LATER = 500


@dataclass(frozen=True, slots=True)
class Feed:
    """Which feed to follow.

    Args:
        url: address of the hub.
        token: whose eyes; empty for the public's.
        filters: `type`, `country`, `about` and their values.
        timeout: seconds to wait for the first connection; None waits for ever.
    """

    url: str
    token: str
    filters: Sequence[tuple[str, str]] = ()
    timeout: float | None = None

    def address(self, after: str) -> str:
        """Return the WebSocket address from a cursor on."""
        query = urlencode([("after", after), *self.filters])
        return f"ws{self.url.removeprefix('http')}/api/v1/feed?{query}"


class Follower:
    """Yields the messages of a feed, across connections.

    Args:
        feed: what to follow.
        after: `begin`, `now` or a cursor.
        pause: waits that many seconds; `time.sleep` outside tests.
        told: is called with a sentence before each pause.
    """

    def __init__(
        self, feed: Feed, after: str, pause: Callable[[float], None], told: Callable[[str], None]
    ) -> None:
        self._feed = feed
        self._after = after
        self._pause = pause
        self._told = told
        self._was_reached = False

    def messages(self) -> Iterator[str]:
        """Yield each message as the hub sent it, for ever.

        Raises:
            Unreachable: not reached once within the timeout of the feed.
            Turned: the hub refuses the token, the cursor or a filter, or has revoked the token.
        """
        waited, pause = 0.0, FIRST_PAUSE
        while True:
            try:
                for text in self._connection():
                    waited, pause = 0.0, FIRST_PAUSE
                    yield text
                reason = "it closed the connection"
            except InvalidStatus as refused:
                if refused.response.status_code < TRY_LATER:
                    raise _turned(refused) from refused
                reason = f"it answered {refused.response.status_code}"
            except (OSError, WebSocketException) as error:
                reason = type(error).__name__
            if not self._was_reached and self._feed.timeout is not None and waited >= self._feed.timeout:
                raise Unreachable(f"The hub could not be reached ({reason}).")
            self._told(f"The hub is away ({reason}); trying again in {pause:g} s.")
            self._pause(pause)
            waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE)

    def _connection(self) -> Iterator[str]:
        headers = {"Authorization": f"Bearer {self._feed.token}"} if self._feed.token else {}
        address = self._feed.address(self._after)
        with connect(
            address, additional_headers=headers, max_size=LARGEST_MESSAGE, compression=None, proxy=None
        ) as socket:
            self._was_reached = True
            for frame in socket:
                text = frame if isinstance(frame, str) else frame.decode()
                message = json.loads(text)
                yield text
                self._after = message.get("cursor") or self._after
                if message.get("kind") == "bye" and message.get("reason") == "revoked":
                    raise Turned(403, "The token was revoked.")


def cursor_of(text: str) -> str | None:
    """Return the cursor of a feed message."""
    cursor = json.loads(text).get("cursor")
    return None if cursor is None else str(cursor)


def read_state(file: Path) -> str | None:
    """Return the cursor that `write_state` left, if any."""
    try:
        return file.read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None


def write_state(file: Path, cursor: str) -> None:
    """Remember a cursor; whoever reads finds the old one or the new one, never a piece."""
    beside = file.with_name(file.name + ".new")
    beside.write_text(cursor + "\n", encoding="ascii")
    beside.replace(file)


def _turned(refused: InvalidStatus) -> Turned:
    try:
        problem = json.loads(refused.response.body or b"")
        detail = problem.get("detail") or problem.get("title")
    except (ValueError, AttributeError):
        detail = None
    status = refused.response.status_code
    return Turned(status, str(detail or f"The hub answered {status}."))
