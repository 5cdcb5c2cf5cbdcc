"""What waits for a partner of erasures, of seats at hearings, and of replies to its statements."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from projections.boards.mine.items import Item
from projections.boards.mine.reviewing import Own
from projections.boards.papers import Papers
from projections.boards.tellings import Telling
from projections.boards.trials.coverage import Row, rows_of

Json = Any

HEARING_SOON = timedelta(days=14)
REPLY_SOON = timedelta(days=14)
"""So long before, a seat or a reply is on the board."""


def erasures(found: Json, slug: str) -> Iterator[Item]:
    """Yield the erasures that a partner has not answered.

    Args:
        found: all erasures that its readers see, as `ErasureSight` tells them.
        slug: of the partner.
    """
    for one in found["items"]:
        if slug in one["missing"]:
            why = "erasure_overdue" if one["overdue"] else "erasure"
            yield Item("acknowledge", why, one["subject"], one["due"], _erasure_proof(one))


def _erasure_proof(one: Json) -> Json:
    return {"source": one["source"], "id": one["id"], "type": "erasure.executed", "when": None}


def seats(papers: Papers, slug: str) -> Iterator[Item]:
    """Yield the hearings soon at which a partner holds a seat, and seats that another hands over to it."""
    for row in rows_of(papers).values():
        if not row.is_within(papers.now, HEARING_SOON):
            continue
        own = [one for one in row.holding(papers.now) if one.partner == slug]
        offered = [one for one in row.offers if one.receiver == slug]
        for mission in sorted({one.mission for one in own}):
            yield _seat(papers, row, "seat_held", mission)
        for mission in sorted({one.mission for one in offered}):
            yield _seat(papers, row, "seat_offered", mission)


def _seat(papers: Papers, row: Row, why: str, mission: str) -> Item:
    told = papers.tellings.about([row.ref], ("hearing.scheduled", "hearing.adjourned", "hearing.reported"))
    proof = told[papers.tellings.merged.of(row.ref)][-1].proof
    more = (("mission", mission), ("trial", row.trial), ("uncertain", row.is_uncertain))
    return Item("seats", why, row.ref, min(row.starts, default=None), proof, more)


def replies(papers: Papers, own: Own, slug: str) -> Iterator[Item]:
    """Yield the statements of a partner that nobody answered and whose date of reply is near or over."""
    dues = {one["ref"]: one for one in own.dues(slug, ("reply_due",), papers.now + REPLY_SOON)}
    told = papers.tellings.about(sorted(dues), ("response.received",))
    answered = {ref for ref, found in told.items() if any(_answers(papers, one) for one in found)}
    for ref, one in dues.items():
        if papers.tellings.merged.of(ref) not in answered:
            proof = {**one["about_event"], "type": one["type"], "when": None}
            yield Item("replies", "no_reply_yet", ref, one["due"], proof)


def _answers(papers: Papers, one: Telling) -> bool:
    return one.data.get("kind") in papers.clocks.stopped_by
