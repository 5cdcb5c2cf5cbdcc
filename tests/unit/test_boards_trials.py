"""The board of a trial, from events as their readers see them: parties, stages, clocks, delay."""

from typing import Any

import pytest

from tests.docketing import A, B, C, D, Docket, L, N

Json = Any


class TestTrial:
    """Parties, stages, clocks."""

    def test_each_party_has_an_outcome_of_its_own_and_those_judged_the_same_are_one(
        self, docket: Docket
    ) -> None:
        docket.trial()
        docket.conclude(end="acquitted")
        docket.conclude(N, end="struck_out")
        first, second = docket.board()["parties"]
        assert (first["role"]["value"], first["outcome"]["values"]) == (
            "defendant",
            ["struck_out", "acquitted"],
        )
        assert (second["role"], second["outcome"]) == (None, None)
        assert docket.board()["stages"][0]["outcomes"] == {"disputed": 1}
        docket.same("lawyer:open-docket.1", "lawyer:open-docket.2")
        assert [one["who"] for one in docket.board()["parties"]] == ["lawyer:open-docket.1"]

    def test_stages_follow_each_other_and_a_decision_belongs_to_the_one_under_way(
        self, docket: Docket
    ) -> None:
        docket.trial(stage="charged", announced="2026-01-01")
        docket.trial(stage="first_instance", announced="2026-01-10", court="body:open-docket.court")
        docket.trial(N, stage="appeal", announced="2026-02-10")
        docket.hearing(A, "2026-01-20")
        docket.hearing(B, "2026-02-20")
        docket.hearing(C, "2026-01-02")
        docket.conclude(decided="2026-01-30", final=False, appeal_deadline="2026-03-11")
        docket.conclude(decided="2026-02-25", final=True, end="struck_out")
        board = docket.board()
        assert [(one["stage"], one["status"], one["hearings"]) for one in board["stages"]] == [
            ("charged", "open", []),
            ("first_instance", "decided", [C, A]),
            ("appeal", "closed", [B]),
        ]
        assert board["stages"][1]["courts"] == ["body:open-docket.court"]
        assert [(one["stage"], one["value"]) for one in board["parties"][0]["outcomes"]] == [
            ("first_instance", "acquitted"),
            ("appeal", "struck_out"),
        ]
        assert board["parties"][0]["outcome"]["value"] == "struck_out"
        assert (board["appeal"]["days_left"], board["appeal"]["taken_up"]) == (10, "appeal")

    @pytest.mark.parametrize(
        ("announced", "said", "stage"),
        [
            ({}, {}, "unknown"),
            ({}, {"stage": "cassation"}, "cassation"),
            ({"stage": "charged"}, {}, "charged"),
            (
                {"stage": "first_instance", "announced": "2026-02-01"},
                {"decided": "2026-01-01"},
                "first_instance",
            ),
        ],
    )
    def test_the_stage_of_a_decision_is_found_from_what_there_is(
        self, docket: Docket, announced: Json, said: Json, stage: str
    ) -> None:
        docket.trial(**announced)
        docket.conclude(**said)
        assert docket.board()["stages"][-1]["stage"] == stage

    def test_a_decision_without_any_announcement_has_a_stage_too(self, docket: Docket) -> None:
        docket.conclude(final=True)
        [stage] = docket.board()["stages"]
        assert (stage["stage"], stage["status"], stage["began"]) == ("unknown", "closed", None)

    def test_the_appeal_clock_takes_the_earliest_of_several_deadlines_and_stops(self, docket: Docket) -> None:
        docket.trial(stage="first_instance")
        docket.conclude(appeal_deadline="2026-03-20")
        docket.conclude(N, appeal_deadline="2026-02-20")
        clock = docket.board()["appeal"]
        assert (clock["days_left"], clock["runs"], clock["appealed"]) == (-9, False, None)

    def test_of_a_past_day_clocks_count_from_it(self, docket: Docket) -> None:
        docket.conclude(decided="2026-01-20", appeal_deadline="2026-03-20")
        assert docket.board(as_of="2026-02-20")["appeal"]["days_left"] == 28
        assert docket.board(as_of="2027-02-20")["appeal"]["days_left"] == 19

    def test_the_next_hearing_is_the_soonest_that_may_come(self, docket: Docket) -> None:
        docket.trial(detention_during_trial=True)
        docket.hearing(A, "2026-02-10")
        assert docket.board()["next_hearing"] is None
        docket.hearing(B, "2026-03-20")
        docket.hearing(C, "[2026-02-10,2026-03-15]")
        assert docket.board()["next_hearing"]["hearing"] == C
        docket.adjourn(C, "postponed_no_date", detention_continues=True)
        docket.adjourn(C, "postponed_no_date", detention_continues=False, slug=N)
        docket.report(ref=A, detention_decision="modified")
        board = docket.board()
        assert board["next_hearing"]["hearing"] == B
        assert [one["decision"] for one in board["detention"]["decisions"]] == [
            "modified", "continued", "not_continued"]  # fmt: skip
        assert board["detention"]["during_trial"]["value"] is True

    def test_what_is_closed_within_an_entry_leaves_the_others_readable(self, docket: Docket) -> None:
        closed = [{}, {"who": "lawyer:open-docket.1", "outcome": "acquitted"}]
        docket.trial(parties=closed)
        docket.conclude(outcome=closed)
        docket.hearing()
        rights = [{"rating": "violated"}, {"right": "iccpr:14.5.review", "rating": "violated"}]
        docket.say("hearing.reported", hearing=A, status="held", rights=rights)
        board = docket.board()
        assert [(one["who"], one["outcome"]["value"]) for one in board["parties"]] == [
            ("lawyer:open-docket.1", "acquitted")]  # fmt: skip
        assert [one["right"] for one in board["scorecard"] if one["opinions"]] == ["iccpr:14.5.review"]


class TestDelay:
    """How often it was put off, and what that cost."""

    def test_what_two_partners_tell_of_one_adjournment_counts_once(self, docket: Docket) -> None:
        docket.hearing()
        docket.adjourn(new_starts="2026-03-12", reason="judge_absent", announced="2026-03-01")
        docket.adjourn(slug=N, previous_starts="2026-03-10", new_starts="2026-03-12", reason="security",
                       requested_by="court", announced="2026-03-01")  # fmt: skip
        docket.adjourn(slug=L, new_starts="2026-03-12", announced="2026-03-02")
        delay = docket.board()["delay"]
        assert (delay["adjournments"], delay["days_lost"], delay["unknown"]) == (1, 2, 0)
        assert (delay["reasons"], delay["requested_by"]) == ({"judge_absent": 1, "security": 1}, {"court": 1})
        assert delay["each"][0]["told_by"] == [f"partner:{slug}" for slug in (L, N, D)]

    def test_each_date_that_is_put_off_counts(self, docket: Docket) -> None:
        docket.hearing(announced="2026-01-01")
        docket.adjourn(new_starts="2026-03-12", announced="2026-03-01")
        docket.adjourn(new_starts="2026-03-20", announced="2026-03-11")
        docket.adjourn(status="postponed_no_date", announced="2026-03-19")
        delay = docket.board()["delay"]
        assert (delay["adjournments"], delay["days_lost"], delay["unknown"]) == (3, 10, 1)
        assert [(one["from"], one["to"]) for one in delay["each"]] == [
            ("2026-03-10", "2026-03-12"), ("2026-03-12", "2026-03-20"), ("2026-03-20", None)]  # fmt: skip
        [line] = delay["lines"]
        assert (line["asked_first"], line["held"], line["stands"], line["days"]) == (
            "2026-03-10",
            None,
            [],
            None,
        )

    def test_a_line_ends_where_it_was_held_or_stands(self, docket: Docket) -> None:
        docket.hearing(announced="2026-01-01")
        docket.adjourn(new_starts="2026-03-12", new_hearing=B, announced="2026-03-01")
        assert docket.board()["delay"]["lines"][0]["days"] == 2
        docket.report(ref=B, started="2026-03-14T10:00:00Z")
        [line] = docket.board()["delay"]["lines"]
        assert (line["hearings"], line["held"], line["days"]) == ([A, B], "2026-03-14", 4)
        # A line that bites its tail has an end all the same.
        docket.adjourn(B, new_starts="2026-03-20", new_hearing=A, announced="2026-03-15")
        assert docket.board()["delay"]["lines"] == []

    def test_a_hearing_of_which_only_adjournments_are_told_has_no_first_date(self, docket: Docket) -> None:
        docket.hearing(A, "[2026-03-04,2026-04-03]")
        docket.adjourn(status="cancelled")
        [line] = docket.board()["delay"]["lines"]
        assert (line["asked_first"], line["days"]) == (None, None)
