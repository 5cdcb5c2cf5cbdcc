"""What visible events tell of something, for one class of readers: what every board is made from."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, Protocol

from events.event import slug_of
from projections.graph.merging import Merged
from projections.graph.query import NOW, Then

Json = Any
Name = tuple[str, str]


class Telling(NamedTuple):
    """One active event as these readers may see it, corrections applied.

    Args:
        position: in the log; never leaves the hub.
        recorded: RFC 3339 moment.
        when: its world date (EDTF), or None.
        event: a CloudEvent; fields that are closed to these readers, or erased, are missing.
        flags: e.g. `STALE_FACT`.
    """

    position: int
    recorded: str
    when: str | None
    event: Json
    flags: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """Of the event, e.g. `threat.reported`."""
        return str(self.event["type"])

    @property
    def data(self) -> Json:
        """The payload; empty where all of it is closed or erased."""
        return self.event.get("data") or {}

    @property
    def name(self) -> Name:
        """Source and id."""
        return self.event["source"], self.event["id"]

    @property
    def partner(self) -> str:
        """Slug of the publisher."""
        return slug_of(self.event["source"])

    @property
    def proof(self) -> Json:
        """The event as answers name it: `{"source", "id", "type", "when"}`."""
        return {"source": self.event["source"], "id": self.event["id"], "type": self.type, "when": self.when}


def in_time(tellings: Iterable[Telling]) -> list[Telling]:
    """Return tellings in an order that does not depend on arrival: by the publisher's moment, then source and id."""
    return sorted(tellings, key=lambda one: (str(one.event.get("time", "")), *one.name))


class Timeline(Protocol):
    """The part of the timeline, as one class of readers may see it, that tells of things."""

    def told(
        self, keys: Collection[str], types: Collection[str] = (), then: Then = NOW
    ) -> dict[str, list[Telling]]:
        """Return the active events behind some keys of the timeline."""

    def named(self, ids: Collection[str]) -> list[tuple[str, Telling]]:
        """Return the events of some ids, each with its status."""

    def stale(self) -> frozenset[str]:
        """Return every reference of which something rests on facts that changed."""

    def published(self) -> dict[str, int]:
        """Return how many events there are of each publisher, by slug."""

    def reached(self) -> int:
        """Return up to which place of the log events are told."""


class Tellings:
    """Finds what visible events tell; references that people judged the same are read as one.

    Args:
        timeline: where it finds them.
        merged: who is the same as whom for these readers.
        then: the moment that is looked at.
    """

    def __init__(self, timeline: Timeline, merged: Merged, then: Then = NOW) -> None:
        self._timeline = timeline
        self.merged = merged
        self.then = then

    def about(self, refs: Iterable[str], types: Collection[str] = ()) -> dict[str, list[Telling]]:
        """Return for each reference to go by the events that name it, in order of recording.

        Args:
            refs: references; those that are read as another count for that one.
            types: only events of these; none: all.

        Returns:
            one entry for each reference to go by, empty where nothing is told.
        """
        found: dict[str, list[Telling]] = {self.merged.of(ref): [] for ref in refs}
        keys = {f"r:{one}": ref for ref in found for one in self.merged.all_of(ref)}
        for key, tellings in self._timeline.told(keys, types, self.then).items():
            found[keys[key]] += tellings
        return {ref: _once(tellings) for ref, tellings in found.items()}

    def of_types(self, types: Collection[str]) -> list[Telling]:
        """Return all events of some types, in order of recording."""
        told = self._timeline.told([f"t:{one}" for one in types], (), self.then)
        return sorted((one for tellings in told.values() for one in tellings), key=lambda one: one.position)

    def on(self, names: Iterable[Name]) -> dict[Name, list[Telling]]:
        """Return what visible events say about some others (assessments, corrections, retractions), as recorded.

        Args:
            names: source and id of those others; those of which nothing is said are left out.
        """
        keys = {f"a:{source} {event_id}": (source, event_id) for source, event_id in names}
        return {keys[key]: tellings for key, tellings in self._timeline.told(keys, (), self.then).items()}

    def named(self, ids: Collection[str]) -> list[tuple[str, Telling]]:
        """Return the events of some ids, each with its status, in order of recording: also those that do not count now.

        They are read as they stand now, whatever moment is looked at: a warning is never held back.
        """
        return self._timeline.named(ids) if ids else []

    def stale(self) -> frozenset[str]:
        """Return every reference of which something rests on facts that changed, as of now."""
        return self._timeline.stale()

    def published(self) -> dict[str, int]:
        """Return how many events of each publisher these readers see or saw retracted, by slug, as of now."""
        return self._timeline.published()

    def reached(self) -> int:
        """Return up to which place of the log events are told, as of now."""
        return self._timeline.reached()


def _once(tellings: Iterable[Telling]) -> list[Telling]:
    by_place = {one.position: one for one in tellings}
    return [by_place[place] for place in sorted(by_place)]
