"""Grades of fairness: each with who gave it, why, and who dissents. Never an average."""

from collections.abc import Iterable, Sequence
from typing import Any

from projections.boards.tellings import Telling, Tellings
from projections.boards.trials.saying import Voices
from projections.boards.trials.stages import Stage

Json = Any

GRADES = ("A", "B", "C", "D", "F")


def grades(tellings: Tellings, stages: Sequence[Stage], voices: Voices) -> list[Json]:
    """Return every grade that was given: of each partner its newest for each stage, and whether it counts.

    A grade by a partner that monitors the stage does not count: it is shown with the reason `by_monitor`.
    """
    return [
        _grade(tellings, stage, one, voices) for stage in stages for one in _newest(tellings, stage.concluded)
    ]


def _newest(tellings: Tellings, concluded: Iterable[Telling]) -> list[Telling]:
    newest: dict[str, Telling] = {}
    for one in concluded:
        if one.data.get("grade") in GRADES and "grade_by" in one.data:
            newest[tellings.merged.of(one.data["grade_by"])] = one
    return [newest[by] for by in sorted(newest)]


def _grade(tellings: Tellings, stage: Stage, one: Telling, voices: Voices) -> Json:
    by = tellings.merged.of(one.data["grade_by"])
    monitors = {tellings.merged.of(f"partner:{slug}") for slug in stage.monitors}
    dissents = [_dissent(said) for said in voices.doubts(one, "/grade")]
    return {
        "stage": stage.name,
        "grade": one.data["grade"],
        "by": by,
        "told_by": f"partner:{one.partner}",
        "counts": by not in monitors,
        "reasons": ["by_monitor"] if by in monitors else [],
        "rationale": one.data.get("grade_rationale"),
        "dissents": dissents,
        "event": one.proof,
    }


def _dissent(said: Json) -> Json:
    own = {name: said[name] for name in ("verdict", "note", "event") if name in said}
    grade = said.get("alternative")
    return {"by": f"partner:{said['by']}", "grade": grade if grade in GRADES else None, **own}
