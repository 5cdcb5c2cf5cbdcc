"""The board of a commitment: both sides' reports beside each other, lights, targets, what is due."""

from collections.abc import Mapping, Sequence
from typing import Any

from projections.boards.law.clock import days_left
from projections.boards.papers import Papers
from projections.boards.promises.lights import light_of
from projections.boards.promises.story import (
    DONE,
    INDEPENDENT,
    MADE,
    SELF,
    Story,
    day_told,
    dues_of,
    states_of,
    story_of,
)
from projections.boards.promises.targets import measured_beside, targets_of
from projections.boards.tellings import Telling, Tellings

Json = Any

DISPUTED = "DISPUTED"
"""Badge of a commitment of which both sides report different states."""

_TOLD = ("state", "narrative", "obstacles", "evidence", "new_due", "measured")
_PROMISE = (
    *("by", "with", "text", "kind", "made", "source", "resources"),
    *("registry_id", "beneficiaries", "sdg", "standards"),
)


def commitment_board(papers: Papers, ref: str) -> Json:
    """Return what was promised and what became of it.

    Args:
        papers: of the readers.
        ref: of the commitment, to go by.
    """
    told = papers.tellings.about([ref])[ref]
    story = story_of(papers.tellings, ref, told)
    return {
        "badge": DISPUTED if story.is_disputed else None,
        "lights": lights_told(story, papers),
        "last": {
            side: None if (one := story.last(side)) is None else _report(one) for side in (SELF, INDEPENDENT)
        },
        "reports": {side: [_report(one) for one in _of(story, side)] for side in (SELF, INDEPENDENT)},
        "due": due_told(story, papers),
        "targets": targets_of(story, papers.now),
        "measured_beside": measured_beside(story),
        "promised": [_promise(one) for one in story.made],
        **_around(papers.tellings, ref, told, story),
    }


def lights_told(story: Story, papers: Papers) -> Json:
    """Return the light of each side, and of whoever reported last; before any report days count from the promise."""
    days = {
        side: None if (one := story.last(side)) is None else day_told(one) for side in (SELF, INDEPENDENT)
    }
    known = [day for day in days.values() if day is not None]
    made = [day for one in story.made if (day := day_told(one)) is not None]
    last = max(known or made, default=None)
    return {
        "light": light_of(last, papers.now),
        "counts_from": "report" if known else "promise" if made else None,
        "last_report": None if not known else max(known).isoformat(),
        **{side: light_of(day, papers.now) for side, day in days.items()},
    }


def due_told(story: Story, papers: Papers) -> Json:
    """Return when a commitment is due, how that day moved, and whether it is past and not done for both sides."""
    dues = dues_of(story)
    history = [{"due": day, "by": one.partner, "as_of": one.when, "event": one.proof} for day, one in dues]
    day = dues[-1][0] if dues else None
    left = None if day is None else days_left(day, papers.now)
    states = states_of(story)
    is_done = bool(states) and set(states) <= DONE
    state = "done" if is_done else "none" if left is None else "overdue" if left < 0 else "open"
    return {"due": day, "state": state, "overdue": state == "overdue", "days_left": left, "history": history}


def _of(story: Story, side: str) -> Sequence[Telling]:
    return [one for one, of in zip(story.reports, story.sides, strict=True) if of == side]


def _report(one: Telling) -> Json:
    said = {name: one.data[name] for name in _TOLD if name in one.data}
    by = one.data.get("by", f"partner:{one.partner}")
    flags = {"flags": list(one.flags)} if one.flags else {}
    return {
        **said,
        "as_of": one.when,
        "by": by,
        "through": f"partner:{one.partner}",
        **flags,
        "event": one.proof,
    }


def _promise(one: Telling) -> Json:
    names = _PROMISE
    said: Mapping[str, Json] = {name: one.data[name] for name in names if name in one.data}
    return {**said, "recorded_by": f"partner:{one.partner}", "event": one.proof}


def _around(tellings: Tellings, ref: str, told: Sequence[Telling], story: Story) -> Json:
    supports = {
        tellings.merged.of(str(other)) for one in story.made for other in one.data.get("supports", ())
    }
    supported_by = {
        tellings.merged.of(str(one.data.get("commitment")))
        for one in told
        if one.type == MADE
        and ref in {tellings.merged.of(str(other)) for other in one.data.get("supports", ())}
    }
    impact = [one.proof for one in told if one.type == "impact.assessed"]
    return {"supports": sorted(supports), "supported_by": sorted(supported_by - {ref}), "assessed": impact}
