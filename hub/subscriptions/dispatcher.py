"""Sends webhooks: in order for each subscription, many at once, and slow targets on a lane of their own."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar

import anyio
import anyio.to_thread

from events.clock import Clock
from events.submission import StoreUnavailable
from hub.outgoing import Status, TargetRefused, TargetUnreachable
from hub.subscriptions.letters import Letter
from hub.subscriptions.outbox import Answer, Outbox, Ready
from hub.subscriptions.subscription import Delivery, Subscription
from hub.subscriptions.turn import Duty

LANE = 32
"""Places in each lane."""

SLOW_SECONDS = 2.0
"""A target that took longer than this the last time is slow, and uses a lane where it holds up none but its like."""

Pace = Literal["new", "quick", "slow"]
"""How soon a target answered the last time; of one that was not called yet nobody knows."""

RESTS, MOST_REST = 3, 1.0
"""After looking it rests three times as long, at most a second: thousands of idle webhooks must not take a core."""

AGES_EVERY = timedelta(minutes=1)

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[Status]]
T = TypeVar("T")


class Bell(Protocol):
    """Rings when the views, or somebody's rights, have moved; the hub's pulse."""

    def next(self) -> asyncio.Event:
        """Return the event that is set when something moves after this call."""


class Dispatcher:
    """Serves every webhook that has something to get.

    Args:
        outbox: what goes to whom.
        post: makes the calls, by its own rules about where to.
        turn: whether this hub sends, or another on the same log does.
        clock: the present moment.
    """

    def __init__(self, outbox: Outbox, post: Post, turn: Duty, clock: Clock) -> None:
        self.outbox = outbox
        self._turn = turn
        self._post = post
        self._clock = clock
        self._nudged = asyncio.Event()
        self._busy: dict[str, anyio.CancelScope] = {}
        self._paces: dict[str, Pace] = {}
        self._lanes: Mapping[Pace, anyio.Semaphore] = {
            "new": anyio.Semaphore(LANE),
            "quick": anyio.Semaphore(LANE),
            "slow": anyio.Semaphore(LANE),
        }
        self._threads = anyio.CapacityLimiter(LANE)
        self._aged: datetime | None = None
        self._is_leaving = False

    def serves(self, subscription: str) -> bool:
        """Tell whether a delivery is on its way, or about to be."""
        return subscription in self._busy

    @property
    def is_busy(self) -> bool:
        """Tell whether any delivery is on its way."""
        return bool(self._busy)

    async def finish(self, within_seconds: float) -> None:
        """Begin nothing more, and wait until what is on its way has been answered and written down."""
        self._is_leaving = True
        with anyio.move_on_after(within_seconds):
            while self._busy:
                self._nudged.clear()
                await self._nudged.wait()

    def nudge(self) -> None:
        """Have it look again now."""
        self._nudged.set()

    async def run(self, bell: Bell, every_seconds: float) -> None:
        """Serve until cancelled; look whenever the bell rings, and as often as given for what has come due."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._listen, bell)
            while True:
                self._nudged.clear()
                began = asyncio.get_running_loop().time()
                for name in await self._look():
                    self._busy[name] = anyio.CancelScope()
                    tasks.start_soon(self._serve, name)
                took = asyncio.get_running_loop().time() - began
                await anyio.sleep(min(took * RESTS, MOST_REST))
                with anyio.move_on_after(every_seconds):
                    await self._nudged.wait()

    async def try_out(self, to: Subscription, letter: Letter) -> Delivery:
        """Send a letter at once, whatever else waits; it moves nothing but the log."""
        ready = await self._blocking(self.outbox.sealed, to, letter)
        answer = await self._send(ready)
        return await self._blocking(self.outbox.note, ready, answer, self._clock(), None)

    async def _listen(self, bell: Bell) -> None:
        while True:
            await bell.next().wait()
            self.nudge()

    async def _look(self) -> list[str]:
        if self._is_leaving or not await self._blocking(self._turn.is_mine):
            return []
        try:
            # Either way: a clock may be set back.
            if self._aged is None or abs(self._clock() - self._aged) >= AGES_EVERY:
                there = await self._blocking(self.outbox.age)
                self._paces = {name: pace for name, pace in self._paces.items() if name in there}
                self._aged = self._clock()
            found, lost = await self._blocking(self.outbox.look, frozenset(self._busy))
        except (sqlite3.Error, StoreUnavailable) as fault:
            _say(fault)
            return []
        for name in lost:
            if name in self._busy:
                self._busy[name].cancel()
        return list(found)

    async def _serve(self, name: str) -> None:
        """Send what there is for one subscription, until nothing is left or it is not taken."""
        try:
            with self._busy[name]:
                while await self._serve_once(name):
                    pass
        except (sqlite3.Error, StoreUnavailable) as fault:
            _say(fault)  # the next look tries again
        else:
            # What came between the last look into the feed and this line was left to whoever serves.
            self.nudge()
        finally:
            del self._busy[name]
            if self._is_leaving:
                self.nudge()

    async def _serve_once(self, name: str) -> bool:
        pace = self._paces.get(name, "new")
        async with _place(self._lanes[pace], None if pace == "slow" else SLOW_SECONDS):
            # Read here, not before its place came: rights and events may have changed while it waited.
            ready = None if self._is_leaving else await self._blocking(self._take, name)
            if ready is None:
                return False
            began = asyncio.get_running_loop().time()
            answer = await self._send(ready)
            took = asyncio.get_running_loop().time() - began
        self._paces[name] = "slow" if took > SLOW_SECONDS else "quick"
        await self._blocking(self.outbox.settle, ready, answer)
        return answer.arrived

    def _take(self, name: str) -> Ready | None:
        """Return the next letter, as long as this hub sends: another may have the turn since the last one."""
        return self.outbox.take(name) if self._turn.is_mine() else None

    async def _send(self, ready: Ready) -> Answer:
        try:
            return Answer.of(await self._post(ready.to.target, ready.letter.body, ready.headers))
        except TargetRefused as refused:
            return Answer(error=refused.code)
        except TargetUnreachable:
            return Answer(error="unreachable")

    async def _blocking(self, act: Callable[..., T], *args: object) -> T:
        return await anyio.to_thread.run_sync(act, *args, limiter=self._threads)


@asynccontextmanager
async def _place(lane: anyio.Semaphore, most_seconds: float | None) -> AsyncIterator[None]:
    """Take a place in a lane; whoever takes longer than he may goes on without, and the next one has it."""
    await lane.acquire()
    with ExitStack() as held:
        held.callback(lane.release)
        if most_seconds is not None:
            late = asyncio.get_running_loop().call_later(most_seconds, held.close)
            held.callback(late.cancel)
        yield


def _say(fault: Exception) -> None:
    logging.getLogger("hub").error("webhooks wait: %s", type(fault).__name__)
