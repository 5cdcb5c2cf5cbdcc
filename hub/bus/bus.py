"""A hub on the bus: it follows, and when it is its turn it relays the log and what is clear of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio
import anyio.to_thread

from hub.bus.follower import Follower
from hub.bus.link import FAULTS, Bell, Link, linked
from hub.bus.public import Announcer
from hub.bus.relay import Relay, keep
from hub.subscriptions.turn import Duty

Writer = Callable[[Link, Callable[[], Awaitable[bool]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Bus:
    """What of a hub lives on the bus.

    Args:
        url: of the servers.
        follower: stands before the log.
        relay: writes the log to the bus.
        announcer: writes what is clear.
        duty: whose turn it is to write.
    """

    url: str
    follower: Follower
    relay: Relay
    announcer: Announcer
    duty: Duty

    async def run(self) -> None:
        """Follow and relay until cancelled; without a bus the hub goes on by its log."""
        await keep("bus", self._ride)

    async def _ride(self) -> None:
        bell = Bell()
        async with linked(self.url, "HUB", bell.ring) as link, anyio.create_task_group() as tasks:
            tasks.start_soon(keep, "relay", lambda: self._write(link, self.relay.run))
            tasks.start_soon(keep, "public", lambda: self._write(link, self.announcer.run))
            try:
                await self.follower.follow(link, bell)
            except FAULTS:
                tasks.cancel_scope.cancel()

    async def _write(self, link: Link, run: Writer) -> None:
        if await self._is_mine():
            await run(link, self._is_mine)

    async def _is_mine(self) -> bool:
        return await anyio.to_thread.run_sync(self.duty.is_mine)
