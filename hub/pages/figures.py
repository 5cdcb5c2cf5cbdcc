"""Charts of figures on legal aid: bars of one period, lines of several; no two versions are ever joined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from markupsafe import Markup

from events.event import Json
from hub.pages.charts import Chart, Point, Series
from hub.pages.values import Names, Values
from hub.texts import N_
from hub.texts.speech import Speech
from projections.boards.indicators.download import status_of
from projections.boards.indicators.figures import Dataset, Figure

MOST_SERIES = 4
"""Series of one chart; more are drawn in further charts."""

VOCABULARY: Mapping[str, str] = {"age_band": "age_band", "gender": "gender", "stage": "justice_stage"}
"""Dimension of a figure → the vocabulary of its codes."""

HIDDEN = N_("1 to 4, hidden")
WITHHELD = N_("hidden with others")
UNKNOWN = N_("not known")
ALL = N_("All")
ONE_PERIOD = N_("%(name)s, version %(version)s: %(unit)s, %(period)s")
PERIODS = N_("%(name)s, version %(version)s: %(unit)s over time")
DESCRIBED = N_(
    "The same numbers stand in the table under the chart, with who reported them and how much they cover."
)

Found = Sequence[tuple[Figure, Dataset]]


class Drawn(NamedTuple):
    """A chart and how it is drawn."""

    kind: str
    chart: Chart


@dataclass(frozen=True, slots=True)
class Words:
    """How figures are said in the reader's language.

    Args:
        speech: of the language.
        values: of the contracts.
        names: of references, as far as the reader may know.
    """

    speech: Speech
    values: Values
    names: Names

    def text(self, text: str, **more: str) -> str:
        """Return a text of the pages."""
        said = self.speech.texts.gettext(text)
        return said % more if more else said

    def chart(self, name: str, title: str, described: str, series: Sequence[Series]) -> Chart:
        """Return a chart of counts, titled and described by texts of the pages."""
        is_rtl = self.speech.language.direction == "rtl"
        said = self.text(title), self.text(described)
        return Chart(name, *said, tuple(series), self.speech.number, is_rtl)

    def amount(self, number: float, unit: str) -> str:
        """Return a number of a unit."""
        return self.speech.percent(number / 100) if unit == "percent" else self.speech.number(number)

    def plain(self, said: Json) -> str:
        """Return what a partner said, without marks of its language."""
        found = self.speech.said(said)
        return found.striptags() if isinstance(found, Markup) else found

    def days(self, count: int) -> str:
        """Return a number of days."""
        said = self.speech.texts.ngettext("%(num)s day", "%(num)s days", count)
        return said % {"num": self.speech.number(count)}

    def value(self, figure: Figure, row: Dataset) -> str:
        """Return a value, or why there is none."""
        status, confidential = status_of(figure, row)
        if status == "A":
            return self.amount(figure.value, figure.unit)
        return self.text({"C": HIDDEN, "S": WITHHELD}.get(confidential, UNKNOWN))

    def group(self, figure: Figure) -> str:
        """Return whom a figure is of."""
        said = [self._dimension(name, code) for name, code in figure.group]
        where = [] if figure.subdivision is None else [figure.subdivision]
        return " · ".join([*where, *said]) or self.text(ALL)

    def whose(self, figure: Figure) -> str:
        """Return where it is, and who reported it."""
        return f"{self.speech.country(figure.country)}, {self.values.name(figure.reporter, self.names)}"

    def _dimension(self, name: str, code: str) -> str:
        known = self.speech.label(VOCABULARY[name], code) if name in VOCABULARY else code
        return known if name in VOCABULARY else f"{self.values.field(name)}: {self.values.code(known)}"


def charts_of(found: Found, definitions: Mapping[str, Any], words: Words) -> list[tuple[str, list[Drawn]]]:
    """Return the charts of each version of an indicator.

    Args:
        found: figures with their datasets, sorted.
        definitions: of the versions, by reference.
        words: of the reader.
    """
    versions: dict[str, dict[str, list[tuple[Figure, Dataset]]]] = {}
    for figure, row in found:
        versions.setdefault(figure.indicator, {}).setdefault(figure.unit, []).append((figure, row))
    return [
        (ref, [one for own in units.values() for one in _charts(own, definitions.get(ref), words)])
        for ref, units in versions.items()
    ]


def _charts(own: Found, definition: Any, words: Words) -> list[Drawn]:
    periods = {figure.period for figure, _ in own}
    head = own[0][0]
    said = {
        "name": head.indicator if definition is None else words.plain(definition.data.get("name")),
        "version": "" if definition is None else definition.version,
        "unit": words.values.code(head.unit),
        "period": words.speech.day(head.period),
    }
    title = words.text(ONE_PERIOD if len(periods) == 1 else PERIODS, **said)
    series = _bars(own, words) if len(periods) == 1 else _lines(own, words)
    parts = [series[no : no + MOST_SERIES] for no in range(0, len(series), MOST_SERIES)]
    kind = "bars" if len(periods) == 1 else "lines"
    name = "".join(one if one.isalnum() else "-" for one in f"{head.indicator}-{head.unit}")
    return [
        Drawn(kind, _chart(f"c-{name}-{no}", title, tuple(part), (head.unit, words)))
        for no, part in enumerate(parts)
    ]


def _chart(name: str, title: str, series: tuple[Series, ...], said: tuple[str, Words]) -> Chart:
    unit, words = said
    return Chart(
        name,
        title,
        words.text(DESCRIBED),
        series,
        lambda number: words.amount(number, unit),
        is_rtl=words.speech.language.direction == "rtl",
        most=100.0 if unit == "percent" else None,
        is_whole=unit not in {"percent", "rate_per_100k"},
    )


def _bars(own: Found, words: Words) -> list[Series]:
    """Return a series for each country and reporter, a row for each group."""
    found: dict[str, list[Point]] = {}
    for figure, row in own:
        found.setdefault(words.whose(figure), []).append(_point(words.group(figure), figure, row, words))
    return [Series(name, tuple(points)) for name, points in found.items()]


def _lines(own: Found, words: Words) -> list[Series]:
    """Return a series for each country, reporter and group over all periods, whoever has none."""
    order = list(dict.fromkeys(words.speech.day(one.period) for one, _ in sorted(own, key=_time)))
    found: dict[str, dict[str, Point]] = {}
    for figure, row in own:
        period = words.speech.day(figure.period)
        name = f"{words.whose(figure)}, {words.group(figure)}"
        found.setdefault(name, {})[period] = _point(period, figure, row, words)
    # Every line runs over every period, so that all charts of an indicator have the same place for a time.
    return [
        Series(name, tuple(points.get(one, Point(one, None, "")) for one in order))
        for name, points in found.items()
    ]


def _time(one: tuple[Figure, Dataset]) -> tuple[str, str]:
    return one[1].order, one[1].ref


def _point(label: str, figure: Figure, row: Dataset, words: Words) -> Point:
    is_number = isinstance(figure.value, int | float) and not isinstance(figure.value, bool)
    return Point(label, float(figure.value) if is_number else None, words.value(figure, row))


def coverage_of(found: Found) -> list[Json]:
    """Return of each report of figures how it was made and how much it covers."""
    rows = {row.ref: row for _, row in found}
    return [
        {
            "ref": row.ref,
            "reporter": row.reporter,
            "country": row.country,
            "period": row.figures[0].period,
            "event": row.event,
            **row.about,
        }
        for _, row in sorted(rows.items())
    ]
