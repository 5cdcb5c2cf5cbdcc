"""The Then lines of the domain's scenarios that no other file holds, told to hubs whose clock is turned."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_scenario_time import H, L, N, O, Q, S, T, Timed, timed
from tests.contract.test_scenarios import STORIES, Told

Json = Any

PELLAMINE = f"lawyer:{L}.L-0101"
X, Y = f"lawyer:{L}.L-0201", f"lawyer:{O}.OD-0201"


def say(told: Told, slug: str, event_type: str, data: Json, **more: str) -> Json:
    """Send an event of a partner, and return what the hub answers."""
    event = {"specversion": "1.0", "source": f"urn:hub:partner:{slug}", "type": event_type, "data": data}
    answer = told.send({"id": f"{event_type}-{slug}-{len(str(data))}", **event, **more}).json()
    told.cursor = answer.get("cursor", told.cursor)
    return answer


def step(name: str) -> Json:
    """Return the event of a step."""
    story = STORIES[name.partition("-")[0]]
    return next(event for event in story.events if event["id"] == name)


@pytest.fixture
def first(tmp_path: Path) -> Iterator[Timed]:
    """Give a hub to which nothing of S1 was told yet."""
    with timed(tmp_path, "2026-11-20T12:00") as told:
        yield told


class TestS1ArrestToRelease:
    """Everything but the final state, which other files hold."""

    def risk(self, told: Told, reader: str | None = H) -> Json:
        return told.ask(f"/lawyers/{PELLAMINE}", reader)["board"].get("risk")

    def test_the_risk_falls_and_stays_while_the_release_is_conditional(self, first: Timed) -> None:
        story, scores = STORIES["s01"], {}
        for name in ("s01-01", "s01-02", "s01-16", "s01-17", ""):
            first.tell(story, name)
            scores[name] = self.risk(first)["score"]
        assert (scores["s01-01"], scores["s01-02"], scores["s01-16"]) == (0, 75, 75)
        assert 0 < scores[""] == scores["s01-17"] < scores["s01-02"]
        inputs = self.risk(first)["inputs"]
        assert sum(one["points"] for one in inputs) == scores[""]
        assert [(one["kind"], one["value"]) for one in inputs] == [
            ("situation", "released.conditional"),
            ("threat", "normal"),
        ]
        assert {each["event"]["id"] for one in inputs for each in one["because"]} == {"s01-17"}

    def test_while_the_release_is_conditional_a_threat_that_ended_does_not_end_the_risk(
        self, first: Timed
    ) -> None:
        first.tell(STORIES["s01"])
        ended = {"threat": f"threat:{L}.T-0101", "as_of": "2026-11-19", "changes": {"status": "ended"}}
        say(first, L, "threat.updated", ended)
        assert [one["value"] for one in self.risk(first)["inputs"]] == ["released.conditional"]

    def test_the_public_is_told_of_no_risk(self, first: Timed) -> None:
        first.tell(STORIES["s01"])
        profile = {"lawyer": PELLAMINE, "country_of_practice": "QM"}
        say(first, L, "lawyer.profiled", profile, tlp="clear")
        dossier = first.ask(f"/lawyers/{PELLAMINE}", None)
        assert (dossier["ref"], dossier["board"]) == (PELLAMINE, {})
        assert self.risk(first, T)["score"] > 0

    def test_the_timeline_reads_by_world_date_and_audits_by_arrival(self, first: Timed) -> None:
        first.tell(STORIES["s01"])
        case = step("s01-02")["correlationid"]

        def ids(order: str) -> list[str]:
            items = first.ask(f"/timeline/{case}", S, order=order)["items"]
            return [one["event"]["id"] for one in items if one["event"]["id"].startswith("s01-")]

        world, log = ids("world"), ids("log")
        assert sorted(world) == sorted(log)
        # The assessment came in after the letter, and is of the day on which it was asserted.
        assert log.index("s01-03") > log.index("s01-13") > log.index("s01-05")
        assert world.index("s01-02") < world.index("s01-03") < world.index("s01-05") < world.index("s01-13")
        assert log == [event["id"] for event in STORIES["s01"].events if event["id"] in log]

    def test_each_signatory_supports_the_lawyer_and_the_events_say_why(self, first: Timed) -> None:
        first.tell(STORIES["s01"])
        graph = first.ask("/graph", S, about=PELLAMINE, hops="1", derived="true", limit="500")
        supports = {
            edge["from"] for edge in graph["edges"] if (edge["kind"], edge["to"]) == ("SUPPORTS", PELLAMINE)
        }
        assert {f"partner:{slug}" for slug in (N, H, O, Q)} <= supports
        for slug in (N, H, O, Q):
            asked = {"from": f"partner:{slug}", "to": PELLAMINE, "kind": "SUPPORTS"}
            because = first.ask("/graph/edges", S, **asked)["because"]
            ids = {event["id"] for one in because for each in one["steps"] for event in each["events"]}
            assert "s01-13" in ids


class TestS2TwoTransliterations:
    """Two records of one person, or of two."""

    def test_the_split_restores_what_was_and_adds_that_they_are_not_the_same(self, tmp_path: Path) -> None:
        def graph() -> Json:
            found = told.ask("/graph", S, limit="500")
            # The judgement that they are different is itself one more claim of what else it names.
            edges = [{**one, "claims": 0} for one in found["edges"] if one["kind"] != "NOT_SAME_AS"]
            return [found["nodes"], edges]

        def targets() -> Json:
            return told.ask("/countries/QN", H)["safety"]["threats"]["targets"]

        with timed(tmp_path, "2026-09-21T12:00") as told:
            told.tell(STORIES["s02"], "s02-03")
            before, counted = graph(), targets()
            assert (counted["count"], counted["range"]) == (2, [1, 2])
            told.send_all("s02-04")
            assert graph() != before
            assert (targets()["count"], targets()["range"]) == (1, [1, 1])
            told.send_all("s02-05a", "s02-05b")
            assert graph() == before
            assert (X, "NOT_SAME_AS", Y) in told.edges()
            assert (targets()["count"], targets()["range"]) == (2, [2, 2])

    def test_linked_reports_of_one_person_count_once_only_if_somebody_says_they_are_one_act(
        self, tmp_path: Path
    ) -> None:
        def units() -> Json:
            return told.ask("/impunity", H, country="QN")["units"]

        with timed(tmp_path, "2026-09-21T12:00") as told:
            told.tell(STORIES["s02"], "s02-04")
            assert units() == {"count": 2, "range": [2, 2]}
            other = {
                **step("s02-02b")["data"],
                "threat": f"threat:{H}.T-0299",
                "linked": [{"threat": f"threat:{L}.T-0201", "relation": "same_campaign"}],
            }
            say(told, H, "threat.reported", other)
            assert units()["count"] == 3
            act = {"left": f"threat:{H}.T-0299", "right": f"threat:{L}.T-0201", "judgement": "same"}
            say(told, N, "identity.judged", {**act, "basis": ["same_incident"], "confidence": 0.9})
            assert units() == {"count": 2, "range": [2, 2]}

    def test_the_consent_of_one_never_opens_the_other(self, tmp_path: Path) -> None:
        with timed(tmp_path, "2026-09-21T12:00") as told:
            told.tell(STORIES["s02"], "s02-02b")
            named = {"consent_level": "C5", "scopes": ["joint_statement", "media"]}
            profile = {"country_of_practice": "QN", "protection": named}
            say(told, L, "lawyer.profiled", {"lawyer": X, **profile}, tlp="clear")
            narrow = {"consent_level": "C1", "scopes": ["joint_statement"]}
            say(told, O, "lawyer.profiled", {"lawyer": Y, **profile, "protection": narrow}, tlp="clear")
            letter = {"kind": "joint_statement", "issued": "2026-09-20", "language": "en"}
            for who, number in ((X, "1"), (Y, "2")):
                about = {
                    "statement": f"statement:{Q}.ST-029{number}",
                    "about": [who],
                    "title": {"en": "Stop"},
                }
                more = {**letter, **about, "authors": [f"partner:{Q}"], "protection": named}
                assert say(told, Q, "statement.issued", more, tlp="clear", id=number)["status"] == "stored"
            for name in ("s02-03", "s02-04", "s02-05a", "s02-05b"):
                # The hub is told in public who is who: so the public reads the two as one for a while.
                told.cursor = told.send({**step(name), "tlp": "clear"}).json()["cursor"]
                found = told.ask("/graph", None, derived="true", limit="500")
                supported = [
                    edge["to"]
                    for edge in found["edges"]
                    if edge["kind"] == "SUPPORTS" and edge["to"] in (X, Y)
                ]
                merged = [one["same"] for one in found["nodes"] if one["ref"] == X and "same" in one]
                assert supported == ([] if name == "s02-04" else [X]), (name, merged)


def test_s10_who_signs_what_and_how_it_counts(tmp_path: Path) -> None:
    action = f"action:{L}.A-1001"

    def board() -> Json:
        return told.ask(f"/actions/{action}", S)["board"]

    def signed() -> dict[str, tuple[str, str]]:
        return {one["partner"][8:]: (one["status"], one["counts_as"]) for one in board()["signatories"]}

    with timed(tmp_path, "2027-02-10T10:00") as told:
        told.send_all("s10-00a", "s10-00b", "s10-00c", "s10-01", "s10-02", "s10-03")
        # Who has no status at the council endorses; it does not sign.
        assert signed() == {N: ("SIGNED", "signatory"), T: ("ENDORSES", "endorser")}
        told.send_all("s10-04")
        assert {slug: status for slug, (status, _) in signed().items()} == {
            N: "RESIGN_NEEDED",
            T: "RESIGN_NEEDED",
        }
        assert board()["text"]["version"] == 2
        again = {
            **step("s10-02")["data"],
            "text_hash": board()["text_hash"],
            "joined": "2027-02-20T09:00:00Z",
        }
        say(told, N, "action.joined", again)
        assert signed()[N] == ("SIGNED", "signatory")
        told.day("2027-03-01T18:20")
        told.send_all("s10-05")
        assert signed()[Q] == ("LATE", "signatory")
        assert (board()["state"], board()["is_past_join_by"]) == ("open_for_joining", True)
