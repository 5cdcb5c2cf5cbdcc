"""The messages of the feed as typed values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

import orjson

Json = Any


class NoMessage(ValueError):
    """What came over the feed is no message of it."""


@dataclass(frozen=True, slots=True)
class Message:
    """What every message has.

    Args:
        cursor: where you stand once you have this message; come back with it.
        text: the JSON object as the hub sent it.
    """

    cursor: str
    text: str = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Event(Message):
    """A visible event, in order.

    Args:
        event: the CloudEvent as you may see it.
        touches: references whose view changed.
        flags: what to be aware of, e.g. `STALE_FACT`.
    """

    event: Mapping[str, Json]
    touches: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed(Message):
    """Something already sent reads differently now.

    Args:
        source: of the event.
        id: of the event.
        reason: `corrected`, `released`, `narrowed` or `erased`.
        event: the CloudEvent as it reads now.
        flags: what to be aware of, e.g. `STALE_FACT`.
    """

    source: str
    id: str
    reason: str
    event: Mapping[str, Json]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawn(Message):
    """Something already sent may no longer be used.

    Args:
        source: of the event.
        id: of the event.
        reason: `retracted`, `narrowed` or `erased`.
    """

    source: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Live(Message):
    """Caught up: nothing is missing up to here.

    Args:
        sent: how many messages came before on this connection.
    """

    sent: int


@dataclass(frozen=True, slots=True)
class Beat(Message):
    """Nothing happened, and the hub is still there."""


@dataclass(frozen=True, slots=True)
class Bye(Message):
    """The hub closes the connection; the client comes back by itself, unless the token was revoked.

    Args:
        reason: `slow`, `restart` or `revoked`.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Other(Message):
    """A message of a kind that this version of the client does not know.

    Args:
        kind: as the hub says it.
        body: the whole object.
    """

    kind: str
    body: Mapping[str, Json]


FeedMessage = Event | Changed | Withdrawn | Live | Beat | Bye | Other

_CLASSES = MappingProxyType(
    {"event": Event, "changed": Changed, "withdrawn": Withdrawn, "live": Live, "beat": Beat, "bye": Bye}
)
_MORE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        kind: frozenset(one.name for one in fields(made)) - {"cursor", "text"}
        for kind, made in _CLASSES.items()
    }
)
_NONE = "It sent something that is no message of the feed."
_LISTS = frozenset({"touches", "flags"})
_KINDS = MappingProxyType({"event": dict, "source": str, "id": str, "reason": str, "sent": int})
LONGEST_CURSOR = 1024
"""In characters: it becomes part of an address."""


def message_of(text: str) -> FeedMessage:
    """Read one message.

    Members that this version does not know are left in `text`: a newer hub may say more.

    Raises:
        NoMessage: it is none.
    """
    try:
        body = orjson.loads(text)
        kind, cursor = str(body["kind"]), str(body["cursor"])
        if kind not in _CLASSES:
            return Other(cursor, text, kind, body)
        said = {
            name: tuple(body[name]) if name in _LISTS else body[name] for name in _MORE[kind] & body.keys()
        }
        if len(cursor) > LONGEST_CURSOR or any(
            not isinstance(said[name], _KINDS[name]) for name in _KINDS & said.keys()
        ):
            raise NoMessage(_NONE)
        made: Callable[..., FeedMessage] = _CLASSES[kind]
        return made(cursor, text, **said)
    except (ValueError, KeyError, TypeError) as wrong:
        raise NoMessage(_NONE) from wrong
