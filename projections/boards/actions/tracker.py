"""The sign-on tracker: open actions, the one to be joined soonest first, and what each still lacks."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from events.moments import read_moment
from projections.boards.actions.blocking import blocks
from projections.boards.actions.board import RESIGN_NEEDED, STANDING, signed, summary
from projections.boards.actions.sheet import Sheet, sheets_of
from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.tellings import Tellings
from projections.paging import further

Json = Any

_NEVER = datetime.max.replace(tzinfo=UTC)


def _open(tellings: Tellings, refs: Sequence[str]) -> dict[str, Sheet]:
    return {ref: sheet for ref, sheet in sheets_of(refs, tellings).items() if sheet.is_open}


OPEN_ACTIONS = Rows("open actions", "action", _open)
"""The sheet of each action that may be joined."""


Wanted = Callable[[Sheet], bool]
"""Tells whether an action is asked for."""


def everything(_: Sheet) -> bool:
    """Ask for every open action."""
    return True


def joined_by(slug: str | None) -> Wanted:
    """Ask for the actions that a partner leads or has joined; for the public, none."""

    def wanted(sheet: Sheet) -> bool:
        leads = slug is not None and sheet.data.get("lead") == f"partner:{slug}"
        return leads or any(partner == slug for partner, _ in sheet.entries)

    return wanted


def tracker(papers: Papers, limit: int, offset: int, wanted: Wanted = everything) -> Json:
    """Return a page of the open actions that are asked for: `{"items", "total", "next"}`."""
    kept: Mapping[str, Sheet] = papers.rows(OPEN_ACTIONS)
    rows = {ref: sheet for ref, sheet in kept.items() if wanted(sheet)}
    # Those that nobody can join in time any more come last: whoever looks has little time.
    due = {ref: _join_by(sheet) for ref, sheet in rows.items()}
    refs = sorted(rows, key=lambda ref: (due[ref] < papers.now, due[ref], ref))
    page = {ref: rows[ref] for ref in refs[offset : offset + limit]}
    joined = signed(page, papers.tellings, papers.now)
    blocked = blocks(page, papers.tellings, papers.now)
    return {
        "items": [_item(sheet, joined[ref], blocked[ref], papers.now) for ref, sheet in page.items()],
        "total": len(refs),
        "next": further(offset, len(page), len(refs)),
    }


def _join_by(sheet: Sheet) -> datetime:
    return read_moment(str(sheet.data.get("join_by", ""))) or _NEVER


def _item(sheet: Sheet, signatories: list[Json], blocked: list[Json], now: datetime) -> Json:
    data = sheet.data
    standing = {one["partner"] for one in signatories if one["status"] in STANDING}
    again = {one["partner"] for one in signatories if one["status"] == RESIGN_NEEDED}
    return {
        "ref": sheet.ref,
        "kind": data.get("kind"),
        "purpose": data.get("purpose"),
        "lead": data.get("lead"),
        **summary(sheet, signatories, now),
        "joined": len(standing),
        "must_sign_again": len(again),
        "blocked": blocked,
    }
