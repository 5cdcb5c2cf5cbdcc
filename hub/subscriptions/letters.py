"""What a webhook says: never what happened, only that something did, and where to ask."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import orjson

from events.cursor import Cursors
from events.event import Json
from events.moments import stamp
from hub.subscriptions.subscription import Place, Subscription
from projections.feed import FeedMessage

HUB = "urn:hub:partner:hub"
Kind = Literal["event", "changed", "withdrawn", "notice", "test"]


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to a webhook.

    Args:
        webhook_id: the same whenever this message is sent again.
        kind: its `type`.
        body: as it is signed and sent.
        place: where the subscription stands once it arrived; None: it moves nothing.
    """

    webhook_id: str
    kind: Kind
    body: bytes
    place: Place | None = None


def letter_of(subscription: str, message: FeedMessage, cursors: Cursors) -> Letter:
    """Return the letter about one feed message: its place alone makes its id, so that a restart changes nothing."""
    place = Place(message.position, message.part)
    about = {
        "id": message.id,
        "source": message.source,
        "type": message.type,
        "cursor": cursors.encode(*place),
    }
    body = _body(message.kind, message.recorded, about)
    return Letter(webhook_id(subscription, place, message.kind, cursors), message.kind, body, place)


def notice_of(subscription: Subscription, since: datetime, cursor: str) -> Letter:
    """Return the letter that asks whether a follow is still wanted."""
    about = {"id": subscription.id, "source": HUB, "type": "subscription.asks", "cursor": cursor}
    name = _hashed(subscription.id, "asks", stamp(since))
    return Letter(name, "notice", _body("notice", stamp(since), about))


def trial_of(subscription: Subscription, now: datetime, cursor: str, chance: bytes) -> Letter:
    """Return a letter that tries whether anything arrives."""
    about = {"id": subscription.id, "source": HUB, "type": "subscription.test", "cursor": cursor}
    return Letter(_hashed(subscription.id, "test", chance.hex()), "test", _body("test", stamp(now), about))


def webhook_id(subscription: str, place: Place, kind: str, cursors: Cursors) -> str:
    """Return the id of the message at a place, which tells no more than its cursor does."""
    return _hashed(subscription, cursors.encode(*place), kind)


def _body(kind: str, when: str, about: Json) -> bytes:
    return orjson.dumps({"type": kind, "timestamp": when, "data": about})


def _hashed(*parts: str) -> str:
    return "msg_" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
