"""Puts a public edge together: views over its own log of words, and what answers from them; no keys, no accounts."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import anyio
import anyio.to_thread
import jinja2
from starlette.applications import Starlette

from events.cursor import Cursors
from hub.bus.edge import Edge, Nobody, Strangers
from hub.bus.edge_addresses import is_here
from hub.documents import Documents
from hub.feeds.broadcast import Broadcaster, Sources
from hub.feeds.rights import Rights
from hub.keys import make_cursor_key
from hub.limits import Gate
from hub.observing.instruments import WatchedPages
from hub.presence import serving
from hub.pulse import Pulse
from hub.state import FEEDERS, GOODBYE_SECONDS, READERS, HubState
from hub.steady import ring_at_close, steady
from hub.views_files import own_views
from projections.boards.statements.clocks import load_clocks
from projections.public_log import PublicLog
from projections.reading_room import ReadingRoom
from schemas.registry import Registry

if TYPE_CHECKING:
    from hub.accounts import Accounts

FILE = "public.sqlite"

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[HubState]]


def edge_lifespan(
    parts: Any, templates: jinja2.Environment, statics: dict[str, tuple[bytes, str]]
) -> Lifespan:
    """Return what opens and closes an edge.

    Args:
        parts: as `hub/app.py` gathers them for a hub.
        templates: of the pages.
        statics: what pages ask for.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[HubState]:
        with ExitStack() as opened:
            with parts.starting:
                hub, edge = await anyio.to_thread.run_sync(_open, parts, opened)
            hub.update({"templates": templates, "statics": statics})
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(hub["pulse"].run)
                tasks.start_soon(hub["broadcaster"].run)
                tasks.start_soon(steady, edge.run)
                tasks.start_soon(ring_at_close, parts.closing, hub)
                try:
                    yield hub
                finally:
                    await parts.closing.begin(GOODBYE_SECONDS)
                    tasks.cancel_scope.cancel()

    return lifespan


def _open(parts: Any, opened: ExitStack) -> tuple[HubState, Edge]:
    settings, clock = parts.settings, parts.clock
    cursors = Cursors(make_cursor_key(settings.data, parts.random, settings.keys))
    opened.enter_context(serving(settings.data))
    registry = Registry.load(parts.extra)
    words = PublicLog(settings.data / FILE)
    opened.callback(words.close)
    opened.callback(parts.watch.tracer.close)
    views = opened.enter_context(own_views(settings.data))
    clocks = load_clocks(settings.reply_clocks)
    room = opened.enter_context(ReadingRoom(registry, words, views, parts.extra, clocks, words))
    parts.watch.follow(room)
    nobody, callers = Nobody(), Strangers()
    pulse = Pulse(room, words.head, cast("Accounts", nobody), settings.look_seconds)
    shared = WatchedPages(room, cursors, anyio.CapacityLimiter(FEEDERS), settings.feed_messages)
    shared.watched_by(parts.watch)
    sources = Sources(shared, pulse, Rights(callers, lambda: (0, 0), clock), parts.closing, clock)
    hub: dict[str, Any] = {
        "settings": settings,
        "clock": clock,
        "registry": registry,
        "room": room,
        "callers": callers,
        "gate": Gate(settings.rate_burst, settings.rate_per_second, clock),
        "cursors": cursors,
        "pulse": pulse,
        "closing": parts.closing,
        "shared": shared,
        "broadcaster": Broadcaster(sources, settings),
        "personal": nobody,
        "metrics": parts.watch.metrics,
        "documents": Documents(settings, tuple(one for one in parts.table if is_here(one)), registry),
        "end_of_log": words.head,
        "started_at": words.head(),
        "reading": anyio.CapacityLimiter(READERS),
    }
    return cast("HubState", hub), Edge(settings.bus, words)
