"""Figures on legal aid: one row for each dataset, one figure for each of its observations."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from events.disclosure import Group, group_of
from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings, in_time
from schemas.edtf import NotEdtf, sort_key

Json = Any

REPORTED = "legalaid.reported"

_ABOUT = (
    *("method", "population_definition", "coverage_percent", "quality_flag", "service_kind"),
    *("notes", "suppression", "subdivision", "case_outcomes"),
)


class Figure(NamedTuple):
    """One observation.

    Args:
        dataset: reference to go by.
        indicator: the version that it is of, to go by.
        country: where.
        subdivision: if it covers only that.
        period: for which time (EDTF).
        group: whom.
        unit: of the value.
        value: a number, `"<5"`, or None for what is withheld or not known.
        numerator: of the value.
        denominator: of the value.
        reporter: whose figure it is.
    """

    dataset: str
    indicator: str
    country: str
    subdivision: str | None
    period: str
    group: Group
    unit: str
    value: Json
    numerator: int | None
    denominator: int | None
    reporter: str


class Dataset(NamedTuple):
    """One report of figures.

    Args:
        ref: to go by.
        figures: in the order that was sent.
        about: how they were made, and for whom they hold.
        supersedes: the report that this one replaces.
        reporter: whose figures.
        time: of the event.
        order: by which periods are sorted.
        event: that says all this.
    """

    ref: str
    figures: tuple[Figure, ...]
    about: Json
    supersedes: str | None
    reporter: str
    time: str
    order: str
    event: Json

    @property
    def country(self) -> str:
        """Where."""
        return self.figures[0].country


def _make(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, Dataset]:
    rows = {}
    for ref, told in tellings.about(refs, [REPORTED]).items():
        own = [one for one in told if tellings.merged.of(str(one.data.get("dataset"))) == ref]
        if own and (row := _row(tellings, ref, in_time(own)[-1])).figures:
            rows[ref] = row
    return rows


def _row(tellings: Tellings, ref: str, one: Telling) -> Dataset:
    data = one.data
    reporter = str(data.get("reporter", f"partner:{one.partner}"))
    figures = [
        Figure(
            dataset=ref,
            indicator=tellings.merged.of(str(cell["indicator"])),
            country=str(data["country"]),
            subdivision=(cell.get("dims") or {}).get("subdivision", data.get("subdivision")),
            period=str(data["period"]),
            group=group_of(cell),
            unit=cell["unit"],
            value=cell["value"],
            numerator=cell.get("numerator"),
            denominator=cell.get("denominator"),
            reporter=reporter,
        )
        for cell in data.get("observations", ())
    ]
    supersedes = data.get("supersedes")
    return Dataset(
        ref=ref,
        figures=tuple(figures),
        about={name: data[name] for name in _ABOUT if name in data},
        supersedes=None if supersedes is None else tellings.merged.of(supersedes),
        reporter=reporter,
        time=str(one.event.get("time", "")),
        order=_order(str(data.get("period", ""))),
        event=one.proof,
    )


DATASETS = Rows("figures", "dataset", _make)
"""A row for each dataset."""


def superseded(rows: Mapping[str, Dataset]) -> dict[tuple[str, str], str]:
    """Return dataset and indicator → the dataset that replaces it for this version of the indicator.

    A report on another version of an indicator replaces none of the earlier figures: they stay a series of their own.
    """
    found = {}
    for ref, row in sorted(rows.items(), key=lambda one: (one[1].time, one[0])):
        other = rows.get(row.supersedes or "")
        # Nothing replaces what came after it: two that name each other would both be gone.
        if other is not None and (other.time, other.ref) < (row.time, ref):
            found.update({(other.ref, figure.indicator): ref for figure in row.figures})
    return found


class Wanted(NamedTuple):
    """Which figures are asked for; None: all.

    Args:
        indicators: versions, by references to go by.
        country: where.
        period: written as in the report, or a year.
    """

    indicators: frozenset[str] | None = None
    country: str | None = None
    period: str | None = None


def figures(papers: Papers, wanted: Wanted) -> list[tuple[Figure, Dataset]]:
    """Return the figures that hold, each with its dataset: by indicator, country, group, reporter and time."""
    return [one for one in held(papers) if fits(one[0], wanted)]


def held(papers: Papers) -> list[tuple[Figure, Dataset]]:
    """Return all figures that hold, in their order; kept until a dataset changes, and not to be changed."""
    rows = papers.rows(DATASETS)
    found: list[tuple[Figure, Dataset]] = papers.keeping.remembered(
        "figures.held", rows, lambda _: _held(rows)
    )
    return found


def in_country(papers: Papers, code: str) -> Sequence[tuple[Figure, Dataset]]:
    """Return the figures on a country that hold, in their order; not to be changed."""
    found = held(papers)
    by_country: Mapping[str, Sequence[tuple[Figure, Dataset]]] = papers.keeping.remembered(
        "figures.by country", found, lambda _: _by_country(found)
    )
    return by_country.get(code, ())


def _by_country(found: Sequence[tuple[Figure, Dataset]]) -> Mapping[str, Sequence[tuple[Figure, Dataset]]]:
    by_country: defaultdict[str, list[tuple[Figure, Dataset]]] = defaultdict(list)
    for one in found:
        by_country[one[0].country].append(one)
    return dict(by_country)


def all_series(papers: Papers) -> Sequence[Json]:
    """Return the lines of all figures that hold, as `series` does; not to be changed."""
    found = held(papers)
    lines: Sequence[Json] = papers.keeping.remembered("figures.series", found, lambda _: series(found))
    return lines


def _held(rows: Mapping[str, Dataset]) -> list[tuple[Figure, Dataset]]:
    replaced = superseded(rows)
    found = [
        (figure, row)
        for row in rows.values()
        for figure in row.figures
        if (row.ref, figure.indicator) not in replaced
    ]
    return sorted(found, key=lambda one: (_series_of(one[0]), one[1].order, one[1].time, one[1].ref))


def fits(figure: Figure, wanted: Wanted) -> bool:
    """Tell whether a figure is among those that are asked for."""
    return (
        (wanted.indicators is None or figure.indicator in wanted.indicators)
        and wanted.country in (None, figure.country)
        and (
            wanted.period is None or figure.period == wanted.period or wanted.period in _years(figure.period)
        )
    )


def _years(period: str) -> set[str]:
    return {side[:4] for side in period.split("/")}


def _series_of(figure: Figure) -> tuple[str, ...]:
    group = ",".join(f"{name}={code}" for name, code in figure.group)
    where = figure.subdivision or ""
    return figure.indicator, figure.country, where, group, figure.unit, figure.reporter


def _order(period: str) -> str:
    try:
        return sort_key(period)
    except NotEdtf:
        return period


def series(found: Sequence[tuple[Figure, Dataset]]) -> list[Json]:
    """Return lines of figures: one for each version of an indicator, place, group, unit and reporter; never joined.

    Args:
        found: as `figures` returns them.
    """
    lines: defaultdict[tuple[str, ...], list[tuple[Figure, Dataset]]] = defaultdict(list)
    for figure, row in found:
        lines[_series_of(figure)].append((figure, row))
    return [
        {**_head(line[0][0]), "points": [_point(figure, row) for figure, row in line]}
        for line in lines.values()
    ]


def _head(figure: Figure) -> Json:
    return {
        "indicator": figure.indicator,
        "country": figure.country,
        "subdivision": figure.subdivision,
        "dims": dict(figure.group),
        "unit": figure.unit,
        "reporter": figure.reporter,
    }


def _point(figure: Figure, row: Dataset) -> Json:
    return {
        "period": figure.period,
        "value": figure.value,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "coverage_percent": row.about.get("coverage_percent"),
        "dataset": row.ref,
        "event": row.event,
    }
