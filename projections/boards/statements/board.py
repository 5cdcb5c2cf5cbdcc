"""The board of a statement: demands, replies and their clock, facts, what was said about it later, who withdrew."""

from collections.abc import Sequence
from typing import Any

from projections.boards.papers import Papers
from projections.boards.statements.clocks import Due, ReplyClocks, bodies_of
from projections.boards.statements.demands import demands_of
from projections.boards.statements.facts import banner_of, facts_of, link_to
from projections.boards.statements.matter import Matter, kinds_of, matters_of
from projections.boards.tellings import Telling, Tellings
from projections.boards.truth.claims import grade_of, moment
from projections.shown import time_key
from schemas.edtf import NotEdtf, bounds

Json = Any


def statement_board(papers: Papers, ref: str) -> Json:
    """Return what became of a statement.

    Returns:
        `banner`, `demands`, `replies`, `clock`, `addressees`, `facts`, `corrections`, `later`, `signatories`.
    """
    tellings = papers.tellings
    matter = matters_of(tellings, [ref])[ref]
    facts = facts_of(tellings, matter.issued)
    due = due_of(tellings, matter, papers.clocks)
    return {
        "banner": banner_of(matter.issued, facts),
        "demands": demands_of(matter),
        "replies": [_reply(one, due) for one in matter.replies],
        "clock": _clock(matter, due, papers),
        "addressees": _addressees(matter),
        "facts": facts,
        "corrections": _corrections(tellings, matter),
        "later": [_later(one) for one in matter.later],
        "signatories": signatories_of(tellings, matter),
    }


def due_of(tellings: Tellings, matter: Matter, clocks: ReplyClocks) -> Due:
    """Return until when a reply to a statement is due, by what these readers see."""
    if matter.statement is None:
        return Due(None, "none")
    kinds = kinds_of(tellings, bodies_of(matter.statement.data)) if clocks.need_kinds else {}
    return clocks.due(matter.statement.event, kinds.get)


def first_reply(matter: Matter, clocks: ReplyClocks) -> Telling | None:
    """Return the first reply that stops the clock; None if there is none."""
    return next((one for one in matter.replies if one.data.get("kind") in clocks.stopped_by), None)


def last_day(one: Telling) -> str:
    """Return the last day on which an event may have happened; without date, when it was asserted."""
    try:
        last = bounds(str(one.when))[1]
    except NotEdtf:
        last = None
    return str(one.event.get("time", ""))[:10] if last is None else last.isoformat()


def _clock(matter: Matter, due: Due, papers: Papers) -> Json:
    """Return how the clock stands: `none`, `running`, `run_out`, `stopped` in time or `late`."""
    said = {"clock": due.clock, "days": due.days, **({"note": due.note} if due.note else {})}
    if due.day is None:
        return {**said, "due": None, "state": "none"}
    day, today = due.day.isoformat(), papers.now.date()
    said |= {"due": day, **({"passed": matter.passed[0].proof} if matter.passed else {})}
    reply = first_reply(matter, papers.clocks)
    if reply is not None:
        return {**said, "state": "stopped" if last_day(reply) <= day else "late", "reply": reply.proof}
    return {**said, "state": "run_out" if today > due.day else "running", "left": (due.day - today).days}


def _reply(one: Telling, due: Due) -> Json:
    names = ("kind", "from", "public", "summary", "url", "pledges", "demands", "claims_disputed")
    kept = {name: one.data[name] for name in names if name in one.data}
    in_time = {} if due.day is None else {"in_time": last_day(one) <= due.day.isoformat()}
    return {"received": one.when, **kept, **in_time, "by": one.partner, **grade_of(one), "event": one.proof}


def _addressees(matter: Matter) -> list[Json]:
    """Return to whom it went, and the kind of the last reply of each."""
    last = {str(one.data.get("from")): one.data.get("kind") for one in matter.replies}
    bodies = [] if matter.statement is None else bodies_of(matter.statement.data)
    return [{"body": one, "reply": last.get(one)} for one in bodies]


def _corrections(tellings: Tellings, matter: Matter) -> list[Json]:
    """Return the corrections of what issued the statement, by their publishers' moments."""
    about = tellings.on(one.name for one in matter.issued)
    sources = {one.name: one.event["source"] for one in matter.issued}
    found = [
        each
        for name, told in about.items()
        for each in told
        if each.type == "record.corrected" and each.event["source"] == sources[name]
    ]
    return [_correction(one) for one in sorted(found, key=moment)]


def _correction(one: Telling) -> Json:
    changed = [str(step["pointer"]) for step in one.data.get("changes", ())]
    note = {name: one.data[name] for name in ("note", "reason") if name in one.data}
    return {"on": one.event.get("time"), "changed": changed, **note, "event": one.proof, "link": link_to(one)}


def _later(one: Telling) -> Json:
    kept = {
        name: one.data[name] for name in ("statement", "kind", "title", "issued", "url") if name in one.data
    }
    return {**kept, "by": one.partner, "event": one.proof}


def signatories_of(tellings: Tellings, matter: Matter) -> list[Json]:
    """Return who signed; who withdrew from the action since stays, and is said to have withdrawn."""
    if matter.statement is None:
        return []
    action = matter.statement.data.get("action")
    told = tellings.about([str(action)], ["action.joined", "action.left"]) if action else {}
    left = _left(tellings, [one for events in told.values() for one in events])
    rows = []
    for one in matter.statement.data.get("signatories", ()):
        who = tellings.merged.of(str(one.get("who")))
        rows.append({**one, **({"withdrew": left[who]} if who in left else {})})
    return rows


def _left(tellings: Tellings, told: Sequence[Telling]) -> dict[str, Json]:
    """Return who left an action and did not join it again, and how."""
    last: dict[str, Telling] = {}
    for one in sorted(told, key=_acted):
        last[tellings.merged.of(str(one.data.get("partner", f"partner:{one.partner}")))] = one
    return {
        who: {
            "on": one.data.get("left"),
            **{name: one.data[name] for name in ("reason", "remove_from_published") if name in one.data},
            "event": one.proof,
        }
        for who, one in last.items()
        if one.type == "action.left"
    }


def _acted(one: Telling) -> tuple[tuple[float, str], str]:
    return time_key(str(one.data.get("left", one.data.get("joined", one.event.get("time", ""))))), one.event[
        "id"
    ]
