"""What waits for somebody's judgement: unverified, disputed, unsupported, on changed facts, maybe told twice."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from events.event import slug_of
from projections.amendments import STEWARDS
from projections.boards.accountability.board import COUNTRY, TITLE, shown_of
from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings
from projections.boards.truth.board import best_of
from projections.boards.truth.claims import REPORTS, Said, claims_in, said_of
from projections.boards.truth.saying import PROPS
from projections.boards.truth.units import JUDGED, open_pairs
from projections.graph.look import plain
from projections.paging import further
from projections.shown import UNVERIFIED, shown

Json = Any

REASONS = ("unverified", "disputed", "unsupported", "refuted", "stale", "possibly_double")
"""Why something waits."""

URGENCIES = ("urgent", "high", "normal", "low")
"""The order in which it does; what says nothing of its urgency waits as what is normal does."""

_URGENCY: Mapping[str, str] = {"threat.reported": "/urgency", "threat.updated": "/changes/urgency"}
_RESTING = ("statement.issued", "action.proposed")
_TITLES = ("title", "purpose")


class Row(NamedTuple):
    """One thing that waits, or one that something else that waits is about.

    Args:
        label: its title, or its reference.
        country: where it is.
        urgency: a code.
        since: when the oldest report of it was asserted.
        reasons: why it waits; none: it does not.
        verification: the best that any report has.
        publishers: slugs of who reported it.
        doubles: what it or its targets may be, as far as that is open.
    """

    label: str
    country: str | None
    urgency: str
    since: str
    reasons: tuple[str, ...]
    verification: str
    publishers: tuple[str, ...]
    doubles: tuple[str, ...] = ()


def _make(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, Row]:
    told = tellings.about(refs, REPORTS)
    targets = {ref: _targets(tellings, events) for ref, events in told.items()}
    judged = tellings.about({*told, *(one for each in targets.values() for one in each)}, [JUDGED])
    said = said_of(tellings, (one for events in told.values() for one in events))
    rows = {}
    for ref, events in told.items():
        if events:
            near = [one for each in sorted({ref, *targets[ref]}) for one in judged[each]]
            rows[ref] = _row(ref, events, said, _doubles(tellings, {ref, *targets[ref]}, near))
    return rows


def _targets(tellings: Tellings, told: Iterable[Telling]) -> set[str]:
    return {tellings.merged.of(str(target)) for one in told for target in one.data.get("targets", ())}


def _doubles(tellings: Tellings, refs: set[str], judged: Sequence[Telling]) -> tuple[str, ...]:
    mine = [pair for pair in open_pairs(tellings, judged) if not refs.isdisjoint(pair)]
    return tuple(sorted({one for pair in mine for one in pair} - refs))


def _row(ref: str, told: Sequence[Telling], said: Said, doubles: tuple[str, ...]) -> Row:
    best = best_of(told, said)
    questions = [claims for pointers in PROPS.values() if (claims := claims_in(told, pointers))]
    found = {best} | {"disputed" for claims in questions if len(shown(claims, said.lookup).values) > 1}
    found |= {"possibly_double"} if doubles else set()
    return Row(
        label=str(shown_of(told, TITLE, said) or ref),
        country=shown_of(told, COUNTRY, said),
        urgency=str(shown_of(told, _URGENCY, said) or "normal"),
        since=min(str(one.event.get("time", "")) for one in told),
        reasons=tuple(reason for reason in REASONS if reason in found),
        verification=best,
        publishers=tuple(sorted({one.partner for one in told})),
        doubles=doubles,
    )


def _owners(tellings: Tellings, touched: Collection[str]) -> set[str]:
    """Return the threats against whom was touched."""
    told = tellings.about([one for one in touched if one.startswith(("lawyer:", "body:"))], REPORTS)
    return {str(one.data["threat"]) for events in told.values() for one in events if "threat" in one.data}


ROWS = Rows("review", "threat", _make, _owners)


def review(papers: Papers, reason: str | None, country: str | None, page: tuple[int, int]) -> Json:
    """Return a page of what waits for somebody's judgement, by urgency, then the oldest first.

    Args:
        papers: of the readers.
        reason: only what waits for this, among `REASONS`.
        country: only what is there.
        page: limit and offset.

    Returns:
        `{"items", "total", "next", "counts"}`, `counts` by reason.
    """
    threats = papers.rows(ROWS)
    stale = _stale(papers.tellings, threats)
    rows = papers.keeping.remembered("review.waiting", (threats, stale), lambda _: _in_turn(threats, stale))
    fitting = {ref: row for ref, row in rows.items() if country in (None, row.country)}
    chosen = [ref for ref, row in fitting.items() if reason is None or reason in row.reasons]
    counts = Counter(one for row in fitting.values() for one in row.reasons)
    limit, offset = page
    shown = chosen[offset : offset + limit]
    return {
        "items": [_item(ref, fitting[ref], papers.reader) for ref in shown],
        "total": len(chosen),
        "next": further(offset, len(shown), len(chosen)),
        "counts": {one: counts[one] for one in REASONS},
    }


def _in_turn(threats: Mapping[str, Row], stale: Mapping[str, Row]) -> Mapping[str, Row]:
    """Return what waits, in the order in which it does."""
    rows = {**{ref: row for ref, row in threats.items() if row.reasons}, **stale}
    return {
        ref: rows[ref]
        for ref in sorted(rows, key=lambda ref: (_place(rows[ref].urgency), rows[ref].since, ref))
    }


def _place(urgency: str) -> int:
    return URGENCIES.index(urgency if urgency in URGENCIES else "normal")


def _stale(tellings: Tellings, threats: Mapping[str, Row]) -> dict[str, Row]:
    """Return what rests on facts that changed; it is as urgent as the most urgent threat that it is about."""
    told = tellings.about(tellings.stale(), _RESTING)
    return {ref: _resting(tellings, ref, events, threats) for ref, events in told.items() if events}


def _resting(tellings: Tellings, ref: str, told: Sequence[Telling], threats: Mapping[str, Row]) -> Row:
    own = [one for one in told if ref in (one.data.get("statement"), one.data.get("action"))] or told
    about = {tellings.merged.of(str(each)) for one in own for each in one.data.get("about", ())}
    near = [threats[one] for one in sorted(about) if one in threats]
    titles = (plain(one.data[name]) for one in reversed(own) for name in _TITLES if name in one.data)
    return Row(
        label=next(filter(None, titles), ref),
        country=next((one.country for one in near if one.country), None),
        urgency=min((one.urgency for one in near), key=_place, default="normal"),
        since=min(str(one.event.get("time", "")) for one in own),
        reasons=("stale",),
        verification=UNVERIFIED,
        publishers=tuple(sorted({one.partner for one in own})),
    )


def _item(ref: str, row: Row, reader: str | None) -> Json:
    kind = ref.partition(":")[0]
    item = {
        "ref": ref,
        "kind": kind,
        "label": row.label,
        "country": row.country,
        "urgency": row.urgency,
        "since": row.since,
        "reasons": list(row.reasons),
        "by": list(row.publishers),
        # Nobody verifies his own event.
        "can_verify": reader is not None and row.publishers != (reader,),
    }
    if kind != "threat":
        return item
    doubles = {"doubles": list(row.doubles)} if row.doubles else {}
    return {
        **item,
        "verification": row.verification,
        **doubles,
        "suggestions": f"/api/v1/identity/suggestions?about={ref}",
    }


def retractions(papers: Papers) -> Json:
    """Return how much of what each partner published was retracted, and why; for stewards. It changes no grade."""
    counted = papers.tellings.published()
    reasons: dict[str, dict[tuple[str, str], str]] = {}
    for one in papers.tellings.of_types(["record.retracted"]):
        about = str(one.data.get("about_source", one.event["source"]))
        if one.event["source"] in (about, STEWARDS):
            named = about, str(one.data.get("about_event", ""))
            reasons.setdefault(slug_of(about), {})[named] = str(one.data.get("reason"))
    return {"items": [_rate(slug, counted[slug], reasons.get(slug, {})) for slug in sorted(counted)]}


def _rate(slug: str, published: int, why: Mapping[tuple[str, str], str]) -> Json:
    counts = {reason: sum(one == reason for one in why.values()) for reason in sorted(set(why.values()))}
    rate = round(len(why) / published, 4)
    return {
        "partner": f"partner:{slug}",
        "published": published,
        "retracted": len(why),
        "rate": rate,
        "reasons": counts,
    }
