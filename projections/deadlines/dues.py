"""The moments that an event speaks of, by the clocks, as it reads now; and which later events are over them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from events.event import RecordedEvent
from events.moments import read_moment, stamp
from projections.boards.statements.clocks import KindOf, unknown
from projections.deadlines.clock import Clock, Clocks, Conditions, Over
from projections.deadlines.clocks import SUBJECT
from projections.deadlines.spans import later
from projections.rule import step_to, steps_of, walk
from schemas.edtf import NotEdtf, bounds

Json = Any


@dataclass(frozen=True, slots=True)
class Due:
    """One moment at which the timekeeper speaks.

    Args:
        moment: when.
        data: the payload of what it says.
        level: what one must be able to see of the event; None: the event.
    """

    moment: datetime
    data: Mapping[str, Json]
    level: str | None


def dues(clocks: Clocks, event: RecordedEvent, kind_of: KindOf | None = None) -> list[Due]:
    """Return the moments that an event speaks of, as it reads now, in order.

    What had come already when the event was recorded is no news: whoever published it knew.

    Args:
        clocks: that count.
        event: as it reads now.
        kind_of: kinds of bodies, for reply clocks that go by them; None: not known.
    """
    data = event.data
    own = [clock for clock in clocks.get(event.stem, ()) if clock.needs in data]
    recorded = read_moment(str(event.envelope.get("recordedtime", ""))) if own else None
    if recorded is None:
        return []
    found = (due for clock in own for due in _dues(clock, event, recorded, kind_of))
    return sorted(found, key=lambda due: (due.moment, due.data["kind"]))


def _dues(clock: Clock, event: RecordedEvent, recorded: datetime, kind_of: KindOf | None) -> Iterator[Due]:
    data = event.data
    items = [item for _, item in walk(data, steps_of(clock.each), "")] if clock.each else [data]
    for item in items:
        ref = event.envelope.get("subject") if clock.ref == SUBJECT else _at(clock.ref, data, item)
        base = _base(clock, event, item, kind_of)
        if isinstance(ref, str) and base is not None and _hold(clock.conditions, data, item):
            coming = [one for one in _rings(clock, base) if one[1] > recorded]
            yield from _told(clock, event, ref, coming) if coming else ()


def _base(clock: Clock, event: RecordedEvent, item: Json, kind_of: KindOf | None) -> datetime | None:
    if clock.replies is not None:
        day = clock.replies.due(event.envelope, kind_of or unknown).day
        # The last day of the calendar has no end.
        return None if day in (None, date.max) else _midnight(day + timedelta(days=1), None)
    zone = _at(clock.zone, event.data, item)
    return _moment(_at(clock.at, event.data, item), zone, is_start=clock.is_start)


def _rings(clock: Clock, base: datetime) -> Iterator[tuple[datetime, datetime, str]]:
    """Yield each deadline with a moment at which it is spoken of, and how long before that is, as it is written."""
    for after in clock.after:
        at = later(base, after)
        if at is None:
            continue
        for lead in clock.leads:
            moment = later(at, lead, -1)
            if moment is not None:
                yield at, moment, lead.text


def _told(
    clock: Clock, event: RecordedEvent, ref: str, coming: Sequence[tuple[datetime, datetime, str]]
) -> Iterator[Due]:
    about = {"kind": clock.kind, "about_event": {"source": event.source, "id": event.id}, "ref": ref}
    named = (value for one in clock.whom for _, value in walk(event.data, steps_of(one), ""))
    whom = {"from": list(dict.fromkeys(named))} if clock.whom else {}
    for at, moment, lead in coming:
        more = {} if moment == at else {"lead": lead, "at": stamp(at)}
        yield Due(moment, {**about, "due": stamp(moment), **more, **whom}, clock.level)


def _hold(conditions: Conditions, data: Json, item: Json) -> bool:
    return all(_at(pointer, data, item) in wanted for pointer, wanted in conditions)


def _at(pointer: str, data: Json, item: Json) -> Json:
    if not pointer:
        return None
    relative = pointer.startswith("./")
    return step_to(item if relative else data, steps_of(pointer[1:] if relative else pointer))


def _moment(said: Json, zone: Json, *, is_start: bool) -> datetime | None:
    """Return the moment that a date means: of a day that is no moment its first, or the one after its last."""
    if not isinstance(said, str):
        return None
    moment = read_moment(said) if "T" in said else None
    if moment is not None:
        return moment
    try:
        first, last = bounds(said)
        day = first if is_start else None if last is None else last + timedelta(days=1)
        return None if day is None else _midnight(day, zone)
    except (NotEdtf, OverflowError):
        return None


def _midnight(day: date, zone: Json) -> datetime:
    where = ZoneInfo(zone) if isinstance(zone, str) else UTC
    return datetime.combine(day, time(), where).astimezone(UTC)


def is_over(over: Over, event: RecordedEvent, ref: str) -> bool:
    """Tell whether an event is one that makes the word of a deadline of a thing void."""
    is_one = event.stem.startswith(f"{over.type}.v") and step_to(event.data, steps_of(over.ref)) == ref
    return is_one and _hold(over.conditions, event.data, event.data)


def over_since(over: Over, event: RecordedEvent) -> datetime | None:
    """Return since when such an event says that it is so."""
    on = _moment(_at(over.on, event.data, None), None, is_start=True)
    return read_moment(str(event.envelope.get("time", ""))) if on is None else on
