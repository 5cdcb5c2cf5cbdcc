"""Feed messages: what a reader is told about each position, numbered so that he can resume. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from events.event import Position

Json = Any
Kind = Literal["event", "changed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class FeedMessage:
    """One message, as one class of readers may see it.

    Args:
        kind: `event`: it is here; `changed`: it reads differently now; `withdrawn`: it may no longer be used.
        position: place in the log of what caused the message.
        part: its number among the messages of this position, stable whoever reads; 0 for the last:
            everything about the
            position has been said. Whoever resumes behind `(position, part)` misses nothing and gets nothing
            twice.
        source: of the event it is about.
        id: of the event it is about.
        type: of the event it is about.
        reason: why; None for `event`.
        event: the event as it reads now; None for `withdrawn`.
        touches: references whose view changed.
        countries: what the `country` filter looks at.
        recorded: `recordedtime` of the event it is about.
        flags: what to be aware of when using the event, as codes.
    """

    kind: Kind
    position: Position
    part: int
    source: str
    id: str
    type: str
    reason: str | None
    event: Json
    touches: tuple[str, ...]
    countries: tuple[str, ...]
    recorded: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Some messages in order, and how far the log has been told by them: go on behind `(reached, part)`.

    `seen` is how far the log went when they were read.
    """

    messages: Sequence[FeedMessage]
    reached: Position
    part: int = 0
    seen: Position = field(default=Position(0), compare=False)


def _last(one: FeedMessage) -> FeedMessage:
    """Return a message as the last of its position; written out, since pages are mostly made of such."""
    return FeedMessage(
        one.kind, one.position, 0, one.source, one.id, one.type, one.reason, one.event, one.touches,
        one.countries, one.recorded, one.flags,
    )  # fmt: skip


def page_of(messages: Sequence[FeedMessage], limit: int, head: Position) -> FeedPage:
    """Cut a page and mark the last message of each position.

    Args:
        messages: in order, at least one more than `limit` if there are more.
        limit: of messages on the page; at least 1.
        head: position up to which `messages` is complete if it is not longer than `limit`.
    """
    following = [*messages[1 : limit + 1], None]
    told = [
        one if after is not None and after.position == one.position else _last(one)
        for one, after in zip(messages[:limit], following, strict=False)
    ]
    if len(messages) <= limit:
        return FeedPage(told, head, seen=head)
    return FeedPage(told, told[-1].position, told[-1].part, seen=head)
