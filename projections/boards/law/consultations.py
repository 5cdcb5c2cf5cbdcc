"""Open consultations, the one that closes soonest first."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from projections.boards.kept import Rows
from projections.boards.law.clock import days_left
from projections.boards.law.policy import changes_of, practice_gap, provisions_of
from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings
from projections.boards.trials.saying import Voices, sayings, values_of
from projections.graph.look import plain
from projections.paging import further

Json = Any


class Row(NamedTuple):
    """What lists need of one policy; nothing of it depends on the clock.

    Args:
        label: its title, or its reference.
        country: where it applies.
        stage: all that is shown of it.
        direction: all that is shown of it.
        closes: last days to comment, all that are shown.
        gap: between text and practice.
        is_open: the gap.
        standards: that its present provisions touch.
        event: the last one.
    """

    label: str
    country: str | None
    stage: tuple[str, ...]
    direction: tuple[str, ...]
    closes: tuple[str, ...]
    gap: str
    is_open: bool
    standards: tuple[str, ...]
    event: Json


class Asked(NamedTuple):
    """Which page is asked for."""

    country: str | None
    limit: int
    offset: int


def _make(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, Row]:
    told = tellings.about(refs, ["policy.changed"])
    own = {ref: changes_of(tellings, ref, events) for ref, events in told.items()}
    return {ref: _row(tellings, ref, events) for ref, events in own.items() if events}


def _row(tellings: Tellings, ref: str, own: Sequence[Telling]) -> Row:
    voices = Voices(tellings, own)
    title, country = (voices.shown(sayings(own, field)) for field in ("title", "country"))
    stage, direction, closes = (
        tuple(str(value) for value in values_of(voices.shown(sayings(own, field))))
        for field in ("stage", "direction", "consultation_closes")
    )
    gap = practice_gap(own)
    present = [one for one in provisions_of(own) if one["removed"] is None]
    standards = tuple(sorted({standard for one in present for standard in one["standards"]}))
    label = (title and plain(title.value)) or ref
    where = None if country is None else str(country.value)
    return Row(label, where, stage, direction, closes, gap["value"], gap["open"], standards, own[-1].proof)


POLICIES = Rows("policies", "policy", _make)
"""A row for each policy."""


def consultations(papers: Papers, asked: Asked) -> Json:
    """Return a page of policies on which one can still comment."""
    found = []
    for ref, row in papers.rows(POLICIES).items():
        if asked.country not in (None, row.country):
            continue
        left = [
            (days, closes) for closes in row.closes if (days := days_left(closes, papers.now)) is not None
        ]
        days, closes = max(left, default=(-1, ""))
        if days >= 0:
            found.append((days, ref, closes, row))
    found.sort(key=lambda one: one[:2])
    page = found[asked.offset : asked.offset + asked.limit]
    return {
        "items": [_item(*one) for one in page],
        "total": len(found),
        "next": further(asked.offset, len(page), len(found)),
    }


def _item(days: int, ref: str, closes: str, row: Row) -> Json:
    return {
        "ref": ref,
        "kind": "policy",
        "label": row.label,
        "country": row.country,
        "closes": closes,
        "days_left": days,
        "disputed": len(row.closes) > 1,
        "stage": list(row.stage),
        "direction": list(row.direction),
        "standards": list(row.standards),
        "event": row.event,
    }
