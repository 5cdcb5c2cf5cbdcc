"""Trials and hearings: each Then line of the stories that hold a trial, told to a real hub by its partners."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest

from tests.contract.test_scenarios import STORIES, O, Told, hub

Json = Any

SPRING, AUTUMN = datetime(2026, 4, 1, 12, tzinfo=UTC), datetime(2026, 11, 2, 12, tzinfo=UTC)
A3, B3, C3 = (
    "hearing:tallow-clinic.HE-0301",
    "hearing:harbour-bar-watch.HE-0301",
    "hearing:tallow-clinic.HE-0302",
)
TRIAL3, TRIAL9 = "trial:tallow-clinic.TR-0301", "trial:open-docket.TR-0901"
THIRD9, SOON9 = "hearing:open-docket.HE-0903", "hearing:open-docket.HE-0904"
UNCOVERED = {"uncovered": "true", "within": "14d"}


@dataclass
class Moment:
    """What a hub answers at one step of a story."""

    calendar: Mapping[str, list[Json]]
    uncovered: Json
    hearings: Json
    boards: Mapping[str, Json]
    trial: Json
    coverage: Json


@dataclass
class Stepped:
    """A story told step by step."""

    told: Told
    at: dict[str, Moment] = field(default_factory=dict)
    news: list[Json] = field(default_factory=list)

    def tell(self, name: str, until: str, trial: str, hearings: tuple[str, ...] = ()) -> None:
        self.told.tell(STORIES[name], until)
        boards = {ref: self._board(f"/hearings/{ref}") for ref in hearings}
        self.at[until] = Moment(
            entries(self.told),
            self.told.ask("/hearings", **UNCOVERED),
            self.told.ask("/hearings"),
            boards,
            self._board(f"/trials/{trial}"),
            self.told.ask("/coverage"),
        )

    def _board(self, address: str) -> Json:
        dossier = self.told.ask(address)
        return None if dossier is None else dossier["board"]


def say(told: Told, name: str, source: str, event_type: str, data: Json) -> None:
    answer = told.send({"specversion": "1.0", "id": name, "source": source, "type": event_type, "data": data})
    assert answer.status_code == 201, answer.json()
    told.cursor = answer.json()["cursor"]


def entries(told: Told) -> dict[str, list[Json]]:
    """Return the entries of the stewards' calendar by hearing."""
    answer = told.client.get(
        "/hearings.ics", params={"at_least": told.cursor}, headers=told.bearer("stewards")
    )
    assert answer.status_code == 200
    found: dict[str, list[Json]] = {}
    for one in icalendar.Calendar.from_ical(answer.text).walk("VEVENT"):
        found.setdefault(str(one["UID"]).partition("/")[0], []).append(one)
    return found


def day(entry: Json) -> str:
    return str(entry["DTSTART"].dt)[:10]


def refs(page: Json) -> list[str]:
    return [item["ref"] for item in page["items"]]


def row(board: Json, right: str) -> Json:
    return next(one for one in board["scorecard"] if one["right"] == right)


@pytest.fixture(scope="module")
def spring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stepped]:
    """Tell S3 and S9 on the first of April, and remember what was answered at each step."""
    with hub(tmp_path_factory.mktemp("spring"), SPRING) as told:
        stepped = Stepped(told)
        stepped.tell("s03", "s03-02", TRIAL3, (A3,))
        follow = {"channel": "page", "about": A3}
        asked = told.client.post("/api/v1/subscriptions", json=follow, headers=told.bearer("quill-network"))
        assert asked.status_code == 201, asked.json()
        for step in ("s03-03", "s03-04", "s03-05", "s03-06"):
            stepped.tell("s03", step, TRIAL3, (A3, B3, C3))
        address = f"/subscriptions/{asked.json()['id']}/news"
        stepped.news = told.ask(address, "quill-network")["messages"]
        stepped.tell("s03", "", TRIAL3)
        for step in ("s09-03", "s09-04", "s09-05a", "s09-05b", "s09-10"):
            stepped.tell("s09", step, TRIAL9, (THIRD9,))
        soon = {
            "hearing": SOON9,
            "trial": TRIAL9,
            "starts": "2026-04-03T09:00:00+02:00",
            "observers_wanted": 2,
        }
        say(told, "s09-12", O, "hearing.scheduled", soon)
        yield stepped


@pytest.fixture(scope="module")
def autumn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stepped]:
    """Tell the hearing of S1 and the disciplinary trial of S7 on the second of November."""
    with hub(tmp_path_factory.mktemp("autumn"), AUTUMN) as told:
        stepped = Stepped(told)
        hearing = "hearing:open-docket.HE-0101"
        for step in ("s01-15", "s01-16", "s01-17"):
            stepped.tell("s01", step, "trial:open-docket.TR-0101", (hearing,))
        stepped.tell("s07", "s07-02", "trial:lanterns-for-counsel.TR-0701")
        yield stepped


class TestS1TheHearingThatReleased:
    """Steps 15 to 17."""

    def test_15_until_somebody_will_watch_it_is_a_gap(self, autumn: Stepped) -> None:
        moment = autumn.at["s01-15"]
        [item] = moment.uncovered["items"]
        assert item["ref"] == "hearing:open-docket.HE-0101"
        assert item["coverage"]["reasons"] == ["no_observer"]
        assert (item["coverage"]["seats"]["wanted"], item["coverage"]["seats"]["missing"]) == (2, 2)
        assert moment.trial["next_hearing"]["starts"] == ["2026-11-12T09:00:00+03:00"]
        assert moment.trial["detention"]["during_trial"]["value"] is True

    def test_16_the_report_tells_who_was_there_and_that_the_court_released(self, autumn: Stepped) -> None:
        moment = autumn.at["s01-16"]
        assert moment.uncovered["total"] == 0
        assert [one["decision"] for one in moment.trial["detention"]["decisions"]] == ["released"]
        board = moment.boards["hearing:open-docket.HE-0101"]
        assert (board["state"], board["coverage"]["covered"]) == ("held", True)
        assert (board["observers"]["let_in"], board["observers"]["turned_away"]) == (2, 0)
        assert board["seen"]["accused_present"]["value"] == board["seen"]["counsel_present"]["value"] == "yes"
        promptly = row(moment.trial, "iccpr:9.3.promptly_before_judge")
        assert [(one["rating"], one["mode"]) for one in promptly["opinions"]] == [("violated", "in_room")]

    def test_16_who_sees_no_more_than_the_public_sees_no_gap(self, autumn: Stepped) -> None:
        assert autumn.told.ask("/hearings", None, **UNCOVERED) == {"items": [], "total": 0, "next": None}
        assert autumn.told.ask("/coverage", None)["trials"] == []

    def test_17_the_threat_moves_and_the_trial_stays_as_it_is(self, autumn: Stepped) -> None:
        assert autumn.at["s01-17"].trial == autumn.at["s01-16"].trial


class TestS3TheSwappedDate:
    """Day or month first?"""

    def test_before_4_there_is_one_tentative_entry_for_each_candidate(self, spring: Stepped) -> None:
        found = spring.at["s03-02"].calendar[A3]
        assert [(day(one), str(one["STATUS"])) for one in found] == [
            ("2026-03-04", "TENTATIVE"),
            ("2026-04-03", "TENTATIVE"),
        ]
        assert all("uncertain" in str(one["DESCRIPTION"]) for one in found)
        dates = spring.at["s03-02"].boards[A3]["dates"]
        assert dates["uncertain"] is True
        assert [one["first"] for one in dates["candidates"]] == ["2026-03-04", "2026-04-03"]

    def test_before_4_one_candidate_within_the_days_is_enough(self, spring: Stepped) -> None:
        [item] = spring.at["s03-02"].uncovered["items"]
        assert (item["ref"], item["coverage"]["reasons"]) == (A3, ["no_observer", "date_uncertain"])

    def test_after_4_the_april_entry_is_cancelled_and_not_dropped(self, spring: Stepped) -> None:
        before = {day(one): int(str(one["SEQUENCE"])) for one in spring.at["s03-02"].calendar[A3]}
        after = {day(one): one for one in spring.at["s03-04"].calendar[A3]}
        april = after["2026-04-03"]
        assert (str(april["STATUS"]), int(str(april["SEQUENCE"]))) == ("CANCELLED", before["2026-04-03"] + 1)
        assert str(after["2026-03-04"]["STATUS"]) == "CONFIRMED"
        assert spring.at["s03-04"].uncovered["total"] == 0

    def test_after_5_there_is_one_hearing(self, spring: Stepped) -> None:
        before, after = spring.at["s03-04"], spring.at["s03-05"]
        assert (before.hearings["total"], after.hearings["total"]) == (2, 1)
        assert [one["hearing"] for one in before.trial["hearings"]] == [B3, A3]
        assert [one["hearing"] for one in after.trial["hearings"]] == [A3]
        assert after.boards[B3] == after.boards[A3]
        standing = [
            (ref, day(one))
            for ref, found in after.calendar.items()
            for one in found
            if str(one["STATUS"]) != "CANCELLED"
        ]
        assert standing == [(A3, "2026-03-04")]

    def test_after_6_the_new_date_follows_and_the_delay_counts_one(self, spring: Stepped) -> None:
        moment = spring.at["s03-06"]
        assert (C3, "FOLLOWS", A3) in spring.told.edges()
        assert (
            spring.at["s03-05"].trial["delay"]["adjournments"],
            moment.trial["delay"]["adjournments"],
        ) == (0, 1)
        [put_off] = moment.trial["delay"]["each"]
        assert (put_off["from"], put_off["to"], put_off["days_lost"]) == ("2026-03-04", "2026-03-18", 14)
        assert moment.trial["delay"]["reasons"] == {"file_incomplete": 1}
        assert (moment.boards[A3]["state"], moment.boards[A3]["followed_by"]) == ("moved", [C3])
        assert moment.boards[C3]["follows"] == [A3]

    def test_after_6_whoever_holds_the_third_of_april_is_warned(self, spring: Stepped) -> None:
        stale = spring.at["s03-06"].boards[A3]["stale"]
        assert stale["may_be_held"] is True
        assert [(one["field"], one["by"]) for one in stale["corrected"]] == [
            ("starts", "partner:tallow-clinic")
        ]
        assert (stale["gone"], stale["stands"]) == (["2026-03-04"], [])
        assert spring.at["s03-06"].boards[C3]["stale"]["gone"] == ["2026-03-04"]
        [april] = [one for one in spring.at["s03-06"].calendar[A3] if day(one) == "2026-04-03"]
        assert str(april["STATUS"]) == "CANCELLED"
        assert "does not hold any more" in str(april["DESCRIPTION"])
        # Who follows the hearing is told, too: first that the date reads differently, then that it was moved.
        kinds = {(one["kind"], one["id"], one.get("reason")) for one in spring.news}
        assert {("changed", "s03-02", "corrected"), ("event", "s03-06", None)} <= kinds

    def test_7_the_second_delivery_changes_nothing(self, spring: Stepped) -> None:
        before, after = spring.at["s03-06"], spring.at[""]
        assert (before.hearings, before.uncovered, before.trial) == (
            after.hearings,
            after.uncovered,
            after.trial,
        )
        assert before.calendar == after.calendar


class TestS7TheDisciplinaryTrial:
    """Step 2: before the bar that threatens him."""

    def test_it_is_a_stage_of_its_own_kind_before_the_bar(self, autumn: Stepped) -> None:
        board = autumn.at["s07-02"].trial
        [stage] = board["stages"]
        assert (stage["stage"], stage["status"], stage["courts"]) == (
            "first_instance", "open", ["body:stewards.qv-bar"])  # fmt: skip
        [party] = board["parties"]
        assert party["role"]["value"] == "respondent"
        assert (board["hearings"], board["appeal"], board["grades"]) == ([], None, [])

    def test_the_bar_sees_nothing_of_it(self, autumn: Stepped) -> None:
        assert autumn.told.ask("/trials/trial:lanterns-for-counsel.TR-0701", "veridane-bar") is None


class TestS9TheMassTrial:
    """23 lawyers, one case."""

    def test_one_trial_and_23_parties_each_with_his_own_outcome(self, spring: Stepped) -> None:
        board = spring.at["s09-10"].trial
        assert len(board["parties"]) == 23
        assert board["stages"][0]["outcomes"] == {"acquitted": 4, "convicted_custodial": 17, "struck_out": 2}
        by_who = {one["who"]: one["outcome"]["value"] for one in board["parties"]}
        assert by_who["lawyer:open-docket.OD-0917"] == "convicted_custodial"
        assert by_who["lawyer:open-docket.OD-0918"] == "acquitted"
        assert by_who["lawyer:open-docket.OD-0923"] == "struck_out"
        assert spring.told.ask("/trials", about=TRIAL9)["total"] == 1

    def test_both_reports_are_kept_and_the_right_is_split(self, spring: Stepped) -> None:
        public = row(spring.at["s09-10"].trial, "iccpr:14.1.public_hearing")
        assert (public["state"], public["split_at"]) == ("split", [THIRD9])
        assert {(one["by"], one["rating"], one["mode"]) for one in public["opinions"]} == {
            ("partner:open-docket", "violated", "refused_entry"),
            ("partner:northlight-law-society", "partly", "in_room"),
        }
        refused = [one for one in public["evidence"] if one["kind"] == "refused_entry"]
        assert [(one["by"], one["hearing"]) for one in refused] == [("partner:open-docket", THIRD9)]
        reports = spring.at["s09-10"].boards[THIRD9]["reports"]
        assert [one["by"] for one in reports] == ["partner:open-docket", "partner:northlight-law-society"]

    def test_every_right_of_article_14_has_its_row(self, spring: Stepped) -> None:
        rights = [one["right"] for one in spring.at["s09-10"].trial["scorecard"]]
        assert sum(right.startswith("iccpr:14.") for right in rights) == len(rights) == 22
        assert row(spring.at["s09-10"].trial, "iccpr:14.2.presumption")["state"] == "not_rated"

    def test_the_delay_counts_two(self, spring: Stepped) -> None:
        delay = spring.at["s09-10"].trial["delay"]
        assert (delay["adjournments"], delay["days_lost"]) == (2, 28 + 42)
        assert delay["reasons"] == {"judge_absent": 1, "panel_changed": 1}
        [line] = delay["lines"]
        assert (line["asked_first"], line["held"], line["days"]) == ("2026-02-02", "2026-04-13", 70)

    def test_observers_who_join_the_mission_close_the_gap(self, spring: Stepped) -> None:
        assert refs(spring.at["s09-03"].uncovered) == []
        assert refs(spring.at["s09-04"].uncovered) == refs(spring.at["s09-05a"].uncovered) == [THIRD9]
        assert refs(spring.at["s09-05b"].uncovered) == []
        [seat] = spring.at["s09-05b"].boards[THIRD9]["coverage"]["seats"]["partners"]
        assert (seat["partner"], seat["seats"]) == ("partner:lanterns-for-counsel", 1)

    def test_the_grade_is_d_with_a_recorded_dissent_of_c_and_no_average(self, spring: Stepped) -> None:
        [grade] = spring.at["s09-10"].trial["grades"]
        assert (grade["grade"], grade["by"], grade["counts"]) == ("D", "partner:northlight-law-society", True)
        assert grade["rationale"] == "statement:northlight-law-society.ST-0901"
        assert [(one["by"], one["grade"]) for one in grade["dissents"]] == [("partner:open-docket", "C")]

    def test_a_grade_e_is_refused(self, spring: Stepped) -> None:
        [step] = STORIES["s09"].refused
        assert (step.event["data"]["grade"], step.status) == ("E", 422)
        spring.told.refuse(step)

    def test_the_appeal_timer_runs(self, spring: Stepped) -> None:
        clock = spring.at["s09-10"].trial["appeal"]
        left = (datetime(2026, 12, 15, tzinfo=UTC) - SPRING).days + 1
        assert (clock["deadline"]["value"], clock["days_left"], clock["runs"]) == ("2026-12-15", left, True)
        assert (clock["appealed"]["value"], clock["taken_up"]) == (True, None)

    def test_the_appeal_is_a_new_stage_of_the_same_trial(self, spring: Stepped) -> None:
        spring.told.tell(STORIES["s09"])
        assert spring.told.ask("/trials", about=TRIAL9)["total"] == 1
        board = spring.told.ask(f"/trials/{TRIAL9}")["board"]
        assert [(one["stage"], one["status"]) for one in board["stages"]] == [
            ("first_instance", "decided"),
            ("appeal", "open"),
        ]
        assert board["stages"][0]["hearings"][-1] == THIRD9
        assert (len(board["parties"]), board["appeal"]["taken_up"]) == (23, "appeal")
        assert board["grades"][0]["stage"] == "first_instance"


class TestCoverage:
    """The board of hearings that are near."""

    def test_it_sums_by_country_and_by_trial(self, spring: Stepped) -> None:
        board = spring.at["s09-04"].coverage
        [trial] = board["trials"]
        assert (trial["trial"], trial["country"], trial["refused_entry"]) == (TRIAL9, "QR", [])
        assert [one["hearing"] for one in trial["hearings_soon"]] == [THIRD9]
        assert [(one["country"], one["uncovered"]) for one in board["countries"]] == [("QR", 1)]
        assert spring.at["s09-05b"].coverage["total"]["covered"] == 1

    def test_whoever_was_turned_away_before_is_a_reason_to_look(self, spring: Stepped) -> None:
        [trial] = spring.told.ask("/coverage")["trials"]
        assert trial["refused_entry"] == ["partner:open-docket"]
        [soon] = trial["hearings_soon"]
        assert (soon["hearing"], soon["reasons"]) == (SOON9, ["no_observer", "refused_entry"])
        assert spring.told.ask(f"/hearings/{SOON9}")["board"]["coverage"]["reasons"] == soon["reasons"]
        assert (trial["seats_wanted"], trial["seats_held"], trial["seats_missing"]) == (2, 0, 2)

    @pytest.mark.parametrize(
        ("asked", "found"),
        [({"within": "24h"}, 0), ({"within": "48h"}, 1), ({"country": "QP"}, 0), ({"about": TRIAL9}, 1)],
    )
    def test_it_is_narrowed(self, spring: Stepped, asked: dict[str, str], found: int) -> None:
        assert spring.told.ask("/coverage", **asked)["total"]["hearings"] == found

    @pytest.mark.parametrize(
        ("said", "code"),
        [("14", "wrong_form"), ("0d", "too_small"), ("400d", "too_big"), ("x", "wrong_form")],
    )
    def test_how_far_ahead_must_be_days_or_hours(self, spring: Stepped, said: str, code: str) -> None:
        answer = spring.told.client.get("/api/v1/hearings", params={"within": said})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)

    def test_the_filters_of_the_list_hold_too_and_without_them_it_is_as_before(self, spring: Stepped) -> None:
        def near(**asked: str) -> list[str]:
            return refs(spring.told.ask("/hearings", **UNCOVERED, **asked))

        assert near() == near(about=TRIAL9) == near(where="observers_wanted:2") == [SOON9]
        assert near(about=TRIAL3) == near(status="held") == near(country="QM") == []
        assert refs(spring.told.ask("/hearings", within="48h")) == [SOON9]
        everything = spring.told.ask("/hearings")
        assert everything["total"] == 6
        assert all("coverage" not in item for item in everything["items"])

    def test_the_list_of_a_day_that_is_past(self, spring: Stepped) -> None:
        nothing: Json = {"items": [], "total": 0, "next": None}
        assert spring.told.ask("/hearings", known_on="2026-03-31", **UNCOVERED) == nothing
        assert refs(spring.told.ask("/hearings", known_on="2026-04-01", **UNCOVERED)) == [SOON9]
        assert spring.told.ask("/coverage", known_on="2026-03-31")["trials"] == []
