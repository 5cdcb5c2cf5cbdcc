"""Accountability on the board of a threat, and the list of those for which nobody was called to account."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from projections.boards.accountability.ladder import (
    RECORDED,
    Impunity,
    days_of,
    impunity_of,
    rung_of,
    steps_in,
)
from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings
from projections.boards.truth.claims import REPORTS, Said, claims_in, counting, said_of
from projections.boards.truth.units import count_of
from projections.paging import further
from projections.shown import shown

Json = Any

COUNTRY: Mapping[str, str] = {"threat.reported": "/place/country", "threat.updated": "/changes/place/country"}
TITLE: Mapping[str, str] = {"threat.reported": "/title", "threat.updated": "/changes/title"}
_TYPES = (*REPORTS, RECORDED)


class Row(NamedTuple):
    """One threat of the list: all of it without the clock.

    Args:
        label: its title, or its reference.
        country: where it happened.
        impunity: how its clock stands.
        rung: the highest that was reached.
        steps: how many were recorded.
        targets: references to go by.
    """

    label: str
    country: str | None
    impunity: Impunity
    rung: int
    steps: int
    targets: tuple[str, ...]


def accountability_of(papers: Papers, ref: str) -> Json:
    """Return the ladder of a threat and its impunity clock."""
    told = papers.tellings.about([ref], _TYPES)[ref]
    said = said_of(papers.tellings, told)
    steps = steps_in(told, said)
    impunity = impunity_of(told, said)
    return {
        "steps": steps,
        "rung": rung_of(told, said),
        "clock": _clock(impunity, papers),
    }


def _clock(impunity: Impunity, papers: Papers) -> Json:
    state = "stopped" if impunity.stopped else "unknown" if impunity.since is None else "running"
    ended = {} if impunity.stopped is None else {"stopped_by": impunity.stopped, "until": impunity.until}
    days = days_of(impunity, papers.now.date())
    return {"state": state, "since": impunity.since, "counts_from": impunity.basis, "days": days, **ended}


def _make(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, Row]:
    told = tellings.about(refs, _TYPES)
    said = said_of(tellings, (one for events in told.values() for one in events))
    rows = {ref: _row(tellings, ref, (events, said)) for ref, events in told.items()}
    return {ref: row for ref, row in rows.items() if row is not None}


def _row(tellings: Tellings, ref: str, told: tuple[Sequence[Telling], Said]) -> Row | None:
    events, said = told
    reports = counting([one for one in events if one.type in REPORTS], said)
    if not reports:
        return None
    steps = steps_in(events, said)
    targets = {tellings.merged.of(str(target)) for one in reports for target in one.data.get("targets", ())}
    return Row(
        label=str(shown_of(reports, TITLE, said) or ref),
        country=shown_of(reports, COUNTRY, said),
        impunity=impunity_of([*reports, *(one for one in events if one.type == RECORDED)], said),
        rung=rung_of(events, said),
        steps=len(steps),
        targets=tuple(sorted(targets)),
    )


def shown_of(told: Collection[Telling], pointers: Mapping[str, str], said: Said) -> Json:
    """Return the shown value of a property of a threat; None if nobody says anything of it."""
    claims = claims_in(told, pointers)
    return shown(claims, said.lookup).value if claims else None


ROWS = Rows("impunity", "threat", _make)


def impunity_list(papers: Papers, country: str | None, limit: int, offset: int) -> Json:
    """Return a page of threats for which nobody was called to account, longest first.

    Returns:
        `{"items", "total", "next", "stopped", "unknown", "units"}`: `stopped` and `unknown` count the threats that
        are not listed, because somebody was, or because no day is known. `units` counts threat × target of all.
    """
    rows = papers.rows(ROWS)
    found: Mapping[str | None, _Found] = papers.keeping.remembered(
        "impunity.by country", rows, lambda _: {None: _found(rows), **_by_country(rows)}
    )
    running, stopped, unknown, units = found.get(country, _Found([], 0, 0, frozenset()))
    page = running[offset : offset + limit]
    return {
        "items": [_item(ref, rows[ref], papers) for ref in page],
        "total": len(running),
        "next": further(offset, len(page), len(running)),
        "stopped": stopped,
        "unknown": unknown,
        "units": count_of(papers.tellings, units),
    }


class _Found(NamedTuple):
    """What follows of the threats of a country: who is listed, how many of them are not, all units."""

    running: Sequence[str]
    stopped: int
    unknown: int
    units: frozenset[tuple[str, str]]


def _by_country(rows: Mapping[str, Row]) -> Mapping[str | None, _Found]:
    of_country: defaultdict[str, dict[str, Row]] = defaultdict(dict)
    for ref, row in rows.items():
        if row.country is not None:
            of_country[row.country][ref] = row
    return {country: _found(own) for country, own in of_country.items()}


def _found(rows: Mapping[str, Row]) -> _Found:
    running = [ref for ref, row in rows.items() if row.impunity.since and row.impunity.stopped is None]
    return _Found(
        sorted(running, key=lambda ref: (rows[ref].impunity.since, ref)),
        sum(row.impunity.stopped is not None for row in rows.values()),
        sum(row.impunity.since is None and row.impunity.stopped is None for row in rows.values()),
        frozenset((ref, target) for ref, row in rows.items() for target in row.targets),
    )


def _item(ref: str, row: Row, papers: Papers) -> Json:
    return {
        "ref": ref,
        "label": row.label,
        "country": row.country,
        "rung": row.rung,
        "steps": row.steps,
        "clock": _clock(row.impunity, papers),
    }
