"""Reads what an event says about another event: amendments, assessments, and which of them count."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from events.audience import TLP, Label
from events.event import RecordedEvent
from events.moments import read_moment

Json = Any

STEWARDS = "urn:hub:partner:stewards"
NEVER = 2**63 - 1
"""End of an embargo whose moment cannot be read: it stays."""

LONG_AGO = -(2**63)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Naming:
    """`source` and `id` of an event that another event is about; it may not have arrived yet."""

    source: str
    id: str

    def is_of(self, event: RecordedEvent) -> bool:
        """Tell whether `event` is the one named."""
        return event.id == self.id and event.source == self.source

    def key(self) -> int:
        """Shorten it to one SQLite integer; two may share it, so whoever finds by it asks `is_of` as well."""
        digest = blake2b(f"{self.source}\n{self.id}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


def naming_of(event: RecordedEvent) -> Naming | None:
    """Return which event this one is about, if it says so; whose it is defaults to its own source."""
    about = event.data.get("about_event")
    return (
        Naming(str(event.data.get("about_source", event.source)), about) if isinstance(about, str) else None
    )


def corrects(event: RecordedEvent) -> Naming | None:
    """Return what a correction corrects; None unless the publisher of that event says so."""
    naming = naming_of(event) if event.stem.startswith("record.corrected.") else None
    return naming if naming is not None and naming.source == event.source and naming.id != event.id else None


def retracts(event: RecordedEvent) -> Naming | None:
    """Return what a retraction retracts; None unless the publisher of that event or the stewards say so."""
    naming = naming_of(event) if event.stem.startswith("record.retracted.") else None
    if naming is None or naming.is_of(event) or event.source not in (naming.source, STEWARDS):
        return None
    return naming


def narrows(event: RecordedEvent, label: Label) -> Label:
    """Return the label of an event that a correction makes stricter, if it says so; never a looser one."""
    tlp = event.data.get("tlp")
    return label.stricter(tlp) if tlp in TLP else label


def is_unsafe(event: RecordedEvent) -> bool:
    """Tell whether a retraction is for safety's sake: what it retracts hides from all but its publisher."""
    return retracts(event) is not None and event.data.get("reason") == "unsafe"


def leaves_a_past(event: RecordedEvent) -> bool:
    """Tell whether what a retraction takes back may be looked at as the past: it was wrong, or said twice.

    What should never have been known, for whatever other reason, is not shown as the past either.
    """
    return event.data.get("reason") in ("false", "duplicate_of", "superseded")


def names_wrong_person(event: RecordedEvent) -> bool:
    """Tell whether a correction puts right who is meant: whom it named wrongly must not be seen in the past either."""
    return corrects(event) is not None and event.data.get("reason") == "wrong_person"


def is_release(event: RecordedEvent) -> bool:
    """Tell whether the timekeeper ends embargoes by this event."""
    return event.stem.startswith("embargo.released.")


def released_until(event: RecordedEvent) -> int:
    """Return the moment up to which a release ends embargoes, in microseconds since 1970."""
    until = moment_of(event.data.get("until"))
    return LONG_AGO if until is None else until


def embargoed_until(event: RecordedEvent) -> int:
    """Return when the embargo of an event ends, in microseconds since 1970.

    `LONG_AGO` if there is none or it had ended when the event was recorded, `NEVER` if its moment cannot be
    read.
    """
    if "notbefore" not in event.envelope:
        return LONG_AGO
    until = moment_of(event.envelope["notbefore"])
    if until is None:
        return NEVER
    recorded = moment_of(event.envelope.get("recordedtime"))
    return LONG_AGO if recorded is not None and until <= recorded else until


def asserted(event: RecordedEvent) -> tuple[int, str]:
    """Order amendments by when their publisher asserts them, then by id, whatever the order of arrival."""
    return moment_of(event.envelope.get("time")) or LONG_AGO, event.id


def moment_of(text: Json) -> int | None:
    """Return an RFC 3339 moment in microseconds since 1970; None if it cannot be read."""
    moment = read_moment(text) if isinstance(text, str) else None
    if moment is None:
        return None
    since = moment - _EPOCH
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds
