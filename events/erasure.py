"""What erasing a reference destroys: a search over the log and the list of keys. Nothing here destroys anything.

A key goes if all that it seals is about the reference: its own keys, those of what was said anew of its events, and
those of things that name no other person. Whatever several persons share is listed for stewards to decide.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from events.event import Position, RecordedEvent
from events.mentions import Mentions, Names, Shared
from events.seals import Seals
from events.submission import HUB, STEWARDS
from events.vault import KeyRecord

Json = Any
Pages = Callable[[], Iterator[Sequence[RecordedEvent]]]
"""Reads the log anew from its beginning, page by page."""

ERASED = "erasure.executed.v1"
"""Stem of the proof that keys were destroyed."""

PAGE = 500
MOST_KEYS = 200
"""Names of keys that one `erasure.executed` may list."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What erasing one reference means now.

    Args:
        reference: whom or what.
        keys: living keys that go.
        shared: what stewards must decide about.
        same: references that were judged to be the same person or thing.
        request: `id` of the newest withdrawal that asks for it.
        events: how many events name the reference.
        is_done: everything was erased before, and nothing has come since.
        partners: every partner that was ever admitted, stewards aside: each may hold a copy.
    """

    reference: str
    keys: tuple[KeyRecord, ...]
    shared: tuple[Shared, ...]
    same: tuple[str, ...]
    request: str | None
    events: int
    is_done: bool
    partners: tuple[str, ...]

    @property
    def kids(self) -> tuple[str, ...]:
        """The names of the keys that go."""
        return tuple(one.kid for one in self.keys)

    @property
    def portions(self) -> tuple[tuple[str, ...], ...]:
        """The same, as many as one event may name; one empty portion if there is none."""
        kids = self.kids
        found = tuple(kids[start : start + MOST_KEYS] for start in range(0, len(kids), MOST_KEYS))
        return found or ((),)


def pages_of(read: Callable[[Position, int], Sequence[RecordedEvent]]) -> Pages:
    """Return what reads a log from its beginning."""

    def pages() -> Iterator[Sequence[RecordedEvent]]:
        after = Position(0)
        while page := read(after, PAGE):
            yield page
            after = page[-1].position

    return pages


def plan(
    pages: Pages, seals: Seals, keys: Iterable[KeyRecord], reference: str, also: Iterable[str] = ()
) -> Plan:
    """Find what erasing a reference destroys. Reads the log twice.

    Args:
        pages: reads the log.
        seals: whose the personal fields of an event are.
        keys: every key of the vault.
        reference: whom or what.
        also: references that are erased with it: what names only these is about nobody else.
    """
    living = [one for one in keys if one.destroyed is None]
    first = Mentions(reference, seals)
    for page in pages():
        for event in page:
            first.note(event)
    second = Names(reference, first, frozenset(one.subject for one in living))
    for page in pages():
        for event in page:
            second.note(event)
    erased = {reference, *also}
    gone = {reference, *first.amended, *second.gone(erased)}
    chosen = tuple(one for one in living if one.subject in gone)
    return Plan(
        reference=reference,
        keys=chosen,
        shared=tuple(second.shared(erased, living)),
        same=tuple(first.same()),
        request=first.request,
        events=first.events,
        is_done=not chosen and first.named_at < first.erased_at,
        partners=tuple(sorted(first.partners - {HUB, STEWARDS})),
    )


def proof(reference: str, kids: Sequence[str], request: str) -> dict[str, Json]:
    """Return the payload that says what the hub destroyed; recording it is what destroys.

    It does not say when: that is when it is recorded, and two hubs that record it say the same.
    """
    return {
        "subject_of_erasure": reference,
        "request": request,
        "scope": ["subject_key", "vault_row"],
        "role": "controller",
        "kids_destroyed": list(kids),
    }
