"""The board of a hearing, from events as their readers see them."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from events.audience import PUBLIC
from projections.boards.trials.dates import candidates, day_of
from tests.docketing import NOW, TRIAL, A, B, C, D, Docket, L, N


class TestDates:
    """Every time that a date admits."""

    @pytest.mark.parametrize(
        ("text", "days"),
        [
            ("2026-03-04", [("2026-03-04", "2026-03-04", True)]),
            ("2026-03-04?", [("2026-03-04", "2026-03-04", False)]),
            (
                "[2026-04-03,2026-03-04]",
                [("2026-03-04", "2026-03-04", False), ("2026-04-03", "2026-04-03", False)],
            ),
            ("[2026-03-04..2026-03-06]", [("2026-03-04", "2026-03-06", False)]),
            ("2026-03", [("2026-03-01", "2026-03-31", False)]),
            ("2026-03-04/..", [("2026-03-04", "None", False)]),
            ("../2026-03-04", [("None", "2026-03-04", False)]),
            ("2026-03-04T09:00:00+04:00", [("2026-03-04", "2026-03-04", True)]),
            ("2026-03-04T09:00:00", [("2026-03-04", "2026-03-04", True)]),
            ("1066-10-14T09:00:00Z", [("1066-10-14", "1066-10-14", True)]),
            ("soon", []),
        ],
    )
    def test_are_told_the_earliest_first(self, text: str, days: list[tuple[str, str, bool]]) -> None:
        assert [(str(one.first), str(one.last), one.is_certain) for one in candidates(text)] == days

    @pytest.mark.parametrize(
        ("text", "zone", "hours", "lies"),
        [
            # From noon (UTC) of the first of March.
            ("2026-03-01T13:00:00Z", None, 1, True),
            ("2026-03-01T11:59:59Z", None, 1, False),
            ("2026-03-01T16:30:00", "Etc/GMT-4", 1, True),
            ("2026-03-02", "Etc/GMT-4", 7, False),
            ("2026-03-02", "Etc/GMT-4", 8, True),
            ("2026-02-28", "Etc/GMT-4", 1, False),
            # Nobody says where: somewhere it is still that day.
            ("2026-02-28", None, 1, False),
            ("2026-03-01", "Nowhere/At_All", 1, True),
            ("2026-03-02", None, 1, True),
            ("..", None, 1, False),
            ("../2026-02-01", None, 1, False),
            ("2026-04-01/..", None, 1, False),
            ("2026-02-01/..", None, 1, True),
            ("0900-01-01", None, 1, False),
            ("9000-01-01", None, 1, False),
        ],
    )
    def test_lie_between_two_moments_if_they_may(
        self, text: str, zone: str | None, hours: int, *, lies: bool
    ) -> None:
        assert any(one.lies_in(NOW, NOW + timedelta(hours=hours)) for one in candidates(text, zone)) is lies

    def test_are_a_day_where_they_admit_one_alone(self) -> None:
        assert day_of("2026-03-04T09:00:00+04:00") == date(2026, 3, 4)
        assert [day_of(text) for text in (None, "2026-03", "[2026-03-04,2026-04-03]")] == [None] * 3


class TestHearing:
    """How one hearing stands."""

    @pytest.mark.parametrize(
        ("said", "state", "stands"),
        [
            (lambda _: None, "scheduled", ["2026-03-10"]),
            (lambda docket: docket.adjourn(status="cancelled"), "cancelled", []),
            (lambda docket: docket.adjourn(status="postponed_no_date"), "postponed_no_date", []),
            (lambda docket: docket.adjourn(new_starts="2026-03-12"), "scheduled", ["2026-03-12"]),
            (lambda docket: docket.adjourn(new_starts="2026-03-12", new_hearing=B), "moved", []),
            (lambda docket: docket.report(started="2026-03-11T09:00:00Z"), "held", ["2026-03-10"]),
            (lambda docket: docket.report(status="held_in_part"), "held_in_part", ["2026-03-10"]),
        ],
    )
    def test_state_and_dates(
        self, docket: Docket, said: Callable[[Docket], Any], state: str, stands: list[str]
    ) -> None:
        docket.hearing(announced="2026-01-01")
        said(docket)
        board = docket.board(A)
        assert (board["state"], board["dates"]["stands"], board["trial"]) == (state, stands, TRIAL)

    def test_what_somebody_still_says_of_a_date_that_was_put_off_is_no_other_opinion(
        self, docket: Docket
    ) -> None:
        docket.hearing()
        docket.hearing(slug=N)
        docket.adjourn(previous_starts="2026-03-10", new_starts="2026-03-12")
        board = docket.board(A)
        assert (board["dates"]["stands"], board["stale"]["gone"]) == (["2026-03-12"], ["2026-03-10"])
        # Even where nothing is left but that.
        docket.adjourn(previous_starts="2026-03-12", new_starts="2026-03-10")
        assert docket.board(A)["dates"]["stands"] == ["2026-03-10"]

    def test_dates_of_which_partners_differ_are_uncertain(self, docket: Docket) -> None:
        docket.hearing()
        docket.hearing(slug=N, starts="2026-03-11")
        dates = docket.board(A)["dates"]
        assert (dates["uncertain"], dates["starts"]["disputed"]) == (True, True)
        assert dates["starts"]["said"] == [
            {"by": N, "value": "2026-03-11"},
            {"by": D, "value": "2026-03-10"},
        ]

    def test_what_is_shown_follows_what_others_hold_of_it(self, docket: Docket) -> None:
        docket.hearing()
        docket.hearing(slug=N, starts="2026-03-11")
        docket.assess("e2", N, verdict="verifies")
        dates = docket.board(A)["dates"]
        assert (dates["stands"], dates["starts"]["verification"]) == (["2026-03-11"], "verified")

    def test_the_board_tells_what_partners_saw_and_counts_observers(self, docket: Docket) -> None:
        docket.hearing(kind="verdict", zone="Etc/GMT-4", observers_wanted=2)
        docket.report(observation={"mode": "in_room", "observers": 2}, counsel_present="excluded",
                      incidents=["interference.surveillance"], next_hearing=B)  # fmt: skip
        docket.report(N, observation={"mode": "refused_entry", "refused": 1}, counsel_present="late")
        docket.report(L)
        board = docket.board(A)
        assert (board["observers"]["let_in"], board["observers"]["turned_away"]) == (2, 1)
        assert [one["partner"] for one in board["observers"]["partners"]] == [f"partner:{N}", f"partner:{D}"]
        assert board["seen"]["counsel_present"]["disputed"] is True
        assert board["seen"]["incidents"] == ["interference.surveillance"]
        assert (board["kind"]["value"], board["dates"]["zone"], board["followed_by"]) == (
            "verdict",
            "Etc/GMT-4",
            [B],
        )
        assert docket.board(B)["follows"] == [A]
        assert board["coverage"]["reasons"] == ["observed", "not_to_come", "refused_entry"]

    def test_a_hearing_that_takes_the_place_of_others_belongs_to_their_trial(self, docket: Docket) -> None:
        docket.hearing()
        docket.adjourn(new_starts="2026-03-12", new_hearing=B)
        docket.adjourn(B, new_starts="2026-03-13", new_hearing=C)
        assert (docket.board(C)["trial"], docket.board(C)["previous"][0]["hearing"]) == (TRIAL, B)
        assert docket.rows()[C].trial == TRIAL
        # Nobody says of which trial.
        docket.adjourn("hearing:open-docket.x", new_starts="2026-03-13", new_hearing="hearing:open-docket.y")
        docket.adjourn("hearing:open-docket.y", new_starts="2026-03-14", new_hearing="hearing:open-docket.x")
        assert docket.board("hearing:open-docket.y")["trial"] is None

    def test_of_a_hearing_that_others_only_name_there_is_no_coverage(self, docket: Docket) -> None:
        docket.mission(about="hearing:open-docket.9")
        board = docket.board("hearing:open-docket.9")
        assert (board["coverage"], board["trial"], board["state"]) == (None, None, "scheduled")

    def test_of_what_is_closed_to_a_reader_nothing_is_told(self, docket: Docket) -> None:
        docket.hearing(tlp="clear")
        docket.adjourn(new_starts="2026-03-12")
        docket.report()
        assert docket.board(A, PUBLIC)["state"] == "scheduled"
        assert docket.board(A, PUBLIC)["dates"]["stands"] == ["2026-03-10"]
        assert docket.board(A, PUBLIC)["reports"] == []
