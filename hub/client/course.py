"""Following a feed, without a socket: where to go on, how long to wait, and when to give up.

Whatever carries the feed tells a `Course` what happened, and does what it answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from hub.client.answers import (
    AGAIN,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    NO_HUB,
    Turned,
    Unreachable,
    refusal_of,
)
from hub.client.messages import Bye, FeedMessage, message_of

FEED = "/api/v1/feed"
BEGIN, NOW = "begin", "now"
SILENCE_SECONDS = 45.0
"""Three beats of a hub with the usual settings."""

SPREAD_SECONDS = 2.0
"""Over how long those come back who were all sent away at once."""


@dataclass(frozen=True, slots=True)
class Feed:
    """Which feed to follow.

    Args:
        url: address of the hub.
        token: whose eyes; empty for the public's.
        filters: `type`, `country`, `about`, ... and their values.
        timeout: seconds to wait for the first connection; None waits for ever.
        silence: seconds without a byte after which a connection is taken for dead.
        longest: seconds that one message may take to come, however slow the line; None: any.
    """

    url: str
    token: str = ""
    filters: Sequence[tuple[str, str]] = ()
    timeout: float | None = None
    silence: float = SILENCE_SECONDS
    longest: float | None = None

    def address(self, after: str) -> str:
        """Return the WebSocket address from a cursor on."""
        query = urlencode([("after", after), *self.filters])
        return f"ws{self.url.rstrip('/').removeprefix('http')}{FEED}?{query}"

    @property
    def headers(self) -> dict[str, str]:
        """What the handshake bears."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait that many seconds, then connect again; `sentence` says why."""

    seconds: float
    sentence: str


class Course:
    """One follower, across its connections.

    Args:
        feed: what to follow.
        after: `begin`, `now` or a cursor.
        random: a number from 0 to 1, so that those who lost a hub together do not come back together.
    """

    def __init__(self, feed: Feed, after: str, random: Callable[[], float]) -> None:
        self._feed = feed
        self._random = random
        self._failures = 0
        self._waited = 0.0
        self._was_reached = False
        self._goodbye: str | None = None
        self.cursor = after

    @property
    def address(self) -> str:
        """Where to connect next."""
        return self._feed.address(self.cursor)

    def reached(self) -> None:
        """Note that the hub accepted a connection."""
        self._was_reached = True
        self._goodbye = None

    def heard(self, text: str) -> FeedMessage:
        """Read what the hub said, and note how far that goes.

        Raises:
            NoMessage: it is no message; the connection is of no use.
        """
        message = message_of(text)
        self.cursor = message.cursor
        if isinstance(message, Bye):
            self._goodbye = message.reason
        else:
            self._failures, self._waited = 0, 0.0
        return message

    def refused(self, status: int, headers: Mapping[str, str], body: bytes) -> Pause:
        """Say what to do after a handshake that the hub refused.

        Raises:
            Turned: coming back would not help: the token, the cursor or a filter is refused.
            Unreachable: time to give up.
        """
        if status in AGAIN:
            return self.broken(f"it answered {status}", retry_after(headers))
        turned = refusal_of(status, headers, body)
        if turned is not None:
            raise turned
        return self.broken(NO_HUB)

    def broken(self, reason: str, at_least: float = 0.0) -> Pause:
        """Say what to do after a connection that ended, or never began.

        Args:
            reason: why, in a few words.
            at_least: seconds that the hub asked for.

        Raises:
            Turned: the hub has said that the token was revoked.
            Unreachable: not reached once within the timeout of the feed.
        """
        if self._goodbye == "revoked":
            raise Turned(403, "The token has expired or was revoked.")
        timeout = self._feed.timeout
        if not self._was_reached and timeout is not None and self._waited >= timeout:
            raise Unreachable(f"The hub could not be reached ({reason}).")
        seconds = max(at_least, self._next_seconds())
        if timeout is not None and not self._was_reached:
            seconds = min(seconds, timeout - self._waited)
        self._failures += 1
        self._waited += seconds
        if self._goodbye is not None:
            reason = "it restarts" if self._goodbye == "restart" else "we were too slow for it"
        return Pause(seconds, f"The hub is away ({reason}); trying again in {seconds:.2g} s.")

    def _next_seconds(self) -> float:
        """Double each time; between half of it and all of it by chance."""
        if self._goodbye == "restart" and not self._failures:
            return self._random() * SPREAD_SECONDS
        longest: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures, 10))
        return longest * (1 + self._random()) / 2


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that an answer asks to wait, within reason."""
    said = headers.get("retry-after", "")
    return min(float(said), LONGEST_PAUSE) if said.isascii() and said.isdigit() else 0.0
