"""Access to justice in a country: figures, laws and their practice, promises, and who reports at all."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from projections.boards.indicators.consensus import of_version
from projections.boards.indicators.definitions import DEFINITIONS, Definition
from projections.boards.indicators.figures import Dataset, Figure, all_series, in_country
from projections.boards.law.consultations import POLICIES
from projections.boards.papers import Papers
from projections.boards.promises.listing import items_of

Json = Any

MOST = 200
"""Items of one kind on a page."""

Found = Sequence[tuple[Figure, Dataset]]


def access_to_justice(papers: Papers, code: str) -> Json:
    """Return the half of a country's page that is about access to justice."""
    policies = [_policy(ref, row) for ref, row in papers.rows(POLICIES).items() if row.country == code]
    promises = [one for one in items_of(papers) if one["country"] == code]
    return {
        "indicators": _indicators(papers, code),
        "policies": policies[:MOST],
        "practice_gaps_open": sum(one["practice_gap"]["open"] for one in policies),
        "commitments": promises[:MOST],
        "reports": _reports(in_country(papers, code)),
        "truncated": max(0, len(policies) - MOST) + max(0, len(promises) - MOST),
        "addresses": {
            "data": f"/api/v1/data?country={code}",
            "consultations": f"/api/v1/consultations?country={code}",
        },
    }


def _policy(ref: str, row: Any) -> Json:
    return {
        "ref": ref,
        "label": row.label,
        "stage": list(row.stage),
        "direction": list(row.direction),
        "practice_gap": {"value": row.gap, "open": row.is_open},
        "standards": list(row.standards),
        "event": row.event,
    }


def _indicators(papers: Papers, code: str) -> list[Json]:
    lines: defaultdict[str, list[Json]] = defaultdict(list)
    for line in all_series(papers):
        if line["country"] == code:
            lines[line["indicator"]].append(
                {**line, "points": line["points"][-1:], "earlier": len(line["points"]) - 1}
            )
    rows = papers.rows(DEFINITIONS)
    found = [_indicator(rows, ref, lines[ref]) for ref in lines]
    return sorted(found, key=lambda one: (one["code"] or "~", one["version"] or "", one["indicator"]))


def _indicator(rows: Any, ref: str, lines: list[Json]) -> Json:
    one: Definition | None = rows.get(ref)
    if one is None:
        known = dict.fromkeys(("code", "version", "label", "definition", "status", "consensus"))
    else:
        versions = {other: row for other, row in rows.items() if row.code == one.code}
        known = {
            "code": one.code,
            "version": one.version,
            "label": one.label,
            "definition": one.data.get("definition"),
            "status": one.status,
            "consensus": of_version(ref, versions)["share"],
        }
    how = "As reported; versions are counted differently and are never one line. `<5` and null are hidden counts."
    return {
        "indicator": ref,
        **known,
        "latest": lines[:MOST],
        "how": how,
        "benchmark": f"/api/v1/indicators/{ref}",
    }


def _reports(of_country: Found) -> list[Json]:
    """Return who reports figures on a country, of whom, and how much of it that covers."""
    rows = {row.ref: row for _, row in of_country}
    found = [
        {
            "reporter": row.reporter,
            "dataset": ref,
            "period": row.figures[0].period,
            "coverage_percent": row.about.get("coverage_percent"),
            "population": row.about.get("population_definition"),
            "quality": row.about.get("quality_flag"),
            "event": row.event,
        }
        for ref, row in rows.items()
    ]
    return sorted(found, key=lambda one: (one["reporter"], one["period"], one["dataset"]))[:MOST]
