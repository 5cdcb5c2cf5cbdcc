"""The list of countries of which anything is known, with what there is of each."""

from collections import Counter, defaultdict
from typing import Any

from events.disclosure import hide_small
from projections.boards.countries.safety import ONGOING, THREATS, TRIALS
from projections.boards.indicators.figures import DATASETS
from projections.boards.kept import Rows
from projections.boards.law.consultations import POLICIES
from projections.boards.papers import Papers
from projections.boards.promises.listing import COMMITMENTS

Json = Any

_OPEN: tuple[tuple[str, Rows], ...] = (
    ("policies", POLICIES),
    ("commitments", COMMITMENTS),
    ("datasets", DATASETS),
)


def countries(papers: Papers) -> Json:
    """Return every country of which these readers know something, by code."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in papers.rows(THREATS).values():
        if row.country is not None:
            counts[row.country]["ongoing" if row.status in ONGOING else "not_ongoing"] += 1
    for row in papers.rows(TRIALS).values():
        if row.country is not None:
            counts[row.country]["trials"] += 1
    for name, rows in _OPEN:
        for row in papers.rows(rows).values():
            if row.country is not None:
                counts[row.country][name] += 1
    items = [_item(code, counts[code], is_public=papers.reader is None) for code in sorted(counts)]
    return {"items": items, "total": len(items), "next": None}


def _item(code: str, of: Counter[str], *, is_public: bool) -> Json:
    threats: dict[str, Json] = {"ongoing": of["ongoing"], "not_ongoing": of["not_ongoing"]}
    total: Json = of["ongoing"] + of["not_ongoing"]
    trials: Json = of["trials"]
    if is_public:
        threats, total = hide_small(threats, total)
        trials = hide_small({}, trials)[1]
    named = {name: of[name] for name, _ in _OPEN}
    return {
        "country": code,
        "threats": {"count": total, **threats},
        "trials": trials,
        **named,
        "page": f"/api/v1/countries/{code}",
    }
