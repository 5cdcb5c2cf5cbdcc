"""What events say of one commitment: the promise, and the reports of both sides, in the order of the world."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from projections.boards.tellings import Telling, Tellings
from projections.boards.trials.saying import by_world
from schemas.edtf import NotEdtf, bounds

Json = Any

MADE, PROGRESSED = "commitment.made", "commitment.progressed"

SELF, INDEPENDENT = "self", "independent"
"""Who reports: whoever promised, or somebody else. Neither overwrites the other."""

DONE = frozenset({"fulfilled", "withdrawn"})
"""States in which nothing is due any more."""


class Story(NamedTuple):
    """A commitment as it is told.

    Args:
        made: the promise, each time that it was recorded.
        reports: on its progress.
        sides: for each report, `self` or `independent`.
    """

    made: list[Telling]
    reports: list[Telling]
    sides: list[str]

    def last(self, side: str) -> Telling | None:
        """Return the last report of a side."""
        own = [one for one, of in zip(self.reports, self.sides, strict=True) if of == side]
        return own[-1] if own else None

    @property
    def is_disputed(self) -> bool:
        """Whether the last reports of both sides name different states."""
        states = [
            None if (one := self.last(side)) is None else one.data.get("state")
            for side in (SELF, INDEPENDENT)
        ]
        return None not in states and states[0] != states[1]


def story_of(tellings: Tellings, ref: str, told: Iterable[Telling]) -> Story:
    """Return the story of a commitment from the events that name it."""
    own = by_world(
        one
        for one in told
        if one.type in (MADE, PROGRESSED) and tellings.merged.of(str(one.data.get("commitment"))) == ref
    )
    made = [one for one in own if one.type == MADE]
    reports = [one for one in own if one.type == PROGRESSED]
    promised = {tellings.merged.of(str(one.data.get("by"))) for one in made}
    return Story(made, reports, [_side(tellings, one, promised) for one in reports])


def _side(tellings: Tellings, report: Telling, promised: set[str]) -> str:
    said = report.data.get("reporter")
    if said in (SELF, INDEPENDENT):
        return str(said)
    is_own = tellings.merged.of(str(report.data.get("by", f"partner:{report.partner}"))) in promised
    return SELF if is_own else INDEPENDENT


def day_told(one: Telling) -> date | None:
    """Return the day of which a report speaks, its last if it is vague, but none after it was written."""
    written = _day(str(one.event.get("time", ""))[:10])
    try:
        last = bounds(one.when)[1] if one.when else None
    except NotEdtf:
        last = None
    days = [day for day in (last, written) if day is not None]
    return min(days, default=None)


def dues_of(story: Story) -> list[tuple[str, Telling]]:
    """Return the days on which a commitment was said to be due, the one that holds last, and who said so."""
    first = [(str(one.data["due"]), one) for one in story.made if "due" in one.data]
    later = [(str(one.data["new_due"]), one) for one in story.reports if "new_due" in one.data]
    return [*first, *later]


def states_of(story: Story) -> Sequence[str]:
    """Return the last state by each side that named one."""
    found = (story.last(side) for side in (SELF, INDEPENDENT))
    return [str(one.data["state"]) for one in found if one is not None and "state" in one.data]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
