"""Everything alive in a running hub, in one bag; built by `hub/app.py`, reached through `request.state`."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypedDict

import anyio
import jinja2

from events.clock import Clock
from events.event import Position
from hub.settings import Settings

if TYPE_CHECKING:
    from events.cursor import Cursors
    from events.glass import Glass
    from events.intake import Intake
    from events.ledger import Ledger
    from events.witness import Witness
    from hub.access import Callers
    from hub.accounts import Accounts
    from hub.bus.bus import Bus
    from hub.digests.postman import Postman
    from hub.documents import Documents
    from hub.federation.work import Means
    from hub.feeds.broadcast import Broadcaster
    from hub.feeds.sharing import SharedPages
    from hub.limits import Gate
    from hub.metrics import Metrics
    from hub.outgoing import Outgoing
    from hub.personal.keys import PersonalKeys
    from hub.pulse import Pulse
    from hub.subscriptions.desk import SubscriptionDesk
    from hub.subscriptions.dispatcher import Dispatcher
    from hub.subscriptions.turn import Duty
    from projections.reading_room import ReadingRoom
    from schemas.registry import Registry


GOODBYE_SECONDS = 1.0
"""How long every feed may take to say goodbye."""

READERS = 32
"""Threads that answer questions."""

FEEDERS = 4
"""Threads that read pages for the feed: each keeps a connection and its cache, and more of them are no faster."""


class Closing:
    """Says that the hub is about to stop, so that every feed can say goodbye."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.is_draining = False
        self.listeners = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Count one listener for as long as it is served."""
        self.listeners += 1
        self._empty.clear()
        try:
            yield
        finally:
            self.listeners -= 1
            if self.listeners == 0:
                self._empty.set()

    async def begin(self, within_seconds: float) -> None:
        """Ask every listener to leave, and wait until all have, or the time is over."""
        self.begun.set()
        with anyio.move_on_after(within_seconds):
            await self._empty.wait()


class HubState(TypedDict):
    """What an endpoint may use: of the log only how far it goes, of the views only what `room` purges."""

    settings: Settings
    clock: Clock
    registry: "Registry"
    intake: "Intake"
    room: "ReadingRoom"
    accounts: "Accounts"
    callers: "Callers"
    gate: "Gate"
    glass: "Glass"
    ledger: "Ledger"
    witness: "Witness"
    cursors: "Cursors"
    pulse: "Pulse"
    closing: Closing
    shared: "SharedPages"
    broadcaster: "Broadcaster"
    subscriptions: "SubscriptionDesk"
    dispatcher: "Dispatcher"
    turn: "Duty"
    federation: "Means"
    bus: "Bus | None"
    outgoing: "Outgoing"
    personal: "PersonalKeys"
    postman: "Postman | None"
    metrics: "Metrics"
    templates: jinja2.Environment
    documents: "Documents"
    statics: dict[str, tuple[bytes, str]]
    end_of_log: Callable[[], Position]
    started_at: Position
    reading: anyio.CapacityLimiter
    writing: anyio.CapacityLimiter
