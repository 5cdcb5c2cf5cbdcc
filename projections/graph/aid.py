"""What is told of somebody who stands alone: threats, who supports him, and which organisations could."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import Any

from projections.graph.accused import accused
from projections.graph.alone import URGENCIES
from projections.graph.deeds import Deeds
from projections.graph.inquiry import Inquiry
from projections.graph.look import Look
from projections.graph.near import near_partners
from projections.graph.ranked import Helper, Kept, Row, Standing
from projections.graph.support import Support, deed_as_json, events_of, step_as_json

Json = Any

MOST_COULD = 5
"""Organisations that are proposed for one person."""

MOST_LISTED = 20
"""Threats, hearings and supporters of one person that are listed; deeds of one supporter."""

_FAR = 9
_MOST_TOLD = 2_000
"""Answers that are kept until something changes."""

_NAMES = {rank: code for code, rank in URGENCIES.items()}


def told(inquiry: Inquiry, standing: Standing, page: Sequence[Row]) -> list[Json]:
    """Return the items of an answer; what was told before and still holds is not computed again."""
    missing = [row for row in page if row.ref not in standing.told]
    unknown = [row for row in missing if row.ref not in standing.kept]
    supports = inquiry.supports(row.ref for row in unknown)
    with inquiry.lock:
        look = inquiry.look()
        deeds = Deeds(look)
        kept = {row.ref: _look_at(look, deeds, row, supports[row.ref]) for row in unknown}
        have = {**standing.kept, **kept}
        fresh = {row.ref: _with_help(look, deeds, row, (standing, have[row.ref])) for row in missing}
    items = [fresh.get(row.ref) or standing.told[row.ref] for row in page]
    if len(standing.told) < _MOST_TOLD:
        # Others may be reading them: each is replaced as a whole.
        standing.told = {**standing.told, **fresh}
        standing.kept = {**standing.kept, **kept}
    return items


def _look_at(look: Look, deeds: Deeds, row: Row, supports: Sequence[Support]) -> Kept:
    """Return what is told of somebody that does not depend on how others fare."""
    shunned = accused(deeds, row.threats)
    most = MOST_COULD + len(row.partners)
    ways, passed = near_partners(deeds, row.ref, most, shunned.__contains__)
    names = frozenset({*passed, *shunned, *ways, *row.partners})
    near = {partner: [step_as_json(tie) for tie in way] for partner, way in ways.items()}
    return Kept(names, _of(look, deeds, row, supports), near)


def _with_help(look: Look, deeds: Deeds, row: Row, known: tuple[Standing, Kept]) -> Json:
    standing, kept = known
    shunned = {*accused(deeds, row.threats), *row.partners}
    could = [
        {"partner": look.node(ref), "reasons": reasons}
        for ref, reasons in _could_help(row, standing, kept.near, shunned)
        if look.sees(ref)
    ]
    return {**kept.item, "could_help": could}


def _of(look: Look, deeds: Deeds, row: Row, supports: Sequence[Support]) -> Json:
    tied = {tie[0]: tie for tie in deeds.ties(row.ref) if tie[2] == "TARGETS"}
    return {
        "lawyer": look.node(row.ref) if look.sees(row.ref) else {"ref": row.ref},
        "support": row.support,
        "urgency": _NAMES[row.urgency],
        "threats": [
            {**look.node(ref), "events": events_of(tied[ref][3])}
            for ref in row.threats[:MOST_LISTED]
            if ref in tied
        ],
        "hearings": [_hearing(look, ref, when) for ref, when in row.hearings[:MOST_LISTED] if look.sees(ref)],
        "supporters": [_supporter(look, one) for one in supports[:MOST_LISTED]],
        "says": _says(row, supports),
    }


def _hearing(look: Look, ref: str, when: str) -> Json:
    origins = sorted(
        {claim.origin for claim in look.told(ref)}, key=lambda one: (one.time, one.source, one.id)
    )
    return {**look.node(ref), "starts": when, "events": [one.as_json() for one in origins[:5]]}


def _supporter(look: Look, one: Support) -> Json:
    return {
        "partner": look.node(one.partner),
        "weight": one.weight,
        "since": one.since.isoformat(),
        "latest": one.latest.isoformat(),
        "deeds": [deed_as_json(deed) for deed in one.deeds[:MOST_LISTED]],
    }


def _says(row: Row, supports: Sequence[Support]) -> str:
    under = [f"{len(row.threats)} threat(s) that have not ended"] if row.threats else []
    near = [f"{len(row.hearings)} hearing(s) within 14 days"] if row.hearings else []
    by = f"{len(supports)} partner(s), {row.support} in all" if supports else "nobody"
    return f"{' and '.join(under + near)}; supported by {by}"


def _could_help(
    row: Row, standing: Standing, near: Mapping[str, list[Json]], shunned: Collection[str]
) -> list[tuple[str, list[Json]]]:
    """Return organisations that are near, or do such work, best reasons first; nobody who helps him already."""
    helping: defaultdict[str, list[tuple[str, Helper]]] = defaultdict(list)
    for code in row.categories:
        for one in standing.helpers.get(code, ()):
            helping[one.partner].append((code, one))
    # Of those who only work in the country, more than these cannot be among the first.
    workers = standing.workers(row.countries)[: MOST_COULD + len(shunned)]
    fitting = {ref for ref in (*near, *helping, *workers) if ref not in shunned and standing.is_open(ref)}

    def place(ref: str) -> tuple[int, int, str]:
        count = (ref in near) + len(helping.get(ref, ())) + len(standing.shared(ref, row.countries))
        return -count, len(near.get(ref, ())) or _FAR, ref

    best = nsmallest(MOST_COULD, fitting, key=place)
    return [(ref, _reasons(row, standing, (ref, near.get(ref)), helping.get(ref, ()))) for ref in best]


def _reasons(
    row: Row, standing: Standing, way: tuple[str, list[Json] | None], helping: Iterable[tuple[str, Helper]]
) -> list[Json]:
    partner, steps = way
    reasons: list[Json] = [] if steps is None else [{"says": f"is {len(steps)} tie(s) away", "steps": steps}]
    reasons += (
        {"says": f"works in {code}", "events": standing.profiles[partner].events()}
        for code in standing.shared(partner, row.countries)
    )
    for code, one in helping:
        says = f"supports {one.number} other(s) under {code}"
        reasons.append({"says": says, "lawyers": list(one.examples)})
    return reasons


def answer(inquiry: Inquiry, standing: Standing, asked: Mapping[str, Json]) -> Json:
    """Return a page of who stands alone.

    Args:
        inquiry: whose.
        standing: everybody, ranked.
        asked: `country`, `limit`, `offset`.
    """
    limit, offset = asked["limit"], asked["offset"]
    page, total = standing.page(asked["country"], limit, offset)
    end = offset + len(page)
    return {
        "items": told(inquiry, standing, page),
        "total": total,
        "next": end if page and end < total else None,
        "as_of": inquiry.now.isoformat(),
    }
