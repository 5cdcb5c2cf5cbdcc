"""Laws and bills: where each stands, on which one can still comment, what they do to lawyers, which standards."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask
from hub.pages.charts import Chart, Point, Series, bars
from hub.pages.data import words_of
from hub.pages.figures import Words
from hub.pages.lists import pages_of
from hub.pages.names import names_in
from hub.pages.rendering import render
from hub.pages.standards import standard_name, standard_text
from hub.texts import N_
from hub.texts.speech import Speech
from projections.boards.law.clock import days_left
from projections.boards.law.consultations import POLICIES, consultations
from projections.boards.law.consultations import Asked as Page
from projections.boards.law.norms import standards
from projections.boards.papers import Papers
from projections.paging import further
from projections.sight import Sight

Json = Any
MOST_OPEN = 20
NORM = "un-bprl"
GAPS = ("none", "partial", "wide", "unknown")

TOUCHED = N_("Provisions that events here touch")
TOUCHED_SAID = N_(
    "A bar for each provision that an event names, by how many events do. The table lists every one."
)


class Wanted(NamedTuple):
    """Which laws are asked for; None: all."""

    country: str | None
    stage: str | None
    direction: str | None
    gap: str | None


async def show_policy(request: HubRequest, asked: Asked) -> Response:
    """Answer the tracker of laws and bills."""
    now, limit, offset = request.state["clock"](), asked["limit"], asked["offset"]
    wanted = Wanted(asked["country"], asked["stage"], asked["direction"], asked["gap"])

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        rows = _fitting(papers, wanted)
        items = [_item(ref, row, papers) for ref, row in rows[offset : offset + limit]]
        page = {"items": items, "total": len(rows), "next": further(offset, len(items), len(rows))}
        talks = consultations(papers, Page(asked["country"], MOST_OPEN, 0))
        norms = standards(papers, None, asked["country"])
        names = names_in(papers, items, talks["items"])
        return {"page": page, "talks": talks, "norms": norms, "table": _table(papers), "names": names}

    found = await ask(request, question)
    registry = request.state["registry"]
    words = words_of(request, found["names"])
    chosen = asked["norm"] or NORM
    norm = next((one for one in found["norms"]["norms"] if one["norm"] == chosen), None)
    chart = None if norm is None else _touched(norm, words)
    more = {
        "here": "policy",
        "asked": asked,
        "norm": norm,
        "chart": chart,
        "drawn": None if chart is None or not chart.labels else bars(chart),
        "stages": registry.vocabularies["policy_stage"].codes,
        "directions": registry.vocabularies["policy_direction"].codes,
        "gaps": GAPS,
        **pages_of("/policy", asked, found["page"]),
    }
    return render(request, "policy.html", {**found, **more})


def _fitting(papers: Papers, wanted: Wanted) -> list[tuple[str, Any]]:
    """Return the laws that fit: by country, then by what they are called."""
    rows = papers.rows(POLICIES).items()
    fit = [(ref, row) for ref, row in rows if _fits(row, wanted)]
    return sorted(fit, key=lambda one: (one[1].country or "~", one[1].label, one[0]))


def _fits(row: Any, wanted: Wanted) -> bool:
    return (
        wanted.country in (None, row.country)
        and (wanted.stage is None or wanted.stage in row.stage)
        and (wanted.direction is None or wanted.direction in row.direction)
        and wanted.gap in (None, row.gap)
    )


def _item(ref: str, row: Any, papers: Papers) -> Json:
    left = [(days, closes) for closes in row.closes if (days := days_left(closes, papers.now)) is not None]
    days, closes = max(left, default=(None, None))
    return {
        "ref": ref,
        "label": row.label,
        "country": row.country,
        "stage": list(row.stage),
        "direction": list(row.direction),
        "gap": row.gap,
        "gap_is_open": row.is_open,
        "closes": closes,
        "days_left": days,
        "standards": list(row.standards),
    }


def _table(papers: Papers) -> Mapping[str, Mapping[str, int]]:
    """Return how many laws are at which stage in each country; one whose stage is disputed stands at each."""
    found: dict[str, Counter[str]] = {}
    for row in papers.rows(POLICIES).values():
        if row.country is not None:
            found.setdefault(row.country, Counter()).update(row.stage)
    return dict(sorted(found.items()))


def _touched(norm: Json, words: Words) -> Chart:
    points = [
        Point(
            _called(one["standard"], words.speech),
            float(one["events"]),
            words.speech.number(one["events"]),
        )
        for one in norm["provisions"]
        if one["events"]
    ]
    return words.chart("touched", TOUCHED, TOUCHED_SAID, [Series("", tuple(points))])


def _called(standard: str, speech: Speech) -> str:
    """Return the place of a provision in its norm and what it says; its name where that says both."""
    said = standard_text(standard, speech)
    return said if said == standard_name(standard, speech) else f"{standard.partition(':')[2]} · {said}"
