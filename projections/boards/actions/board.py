"""The board of one action: its state, who signed what, what is missing, what came out of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from events.decisions.actions.agreements import is_unsaid
from events.decisions.actions.rules import NO_STATUS, status_rules
from events.decisions.actions.texts import SIGNING, is_address
from events.moments import read_moment
from projections.boards.actions.blocking import blocks
from projections.boards.actions.sheet import ENDORSER, Entry, Sheet, sheets_of, statuses
from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings, in_time

Json = Any

WITHDREW, LAPSED, RESIGN_NEEDED, LATE = "WITHDREW", "LAPSED", "RESIGN_NEEDED", "LATE"
ENDORSES, SIGNED, TAKES_PART = "ENDORSES", "SIGNED", "JOINED"
NOT_SAID = "not_said"
"""Of an action that concerns a person: its proposal does not say whether that person agrees."""

STANDING = frozenset({LATE, ENDORSES, SIGNED, TAKES_PART})


def action_board(papers: Papers, ref: str) -> Json:
    """Return what follows from what these readers may see of an action."""
    sheets = sheets_of([ref], papers.tellings)
    [sheet] = sheets.values()
    signatories = [shown for _, shown in _signed(sheet, papers.tellings, papers.now)]
    data = sheet.data
    return {
        **summary(sheet, signatories, papers.now),
        "text": _text(sheet),
        "signatories": signatories,
        "demands": data.get("demands", []),
        "agreed_with_person": data.get("agreed_with_person"),
        "blocked": blocks(sheets, papers.tellings, papers.now).get(sheet.ref, []),
        "statements": [_statement(one, sheet) for one in in_time(sheet.statements)],
        "outputs": [] if sheet.ending is None else sheet.ending.data.get("outputs", []),
    }


def summary(sheet: Sheet, signatories: list[Json], now: datetime) -> Json:
    """Return what the tracker tells of an action too: how it stands and what is missing."""
    data = sheet.data
    by = read_moment(str(data.get("join_by", "")))
    return {
        "state": sheet.state,
        "join_by": data.get("join_by"),
        "is_past_join_by": by is not None and by < now,
        "quorum": _quorum(data.get("quorum"), signatories),
        "roles": _roles(sheet, signatories),
        "agreement": NOT_SAID if is_unsaid(data) else data.get("agreed_with_person"),
        "needs_status": sorted(sheet.needed),
        "text_hash": sheet.text_hash,
    }


def signed(sheets: Mapping[str, Sheet], tellings: Tellings, now: datetime) -> dict[str, list[Json]]:
    """Return for each action who joined, in the agreed order."""
    return {ref: [shown for _, shown in _signed(one, tellings, now)] for ref, one in sheets.items()}


def entries_shown(sheet: Sheet, tellings: Tellings, now: datetime) -> list[tuple[Entry, Json]]:
    """Return who joined, each with what is shown of it, in the agreed order."""
    return _signed(sheet, tellings, now)


def statuses_of(slug: str, sheet: Sheet, tellings: Tellings, now: datetime) -> set[str]:
    """Return how one partner's words on an action stand, as `signed` tells of all."""
    has = statuses({slug}, tellings) if sheet.needed else {}
    rules = status_rules()
    return {
        _status(one, sheet, rules.counted(one.role, sheet.needed, has.get(slug, NO_STATUS)), now)
        for one in sheet.entries.values()
        if one.partner == slug
    }


def _signed(sheet: Sheet, tellings: Tellings, now: datetime) -> list[tuple[Entry, Json]]:
    ordered = sheet.ordered()
    has = statuses({one.partner for one in ordered}, tellings) if sheet.needed else {}
    rules = status_rules()
    return [
        (one, _shown(one, sheet, rules.counted(one.role, sheet.needed, has.get(one.partner, NO_STATUS)), now))
        for one in ordered
    ]


def _shown(one: Entry, sheet: Sheet, counted: str, now: datetime) -> Json:
    data = one.told.data
    hidden = read_moment(str(data.get("embargo_until", "")))
    said = {name: data[name] for name in _SAID if name in data}
    return {
        "partner": f"partner:{one.partner}",
        "role": one.role,
        "counts_as": counted,
        "status": _status(one, sheet, counted, now),
        "is_late": one.is_late,
        "joined": one.when,
        **said,
        "embargoed": hidden is not None and hidden > now,
        "left": None if one.left is None else _left(one.left),
        "event": one.told.proof,
    }


_SAID = ("display_name", "on_behalf_of", "approved_by_board", "conditions", "capacity", "valid_until",
         "embargo_until", "text_hash")  # fmt: skip
"""What a board repeats of what a partner said."""


def _status(one: Entry, sheet: Sheet, counted: str, now: datetime) -> str:
    if one.left is not None:
        return WITHDREW
    if one.is_over(now):
        return LAPSED
    if one.role in SIGNING and not sheet.is_signed(one):
        return RESIGN_NEEDED
    if one.is_late:
        return LATE
    if counted == ENDORSER:
        return ENDORSES
    return SIGNED if one.role in SIGNING else TAKES_PART


def _left(one: Telling) -> Json:
    said = {name: one.data[name] for name in ("reason", "remove_from_published") if name in one.data}
    return {"on": one.data.get("left") or one.event.get("time"), **said, "event": one.proof}


def _quorum(needed: int | None, signatories: list[Json]) -> Json:
    have = len({one["partner"] for one in signatories if _counts(one)})
    missing = 0 if needed is None else max(0, needed - have)
    return {"needed": needed, "have": have, "missing": missing, "is_met": missing == 0}


def _counts(one: Json) -> bool:
    return one["status"] in STANDING and one["counts_as"] != ENDORSER


def _roles(sheet: Sheet, signatories: list[Json]) -> list[Json]:
    wanted = sheet.data.get("roles_wanted", ())
    filled = [one["counts_as"] for one in signatories if one["status"] in STANDING]
    return [
        {
            "role": one["role"],
            "wanted": one.get("count"),
            "filled": filled.count(one["role"]),
            "missing": max(0, one.get("count", 1) - filled.count(one["role"])),
        }
        for one in wanted
    ]


def _text(sheet: Sheet) -> Json:
    data, draft = sheet.data, sheet.data.get("draft")
    languages = data.get("languages", [])
    is_text = isinstance(draft, str) and not is_address(draft)
    return {
        "hash": sheet.text_hash,
        "version": sheet.text,
        "language": data.get("language") or next(iter(languages), None),
        "languages": languages,
        "is_open_to_you": is_text,
        "address": draft if isinstance(draft, str) and not is_text else None,
    }


def _statement(one: Telling, sheet: Sheet) -> Json:
    data = one.data
    signatories = [_signatory(each, sheet) for each in data.get("signatories", ())]
    return {
        "statement": data.get("statement"),
        "kind": data.get("kind"),
        "issued": data.get("issued"),
        "sha256": data.get("sha256"),
        "is_current_text": None if sheet.text_hash is None else data.get("sha256") == sheet.text_hash,
        "signatories": signatories,
        "needs_corrigendum": any(each.get("withdrew_on") for each in signatories),
        "flags": list(one.flags),
        "event": one.proof,
    }


def _signatory(each: Mapping[str, Json], sheet: Sheet) -> Json:
    left = sheet.left_by(str(each.get("who")))
    if left is None:
        return dict(each)
    wants = bool(left.data.get("remove_from_published", False))
    return {**each, "withdrew_on": _left(left)["on"], "wants_name_removed": wants}
