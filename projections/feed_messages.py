"""How feed messages are worded for a class of readers, with whatever question their rows were read."""

from collections.abc import Container, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from events.event import SOURCE_PREFIX, Position
from projections.feed import FeedMessage, Kind
from projections.stale import FLAG
from projections.timeline import TimelineView

Json = Any

GONE_PART, CHANGED_PART = 2, 3
"""Parts of the messages of a turn, to be added to twice the position of the event; they come behind the event itself,
which is part 1. Counting them would tell of those that are hidden."""

_WITHDRAWN = MappingProxyType({"quarantined": "retracted", "corrected": "narrowed", "released": "narrowed"})
"""What is told of a loss whose reason is none of those that the feed knows for it."""

_NOTHING: frozenset[str] = frozenset()

Place = tuple[int, int]
"""Position of what caused a message, and the part."""


class Row(NamedTuple):
    """An event of the timeline, read out of its row."""

    position: int
    publisher: str
    id: str
    type: str
    label: int
    status: str
    recorded: str
    levels: Mapping[str, int]
    refs: tuple[tuple[str, int, bool], ...]
    countries: tuple[str, ...]
    body: bytes


COLUMNS = "e.position, e.publisher, e.id, e.type, e.label, e.status, e.recorded, e.levels, e.refs, e.countries, e.body"
"""What `row_of` reads, in this order."""


def row_of(columns: tuple[Json, ...]) -> Row:
    """Read the `COLUMNS` of an event."""
    position, publisher, event_id, stem, label, status, recorded, levels, refs, countries, body = columns
    return Row(
        position, publisher, event_id, stem, label, status, recorded,
        levels=orjson.loads(levels) if levels else {},
        refs=tuple(map(tuple, orjson.loads(refs))),
        countries=tuple(orjson.loads(countries)),
        body=body,
    )  # fmt: skip


class Form(NamedTuple):
    """How an event looks to some readers: for whom this is the same, the message is the same.

    Args:
        hidden: labels of the fields that they do not see.
        touches: references that they see.
        flags: what they are to be aware of.
    """

    hidden: frozenset[str]
    touches: tuple[str, ...]
    flags: tuple[str, ...]


def form_of(row: Row, allowed: Container[int], kind: Kind, *, is_stale: bool) -> Form:
    """Return how an event looks to a class of readers; of what is withdrawn they see no field and no flag."""
    touches = tuple(ref for ref, label, _ in row.refs if label in allowed)
    if kind == "withdrawn":
        return Form(_NOTHING, touches, ())
    hidden = frozenset(tlp for tlp, label in row.levels.items() if label not in allowed)
    return Form(hidden, touches, (FLAG,) if is_stale else ())


def message_of(
    view: TimelineView, row: Row, place: Place, told: tuple[Kind, str | None], form: Form
) -> FeedMessage:
    """Word a message.

    Args:
        view: strips the event.
        row: of the event that it is about.
        place: of the message.
        told: its kind and its reason.
        form: how the event looks to whoever gets it.
    """
    kind, reason = told
    return FeedMessage(
        kind=kind,
        position=Position(place[0]),
        part=place[1],
        source=f"{SOURCE_PREFIX}{row.publisher}",
        id=row.id,
        type=row.type,
        reason=reason,
        event=None if kind == "withdrawn" else view.stripped(row.body, form.hidden),
        flags=form.flags,
        touches=form.touches,
        countries=row.countries,
        recorded=row.recorded,
    )


class Turn(NamedTuple):
    """What a turn is to a class of readers.

    Args:
        reason: that is filed.
        labels: of the event before and after.
        is_gone: they lost the event, or a field of it.
        is_gained: they see the event, or a field of it, that they did not see before.
    """

    reason: str
    labels: tuple[int, int]
    is_gone: bool
    is_gained: bool


def reason_of(view: TimelineView, turn: Turn) -> str:
    """Return why, as far as these readers see: that others lost something is not for them to know."""
    if turn.is_gone:
        # That its publisher is not believed any more is not for everybody to know either.
        return _WITHDRAWN.get(turn.reason, turn.reason)
    if turn.is_gained:
        return "released"
    before, after = (view.label(one).tlp for one in turn.labels)
    return "corrected" if before == after else turn.reason
