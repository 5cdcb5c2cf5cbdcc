"""The twelve stories of the domain, told to a real hub by their partners."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hub.accounts import Grant
from hub.commands.archive import found, opened
from hub.commands.world import World
from hub.demo.cast import members
from hub.demo.stage import admit_all, renew_tokens
from hub.demo.stories import Story, stories
from hub.issuing import CLEARANCES
from hub.settings import Settings
from tests import running
from tests.running import NOON, Chance, SetClock, TestClient, calling

Json = Any

STORIES = {story.name[:3]: story for story in stories()}
L = "urn:hub:partner:lanterns-for-counsel"
N = "urn:hub:partner:northlight-law-society"
O = "urn:hub:partner:open-docket"  # noqa: E741  # as the scenarios of the domain call it
T = "urn:hub:partner:tallow-clinic"


@dataclass
class Told:
    """A hub to which a story is told, and questions to it."""

    client: TestClient
    tokens: dict[str, str]
    cursor: str = ""

    def bearer(self, slug: str | None) -> Mapping[str, str]:
        return {} if slug is None else {"Authorization": f"Bearer {self.tokens[slug]}"}

    def send(self, event: Json) -> Any:
        """Send one event; what is asked afterwards includes it."""
        slug = event["source"].rpartition(":")[2]
        answer = self.client.post("/api/v1/events", json=event, headers=self.bearer(slug))
        self.cursor = answer.json().get("cursor", self.cursor)
        return answer

    def tell(self, story: Story, until: str | None = None) -> None:
        """Send the events of a story up to and with `until`; each refused step at its place."""
        for event in story.events:
            answer = self.send(event)
            assert answer.status_code in {200, 201}, (event["id"], answer.json())
            for step in story.refused:
                if step.after == event["id"]:
                    self.refuse(step)
            if event["id"] == until:
                return

    def refuse(self, step: Any) -> None:
        answer = self.send(step.event)
        assert answer.status_code == step.status, answer.json()
        problems = [
            {"pointer": one["pointer"], "code": one["code"]} for one in answer.json().get("errors", [])
        ]
        assert problems == step.problems

    def ask(self, address: str, reader: str | None = "stewards", **params: str) -> Json:
        asked = {**params, "at_least": self.cursor} if self.cursor else params
        answer = self.client.get(f"/api/v1{address}", params=asked, headers=self.bearer(reader))
        return None if answer.status_code == 404 else answer.json()

    def shown(self, ref: str, prop: str, reader: str | None = "stewards") -> Json:
        kind = ref.partition(":")[0]
        plural = {"policy": "policies"}.get(kind, f"{kind}s")
        return self.ask(f"/{plural}/{ref}", reader)["props"][prop]

    def edges(self, reader: str | None = "stewards", **params: str) -> set[tuple[str, str, str]]:
        graph = self.ask("/graph", reader, limit="500", **params)
        return {(one["from"], one["kind"], one["to"]) for one in graph["edges"]}

    def answers(self, story: Story) -> Json:
        """Return everything a steward and the public can see of a story, without what depends on arrival."""
        refs = sorted({event["correlationid"] for event in story.events if "correlationid" in event})
        seen = []
        for reader in ("stewards", None):
            seen += [self.ask("/graph", reader, limit="500"), self.ask("/events", reader, limit="500")]
            seen += [self.ask(f"/cases/{ref}", reader) for ref in refs]
        return seen


@contextmanager
def hub(folder: Path, now: datetime = NOON) -> Iterator[Told]:
    settings = Settings(data=folder / "hub", look_seconds=0.02)
    clock, chance = SetClock(now), Chance("scenarios")
    world = World(clock, chance, lambda _: None, {})
    found(world, settings)
    with opened(world, str(settings.data), None) as archive:
        admit_all(archive)
        tokens = renew_tokens(archive)
        tokens["veridane-bar"] = archive.issue(
            Grant("veridane-bar", "publisher", clearance=CLEARANCES["publisher"])
        )[1]
    with calling(running.World(settings, clock, running.registry())) as client:
        yield Told(client, tokens)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with ExitStack() as stack:
        yield stack.enter_context(hub(tmp_path))


def test_there_are_twelve_and_their_ids_are_their_own() -> None:
    assert list(STORIES) == [f"s{number:02}" for number in range(1, 13)]
    for name, story in STORIES.items():
        assert all(event["id"].startswith(f"{name}-") for event in story.events)


def test_the_cast_is_eight_with_the_stewards() -> None:
    assert len(members()) + 1 == 8


def test_nobody_and_no_place_in_them_exists() -> None:
    text = "".join(str(event) for story in STORIES.values() for event in story.events)
    countries = set(re.findall(r"'(?:country|country_of_practice)': '([A-Z]+)'", text))
    assert countries <= {"QM", "QN", "QP", "QR", "QS", "QT", "QV", "INT"}
    assert set(re.findall(r"'currency': '([A-Z]+)'", text)) == {"XTS"}
    hosts = set(re.findall(r"https?://([^/'?]+)", text))
    assert all(host.endswith(".example") for host in hosts)


@pytest.mark.parametrize("name", sorted(STORIES))
def test_every_step_is_accepted_or_refused_as_told_and_telling_it_again_changes_nothing(
    told: Told, name: str
) -> None:
    story = STORIES[name]
    told.tell(story)
    before = told.answers(story)
    for event in story.events:
        # A suspended partner has no events in the stories; everybody else may repeat himself for ever.
        answer = told.send(event)
        assert (event["id"], answer.status_code, answer.json()["status"]) == (event["id"], 200, "duplicate")
    assert told.answers(story) == before


def test_s1_the_case_reads_by_world_date_and_audits_by_arrival(told: Told) -> None:
    story = STORIES["s01"]
    told.tell(story)
    case = story.events[3]["correlationid"]
    listed = told.ask("/events", about=case, limit="500")["events"]
    order = [event["id"] for event in listed]
    assert order.index("s01-03") == order.index("s01-13") + 1
    assert order == [event["id"] for event in story.events if event["id"] in order]
    dossier = told.ask(f"/cases/{case}")
    assert dossier["ref"] == case


def test_s1_the_threat_ends_mitigated_and_the_lawyer_conditionally_released(told: Told) -> None:
    told.tell(STORIES["s01"])
    assert told.shown("threat:lanterns-for-counsel.T-0101", "status")["value"] == "mitigated"
    edges = told.edges()
    letter, lawyer = "statement:lanterns-for-counsel.ST-0101", "lawyer:lanterns-for-counsel.L-0101"
    signed = {source for source, kind, target in edges if (kind, target) == ("SIGNED", letter)}
    assert {
        f"partner:{slug}"
        for slug in ("northlight-law-society", "harbour-bar-watch", "open-docket", "quill-network")
    } <= signed
    assert (letter, "ABOUT", lawyer) in edges
    assert told.ask("/graph/nodes/" + lawyer, None) is None


def test_s2_a_judgement_makes_one_of_two_and_its_retraction_splits_them_again(told: Told) -> None:
    story = STORIES["s02"]
    x, y = "lawyer:lanterns-for-counsel.L-0201", "lawyer:open-docket.OD-0201"

    def ties() -> set[str]:
        return {kind for source, kind, target in told.edges(merge="false") if {source, target} == {x, y}}

    def threatened() -> set[tuple[str, str]]:
        return {(source, target) for source, kind, target in told.edges() if kind == "TARGETS"}

    told.tell(story, "s02-03")
    assert ties() == {"POSSIBLY_SAME_AS"}
    apart = threatened()
    assert {target for _, target in apart} == {x, y}
    told.tell(story, "s02-04")
    assert "SAME_AS" in ties()
    one = told.ask("/graph/nodes/" + y)
    assert (one["ref"], one["same"]) == (x, [y])
    # Both threats are kept; they target one person.
    assert threatened() == {(source, x) for source, _ in apart}
    assert told.ask("/lawyers")["total"] == 1
    told.tell(story, "s02-04b")
    statement = "/statements/statement:lanterns-for-counsel.ST-0201"
    assert "flags" not in told.ask(statement)
    told.tell(story)
    # It was signed while the two were read as one.
    assert told.ask(statement)["flags"] == ["STALE_FACT"]
    assert ties() == {"POSSIBLY_SAME_AS", "NOT_SAME_AS"}
    assert threatened() == apart
    assert told.ask("/lawyers")["total"] == 2


def test_s3_the_corrected_date_is_shown_and_the_second_delivery_changes_nothing(told: Told) -> None:
    story = STORIES["s03"]
    told.tell(story, "s03-02")
    hearing = "hearing:tallow-clinic.HE-0301"
    assert told.shown(hearing, "starts")["value"] == "[2026-03-04,2026-04-03]"
    told.tell(story, "s03-04")
    assert told.shown(hearing, "starts")["value"] == "2026-03-04"
    told.tell(story)
    edges = told.edges()
    assert ("hearing:tallow-clinic.HE-0302", "FOLLOWS", hearing) in edges
    assert told.ask(f"/graph/nodes/{hearing}")["same"] == ["hearing:harbour-bar-watch.HE-0301"]
    event = told.ask(f"/events/{T}/s03-02")
    assert [one["id"] for one in event["corrections"]] == ["s03-04"]


def test_s4_the_retracted_threat_vanishes_and_the_statement_stays(told: Told) -> None:
    story = STORIES["s04"]
    threat, statement = "threat:open-docket.T-0401", "statement:lanterns-for-counsel.ST-0401"
    told.tell(story, "s04-00h")
    assert told.ask(f"/graph/nodes/{threat}", None)["ref"] == threat
    told.tell(story)
    targets = {edge for edge in told.edges() if edge[1] == "TARGETS"}
    assert targets == set()
    assert told.ask(f"/events/{O}/s04-00b", None)["status"] == "retracted"
    assert told.ask(f"/graph/nodes/{statement}", None)["ref"] == statement
    assert "Withdrawn" in told.shown(statement, "title", None)["value"]["en"]


def test_s5_the_source_is_nowhere(told: Told) -> None:
    told.tell(STORIES["s05"])
    for reader in (None, "open-docket", "harbour-bar-watch", "northlight-law-society", "meridian-fund"):
        assert "sigma-0501" not in str(told.ask("/events", reader, type="threat.*", limit="500"))
    assert not any("source:" in ref for edge in told.edges() for ref in (edge[0], edge[2]))
    assessed = told.ask(f"/events/{L}/s05-00c", "open-docket")["assessments"]
    # The hub may have said before, whoever was quicker, that nothing supports it any more.
    assert [one["id"] for one in assessed if not one["id"].startswith("unsupported-")] == ["s05-05"]


def test_s6_conflicting_claims_stand_side_by_side(told: Told) -> None:
    told.tell(STORIES["s06"])
    status = told.shown("threat:lanterns-for-counsel.T-0601", "status")
    assert {claim["event"]["source"] for claim in status["claims"]} == {L, O}
    edges = told.edges()
    assert (
        "body:harbour-bar-watch.qt-ministry-of-justice",
        "RESPONDED",
        "statement:lanterns-for-counsel.ST-0601",
    ) in edges


def test_s7_the_red_match_is_seen_by_its_named_recipients_alone(told: Told) -> None:
    told.tell(STORIES["s07"])
    support = "support:lanterns-for-counsel.S-0701"
    assert told.ask(f"/events/{L}/s07-07", "lanterns-for-counsel") is not None
    for reader in (None, "stewards", "harbour-bar-watch", "meridian-fund", "quill-network"):
        assert told.ask(f"/events/{L}/s07-07", reader) is None
        assert support not in str(told.ask("/graph", reader, limit="500"))
    edges = told.edges()
    assert ("body:stewards.qv-bar", "SUCCEEDED_BY", "body:lanterns-for-counsel.qv-bar-in-exile") in edges
    assert ("threat:harbour-bar-watch.T-0702", "TARGETS", "body:stewards.qv-bar") in edges


def test_s8_nothing_of_the_need_is_public(told: Told) -> None:
    told.tell(STORIES["s08"])
    assert "lanterns-for-counsel.N-0801" not in str(told.ask("/events", None, limit="500"))
    assert told.ask("/needs", None)["total"] == 0
    assert told.shown("need:lanterns-for-counsel.N-0801", "status", "meridian-fund")["value"] == "withdrawn"


def test_s9_one_trial_with_all_its_parties_a_right_in_two_minds_and_a_grade_with_dissent(told: Told) -> None:
    told.tell(STORIES["s09"])
    trial, hearing = "trial:open-docket.TR-0901", "hearing:open-docket.HE-0903"
    edges = told.edges()
    assert sum((kind, target) == ("PARTY_TO", trial) for _, kind, target in edges) == 23
    assert told.ask("/trials")["total"] == 1
    assert sum(kind == "FOLLOWS" for _, kind, _ in edges) == 2
    right = told.ask(
        "/graph/edges", **{"from": hearing, "to": "standard:iccpr:14.1.public_hearing", "kind": "ENGAGES"}
    )
    rating = right["props"]["rating"]
    assert (rating["disputed"], sorted(rating["values"])) == (True, ["partly", "violated"])
    dissent = told.ask(f"/events/{N}/s09-09")["assessments"]
    assert [one["data"]["alternative"] for one in dissent] == [{"/grade": "C"}]
    assert ("partner:northlight-law-society", "GRADED", trial) in edges


def test_s10_the_pledge_links_back_to_the_statement(told: Told) -> None:
    told.tell(STORIES["s10"])
    edges = told.edges()
    action = "action:lanterns-for-counsel.A-1001"
    joined = {source for source, kind, target in edges if (kind, target) == ("JOINS", action)}
    assert joined == {
        f"partner:{slug}" for slug in ("northlight-law-society", "tallow-clinic", "quill-network")
    }
    ministry = "body:harbour-bar-watch.qn-ministry-of-justice"
    assert (ministry, "RESPONDED", "statement:lanterns-for-counsel.ST-1002") in edges
    assert (ministry, "COMMITS", "commitment:harbour-bar-watch.CM-1001") in edges


def test_s11_versions_of_an_indicator_stay_two_series(told: Told) -> None:
    told.tell(STORIES["s11"])
    edges = told.edges()
    first, second = "dataset:tallow-clinic.QS-2026Q3-1", "dataset:tallow-clinic.QS-2026Q3-2"
    one, two = "indicator:stewards.LA-16.1", "indicator:quill-network.LA-16.2"
    assert (first, "REPORTS_ON", one) in edges
    assert (second, "REPORTS_ON", two) in edges
    assert (second, "REPORTS_ON", one) not in edges
    assert (two, "REPLACES", one) in edges
    assert told.ask("/indicators", None)["total"] == 4


def test_s12_promise_practice_and_impact_each_keep_their_voices(told: Told) -> None:
    told.tell(STORIES["s12"])
    promise = "commitment:tallow-clinic.CM-1201"
    assert told.shown(promise, "status_self", None)["value"] == "fulfilled"
    assert told.shown(promise, "status_independent", None)["value"] == "partly_fulfilled"
    sources = {claim["event"]["source"] for claim in told.shown(promise, "status", None)["claims"]}
    assert sources == {N, T}
    action = "action:lanterns-for-counsel.A-1201"
    assessed = {source for source, kind, target in told.edges() if (kind, target) == ("ASSESSED", action)}
    assert assessed == {"partner:lanterns-for-counsel", "partner:harbour-bar-watch"}
    assert told.shown("policy:northlight-law-society.PO-1201", "practice_gap", None)["value"] == "wide"
