"""What stands beside the feed: where it happened, by country, and the hearings to come, by day."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

import pycountry

from events.event import Json
from hub.address import Asked
from hub.api.queries import event_filters
from hub.pages.names import names_in
from hub.pages.trials import zones_of
from projections.boards.papers import Papers
from projections.boards.trials.coverage import Row, rows_of
from projections.boards.trials.overview import told
from projections.sight import Sight
from schemas.formats import country_codes

SPAN = timedelta(days=30)
"""How far back the map looks when no day is asked for: its cost grows with what was recorded since."""

MOST_HEARINGS = 20


def world(sight: Sight, asked: Asked, now: datetime) -> dict[str, Json]:
    """Return how many events that fit the filters of the feed name each country, most first."""
    since = asked["since"] or (now - SPAN).date().isoformat()
    # A filter by country would leave a map of one country: the map is where another one is chosen.
    query = event_filters({**asked, "country": (), "since": since})
    found = sight.by_country(query, country_codes())
    rows = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    countries = [{"code": code, "number": _number(code), "events": n} for code, n in rows]
    return {"countries": countries, "since": since, "is_asked": bool(asked["since"])}


def _number(code: str) -> str | None:
    """Return the ISO 3166-1 number by which maps know a country; None for codes that users assign."""
    found = pycountry.countries.get(alpha_2=code)
    return None if found is None else str(found.numeric)


def calendar(sight: Sight, asked: Asked, now: datetime) -> dict[str, Json]:
    """Return the next hearings by the day of the court, in the countries and of the things that are asked for."""
    papers = sight.papers(now)
    coming = sorted(_coming(papers, asked, now), key=lambda one: one[0])
    shown = [row for _, row in coming[:MOST_HEARINGS]]
    zones = zones_of(sight, [row.ref for row in shown])
    days: dict[str | None, list[Json]] = {}
    for row in shown:
        days.setdefault(_day(row, now), []).append(_entry(row, zones, now))
    listed = [{"day": day, "hearings": entries} for day, entries in days.items()]
    return {
        "days": listed,
        "more": len(coming) - len(shown),
        "names": names_in(papers, listed),
        "is_narrowed": bool(asked["country"] or asked["about"]),
    }


def _coming(papers: Papers, asked: Asked, now: datetime) -> Iterator[tuple[tuple[str, str], Row]]:
    about = {papers.tellings.merged.of(ref) for ref in asked["about"]}
    for row in rows_of(papers).values():
        is_there = not asked["country"] or row.country in asked["country"]
        is_meant = not about or bool(about & {row.ref, row.trial})
        if row.is_to_come(now) and is_there and is_meant:
            # Without a day it comes last: nobody can wait for it.
            yield (_day(row, now) or "9999", row.ref), row


def _day(row: Row, now: datetime) -> str | None:
    """Return the first day, as the court counts days, on which it may be held; None: nobody knows."""
    days = [one.first for one in row.times if one.first is not None and _may_be(one.ends, now)]
    return min(days, default=date.max).isoformat() if days else None


def _may_be(ends: datetime | None, now: datetime) -> bool:
    return ends is None or ends >= now


def _entry(row: Row, zones: Mapping[str, str], now: datetime) -> Json:
    coverage = told(row, now)
    return {
        "hearing": row.ref,
        "trial": row.trial,
        "country": row.country,
        "starts": list(row.starts),
        "zone": zones.get(row.ref),
        "is_tentative": row.is_uncertain,
        "is_covered": coverage["covered"],
        "held": coverage["seats"]["held"],
        "wanted": coverage["seats"].get("wanted"),
    }
