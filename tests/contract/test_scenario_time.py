"""What time does in the stories: overdue answers, tasks of review, consents that end, and what waits for whom."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from hub.commands.archive import found, opened
from hub.commands.world import World
from hub.demo.stage import admit_all, renew_tokens
from hub.settings import Settings
from tests import running
from tests.contract.test_scenarios import STORIES, Told
from tests.running import Chance, SetClock, calling

Json = Any

L, H, M, N = "lanterns-for-counsel", "harbour-bar-watch", "meridian-fund", "northlight-law-society"
O, T, Q, S = "open-docket", "tallow-clinic", "quill-network", "stewards"  # noqa: E741  # as the domain calls them
LONGEST = 20.0
"""Seconds that a hub may take to say what is due: it looks many times a second."""


class Timed(Told):
    """A hub to which a story is told, and whose clock is turned."""

    clock: SetClock

    def day(self, text: str) -> None:
        self.clock.now = datetime.fromisoformat(text).replace(tzinfo=UTC)

    def send_all(self, *ids: str) -> None:
        for event in (
            one for name in ids for story in STORIES.values() for one in story.events if one["id"] == name
        ):
            answer = self.send(event)
            assert answer.status_code in {200, 201}, answer.json()
            self.cursor = answer.json()["cursor"]

    def until(self, found: Callable[[], Any]) -> Any:
        """Ask until something is found; the hub says it by itself."""
        ends = monotonic() + LONGEST
        while not (answer := found()):
            assert monotonic() < ends
        return answer

    def deadlines(self, reader: str | None) -> list[tuple[str, str, str]]:
        events = self.ask("/events", reader, type="deadline.*", limit="1000")["events"]
        return [(one["data"]["kind"], one["data"]["ref"], one["data"]["due"][:10]) for one in events]

    def board(self, reader: str, group: str) -> list[tuple[str, str]]:
        found = self.ask("/board", reader)["groups"][group]
        return [(one["why"], one["ref"]) for one in found]


@contextmanager
def timed(folder: Path, day: str, **more: Any) -> Iterator[Timed]:
    settings = Settings(
        data=folder / "hub", look_seconds=0.02, timekeeper_seconds=0.05, rate_burst=1_000_000, **more
    )
    clock = SetClock(datetime.fromisoformat(day).replace(tzinfo=UTC))
    world = World(clock, Chance("time"), lambda _: None, {})
    found(world, settings)
    with opened(world, str(settings.data), None) as archive:
        admit_all(archive)
        tokens = renew_tokens(archive)
    with calling(running.World(settings, clock, running.registry())) as client:
        told = Timed(client, tokens)
        told.clock = clock
        yield told


def test_an_erasure_that_a_partner_does_not_answer_is_overdue_after_a_week(tmp_path: Path) -> None:
    sigma = "source:lanterns-for-counsel.sigma-0501"
    with timed(tmp_path, "2026-06-01T12:00") as told:
        told.tell(STORIES["s05"])
        assert told.board(N, "acknowledge") == [("erasure", sigma)]
        assert told.board(O, "acknowledge") == told.board(S, "erasures") == []
        told.day("2026-06-08T12:01")
        assert told.board(N, "acknowledge") == [("erasure_overdue", sigma)]
        [item] = told.ask("/board", S)["groups"]["erasures"]
        assert (item["why"], item["ref"]) == ("erasure_overdue", sigma)
        assert f"partner:{N}" in item["missing"]
        assert f"partner:{O}" not in item["missing"]
        # Whatever else waits is for those whom it concerns: each partner has a board, and the public has none.
        assert told.client.get("/api/v1/board").status_code == 401


def test_every_lawyer_of_a_seized_bar_is_a_task_and_no_flag(tmp_path: Path) -> None:
    lawyer, bar = "lawyer:lanterns-for-counsel.L-0701", "body:stewards.qv-bar"
    with timed(tmp_path, "2026-10-01T08:00") as told:
        told.send_all("s07-00a", "s07-00b", "s07-00c")
        before = told.ask(f"/lawyers/{lawyer}", None), told.ask(f"/lawyers/{lawyer}", H)
        told.day("2026-10-12T09:00")
        told.send_all("s07-01", "s07-03", "s07-04")
        told.day("2026-10-13T09:00")
        [item] = [one for one in told.ask("/board", L)["groups"]["review"] if one["why"] == "bar_suspended"]
        assert (item["ref"], item["bar"], item["proof"]["id"]) == (lawyer, bar, "s07-04")
        assert item["link"] == f"/api/v1/lawyers/{lawyer}"
        assert ("bar_suspended", lawyer) not in told.board(H, "review")
        assert told.board(S, "members") == [("bar_suspended", bar)]
        assert told.ask("/board", S)["groups"]["conflicts"][0]["partner"] == "partner:veridane-bar"
        after = told.ask(f"/lawyers/{lawyer}", None), told.ask(f"/lawyers/{lawyer}", H)
        assert [one and one["props"] for one in after] == [one and one["props"] for one in before]


def test_a_consent_ends_by_itself_and_only_its_keeper_is_told(tmp_path: Path) -> None:
    lawyer, action = "lawyer:lanterns-for-counsel.L-1001", "action:lanterns-for-counsel.A-1001"
    with timed(tmp_path, "2027-02-10T10:00") as told:
        told.send_all("s10-00a", "s10-00b", "s10-00c", "s10-01")
        assert told.board(H, "sign") == [("in_my_countries", action)]
        told.send_all("s10-02", "s10-04")
        assert told.board(N, "resign") == [("RESIGN_NEEDED", action)]
        known = told.ask(f"/lawyers/{lawyer}", Q)["props"]
        told.day("2027-03-01T18:00")
        passed = ("join_by", action, "2027-03-01")
        told.until(lambda: passed in told.deadlines(Q))
        assert told.board(N, "resign") == [("RESIGN_NEEDED", action)]
        told.day("2027-03-06T00:01")
        ended = ("consent_expired", lawyer, "2027-03-06")
        told.until(lambda: ended in told.deadlines(L))
        assert all(kind != "consent_expired" for kind, _, _ in told.deadlines(Q))
        assert ("consent_expired", lawyer) in told.board(L, "review")
        assert told.until(lambda: told.ask(f"/lawyers/{lawyer}", Q)["props"] != known)
        naming = told.send({**next(one for one in STORIES["s10"].refused if one.status == 422).event})
        assert naming.status_code == 422


def test_a_consultation_is_announced_before_it_closes(tmp_path: Path) -> None:
    story = STORIES["s12"]
    policy = next(one for one in story.events if one["id"] == "s12-01")["data"]["policy"]
    with timed(tmp_path, "2026-11-10T09:00") as told:
        told.send_all("s12-00a", "s12-00b", "s12-01", "s12-02", "s12-03a")
        assert told.deadlines(None) == []
        told.day("2027-01-03T09:00")
        soon = ("consultation_closes", policy, "2027-01-02")
        told.until(lambda: soon in told.deadlines(None))
        timeline = told.ask(f"/timeline/{policy}", T)["items"]
        [word] = [one["event"] for one in timeline if one["event"]["type"] == "deadline.passed"]
        assert word["data"]["at"] == "2027-01-16T00:00:00.000000Z"
        assert word["data"]["about_event"] == {"source": f"urn:hub:partner:{N}", "id": "s12-01"}
        changed = told.ask("/board", N)["changed"]
        assert word["id"] in {one["proof"]["id"] for one in changed["items"]}
        later = told.ask("/board", N, since=changed["cursor"])["changed"]
        assert (later["items"], later["complete"]) == ([], True)
        # A bill that was adopted has no consultation any more: what was announced is void, for all who know.
        told.day("2027-01-14T09:00")
        told.until(lambda: len(told.deadlines(None)) == 2)
        told.send_all("s12-04")
        told.day("2027-02-20T10:00")
        assert told.until(
            lambda: len([one for one in told.deadlines(None) if one[0] == "consultation_closes"]) == 3
        )


@pytest.mark.parametrize("name", ["s01", "s08"])
def test_each_partner_has_a_board_of_its_own_after_a_story(tmp_path: Path, name: str) -> None:
    with timed(tmp_path, "2026-11-01T09:00") as told:
        told.tell(STORIES[name])
        boards = {slug: told.ask("/board", slug) for slug in told.tokens}
        assert {board["partner"] for board in boards.values()} == {f"partner:{slug}" for slug in told.tokens}
        if name == "s01":
            assert told.board(N, "confirm") == [("match", "support:lanterns-for-counsel.S-0101")]
            assert boards[H]["groups"]["sign"] == []
            countries = {one["country"]: one for one in boards[O]["alone"]}
            [lonely] = countries["QM"]["items"]
            assert lonely["link"] == "/api/v1/lawyers/lawyer:lanterns-for-counsel.L-0101"
        else:
            assert told.board(S, "harm") == [("safety_incident", "support:lanterns-for-counsel.S-0801")]
            assert told.board(L, "unmatched") == []
            assert all(not board["groups"]["unmatched"] for slug, board in boards.items() if slug != L)
