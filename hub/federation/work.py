"""Listens to every peer while it is this hub's turn: comes back by itself, and notes how each is.

Whatever a peer says or does, slowly, endlessly or without sense, ends no more than the listening to itself.
"""

import logging
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import anyio
import anyio.to_thread

from events.audience import TLP
from events.clock import Clock
from events.event import SOURCE_PREFIX
from events.moments import stamp
from events.relaying import CEILING
from events.submission import StoreBusy, StoreUnavailable
from hub.client.answers import AGAIN, Turned, Unreachable
from hub.client.course import BEGIN, Course, Feed
from hub.client.follow import Ways, follow
from hub.client.messages import Beat, FeedMessage, Live
from hub.federation import sentences
from hub.federation.book import NotTaken, Peer, PeerBook
from hub.federation.door import PeerDoor
from hub.federation.listener import House, Listener, Owed
from hub.federation.standing import AGAIN_SECONDS, Ended, Pauses, Standing
from hub.outgoing import Outgoing, TargetRefused
from hub.subscriptions.turn import Duty

Json = Any

MESSAGE_SECONDS = 300.0
"""A hub that is well says something within a quarter of a minute: what takes so long is sent drop by drop."""

_NOT_FOUND = 404
_TAKEN = frozenset({200, 201})


@dataclass(frozen=True, slots=True)
class Means:
    """What federation works with.

    Args:
        house: of this hub.
        outgoing: knows which addresses may be called.
        turn: whose turn it is.
        forgot: waits until every view has what the log has.
        random: a number from 0 to 1.
    """

    house: House
    outgoing: Outgoing
    turn: Duty
    forgot: Callable[[], Awaitable[object]]
    random: Callable[[], float]

    @property
    def book(self) -> PeerBook:
        """The book of peers."""
        return self.house.book

    @property
    def clock(self) -> Clock:
        """The present moment."""
        return self.house.clock


async def federate(means: Means, every_seconds: float) -> None:
    """Listen to every peer in the book while it is this hub's turn, until cancelled."""
    scopes: dict[tuple[str, ...], anyio.CancelScope] = {}
    async with anyio.create_task_group() as tasks:
        while True:
            wanted = await anyio.to_thread.run_sync(_wanted, means)
            if wanted is not None:
                for key in scopes.keys() - wanted.keys():
                    scopes.pop(key).cancel()
                for key in wanted.keys() - scopes.keys():
                    scopes[key] = anyio.CancelScope()
                    tasks.start_soon(_within, scopes[key], means, wanted[key])
            await anyio.sleep(every_seconds)


def _wanted(means: Means) -> dict[tuple[str, ...], Peer] | None:
    """Return whom to listen to, each by what would make it another; None if the book cannot be read now."""
    if not means.turn.is_mine():
        return {}
    try:
        return {_what(one): one for one in means.book.listing()}
    except (sqlite3.Error, StoreUnavailable):
        return None


def _what(peer: Peer) -> tuple[str, ...]:
    named = (",".join(sorted(slugs)) for slugs in (peer.homes, peer.relays, peer.same))
    return (peer.name, peer.url, peer.token, *named)


async def _within(scope: anyio.CancelScope, means: Means, peer: Peer) -> None:
    standing, pauses = Standing(means.book, peer.name, means.clock), Pauses(means.random)
    with scope:
        while True:
            ended = await _heard(means, peer, standing)
            standing.is_live = False
            seconds = pauses.next(AGAIN_SECONDS if ended.state == "refused" else 0.0)
            await standing.note(
                ended.state, sentences.AGAIN % {"why": ended.said, "seconds": f"{seconds:.2g}"}
            )
            await anyio.sleep(seconds)


async def _heard(means: Means, peer: Peer, standing: Standing) -> Ended:
    """Listen to a peer until that is of no use for now, and say why."""
    door = PeerDoor(peer.url, peer.token, means.outgoing)
    try:
        await _look(means, peer, door)
        await _follow(means, peer, door, standing)
    except Turned as refused:
        return Ended("away" if refused.status in AGAIN else "refused", str(refused))
    except (Unreachable, TargetRefused) as refused:
        return Ended("refused", str(refused))
    except (StoreBusy, StoreUnavailable, sqlite3.Error):
        return Ended("behind", sentences.OWN_LOG)
    except OSError as broken:
        return Ended("away", sentences.NO_ANSWER % {"why": broken or type(broken).__name__})
    except Exception as odd:  # what one hub says must not end another
        logging.getLogger("hub").exception("what a peer says cannot be taken")
        return Ended("refused", sentences.NOT_TAKEN % {"kind": type(odd).__name__})
    return Ended("away", sentences.NO_MORE)


async def _look(means: Means, peer: Peer, door: PeerDoor) -> None:
    """Refuse an account that would be given what must not go from hub to hub.

    Raises:
        OSError: there is no answer.
        Turned: the token does not work, or is cleared for more.
    """
    status, me = await door.get("/api/v1/me")
    if status == 200 and not isinstance(me, dict):
        raise Turned(status, sentences.NO_ACCOUNT)
    if status != 200:
        raise Turned(status, sentences.TO_TOKEN % {"status": status})
    if me.get("clearance") not in TLP[: TLP.index(CEILING) + 1]:
        raise Turned(403, sentences.TOO_MUCH % {"label": CEILING})


async def _follow(means: Means, peer: Peer, door: PeerDoor, standing: Standing) -> None:
    listener, after = Listener(peer, means.house), await anyio.to_thread.run_sync(_place, means, peer)
    feed = Feed(peer.url, peer.token, longest=MESSAGE_SECONDS)
    course, pauses = Course(feed, after or BEGIN, means.random), Pauses(means.random)
    told: deque[str] = deque(maxlen=1)

    async def pause(seconds: float) -> None:
        standing.is_live = False
        left_alone = pauses.next(seconds)
        if left_alone > 2 * seconds:
            told.append(sentences.BREAKS_OFF % {"seconds": f"{left_alone:.2g}"})
        await standing.note("away", told[-1])
        await anyio.sleep(left_alone)

    ways = Ways(pause, told.append, door.host)
    async with aclosing(follow(feed, course, ways)) as messages:
        async for message in messages:
            await _take(means, peer, door, (listener, standing), message)


async def _take(
    means: Means, peer: Peer, door: PeerDoor, ours: tuple[Listener, Standing], message: FeedMessage
) -> None:
    """Do what a message asks for, then keep that it was done."""
    listener, standing = ours
    signature = await _signature(door, listener, message)
    owed = await anyio.to_thread.run_sync(listener.take, message, signature)
    if owed is not None:
        await _acknowledge(means, peer, door, owed)
    # A beat says that the peer is there, not that nothing is missing.
    standing.is_live = standing.is_live or isinstance(message, Live)
    is_noted = await standing.heard(door.took)
    if message.cursor and (is_noted or not isinstance(message, Live | Beat)):
        await anyio.to_thread.run_sync(means.book.reached, peer.name, message.cursor)


async def _signature(door: PeerDoor, listener: Listener, message: FeedMessage) -> Mapping[str, Json] | None:
    wanted = await anyio.to_thread.run_sync(listener.wants_signature, message)
    if wanted is None:
        return None
    source, event_id = wanted
    status, answer = await door.get(f"/api/v1/events/{quote(source, safe='')}/{quote(event_id, safe='')}")
    if status != _NOT_FOUND and status != 200:
        raise OSError(status)
    signature = answer.get("signature") if isinstance(answer, dict) else None
    return signature if isinstance(signature, dict) else None


async def _acknowledge(means: Means, peer: Peer, door: PeerDoor, owed: Owed) -> None:
    """Tell a hub that the copies of what it erased are gone; views have forgotten before that is said."""
    await means.forgot()
    event = {
        "specversion": "1.0",
        "id": f"ack-{owed.id}"[:128],
        "source": SOURCE_PREFIX + peer.partner,
        "type": "erasure.executed",
        "time": stamp(means.clock()),
        "data": {
            "subject_of_erasure": owed.subject,
            "scope": ["subject_key", "vault_row"],
            "role": "recipient_ack",
        },
    }
    status, _ = await door.post("/api/v1/events", event)
    # 409: it was said before, at another time.
    if status in _TAKEN or status == 409:
        return
    if status >= 500 or status == 429:
        raise OSError(status)
    why = sentences.NOT_ACKNOWLEDGED % {"status": status}
    noted = NotTaken(SOURCE_PREFIX + "hub", owed.id, "not_acknowledged", why, means.clock())
    await anyio.to_thread.run_sync(means.book.refuse, peer.name, noted)


def _place(means: Means, peer: Peer) -> str:
    return next((one.place for one in means.book.listing() if one.name == peer.name), "")
