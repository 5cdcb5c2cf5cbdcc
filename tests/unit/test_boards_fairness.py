"""How fair a trial was as partners saw it, and who watches its hearings."""

from datetime import timedelta
from typing import Any

from tests.docketing import MISSION, NOW, TRIAL, TWO, A, B, C, D, Docket, L, N

Json = Any


class TestScorecard:
    """Every right as each saw it."""

    def rights(self, docket: Docket) -> Json:
        return {one["right"]: one for one in docket.board()["scorecard"]}

    def test_partners_that_differ_on_one_hearing_are_split_and_hearings_that_differ_are_not(
        self, docket: Docket
    ) -> None:
        presumption, informed = "iccpr:14.2.presumption", "iccpr:14.3.a.informed"
        docket.hearing(A)
        docket.hearing(B)
        docket.report(rights={presumption: "violated", informed: "respected"})
        docket.report(ref=B, rights={presumption: "respected"})
        rows = self.rights(docket)
        assert (rows[presumption]["state"], rows[presumption]["split_at"]) == ("varies", [])
        assert rows[informed]["state"] == "one_mind"
        docket.report(N, rights={informed: "partly"})
        row = self.rights(docket)[informed]
        assert (row["state"], row["split_at"], row["ratings"]) == ("split", [A], ["partly", "respected"])
        # A partner's newest word replaces what it said before.
        docket.report(N, rights={informed: "respected"})
        assert self.rights(docket)[informed]["state"] == "one_mind"

    def test_what_nobody_saw_is_no_rating_and_other_rights_show_where_they_are_rated(
        self, docket: Docket
    ) -> None:
        docket.hearing()
        docket.report(rights={"iccpr:14.5.review": "not_observed", "iccpr:7.ill_treatment": "violated"})
        rows = self.rights(docket)
        review = rows["iccpr:14.5.review"]
        assert (review["state"], review["opinions"], len(review["not_observed"])) == ("not_rated", [], 1)
        assert rows["iccpr:7.ill_treatment"]["state"] == "one_mind"
        assert "iccpr:10.dignity" not in rows

    def test_being_refused_at_the_door_is_evidence_and_no_rating(self, docket: Docket) -> None:
        docket.hearing()
        docket.report(observation={"mode": "refused_entry", "refused": 2}, public_excluded=True)
        docket.report(N, observation={"mode": "in_room", "observers": 1, "refused": 1})
        public = self.rights(docket)["iccpr:14.1.public_hearing"]
        assert public["state"] == "not_rated"
        assert [(one["kind"], one["by"]) for one in public["evidence"]] == [
            ("refused_entry", f"partner:{D}"),
            ("public_excluded", f"partner:{D}"),
            ("refused_entry", f"partner:{N}"),
        ]

    def test_who_doubts_a_rating_is_told_with_it(self, docket: Docket) -> None:
        docket.hearing()
        report = docket.report(rights={"iccpr:14.5.review": "violated", "iccpr:14.2.presumption": "violated"})
        docket.assess(report, D, fields=["/rights/0"], note="There was one.")
        docket.assess(report, D, verdict="cannot_judge")
        docket.assess(report, D, verdict="corroborates")
        rows = self.rights(docket)
        [doubt] = rows["iccpr:14.5.review"]["opinions"][0]["doubts"]
        assert (doubt["by"], doubt["verdict"], doubt["note"]) == (L, "disputes", "There was one.")
        assert "doubts" not in rows["iccpr:14.2.presumption"]["opinions"][0]


class TestGrades:
    """Given by others than the monitor; never an average."""

    def test_a_grade_by_the_monitor_of_that_stage_is_shown_and_does_not_count(self, docket: Docket) -> None:
        docket.trial(stage="first_instance", announced="2026-01-01")
        docket.trial(N, stage="appeal", announced="2026-02-20")
        docket.conclude(decided="2026-02-01", grade="A", grade_by=f"partner:{D}")
        docket.conclude(N, decided="2026-02-01", grade="F", grade_by=f"partner:{N}")
        docket.conclude(L, decided="2026-02-01", grade="E", grade_by=f"partner:{L}")
        found = docket.board()["grades"]
        assert [(one["grade"], one["by"], one["counts"], one["reasons"]) for one in found] == [
            ("F", f"partner:{N}", True, []),
            ("A", f"partner:{D}", False, ["by_monitor"]),
        ]

    def test_each_grader_has_its_newest_grade_and_dissents_stand_beside_it(self, docket: Docket) -> None:
        docket.trial()
        docket.conclude(N, grade="B", grade_by=f"partner:{N}")
        newest = docket.conclude(N, grade="D", grade_by=f"partner:{N}")
        docket.assess(newest, N, fields=["/grade"], alternative={"/grade": "C"})
        docket.assess(newest, N, slug="quill-network", alternative={"/grade": "E"}, verdict="refutes")
        docket.assess(newest, N, slug=D, fields=["/decided"])
        [grade] = docket.board()["grades"]
        assert (grade["grade"], grade["told_by"]) == ("D", f"partner:{N}")
        assert [(one["by"], one["grade"]) for one in grade["dissents"]] == [
            (f"partner:{L}", "C"), ("partner:quill-network", None)]  # fmt: skip


class TestCoverage:
    """Who will be there."""

    def test_a_mission_covers_the_hearing_it_names_or_those_of_its_trial_on_its_day(
        self, docket: Docket
    ) -> None:
        docket.hearing(A, "2026-03-10")
        docket.hearing(B, "2026-03-12")
        docket.hearing(C, "2026-03-14", trial=TWO)
        docket.mission(about=TRIAL, planned="2026-03-12")
        docket.join(N)
        assert [ref for ref, row in docket.rows().items() if row.is_uncovered(NOW)] == [A, C]
        docket.mission(about=TRIAL)
        assert [ref for ref, row in docket.rows().items() if row.is_uncovered(NOW)] == [C]
        docket.mission(about=C)
        assert [ref for ref, row in docket.rows().items() if row.is_uncovered(NOW)] == [A, B]
        docket.say("action.completed", action=MISSION, state="cancelled")
        assert all(row.is_uncovered(NOW) for row in docket.rows().values())

    def test_a_mission_that_is_superseded_covers_nothing(self, docket: Docket) -> None:
        docket.hearing()
        docket.mission(state="superseded")
        docket.join(N)
        assert docket.rows()[A].is_uncovered(NOW)

    def test_seats_are_held_until_the_promise_ends_or_the_partner_leaves(self, docket: Docket) -> None:
        docket.hearing(observers_wanted=3, seats=1)
        docket.mission()
        docket.join(N, capacity=2, valid_until="2026-03-05T00:00:00Z")
        docket.join(L, role="translator")
        row = docket.rows()[A]
        assert (row.is_uncovered(NOW), row.is_uncovered(NOW + timedelta(days=5))) == (False, True)
        told = docket.board(A)["coverage"]
        assert told["reasons"] == ["seat_held", "too_few_seats", "more_seats_than_room"]
        assert (told["seats"]["held"], told["seats"]["missing"], told["seats"]["room"]) == (2, 1, 1)
        assert told["seats"]["partners"][0]["until"] == "2026-03-05T00:00:00Z"
        docket.leave(N, by="stewards")
        assert docket.board(A)["coverage"]["reasons"] == ["no_observer"]

    def test_where_the_court_does_not_say_the_lead_of_the_mission_knows_for_how_many_there_is_room(
        self, docket: Docket
    ) -> None:
        docket.hearing()
        assert docket.rows()[A].room is None
        docket.mission(seats=4)
        docket.mission()
        assert docket.rows()[A].room == 4
        docket.mission(action="action:open-docket.m2")
        assert docket.rows()[A].room is None

    def test_a_promise_that_lapsed_is_said_to_have(self, docket: Docket) -> None:
        docket.hearing()
        docket.mission()
        docket.join(N, valid_until="2026-02-28T00:00:00Z")
        assert docket.board(A)["coverage"]["reasons"] == ["no_observer", "promise_lapsed"]

    def test_seats_on_their_way_cover_nothing_until_the_receiver_says_yes(self, docket: Docket) -> None:
        docket.hearing()
        docket.mission()
        docket.join(N, capacity=2)
        docket.leave(N, role="observer", hand_over_to=f"partner:{L}")
        told = docket.board(A)["coverage"]
        assert (told["covered"], told["reasons"]) == (False, ["no_observer", "seat_on_its_way"])
        assert told["seats"]["handing_over"] == [
            {"from": f"partner:{N}", "to": f"partner:{L}", "seats": 2, "mission": MISSION}]  # fmt: skip
        docket.join(L)
        seats = docket.board(A)["coverage"]["seats"]
        assert (seats["held"], seats["handing_over"], seats["partners"][0]["partner"]) == (
            2,
            [],
            f"partner:{L}",
        )
        docket.leave(L, role="translator", hand_over_to=f"partner:{N}")
        docket.leave(N)
        assert docket.board(A)["coverage"]["seats"] == seats

    def test_the_board_puts_first_what_nobody_watches(self, docket: Docket) -> None:
        docket.trial(country="QM")
        docket.hearing(A, "2026-03-04")
        docket.hearing(B, "2026-03-05", trial=TWO, country="QN", observers_wanted=2)
        docket.hearing(C, "2026-02-05", trial=TWO)
        docket.hearing("hearing:open-docket.d", "2026-06-05")
        docket.report(N, C, observation={"mode": "refused_entry", "refused": 1})
        docket.mission(about=TRIAL)
        docket.join(N)
        board = docket.coverage()
        assert [one["trial"] for one in board["trials"]] == [TWO, TRIAL]
        assert board["trials"][0]["refused_entry"] == [f"partner:{N}"]
        assert board["trials"][0]["hearings_soon"][0]["reasons"] == ["no_observer", "refused_entry"]
        assert [(one["country"], one["uncovered"], one["seats_missing"]) for one in board["countries"]] == [
            ("QM", 0, 0), ("QN", 1, 2)]  # fmt: skip
        assert board["total"]["hearings"] == 2
        assert [one["trial"] for one in docket.coverage(country="QM")["trials"]] == [TRIAL]
        assert [one["trial"] for one in docket.coverage(trial=TWO)["trials"]] == [TWO]
        first = docket.coverage(limit=1)
        assert (first["next"], docket.coverage(limit=1, offset=1)["next"]) == (1, None)

    def test_kept_rows_follow_what_touches_them(self, docket: Docket) -> None:
        docket.hearing()
        docket.adjourn(new_starts="2026-03-12", new_hearing=B)
        assert (docket.rows()[B].country, docket.rows()[B].held) == (None, ())
        # The trial says where; the mission is about the trial; the hearing was named by none of them.
        docket.trial(country="QM")
        docket.mission(about=TRIAL)
        docket.join(N)
        assert (docket.rows()[B].country, len(docket.rows()[B].held)) == ("QM", 1)
        docket.leave(N)
        assert docket.rows()[B].held == ()
        docket.hearing(trial=TWO, slug=N)
        docket.same(A, "hearing:open-docket.z")
        assert docket.rows() == {row.ref: row for row in docket.rows(known_on="2026-11-05").values()}

    def test_of_a_past_moment_rows_are_made_anew(self, docket: Docket) -> None:
        docket.hearing(announced="2026-01-01")
        docket.report(started="2026-02-25T09:00:00Z", next_hearing=B)
        assert (docket.rows()[A].state, docket.rows(as_of="2026-02-20")[A].state) == ("held", "scheduled")
        assert list(docket.rows(as_of="2026-02-20")) == [A]
