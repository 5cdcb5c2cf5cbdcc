"""Figures as rows that statistical programs read: the columns of SDMX-CSV 2.0, with codes of SDMX."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from events.disclosure import SMALL
from projections.boards.indicators.definitions import DEFINITIONS, Definition
from projections.boards.indicators.figures import Dataset, Figure, Wanted, fits, held
from projections.boards.indicators.periods import time_period
from projections.boards.papers import Papers

Json = Any

DIMENSIONS = (
    *("REF_AREA", "INDICATOR", "REPORTER", "DATASET", "UNIT_MEASURE", "SEX", "AGE", "STAGE", "OFFENCE"),
    *("STATUS", "LINE", "TIME_PERIOD"),
)
"""By which an observation is found; `LINE` tells apart what a dataset says of one group more than once."""

ATTRIBUTES = (
    *("OBS_STATUS", "CONF_STATUS", "NUMERATOR", "DENOMINATOR", "INDICATOR_CODE", "INDICATOR_VERSION"),
    *("METHOD", "COVERAGE", "QUALITY", "POPULATION", "COMMENT"),
)

ALL = "_T"
"""Code of a dimension by which a figure is not split."""

_UNKNOWN = "_U"
_SEXES: Mapping[str, str] = {"woman": "F", "man": "M", "non_binary": "NB", "other": "O", "unknown": _UNKNOWN}
_AGES: Mapping[str, str] = {
    "under_12": "Y_LT12",
    "12_14": "Y12T14",
    "15_17": "Y15T17",
    "18_24": "Y18T24",
    "25_59": "Y25T59",
    "60_plus": "Y_GE60",
    "unknown": _UNKNOWN,
}

NOTE = (
    "Figures as they were reported, each with the share of those concerned that it covers. OBS_STATUS Q: hidden,"
    " CONF_STATUS C a count from 1 to 4, S one hidden with it. Versions of an indicator count differently: never join"
    " their series. What nobody reported is missing."
)


class Download(NamedTuple):
    """What is downloaded.

    Args:
        rows: one for each observation; values by column.
        definitions: of the indicators in them, as visible.
        coverage: of the datasets in them.
    """

    rows: list[dict[str, Json]]
    definitions: list[Json]
    coverage: list[Json]


def download(papers: Papers, indicator: str | None, country: str | None, period: str | None) -> Download:
    """Return the figures that fit.

    Args:
        papers: of the readers.
        indicator: a version by its reference, or all versions by their code; None: all.
        country: where; None: everywhere.
        period: as reported, or a year that it touches; None: any.
    """
    rows = papers.rows(DEFINITIONS)
    refs = None if indicator is None else frozenset(_versions(papers, indicator, rows))
    wanted = Wanted(refs, country, period)
    all_held = held(papers)
    lines: list[dict[str, Json]] = papers.keeping.remembered(
        "figures.lines", (all_held, rows), lambda _: _lines(all_held, rows)
    )
    kept = [place for place, (figure, _) in enumerate(all_held) if fits(figure, wanted)]
    found = [all_held[place] for place in kept]
    named = sorted({figure.indicator for figure, _ in found})
    datasets = {row.ref: row for _, row in found}
    return Download(
        [lines[place] for place in kept],
        [_definition(ref, rows[ref]) for ref in named if ref in rows],
        [_coverage(datasets[ref]) for ref in sorted(datasets)],
    )


def _lines(
    found: Sequence[tuple[Figure, Dataset]], definitions: Mapping[str, Definition]
) -> list[dict[str, Json]]:
    """Return a row for each figure: the same whichever others are asked for, since a line tells apart one dataset's."""
    seen: Counter[tuple[Json, ...]] = Counter()
    return [_row(figure, row, definitions.get(figure.indicator), seen) for figure, row in found]


def _versions(papers: Papers, indicator: str, rows: Mapping[str, Definition]) -> Sequence[str]:
    if ":" in indicator:
        return [papers.tellings.merged.of(indicator)]
    return [ref for ref, one in rows.items() if one.code == indicator]


def _row(
    figure: Figure, row: Dataset, of: Definition | None, seen: Counter[tuple[Json, ...]]
) -> dict[str, Json]:
    group = dict(figure.group)
    key = (figure.dataset, figure.indicator, figure.unit, figure.group)
    seen[key] += 1
    status, confidential = status_of(figure, row)
    about = row.about
    return {
        "REF_AREA": figure.subdivision or figure.country,
        "INDICATOR": figure.indicator,
        "REPORTER": figure.reporter,
        "DATASET": figure.dataset,
        "UNIT_MEASURE": figure.unit.upper(),
        "SEX": _SEXES.get(group.get("gender", ""), ALL),
        "AGE": _AGES.get(group.get("age_band", ""), ALL),
        "STAGE": group.get("stage", ALL).upper(),
        "OFFENCE": group.get("offence_group", ALL),
        "STATUS": group.get("status", ALL),
        "LINE": str(seen[key]),
        "TIME_PERIOD": time_period(figure.period),
        "OBS_VALUE": None if figure.value == SMALL else figure.value,
        "OBS_STATUS": status,
        "CONF_STATUS": confidential,
        "NUMERATOR": figure.numerator,
        "DENOMINATOR": figure.denominator,
        "INDICATOR_CODE": None if of is None else of.code,
        "INDICATOR_VERSION": None if of is None else of.version,
        "METHOD": about.get("method"),
        "COVERAGE": about.get("coverage_percent"),
        "QUALITY": about.get("quality_flag"),
        "POPULATION": about.get("population_definition"),
        "COMMENT": " ".join(filter(None, (SMALL if figure.value == SMALL else None, about.get("notes"))))
        or None,
    }


def status_of(figure: Figure, row: Dataset) -> tuple[str, str]:
    """Return the codes of SDMX for how an observation is (A normal, Q hidden, M missing) and how confidential."""
    if figure.value == SMALL:
        return "Q", "C"
    if figure.value is not None:
        return "A", "F"
    hides = bool((row.about.get("suppression") or {}).get("cells_suppressed")) or any(
        one.value == SMALL and one.indicator == figure.indicator for one in row.figures
    )
    return ("Q", "S") if hides else ("M", "F")


def _definition(ref: str, one: Definition) -> Json:
    return {"indicator": ref, **one.data, "status": one.status, "replaces": one.replaces, "event": one.event}


def _coverage(row: Dataset) -> Json:
    return {
        "dataset": row.ref,
        "reporter": row.reporter,
        "country": row.country,
        **row.about,
        "event": row.event,
    }
