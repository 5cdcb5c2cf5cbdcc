"""What is told of somebody who stands alone: threats, who supports him, and which organisations could."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from projections.graph.look import Look
from projections.graph.paths.accused import accused
from projections.graph.questions.alone import URGENCIES
from projections.graph.questions.deeds import Deeds
from projections.graph.questions.inquiry import Inquiry
from projections.graph.questions.near import near_partners
from projections.graph.questions.ranked import Helper, Kept, Row, Standing
from projections.graph.questions.support import Support, deed_as_json, events_of, step_as_json
from projections.graph.questions.words import counted
from projections.paging import further

Json = Any

MOST_COULD = 5
"""Organisations that are proposed for one person."""

MOST_LISTED = 20
"""Threats, hearings and supporters of one person that are listed; deeds of one supporter."""

_FAR = 9
MOST_TOLD = 2_000
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
        helping = _Helping(look, standing)
        fresh = {
            row.ref: {**have[row.ref].item, "could_help": helping.of(row, have[row.ref])} for row in missing
        }
    items = [fresh.get(row.ref) or standing.told[row.ref] for row in page]
    if len(standing.told) < MOST_TOLD:
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
    return Kept(names, _of(look, deeds, row, supports), near, frozenset({*shunned, *row.partners}))


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
    threats, hearings = len(row.threats), len(row.hearings)
    under = [counted(threats, "threat that has not ended", "threats that have not ended")] if threats else []
    near = [f"{counted(hearings, 'hearing')} within 14 days"] if hearings else []
    by = f"{counted(len(supports), 'partner')}, {row.support} in all" if supports else "nobody"
    return f"{' and '.join(under + near)}; supported by {by}"


class _Helping:
    """Finds organisations that could help; what is told of each is told once. Hold the view's lock while using it.

    Args:
        look: of the reader.
        standing: how all fare.
    """

    def __init__(self, look: Look, standing: Standing) -> None:
        self._look = look
        self._standing = standing
        self._nodes: dict[str, Json] = {}
        self._events: dict[str, list[Json]] = {}

    def of(self, row: Row, kept: Kept) -> list[Json]:
        """Return organisations that are near, or do such work, best reasons first; nobody who helps him already."""
        standing, near = self._standing, kept.near
        helping: defaultdict[str, list[tuple[str, Helper]]] = defaultdict(list)
        for code in row.categories:
            for one in standing.helpers.get(code, ()):
                helping[one.partner].append((code, one))
        workers = standing.workers(row.countries)
        # Of those who only work in the country, more than these cannot be among the first.
        first = islice(workers, MOST_COULD + len(kept.shunned))
        fitting = {*near, *helping, *first} - kept.shunned
        reasons = {
            ref: (ref in near) + len(helping.get(ref, ())) + len(workers.get(ref, ()))
            for ref in fitting
            if standing.is_open(ref)
        }
        best = sorted(reasons, key=lambda ref: (-reasons[ref], len(near.get(ref, ())) or _FAR, ref))
        return [
            {
                "partner": self._node(ref),
                "reasons": self._reasons(ref, workers.get(ref, ()), near.get(ref), helping.get(ref, ())),
            }
            for ref in best[:MOST_COULD]
            if self._look.sees(ref)
        ]

    def _node(self, ref: str) -> Json:
        known = self._nodes.get(ref)
        if known is None:
            known = self._nodes[ref] = self._look.node(ref)
        return known

    def _reasons(
        self,
        ref: str,
        countries: Iterable[str],
        steps: list[Json] | None,
        helping: Iterable[tuple[str, Helper]],
    ) -> list[Json]:
        reasons: list[Json] = (
            [] if steps is None else [{"says": f"is {counted(len(steps), 'tie')} away", "steps": steps}]
        )
        reasons += ({"says": f"works in {code}", "events": self._told_by(ref)} for code in countries)
        for code, one in helping:
            says = f"supports {counted(one.number, 'other')} under {code}"
            reasons.append({"says": says, "lawyers": list(one.examples)})
        return reasons

    def _told_by(self, ref: str) -> list[Json]:
        known = self._events.get(ref)
        if known is None:
            known = self._events[ref] = self._standing.profiles[ref].events()
        return known


def answer(inquiry: Inquiry, standing: Standing, asked: Mapping[str, Json]) -> Json:
    """Return a page of who stands alone.

    Args:
        inquiry: whose.
        standing: everybody, ranked.
        asked: `country`, `limit`, `offset`.
    """
    limit, offset = asked["limit"], asked["offset"]
    page, total = standing.page(asked["country"], limit, offset)
    return {
        "items": told(inquiry, standing, page),
        "total": total,
        "next": further(offset, len(page), total),
        "as_of": inquiry.now.isoformat(),
    }
