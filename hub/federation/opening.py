"""Puts federation together from the parts of a hub."""

from collections.abc import Callable
from dataclasses import dataclass

import anyio.to_thread

from events.audience import Reader
from events.clock import Clock
from events.copies import Copies
from events.event import SOURCE_PREFIX, Position, stem_of
from events.intake import Intake
from hub.accounts import Accounts
from hub.federation.book import PeerBook
from hub.federation.listener import House
from hub.federation.work import Means
from hub.outgoing import Outgoing
from hub.subscriptions.turn import Duty
from projections.reading_room import ReadingRoom
from schemas.registry import Registry

LOOK_SECONDS = 1.0
DECISION = "decision"
OWN_WORDS = ("consent.recorded", "consent.withdrawn")
"""Decisions that bind nobody's choice but their publisher's and the person's own: these may travel."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a hub that federation needs.

    Args:
        accounts: tell who is a member.
        room: tells what the log has.
        intake: tells who signs.
        registry: of contracts.
        outgoing: knows which addresses may be called.
        turn: whose turn it is.
        clock: the present moment.
        random: gives that many unpredictable bytes.
        end_of_log: the last position.
    """

    accounts: Accounts
    room: ReadingRoom
    intake: Intake
    registry: Registry
    outgoing: Outgoing
    turn: Duty
    clock: Clock
    random: Callable[[int], bytes]
    end_of_log: Callable[[], Position]


def federation_of(book: PeerBook, copies: Copies, parts: Parts) -> Means:
    """Return what federation works with.

    Args:
        book: of peers.
        copies: records what was told.
        parts: of this hub.
    """

    async def forgot() -> None:
        end = parts.end_of_log()
        while not await anyio.to_thread.run_sync(parts.room.wait_for, end, LOOK_SECONDS):
            pass

    def chance() -> float:
        return int.from_bytes(parts.random(4)) / 2**32

    return Means(_house(book, copies, parts), parts.outgoing, parts.turn, forgot, chance)


def _house(book: PeerBook, copies: Copies, parts: Parts) -> House:
    def is_member(slug: str) -> bool:
        return any(one.revoked is None for one in parts.accounts.listing(slug))

    def was_member(slug: str) -> bool:
        return bool(parts.accounts.listing(slug))

    def holds(slug: str, event_id: str) -> bool:
        sight = parts.room.purge(Reader(slug, clearance="red"))
        return sight.event(SOURCE_PREFIX + slug, event_id) is not None

    def is_decision(event_type: str) -> bool:
        version = None if event_type in OWN_WORDS else parts.registry.newest(event_type)
        return version is not None and parts.registry.contract(stem_of(event_type, version)).kind == DECISION

    def signs(slug: str) -> bool:
        rights = parts.intake.rights(slug)
        return rights is not None and bool(rights.keys)

    return House(book, copies, is_member, was_member, holds, is_decision, signs, parts.clock)
