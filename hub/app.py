"""Builds the hub: the only place where its parts are put together."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from events.clock import Clock
from events.copies import Copies
from events.cursor import Cursors
from events.glass import Glass
from events.notes import Signer
from events.store import open_store
from hub import contracts, problems
from hub.abreast import AbreastTurn
from hub.access import Callers
from hub.accounts import open_accounts
from hub.address import Address
from hub.bus.edge_addresses import edge_addresses
from hub.bus.edge_opening import edge_lifespan
from hub.bus.opening import board
from hub.digests.opening import open_postman
from hub.documents import Documents
from hub.federation import opening as federation
from hub.federation.book import open_book
from hub.federation.work import federate
from hub.feeds.broadcast import Broadcaster, Sources
from hub.feeds.rights import Rights
from hub.key_checks import remember_keys
from hub.keys import cursor_key, make_log_key, open_vault
from hub.limits import Gate
from hub.metrics import CountAnswers, Metrics
from hub.observing import gauges
from hub.observing.instruments import Watch, WatchedIntake, WatchedPages
from hub.observing.together import Together
from hub.observing.tracing import Silent, TraceAnswers, Tracer
from hub.office_opening import begin_file_checks, fence_file, open_office, open_turn
from hub.outgoing import Outgoing, Rules
from hub.pages.views import STATIC_TYPES
from hub.personal.keys import open_personal_keys
from hub.presence import serving
from hub.pulse import Pulse
from hub.routes import addresses
from hub.routing import routes_of
from hub.security import SecurityHeaders
from hub.settings import Settings
from hub.sheets import close_now, keep_sheets
from hub.starting import Starting
from hub.state import FEEDERS, GOODBYE_SECONDS, READERS, Closing, HubState
from hub.steady import catch_up, ring_at_close, steady
from hub.subscriptions.desk import SubscriptionDesk
from hub.subscriptions.dispatcher import Dispatcher
from hub.subscriptions.log import DeliveryLog
from hub.subscriptions.opening import open_shelf
from hub.subscriptions.outbox import Outbox, Tools
from hub.subscriptions.standing import Standing
from hub.timekeeper import keep_time
from hub.views_files import own_views
from projections.boards.statements.clocks import load_clocks
from projections.preparing import take_prepared
from projections.reading_room import ReadingRoom
from projections.shelves import Code
from schemas.registry import Registry

FINISH_SECONDS = 5.0
"""How long a webhook that is on its way may take: cut off, it would be sent again by whoever has the turn next."""
WRITERS = 64

Random = Callable[[int], bytes]


def build(
    settings: Settings,
    clock: Clock,
    extra: Path | None = None,
    random: Random = secrets.token_bytes,
    tracer: Tracer | None = None,
) -> Starlette:
    """Return the hub as an ASGI application; its lifespan opens and closes everything.

    Args:
        settings: of the operator.
        clock: the present moment.
        extra: folder with further event types (`types/`, `rules/`), besides the package's own.
        random: gives that many unpredictable bytes.
        tracer: takes spans, if anybody wants them.

    Raises:
        HubNotInitialised: when the lifespan starts, if `hub init` did not make this folder.
    """
    table, routes = _ways(settings.edge)
    closing, starting = Closing(), Starting()
    watch = Watch(Metrics(), tracer or Silent())
    handlers: dict[type[Exception], Any] = dict.fromkeys(problems.rows(), problems.on_error)
    handlers[HTTPException] = problems.on_error
    handlers[Exception] = problems.on_unexpected
    is_https = settings.public_url.startswith("https:")
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(CountAnswers, metrics=watch.metrics),
            *([Middleware(TraceAnswers, tracer=watch.tracer)] if watch.tracer.is_on else []),
            Middleware(SecurityHeaders, is_https=is_https),
        ],
        exception_handlers=handlers,
        lifespan=_alive(_Parts(settings, clock, extra, random, table, closing, starting, watch)),
    )
    app.router.redirect_slashes = False
    app.router.default = _absent
    # Outside HubState: the server says goodbye by the one, pages and tests show the other.
    app.state.closing = closing
    app.state.starting = starting
    app.state.random = random
    app.state.settings = settings
    app.state.addresses = table
    return app


async def _absent(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what no address takes: a WebSocket too with 404; Starlette's 403 would make its caller doubt his token."""
    raise HTTPException(HTTPStatus.NOT_FOUND)


@cache
def _ways(edge: bool) -> tuple[tuple[Address, ...], list[BaseRoute]]:
    """Return the table of addresses, and its routes: neither knows anything of the hub that it leads into."""
    table = edge_addresses(addresses()) if edge else addresses()
    return table, routes_of(table)


@dataclass(frozen=True, slots=True)
class _Parts:
    settings: Settings
    clock: Clock
    extra: Path | None
    random: Random
    table: tuple[Address, ...]
    closing: Closing
    starting: Starting
    watch: Watch


def _alive(parts: _Parts) -> Callable[[Starlette], AbstractAsyncContextManager[HubState]]:
    return edge_lifespan(parts, _templates(), _statics()) if parts.settings.edge else _lifespan(parts)


def _lifespan(parts: _Parts) -> Callable[[Starlette], AbstractAsyncContextManager[HubState]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[HubState]:
        with ExitStack() as opened:
            with parts.starting:
                hub = await anyio.to_thread.run_sync(_open, parts, opened)
            async with anyio.create_task_group() as tasks:
                pulse, room = hub["pulse"], hub["room"]
                tasks.start_soon(pulse.run)
                tasks.start_soon(hub["broadcaster"].run)
                tasks.start_soon(ring_at_close, parts.closing, hub)
                seconds = parts.settings.timekeeper_seconds
                tasks.start_soon(steady, keep_time, hub["intake"], room, parts.clock, seconds, hub["turn"])
                tasks.start_soon(steady, keep_sheets, hub, parts.settings.checkpoint_seconds, hub["turn"])
                tasks.start_soon(steady, hub["dispatcher"].run, pulse, seconds)
                tasks.start_soon(steady, federate, hub["federation"], seconds)
                if hub["bus"] is not None:
                    tasks.start_soon(steady, hub["bus"].run)
                if hub["postman"] is not None:
                    tasks.start_soon(steady, hub["postman"].run, seconds)
                tasks.start_soon(steady, parts.watch.metrics.keep_shared)
                if parts.settings.workers > 1:
                    # The others answer meanwhile; whoever asks must not meet one that knows less.
                    await anyio.to_thread.run_sync(catch_up, hub)
                try:
                    yield hub
                finally:
                    await parts.closing.begin(GOODBYE_SECONDS)
                    await hub["dispatcher"].finish(FINISH_SECONDS)
                    tasks.cancel_scope.cancel()
            await hub["outgoing"].close()

    return lifespan


def _open(parts: _Parts, opened: ExitStack) -> HubState:
    """Open everything that has a file, in the order in which it is needed; `opened` closes it in reverse."""
    settings, clock = parts.settings, parts.clock
    cursors = Cursors(cursor_key(settings.data, settings.keys))
    opened.enter_context(serving(settings.data))
    registry = Registry.load(parts.extra)
    contracts.remember(settings.data, registry)
    vault = open_vault(settings.data, parts.random, settings.keys, settings.vault)
    store = open_store(settings.store_url, registry, vault, fence=fence_file(settings))
    opened.callback(store.close)
    office = open_office(settings)
    if office is not None:
        opened.callback(office.close)
    accounts = open_accounts(settings.data, parts.random, office)
    opened.callback(accounts.close)
    personal = open_personal_keys(settings.data, parts.random, office)
    opened.callback(personal.close)
    signer = Signer(make_log_key(settings.data, parts.random, settings.keys))
    ledger = store.ledger(signer)
    close_now(ledger, clock, settings.checkpoint_seconds)
    intake = WatchedIntake(registry, store, clock).watched_by(parts.watch)
    clocks = load_clocks(settings.reply_clocks)
    views = opened.enter_context(own_views(settings.data))
    take_prepared(Code(registry, store, parts.extra, clocks), views)
    boarding = board(settings, store, parts.random)
    log = store if boarding is None else boarding.follower
    room = opened.enter_context(ReadingRoom(registry, log, views, parts.extra, clocks))
    opened.callback(parts.watch.tracer.close)
    parts.watch.follow(room)
    callers = Callers(accounts, intake.rights, clock)
    shelf = open_shelf(settings.data, parts.random, settings.keys, office)
    opened.callback(shelf.close)
    # A log that was restored from a backup may be shorter than it was.
    shelf.bound(store.head())
    standing = Standing(accounts, callers, clock)
    tools = Tools(shelf, DeliveryLog(shelf), standing, room.purge, cursors, clock, parts.random)
    in_step = {} if office is None else {"is_in_step": office.is_in_step}
    turn = AbreastTurn(open_turn(settings, office), room, store.head, **in_step)
    opened.callback(turn.close)
    templates = _templates()
    postman = open_postman(settings, tools, turn, registry, opened)
    outgoing = Outgoing(Rules(is_loopback_allowed=settings.webhooks_loopback_for_tests_only))
    book = open_book(settings.data, parts.random, settings.keys, office)
    opened.callback(book.close)
    remember_keys(settings.data, settings.keys)
    if office is None:
        begin_file_checks(settings.data)
    beside = federation.Parts(
        accounts, room, intake, registry, outgoing, turn, clock, parts.random, store.head
    )
    reading, writing = anyio.CapacityLimiter(READERS), anyio.CapacityLimiter(WRITERS)
    pulse = Pulse(room, store.head, accounts, settings.look_seconds)
    shared = WatchedPages(room, cursors, anyio.CapacityLimiter(FEEDERS), settings.feed_messages)
    shared.watched_by(parts.watch)
    rights = Rights(callers, lambda: (accounts.version(), store.version()), clock)
    broadcaster = Broadcaster(Sources(shared, pulse, rights, parts.closing, clock), settings)
    asked = gauges.Sources(
        room,
        store.read,
        store.head,
        clock,
        vault.version,
        ledger,
        shelf,
        parts.closing,
        broadcaster,
        book,
        settings.data,
    )
    parts.watch.metrics.watch(gauges.gauges_of(asked))
    if settings.workers > 1:
        parts.watch.metrics.share(Together(views, parts.watch.metrics.own_text))
    return HubState(
        settings=settings,
        clock=clock,
        registry=registry,
        intake=intake,
        room=room,
        accounts=accounts,
        callers=callers,
        gate=Gate(settings.rate_burst, settings.rate_per_second, clock),
        glass=Glass(intake, store, clock),
        ledger=ledger,
        witness=store.witness(signer),
        cursors=cursors,
        pulse=pulse,
        closing=parts.closing,
        shared=shared,
        broadcaster=broadcaster,
        subscriptions=SubscriptionDesk(tools),
        dispatcher=Dispatcher(Outbox(tools), outgoing.post, turn, clock),
        turn=turn,
        federation=federation.federation_of(book, Copies(intake, registry, store, clock), beside),
        bus=None if boarding is None else boarding.bus(room, cursors, turn),
        outgoing=outgoing,
        personal=personal,
        postman=postman,
        metrics=parts.watch.metrics,
        templates=templates,
        documents=Documents(settings, parts.table, registry),
        statics=_statics(),
        end_of_log=store.head,
        started_at=store.head(),
        reading=reading,
        writing=writing,
    )


def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("hub.pages", "templates"),
        autoescape=True,
        undefined=jinja2.ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _statics() -> dict[str, tuple[bytes, str]]:
    """Return what pages ask for: written by hand in `static`, built from `web/` in `built`."""
    pages = files("hub.pages")
    folders = [one for one in (pages.joinpath("static"), pages.joinpath("built")) if one.is_dir()]
    found = {one.name: one.read_bytes() for folder in folders for one in folder.iterdir() if one.is_file()}
    kinds = {name: STATIC_TYPES.get(name.rpartition(".")[2]) for name in found}
    return {name: (body, kind) for name, body in found.items() if (kind := kinds[name]) is not None}
