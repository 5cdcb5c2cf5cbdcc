"""The stages of one trial: first instance, appeal and so on, each with its dates, its court and its outcome."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from projections.boards.tellings import Telling, Tellings
from projections.boards.trials.saying import Saying, Voices, by_world, sayings, values_of
from projections.shown import Shown

Json = Any

SCHEDULED, CONCLUDED = "trial.scheduled", "trial.concluded"
TRIAL_TYPES = (SCHEDULED, CONCLUDED)

DECIDING = frozenset({"first_instance", "appeal", "cassation", "retrial"})
"""Stages that end with a decision."""

_UNKNOWN = "unknown"


class Stage:
    """One stage, as all who speak of it tell it.

    Args:
        name: a code of `proceeding_stage`, or `unknown`.
        announced: events that announce it.
        concluded: events that tell its outcome.
        voices: weighs them.
    """

    def __init__(
        self, name: str, announced: Sequence[Telling], concluded: Sequence[Telling], voices: Voices
    ) -> None:
        self.name = name
        self.announced = announced
        self.concluded = concluded
        self._voices = voices

    @property
    def monitors(self) -> set[str]:
        """The partners that announced it: they do not grade it."""
        return {one.partner for one in self.announced}

    @cached_property
    def is_final(self) -> bool | None:
        """Whether no appeal is possible any more; None where nobody says, or they do not agree."""
        values = values_of(self.shown("final"))
        return values[0] if len(values) == 1 else None

    def shown(self, field: str) -> Shown | None:
        """Return what is shown of a field of its conclusions."""
        return self._voices.shown(sayings(self.concluded, field))

    def told(self, tellings: Tellings, hearings: Iterable[str]) -> Json:
        """Return the stage as answers tell it."""
        fields = ("decided", "final", "sentence", "practice_consequence")
        said = {field: self._voices.told(sayings(self.concluded, field)) for field in fields}
        courts = {one.data["court"] for one in self.announced if "court" in one.data}
        return {
            "stage": self.name,
            "status": self.status,
            "began": self.began,
            "courts": sorted(tellings.merged.of(court) for court in courts),
            **{field: one for field, one in said.items() if one is not None},
            "outcomes": self.counts(tellings),
            "hearings": list(hearings),
            "announced_by": [f"partner:{slug}" for slug in sorted(self.monitors)],
            "told_by": sorted({f"partner:{one.partner}" for one in self.concluded}),
            "events": [one.proof for one in (*self.announced, *self.concluded)],
        }

    @property
    def status(self) -> str:
        """In one word: `open`, `decided` or `closed`."""
        if not self.concluded:
            return "open"
        return "closed" if self.is_final else "decided"

    @property
    def began(self) -> str | None:
        """When it was announced first, or began."""
        return next((_day(one) for one in self.announced), None)

    def outcomes(self, tellings: Tellings) -> dict[str, list[Saying]]:
        """Return what is said of how it ended, for each party."""
        found: dict[str, list[Saying]] = {}
        for one in self.concluded:
            for number, entry in enumerate(one.data.get("outcome", ())):
                if "who" in entry and "outcome" in entry:
                    pointer = f"/outcome/{number}/outcome"
                    saying = Saying(entry["outcome"], one, pointer)
                    found.setdefault(tellings.merged.of(entry["who"]), []).append(saying)
        return found

    def counts(self, tellings: Tellings) -> Json:
        """Return how many parties it ended how for; where they do not agree, the party counts as `disputed`."""
        counted: dict[str, int] = {}
        for said in self.outcomes(tellings).values():
            values = values_of(self._voices.shown(said))
            name = str(values[0]) if len(values) == 1 else "disputed"
            counted[name] = counted.get(name, 0) + 1
        return {name: counted[name] for name in sorted(counted)}


def stages(told: Sequence[Telling], voices: Voices) -> list[Stage]:
    """Return the stages of a trial in the order in which they began."""
    announced = by_world(one for one in told if one.type == SCHEDULED)
    concluded = by_world(one for one in told if one.type == CONCLUDED)
    by_name: dict[str, list[Telling]] = {}
    for one in announced:
        by_name.setdefault(str(one.data.get("stage", _UNKNOWN)), []).append(one)
    ended: dict[str, list[Telling]] = {}
    for one in concluded:
        ended.setdefault(_stage_of(one, announced), []).append(one)
    names = dict.fromkeys((*by_name, *ended))
    return [Stage(name, by_name.get(name, []), ended.get(name, []), voices) for name in names]


def _stage_of(one: Telling, announced: Sequence[Telling]) -> str:
    """Return which stage a conclusion ends: as it says, else the last that had begun by the day of the decision."""
    if "stage" in one.data:
        return str(one.data["stage"])
    deciding = [stage for stage in announced if stage.data.get("stage") in DECIDING]
    begun = [stage for stage in deciding if _day(stage) <= _day(one)]
    found = begun[-1:] or deciding[:1] or list(announced[-1:])
    return str(found[0].data.get("stage", _UNKNOWN)) if found else _UNKNOWN


def _day(one: Telling) -> str:
    """Return when an event was, as text that sorts; the day of saying where it does not say."""
    return one.when or str(one.event.get("time", ""))[:10]


def appeal(found: Sequence[Stage], today: date, voices: Voices) -> Json | None:
    """Return the clock of the appeal against the last stage that names a deadline; None if none does."""
    for number in range(len(found) - 1, -1, -1):
        stage = found[number]
        deadlines = [str(one) for one in values_of(stage.shown("appeal_deadline"))]
        if deadlines:
            return _clock(stage, deadlines, today, voices, [one.name for one in found[number + 1 :]])
    return None


def _clock(stage: Stage, deadlines: Sequence[str], today: date, voices: Voices, after: Sequence[str]) -> Json:
    # Of several, the earliest: who trusts a later one may be too late.
    left = (date.fromisoformat(min(deadlines)) - today).days
    return {
        "stage": stage.name,
        "deadline": voices.told(sayings(stage.concluded, "appeal_deadline")),
        "days_left": left,
        "runs": left >= 0 and not stage.is_final,
        "appealed": voices.told(sayings(stage.concluded, "appealed")),
        "taken_up": next((name for name in after if name in DECIDING), None),
    }
