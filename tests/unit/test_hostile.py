"""One rule of who is hostile, walked from the threats and from whoever is asked about."""

from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC
from projections.graph.look import Look, look_at
from projections.graph.paths.accused import accused
from projections.graph.paths.hostile import Hostile
from projections.graph.query import ALL
from projections.graph.questions.deeds import Deeds
from projections.labels import Allowed
from tests.folding import Views, recorded, views_in


def look_of(views: Views) -> Look:
    return look_at(views.graph, Allowed(views.labels, PUBLIC).numbers(), ALL)


def threat(position: int, *by: str) -> Any:
    data = {"threat": f"threat:a.{position}", "attributed_to": [{"body": body} for body in by]}
    return recorded(position, "threat.reported", data)


def admitted(position: int, slug: str, body: str) -> Any:
    return recorded(
        position, "partner.admitted", {"partner": f"partner:{slug}", "body": body, "name": {"en": "N"}}
    )


@pytest.fixture
def look(tmp_path: Path) -> Any:
    with views_in(tmp_path) as views:
        views.put(
            threat(1, "body:a.top"),
            recorded(2, "body.profiled", {"body": "body:a.x", "parent": "body:a.top"}),
            admitted(3, "state", "body:a.x"),
            admitted(4, "twin", "body:a.x"),
            threat(5, "body:a.other"),
            recorded(6, "body.profiled", {"body": "body:a.top", "parent": "body:a.above"}),
        )
        yield look_of(views)


@pytest.mark.parametrize("threats", [["threat:a.1"], ["threat:a.5"], ["threat:a.1", "threat:a.5"], []])
def test_who_is_found_from_the_threats_is_whoever_is_hostile_by_them(look: Look, threats: list[str]) -> None:
    found = accused(Deeds(look), threats)
    hostile = Hostile(look.ties, set(threats))
    everybody = [ref for ref in look.everyone() if hostile.of(ref)]
    assert sorted(found) == everybody
    for ref, ties in found.items():
        why = hostile.of(ref)
        assert why is not None
        assert ties[0][0] in {tie[0] for tie in why.ties}
        assert why.accused in ties[0][:2]


def test_a_body_the_parts_of_it_and_the_partners_that_they_are_belong_together(look: Look) -> None:
    found = accused(Deeds(look), ["threat:a.1"])
    assert [*found] == ["body:a.top", "body:a.x", "partner:state", "partner:twin"]
    assert [tie[2] for tie in found["partner:twin"]] == ["ATTRIBUTED_TO", "PART_OF", "IS_BODY"]
    assert "body:a.above" not in found


def test_a_threat_that_is_attributed_to_a_partner_is_held_against_its_body_and_whoever_else_it_is(
    tmp_path: Path,
) -> None:
    with views_in(tmp_path) as views:
        views.put(
            admitted(1, "state", "body:a.x"), admitted(2, "twin", "body:a.x"), threat(3, "partner:state")
        )
        look = look_of(views)
        expected = ["body:a.x", "partner:state", "partner:twin"]
        assert sorted(accused(Deeds(look), ["threat:a.3"])) == expected
        assert [ref for ref in look.everyone() if Hostile(look.ties, None).of(ref)] == expected


def test_whoever_is_neither_body_nor_partner_is_not_hostile(look: Look) -> None:
    hostile = Hostile(look.ties, None)
    assert hostile.of("threat:a.1") is None
    assert hostile.of("body:a.nobody") is None
