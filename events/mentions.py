"""Which events name a reference, and whom else the things name that hold something personal of it.

Two readings of the log: what the second looks for is known only after the first.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from events.checks import about_of
from events.event import RecordedEvent, type_of
from events.seals import Seals
from events.vault import KeyRecord

Json = Any

_REFERENCE = re.compile(r"[a-z]+:[A-Za-z0-9_.-]{1,130}")
_PERSONS = ("lawyer:", "person:", "source:")
_EVENT = "event:"
_OWN = ("erasure.", "embargo.", "steward.")
"""What is said about erasing is no reason to erase again."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Something personal that is about the reference and about others as well.

    Args:
        subject: whose key seals it.
        persons: whom it names besides the reference.
        kids: names of its living keys.
    """

    subject: str
    persons: tuple[str, ...]
    kids: tuple[str, ...]


@dataclass(slots=True)
class Mentions:
    """The first reading: which events concern the reference, and what else says how it is to be erased."""

    reference: str
    seals: Seals
    amended: set[str] = field(default_factory=set)
    things: set[str] = field(default_factory=set)
    partners: set[str] = field(default_factory=set)
    events: int = 0
    named_at: int = 0
    erased_at: int = 0
    _judged: dict[tuple[str, str], tuple[str, str, bool]] = field(default_factory=dict)
    _withdrawals: list[tuple[str, str]] = field(default_factory=list)
    _retracted: set[tuple[str, str]] = field(default_factory=set)

    def note(self, event: RecordedEvent) -> None:
        """Note what one event says."""
        self._note_retraction(event)
        if event.stem.startswith("partner.admitted."):
            self.partners.add(str(event.data["partner"]).removeprefix("partner:"))
        elif event.stem.startswith("identity.judged."):
            pair = sorted((str(event.data["left"]), str(event.data["right"])))
            is_same = event.data["judgement"] == "same"
            self._judged[pair[0], pair[1]] = (event.source, event.id, is_same)
        named = references_in(event)
        if self.reference in named:
            self._note_mention(event, named)

    def _note_mention(self, event: RecordedEvent, named: frozenset[str]) -> None:
        if event.stem.startswith("erasure.executed.") and event.data.get("role") == "controller":
            self.erased_at = event.position
        if event.stem.startswith(_OWN):
            return
        self.events += 1
        self.named_at = event.position
        self.things |= own_things(event)
        sealing = self.seals.subjects(event.stem, event.envelope)
        if self.reference in {event.envelope.get("subject"), *event.sealed.values(), *sealing}:
            self.amended.add(amended_as(event))
        asks = event.stem.startswith("consent.withdrawn.") and event.data.get("effect") == "erase"
        if asks and event.data.get("subject_of_consent") == self.reference:
            self._withdrawals.append((event.source, event.id))

    def _note_retraction(self, event: RecordedEvent) -> None:
        # Intake takes retractions from the publisher itself and from stewards only.
        about = about_of(type_of(event.stem), event.data, event.source)
        if about is not None and event.stem.startswith("record.retracted."):
            self._retracted.add(about)

    @property
    def request(self) -> str | None:
        """The newest withdrawal that asks for it and stands."""
        standing = [one for one in self._withdrawals if one not in self._retracted]
        return standing[-1][1] if standing else None

    def same(self) -> list[str]:
        """Return whatever was judged the same, directly or through others, by the last word on each pair."""
        ties = [
            pair
            for pair, (source, event_id, is_same) in self._judged.items()
            if is_same and (source, event_id) not in self._retracted
        ]
        found, looked = {self.reference}, set[str]()
        while found != looked:
            looked = set(found)
            found |= {one for pair in ties if not looked.isdisjoint(pair) for one in pair}
        return sorted(found - {self.reference})


class Names:
    """The second reading: whom the things name that hold something personal."""

    def __init__(self, reference: str, first: Mentions, sealing: frozenset[str]) -> None:
        self._reference = reference
        self._first = first
        self._sealing = sealing
        self._things = frozenset(one for one in sealing if _is_thing(one))
        self._persons: dict[str, set[str]] = {}
        self._beside: dict[str, set[str]] = {}
        self._amended: dict[str, set[str]] = {}
        self._assessed: set[str] = set()
        self._others: set[str] = set()

    def note(self, event: RecordedEvent) -> None:
        """Note whom one event names."""
        named, own, amended = references_in(event), own_things(event), amended_as(event)
        persons = {one for one in named if one.startswith(_PERSONS)}
        nearby = self._first.things & named
        for thing in own & (self._things | self._first.things):
            self._persons.setdefault(thing, set()).update(persons)
            self._beside.setdefault(thing, set()).update(nearby - {thing})
        if self._reference in named and not _is_thing(self._reference):
            self._others |= {one for one in event.sealed.values() if one.startswith(_PERSONS)}
        if amended in self._sealing:
            self._amended[amended] = own
        if event.stem.startswith("claim.assessed."):
            about = f"{_EVENT}{event.data.get('about_source', event.source)} {event.data.get('about_event')}"
            if about in self._first.amended:
                self._assessed.add(amended)

    def _about(self, thing: str) -> set[str]:
        """Return whom a thing is about: whom its events name; if nobody, whom the things beside it name."""
        direct = self._persons.get(thing, set())
        if direct:
            return direct
        return {one for other in self._beside.get(thing, ()) for one in self._persons.get(other, ())}

    def gone(self, erased: set[str]) -> set[str]:
        """Return whose keys go besides the reference's own: all that is about nobody who stays."""
        alone = {one for one in self._things if self._concerns(one) and self._about(one) <= erased}
        said_anew = {amended for amended, own in self._amended.items() if not own.isdisjoint(alone)}
        return alone | said_anew | self._assessed

    def shared(self, erased: set[str], living: Sequence[KeyRecord]) -> Iterator[Shared]:
        """Yield what is about the reference and somebody else who stays."""
        found = {one: self._about(one) for one in self._things if self._concerns(one)}
        found.update((one, {one}) for one in self._others - erased)
        for subject, persons in sorted(found.items()):
            kids = tuple(one.kid for one in living if one.subject == subject)
            if kids and not persons <= erased:
                yield Shared(subject, tuple(sorted(persons - {self._reference})), kids)

    def _concerns(self, thing: str) -> bool:
        return thing != self._reference and self._reference in self._about(thing)


def references_in(event: RecordedEvent) -> frozenset[str]:
    """Return every reference that an event names, whose keys seal it among them."""
    found = set(_references((event.envelope.get("subject"), event.envelope.get("correlationid"), event.data)))
    return frozenset(found | {one for one in event.sealed.values() if _REFERENCE.fullmatch(one)})


def own_things(event: RecordedEvent) -> set[str]:
    """Return the things, no persons, that an event is about or that seal it."""
    named = (str(event.envelope.get("subject", "")), *event.sealed.values())
    return {one for one in named if _is_thing(one)}


def amended_as(event: RecordedEvent) -> str:
    """Return whose key seals what is said anew of an event, where that person is not named."""
    return f"{_EVENT}{event.source} {event.id}"


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        if _REFERENCE.fullmatch(value):
            yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _references(inner)


def _is_thing(subject: str) -> bool:
    return subject != "" and not subject.startswith((*_PERSONS, _EVENT))
