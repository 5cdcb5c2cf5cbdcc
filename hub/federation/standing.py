"""How a peer stands: what stewards are told of it, and for how long it is left alone. Neither lets it set the pace."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import anyio
import anyio.to_thread

from events.clock import Clock
from events.submission import StoreUnavailable
from hub.federation.book import PeerBook
from hub.federation.sentences import SLOW

State = Literal["behind", "live", "away", "refused"]

FIRST_SECONDS, AGAIN_SECONDS = 0.5, 60.0
"""The first pause and the longest; a peer that refused is left alone for the longest."""

NOTE_SECONDS = 15.0
"""How often it is noted that nothing has changed: a peer that speaks without end must not wear out the disk."""

SLOW_SECONDS = 5.0
"""An answer that takes longer is told to stewards."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Why a peer is heard no more for now.

    Args:
        state: of it.
        said: a sentence.
    """

    state: State
    said: str


@dataclass(slots=True)
class Standing:
    """Notes how one peer is: at once what is new, and from time to time that it is still so.

    Args:
        book: of peers.
        name: of the peer.
        clock: the present moment.
        running: seconds that run on, whatever happens to the clock.
    """

    book: PeerBook
    name: str
    clock: Clock
    running: Callable[[], float] = anyio.current_time
    is_live: bool = False
    _last: tuple[str, str] = ("", "")
    _noted: float = field(default=float("-inf"))

    async def note(self, state: State, said: str = "") -> bool:
        """Note how it is; return whether that was written."""
        now = self.running()
        if (state, said) == self._last and now - self._noted < NOTE_SECONDS:
            return False
        try:
            await anyio.to_thread.run_sync(self.book.note, self.name, state, said, self.clock())
        except (sqlite3.Error, StoreUnavailable):
            return False  # the disk is full: the listening goes on, and says why
        self._last, self._noted = (state, said), now
        return True

    async def heard(self, took: float) -> bool:
        """Note that it speaks; `took` is how many seconds its last answer took. Return whether that was written."""
        said = SLOW % {"seconds": f"{took:.0f}"} if took > SLOW_SECONDS else ""
        return await self.note("live" if self.is_live else "behind", said)


class Pauses:
    """How long to leave a peer alone: twice as long each time, until it was heard for a minute.

    Args:
        random: a number from 0 to 1, so that hubs that lost one together do not come back together.
        running: seconds that run on, whatever happens to the clock.
    """

    def __init__(
        self, random: Callable[[], float], running: Callable[[], float] = anyio.current_time
    ) -> None:
        self._random = random
        self._running = running
        self._times = 0
        self._ended: float | None = None

    def next(self, at_least: float = 0.0) -> float:
        """Return how many seconds to wait now, `at_least` so many."""
        now = self._running()
        if self._ended is not None and now - self._ended >= AGAIN_SECONDS:
            self._times = 0
        longest: float = min(AGAIN_SECONDS, FIRST_SECONDS * 2 ** min(self._times, 10))
        self._times += 1
        seconds = max(at_least, longest * (1 + self._random()) / 2)
        self._ended = now + seconds
        return seconds
