"""Targets of a commitment beside what was measured: each value under the version of the indicator that it is of."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from projections.boards.law.clock import days_left
from projections.boards.promises.story import Story

Json = Any


def targets_of(story: Story, now: datetime) -> list[Json]:
    """Return what was to be reached by when, each with what both sides measured of this very indicator."""
    measured = list(_measured(story))
    targets = story.made[-1].data.get("target", ()) if story.made else ()
    return [_target(one, measured, now) for one in targets]


def measured_beside(story: Story) -> list[Json]:
    """Return what was measured of indicators that no target names, such as another version of one."""
    targets = story.made[-1].data.get("target", ()) if story.made else ()
    named = {one["indicator"] for one in targets}
    return [one for one in _measured(story) if one["indicator"] not in named]


def _measured(story: Story) -> Iterator[Json]:
    for report, side in zip(story.reports, story.sides, strict=True):
        for one in report.data.get("measured", ()):
            yield {**one, "reporter": side, "by": report.partner, "event": report.proof}


def _target(target: Mapping[str, Json], measured: Sequence[Json], now: datetime) -> Json:
    own = [one for one in measured if one["indicator"] == target["indicator"]]
    last = {one["reporter"]: one for one in own if "value" in one}
    left = days_left(target.get("by"), now)
    reached = {side: _is_reached(target, one) for side, one in sorted(last.items())}
    return {
        **target,
        "days_left": left,
        "measured": own,
        "reached": reached,
        "overdue": left is not None and left < 0 and not any(reached.values()),
    }


def _is_reached(target: Mapping[str, Json], measured: Mapping[str, Json]) -> bool | None:
    """Tell whether a value is as far as the target, in its direction; None where it cannot be told."""
    goal, baseline = target.get("value"), target.get("baseline")
    if goal is None or target.get("unit", measured.get("unit")) != measured.get("unit", target.get("unit")):
        return None
    is_downwards = baseline is not None and goal < baseline
    return bool(measured["value"] <= goal if is_downwards else measured["value"] >= goal)
