"""The boards of an indicator and of a dataset."""

from collections import defaultdict
from typing import Any

from projections.boards.indicators.consensus import of_all, of_version
from projections.boards.indicators.definitions import DEFINITIONS, Definition, versions_of
from projections.boards.indicators.figures import (
    DATASETS,
    Dataset,
    Figure,
    all_series,
    superseded,
)
from projections.boards.law.clock import days_left
from projections.boards.papers import Papers

Json = Any

MOST_SERIES = 500


def indicator_board(papers: Papers, ref: str) -> Json:
    """Return the definition of a version, who agrees, all versions, and the figures of each in series of their own.

    Args:
        papers: of the readers.
        ref: of the version, to go by.
    """
    own = papers.rows(DEFINITIONS).get(ref)
    if own is None:
        return {"definition": None, "consensus": None, "versions": [], "benchmark": _benchmark(papers, {ref})}
    versions = versions_of(papers, own.code)
    return {
        "definition": {**own.data, "status": own.status, "said_by": f"partner:{own.by}", "event": own.event},
        "review_days_left": days_left(own.data.get("review_by"), papers.now),
        "consensus": {**of_version(ref, versions), "all_versions": of_all(versions)},
        "versions": [_version(one, versions) for one in versions],
        "benchmark": _benchmark(papers, set(versions)),
    }


def _version(ref: str, versions: dict[str, Definition]) -> Json:
    one = versions[ref]
    followers = sorted(other for other, definition in versions.items() if definition.replaces == ref)
    return {
        "ref": ref,
        "version": one.version,
        "status": one.status,
        "unit": one.unit,
        "replaces": one.replaces,
        "replaced_by": followers,
        "consensus": of_version(ref, versions)["share"],
        "event": one.event,
    }


def _benchmark(papers: Papers, refs: set[str]) -> Json:
    """Return the series of each version; nothing joins two versions, for they count differently."""
    lines = [line for line in all_series(papers) if line["indicator"] in refs]
    by_version: defaultdict[str, list[Json]] = defaultdict(list)
    for line in lines[:MOST_SERIES]:
        by_version[line["indicator"]].append(line)
    return {
        "series": [{"indicator": ref, "lines": by_version[ref]} for ref in sorted(by_version)],
        "joined": False,
        "truncated": max(0, len(lines) - MOST_SERIES),
    }


def dataset_board(papers: Papers, ref: str) -> Json:
    """Return the tables of a dataset: for each indicator one for each way in which it is split."""
    rows = papers.rows(DATASETS)
    row = rows.get(ref)
    if row is None:
        return {"tables": [], "about": {}, "supersedes": None, "superseded_by": {}}
    replaced = superseded(rows)
    mine = {figure.indicator for figure in row.figures}
    by = {indicator: replaced[ref, indicator] for indicator in mine if (ref, indicator) in replaced}
    return {
        "tables": tables_of(row),
        "about": {**row.about, "reporter": row.reporter, "event": row.event},
        "supersedes": row.supersedes,
        "superseded_by": dict(sorted(by.items())),
    }


def tables_of(row: Dataset) -> list[Json]:
    """Return the figures of a dataset in tables: by gender, by age, by stage, by several at once, and whole."""
    tables: defaultdict[tuple[str, str, tuple[str, ...]], list[Figure]] = defaultdict(list)
    for figure in row.figures:
        tables[figure.indicator, figure.unit, tuple(name for name, _ in figure.group)].append(figure)
    return [
        {
            "indicator": indicator,
            "unit": unit,
            "by": list(names),
            "rows": [
                {
                    **dict(one.group),
                    "value": one.value,
                    "numerator": one.numerator,
                    "denominator": one.denominator,
                }
                for one in sorted(tables[indicator, unit, names], key=lambda figure: figure.group)
            ],
        }
        for indicator, unit, names in sorted(tables)
    ]
