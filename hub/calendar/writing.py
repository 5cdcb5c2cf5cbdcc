"""The calendar as a file: RFC 5545, with what RFC 7986 adds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone

from events.moments import read_moment
from hub.calendar.entries import Entry
from hub.subscriptions.subscription import ENGLISH

MEDIA = "text/calendar"
PRODID = "-//Solidarity Hub//Hearings//EN"
REFRESH = timedelta(hours=1)
"""How often programs are asked to look again."""

MOST_ZONES = 600
"""Zones whose rules are kept, as many as there are: to work all of them out takes seconds, and anybody may ask."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a hearing beside its time.

    Args:
        title: a few words.
        category: under what it is filed.
        link: its dossier; empty: there is none any more.
        place: where; empty: not known.
        text: sentences.
        country: a code; empty: not known.
        is_public: it stands in the calendar that everybody may read.
    """

    title: str
    category: str
    link: str = ""
    place: str = ""
    text: str = ""
    country: str = ""
    is_public: bool = False


def calendar(entries: Sequence[tuple[Entry, Told]], name: str, language: str) -> bytes:
    """Write a calendar; the same entries give the same bytes. Without `LANGUAGE` a text of ours is English."""
    spoken = {} if language == ENGLISH else {"LANGUAGE": language}
    made = Calendar()
    made.add("prodid", PRODID)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("name", name, parameters=spoken)
    made.add("x-wr-calname", name, parameters=spoken)
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for zone in _zones(entry for entry, _ in entries):
        made.add_component(zone)
    for entry, told in entries:
        made.add_component(_event(entry, told, spoken))
    return bytes(made.to_ical())


def _event(entry: Entry, told: Told, spoken: dict[str, str]) -> Event:
    event = Event()
    changed = read_moment(entry.moment) or datetime.fromtimestamp(0, UTC)
    event.add("uid", entry.uid)
    event.add("dtstamp", changed.replace(microsecond=0))
    event.add("last-modified", changed.replace(microsecond=0))
    event.add("sequence", entry.sequence)
    event.add("status", entry.status)
    event.add("dtstart", entry.when.start)
    if entry.when.end is not None:
        event.add("dtend", entry.when.end)
    event.add("summary", told.title, parameters=spoken)
    event.add("transp", "OPAQUE" if entry.status == "CONFIRMED" else "TRANSPARENT")
    event.add("class", "PUBLIC" if told.is_public else "PRIVATE")
    if entry.follows is not None:
        event.add("related-to", entry.follows, parameters={"RELTYPE": "SIBLING"})
    said = {"location": (told.place, {}), "description": (told.text, spoken), "url": (told.link, {})}
    for name, (text, parameters) in said.items():
        if text:
            event.add(name, text, parameters=parameters)
    filed = [told.category, told.country] if told.country else [told.category]
    event.add("categories", filed, parameters=spoken)
    return event


def _zones(entries: Iterable[Entry]) -> Iterator[Timezone]:
    """Yield the rules of each zone in use, for the years in use, in the order of their names."""
    years: dict[str, list[int]] = {}
    for entry in entries:
        start = entry.when.start
        if isinstance(start, datetime) and isinstance(start.tzinfo, ZoneInfo):
            years.setdefault(start.tzinfo.key, []).append(start.year)
    for name, used in sorted(years.items()):
        yield _rules(name, min(used) - 1, max(used) + 2)


@lru_cache(MOST_ZONES)
def _rules(name: str, first: int, last: int) -> Timezone:
    """Return the rules of a zone from the beginning of a year to that of another."""
    rules = Timezone.from_tzid(name, first_date=date(first, 1, 1), last_date=date(last, 1, 1))
    # The library notes for which years it holds; they follow from the entries.
    rules.pop("COMMENT", None)
    return rules
