"""Reports delivered in any order give the same graph and the same dossiers."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.audience import PUBLIC, Reader
from events.event import RecordedEvent
from projections.dossier_sight import LISTS, ListQuery
from projections.graph.paths.introductions import PathQuery
from projections.graph.query import GraphQuery
from tests.folding import Views, recorded, views_in

Json = Any

PARTNERS = ("lanterns", "harbour", "open-docket")
READERS = (PUBLIC, Reader("lanterns", "anna", "amber"), Reader("harbour", "ben", "amber+strict"))
TLPS = st.sampled_from(["clear", "green", "amber", "amber+strict"])
NUMBERS = st.integers(1, 3)
WAY = PathQuery("lawyer:a.1", "lawyer:a.2", date(2026, 12, 1))


@st.composite
def reports(draw: st.DrawFn) -> Json:
    """Draw a threat report or an assessment of one, without its place in the log."""
    partner, tlp = draw(st.sampled_from(PARTNERS)), draw(TLPS)
    if draw(st.integers(0, 3)) == 0:
        verdict = draw(st.sampled_from(["corroborates", "verifies", "disputes", "refutes", "cannot_judge"]))
        about = {
            "about_event": f"r{draw(st.integers(0, 8))}",
            "about_source": f"urn:hub:partner:{draw(st.sampled_from(PARTNERS))}",
        }
        return "claim.assessed", partner, tlp, {**about, "verdict": verdict}
    data = {
        "threat": f"threat:a.{draw(NUMBERS)}",
        "targets": [f"lawyer:a.{number}" for number in sorted(draw(st.sets(NUMBERS, min_size=1)))],
        "categories": draw(st.sampled_from([["liberty.arrest"], ["liberty.arrest", "life.killing"]])),
        "status": draw(st.sampled_from(["ongoing", "ended"])),
        "occurred": draw(st.sampled_from(["2026-11-02~", "2026-11", "2025"])),
        "place": {"country": draw(st.sampled_from(["QM", "QN"]))},
        "narrative": draw(st.sampled_from(["a", "b"])),
        "provenance": {
            "reliability": draw(st.sampled_from("AF")),
            "credibility": draw(st.sampled_from("26")),
        },
    }
    return "threat.reported", partner, tlp, data


def placed(number: int, position: int, report: Json) -> RecordedEvent:
    event_type, partner, tlp, data = report
    time = f"2026-11-01T00:00:{number % 3:02}Z"
    return recorded(position, event_type, data, partner, tlp=tlp, id=f"r{number}", time=time)


def answers(views: Views) -> Json:
    told = []
    for reader in READERS:
        graph, dossiers = views.graph_of(reader), views.dossiers_of(reader)
        whole = graph.graph(GraphQuery())
        told += [
            whole,
            graph.graph(GraphQuery(country="QM")),
            graph.graph(GraphQuery(about=["lawyer:a.1"], hops=3, as_of="2026")),
        ]
        told += [graph.node(node["ref"]) for node in whole["nodes"]]
        told += [graph.edge(edge["from"], edge["to"], edge["kind"]) for edge in whole["edges"]]
        told += [graph.paths(WAY), b"".join(graph.export("csv"))]
        told += [dossiers.listing(name, ListQuery(sort="status", descending=True)) for name in LISTS]
        told += [dossiers.listing("threats", ListQuery(country="QM", about="lawyer:a.2"))]
        told += [dossiers.dossier("threats", f"threat:a.{number}") for number in (1, 2, 3)]
    return told


def fold(numbers: list[int], drawn: list[Json], batch: int) -> Json:
    with TemporaryDirectory() as folder, views_in(Path(folder)) as views:
        events = [placed(number, position, drawn[number]) for position, number in enumerate(numbers, 1)]
        for start in range(0, len(events), batch):
            views.put(*events[start : start + batch])
        return answers(views)


@settings(max_examples=40)
@given(st.data(), st.lists(reports(), min_size=2, max_size=9))
def test_reports_in_any_order_and_in_any_batches_give_the_same_answers(
    data: st.DataObject, drawn: list[Json]
) -> None:
    numbers = list(range(len(drawn)))
    other = data.draw(st.permutations(numbers))
    assert fold(numbers, drawn, len(drawn)) == fold(other, drawn, data.draw(st.integers(1, 3)))


@settings(max_examples=40)
@given(st.lists(reports(), min_size=2, max_size=9))
def test_what_a_reader_may_not_see_changes_nothing_for_him(drawn: list[Json]) -> None:
    def clear_only(views: Views) -> Json:
        graph, dossiers = views.graph_of(), views.dossiers_of()
        told: list[Json] = [
            graph.graph(GraphQuery(limit=3)),
            graph.paths(WAY),
            b"".join(graph.export("gexf")),
        ]
        told += [graph.node(ref) for ref in ("lawyer:a.1", "threat:a.1", "place:QM")]
        told += [
            dossiers.listing("threats", ListQuery(sort="status", limit=2)),
            dossiers.dossier("threats", "threat:a.1"),
        ]
        return told

    def seen(kept: list[int]) -> Json:
        with TemporaryDirectory() as folder, views_in(Path(folder)) as views:
            views.put(*(placed(number, number + 1, drawn[number]) for number in kept))
            return clear_only(views)

    numbers = list(range(len(drawn)))
    assert seen(numbers) == seen([number for number in numbers if drawn[number][2] == "clear"])
