"""Hearings as a calendar: what stands, what may be, what is no more; by programs that people have."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import icalendar
import pytest

from tests.node import node
from tests.running import TestClient, World, calling, example, make_world

Json = Any
TRIAL = "trial:harbour-bar-watch.t1"
A, B, C = "hearing:harbour-bar-watch.a", "hearing:open-docket.b", "hearing:harbour-bar-watch.c"
SLUGS = {"publisher": "harbour-bar-watch", "docket": "open-docket"}


class Court:
    """Publishes about hearings, and reads calendars."""

    def __init__(self, door: TestClient, world: World) -> None:
        self.door = door
        self.world = world
        self._cursor = ""

    def say(self, who: str, name: str, kind: str, data: Json, **more: Json) -> None:
        self.world.clock.move(minutes=1)
        source = f"urn:hub:partner:{SLUGS[who]}"
        raw = {"specversion": "1.0", "id": name, "source": source, "type": kind, "data": data, **more}
        answer = self.door.post("/api/v1/events", json=raw, headers=self.world.bearer(who))
        assert answer.status_code == 201, answer.text
        self._cursor = answer.json()["cursor"]

    def hold(self, name: str, starts: str, ref: str = A, who: str = "publisher", **more: Json) -> None:
        tlp = more.pop("tlp", "clear")
        self.say(
            who,
            name,
            "hearing.scheduled",
            {"hearing": ref, "trial": TRIAL, "starts": starts, **more},
            tlp=tlp,
        )

    def adjourn(self, name: str, status: str, ref: str = A, **more: Json) -> None:
        data = {"hearing": ref, "status": status, **more}
        self.say("publisher", name, "hearing.adjourned", data, tlp="clear")

    def correct(self, name: str, about: str, **fields: Json) -> None:
        changes = [{"pointer": f"/{key}", "to": value} for key, value in fields.items()]
        data = {"about_event": about, "reason": "wrong_date", "changes": changes}
        self.say("publisher", name, "record.corrected", data, tlp="clear")

    def text(self, as_who: str = "", **asked: str) -> str:
        headers = self.world.bearer(as_who) if as_who else {}
        answer = self.door.get("/hearings.ics", params={"at_least": self._cursor, **asked}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/calendar")
        return str(answer.text)

    def entries(self, as_who: str = "", **asked: str) -> list[tuple[str, str, int]]:
        """Return day or moment, status and sequence of each entry."""
        found: Json = icalendar.Calendar.from_ical(self.text(as_who, **asked)).walk("VEVENT")
        return [(str(one["DTSTART"].dt), str(one["STATUS"]), int(str(one["SEQUENCE"]))) for one in found]

    def events(self, as_who: str = "", **asked: str) -> dict[str, Json]:
        found: Json = icalendar.Calendar.from_ical(self.text(as_who, **asked)).walk("VEVENT")
        return {str(one["UID"]): one for one in found}


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Court]:
    world = make_world(tmp_path)
    with calling(world) as door:
        yield Court(door, world)


class TestADateThatNobodyKnows:
    """Scenario S3: 03/04/2026."""

    def test_each_candidate_is_a_tentative_day_until_it_is_put_right(self, court: Court) -> None:
        court.hold("h-a", "[2026-03-04,2026-04-03]")
        assert court.entries() == [("2026-03-04", "TENTATIVE", 0), ("2026-04-03", "TENTATIVE", 0)]
        court.correct("c-1", "h-a", starts="2026-03-04")
        assert court.entries() == [("2026-03-04", "CONFIRMED", 1), ("2026-04-03", "CANCELLED", 1)]

    def test_what_is_judged_the_same_is_one_hearing_and_its_other_entry_ends(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        court.hold("h-b", "2026-03-04T09:00:00+04:00", B, "docket", zone="Etc/GMT-4")
        judged = {"left": A, "right": B, "judgement": "same", "basis": ["court_file"], "confidence": 0.9}
        court.say("publisher", "j-1", "identity.judged", judged, tlp="clear")
        standing = [one for one in court.events().values() if one["STATUS"] != "CANCELLED"]
        assert [str(one["DTSTART"].dt) for one in standing] == ["2026-03-04 09:00:00+04:00"]
        [ended] = [one for one in court.events().values() if one["STATUS"] == "CANCELLED"]
        assert (ended["UID"].startswith(B), ended["RELATED-TO"]) == (True, standing[0]["UID"])

    def test_who_still_says_the_old_date_is_older_and_no_other_opinion(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        court.hold("h-b", "2026-03-04T09:00:00+04:00", B, "docket", zone="Etc/GMT-4")
        judged = {"left": A, "right": B, "judgement": "same", "basis": ["court_file"], "confidence": 0.9}
        court.say("publisher", "j-1", "identity.judged", judged, tlp="clear")
        court.adjourn("ad", "rescheduled", previous_starts="2026-03-04", new_starts="2026-03-18")
        events = court.events()
        [stands] = [one for one in events.values() if one["STATUS"] != "CANCELLED"]
        assert (str(stands["DTSTART"].dt), stands["STATUS"]) == ("2026-03-18", "CONFIRMED")
        assert str(events[stands["RELATED-TO"]]["DTSTART"].dt).startswith("2026-03-04")


class TestWhatBecomesOfADate:
    def test_a_cancelled_hearing_stays_as_cancelled(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        court.adjourn("ad", "cancelled")
        assert court.entries() == [("2026-03-04", "CANCELLED", 1)]
        assert court.entries() == [("2026-03-04", "CANCELLED", 1)]

    def test_a_hearing_moved_to_another_reference_is_followed(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        court.adjourn("ad", "rescheduled", new_hearing=C, new_starts="2026-03-18T10:00:00Z")
        events = court.events()
        assert [(one["UID"].partition("/")[0], str(one["STATUS"])) for one in events.values()] == [
            (A, "CANCELLED"), (C, "CONFIRMED")]  # fmt: skip
        [new] = [one for one in events.values() if one["UID"].startswith(C)]
        assert events[new["RELATED-TO"]]["STATUS"] == "CANCELLED"

    def test_a_date_that_is_left_need_not_be_named(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        court.adjourn("ad", "rescheduled", new_starts="2026-03-18")
        assert court.entries() == [("2026-03-04", "CANCELLED", 1), ("2026-03-18", "CONFIRMED", 1)]
        court.adjourn("ad2", "rescheduled", new_starts="2026-03-20")
        events = court.events()
        assert [(str(one["DTSTART"].dt), one["STATUS"]) for one in events.values()] == [
            ("2026-03-04", "CANCELLED"), ("2026-03-18", "CANCELLED"), ("2026-03-20", "CONFIRMED")]  # fmt: skip
        [stands] = [one for one in events.values() if one["STATUS"] == "CONFIRMED"]
        assert str(events[stands["RELATED-TO"]]["DTSTART"].dt) == "2026-03-18"

    def test_all_that_it_may_have_been_is_left(self, court: Court) -> None:
        court.hold("h-a", "[2026-03-04,2026-04-03]")
        court.adjourn("ad", "rescheduled", new_starts="2026-04-03")
        assert [(day, status) for day, status, _ in court.entries()] == [
            ("2026-03-04", "CANCELLED"), ("2026-04-03", "CONFIRMED")]  # fmt: skip

    def test_another_who_says_another_date_is_not_overruled(self, court: Court) -> None:
        court.hold("h-b", "2026-03-05", A, "docket")
        court.hold("h-a", "2026-03-04")
        court.adjourn("ad", "rescheduled", new_starts="2026-03-18")
        assert [(day, status) for day, status, _ in court.entries()] == [
            ("2026-03-04", "CANCELLED"), ("2026-03-05", "TENTATIVE"), ("2026-03-18", "TENTATIVE")]  # fmt: skip

    def test_the_day_on_which_it_began_need_not_be_named(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        court.adjourn("ad", "held_in_part", new_starts="2026-03-18")
        assert [(day, status) for day, status, _ in court.entries()] == [
            ("2026-03-04", "CONFIRMED"), ("2026-03-18", "CONFIRMED")]  # fmt: skip

    def test_a_day_on_which_something_took_place_is_not_taken_back(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        court.adjourn("ad", "held_in_part", previous_starts="2026-03-04", new_starts="2026-03-18")
        held = {"hearing": A, "status": "held", "started": "2026-03-18T10:00:00Z"}
        court.say("publisher", "re", "hearing.reported", held, tlp="clear")
        assert [(day, status) for day, status, _ in court.entries()] == [
            ("2026-03-04", "CONFIRMED"), ("2026-03-18", "CONFIRMED")]  # fmt: skip

    def test_sources_that_differ_are_both_shown_as_uncertain(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        court.hold("h-b", "2026-03-05", A, "docket")
        assert [(day, status) for day, status, _ in court.entries()] == [
            ("2026-03-04", "TENTATIVE"), ("2026-03-05", "TENTATIVE")]  # fmt: skip

    def test_a_retracted_hearing_is_cancelled_without_content(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04", room="Hall of echoes")
        data = {"about_event": "h-a", "reason": "false"}
        court.say("publisher", "r-1", "record.retracted", data, tlp="clear")
        assert [(day, status) for day, status, _ in court.entries()] == [("2026-03-04", "CANCELLED")]
        assert "SUMMARY:Cancelled: Hearing (withdrawn)" in court.text()
        assert "echoes" not in court.text()

    def test_the_number_does_not_fall_when_what_changed_often_is_withdrawn(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        for day in range(1, 14):
            court.correct(f"c-{day}", "h-a", starts=f"2026-04-{day:02}")
        [before] = {number for _, _, number in court.entries()}
        court.say(
            "publisher", "r-1", "record.retracted", {"about_event": "h-a", "reason": "false"}, tlp="clear"
        )
        assert all(status == "CANCELLED" and number > before for _, status, number in court.entries())

    def test_the_number_does_not_fall_when_what_was_one_is_two_again(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        court.hold("h-b", "2026-03-05", B, "docket")
        for day in range(1, 4):
            court.correct(f"c-{day}", "h-a", starts=f"2026-04-{day:02}")
        judged = {"left": A, "right": B, "judgement": "same", "basis": ["court_file"], "confidence": 0.9}
        court.say("publisher", "j-1", "identity.judged", judged, tlp="clear")
        before = {name: int(str(one["SEQUENCE"])) for name, one in court.events().items()}
        undone = {"about_event": "j-1", "reason": "false"}
        court.say("publisher", "r-1", "record.retracted", undone, tlp="clear")
        after = {name: int(str(one["SEQUENCE"])) for name, one in court.events().items()}
        assert all(after[name] > number for name, number in before.items())

    def test_one_hearing_at_the_end_of_time_does_not_end_the_calendar(self, court: Court) -> None:
        court.hold("h-a", "9999-12-31T10:00:00Z", zone="Europe/Paris")
        court.hold("h-b", "2026-03-05", B, "docket", zone="Factory")
        assert [day for day, _, _ in court.entries()] == ["2026-03-05"]

    def test_a_hearing_narrowed_out_of_sight_is_gone(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        assert len(court.entries()) == 1
        data = {"about_event": "h-a", "reason": "wrong_date", "tlp": "amber"}
        court.say("publisher", "c-1", "record.corrected", data)
        assert court.entries() == []
        assert len(court.entries("publisher")) == 1


class TestWhoSeesWhat:
    def test_without_a_key_only_what_is_clear(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        court.hold("h-b", "2026-03-05", B, "docket", tlp="green")
        court.hold("h-c", "2026-03-06", C, tlp="amber+strict")
        assert [day for day, _, _ in court.entries()] == ["2026-03-04"]
        assert [day for day, _, _ in court.entries("observer")] == ["2026-03-04", "2026-03-05"]
        assert [day for day, _, _ in court.entries("publisher")] == ["2026-03-04", "2026-03-05"]
        court.world.issue("cleared", "harbour-bar-watch", "publisher", clearance="red")
        assert [day for day, _, _ in court.entries("cleared")] == ["2026-03-04", "2026-03-05"]
        classes = [{str(one["CLASS"]) for one in court.events(*who).values()} for who in ((), ("observer",))]
        assert classes == [{"PUBLIC"}, {"PRIVATE"}]

    def test_a_hidden_change_raises_no_number(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04", room="Room 4")
        before = court.text()
        hidden = {"hearing": A, "status": "held", "started": "2026-03-04T10:00:00Z"}
        court.say("docket", "re", "hearing.reported", hidden, tlp="amber")
        assert court.text() == before
        assert court.entries("publisher")[0][2] == 1

    def test_by_trial_country_and_partner(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04", country="QM")
        court.hold("h-b", "2026-03-05", B, "docket", country="QN")

        def days(**asked: str) -> list[str]:
            return [day for day, _, _ in court.entries(**asked)]

        assert days(country="QN") == ["2026-03-05"]
        assert days(partner="harbour-bar-watch") == ["2026-03-04"]
        assert days(about=TRIAL) == ["2026-03-04", "2026-03-05"]
        assert days(about="trial:harbour-bar-watch.other") == []

    def test_mine_is_what_my_partner_spoke_of_and_what_i_follow(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04", country="QM")
        other = {"hearing": C, "trial": "trial:harbour-bar-watch.t2", "starts": "2026-03-06", "country": "QP"}
        court.say("publisher", "h-c", "hearing.scheduled", other, tlp="clear")
        assert court.entries(mine="true") == []
        assert court.entries("observer", mine="true") == []
        court.hold("h-b", "2026-03-05", B, "docket")
        assert [day for day, _, _ in court.entries("observer", mine="true")] == ["2026-03-04", "2026-03-05"]
        for wish in ({"type": "threat.*"}, {"country": "QP", "type": "threat.*"}):
            follow = {"channel": "page", **wish}
            made = court.door.post(
                "/api/v1/subscriptions", json=follow, headers=court.world.bearer("observer")
            )
            assert made.status_code == 201
            found = [day for day, _, _ in court.entries("observer", mine="true")]
            assert ("2026-03-06" in found) == ("country" in wish)
        assert [day for day, _, _ in court.entries("observer", mine="true", country="QM")] == ["2026-03-04"]


class TestTheFile:
    def test_thunderbirds_parser_reads_every_entry_as_it_is(self, court: Court) -> None:
        court.hold("h-a", "[2026-03-04,2026-04-03]")
        court.hold("h-b", "2026-07-01T09:00:00+04:00", B, "docket", zone="Europe/Paris", room="Room 4, left",
                   ends="2026-07-01T11:00:00+04:00")  # fmt: skip
        read = json.loads(node().run("ical.mjs", given=court.text()))
        assert read["name"] == "Hearings"
        told = [(one["starts"], one["isDay"], one["status"], one["moment"]) for one in read["entries"]]
        assert told == [
            ("2026-03-04", True, "TENTATIVE", None), ("2026-04-03", True, "TENTATIVE", None),
            ("2026-07-01T07:00:00", False, "CONFIRMED", "2026-07-01T05:00:00.000Z")]  # fmt: skip

    def test_every_zone_in_use_is_described(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04T09:00:00+04:00", zone="Etc/GMT-4")
        court.hold("h-b", "2026-03-04T09:00:00", B, "docket", zone="Europe/Paris")
        read: Json = icalendar.Calendar.from_ical(court.text())
        assert {str(one["TZID"]) for one in read.walk("VTIMEZONE")} == {"Etc/GMT-4", "Europe/Paris"}
        assert read.get_missing_tzids() == set()
        assert (read["METHOD"], read["REFRESH-INTERVAL"].to_ical()) == ("PUBLISH", b"PT1H")

    def test_the_rules_of_a_zone_are_worked_out_once(
        self, court: Court, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        work_out = icalendar.Timezone.from_tzid

        def counted(name: str, **years: Json) -> icalendar.Timezone:
            asked.append(name)
            return work_out(name, **years)

        monkeypatch.setattr(icalendar.Timezone, "from_tzid", counted)
        for number, zone in enumerate(("Europe/Tallinn", "Asia/Tbilisi")):
            court.hold(f"h-{number}", "2026-03-04T09:00:00", f"{A}-{number}", zone=zone)
        first = court.text()
        asked.clear()
        court.hold("h-9", "2026-03-05T09:00:00", B, zone="Asia/Tbilisi")
        assert court.text().count("BEGIN:VTIMEZONE") == first.count("BEGIN:VTIMEZONE") == 2
        assert asked == []

    def test_it_is_not_sent_again_while_it_is_the_same(self, court: Court) -> None:
        court.hold("h-a", "2026-03-04")
        court.text()
        first = court.door.get("/hearings.ics")
        same = court.door.get("/hearings.ics", headers={"If-None-Match": first.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        court.adjourn("ad", "cancelled")
        court.text()
        assert (
            court.door.get("/hearings.ics", headers={"If-None-Match": first.headers["etag"]}).status_code
            == 200
        )

    def test_no_title_and_no_room_adds_a_line_or_a_link_to_an_entry(self, court: Court) -> None:
        title = {"trial": TRIAL, "title": "Trial\n\nJoin:\u2028 now"}
        court.say(
            "publisher", "tr", "trial.scheduled", {**example("trial.scheduled.v1"), **title}, tlp="clear"
        )
        court.hold("h-a", "2026-03-04", room="Room 4\nwing\tB")
        court.hold("h-b", "2026-03-05", B, room="Join at https://evil.example/join")
        court.hold("h-c", "2026-03-06", C, room="Join: evil.example")
        first, *others = court.events().values()
        assert (first["SUMMARY"], first["LOCATION"]) == ("Hearing, Trial Join: now", "Room 4 wing B")
        assert ["LOCATION" in one for one in others] == [False, False]

    def test_an_entry_tells_what_a_reader_may_see(self, court: Court) -> None:
        trial = {**example("trial.scheduled.v1"), "trial": TRIAL, "title": "Trial at the quay"}
        court.say("publisher", "tr", "trial.scheduled", trial, tlp="green")
        court.hold("h-a", "2026-03-04", kind="detention_review", room="Room 4")
        [public], [partners] = court.events().values(), court.events("observer").values()
        assert public["SUMMARY"] == f"Hearing: Review of detention, {TRIAL}"
        assert partners["SUMMARY"] == "Hearing: Review of detention, Trial at the quay"
        assert public["LOCATION"] == "Room 4"
        page = court.door.get(str(public["URL"]), headers={"accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
