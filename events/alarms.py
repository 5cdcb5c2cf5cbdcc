"""When the timekeeper must act on an event: an embargo ends, a consent runs out, a provisional lock lapses."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from events.moments import read_moment, stamp

Json = Any

PROVISIONAL = timedelta(days=14)
"""How long an exclusion holds that nobody independent has confirmed."""

ERASURE = timedelta(days=30)
URGENT_ERASURE = timedelta(hours=24)
"""How long others may keep what a person wants erased."""


def alarms_of(stem: str, envelope: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the moments at which time changes what an event means, as texts that sort by time."""
    return tuple(dict.fromkeys(_alarms(stem, envelope)))


def _alarms(stem: str, envelope: Mapping[str, Json]) -> Iterator[str]:
    opens = read_moment(str(envelope.get("notbefore", "")))
    if opens is not None:
        yield stamp(opens)
    data = envelope["data"]
    if stem.startswith("consent.recorded."):
        ends = consent_ends(data)
        if ends is not None:
            yield ends
    elif stem.startswith("consent.withdrawn.") and data.get("effect") == "erase":
        yield erasure_due(envelope)
    yield from corrected_ends(stem, data)
    if may_attribute(stem, data):
        yield provisional_until(envelope)


def consent_ends(data: Mapping[str, Json]) -> str | None:
    """Return the first moment at which a consent no longer holds: its `expires_on` is the last day."""
    if "expires_on" not in data:
        return None
    last = date.fromisoformat(data["expires_on"])
    try:
        return stamp(datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1))
    except OverflowError:
        return None


def corrected_ends(stem: str, data: Mapping[str, Json]) -> list[str]:
    """Return the moments at which a consent no longer holds if an event corrects the last day of one."""
    if not stem.startswith("record.corrected."):
        return []
    said = [
        {"expires_on": one.get("to")} for one in data.get("changes", ()) if one["pointer"] == "/expires_on"
    ]
    return [ends for one in said if is_date(one["expires_on"]) and (ends := consent_ends(one)) is not None]


def is_date(text: Json) -> bool:
    """Tell whether something is a day as JSON Schema writes it."""
    try:
        return isinstance(text, str) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def attributed(stem: str, data: Mapping[str, Json]) -> list[str]:
    """Return the bodies to which an event attributes a threat."""
    if stem.startswith("threat.reported."):
        named = data.get("attributed_to", ())
    elif stem.startswith("threat.updated."):
        changes = data.get("changes")
        named = changes.get("attributed_to_added", ()) if isinstance(changes, Mapping) else ()
    else:
        return []
    return [str(one["body"]) for one in named if isinstance(one, Mapping) and "body" in one]


def may_attribute(stem: str, data: Mapping[str, Json]) -> bool:
    """Tell whether an event attributes a threat to somebody, or may be a correction that does."""
    if not stem.startswith("record.corrected."):
        return bool(attributed(stem, data))
    pointers = (str(one.get("pointer", "")) for one in data.get("changes", ()))
    return any(pointer.startswith(("/attributed_to", "/changes")) for pointer in pointers)


def provisional_until(envelope: Mapping[str, Json]) -> str:
    """Return when an exclusion lapses that rests on this event alone."""
    return stamp(_recorded(envelope) + PROVISIONAL)


def erasure_due(envelope: Mapping[str, Json]) -> str:
    """Return when the keys of others must be destroyed after a withdrawal that asks for it."""
    return stamp(_recorded(envelope) + (URGENT_ERASURE if envelope["data"].get("urgent") else ERASURE))


def _recorded(envelope: Mapping[str, Json]) -> datetime:
    moment = read_moment(str(envelope.get("recordedtime", "")))
    return datetime.max.replace(tzinfo=UTC) - 2 * ERASURE if moment is None else moment
