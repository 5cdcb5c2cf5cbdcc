"""Charts as SVG, drawn on the server: bars, lines, and dots with ranges, from values that are in words already.

Every place across is a percentage, so that a chart fits any width while its letters keep their size; where people read
from the right, it is mirrored. Colour never tells anything alone: series differ by pattern, dash and shape as well.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from hub.pages.chart_pen import PLOT, Pen

_GAP = 12
_TOP = 16
_LEFT, _RIGHT = 9.0, 94.0
_SPANS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Point:
    """One value.

    Args:
        label: what it is of: a row of bars or dots, or a place on the line of time.
        value: a number; None: it is not shown, `said` tells why.
        said: the value in words.
        low: least that it may be.
        high: most that it may be.
    """

    label: str
    value: float | None
    said: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Values that belong together; without a name where there is only one."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn.

    Args:
        name: unique on its page; letters, digits and hyphens.
        title: what it shows.
        description: what a person hears who does not see it.
        series: the values.
        say: a number of the scale in words.
        is_rtl: it is read from the right.
        most: end of the scale; None: after the greatest value.
        is_whole: its numbers count things, so that its scale has no halves.
    """

    name: str
    title: str
    description: str
    series: tuple[Series, ...]
    say: Callable[[float], str]
    is_rtl: bool = False
    most: float | None = None
    is_whole: bool = True

    @property
    def labels(self) -> tuple[str, ...]:
        """Every row, in the order in which the series name them."""
        return tuple(dict.fromkeys(one.label for each in self.series for one in each.points))

    @property
    def table(self) -> list[tuple[str, list[str]]]:
        """The same numbers as rows: label, and the words of each series; of several with one label all of them."""
        return [
            (
                label,
                [", ".join(one.said for one in each.points if one.label == label) for each in self.series],
            )
            for label in self.labels
        ]

    @property
    def scale(self) -> tuple[float, tuple[float, ...]]:
        """The end of the scale, and its ticks."""
        points = [one for each in self.series for one in each.points]
        known = [end for one in points for end in (one.value, one.high) if end is not None]
        greatest = max(known, default=0.0)
        return _scale(
            max(self.most or 0.0, greatest) or 1.0,
            is_fixed=self.most is not None,
            least=1.0 if self.is_whole else 0.0,
        )


def bars(chart: Chart) -> Markup:
    """Draw a bar for each value, in rows; what is not shown gets a hatched stub and the reason."""
    pen, end = _pen(chart), chart.scale[0]
    for label, points in _rows(chart):
        pen.heading(label)
        for series, one in points:
            pen.bar(series, None if one.value is None else one.value / end, one.said)
        pen.down(_GAP)
    return pen.picture(chart.title, chart.description)


def dots(chart: Chart) -> Markup:
    """Draw a dot for each value on a scale, with the range in which it may lie."""
    pen, (end, ticks) = _pen(chart, has_shapes=True), chart.scale
    for label, points in _rows(chart):
        pen.heading(label)
        for series, one in points:
            share = None if one.value is None else one.value / end
            pen.dot(series, share, _reach(one, end), one.said)
        pen.down(_GAP)
    pen.axis([(tick / end, chart.say(tick)) for tick in ticks])
    return pen.picture(chart.title, chart.description)


def lines(chart: Chart) -> Markup:
    """Draw each series as a line over its places in time, broken where a value is not shown."""
    pen, (end, ticks) = _pen(chart, has_shapes=True), chart.scale
    pen.down(_TOP)
    for tick in ticks:
        pen.level(pen.y + PLOT * (1 - tick / end), chart.say(tick))
    places = {label: _place(no, len(chart.labels)) for no, label in enumerate(chart.labels)}
    for number, series in enumerate(chart.series):
        spots = [
            (places[one.label], None if one.value is None else pen.y + PLOT * (1 - one.value / end), one.said)
            for one in series.points
        ]
        pen.line_of(number, spots)
    pen.down(PLOT)
    pen.times(places)
    return pen.picture(chart.title, chart.description)


def _pen(chart: Chart, *, has_shapes: bool = False) -> Pen:
    names = [one.name for one in chart.series]
    return Pen(chart.name, is_rtl=chart.is_rtl, names=names, has_shapes=has_shapes)


def _reach(one: Point, end: float) -> tuple[float, float] | None:
    low, high = (one.value if side is None else side for side in (one.low, one.high))
    return None if low is None or high is None or low == high else (low / end, high / end)


def _place(no: int, of: int) -> float:
    return (_LEFT + _RIGHT) / 2 if of == 1 else _LEFT + (_RIGHT - _LEFT) * no / (of - 1)


def _rows(chart: Chart) -> Iterator[tuple[str, list[tuple[int, Point]]]]:
    for label in chart.labels:
        found = [
            (no, one) for no, each in enumerate(chart.series) for one in each.points if one.label == label
        ]
        yield label, found


def _scale(most: float, *, is_fixed: bool, least: float) -> tuple[float, tuple[float, ...]]:
    """Return the end of a scale and at most six ticks on round numbers."""
    rough = most / 4
    power = 10.0 ** floor(log10(rough))
    step = max(least, next(one * power for one in _SPANS if one * power >= rough * 0.999))
    count = floor(most / step + 1e-9) if is_fixed else ceil(most / step - 1e-9)
    ticks = tuple(round(step * no, 10) for no in range(count + 1))
    return (most if is_fixed else ticks[-1]), ticks
