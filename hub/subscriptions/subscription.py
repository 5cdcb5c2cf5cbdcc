"""What a subscription is: who follows what, through which channel, and where it stands."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from events.event import Position
from hub.subscriptions.terms import ASKS_AFTER, ENDS_AFTER
from projections.event_query import EventQuery

Channel = Literal["webhook", "mail", "page"]
Rate = Literal["each", "daily", "weekly"]
State = Literal["active", "paused", "ended"]
Scheme = Literal["v1", "v1a"]
Ending = Literal["revoked", "expired", "suspended", "gone", "stale"]
"""Why a subscription ended: token revoked or expired, partner suspended, target says 410, nobody answered."""

CHANNELS: tuple[Channel, ...] = ("webhook", "mail", "page")
RATES: tuple[Rate, ...] = ("each", "daily", "weekly")
STATES: tuple[State, ...] = ("active", "paused", "ended")
SCHEMES: tuple[Scheme, ...] = ("v1", "v1a")

ENGLISH = "en"
"""The language of mails, feeds and calendars for which nobody asked for another."""

FAILING = "failing"
"""Why a subscription is paused."""


class Place(NamedTuple):
    """A place in the log: everything up to `part` of `position` is behind it; part 0 is all of it."""

    position: Position
    part: int = 0


@dataclass(frozen=True, slots=True)
class Subscription:
    """One follow, as the shelf keeps it. The private note and the secrets are kept apart: see `Shelf`.

    Args:
        id: `sub_...`.
        account: id of the token that made it; its rights count, and it ends with it.
        partner: slug of that account's partner.
        name: of that account within the partner.
        query: what is followed; its `after` and `limit` mean nothing.
        channel: how the follower is told.
        target: address of a webhook, or of a mailbox; empty for `page`, and once it ended.
        rate: `each` for webhooks and pages.
        place: up to which everything was told; only what the follower could see ever moves it.
        created: when it was made.
        confirmed: when its follower last said, or showed by a visit, that he still wants it.
        state: `paused`: waits for `resume`; `ended`: is only remembered.
        reason: why it is paused or ended; else empty.
        asked: since when it asks whether it is still wanted; None: it does not.
        asked_told: whether the follower was told so through the channel.
        due: when it is to be told next; None: not by itself.
        sent: when something last arrived.
        failing: since when nothing arrives; None: it does.
        tries: how often the next message failed.
        schemes: by which a webhook is signed.
        paused: when it was paused.
        ended: when it ended.
        language: in which mails speak; a code of `hub.texts.languages`.
    """

    id: str
    account: str
    partner: str
    name: str
    query: EventQuery
    channel: Channel
    target: str
    rate: Rate
    place: Place
    created: datetime
    confirmed: datetime
    state: State = "active"
    reason: str = ""
    asked: datetime | None = None
    asked_told: bool = False
    due: datetime | None = None
    sent: datetime | None = None
    failing: datetime | None = None
    tries: int = 0
    schemes: tuple[Scheme, ...] = ()
    paused: datetime | None = None
    ended: datetime | None = None
    language: str = ENGLISH

    @property
    def expires(self) -> datetime:
        """When it ends unless it is confirmed before."""
        return self.asked + ENDS_AFTER if self.asked is not None else self.confirmed + ASKS_AFTER + ENDS_AFTER


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver a webhook; what it was about is not kept, only where it stands in the log.

    Args:
        subscription: whose.
        webhook_id: the same for every attempt of one message.
        kind: `event`, `changed`, `withdrawn`, `notice` or `test`.
        at: when.
        status: HTTP status; None: there was no answer.
        error: code; empty: it arrived.
        next: when the next attempt follows; None: none does.
        place: of the message; None: it is not about an event.
    """

    subscription: str
    webhook_id: str
    kind: str
    at: datetime
    status: int | None
    error: str
    next: datetime | None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What a follower should know about one of his subscriptions.

    Args:
        subscription: its id.
        code: `paused` or `asks`.
        since: when it began.
    """

    subscription: str
    code: Literal["paused", "asks"]
    since: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What only the hub itself and, as far as it is a note, the follower may see.

    Args:
        why: the private note.
        secrets: of a webhook, as `hub/subscriptions/signing.py` writes them.
    """

    why: str = field(default="", repr=False)
    secrets: bytes = field(default=b"", repr=False)
