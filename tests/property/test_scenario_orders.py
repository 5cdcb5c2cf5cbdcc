"""The twelve stories, with their reports delivered in any order, end the same for everybody."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from events.audience import PUBLIC, Reader
from events.event import slug_of
from events.intake import Intake, Publisher
from hub.demo.cast import members
from hub.demo.stories import Story, stories
from projections.boards.accountability.board import impunity_list
from projections.boards.actions.tracker import tracker
from projections.boards.countries.index import countries
from projections.boards.countries.page import country_page
from projections.boards.impact.works import DIMENSIONS, what_works
from projections.boards.law.consultations import Asked as Consulted
from projections.boards.law.consultations import consultations
from projections.boards.law.norms import standards
from projections.boards.papers import Papers
from projections.boards.promises.listing import Asked as Lights
from projections.boards.promises.listing import commitments
from projections.boards.statements.scoreboard import scoreboard
from projections.boards.support.matching import Asked as Matched
from projections.boards.support.matching import matches
from projections.boards.support.totals import totals
from projections.boards.trials.overview import Asked as Coverage
from projections.boards.trials.overview import overview
from projections.boards.truth.review import retractions, review
from projections.dossier_sight import LISTS, ListQuery
from projections.event_query import EventQuery
from projections.graph.query import GraphQuery
from projections.reading_room import ReadingRoom
from projections.sight import Sight
from tests.depth import in_depth
from tests.running import SetClock, registry
from tests.vaults import open_beside

Json = Any

ORDERS = in_depth(5, 20)
READERS = (PUBLIC, Reader("quill-network", "ann", "green"), Reader("harbour-bar-watch", "ann", "amber"))
NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
"""When it is asked: hearings, consultations and clocks of the stories are near then."""

ALL = 200
COUNTRIES = ("QM", "QN", "QP", "QR", "QS", "QT", "QV")
VOLATILE = frozenset({"recordedtime", "recorded", "digest", "log"})
"""Moments of recording, what is digested with them, and the audit timeline, which tells the order of arrival."""


def shuffled(story: Story, chance: Random) -> list[Json]:
    """Return the events with the reports changing places among themselves; decisions and amendments keep theirs."""
    kinds = {
        name: registry().contract(f"{name}.v{registry().newest(name)}").kind for name in registry().types
    }
    reports = [event for event in story.events if kinds[event["type"]] == "report"]
    chance.shuffle(reports)
    return [reports.pop() if kinds[event["type"]] == "report" else event for event in story.events]


def without_arrival(answer: Json) -> Json:
    if isinstance(answer, dict):
        return {name: without_arrival(value) for name, value in answer.items() if name not in VOLATILE}
    if isinstance(answer, list):
        return [without_arrival(value) for value in answer]
    return answer


def play(orders: list[list[Json]]) -> Json:
    """Record all stories, and return what each reader may know in the end."""
    with TemporaryDirectory() as folder:
        store = open_beside(f"sqlite:///{Path(folder) / 'log.sqlite'}", registry())
        try:
            intake = Intake(registry(), store, SetClock())
            record(intake, orders)
            room = ReadingRoom(registry(), store, Path(folder) / "views.sqlite")
            try:
                room.catch_up()
                return [without_arrival(list(answers(room.purge(reader)))) for reader in READERS]
            finally:
                room.stop()
        finally:
            store.close()


def record(intake: Intake, orders: list[list[Json]]) -> None:
    intake.admit_stewards({"en": "Stewards"})
    admissions = [
        {
            "specversion": "1.0",
            "id": f"admission-{member.slug}",
            "source": "urn:hub:partner:stewards",
            "type": "partner.admitted",
            "data": member.admission(),
        }
        for member in members()
    ]
    for told in [admissions, [event for order in orders for event in order]]:
        checked = [intake.check(Publisher(slug_of(event["source"]), "ann"), event) for event in told]
        assert {outcome.status for outcome in intake.record(checked)} <= {"stored", "duplicate"}


def answers(sight: Sight) -> Iterator[Json]:
    whole = sight.graph(GraphQuery(limit=100_000))
    yield whole
    refs = sorted(node["ref"] for node in whole["nodes"])
    for ref in refs:
        yield sight.node(ref)
        yield sight.timeline(ref, "world", limit=1_000)
    for edge in whole["edges"]:
        yield sight.edge(edge["from"], edge["to"], edge["kind"])
    for name, kind in LISTS.items():
        yield sight.listing(name, ListQuery(limit=200))
        yield [sight.dossier(name, ref, now=NOW) for ref in refs if ref.startswith(f"{kind}:")]
    papers = sight.papers(NOW)
    yield from boards(papers)
    yield None if papers.reader is None else sight.mine(papers.reader, NOW)
    events = sight.events(EventQuery(limit=1_000)).events
    yield sorted((event["source"], event["id"]) for event in events)
    for event in sorted(events, key=lambda one: str(one["id"])):
        found = sight.event(event["source"], event["id"])
        assert found is not None
        found["assessments"].sort(key=lambda one: str(one["id"]))
        yield found
    yield sorted(hit["ref"] for hit in sight.search("lawyer", limit=100)["hits"])


def boards(papers: Papers) -> Iterator[Json]:
    """Yield what is told of many things at once."""
    yield overview(papers, Coverage(timedelta(days=14), None, None, ALL, 0))
    for by in ("body", "mechanism", "kind"):
        yield scoreboard(papers, by, ALL, 0)
    yield what_works(papers, ("kind", "country"), dict.fromkeys(DIMENSIONS), (ALL, 0))
    yield review(papers, None, None, (ALL, 0))
    yield retractions(papers)
    yield impunity_list(papers, None, ALL, 0)
    yield consultations(papers, Consulted(None, ALL, 0))
    yield commitments(papers, Lights())
    yield standards(papers, None, None)
    yield matches(papers, Matched(None, None, ALL, 0))
    yield totals(papers)
    yield tracker(papers, ALL, 0)
    yield countries(papers)
    for code in COUNTRIES:
        yield country_page(papers, code)


@pytest.fixture(scope="module")
def as_written() -> Json:
    return play([list(story.events) for story in stories()])


@pytest.mark.parametrize("number", range(ORDERS))
def test_reports_in_any_order_end_the_same(as_written: Json, number: int) -> None:
    chance = Random(number)
    played = play([shuffled(story, chance) for story in stories()])
    for reader, mine, theirs in zip(READERS, played, as_written, strict=True):
        for one, other in zip(mine, theirs, strict=True):
            assert (reader.partner, one) == (reader.partner, other)
