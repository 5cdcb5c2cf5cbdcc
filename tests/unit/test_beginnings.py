"""When something began, as an export says it: by the ties that lead from it, now, then, and whoever is read as whom."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from projections.graph.beginnings import dated
from projections.graph.query import GraphQuery
from tests.solidarity import A1, C1, GREEN, H1, L1, L2, T1, Solidarity, solidarity

Json = Any


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Solidarity]:
    with solidarity(tmp_path) as made:
        yield made


def began(world: Solidarity, ref: str, **moment: Any) -> Json:
    inquiry = world.inquire(GREEN).at(GraphQuery(**moment))
    with inquiry.lock:
        return dated(inquiry.look(), ref).get("since")


def test_a_threat_begins_on_the_first_day_that_its_ties_know(world: Solidarity) -> None:
    world.threaten(T1, L1, occurred="2026-10")
    world.threaten(T1, L2, occurred="2026-10-04", partner="harbour")
    world.threaten("threat:a.2", L1)
    assert [began(world, ref) for ref in (T1, "threat:a.2", L1, "threat:a.9")] == [
        "2026-10-01",
        None,
        None,
        None,
    ]


def test_whoever_is_read_as_another_begins_with_him(world: Solidarity) -> None:
    world.threaten(T1, L1, occurred="2026-10-04", correlationid=C1)
    plain = began(world, T1)
    same = {"left": L1, "right": L2, "judgement": "same", "basis": ["x"], "confidence": 1}
    world.tell("identity.judged", same)
    assert began(world, T1) == plain == "2026-10-04"
    one = {"left": T1, "right": "threat:a.0", "judgement": "same", "basis": ["x"], "confidence": 1}
    world.tell("identity.judged", one)
    assert began(world, "threat:a.0") == "2026-10-04"


def test_a_past_moment_knows_what_it_knew(world: Solidarity) -> None:
    world.threaten(T1, L1, occurred="2026-10-04")
    place = world.position
    world.threaten(T1, L1, occurred="2026-10-20", partner="harbour")
    assert (began(world, T1, upto=place), began(world, T1)) == ("2026-10-04", "2026-10-20")


def test_a_call_begins_no_later_than_whoever_joins_it(world: Solidarity) -> None:
    world.call([L1])
    world.join("quill", "signatory", joined="2026-11-05")
    world.join("docket", "signatory", joined="2026-11-04T10:00:00Z")
    world.tell("action.completed", {"action": A1, "completed": "2026-11-20", "outputs": ["statement:a.1"]})
    assert began(world, A1) == "2026-11-04"


def test_a_hearing_that_was_put_off_begins_no_later_than_the_one_that_takes_its_place(
    world: Solidarity,
) -> None:
    world.trial()
    world.hearing("2026-11-28")
    moved = {"hearing": H1, "status": "rescheduled", "new_hearing": "hearing:a.2", "new_starts": "2027-02-01"}
    world.tell("hearing.adjourned", {**moved, "announced": "2026-11-10"}, "docket")
    follows = next(edge for edge in world.part()["edges"] if edge["kind"] == "FOLLOWS")
    assert began(world, H1) <= follows["since"]
