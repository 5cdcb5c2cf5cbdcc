"""What a clock is: which date of which events the timekeeper watches; see `clocks.py` for what its parts mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from projections.boards.statements.clocks import ReplyClocks
from projections.deadlines.spans import Span

Json = Any

Conditions = tuple[tuple[str, tuple[Json, ...]], ...]


@dataclass(frozen=True, slots=True)
class Over:
    """Which events, if later, make what is said of a deadline void.

    Args:
        type: of the event.
        ref: pointer to what it is about, which must be the same.
        conditions: pointers and what must stand there.
        is_own: whether only the publisher of the date can say so.
        on: pointer to when it was so; empty: when it was said.
    """

    type: str
    ref: str
    conditions: Conditions
    is_own: bool
    on: str


@dataclass(frozen=True, slots=True)
class Clock:
    """One compiled entry, for one stem.

    Args:
        kind: of the deadline, e.g. `join_by`.
        at: pointer to the date.
        ref: pointer to what it is about, or `SUBJECT`.
        each: pointer to the items at which `./` pointers start; empty: there are none.
        conditions: pointers and what must stand there.
        zone: pointer to the time zone of days; empty: UTC.
        is_start: whether a date that is no moment is meant from its start.
        after: how long after the date it is due.
        leads: how long before that it rings.
        level: what one must be able to see of the event to know the date and what it is about; None: the event.
        needs: field without which a payload has no such date.
        reads: all fields of a payload that it reads.
        whom: pointers to whom it waits for.
        over: what makes it void.
        replies: how long who has for a reply, where that is the date.
    """

    kind: str
    at: str
    ref: str
    each: str
    conditions: Conditions
    zone: str
    is_start: bool
    after: tuple[Span, ...]
    leads: tuple[Span, ...]
    level: str | None
    needs: str
    reads: tuple[str, ...]
    whom: tuple[str, ...]
    over: tuple[Over, ...]
    replies: ReplyClocks | None


Clocks = Mapping[str, Sequence[Clock]]
"""Stem → its clocks."""

NO_CLOCKS: Clocks = MappingProxyType({})
