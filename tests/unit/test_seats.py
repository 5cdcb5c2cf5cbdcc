"""Seats of observers at a mission: as many as there are, each held once, handed over with a yes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.archive_fixtures import Archive, sqlite_url

Json = Any

L, H, M, N = "lanterns-for-counsel", "harbour-bar-watch", "meridian-fund", "northlight-law-society"
MISSION = f"action:{L}.m1"
FULL = [("/data/role", "no_seat_left")]


class Mission(Archive):
    """An archive in which a mission was proposed."""

    def propose(self, **more: Json) -> list[tuple[str, str]]:
        data = {
            "action": MISSION,
            "kind": "trial_observation_mission",
            "lead": f"partner:{L}",
            "purpose": "Watch a hearing.",
            "about": [f"hearing:{L}.1"],
            **more,
        }
        return self.codes(L, "action.proposed", data)

    def claim(self, slug: str, **more: Json) -> list[tuple[str, str]]:
        data = {"action": MISSION, "partner": f"partner:{slug}", "role": "observer", **more}
        return self.codes(slug, "action.joined", data)

    def leave(self, slug: str, by: str = "", **more: Json) -> list[tuple[str, str]]:
        left = "2026-11-03T09:30:00Z"
        data = {"action": MISSION, "partner": f"partner:{slug}", "left": left, **more}
        return self.codes(by or slug, "action.left", data)

    def hand_over(self, slug: str, to: str, **more: Json) -> list[tuple[str, str]]:
        return self.leave(slug, **{"role": "observer", "hand_over_to": f"partner:{to}", **more})


@pytest.fixture
def mission(tmp_path: Path) -> Iterator[Mission]:
    opened = Mission(sqlite_url(tmp_path))
    opened.begin({L: ["monitor"], H: ["monitor"], M: ["funder"], N: ["observer"]})
    assert opened.propose(seats=2) == []
    yield opened
    opened.store.close()


class TestClaiming:
    """One partner, one claim; all together no more than there is room for."""

    def test_nobody_claims_twice(self, mission: Mission) -> None:
        assert mission.claim(H) == []
        assert mission.claim(H) == [("/data/role", "already_joined")]

    def test_there_are_no_more_seats_than_there_is_room(self, mission: Mission) -> None:
        assert mission.claim(H, capacity=3) == [("/data/capacity", "no_seat_left")]
        assert mission.claim(H) == mission.claim(M) == []
        assert mission.claim(N) == FULL
        assert mission.claim(N, role="translator") == []

    def test_who_leaves_makes_room(self, mission: Mission) -> None:
        assert mission.claim(H, capacity=2) == []
        assert mission.claim(N) == FULL
        assert mission.leave(H) == []
        assert mission.claim(N, capacity=2) == []

    def test_stewards_can_say_that_a_partner_leaves(self, mission: Mission) -> None:
        assert mission.claim(H, capacity=2) == mission.leave(H, by="stewards") == mission.claim(N) == []

    def test_a_promise_that_has_ended_makes_room(self, mission: Mission) -> None:
        assert mission.claim(H, capacity=2, valid_until="2026-11-04T00:00:00Z") == []
        assert mission.claim(N) == FULL
        mission.clock.turn(days=3)
        assert mission.claim(N) == []

    def test_the_lead_may_find_more_room_and_less_turns_nobody_out(self, mission: Mission) -> None:
        assert mission.claim(H, capacity=2) == []
        assert mission.propose(seats=3) == []
        assert mission.claim(N) == []
        assert mission.propose(seats=1) == []
        assert mission.claim(M) == FULL

    def test_without_a_limit_everybody_may_come(self, tmp_path: Path) -> None:
        opened = Mission(sqlite_url(tmp_path))
        opened.begin({L: ["monitor"], H: ["monitor"]})
        try:
            assert opened.propose() == opened.claim(H, capacity=900) == []
        finally:
            opened.store.close()


class TestHandingOver:
    """The receiver's yes is his own joining."""

    def test_a_seat_is_kept_for_the_receiver_alone(self, mission: Mission) -> None:
        assert mission.claim(H, capacity=2) == mission.hand_over(H, N) == []
        assert mission.claim(M) == FULL
        assert mission.claim(N) == []
        # It holds as many as were kept: there is no room left.
        assert mission.claim(M) == FULL

    def test_who_takes_fewer_than_are_kept_leaves_the_rest_to_others(self, mission: Mission) -> None:
        assert mission.claim(H, capacity=2) == mission.hand_over(H, N) == mission.claim(N, capacity=1) == []
        assert mission.claim(M) == []

    def test_until_then_the_giver_can_take_it_back(self, mission: Mission) -> None:
        assert mission.claim(H, capacity=2) == mission.hand_over(H, N) == mission.claim(H, capacity=2) == []
        assert mission.claim(N) == FULL

    def test_who_is_given_seats_by_two_takes_them_all(self, mission: Mission) -> None:
        assert (
            mission.claim(H) == mission.claim(M) == mission.hand_over(H, N) == mission.hand_over(M, N) == []
        )
        assert mission.claim(L) == FULL
        assert mission.claim(N) == []
        assert mission.claim(L) == FULL

    def test_only_seats_that_one_holds_can_be_handed_over(self, mission: Mission) -> None:
        not_joined = [("/data/hand_over_to", "not_joined")]
        assert mission.hand_over(H, N) == [("/data/partner", "not_joined")]
        assert mission.claim(H, role="translator") == []
        assert mission.hand_over(H, N, role="translator") == not_joined
        assert mission.claim(H) == []
        assert mission.hand_over(H, N, role="translator") == not_joined

    def test_the_receiver_is_another_partner_that_is_named_by_its_slug(self, mission: Mission) -> None:
        assert mission.claim(H) == []
        assert mission.hand_over(H, H) == [("/data/hand_over_to", "same_reference")]
        uuid = "0190aaaa-0000-7000-8000-00000000000a"
        assert mission.hand_over(H, uuid) == [("/data/hand_over_to", "unknown_partner")]
