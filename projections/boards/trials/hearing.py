"""The board of one hearing."""

from collections.abc import Sequence
from typing import Any

from projections.boards.papers import Papers
from projections.boards.tellings import Telling
from projections.boards.trials.coverage import hearings_of, make
from projections.boards.trials.dates import Candidate
from projections.boards.trials.overview import refusals, told
from projections.boards.trials.saying import by_world, sayings
from projections.boards.trials.scorecard import ratings_of
from projections.boards.trials.session import ADJOURNED, SCHEDULED, Session, sessions

Json = Any

_SEEN = ("accused_present", "counsel_present", "interpreter", "public_excluded", "panel_changed")
_KEPT = ("status", "started", "ended", *_SEEN, "detention_decision", "rulings", "incidents", "report")


def hearing_board(papers: Papers, ref: str) -> Json:
    """Return what visible events tell of a hearing: its dates, how it stands, who watches, what they saw."""
    tellings = papers.tellings
    ref = tellings.merged.of(ref)
    one = sessions(tellings, [ref])[ref]
    row = make(tellings, [ref]).get(ref)
    trial = None if row is None else row.trial
    refused = [] if trial is None else refusals(make(tellings, sorted(hearings_of(tellings, [trial]))), trial)
    return {
        "trial": trial,
        "kind": one.voices.told(sayings(one.of(SCHEDULED), "kind")),
        "state": one.state,
        "statuses": one.statuses,
        "dates": _dates(one),
        "previous": _previous(one),
        "follows": sorted(
            {tellings.merged.of(event.data["hearing"]) for event in one.before if "hearing" in event.data}
        ),
        "followed_by": sorted(
            {
                tellings.merged.of(event.data[name])
                for event in one.own
                for name in ("new_hearing", "next_hearing")
                if name in event.data
            }
        ),
        "stale": _stale(one),
        "coverage": None if row is None else told(row, papers.now, refused),
        "reports": [_report(event, one) for event in one.reports],
        "seen": _seen(one),
        "observers": _observers(one.reports),
    }


def _dates(one: Session) -> Json:
    return {
        "starts": one.voices.told(one.starts),
        "stands": one.standing,
        "uncertain": one.is_ahead and one.is_uncertain,
        "candidates": [_candidate(time) for time in one.times],
        "zone": one.zone,
        "ends": one.first("ends"),
        "confirm_by": one.first("confirm_by"),
        "held": None if one.held_on is None else one.held_on.isoformat(),
    }


def _candidate(one: Candidate) -> Json:
    days = {"first": one.first, "last": one.last}
    said = {name: None if day is None else day.isoformat() for name, day in days.items()}
    return {**said, "certain": one.is_certain}


def _previous(one: Session) -> list[Json]:
    """Return the dates from which it was moved, or which it takes over, by when that was announced."""
    return [
        {
            "hearing": event.data.get("hearing"),
            "starts": event.data.get("previous_starts"),
            "status": event.data.get("status"),
            "reason": event.data.get("reason"),
            "by": f"partner:{event.partner}",
            "event": event.proof,
        }
        for event in by_world(event for event in (*one.adjournments, *one.before) if event.type == ADJOURNED)
    ]


def _stale(one: Session) -> Json:
    """Return what somebody who read of this hearing earlier may hold and should not any more."""
    corrected = [change for event in one.of(SCHEDULED) for change in one.voices.corrections(event, "starts")]
    gone = [day.isoformat() for day in one.gone]
    return {
        "may_be_held": bool(gone or corrected),
        "gone": gone,
        "corrected": corrected,
        "stands": one.standing,
    }


def _report(event: Telling, one: Session) -> Json:
    seen = event.data.get("observation", {})
    return {
        "by": f"partner:{event.partner}",
        "observation": {
            name: seen[name] for name in ("mode", "observers", "refused", "code_of_conduct") if name in seen
        },
        **{name: event.data[name] for name in _KEPT if name in event.data},
        "rights": event.data.get("rights", []),
        "event": event.proof,
    }


def _seen(one: Session) -> Json:
    """Return what is shown of who was there and how it was, by all who report."""
    said = {name: one.voices.told(sayings(one.reports, name)) for name in (*_SEEN, "detention_decision")}
    incidents = sorted({code for event in one.reports for code in event.data.get("incidents", ())})
    return {
        **{name: found for name, found in said.items() if found is not None},
        "incidents": incidents,
        "ratings": [{"right": rating.right, **rating.as_json()} for rating in ratings_of(one)],
    }


def _observers(reports: Sequence[Telling]) -> Json:
    """Count observers by partner; none is named."""
    newest = {event.partner: event.data.get("observation", {}) for event in reports}
    by_partner = {slug: seen for slug, seen in sorted(newest.items()) if seen}
    return {
        "let_in": sum(int(seen.get("observers", 0)) for seen in by_partner.values()),
        "turned_away": sum(int(seen.get("refused", 0)) for seen in by_partner.values()),
        "partners": [{"partner": f"partner:{slug}", **seen} for slug, seen in by_partner.items()],
    }
