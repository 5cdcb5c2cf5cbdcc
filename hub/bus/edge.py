"""The public edge: follows the public stream into a log of its own, and has nothing else."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

import anyio
import anyio.to_thread

from hub.access import Callers, Credential
from hub.accounts import Account
from hub.bus.link import PUBLIC, Link, Said, linked
from hub.bus.relay import keep
from hub.bus.words import Word, word_in

LOOK_SECONDS = 1.0
MOST_WAITING = 1_000

_PARTS = {"kind", "source", "id", "stem", "reason", "was", "event", "cursor", "after"}
"""What every word has."""


class Words(Protocol):
    """The edge's own log."""

    def apply(self, words: Sequence[Word], stands: Mapping[str, str]) -> None:
        """Take words."""

    def stand(self, name: str) -> str | None:
        """Return what was noted."""


class Strangers(Callers):
    """An edge has no accounts: whoever calls is the public."""

    def __init__(self) -> None:
        """Know nobody."""

    def account_of(self, credential: Credential | None) -> Account | None:
        """Return nobody."""
        return None


class Nobody:
    """In the place of tables of accounts and personal addresses."""

    def version(self) -> int:
        """Return the same for ever."""
        return 0

    def of(self, key: str) -> None:
        """Return nothing: no key works here."""


class Edge:
    """Reads the public stream.

    What comes live is taken if it says that it follows the last word; else, and from time to time, the stream is asked.

    Args:
        url: of the bus.
        words: the edge's log.
    """

    def __init__(self, url: str, words: Words) -> None:
        self._url = url
        self._words = words
        self._waiting: deque[Said] = deque(maxlen=MOST_WAITING)
        self._rung = asyncio.Event()
        self._limiter = anyio.CapacityLimiter(1)

    async def run(self) -> None:
        """Follow until cancelled."""
        await keep("edge", self._follow)

    async def _follow(self) -> None:
        async with linked(self._url, "EDGE", self._rung.set) as link:
            await link.listen(PUBLIC, self._hear)
            while True:
                await self._ask(link)
                await self._rest()
                while self._waiting and await self._take_live():
                    pass

    async def _hear(self, said: Said) -> None:
        self._waiting.append(said)
        self._rung.set()

    async def _rest(self) -> None:
        with anyio.move_on_after(LOOK_SECONDS):
            await self._rung.wait()
        self._rung.clear()

    async def _ask(self, link: Link) -> None:
        """Read what the stream has behind what was read of it."""
        made = (await link.extent(PUBLIC)).made
        is_same = self._words.stand("made") == made
        sequence = int(self._words.stand("sequence") or 0) if is_same else 0
        while page := await link.after(PUBLIC, sequence):
            sequence = page[-1].sequence
            words = [word for word in map(_word, page) if word is not None]
            await self._apply(words, {"made": made, "sequence": str(sequence)})

    async def _take_live(self) -> bool:
        """Take what came live, as long as it follows what is there; tell whether it did."""
        last, words = self._words.stand("cursor") or "", []
        while self._waiting:
            word = _word(self._waiting.popleft())
            if word is None or word["after"] != last:
                break
            words.append(word)
            last = word["cursor"]
        if words:
            await self._apply(words, {})
        return bool(words)

    async def _apply(self, words: Sequence[Word], stands: Mapping[str, str]) -> None:
        last = {"cursor": str(words[-1]["cursor"])} if words else {}
        await anyio.to_thread.run_sync(self._words.apply, words, {**stands, **last}, limiter=self._limiter)


def _word(said: Said) -> Word | None:
    """Return the word in a message; None if it is none: whoever may ask the servers can have them answer to all."""
    word = word_in(said.box)
    return word if word.keys() >= _PARTS else None
