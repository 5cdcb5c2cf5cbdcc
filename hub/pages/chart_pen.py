"""Draws the pieces of a chart, from the top to the bottom; a chart's own module says what is drawn."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil
from types import MappingProxyType

from markupsafe import Markup

PATTERNS = 4
"""So many series look different from each other; more begin anew."""

ROOM = 72.0
"""Percent of the width that the longest bar takes: its value stands behind it."""

PLOT = 240
"""Height of a chart of lines, in pixels."""

_LINE = 18
_BAR = 20
_GAP = 12
_WRAP = 36
_DASHES = ("", "7 4", "2 4", "10 3 2 3")
_STROKES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"track": (1, 0.35), "range": (3, 0.55), "tick": (1, 0.7), "grid": (1, 0.25), "curve": (2.5, 1)}
)
"""Kind of line → how thick it is, and how dense."""

_SHAPES = (
    Markup('<circle r="5.5"/>'),
    Markup('<path d="M0 -7 7 0 0 7 -7 0Z" fill="Canvas" stroke="currentColor" stroke-width="2.5"/>'),
    Markup('<rect x="-5" y="-5" width="10" height="10"/>'),
    Markup('<path d="M0 -7 7 6 -7 6Z" fill="Canvas" stroke="currentColor" stroke-width="2.5"/>'),
)
_TEXTURES = (
    Markup('<rect width="8" height="8"/>'),
    Markup(
        '<rect width="8" height="8" opacity="0.18"/>'
        '<path d="M-2 10 10 -2M-6 6 6 -6M2 14 14 2" stroke="currentColor" stroke-width="2"/>'
    ),
    Markup('<rect width="8" height="8" opacity="0.12"/><circle cx="4" cy="4" r="2"/>'),
    Markup(
        '<rect width="8" height="8" opacity="0.12"/>'
        '<path d="M0 2H8M0 6H8" stroke="currentColor" stroke-width="1.5"/>'
    ),
)


class Pen:
    """Draws one chart.

    Args:
        name: unique on its page.
        is_rtl: it is read from the right.
        names: of its series; a legend tells several apart.
        has_shapes: series differ by the shape of their dots, not by the pattern of their bars.
    """

    def __init__(self, name: str, *, is_rtl: bool, names: Sequence[str], has_shapes: bool = False) -> None:
        self.y = 0.0
        self._name = name
        self._is_rtl = is_rtl
        self._pieces: list[Markup] = []
        for number, text in enumerate(names if len(names) > 1 else ()):
            self.down(_LINE)
            self._swatch(number, has_shapes=has_shapes)
            self._text(0, self.y - 4, text, "name", 26)
        if len(names) > 1:
            self.down(_GAP)

    def down(self, pixels: float) -> None:
        """Go on further down."""
        self.y += pixels

    def heading(self, label: str) -> None:
        """Write what a row is of, in two lines if it is long."""
        for line in wrapped(label):
            self.down(_LINE)
            self._text(0, self.y - 4, line, "name")

    def bar(self, series: int, share: float | None, said: str) -> None:
        """Draw one bar with its value behind it; of what is not shown a stub."""
        width = 5.0 if share is None else share * ROOM
        drawn = Markup(
            '<rect class="{}" x="{:.2f}%" y="{:.0f}" width="{:.2f}%" height="{}" fill="url(#{}-{})"/>'
        )
        kind, texture = ("bar unknown", "none") if share is None else ("bar", str(series % PATTERNS))
        left = 100 - width if self._is_rtl else 0
        self._pieces.append(drawn.format(kind, left, self.y + 2, width, _BAR - 4, self._name, texture))
        self._text(width, self.y + _BAR - 6, said, "value", 6)
        self.down(_BAR)

    def dot(self, series: int, share: float | None, reach: tuple[float, float] | None, said: str) -> None:
        """Draw one dot on its line, with its range."""
        middle = self.y + _BAR / 2
        if share is None:
            self._text(0, middle + 4, said, "value")
            self.down(_BAR)
            return
        self._line((0, middle), (ROOM, middle), "track")
        if reach is not None:
            left, right = reach[0] * ROOM, reach[1] * ROOM
            self._line((left, middle), (right, middle), "range")
            for side in (left, right):
                self._line((side, middle - 6), (side, middle + 6), "range")
        self._mark(share * ROOM, middle, series)
        self._text(ROOM, middle + 4, said, "value", 12)
        self.down(_BAR)

    def axis(self, ticks: Sequence[tuple[float, str]]) -> None:
        """Write the numbers of a scale under the rows."""
        for share, said in ticks:
            self._line((share * ROOM, self.y), (share * ROOM, self.y + 5), "tick")
            self._text(share * ROOM, self.y + 19, said, "scale", 0, "middle" if share else "start")
        self.down(24)

    def level(self, y: float, said: str) -> None:
        """Draw a line across, with its number on it."""
        self._line((0, y), (100, y), "grid")
        self._text(0, y - 3, said, "scale")

    def line_of(self, series: int, spots: Sequence[tuple[float, float | None, str]]) -> None:
        """Draw a series: a line between neighbours that are both shown, a shape and the value at each."""
        for (left, start, _), (right, stop, _) in pairwise(spots):
            if start is not None and stop is not None:
                self._line((left, start), (right, stop), "curve", _DASHES[series % PATTERNS])
        for place, level, said in spots:
            if level is None:
                self._text(place, self.y + PLOT + 8, said, "value", 0, "middle")
            else:
                self._mark(place, level, series)
                self._text(place, level - 10, said, "value", 0, "middle")

    def times(self, places: Mapping[str, float]) -> None:
        """Write the places in time under a chart: first and last, and those between as far as there is room."""
        every = max(1, ceil(len(places) / 6))
        for no, (label, place) in enumerate(places.items()):
            self._line((place, self.y), (place, self.y + 5), "tick")
            is_last = no == len(places) - 1
            if is_last or no % every == 0:
                anchor = "end" if is_last and no else "middle" if no or is_last else "start"
                self._text(place, self.y + 21, label, "scale", 0, anchor)
        self.down(28)

    def picture(self, title: str, description: str) -> Markup:
        """Return the whole, with title and description for those who do not see it."""
        head = Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" class="drawn" role="img" width="100%" height="{:.0f}"'
            ' font-family="system-ui, sans-serif" font-size="14" fill="currentColor"{}'
            ' aria-labelledby="{}-t {}-d"><title id="{}-t">{}</title><desc id="{}-d">{}</desc>'
        )
        name, direction = self._name, Markup(' direction="rtl"') if self._is_rtl else Markup()
        said = head.format(self.y + 4, direction, name, name, name, title, name, description)
        return Markup().join([said, _patterns(name), *self._pieces, Markup("</svg>")])

    def _swatch(self, series: int, *, has_shapes: bool) -> None:
        if has_shapes:
            inner = _SHAPES[series % PATTERNS]
            drawn = Markup(
                '<svg class="mark" x="{}%" y="{:.0f}" overflow="visible"><g transform="{}">{}</g></svg>'
            )
            place = "translate(-9 0)" if self._is_rtl else "translate(9 0)"
            self._pieces.append(drawn.format(self._x(0), self.y - 9, place, inner))
            return
        drawn = Markup(
            '<rect class="bar" x="{}%" y="{:.0f}" width="16" height="11" fill="url(#{}-{})" transform="{}"/>'
        )
        place = "translate(-18 0)" if self._is_rtl else "translate(2 0)"
        self._pieces.append(drawn.format(self._x(0), self.y - 14, self._name, series % PATTERNS, place))

    def _mark(self, place: float, y: float, series: int) -> None:
        drawn = Markup(
            '<svg class="mark" x="{:.2f}%" y="{:.1f}" overflow="visible" width="1" height="1">{}</svg>'
        )
        self._pieces.append(drawn.format(self._x(place), y, _SHAPES[series % PATTERNS]))

    def _line(self, start: tuple[float, float], end: tuple[float, float], kind: str, dash: str = "") -> None:
        dashed = Markup(' stroke-dasharray="{}"').format(dash) if dash else Markup()
        drawn = Markup(
            '<line class="{}" x1="{:.2f}%" y1="{:.1f}" x2="{:.2f}%" y2="{:.1f}" stroke="currentColor"'
            ' stroke-width="{}" opacity="{}"{}/>'
        )
        ends = self._x(start[0]), start[1], self._x(end[0]), end[1]
        self._pieces.append(drawn.format(kind, *ends, *_STROKES[kind], dashed))

    def _text(
        self, place: float, y: float, said: str, kind: str, aside: int = 0, anchor: str = "start"
    ) -> None:
        aside = -aside if self._is_rtl else aside
        drawn = Markup('<text class="{}" x="{:.2f}%" y="{:.1f}" dx="{}" text-anchor="{}"{}>{}</text>')
        looks = {"value": Markup(' font-weight="600"'), "scale": Markup(' font-size="12"')}
        self._pieces.append(drawn.format(kind, self._x(place), y, aside, anchor, looks.get(kind, ""), said))

    def _x(self, place: float) -> float:
        return 100 - place if self._is_rtl else place


def _patterns(name: str) -> Markup:
    """Return the patterns of a chart: full, and three that differ on paper too; and that of what is not shown."""
    one = Markup('<pattern id="{}-{}" width="{}" height="{}" patternUnits="userSpaceOnUse">{}</pattern>')
    none = Markup('<path d="M0 6 6 0" stroke="currentColor" stroke-width="1" opacity="0.6"/>')
    full = [one.format(name, number, 8, 8, texture) for number, texture in enumerate(_TEXTURES)]
    return Markup("<defs>{}</defs>").format(Markup().join([*full, one.format(name, "none", 6, 6, none)]))


def wrapped(label: str) -> list[str]:
    """Return a label in at most two lines; what is longer ends with an ellipsis."""
    lines = [""]
    for word in label.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > _WRAP:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [lines[0], f"{lines[1]} …"] if len(lines) > 2 else lines
