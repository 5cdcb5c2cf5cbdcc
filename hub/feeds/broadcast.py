"""Tells all listeners of one hub: reads pages when something moved, and hands them to the board."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

import anyio

from events.audience import PUBLIC
from events.clock import Clock
from hub.feeds.board import Board, Key
from hub.feeds.courtesy import Courtesy
from hub.feeds.frames import Place
from hub.feeds.patience import Patience
from hub.feeds.protocol import MOST_TOGETHER, FeedBatch, Listener
from hub.feeds.rights import Rights
from hub.feeds.sharing import SharedPages
from hub.pulse import Pulse
from hub.settings import Settings
from hub.state import Closing

AT_A_TIME = 16
"""Listeners who are given a page before others have their turn: a millisecond or two of the event loop."""


PAGES_AT_A_TIME = 8

DEBTORS_EVERY = timedelta(minutes=1)
"""How often it is asked who owes an answer to an erasure: of the two weeks that they have it is nothing."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the broadcaster reads.

    Args:
        shared: the pages.
        pulse: says when something moved.
        rights: of those who listen.
        closing: says when the hub is about to stop.
        clock: the present moment.
    """

    shared: SharedPages
    pulse: Pulse
    rights: Rights
    closing: Closing
    clock: Clock


class Broadcaster:
    """One for all listeners: none of them has a task that wakes for an event."""

    def __init__(self, sources: Sources, settings: Settings) -> None:
        self._shared = sources.shared
        self._pulse = sources.pulse
        self._rights = sources.rights
        self._closing = sources.closing
        self._clock = sources.clock
        self._asked = self._clock()
        patience = Patience.of(settings.slow_seconds)
        self.board = Board(patience, settings.beat_seconds)
        self.courtesy = Courtesy()
        self._round_seconds = min(0.25, patience.for_goodbye / 3, settings.beat_seconds / 4)
        self._is_resting = self._is_stuck = False
        self._wanted = asyncio.Event()
        self._rested: dict[Listener, None] = {}
        self._rest = asyncio.Event()

    def enter(self, listener: Listener) -> None:
        """Begin to tell somebody."""
        reader = self._rights.enter(listener)
        self.board.enter(listener, self._shared.class_of(reader or PUBLIC))
        self._wanted.set()
        if reader is None or self._closing.begun.is_set():
            self.board.dismiss(listener, "revoked" if reader is None else "restart", _now())

    def left(self, listener: Listener) -> None:
        """Forget somebody who is not there any more."""
        self._rested.pop(listener, None)
        self._rights.left(listener)
        self.board.left(listener)

    def paused(self, listener: Listener) -> None:
        """Note that somebody's line is full."""
        self.board.paused(listener, _now())

    def resumed(self, listener: Listener) -> None:
        """Go on with somebody who takes something again, when it is his turn: thousands may do so at once."""
        self._rested[listener] = None
        self._rest.set()

    def took(self, listener: Listener) -> None:
        """Go on with somebody who has fetched something."""
        if listener.state == "leaving":
            return
        listener.took()
        if listener.next() is None:
            self.board.seat(listener, _now())
            self._wanted.set()

    async def run(self) -> None:
        """Tell everybody, until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._tell)
            tasks.start_soon(self._serve)
            tasks.start_soon(self._resume)
            tasks.start_soon(self._go_round)

    async def _tell(self) -> None:
        """Tell those who have everything what is new."""
        while True:
            bell = self._pulse.next()
            self._check()
            behind = self.board.behind(self._shared.position)
            self._wanted.set()
            if behind and await self._tell_groups(behind, await self._edges(behind)):
                continue
            self._is_resting, self._is_stuck = True, bool(behind)
            await bell.wait()
            self._is_resting = False

    async def _tell_groups(
        self, behind: Sequence[tuple[Key, Place]], pages: Sequence[FeedBatch | None]
    ) -> bool:
        """Tell groups their pages, so many listeners at a time; tell whether anybody stands elsewhere now."""
        self._check()
        began, told, is_moving = _now(), 0, False
        for (key, place), batch in zip(behind, pages, strict=True):
            if batch is None:
                continue
            for group in self.board.groups(key, place):
                if told and told + len(group) > MOST_TOGETHER:
                    told = 0
                    await self._let_go_first(began)
                    began = _now()
                    self._check()
                told += len(group) if batch.frames else 0
                group.tell(batch, _now())
            self.board.tidy(key)
            is_moving |= batch.place != place
        return is_moving

    async def _serve(self) -> None:
        """Let the others catch up."""
        while True:
            self._wanted.clear()
            if self._is_resting and not self._is_stuck:
                self._ring_if_behind()
            wanted = self.board.wanted()[:PAGES_AT_A_TIME]
            if not wanted:
                await self._wanted.wait()
                continue
            for (key, place), batch in zip(wanted, await self._pages(wanted), strict=True):
                more = batch is not None
                while more and batch is not None:
                    began = _now()
                    self._check()
                    more = self.board.serve(key, place, batch, AT_A_TIME, began)
                    await self._let_go_first(began)

    async def _resume(self) -> None:
        """Go on with those who take something again."""
        while True:
            await self._rest.wait()
            self._rest.clear()
            while self._rested:
                began = _now()
                self._check()
                for listener in list(islice(self._rested, AT_A_TIME)):
                    self._rested.pop(listener, None)
                    self.board.resumed(listener, began)
                self._wanted.set()
                await self._let_go_first(began)

    async def _let_go_first(self, began: float) -> None:
        """Let all others have their turn, and whoever publishes a few more, after what was done since `began`."""
        took = _now() - began
        await asyncio.sleep(0)
        await self.courtesy.turn(took)

    async def _edges(self, behind: Sequence[tuple[Key, Place]]) -> list[FeedBatch | None]:
        """Read what follows, once for all who stand at the same place; where that cannot be had, page by page."""
        found: dict[tuple[Key, Place], FeedBatch | None] = {}
        at: dict[Place, list[Key]] = {}
        for key, place in behind:
            if not place.part:
                at.setdefault(place, []).append(key)
        read = (self._shared.edge(place.position, keys) for place, keys in at.items())
        for (place, keys), edge in zip(
            at.items(), await asyncio.gather(*read, return_exceptions=True), strict=True
        ):
            if isinstance(edge, BaseException):
                logging.getLogger("hub").error("the edge of the feed cannot be read", exc_info=edge)
            elif edge is not None:
                found |= {(key, place): batch for key, batch in zip(keys, edge, strict=True)}
        rest = [one for one in behind if one not in found]
        found |= dict(zip(rest, await self._pages(rest), strict=True))
        return [found[one] for one in behind]

    async def _pages(self, wanted: Sequence[tuple[Key, Place]]) -> list[FeedBatch | None]:
        """Read pages; whoever waits for one that cannot be read is asked to come again."""
        reading = (self._shared.page(reader, query, place) for (reader, query), place in wanted)
        found: list[FeedBatch | None] = []
        for (key, place), page in zip(
            wanted, await asyncio.gather(*reading, return_exceptions=True), strict=True
        ):
            if isinstance(page, BaseException):
                logging.getLogger("hub").error("a page of the feed cannot be read", exc_info=page)
                for listener in self.board:
                    if self.board.key(listener) == key and listener.place == place:
                        self.board.dismiss(listener, "restart", _now())
                found.append(None)
            else:
                found.append(page)
        return found

    async def _go_round(self) -> None:
        while True:
            await asyncio.sleep(self._round_seconds)
            self._check()
            await self._turn_away_debtors()
            self.board.look(_now())
            self._wanted.set()
            self._ring_if_behind()

    async def _turn_away_debtors(self) -> None:
        """Let go of those who owe an answer to an erasure for too long; when they come again, they are told so."""
        now = self._clock()
        # Either way: a clock may be set back.
        if abs(now - self._asked) < DEBTORS_EVERY:
            return
        self._asked = now
        readers = {self.board.key(one)[0] for one in self.board} - {PUBLIC}
        asked = await asyncio.gather(
            *(self._shared.owes(reader, now) for reader in readers), return_exceptions=True
        )
        owing = {reader for reader, owes in zip(readers, asked, strict=True) if owes is True}
        for listener in [one for one in self.board if self.board.key(one)[0] in owing]:
            self.board.dismiss(listener, "restart", _now())

    def _ring_if_behind(self) -> None:
        """Ring for whoever has joined with a page that was read before the last event: else no bell does.

        While the timeline stands still, which all of the hub does not wait for, that is of no use: then it is done only
        on the round.
        """
        if self.board.is_behind(self._shared.position):
            self._pulse.ring()

    def _check(self) -> None:
        """Let go of those who may not listen any more, before anything else is said."""
        if self._closing.begun.is_set():
            for listener in self.board:
                self.board.dismiss(listener, "restart", _now())
        for listener in self._rights.lost():
            self.board.dismiss(listener, "revoked", _now())


def _now() -> float:
    return asyncio.get_running_loop().time()
