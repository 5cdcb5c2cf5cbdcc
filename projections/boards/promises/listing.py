"""Commitments with their lights and badges, as a list that can be filtered by both."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.promises.board import DISPUTED, due_told, lights_told
from projections.boards.promises.story import MADE, PROGRESSED, Story, states_of, story_of
from projections.boards.tellings import Tellings
from projections.boards.trials.saying import Voices, sayings
from projections.graph.look import plain
from projections.paging import further

Json = Any


class Row(NamedTuple):
    """What the list needs of one commitment; nothing of it depends on the clock."""

    label: str
    country: str | None
    by: str | None
    story: Story


class Asked(NamedTuple):
    """Which page is asked for.

    Args:
        light: only commitments under this light.
        badge: only with this badge.
        overdue: only those that are past their day.
        country: only there.
        limit: on the page.
        offset: to skip.
    """

    light: str | None = None
    badge: str | None = None
    overdue: bool = False
    country: str | None = None
    limit: int = 50
    offset: int = 0


def _make(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, Row]:
    told = tellings.about(refs, [MADE, PROGRESSED])
    stories = {ref: story_of(tellings, ref, events) for ref, events in told.items()}
    return {ref: _row(tellings, ref, one) for ref, one in stories.items() if one.made or one.reports}


def _row(tellings: Tellings, ref: str, story: Story) -> Row:
    voices = Voices(tellings, story.made)
    text, country, by = (voices.shown(sayings(story.made, field)) for field in ("text", "country", "by"))
    return Row(
        (text and plain(text.value)) or ref,
        None if country is None else str(country.value),
        None if by is None else tellings.merged.of(str(by.value)),
        story,
    )


COMMITMENTS = Rows("commitments", "commitment", _make)
"""A row for each commitment."""


def commitments(papers: Papers, asked: Asked) -> Json:
    """Return a page of commitments, those that were reported on longest ago first."""
    fitting = [one for one in items_of(papers) if _fits(one, asked)]
    fitting.sort(key=lambda one: (one["last_report"] or "", one["ref"]))
    page = fitting[asked.offset : asked.offset + asked.limit]
    following = further(asked.offset, len(page), len(fitting))
    return {"items": page, "total": len(fitting), "next": following}


def items_of(papers: Papers) -> Sequence[Json]:
    """Return all commitments as lists tell them, by reference; kept for a day, or until one is another."""
    rows = papers.rows(COMMITMENTS)
    items: Sequence[Json] = papers.keeping.remembered(
        "commitments.items",
        (rows, papers.now.date()),
        lambda _: [item_of(ref, row, papers) for ref, row in rows.items()],
    )
    return items


def item_of(ref: str, row: Row, papers: Papers) -> Json:
    """Return one commitment as lists tell it."""
    due = due_told(row.story, papers)
    return {
        "ref": ref,
        "kind": "commitment",
        "label": row.label,
        "country": row.country,
        "by": row.by,
        "badge": DISPUTED if row.story.is_disputed else None,
        "states": list(states_of(row.story)),
        **lights_told(row.story, papers),
        **{name: due[name] for name in ("due", "overdue", "days_left")},
    }


def _fits(item: Json, asked: Asked) -> bool:
    wanted = {"light": asked.light, "badge": asked.badge, "country": asked.country}
    is_fit = all(value is None or item[name] == value for name, value in wanted.items())
    return is_fit and (item["overdue"] or not asked.overdue)
