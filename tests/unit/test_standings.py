"""Who stands alone by a job, on another day, and as of a past moment."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from projections.graph.query import GraphQuery
from projections.graph.questions import alone, deeds, said, standings
from projections.graph.questions.alone import Ranking
from projections.graph.questions.inquiry import Inquiry, Reached
from projections.graph.questions.standings import Standings
from projections.graph.whole.desk import Desk, Kept
from projections.graph.whole.measures import Abandoned
from projections.graph.whole.question import Pending
from projections.labels import Allowed, class_of
from tests.solidarity import C1, GREEN, L1, L2, NOW, Solidarity, solidarity

Json = Any
ASKED = {"country": None, "limit": 50, "offset": 0}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Solidarity]:
    with solidarity(tmp_path) as made:
        yield made


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


class Asking:
    """Asks the standings of one class of readers."""

    def __init__(self, world: Solidarity, desk: Desk) -> None:
        self._world = world
        self.reader = class_of(GREEN)
        self.desk = desk
        self.standings = Standings(Allowed(world.views.labels, self.reader), desk)

    def reached(self) -> Reached:
        return Reached(self._world.position, self._world.views.dossiers_of(GREEN).touched)

    def ask(self, now: date = NOW, **moment: Any) -> Json | Pending:
        inquiry = self._world.inquire(GREEN, now).at(GraphQuery(**moment))
        return self.standings.alone(inquiry, self.reached, ASKED)

    def followed(self, pending: Json | Pending) -> Json:
        assert isinstance(pending, Pending)
        job = self.desk.job(self.reader, pending.job)
        assert job is not None
        return job.tell(job.result.result(20))


def told(answer: Json | Pending) -> Json:
    assert not isinstance(answer, Pending)
    return answer


@pytest.fixture
def asking(world: Solidarity, desk: Desk) -> Asking:
    return Asking(world, desk)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every number of lawyers be a large one."""
    monkeypatch.setattr(standings, "MOST_AT_ONCE", -1)
    monkeypatch.setattr(standings, "MOST_OF_THE_PAST", -1)


@pytest.mark.usefixtures("large")
def test_the_first_question_of_a_class_is_a_job_and_the_next_are_answered(
    world: Solidarity, asking: Asking
) -> None:
    world.threaten()
    first = asking.ask()
    assert asking.ask() == first or not isinstance(asking.ask(), Pending)
    assert asking.followed(first) == world.alone()
    world.threaten("threat:a.2", L2)
    assert asking.ask() == world.alone()
    asking.desk.forget()  # something was erased, perhaps what these readers never saw
    assert asking.ask() == world.alone()


@pytest.mark.usefixtures("large")
def test_another_day_is_another_question(world: Solidarity, asking: Asking) -> None:
    world.threaten()
    world.state([L1], "partner:quill")
    asking.followed(asking.ask())
    later = NOW + timedelta(days=90)
    assert asking.followed(asking.ask(later)) == world.alone(now=later)
    assert told(asking.ask(later))["as_of"] == "2027-02-18"


@pytest.mark.usefixtures("large")
def test_the_past_is_kept_on_the_desk_and_follows_what_may_be_shown(
    world: Solidarity, asking: Asking
) -> None:
    world.threaten(occurred="2026-10-01")
    letter = world.state([L1], "partner:quill")
    world.threaten("threat:a.2", L2, occurred="2026-11-18")
    then = "2026-11-12"
    found = asking.followed(asking.ask(as_of=then))
    assert [item["lawyer"]["ref"] for item in found["items"]] == [L1]
    assert (found["as_of"], len(found["items"][0]["supporters"])) == ("2026-11-12", 2)
    assert asking.ask(as_of=then) == found
    world.drop(letter)
    assert told(asking.ask(as_of=then))["items"][0]["supporters"] == []


def test_few_lawyers_are_looked_at_at_once(world: Solidarity, asking: Asking) -> None:
    world.threaten(occurred="2026-10-01")
    assert asking.ask() == world.alone()
    assert told(asking.ask(as_of="2026-01-01"))["total"] == 0


def test_who_is_stopped_midway_leaves_nothing_behind(
    world: Solidarity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "_CHUNK", 1)
    for number in range(1, 5):
        world.threaten(f"threat:a.{number}", f"lawyer:a.{number}")
    ranking, heard = Ranking(), []
    reached = Reached(world.position, world.views.dossiers_of(GREEN).touched)

    def stop(share: float) -> None:
        heard.append(share)
        if share >= 0.5:
            raise Abandoned

    with pytest.raises(Abandoned):
        ranking.renew(world.inquire(GREEN), reached, stop)
    assert heard == [0.0, 0.25, 0.5]
    assert len(ranking.renew(world.inquire(GREEN), reached).rows) == 4


def test_what_is_let_go_on_the_way_is_looked_at_again(
    world: Solidarity, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 5):
        world.threaten(f"threat:a.{number}", f"lawyer:a.{number}", correlationid=C1)
    world.call([C1])
    world.join("quill", "drafter")
    whole = world.alone()
    world.forget()
    monkeypatch.setattr(alone, "_CHUNK", 1)
    monkeypatch.setattr(deeds, "_MOST_KNOWN", 0)
    monkeypatch.setattr(said, "_MOST_READ", 0)
    assert world.alone() == whole


def test_a_moment_is_that_of_the_query_and_never_later_than_now(world: Solidarity) -> None:
    inquiry: Inquiry = world.inquire(GREEN)
    assert inquiry.at(GraphQuery(as_of="2026-10-01")).now == date(2026, 10, 1)
    assert inquiry.at(GraphQuery(as_of="2029-10-01")).now == NOW
    assert not replace(inquiry, now=date.min).is_past


def test_more_than_can_be_looked_at_singly_is_looked_at_anew(
    world: Solidarity, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.threaten()
    world.alone()
    monkeypatch.setattr(alone, "MOST_TOUCHED", 0)
    monkeypatch.setattr("projections.graph.questions.partners._MOST_TOUCHED", 0)
    world.admit("quill")
    world.threaten("threat:a.2", L2)
    renewed = world.alone()
    world.forget()
    assert world.alone() == renewed


def test_whoever_asks_for_one_day_after_the_other_fills_few_places(asking: Asking) -> None:
    """Even where there is nobody to remember anything of."""
    asking.desk.kept = Kept(most=3 * standings._LEAST_WEIGHT)
    for day in range(1, 10):
        assert told(asking.ask(as_of=f"2026-01-0{day}"))["total"] == 0
    assert asking.desk.kept.number <= 3
