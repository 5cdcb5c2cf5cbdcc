"""Follows the live feed over WebSocket: comes back by itself, and notices a connection that is dead."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from ssl import SSLCertVerificationError
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from hub.client.answers import BAD_CERTIFICATE
from hub.client.course import Course, Feed, Pause
from hub.client.messages import Bye, FeedMessage, NoMessage

LARGEST_MESSAGE = 8 * 1024 * 1024
GOODBYE_SECONDS = 0.5
HANDSHAKE_SECONDS = 20.0


class Silent(Exception):
    """Nothing came for so long that the connection must be dead."""


class Straight(connect):
    """Connects to the hub that was named, or not at all: what another address has is no feed of it."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follow nothing."""
        return exc


class Listening(ClientConnection):
    """A connection that remembers when the last byte came.

    Bytes count, not messages: a long message over a slow line is no silence.
    """

    heard_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self.heard_at = self.loop.time()
        super().data_received(data)


@dataclass(frozen=True, slots=True)
class Ways:
    """What a follower needs of the world besides the network.

    Args:
        pause: waits that many seconds.
        told: is called with a sentence before each pause.
        host: says to which address a connection goes; None: wherever the name leads.
    """

    pause: Callable[[float], Awaitable[object]]
    told: Callable[[str], object]
    host: Callable[[], Awaitable[str]] | None = None


async def follow(feed: Feed, course: Course, ways: Ways) -> AsyncGenerator[FeedMessage, None]:
    """Yield every message from the cursor of `course` on, across connections, without end.

    Raises:
        Unreachable: not reached once within the timeout of the feed.
        Turned: the hub refuses the token, the cursor or a filter, or has revoked the token.
    """
    while True:
        pause = None
        try:
            async with aclosing(_messages(feed, course, ways)) as messages:
                async for message in messages:
                    yield message
        except InvalidStatus as refused:
            answer = refused.response
            headers = {name.lower(): value for name, value in answer.headers.raw_items()}
            pause = course.refused(answer.status_code, headers, bytes(answer.body))
        except (NoMessage, Silent) as broken:
            pause = course.broken(str(broken))
        except (OSError, WebSocketException) as broken:
            pause = course.broken(reason_of(broken))
        await _wait(pause or course.broken("it closed the connection"), ways)


async def _wait(pause: Pause, ways: Ways) -> None:
    ways.told(pause.sentence)
    await ways.pause(pause.seconds)


async def _messages(feed: Feed, course: Course, ways: Ways) -> AsyncGenerator[FeedMessage, None]:
    """Yield what comes over one connection until it ends."""
    there: dict[str, Any] = {} if ways.host is None else {"host": await ways.host()}
    opening = Straight(
        course.address,
        additional_headers=feed.headers,
        max_size=LARGEST_MESSAGE,
        open_timeout=min(HANDSHAKE_SECONDS, feed.silence),
        close_timeout=GOODBYE_SECONDS,
        ping_interval=None,  # the hub speaks often enough; pongs may be lost behind a long catching-up
        compression=None,
        proxy=None,
        create_connection=Listening,
        **there,
    )
    async with _connected(opening) as connection:
        course.reached()
        while (text := await _next(connection, feed)) is not None:
            message = course.heard(text)
            yield message
            if isinstance(message, Bye):
                return


@asynccontextmanager
async def _connected(opening: connect) -> AsyncGenerator[ClientConnection, None]:
    """Connect, and close politely in the end; whoever does not wait for that, leaves no connection open either."""
    connection = await opening
    try:
        yield connection
    finally:
        try:
            await connection.close()
        finally:
            connection.transport.abort()


async def _next(connection: ClientConnection, feed: Feed) -> str | None:
    """Return the next message, or None after the last; a byte within the silence of the feed is enough for a while.

    Raises:
        Silent: there was none, or the message took longer than the longest may.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    end = began + (float("inf") if feed.longest is None else feed.longest)
    while True:
        heard_at = connection.heard_at if isinstance(connection, Listening) else 0.0
        try:
            async with asyncio.timeout_at(min(end, max(began, heard_at) + feed.silence)):
                said = await connection.recv()
        except TimeoutError:
            is_speaking = isinstance(connection, Listening) and connection.heard_at > max(began, heard_at)
            if is_speaking and loop.time() < end:
                continue
            connection.transport.abort()
            if is_speaking:
                raise Silent(f"no whole message came for {feed.longest:g} s") from None
            raise Silent(f"nothing came for {feed.silence:g} s") from None
        except ConnectionClosed:
            return None
        return said if isinstance(said, str) else said.decode("utf-8", "replace")


def reason_of(broken: Exception) -> str:
    """Say why a connection ended or never began."""
    return BAD_CERTIFICATE if isinstance(broken, SSLCertVerificationError) else type(broken).__name__
