"""Figures, promises, impunity and what works, as pages: with charts that one may put into a report."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask
from hub.pages.charts import Chart, Point, Series, bars, dots, lines
from hub.pages.environment import values_of
from hub.pages.figures import Words, charts_of, coverage_of
from hub.pages.lists import pages_of
from hub.pages.names import names_in
from hub.pages.rendering import language_of, render
from hub.texts import N_
from hub.texts.speech import speech_of
from projections.boards.accountability.board import impunity_list
from projections.boards.impact.works import what_works
from projections.boards.indicators.board import indicator_board
from projections.boards.indicators.definitions import DEFINITIONS
from projections.boards.indicators.figures import DATASETS, Wanted, figures
from projections.boards.papers import Papers
from projections.boards.promises.lights import lights
from projections.boards.promises.listing import COMMITMENTS, commitments
from projections.boards.promises.listing import Asked as Light
from projections.boards.promises.story import INDEPENDENT, SELF, day_told
from projections.sight import Sight

Json = Any
DRAW = {"bars": bars, "lines": lines, "dots": dots}
FIGURES = "figures"

AGE = N_("How long ago each side last reported, in days")
AGE_SAID = N_(
    "For each promise a dot for the state's own last report and a diamond for the last independent report."
)
BY_ITSELF = N_("The state itself")
BY_OTHERS = N_("Independent reporters")
NO_REPORT = N_("no report")
TO_COME = N_("dated in the future")
SINCE = N_("Days since the threat for which nobody was called to account")
SINCE_SAID = N_("A bar for each threat, the longest first. The same numbers stand in the table.")


def words_of(request: HubRequest, names: dict[str, str]) -> Words:
    """Return how figures are said to whoever asks."""
    registry, code = request.state["registry"], language_of(request).code
    return Words(speech_of(code, registry), values_of(code, registry), names)


async def show_data(request: HubRequest, asked: Asked) -> Response:
    """Answer the indicators, and one of them with its definition, who agrees, and its figures as charts."""
    now = request.state["clock"]()

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        rows = papers.rows(DEFINITIONS)
        code = _code(papers, asked["indicator"])
        refs = frozenset(ref for ref, one in rows.items() if one.code == code)
        found = figures(papers, Wanted(refs, asked["country"], asked["period"])) if code else []
        board = indicator_board(papers, max(refs, key=lambda ref: rows[ref].order)) if refs else None
        boards = {ref: indicator_board(papers, ref)["consensus"] for ref in refs}
        covered = coverage_of(found)
        names = names_in(papers, board, boards, covered)
        shown = {"code": code, "board": board, "meters": boards, "covered": covered, "names": names}
        return {
            **shown,
            "known": _known(papers),
            "found": found,
            "definitions": {ref: rows[ref] for ref in refs},
        }

    given = await ask(request, question)
    words = words_of(request, given["names"])
    drawn = charts_of(given.pop("found"), given["definitions"], words)
    shown = [(ref, [(one.chart, DRAW[one.kind](one.chart)) for one in each]) for ref, each in drawn]
    query = {"indicator": given["code"], "country": asked["country"], "period": asked["period"]}
    file = urlencode({name: value for name, value in query.items() if value})
    more = {"here": "data", "part": FIGURES, "asked": asked, "versions": shown, "file": file}
    return render(request, "data.html", {**more, **given})


def _code(papers: Papers, indicator: str | None) -> str | None:
    """Return the code of the indicator that is asked for; of none the first that has figures."""
    rows = papers.rows(DEFINITIONS)
    if indicator is not None:
        own = rows.get(papers.tellings.merged.of(indicator)) if ":" in indicator else None
        return indicator if own is None else own.code
    reported = {figure.indicator for row in papers.rows(DATASETS).values() for figure in row.figures}
    counted = sorted(one.code for ref, one in rows.items() if ref in reported)
    return next(iter(counted or sorted(one.code for one in rows.values())), None)


def _known(papers: Papers) -> list[Json]:
    """Return each indicator: by its newest version, with how many reports there are."""
    reports: dict[str, set[str]] = {}
    for row in papers.rows(DATASETS).values():
        for figure in row.figures:
            reports.setdefault(figure.indicator, set()).add(row.ref)
    found: dict[str, Json] = {}
    for ref, one in sorted(papers.rows(DEFINITIONS).items(), key=lambda row: (row[1].code, row[1].order)):
        before = found.get(one.code, {"reports": 0, "versions": 0})
        found[one.code] = {
            "code": one.code,
            "ref": ref,
            "name": one.data.get("name"),
            "status": one.status,
            "version": one.version,
            "versions": before["versions"] + 1,
            "reports": before["reports"] + len(reports.get(ref, ())),
        }
    return list(found.values())


async def show_promises(request: HubRequest, asked: Asked) -> Response:
    """Answer what was promised: lights by age, what both sides say beside each other."""
    now = request.state["clock"]()
    wanted = Light(
        **{name: asked[name] for name in ("light", "badge", "overdue", "country", "limit", "offset")}
    )

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        page = commitments(papers, wanted)
        rows = papers.rows(COMMITMENTS)
        sides = {one["ref"]: _sides(rows[one["ref"]].story) for one in page["items"]}
        return {"page": page, "sides": sides, "names": names_in(papers, page["items"])}

    found = await ask(request, question)
    chart = _ages(found, now, words_of(request, found["names"]))
    more = {"here": "data", "part": "promises", "asked": asked, "lights": lights(), **found}
    is_known = any(one.value is not None for each in chart.series for one in each.points)
    drawn = {"chart": chart, "drawn": dots(chart) if is_known else None}
    return render(
        request, "promises.html", {**more, **drawn, **pages_of("/data/promises", asked, found["page"])}
    )


def _sides(story: Any) -> Json:
    told = {side: story.last(side) for side in (SELF, INDEPENDENT)}
    return {
        side: None
        if one is None
        else {"state": one.data.get("state"), "on": day_told(one), "event": one.proof}
        for side, one in told.items()
    }


def _ages(found: Json, now: datetime, words: Words) -> Chart:
    items = found["page"]["items"]
    series = tuple(
        Series(
            words.text(name),
            tuple(_age(one["label"], found["sides"][one["ref"]][side], now.date(), words) for one in items),
        )
        for side, name in ((SELF, BY_ITSELF), (INDEPENDENT, BY_OTHERS))
    )
    return words.chart("ages", AGE, AGE_SAID, series)


def _age(label: str, told: Json, today: date, words: Words) -> Point:
    if told is None or told["on"] is None:
        return Point(label, None, words.text(NO_REPORT))
    days = (today - told["on"]).days
    return (
        Point(label, None, words.text(TO_COME)) if days < 0 else Point(label, float(days), words.days(days))
    )


async def show_impunity(request: HubRequest, asked: Asked) -> Response:
    """Answer for which threats nobody was called to account, and for how long."""
    now = request.state["clock"]()
    wanted = asked["country"], asked["limit"], asked["offset"]

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        page = impunity_list(papers, *wanted)
        return {"page": page, "names": names_in(papers, page["items"])}

    found = await ask(request, question)
    words, items = words_of(request, found["names"]), found["page"]["items"]
    days = [(one, int(one["clock"]["days"] or 0)) for one in items]
    points = [Point(one["label"], float(count), words.days(count)) for one, count in days]
    chart = words.chart("impunity", SINCE, SINCE_SAID, [Series("", tuple(points))])
    more = {"here": "data", "part": "impunity", "asked": asked, **found, "chart": chart}
    drawn = {"drawn": bars(chart) if items else None, **pages_of("/data/impunity", asked, found["page"])}
    return render(request, "impunity.html", {**more, **drawn})


async def show_works(request: HubRequest, asked: Asked) -> Response:
    """Answer how actions were assessed, by kind and context."""
    now, page = request.state["clock"](), (asked["limit"], asked["offset"])
    by = tuple(dict.fromkeys(asked["by"])) or ("kind",)
    wanted = {name: asked[name] for name in ("kind", "country", "category", "mechanism")}

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        found = what_works(papers, by, wanted, page)
        return {"page": found, "names": names_in(papers, found["items"])}

    found = await ask(request, question)
    more = {"here": "data", "part": "works", "asked": asked, "by": by, **found}
    return render(request, "works.html", {**more, **pages_of("/data/works", asked, found["page"])})
