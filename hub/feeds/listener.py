"""The protocol of the feed, whatever carries it: what a listener gets, in which order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

import anyio

from events.event import Position
from hub.access import Caller, Credential
from hub.feeds.frames import Frame, Place, frame
from hub.refusals import NotSignedIn, PartnerSuspended
from hub.state import HubState
from projections.event_query import EventQuery

ByeReason = Literal["slow", "revoked", "restart"]


@dataclass(frozen=True, slots=True)
class Start:
    """Where a listener begins.

    Args:
        place: what is behind it already.
        cursor: the opaque form that it keeps until its first message.
        target: the end of the log when it came; `live` is said once this is behind it.
    """

    place: Place
    cursor: str
    target: Position


class Listener:
    """One listener: knows where it stands, asks for what follows, and says when there is nothing.

    It holds no queue. A listener that takes its time gets its next page later, from the log. One that stops
    taking is closed by whatever carries the feed, which says `bye("slow")` and has kept `cursor`
    at the last message that it handed over: from there a dropped listener must resume.
    """

    def __init__(self, hub: HubState, credential: Credential | None, query: EventQuery, start: Start) -> None:
        self._hub = hub
        self._credential = credential
        self._query = query
        self._place = start.place
        self._target = start.target
        self._sent = 0
        self._told = start.cursor
        self.cursor = start.cursor
        self.ended: ByeReason = "restart"

    def bye(self, reason: ByeReason) -> Frame:
        """Return the message before the end; `cursor` says where to resume."""
        return frame("bye", self.cursor, {"reason": reason})

    async def batches(self) -> AsyncIterator[Sequence[Frame]]:
        """Yield messages as they come; the last is `bye`."""
        is_live = False
        spoke = asyncio.get_running_loop().time()
        while True:
            bell = self._hub["pulse"].next()
            caller, reason = self._rights()
            if reason is not None:
                self.ended = reason
                yield [self.bye(reason)]
                return
            batch = await self._hub["shared"].page(caller.reader, self._query, self._place)
            said = list(batch.frames)
            is_behind = batch.place != self._place and (
                batch.place.position < self._hub["room"].position or batch.place.part > 0
            )
            self._keep(batch.place, said)
            if not is_live and not is_behind and self._place.position >= self._target:
                is_live = True
                said.append(frame("live", self._told, {"sent": self._sent}))
            if said:
                yield said
                spoke = asyncio.get_running_loop().time()
            elif not is_behind and not await self._wait(bell, spoke, caller):
                yield [frame("beat", self._told)]
                spoke = asyncio.get_running_loop().time()

    def _keep(self, place: Place, said: Sequence[Frame]) -> None:
        self._place = place
        self._sent += len(said)
        if said:
            self._told = said[-1].cursor

    def _rights(self) -> tuple[Caller, ByeReason | None]:
        if self._hub["closing"].begun.is_set():
            return Caller(), "restart"
        try:
            caller = self._hub["callers"].of(self._credential)
        except (NotSignedIn, PartnerSuspended):
            return Caller(), "revoked"
        # A session that ended would go on as the public: the browser must hear that it is signed out.
        is_lost = self._credential is not None and caller.account is None
        return caller, "revoked" if is_lost else None

    async def _wait(self, bell: asyncio.Event, spoke: float, caller: Caller) -> bool:
        """Wait until something moves, rights expire, or it is time for a beat; False for the beat."""
        due = spoke + self._hub["settings"].beat_seconds
        until = due
        account = caller.account
        if account is not None and account.expires is not None:
            left = (account.expires - self._hub["clock"]()).total_seconds()
            until = min(due, asyncio.get_running_loop().time() + max(left, 0.001))
        with anyio.move_on_at(until):
            await bell.wait()
        return asyncio.get_running_loop().time() < due
