"""S4, S5 and S7: what must follow when facts, a source or a partner are withdrawn, as no other file holds it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hub.commands.root import hub as command
from hub.commands.world import World
from tests.contract.test_scenario_time import H, L, M, N, O, Q, S, T, Timed, timed
from tests.contract.test_scenarios import STORIES, Told, hub
from tests.contract.test_scenarios_further import say, step
from tests.running import Chance, SetClock

Json = Any

SIGMA = f"source:{L}.sigma-0501"
BAR = "veridane-bar"
EVERYBODY = (None, L, H, M, N, O, Q, S, T)


@pytest.fixture(scope="module")
def fourth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Timed, Json]]:
    """Give a hub to which S4 was told, and who had to look at what when the facts had just been withdrawn."""
    with timed(tmp_path_factory.mktemp("s4"), "2026-08-04T12:00") as told:
        told.tell(STORIES["s04"], "s04-01")
        tasks = {slug: told.board(slug, "review") for slug in (N, H, T, Q, M)}
        told.tell(STORIES["s04"])
        yield told, tasks


@pytest.fixture(scope="module")
def fifth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Timed, Path]]:
    """Give a hub to which S5 was told, and its folder."""
    folder = tmp_path_factory.mktemp("s5")
    with timed(folder, "2026-06-01T12:00") as told:
        told.tell(STORIES["s05"])
        yield told, folder


@pytest.fixture(scope="module")
def seventh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Give a hub to which nothing of S7 was told yet; its tests go on from one another."""
    with hub(tmp_path_factory.mktemp("s7")) as told:
        yield told


class TestS4RetractionAfterAStatement:
    """Who signed has to decide."""

    def board(self, told: Told, reader: str | None = None) -> Json:
        return told.ask(f"/statements/statement:{L}.ST-0401", reader)["board"]

    def test_each_signatory_gets_a_task_until_it_withdraws(self, fourth: tuple[Timed, Json]) -> None:
        told, tasks = fourth
        statement = f"statement:{L}.ST-0401"
        task = ("SIGNED_STALE_FACT", statement)
        assert {slug for slug, tasks in tasks.items() if task in tasks} == {N, H, T, Q}
        assert {slug for slug in (N, H, T, Q, M) if task in told.board(slug, "review")} == {N, H, T}
        assert ("STALE_FACT", statement) in told.board(L, "review")
        [item] = [one for one in told.ask("/board", N)["groups"]["review"] if one["why"] == task[0]]
        assert (item["by"], item["proof"]["id"]) == (f"partner:{L}", "s04-00h")

    def test_the_public_reads_that_one_withdrew_and_when(self, fourth: tuple[Timed, Json]) -> None:
        told, _ = fourth
        quill = [one for one in self.board(told)["signatories"] if one["who"] == f"partner:{Q}"]
        assert [one["withdrew"]["on"] for one in quill] == ["2026-08-03T10:00:00Z"]
        assert len(self.board(told)["signatories"]) == 11

    def test_the_threat_is_on_no_map_and_in_no_count(self, fourth: tuple[Timed, Json]) -> None:
        told, _ = fourth
        threat = f"threat:{O}.T-0401"
        for reader in (None, H, S):
            assert told.ask(
                "/graph", reader, about="place:QR", hops="2", limit="500"
            ) is None or threat not in str(
                told.ask("/graph", reader, about="place:QR", hops="2", limit="500")["edges"]
            )
            page = told.ask("/countries/QR", reader)
            assert page is None or page["safety"]["threats"]["count"] == 0
            assert told.ask("/threats", reader, country="QR")["total"] == 0

    def test_nobodys_reliability_changes_by_itself(self, fourth: tuple[Timed, Json]) -> None:
        told, _ = fourth
        event = told.ask(f"/events/urn:hub:partner:{O}/s04-00b", H)["event"]
        assert event["data"]["provenance"] == step("s04-00b")["data"]["provenance"]
        assert "reliability" not in told.ask(f"/partners/partner:{O}", S)["props"]


class TestS5TheSource:
    """Nothing of the clerk is left, and who does not answer is given nothing new."""

    def test_it_is_a_tombstone_and_in_no_answer_or_export(self, fifth: tuple[Timed, Path]) -> None:
        told, _ = fifth
        [item] = told.ask("/erasures", S)["items"]
        assert (item["subject"], item["acknowledged"][0]["partner"]) == (SIGMA, H)
        for reader in EVERYBODY:
            for form in ("json", "csv-nodes"):
                answer = told.client.get(
                    "/api/v1/graph/export", params={"format": form}, headers=told.bearer(reader)
                )
                assert "sigma-0501" not in answer.text
            for ref in (f"threat:{L}.T-050{number}" for number in (1, 2, 3)):
                assert "sigma-0501" not in str(told.ask(f"/threats/{ref}", reader))
        assert told.ask(f"/graph/nodes/{SIGMA}", S) is None

    def test_the_record_of_the_lawyer_stands(self, fifth: tuple[Timed, Path]) -> None:
        told, _ = fifth
        lawyer = told.ask(f"/lawyers/lawyer:{L}.L-0501", H)
        assert lawyer["props"]["country"]["value"] == "QS"
        targets = {edge[0] for edge in told.edges(H) if edge[1:] == ("TARGETS", lawyer["ref"])}
        assert targets == {f"threat:{L}.T-050{number}" for number in (1, 2, 3)}

    def test_the_log_is_still_whole(self, fifth: tuple[Timed, Path]) -> None:
        _, folder = fifth
        world = World(SetClock(), Chance("verify"), lambda _: None, {})
        data = str(folder / "hub")
        found = CliRunner().invoke(command, ["verify", "--data", data], obj=world, prog_name="hub")
        assert (found.exit_code, "The log is whole." in found.stdout) == (0, True), found.output

    def test_after_two_weeks_it_is_given_nothing_new_until_it_answers(
        self, fifth: tuple[Timed, Path]
    ) -> None:
        told, _ = fifth

        def pull(slug: str | None, address: str = "events") -> tuple[int, str | None]:
            headers = {**told.bearer(slug), "Accept": "application/json"}
            answer = told.client.get(f"/api/v1/{address}", params={"at_least": told.cursor}, headers=headers)
            return answer.status_code, answer.json().get("type")

        told.day("2026-06-15T11:59")
        assert pull(N) == (200, None)
        told.day("2026-06-15T12:01")
        refused = (403, "urn:hub:problem:erasure-unanswered")
        assert pull(N) == refused
        feed = told.client.get("/api/v1/feed", headers=told.bearer(N))
        assert (feed.status_code, feed.json()["type"]) == refused
        assert [pull(slug)[0] for slug in (O, H, S, None)] == [200, 200, 200, 200]
        # It is told what waits, may publish, and answers.
        assert told.board(N, "acknowledge") == [("erasure_overdue", SIGMA)]
        profile = {"body": f"body:{N}.B-1", "kind": "bar", "name": {"en": "A bar"}, "country": "QS"}
        assert say(told, N, "body.profiled", profile)["status"] == "stored"
        assert say(told, N, "erasure.executed", step("s05-03a")["data"])["status"] == "stored"
        assert (pull(N), pull(M)) == ((200, None), refused)


class TestS7TheBarIsTheThreat:
    """The partner that a threat is attributed to."""

    def test_it_loses_the_case_at_once_and_what_it_may_hold_is_listed(self, seventh: Told) -> None:
        lawyer, case = f"lawyer:{L}.L-0701", f"case:{L}.C-0701"
        seventh.tell(STORIES["s07"], "s07-00c")
        addresses = (f"/lawyers/{lawyer}", f"/events/urn:hub:partner:{L}/s07-00c")
        assert all(seventh.ask(address, BAR) for address in addresses)
        seventh.tell(STORIES["s07"], "s07-01")
        later = (*addresses, f"/events/urn:hub:partner:{L}/s07-01", f"/cases/{case}")
        assert [seventh.ask(address, BAR) for address in later] == [None] * 4
        seventh.tell(STORIES["s07"], "s07-03")
        [item] = seventh.ask("/conflicts", S)["items"]
        assert (item["case"], item["partner"]) == (case, BAR)
        # What came after it was kept out it never had.
        assert [one["id"] for one in item["may_hold"]] == ["s07-00c"]
        assert [seventh.ask("/conflicts", reader) for reader in (BAR, L, None)] == [None] * 3

    def test_what_is_for_named_recipients_leaves_no_gap_for_others(self, seventh: Told) -> None:
        def page(reader: str | None) -> Json:
            return seventh.ask("/events", reader, limit="500")

        seventh.tell(STORIES["s07"], "s07-07b")
        before = {reader: page(reader) for reader in (H, Q, S, None)}
        seventh.tell(STORIES["s07"])
        assert {reader: page(reader) for reader in (H, Q, S, None)} == before
        assert [one["id"] for one in page(L)["events"]][-1] == "s07-07"
