"""The announcer: what is clear goes to the stream of the public edges, and what is clear no more is destroyed there."""

import logging
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Any, Protocol

import anyio
import anyio.to_thread
import orjson

from events.cursor import Cursors, UnknownCursor
from events.event import Json, Position
from hub.bus.link import PUBLIC, Extent, Letter, Link, OutOfTurn
from hub.bus.words import Word, word_in

EVENTS = 200
AT_ONCE = 32
LOOK_SECONDS = 0.5
VIEWS_SECONDS = 60.0
TOO_LARGE = 4096
"""What a message needs beside its word, at most."""

Place = tuple[Position, int]


class Words(Protocol):
    """The views, as far as the announcer needs them."""

    def public_words(self, after: Position, limit: int) -> tuple[list[tuple[Position, int, Any]], Position]:
        """Return what anybody may read of events behind a position, and how far that goes."""

    def wait_for(self, position: Position, timeout: float) -> bool:
        """Wait until the views have a position."""


class Judge(Protocol):
    """What words mean to those who have older ones."""

    def is_same(self, one: Any, other: Any) -> bool:
        """Tell whether two words let an event read the same."""

    def forgets(self, word: Any) -> bool:
        """Tell whether what was said of the event before must go."""


class Announcer:
    """Writes words to their stream, from where its last message says that it ends.

    Args:
        words: of the views.
        judge: of words.
        cursors: say where a word stands, to this hub alone.
        key: names events in subjects; nobody else can tell which.
        log: tells this log from what it was before it was restored; each word says so.
        head: returns the last position of the log.
    """

    def __init__(
        self, words: Words, judge: Judge, cursors: Cursors, key: bytes, log: str, head: Callable[[], Position]
    ) -> None:
        self._words = words
        self._log = log
        self._head = head
        self._judge = judge
        self._cursors = cursors
        self._key = key
        self._limiter = anyio.CapacityLimiter(1)

    async def run(self, link: Link, is_mine: Callable[[], Awaitable[bool]]) -> None:
        """Write while it is this hub's turn; return when it is not."""
        sequence, place, last = await self._end(link)
        reached = Position(max(0, place[0] - 1))
        while await is_mine():
            found, further = await self._next(reached)
            if further == reached:
                if (await link.make(PUBLIC)).last != sequence:
                    raise OutOfTurn
                continue
            fresh = [(one[:2], one[2]) for one in found if one[:2] > place]
            for start in range(0, len(fresh), AT_ONCE):
                sequence, last = await self._say(link, fresh[start : start + AT_ONCE], (sequence, last))
            place, reached = (fresh[-1][0] if fresh else place), further

    async def _end(self, link: Link) -> tuple[int, Place, str]:
        """Return the number of the stream's last message, the place that it tells, and its cursor."""
        extent = await link.make(PUBLIC)
        last = await link.last(PUBLIC, extent)
        if last is None:
            return extent.last, (Position(0), 0), ""
        word = word_in(last.box)
        try:
            cursor = str(word["cursor"])
            place = self._cursors.decode(cursor)
        except (UnknownCursor, KeyError):
            return await self._anew(link)
        if word.get("log") != self._log or not await anyio.to_thread.run_sync(self._says, place, word):
            return await self._anew(link)
        return last.sequence, place, cursor

    def _says(self, place: Place, word: Word) -> bool:
        """Tell whether the log says what a word says: one that was restored from a backup may go on differently."""
        # The views of a hub that starts may be behind what it said before; beyond the log there is nothing to wait for.
        if place[0] > self._head() or not self._words.wait_for(place[0], VIEWS_SECONDS):
            return False
        words, _ = self._words.public_words(Position(place[0] - 1), 1)
        return any(one[:2] == place and self._judge.is_same(one[2], word) for one in words)

    async def _anew(self, link: Link) -> tuple[int, Place, str]:
        logging.getLogger("hub").warning("the public stream of the bus is of another log; it is made anew")
        await link.delete(PUBLIC)
        extent: Extent = await link.make(PUBLIC)
        return extent.last, (Position(0), 0), ""

    async def _next(self, reached: Position) -> tuple[list[tuple[Position, int, Any]], Position]:
        def read() -> tuple[list[tuple[Position, int, Any]], Position]:
            if not self._words.wait_for(Position(reached + 1), LOOK_SECONDS):
                return [], reached
            return self._words.public_words(reached, EVENTS)

        return await anyio.to_thread.run_sync(read, limiter=self._limiter)

    async def _say(self, link: Link, words: list[tuple[Place, Any]], end: tuple[int, str]) -> tuple[int, str]:
        """Write words behind the end of the stream, and return its new end."""
        sequence, last = end
        letters: list[Letter] = []
        known: dict[str, Word] = {}
        gone: list[tuple[str, int]] = []
        for place, word in words:
            subject = self._subject(word)
            if word["reason"] is not None and await self._is_known(link, subject, known.get(subject), word):
                continue
            cursor = self._cursors.encode(*place)
            box = orjson.dumps({**word, "log": self._log, "cursor": cursor, "after": last})
            if len(box) > link.most_bytes - TOO_LARGE:
                logging.getLogger("hub").warning(
                    "an event is too large for the bus; the public edges lack it"
                )
                continue
            letters.append(Letter(subject, box, cursor))
            last, known[subject] = cursor, word
            if self._judge.forgets(word):
                gone.append((subject, sequence + len(letters)))
        sequence = await link.publish_all(letters, sequence)
        for subject, number in gone:
            await link.forget_before(PUBLIC, subject, number)
        return sequence, last

    async def _is_known(self, link: Link, subject: str, known: Word | None, word: Word) -> bool:
        """Tell whether the stream says the same of an event already: then only what is hidden has changed."""
        if known is None:
            said = await link.newest(PUBLIC, subject)
            known = None if said is None else word_in(said)
        return known is not None and self._judge.is_same(known, word)

    def _subject(self, word: Json) -> str:
        named = f"{word['source']} {word['id']}".encode()
        return f"hub.public.{blake2b(named, digest_size=16, key=self._key).hexdigest()}"
