"""The joint actions of the stories: who signed what, what is missing, what was refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_scenarios import STORIES, Told, hub

Json = Any

L, N, H, O, T, Q = (  # noqa: E741  # as the scenarios of the domain call them
    f"partner:{slug}"
    for slug in (
        "lanterns-for-counsel",
        "northlight-law-society",
        "harbour-bar-watch",
        "open-docket",
        "tallow-clinic",
        "quill-network",
    )
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with hub(tmp_path_factory.mktemp("actions")) as opened:
        yield opened


def board(told: Told, number: str, reader: str | None = "lanterns-for-counsel") -> Json:
    dossier = told.ask(f"/actions/action:lanterns-for-counsel.{number}", reader)
    return None if dossier is None else dossier["board"]


def statuses(shown: Json) -> dict[str, str]:
    return {one["partner"]: one["status"] for one in shown["signatories"]}


def test_s1_four_sign_one_text_and_the_quorum_is_met(told: Told) -> None:
    told.tell(STORIES["s01"], "s01-12")
    shown = board(told, "A-0101")
    assert (shown["state"], shown["quorum"]["have"], shown["quorum"]["is_met"]) == (
        "open_for_joining",
        4,
        True,
    )
    assert statuses(shown) == dict.fromkeys((N, H, O, Q), "SIGNED")
    assert [one["partner"] for one in shown["signatories"]] == [N, H, O, Q]
    assert shown["roles"] == [{"role": "signatory", "wanted": 4, "filled": 4, "missing": 0}]
    told.tell(STORIES["s01"])
    shown = board(told, "A-0101")
    assert (shown["state"], shown["outputs"]) == ("completed", ["statement:lanterns-for-counsel.ST-0101"])
    assert [one["statement"] for one in shown["statements"]] == ["statement:lanterns-for-counsel.ST-0101"]
    assert board(told, "A-0101", None) is None


def test_s4_who_left_stays_as_withdrew_with_the_day(told: Told) -> None:
    story, address = STORIES["s04"], "A-0401"
    told.tell(story, "s04-00h")
    before = board(told, address)["statements"][0]
    assert (before["needs_corrigendum"], before["flags"]) == (False, [])
    told.tell(story)
    shown = board(told, address)
    assert statuses(shown) == {Q: "WITHDREW", N: "SIGNED", H: "SIGNED", T: "SIGNED"}
    left = next(one["left"] for one in shown["signatories"] if one["partner"] == Q)
    assert (left["on"], left["reason"]) == ("2026-08-03T10:00:00Z", "facts_changed")
    statement = shown["statements"][0]
    quill = next(one for one in statement["signatories"] if one["who"] == Q)
    assert (quill["withdrew_on"], quill["wants_name_removed"]) == ("2026-08-03T10:00:00Z", True)
    assert (statement["needs_corrigendum"], statement["flags"]) == (True, ["STALE_FACT"])


def test_s10_a_partner_without_status_endorses_and_a_new_text_is_signed_again(told: Told) -> None:
    story, address = STORIES["s10"], "A-1001"
    told.tell(story, "s10-03")
    shown = board(told, address)
    first = shown["text_hash"]
    assert statuses(shown) == {N: "SIGNED", T: "ENDORSES"}
    assert [one["counts_as"] for one in shown["signatories"]] == ["signatory", "endorser"]
    assert shown["needs_status"] == ["general", "roster", "special"]
    assert shown["quorum"]["have"] == 1
    told.tell(story, "s10-05")
    shown = board(told, address)
    assert shown["text_hash"] != first
    assert statuses(shown) == {N: "RESIGN_NEEDED", T: "RESIGN_NEEDED", Q: "LATE"}
    assert {one["role"]: one["missing"] for one in shown["roles"]} == {"lead": 1, "signatory": 5}
    event = next(one for one in story.events if one["id"] == "s10-02")
    again = {**event, "id": "again", "data": {**event["data"]}}
    assert told.send(again).json()["errors"][0]["code"] == "text_changed"
    again["data"]["text_hash"] = shown["text_hash"]
    assert told.send(again).status_code == 201
    told.cursor = told.send(again).json()["cursor"]
    assert statuses(board(told, address))[N] == "SIGNED"


def test_s10_with_the_consent_over_the_name_is_refused_and_the_rest_passes(told: Told) -> None:
    told.tell(STORIES["s10"])  # step 7 is among those that must be refused
    shown = board(told, "A-1001")
    assert [one["statement"] for one in shown["statements"]] == ["statement:lanterns-for-counsel.ST-1002"]
    assert shown["statements"][0]["is_current_text"]
    # Whoever holds the consent sees what stands against naming the lawyer; nobody else does.
    assert [(one["why"], one["since"]) for one in shown["blocked"]] == [("expired", "2027-03-05")]
    assert board(told, "A-1001", "quill-network")["blocked"] == []


def test_s12_whoever_joins_counts_towards_the_six(told: Told) -> None:
    story = STORIES["s12"]
    told.tell(story)
    shown = board(told, "A-1201")
    joins = [one for one in story.events if one["type"] == "action.joined"]
    assert len(shown["signatories"]) == len({(one["source"], one["data"]["role"]) for one in joins}) > 0
    [role] = shown["roles"]
    assert role["filled"] + role["missing"] == role["wanted"] == 6


def test_the_tracker_lists_what_is_open_soonest_first_and_only_what_its_reader_sees(told: Told) -> None:
    told.tell(STORIES["s10"])
    page = told.ask("/actions/board", "lanterns-for-counsel", limit="200")
    refs = [one["ref"] for one in page["items"]]
    assert "action:lanterns-for-counsel.A-1001" in refs
    assert "action:lanterns-for-counsel.A-0101" not in refs  # completed
    assert [one["join_by"] for one in page["items"]] == sorted(one["join_by"] for one in page["items"])
    first = told.ask("/actions/board", "lanterns-for-counsel", limit="1")
    # The hub of this module may have been told other stories before.
    further = 1 if len(refs) > 1 else None
    assert (first["items"], first["total"], first["next"]) == (page["items"][:1], len(refs), further)
    assert told.ask("/actions/board", None) == {"items": [], "total": 0, "next": None}


def test_a_withdrawal_blocks_the_open_action_for_whoever_may_know_of_it(tmp_path: Path) -> None:
    with hub(tmp_path, datetime(2027, 2, 11, tzinfo=UTC)) as told:
        told.tell(STORIES["s10"], "s10-01")
        assert board(told, "A-1001")["blocked"] == []
        lawyer = "lawyer:lanterns-for-counsel.L-1001"
        withdrawal = {
            "specversion": "1.0",
            "id": "stop",
            "source": "urn:hub:partner:quill-network",
            "type": "consent.withdrawn",
            "audience": "lanterns-for-counsel",
            "data": {"subject_of_consent": lawyer, "effect": "stop_new_use"},
        }
        told.cursor = told.send(withdrawal).json()["cursor"]
        assert [one["why"] for one in board(told, "A-1001")["blocked"]] == ["withdrawn"]
        assert board(told, "A-1001", "northlight-law-society")["blocked"] == []
        [item] = told.ask("/actions/board", "quill-network")["items"]
        assert [one["lawyer"] for one in item["blocked"]] == [lawyer]
        statement = next(one.event for one in STORIES["s10"].refused)
        assert told.send(statement).json()["errors"][0]["code"] == "consent_withdrawn"
