"""The ladder of accountability and the impunity clock: what each step does to them is data (`steps.json`).

`rung` is how far up a step is, 0 where nothing moves. `clock`: `from` counts the days anew, `stops` ends the count,
`reopens` counts anew and takes back an end, `none` changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import orjson

from projections.boards.tellings import Telling
from projections.boards.truth.claims import Said, claims_in, counting, grade_of, verification_of, world_moment
from projections.shown import shown
from schemas.edtf import NotEdtf, bounds

Json = Any

RECORDED = "accountability.recorded"
OCCURRED: Mapping[str, str] = {"threat.reported": "/occurred", "threat.updated": "/changes/occurred"}
"""Where events say when a threat happened."""

_KEPT = ("body", "proceeding", "remedy", "effective_investigation", "public_note")


class Effect(NamedTuple):
    """What a step is on the ladder, and does to the clock."""

    rung: int
    clock: str


_NOTHING = Effect(0, "none")
"""Of a step that is not in the list."""


class Impunity(NamedTuple):
    """Since when nobody has been called to account, whatever the time is now.

    Args:
        since: the day from which days count; None if no day is known, and nothing counts.
        basis: `occurred`, or the last step that counts.
        stopped: the step that ended the count; None while it runs.
        until: the day on which it ended.
    """

    since: str | None
    basis: str
    stopped: str | None = None
    until: str | None = None


@cache
def effects() -> Mapping[str, Effect]:
    """Return what each step is and does."""
    said = orjson.loads((files(__package__) / "steps.json").read_bytes())["steps"]
    return {code: Effect(one["rung"], one["clock"]) for code, one in said.items()}


def steps_in(told: Sequence[Telling], said: Said) -> list[Json]:
    """Return the steps that were recorded, by world date; two who record one step differently both stand."""
    return [_step(one, said) for one in sorted(told, key=world_moment) if one.type == RECORDED]


def _step(one: Telling, said: Said) -> Json:
    code = str(one.data.get("step"))
    effect = effects().get(code, _NOTHING)
    kept = {name: one.data[name] for name in _KEPT if name in one.data}
    return {
        "step": code,
        "rung": effect.rung,
        "as_of": one.when,
        **kept,
        "by": one.partner,
        **grade_of(one),
        "verification": verification_of(one, said),
        "event": one.proof,
    }


def impunity_of(told: Sequence[Telling], said: Said) -> Impunity:
    """Return how the impunity clock of a threat stands.

    A date that is not exact counts from its last day: nobody is accused of a longer silence than is certain.

    Args:
        told: the reports of the threat and the steps.
        said: what was said of them.
    """
    happened = claims_in(told, OCCURRED)
    since = _last_day(shown(happened, said.lookup).value) if happened else None
    state = Impunity(since, "occurred")
    for one in _counted(told, said):
        day = _last_day(one.when or str(one.event.get("time", ""))[:10])
        state = _after(state, str(one.data.get("step")), day)
    return state


def rung_of(told: Sequence[Telling], said: Said) -> int:
    """Return how far up the ladder the steps go that count; 0 where nothing moved."""
    return max(
        (effects().get(str(one.data.get("step")), _NOTHING).rung for one in _counted(told, said)), default=0
    )


def _counted(told: Sequence[Telling], said: Said) -> list[Telling]:
    """Return the steps that nobody's last word calls refuted, by world date."""
    return sorted(counting([one for one in told if one.type == RECORDED], said), key=world_moment)


def _after(state: Impunity, code: str, day: str | None) -> Impunity:
    """Return how the clock stands after a step."""
    clock = effects().get(code, _NOTHING).clock
    if day is None or clock == "none":
        return state
    if clock == "stops":
        return Impunity(state.since, state.basis, code, day)
    if clock == "from" and state.stopped is not None:
        return state
    return Impunity(day, code)


def days_of(impunity: Impunity, today: date) -> int | None:
    """Return how many days nobody has been, or was not, called to account; None if no day is known."""
    if impunity.since is None:
        return None
    end = today if impunity.until is None else date.fromisoformat(impunity.until)
    return max(0, (end - date.fromisoformat(impunity.since)).days)


def _last_day(said: Json) -> str | None:
    """Return the last day that a date may mean."""
    try:
        last = bounds(str(said))[1]
    except NotEdtf:
        return None
    return None if last is None else last.isoformat()
