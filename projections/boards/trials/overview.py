"""The coverage board: hearings that are near, by trial and by country, and why each counts as covered or not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from projections.boards.papers import Papers
from projections.boards.trials.coverage import Row, rows_of
from projections.paging import further

Json = Any


class Asked(NamedTuple):
    """Which part of the board is asked for.

    Args:
        within: how far ahead.
        country: only there.
        trial: only of this one.
        limit: trials on the page.
        offset: trials to skip.
    """

    within: timedelta
    country: str | None = None
    trial: str | None = None
    limit: int = 50
    offset: int = 0


def overview(papers: Papers, asked: Asked) -> Json:
    """Return hearings that are near, by country and by trial; trials with the soonest uncovered hearing first."""
    rows = rows_of(papers)
    trial = None if asked.trial is None else papers.tellings.merged.of(asked.trial)
    fitting = [
        row
        for row in rows.values()
        if asked.country in (None, row.country) and (trial is None or row.trial == trial)
    ]
    near = [row for row in fitting if row.is_within(papers.now, asked.within)]
    trials = _by_trial(papers.now, near, _refused(fitting))
    page = trials[asked.offset : asked.offset + asked.limit]
    return {
        "total": _sums(papers.now, near),
        "countries": [
            {"country": country, **_sums(papers.now, of)} for country, of in sorted(_by_country(near).items())
        ],
        "trials": page,
        "next": further(asked.offset, len(page), len(trials)),
    }


def told(row: Row, now: datetime, refused_before: Sequence[str] = ()) -> Json:
    """Return the coverage of one hearing as answers tell it."""
    holding = row.holding(now)
    held = sum(one.seats for one in holding)
    wanted = {} if row.wanted is None else {"wanted": row.wanted, "missing": max(0, row.wanted - held)}
    room = {} if row.room is None else {"room": row.room}
    return {
        "covered": bool(holding if row.is_to_come(now) else row.watched),
        "reasons": _reasons(row, now, refused_before),
        "seats": {
            "held": held,
            **wanted,
            **room,
            "partners": [one.as_json() for one in holding],
            "handing_over": [one.as_json() for one in row.offers],
        },
    }


def hearing_told(row: Row, now: datetime, refused_before: Sequence[str] = ()) -> Json:
    """Return a hearing with its dates and its coverage."""
    return {
        "hearing": row.ref,
        "state": row.state,
        "starts": list(row.starts),
        "uncertain": row.is_uncertain,
        **told(row, now, refused_before),
    }


def refusals(rows: Mapping[str, Row], trial: str | None) -> list[str]:
    """Return the partners whose observers were turned away at any hearing of a trial."""
    return _refused(rows.values()).get(trial, []) if trial is not None else []


def _reasons(row: Row, now: datetime, refused_before: Sequence[str]) -> list[str]:
    holding = row.holding(now)
    held = sum(one.seats for one in holding)
    facts = (
        ("observed", bool(row.watched)),
        ("seat_held", bool(holding)),
        ("no_observer", row.is_uncovered(now)),
        ("not_to_come", not row.is_to_come(now)),
        ("promise_lapsed", len(holding) < len(row.held)),
        ("seat_on_its_way", bool(row.offers)),
        ("too_few_seats", row.wanted is not None and 0 < held < row.wanted),
        ("more_seats_than_room", row.room is not None and held > row.room),
        ("refused_entry", bool(row.refused or refused_before)),
        ("date_uncertain", row.is_to_come(now) and row.is_uncertain),
    )
    return [name for name, holds in facts if holds]


def _by_trial(now: datetime, near: Iterable[Row], refused: Mapping[str | None, list[str]]) -> list[Json]:
    by_trial: defaultdict[str | None, list[Row]] = defaultdict(list)
    for row in near:
        by_trial[row.trial].append(row)
    found = [
        (min(_soonest(row, now) for row in of), trial or "", _trial(now, trial, of, refused.get(trial, [])))
        for trial, of in by_trial.items()
    ]
    return [one for _, _, one in sorted(found, key=lambda pair: pair[:2])]


def _trial(now: datetime, trial: str | None, of: Sequence[Row], refused: Sequence[str]) -> Json:
    in_order = sorted(of, key=lambda row: (_soonest(row, now), row.ref))
    return {
        "trial": trial,
        "country": next((row.country for row in in_order if row.country), None),
        **_sums(now, of),
        "refused_entry": [f"partner:{slug}" for slug in refused],
        "hearings_soon": [hearing_told(row, now, refused) for row in in_order],
    }


def _soonest(row: Row, now: datetime) -> tuple[bool, str, str]:
    """Order hearings: uncovered ones first, then the soonest."""
    begins = sorted(str(one.begins or "") for one in row.times if one.ends is None or one.ends >= now)
    return (not row.is_uncovered(now), next(iter(begins), ""), row.ref)


def _by_country(rows: Iterable[Row]) -> dict[str, list[Row]]:
    by_country: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_country[row.country or ""].append(row)
    return by_country


def _refused(rows: Iterable[Row]) -> dict[str | None, list[str]]:
    found: defaultdict[str | None, set[str]] = defaultdict(set)
    for row in rows:
        found[row.trial].update(row.refused)
    return {trial: sorted(slugs) for trial, slugs in found.items()}


def _sums(now: datetime, rows: Sequence[Row]) -> Json:
    held = {row.ref: sum(one.seats for one in row.holding(now)) for row in rows}
    uncovered = sum(row.is_uncovered(now) for row in rows)
    return {
        "hearings": len(rows),
        "covered": len(rows) - uncovered,
        "uncovered": uncovered,
        "seats_wanted": sum(row.wanted or 0 for row in rows),
        "seats_held": sum(held.values()),
        "seats_missing": sum(max(0, (row.wanted or 0) - held[row.ref]) for row in rows),
    }
