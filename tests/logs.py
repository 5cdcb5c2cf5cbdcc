"""A log in memory and events for it, for tests of the reading rooms; all data invented."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any

import orjson

from events.audience import Reader
from events.event import Position, RecordedEvent
from events.seals import Seals
from projections.amendments import Naming, corrects
from projections.protections import without_fields
from projections.sight import Sight
from schemas.registry import Registry
from schemas.walk import pointer_of

Json = Any

THREAT = {
    "threat": "threat:harbour-bar-watch.2026-017",
    "targets": ["lawyer:harbour-bar-watch.0042"],
    "categories": ["liberty.arrest"],
    "title": "Defence lawyer arrested after a bail hearing",
    "narrative": "Taken by four plain-clothes officers.",
    "occurred": "2026-11-02",
    "place": {"country": "QM"},
}


IDENTITY = {"names": [{"full": "Pellamine Dovrask"}]}


@cache
def seals() -> Seals:
    """Return the marks of the package's contracts."""
    return Seals(Registry.load())


class MemoryLog:
    """A list of recorded events that satisfies `projections.tail.Log`."""

    def __init__(self) -> None:
        self.events: list[RecordedEvent] = []
        self.reads = 0
        self._grown = threading.Condition()

    def add(
        self, event_type: str, data: Json, slug: str = "harbour-bar-watch", **envelope: Json
    ) -> RecordedEvent:
        """Record one event; its id is `e` and its position unless given, times go up by a second each."""
        position = len(self.events) + 1
        recorded = f"2026-11-05T{position // 3600:02}:{position // 60 % 60:02}:{position % 60:02}.000000Z"
        whole = {
            "specversion": "1.0",
            "id": f"e{position}",
            "source": f"urn:hub:partner:{slug}",
            "type": event_type,
            "dataschema": f"https://solidarity-hub.example/schemas/{event_type}/1",
            "time": recorded,
            "tlp": "green",
            "recordedtime": recorded,
            **envelope,
            "data": data,
        }
        stem = f"{event_type}.v1"
        sealed = {pointer_of(one.path): one.subject for one in seals().of(stem, whole)}
        event = RecordedEvent(Position(position), stem, whole, sealed)
        with self._grown:
            self.events.append(event)
            self._grown.notify_all()
        return event

    def threat(self, no: int = 1, slug: str = "harbour-bar-watch", **envelope: Json) -> RecordedEvent:
        """Record a report of a threat against lawyer `no`."""
        own = {"threat": f"threat:{slug}.{no}", "targets": [f"lawyer:{slug}.{no}"]}
        own |= {"urgency": envelope.pop("urgency")} if "urgency" in envelope else {}
        return self.add("threat.reported", {**THREAT, **own}, slug, subject=f"threat:{slug}.{no}", **envelope)

    def correct(
        self, about: str, *changes: tuple[str, Json], slug: str = "harbour-bar-watch", **envelope: Json
    ) -> RecordedEvent:
        """Record a correction of the publisher's own event `about`."""
        steps = [{"pointer": pointer, "to": to} for pointer, to in changes]
        return self.add(
            "record.corrected",
            {"about_event": about, "reason": "wrong_date", "changes": steps},
            slug,
            **envelope,
        )

    def retract(
        self, about: str, reason: str = "false", slug: str = "harbour-bar-watch", **said: Json
    ) -> RecordedEvent:
        """Record a retraction; `about_source` and the like may be given."""
        data = {"about_event": about, "reason": reason, "effective_from": "2026-11-06T08:00:00Z", **said}
        return self.add("record.retracted", data, slug)

    def release(self, until: str) -> RecordedEvent:
        """Record that the timekeeper ends embargoes."""
        return self.add("embargo.released", {"until": until}, "hub", tlp="red")

    def profile(self, no: int = 1, slug: str = "harbour-bar-watch", **said: Json) -> RecordedEvent:
        """Record what lawyer `no` is called; what is said may be of the envelope (`tlp`) or of the payload."""
        lawyer = f"lawyer:harbour-bar-watch.{no}"
        envelope = {name: said.pop(name) for name in ("tlp", "audience", "id") if name in said}
        data = {"lawyer": lawyer, "country_of_practice": "QM", "identity": IDENTITY, **said}
        return self.add("lawyer.profiled", data, slug, subject=lawyer, **envelope)

    def consent(self, level: str, no: int = 1, slug: str = "harbour-bar-watch") -> RecordedEvent:
        """Record what lawyer `no` allows."""
        lawyer = f"lawyer:harbour-bar-watch.{no}"
        data = {"consent_id": "c1", "subject_of_consent": lawyer, "level": level, "scopes": ["media"]}
        return self.add("consent.recorded", data, slug, tlp="amber+strict", subject=lawyer)

    def withdraw(self, effect: str, no: int = 1, slug: str = "harbour-bar-watch") -> RecordedEvent:
        """Record that lawyer `no` takes consent back; the keys of this partner go at once if it is to erase."""
        lawyer = f"lawyer:harbour-bar-watch.{no}"
        data = {"subject_of_consent": lawyer, "effect": effect}
        event = self.add("consent.withdrawn", data, slug, tlp="amber+strict", subject=lawyer)
        if effect == "erase":
            self._destroy(lawyer, slug)
        return event

    def erase(self, subject: str) -> RecordedEvent:
        """Record that the stewards have erased somebody; all keys go at once."""
        data = {"subject_of_erasure": subject, "role": "controller"}
        event = self.add("erasure.executed", data, "stewards", tlp="red")
        self._destroy(subject)
        return event

    def sign(self, about: str) -> None:
        """Let an event have been signed by its publisher."""
        for place, one in enumerate(self.events):
            if one.id == about:
                signature = {"payload": "e30=", "payloadType": "text/json", "keyid": "k1", "sig": "AA=="}
                self.events[place] = replace(one, signature=signature)

    def _destroy(self, subject: str, slug: str | None = None) -> None:
        """Let no key open what was sealed for somebody, nor, if in all of the log, what corrections say of it."""
        theirs = {
            Naming(one.source, one.id)
            for one in self.events
            if subject in {one.envelope.get("subject"), *one.sealed.values()}
        }
        for place, one in enumerate(self.events):
            is_said_of_theirs = slug is None and corrects(one) in theirs
            gone = {at for at, whose in one.sealed.items() if is_said_of_theirs or whose == subject}
            if gone and slug in (None, one.publisher):
                self.events[place] = without_fields(one, frozenset(gone))

    def read(self, after: Position, limit: int) -> Sequence[RecordedEvent]:
        """Return events behind a position."""
        self.reads += 1
        return self.events[after : after + limit]

    def at(self, positions: Sequence[Position]) -> Sequence[RecordedEvent]:
        """Return the events at these places, in no particular order."""
        return [self.events[position - 1] for position in reversed(positions)]

    def head(self) -> Position:
        """Return the newest position."""
        return Position(len(self.events))

    def digest(self, event: RecordedEvent) -> str:
        """Return what the store would put on the receipt."""
        return sha256(orjson.dumps(event.envelope, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def wait(self, after: Position, timeout: float) -> bool:
        """Wait for an event behind a position."""
        with self._grown:
            return self._grown.wait_for(lambda: len(self.events) > after, timeout)


PARTNER = Reader("open-docket", "anna", "amber+strict")
OWNER = Reader("harbour-bar-watch", "ben", "red")
STEWARD = Reader("stewards", "cleo", "amber+strict")

Ask = Callable[[Reader], Sight]
"""Brings the views up to date and returns somebody's sight."""
