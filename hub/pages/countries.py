"""Countries as pages: the safety of lawyers and access to justice side by side, each number with how it was counted."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask, present
from hub.pages.charts import Point, Series, bars, dots
from hub.pages.data import words_of
from hub.pages.figures import HIDDEN, WITHHELD, Words
from hub.pages.names import names_in
from hub.pages.rendering import render
from hub.texts import N_
from projections.boards.countries.index import countries
from projections.boards.countries.page import country_page
from projections.sight import Sight

Json = Any
SMALL = "<5"

HOW: Mapping[str, str] = MappingProxyType(
    {
        "status": N_(
            "Threats by the status that is shown; where claims of the same rank differ, they count as disputed."
        ),
        "categories": N_("Threats by each category that a report names; one threat may have several."),
        "ongoing": N_("Threats that are imminent, ongoing or escalated."),
        "targets": N_(
            "Lawyers, bodies and others whom these threats target; who was judged the same counts once."
        ),
        "impunity": N_(
            "Threats by whether somebody was called to account, counted from the day that is known."
        ),
        "trials": N_("Trials by whether they are open, decided but not for good, or closed."),
        "hearings": N_("Hearings still to come, by whether a partner said that somebody will be there."),
    }
)
"""Name of a number → how it is counted."""

CODES: Mapping[str, str] = MappingProxyType(
    {
        "nobody_called_to_account": N_("Nobody called to account"),
        "called_to_account": N_("Somebody called to account"),
        "unknown": N_("Unknown"),
        "disputed": N_("Disputed"),
        "open": N_("Open"),
        "decided": N_("Decided, not for good"),
        "closed": N_("Closed"),
        "covered": N_("Somebody will be there"),
        "uncovered": N_("Nobody will be there, as far as you see"),
    }
)
"""Code of a breakdown that no vocabulary holds → what it means."""

THREATS = N_("Threats by status")
CATEGORIES = N_("Threats by what happened")
IMPUNITY = N_("Threats by whether somebody was called to account")
TRIALS = N_("Trials")
HEARINGS = N_("Hearings to come")
TARGETS = N_("Who is threatened")
MAYBE = N_("%(low)s to %(high)s, while it is open who is whom")
BY_COUNTRY = N_("Threats that are ongoing, and those that are not, by country")
NUMBERS = N_("The same numbers stand in the table.")
ONGOING = N_("Ongoing")
NOT_ONGOING = N_("Not ongoing")


async def show_countries(request: HubRequest, _: Asked) -> Response:
    """Answer the countries of which the reader may know something."""
    now = request.state["clock"]()
    page = await ask(request, lambda sight: countries(sight.papers(now)))
    words = words_of(request, {})
    series = [
        Series(words.text(name), tuple(_threats(one, key, words) for one in page["items"]))
        for key, name in (("ongoing", ONGOING), ("not_ongoing", NOT_ONGOING))
    ]
    chart = words.chart("countries", BY_COUNTRY, NUMBERS, series)
    drawn = bars(chart) if page["items"] else None
    return render(
        request,
        "countries.html",
        {"here": "data", "part": "countries", "page": page, "chart": chart, "drawn": drawn},
    )


async def show_country(request: HubRequest, _: Asked) -> Response:
    """Answer the page of a country."""
    now, code = request.state["clock"](), request.path_params["code"]

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        page = country_page(papers, code)
        return None if page is None else {"page": page, "names": names_in(papers, page)}

    found = present(await ask(request, question))
    words = words_of(request, found["names"])
    more = {
        "here": "data",
        "code": code,
        "charts": _charts(found["page"]["safety"], words),
        "how": HOW,
        "codes": CODES,
    }
    return render(request, "country.html", {**found, **more})


def _threats(one: Json, key: str, words: Words) -> Point:
    return _point(words.speech.country(one["country"]), one["threats"][key], words)


def _charts(safety: Json, words: Words) -> dict[str, Json]:
    """Return the charts of a country's page by the name of the number that each shows."""
    threats = safety["threats"]
    label = words.speech.label

    def status(code: str) -> str:
        return words.text(CODES[code]) if code in CODES else label("threat_status", code)

    def own(code: str) -> str:
        return words.text(CODES.get(code, code))

    wanted: tuple[tuple[str, str, Json, Callable[[str], str]], ...] = (
        ("status", THREATS, threats["by_status"]["by"], status),
        ("categories", CATEGORIES, threats["by_category"]["by"], lambda code: label("threat_category", code)),
        ("impunity", IMPUNITY, safety["impunity"]["by"], own),
        ("trials", TRIALS, safety["trials"]["by"], own),
        ("hearings", HEARINGS, safety["hearings"]["by"], own),
    )
    made = {}
    for name, title, by, say in wanted:
        if by:
            points = tuple(_point(say(code), count, words) for code, count in by.items())
            chart = words.chart(name, title, NUMBERS, [Series("", points)])
            made[name] = (chart, bars(chart))
    targets = threats["targets"]
    if targets["count"]:
        chart = words.chart("targets", TARGETS, NUMBERS, [Series("", (_targets(targets, words),))])
        made["targets"] = (chart, dots(chart))
    return made


def _targets(told: Json, words: Words) -> Point:
    one, (low, high) = _point(words.text(TARGETS), told["count"], words), told.get("range", (None, None))
    if low == high:
        return one
    said = words.text(MAYBE, low=words.speech.number(low), high=words.speech.number(high))
    return Point(one.label, one.value, f"{one.said} ({said})", float(low), float(high))


def _point(label: str, count: Json, words: Words) -> Point:
    """Return a count; a small one is hidden from the public, and so are others by which it could be found."""
    if isinstance(count, int):
        return Point(label, float(count), words.speech.number(count))
    return Point(label, None, words.text(HIDDEN if count == SMALL else WITHHELD))
