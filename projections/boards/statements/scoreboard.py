"""Demands and replies by body, mechanism or kind of statement: how much was asked, answered, how, how soon."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from statistics import median
from typing import Any, Literal, NamedTuple

from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.statements.board import due_of, first_reply, last_day
from projections.boards.statements.clocks import ReplyClocks, bodies_of
from projections.boards.statements.demands import demands_of
from projections.boards.statements.matter import ISSUED, REPLIED, Matter, matters_of
from projections.boards.tellings import Telling, Tellings
from projections.paging import further

Json = Any
By = Literal["body", "mechanism", "kind"]

NOBODY = "none"
"""Key of statements that were addressed to nobody, or said at no session."""


class Row(NamedTuple):
    """What a statement adds to the scoreboard, without the clock.

    Args:
        kind: of the statement.
        mechanism: at whose session it was said; "" for none.
        issued: the last day on which it may have been.
        due: until when a reply is due; None if none is.
        demands: the state of each.
        replies: of each body: kinds, and the day of the first that answers.
    """

    kind: str
    mechanism: str
    issued: str
    due: str | None
    demands: tuple[str, ...]
    replies: Mapping[str, tuple[tuple[str, ...], str | None]]


def rows_of(clocks: ReplyClocks) -> Rows:
    """Return what is kept of statements under some clocks."""

    def make(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, Row]:
        matters = matters_of(tellings, refs)
        return {ref: _row(tellings, one, clocks) for ref, one in matters.items() if one.statement is not None}

    return Rows("replies", "statement", make, _owners)


def _owners(tellings: Tellings, touched: Collection[str]) -> set[str]:
    """Return the statements whose rows change with what was touched: what they are about, and promises to them."""
    told = tellings.about([one for one in touched if not one.startswith("statement:")], (ISSUED, REPLIED))
    found = {
        str(one.data["statement"]) for events in told.values() for one in events if "statement" in one.data
    }
    policies = [one for one in touched if one.startswith("commitment:")]
    made = tellings.about(policies, ["commitment.made"])
    served = {str(ref) for events in made.values() for one in events for ref in one.data.get("supports", ())}
    about = tellings.about(served, [ISSUED])
    return found | {
        str(one.data["statement"]) for each in about.values() for one in each if "statement" in one.data
    }


def _row(tellings: Tellings, matter: Matter, clocks: ReplyClocks) -> Row:
    statement = matter.issued[-1]
    data, due = statement.data, due_of(tellings, matter, clocks).day
    session = data.get("session") or {}
    mechanism = session.get("mechanism")
    bodies = list(dict.fromkeys(tellings.merged.of(one) for one in bodies_of(data)))
    return Row(
        kind=str(data.get("kind", NOBODY)),
        mechanism="" if mechanism is None else tellings.merged.of(str(mechanism)),
        issued=last_day(statement),
        due=None if due is None else due.isoformat(),
        demands=tuple(one["state"] for one in demands_of(matter)),
        replies=_by_body(tellings, bodies, matter, clocks),
    )


def _by_body(
    tellings: Tellings, bodies: Iterable[str], matter: Matter, clocks: ReplyClocks
) -> Mapping[str, tuple[tuple[str, ...], str | None]]:
    """Return what each body replied, also one that was not asked."""
    told: dict[str, list[Telling]] = {one: [] for one in bodies}
    for one in matter.replies:
        told.setdefault(tellings.merged.of(str(one.data.get("from", NOBODY))), []).append(one)
    found = {}
    for body, replies in told.items():
        first = first_reply(matter._replace(replies=tuple(replies)), clocks)
        kinds = tuple(sorted(str(one.data.get("kind")) for one in replies))
        found[body] = kinds, None if first is None else last_day(first)
    return found


class _Sum:
    """One line of the scoreboard."""

    def __init__(self) -> None:
        self.asked = self.answered = self.run_out = 0
        self.demands: Counter[str] = Counter()
        self.replies: Counter[str] = Counter()
        self.days: list[int] = []

    def add(self, row: Row, told: tuple[Iterable[str], str | None], today: str) -> None:
        """Count one statement, with the replies that belong to this line and the day of the first that answers."""
        kinds, first = told
        self.asked += 1
        self.answered += first is not None
        self.run_out += first is None and row.due is not None and row.due < today
        self.demands.update(row.demands)
        self.replies.update(kinds)
        if first is not None:
            self.days.append(max(0, (date.fromisoformat(first) - date.fromisoformat(row.issued)).days))

    def as_json(self, key: str) -> Json:
        """Return the line."""
        return {
            "key": key,
            "asked": self.asked,
            "answered": self.answered,
            "run_out": self.run_out,
            "demands": dict(sorted(self.demands.items())),
            "replies": dict(sorted(self.replies.items())),
            "median_days": median(self.days) if self.days else None,
        }


def scoreboard(papers: Papers, by: By, limit: int, offset: int) -> Json:
    """Return a page of the scoreboard, those first of whom most was asked.

    Args:
        papers: of the readers.
        by: what a line is: a `body` that was asked, a `mechanism` at whose session it was said, a `kind` of statement.
        limit: of lines.
        offset: lines to leave out before them.

    Returns:
        `{"by", "items", "total", "next", "statements"}`; `median_days` are of the first replies that answer.
    """
    rows = papers.rows(rows_of(papers.clocks))
    sums: defaultdict[str, _Sum] = defaultdict(_Sum)
    today = papers.now.date().isoformat()
    for row in rows.values():
        for key, told in _lines(row, by).items():
            sums[key].add(row, told, today)
    keys = sorted(sums, key=lambda key: (-sums[key].asked, key))
    page = keys[offset : offset + limit]
    items = [sums[key].as_json(key) for key in page]
    following = further(offset, len(page), len(keys))
    return {"by": by, "items": items, "total": len(keys), "next": following, "statements": len(rows)}


def _lines(row: Row, by: By) -> dict[str, tuple[Sequence[str], str | None]]:
    """Return to which lines a statement belongs, with what was replied there."""
    if by == "body":
        return dict(row.replies) or {NOBODY: ((), None)}
    kinds = [kind for said, _ in row.replies.values() for kind in said]
    first = min((day for _, day in row.replies.values() if day is not None), default=None)
    return {row.kind if by == "kind" else row.mechanism or NOBODY: (kinds, first)}
