"""Follows the live feed over WebSocket: reconnects by itself and remembers how far it came."""

import json
import socket
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from hub.client.answers import FIRST_PAUSE, LONGEST_PAUSE, Turned, Unreachable

Json = Any

LARGEST_MESSAGE = 8 * 1024 * 1024
TRY_LATER = 500
GOODBYE_SECONDS = 0.5


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
        self._waited, self._next_pause = 0.0, FIRST_PAUSE
        self._was_reached = False
        self._is_stopped = False
        self._socket: socket.socket | None = None

    def stop(self) -> None:
        """End `messages` soon; for a signal handler.

        A connection ends by itself when its socket is shut: nothing is raised, since what a handler raises is lost
        when it falls into a finalizer. Where there is no connection yet, or not any more, nothing can be shut.

        Raises:
            KeyboardInterrupt: it waits, or is about to connect.
        """
        self._is_stopped = True
        if self._socket is None:
            raise KeyboardInterrupt
        with suppress(OSError):
            # Past TLS, if there is any: its object is another thread's at this moment. The other direction stays
            # open, for the goodbye of `websockets`.
            socket.socket.shutdown(self._socket, socket.SHUT_RD)

    def messages(self) -> Iterator[str]:
        """Yield each message as the hub sent it, until `stop`.

        Raises:
            Unreachable: not reached once within the timeout of the feed.
            Turned: the hub refuses the token, the cursor or a filter, or has revoked the token.
        """
        while not self._is_stopped:
            reason = yield from self._until_it_breaks()
            if not self._is_stopped:
                self._wait(reason)

    def _until_it_breaks(self) -> Generator[str, None, str]:
        """Yield what comes over one connection, and return why it ended."""
        try:
            for text in self._connection():
                self._waited, self._next_pause = 0.0, FIRST_PAUSE
                yield text
                if self._is_stopped:
                    break
        except InvalidStatus as refused:
            if refused.response.status_code < TRY_LATER:
                raise _turned(refused) from refused
            return f"it answered {refused.response.status_code}"
        except (OSError, WebSocketException) as error:
            return type(error).__name__
        return "it closed the connection"

    def _wait(self, reason: str) -> None:
        pause, timeout = self._next_pause, self._feed.timeout
        if not self._was_reached and timeout is not None and self._waited >= timeout:
            raise Unreachable(f"The hub could not be reached ({reason}).")
        self._told(f"The hub is away ({reason}); trying again in {pause:g} s.")
        self._pause(pause)
        self._waited, self._next_pause = self._waited + pause, min(pause * 2, LONGEST_PAUSE)

    def _connection(self) -> Iterator[str]:
        headers = {"Authorization": f"Bearer {self._feed.token}"} if self._feed.token else {}
        address = self._feed.address(self._after)
        with connect(
            address,
            additional_headers=headers,
            max_size=LARGEST_MESSAGE,
            close_timeout=GOODBYE_SECONDS,
            compression=None,
            proxy=None,
        ) as connection:
            self._was_reached = True
            self._socket = connection.socket
            try:
                yield from self._frames(connection)
            finally:
                self._socket = None

    def _frames(self, connection: ClientConnection) -> Iterator[str]:
        for frame in () if self._is_stopped else connection:
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
