"""The board of one trial."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings
from projections.boards.trials.coverage import hearings_of
from projections.boards.trials.delay import delay
from projections.boards.trials.grades import grades
from projections.boards.trials.saying import Saying, Voices, by_world, sayings
from projections.boards.trials.scorecard import scorecard
from projections.boards.trials.session import Session, sessions
from projections.boards.trials.stages import DECIDING, SCHEDULED, TRIAL_TYPES, Stage, appeal, stages

Json = Any

_DECIDED: Mapping[Any, str] = MappingProxyType({True: "continued", False: "not_continued"})
"""What an adjournment says of detention, in the words of a report."""


def trial_board(papers: Papers, ref: str) -> Json:
    """Return what visible events tell of a trial: parties, stages, fairness, delay, grades, clocks."""
    tellings = papers.tellings
    ref = tellings.merged.of(ref)
    names = set(tellings.merged.all_of(ref))
    told = by_world(one for one in tellings.about([ref], TRIAL_TYPES)[ref] if one.data.get("trial") in names)
    voices = Voices(tellings, told)
    found = stages(told, voices)
    hearings = sessions(tellings, hearings_of(tellings, [ref]))
    in_order = sorted(hearings.values(), key=_first_day)
    late = delay(tellings, in_order)
    near = _next(in_order, today_of(papers))
    return {
        "parties": parties(tellings, told, found, voices),
        "stages": [stage.told(tellings, _held_in(stage, found, in_order)) for stage in found],
        "hearings": [_brief(one) for one in in_order],
        "next_hearing": None if near is None else _brief(near),
        "scorecard": scorecard(in_order, late),
        "delay": late,
        "grades": grades(tellings, found, voices),
        "appeal": appeal(found, today_of(papers), voices),
        "detention": _detention(told, in_order, voices),
    }


def today_of(papers: Papers) -> date:
    """Return the day from which clocks count: that of the hub, or an earlier one that is looked at."""
    now = papers.now.date()
    last = None if papers.then.days is None else papers.then.days[1]
    return now if last is None else min(now, last)


def parties(
    tellings: Tellings, told: Iterable[Telling], found: Sequence[Stage], voices: Voices
) -> list[Json]:
    """Return each party by itself, with its part and with what became of it at each stage."""
    roles: dict[str, list[Saying]] = {}
    for one in told:
        for number, party in enumerate(one.data.get("parties", ())):
            if "who" in party:
                said = Saying(party.get("role"), one, f"/parties/{number}/role")
                roles.setdefault(tellings.merged.of(party["who"]), []).append(said)
    outcomes = [(stage.name, stage.outcomes(tellings)) for stage in found]
    everybody = {*roles, *(who for _, of in outcomes for who in of)}
    return [_party(who, roles.get(who, []), outcomes, voices) for who in sorted(everybody)]


def _party(
    who: str,
    roles: Sequence[Saying],
    outcomes: Sequence[tuple[str, Mapping[str, list[Saying]]]],
    voices: Voices,
) -> Json:
    ends = [{"stage": stage, **(voices.told(of[who]) or {})} for stage, of in outcomes if who in of]
    return {
        "who": who,
        "role": voices.told([one for one in roles if one.value is not None]),
        "outcomes": ends,
        "outcome": ends[-1] if ends else None,
    }


def _held_in(stage: Stage, found: Sequence[Stage], in_order: Iterable[Session]) -> list[str]:
    """Return the hearings of a stage: those before the next one begins."""
    began = [(one.began or "", one.name) for one in found if one.name in DECIDING]
    return [one.ref for one in in_order if _stage_at(_first_day(one)[0], began) == stage.name]


def _stage_at(day: str, began: Sequence[tuple[str, str]]) -> str | None:
    """Return the stage that a trial is at on a day; before the first has begun, that one."""
    names = [name for since, name in began if since <= day] or [name for _, name in began[:1]]
    return names[-1] if names else None


def _first_day(one: Session) -> tuple[str, str]:
    """Return by what hearings are in order: when one was held or may be, else when it was to be."""
    said = [one.held_on, *(time.first for time in one.times)]
    days = [day for day in said if day is not None] or one.gone
    return (min(days).isoformat() if days else "9999", one.ref)


def _next(in_order: Iterable[Session], today: date) -> Session | None:
    """Return the hearing that may come next; of an uncertain date any day counts."""
    coming = [
        (min((time.first or date.min) for time in times), one.ref, one)
        for one in in_order
        if one.is_ahead and (times := [time for time in one.times if time.last is None or time.last >= today])
    ]
    return min(coming, key=lambda pair: pair[:2])[2] if coming else None


def _brief(one: Session) -> Json:
    return {
        "hearing": one.ref,
        "state": one.state,
        "starts": one.standing,
        "uncertain": one.is_ahead and one.is_uncertain,
        "held": None if one.held_on is None else one.held_on.isoformat(),
        "reports": len(one.reports),
    }


def _detention(told: Iterable[Telling], in_order: Iterable[Session], voices: Voices) -> Json:
    """Return whether the accused are held during the trial, and what hearings decided on it."""
    decisions = [
        {
            "hearing": one.ref,
            "decision": _DECIDED.get(report.data[field], report.data[field]),
            "by": f"partner:{report.partner}",
            "event": report.proof,
        }
        for one in in_order
        for field, reports in (("detention_decision", one.reports), ("detention_continues", one.adjournments))
        for report in reports
        if report.data.get(field) is not None
    ]
    during = sayings((one for one in told if one.type == SCHEDULED), "detention_during_trial")
    return {"during_trial": voices.told(during), "decisions": decisions}
