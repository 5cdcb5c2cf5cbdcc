"""Needs and offers: scenarios S1 (5 to 7), S7 (7) and S8, and what the public interface says of matches."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_scenarios import STORIES, L, Told, hub

Json = Any

THEN = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
SLUG_L, SLUG_M, SLUG_N, SLUG_Q = (
    "lanterns-for-counsel",
    "meridian-fund",
    "northlight-law-society",
    "quill-network",
)
NEED = f"need:{SLUG_L}.N-0801"
M_OFFER, N_OFFER = f"offer:{SLUG_M}.O-0801", f"offer:{SLUG_N}.O-0802"
SUPPORT = f"support:{SLUG_L}.S-0801"


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with hub(tmp_path, THEN) as opened:
        yield opened


def only(told: Told, reader: str | None = SLUG_L, **params: str) -> Json:
    [item] = told.ask("/matches", reader, **params)["items"]
    return item


def send(told: Told, slug: str, event_type: str, data: Json, **more: str) -> Json:
    event = {
        "specversion": "1.0",
        "id": more.pop("id", f"{event_type} {sorted(data.items())}"[:120].replace("/", "-")),
        "source": f"urn:hub:partner:{slug}",
        "type": event_type,
        "data": data,
        **more,
    }
    answer = told.send(event).json()
    told.cursor = answer.get("cursor", told.cursor)
    return answer


def codes(finding: Json) -> set[tuple[str, str]]:
    return {(one["code"], one["verdict"]) for one in finding}


def test_s1_an_offer_is_proposed_with_reasons_and_the_draft_reserves_it(told: Told) -> None:
    told.tell(STORIES["s01"], "s01-06")
    item = only(told)
    proposal = item["proposal"]
    assert (item["need"], item["urgency"]) == (f"need:{SLUG_L}.N-0101", "urgent")
    assert proposal["offer"] == f"offer:{SLUG_N}.O-0101"
    reasons = {one["code"]: one for one in proposal["reasons"]}
    assert reasons["kinds"]["says"] == "Gives 1 of 1 kinds looked for: legal_defence."
    assert reasons["country"]["says"] == "The offer is for QM."
    assert reasons["capacity"]["says"] == "2 persons left, 1 needed."
    assert sum(one["points"] for one in proposal["reasons"]) == proposal["score"]
    assert {one["id"] for one in proposal["proofs"]} == {"s01-05", "s01-06"}
    draft = proposal["draft"]
    assert told.ask("/matches", SLUG_L)["automatic"] is False
    assert told.client.post("/api/v1/events", json=draft, headers=told.bearer(SLUG_L)).status_code == 422
    draft["data"]["accepted_by_person"] = True
    answer = told.client.post("/api/v1/events", json=draft, headers=told.bearer(SLUG_L))
    assert answer.status_code == 201
    told.cursor = answer.json()["cursor"]
    assert told.ask("/matches", SLUG_L)["items"] == []
    board = told.ask(f"/offers/{proposal['offer']}", SLUG_N)["board"]
    assert (board["capacity"], board["given"], board["left"]) == (2, 1, 1)
    match = board["matches"][0]
    assert (match["state"], match["waits_for"]) == ("proposed", [f"partner:{SLUG_N}"])
    send(told, SLUG_N, "support.matched", draft["data"])
    board = told.ask(f"/supports/{draft['data']['support']}", SLUG_L)["board"]
    assert (board["state"], board["waits_for"], board["holds"]) == ("confirmed", [], True)
    assert board["confirmed_by"] == [f"partner:{SLUG_L}", f"partner:{SLUG_N}"]


def test_s7_the_relocation_is_invisible_to_all_but_its_named_recipients(told: Told) -> None:
    told.tell(STORIES["s07"], "s07-06")
    readers = ("stewards", SLUG_Q, "veridane-bar", None)
    before = [told.ask("/matches", reader) for reader in readers]
    told.tell(STORIES["s07"])
    assert [told.ask("/matches", reader) for reader in readers] == before
    for reader in (*readers[:2], None):
        assert told.ask(f"/offers/offer:{SLUG_M}.O-0701", reader) is None
        assert told.ask(f"/supports/support:{SLUG_L}.S-0701", reader) is None
        assert told.ask(f"/needs/need:{SLUG_L}.N-0701", reader) is None


def test_s8_a_need_is_served_once_rests_after_harm_and_ends_when_the_person_says_stop(told: Told) -> None:
    story = STORIES["s08"]
    told.tell(story, "s08-03")
    item = only(told)
    assert item["proposal"]["offer"] == M_OFFER
    assert [one["offer"] for one in item["alternatives"]] == [N_OFFER]
    assert ("language", "warns") in codes(item["alternatives"][0]["reasons"])

    told.tell(story, "s08-04")
    # What is left to look for is the other kind; nobody offers it, and the answer says what would help.
    item = only(told)
    assert (item["looks_for"], item["proposal"]) == (["psychosocial"], None)
    assert item["helped_by"] == [f"partner:{SLUG_M}"]
    assert item["missing"]["says"] == "Missing: an offer of psychosocial for somebody in QM for 3 persons."

    told.tell(story, "s08-06")
    [review] = told.ask("/support/reviews", "stewards")["items"]
    assert (review["support"], review["safety_incident"]) == (SUPPORT, True)
    assert told.ask("/support/reviews", SLUG_L) is None
    assert told.ask(f"/offers/{M_OFFER}", SLUG_L)["board"]["paused"] == [SUPPORT]
    again = {"need": f"need:{SLUG_L}.N-0899", "for": f"lawyer:{SLUG_L}.L-0801", "expressed_by": "self"}
    send(told, SLUG_L, "need.expressed", {**again, "kinds": ["urgent_relocation"]}, tlp="red", id="again")
    item = only(told, need=again["need"])
    assert {one["offer"]: codes(one["blocks"]) for one in item["blocked"]} == {
        M_OFFER: {("paused", "blocks")},
        N_OFFER: {("paused", "blocks")},
    }
    matched = {"support": f"support:{SLUG_L}.S-0899", "need": again["need"], "offer": M_OFFER}
    refused = send(told, SLUG_L, "support.matched", {**matched, "accepted_by_person": True}, tlp="red")
    assert [one["code"] for one in refused["errors"]] == ["paused"]

    told.tell(story)
    for reader in (SLUG_L, SLUG_M, SLUG_N):
        board = told.ask(f"/needs/{NEED}", reader)["board"]
        assert (board["state"], board["looks_for"], board["withdrawn"]) == (
            "withdrawn", [], "2026-10-16T08:00:00Z",
        )  # fmt: skip
        feed = told.ask("/events", reader, about=NEED, limit="500")["events"]
        assert feed[-1]["id"] == "s08-07"
    [match] = told.ask(f"/offers/{M_OFFER}", SLUG_M)["board"]["matches"]
    assert (match["holds"], match["ended"]) == (False, "need_withdrawn")
    assert told.ask("/matches", SLUG_M)["items"] == []

    judged = {"about_event": "s08-06", "about_source": L, "verdict": "corroborates"}
    send(told, "stewards", "claim.assessed", judged, id="judged", tlp="amber+strict", audience=SLUG_L)
    assert told.ask("/support/reviews", "stewards")["items"] == []
    board = told.ask(f"/supports/{SUPPORT}", SLUG_L)["board"]
    assert (board["review_open"], len(board["incidents"][0]["judged"])) == (False, 1)
    assert only(told, need=again["need"])["proposal"] is not None


def test_s8_no_public_trace_is_left_even_in_counts(told: Told) -> None:
    story = STORIES["s08"]
    told.tell(story, "s08-00")
    asked = ("/matches", "/needs", "/supports", "/lawyers", "/countries", "/graph", "/events")
    before = [told.ask(address, None) for address in asked]
    told.tell(story)
    assert [told.ask(address, None) for address in asked] == before
    assert told.ask("/support/totals", None)["status"] == 401
    assert told.ask(f"/needs/{NEED}", None) is None
    totals = told.ask("/support/totals", SLUG_L)
    assert (totals["cells"], totals["suppressed"]) == ([], True)


def help_somebody(told: Told, number: int, person: int, kinds: tuple[str, ...] = ("medical",)) -> None:
    need = {"need": f"need:{SLUG_L}.T-{number}", "for": f"lawyer:{SLUG_L}.T-{person}", "kinds": list(kinds)}
    send(told, SLUG_L, "need.expressed", {**need, "expressed_by": "self"}, id=f"t-need-{number}")
    support = f"support:{SLUG_L}.T-{number}"
    matched = {
        "support": support,
        "need": need["need"],
        "offer": f"offer:{SLUG_M}.T",
        "accepted_by_person": True,
    }
    send(told, SLUG_L, "support.matched", matched, id=f"t-match-{number}")
    cost = {"amount": "100.50", "currency": "XTS"}
    given = {"support": support, "result": "delivered", "cost": cost}
    send(told, SLUG_L, "support.delivered", given, id=f"t-given-{number}")


def test_totals_hold_no_cell_of_fewer_than_five(told: Told) -> None:
    told.cursor = "begin"
    for number in range(5):
        profile = {"lawyer": f"lawyer:{SLUG_L}.T-{number}", "country_of_practice": "QM"}
        # What is told of another, and names this person too, says nothing of this person.
        profile["represented_by"] = f"lawyer:{SLUG_L}.T-{(number + 1) % 5}"
        send(told, SLUG_L, "lawyer.profiled", profile, id=f"t-person-{number}")
    for number in range(5):
        # The last one has been helped before: these are four persons.
        help_somebody(told, number, number % 4)
    assert told.ask("/support/totals", SLUG_L)["cells"] == []
    help_somebody(told, 5, 4)
    help_somebody(told, 6, 4, ("medical", "training"))
    said = {"kind": "medical", "country": "QM", "helped": 5, "supports": 6}
    totals = told.ask("/support/totals", SLUG_L)
    assert totals == {"smallest_cell": 5, "cells": [{**said, "costs": {"XTS": "603.00"}}], "suppressed": True}
    # Costs are for those alone who may see them.
    assert told.ask("/support/totals", SLUG_Q)["cells"] == [{**said, "costs": {}}]


def test_boards_say_what_is_known_of_things_of_which_little_is_known(told: Told) -> None:
    told.cursor = "begin"
    lawyer, threat = (
        f"lawyer:{SLUG_L}.B-1",
        {"threat": f"threat:{SLUG_L}.B-1", "categories": ["liberty.arrest"]},
    )
    blamed = [{"body": f"body:{SLUG_L}.B-9"}]
    reported = {**threat, "targets": [lawyer], "attributed_to": blamed}
    send(told, SLUG_L, "threat.reported", reported, id="b-threat")
    elsewhere = {**threat, "threat": f"threat:{SLUG_L}.B-2", "targets": [f"lawyer:{SLUG_L}.B-2"]}
    send(told, SLUG_L, "threat.reported", elsewhere, id="b-other")
    matched = {
        "support": f"support:{SLUG_L}.B-1",
        "need": f"need:{SLUG_L}.B-1",
        "offer": f"offer:{SLUG_M}.B-1",
    }
    send(told, SLUG_L, "support.matched", {**matched, "accepted_by_person": True}, id="b-match", tlp="green")
    for ref in matched.values():
        kind = ref.partition(":")[0]
        board = told.ask(f"/{kind}s/{ref}", SLUG_Q)["board"]
        assert board.get("state") == {"support": "proposed"}.get(kind)
    hidden = {**matched, "support": f"support:{SLUG_L}.B-2", "need": f"need:{SLUG_L}.B-2"}
    send(told, SLUG_L, "support.matched", {**hidden, "accepted_by_person": True}, id="b-hidden", tlp="red")
    given = {"support": hidden["support"], "result": "failed", "person_feedback": "no_change"}
    send(told, SLUG_L, "support.delivered", given, id="b-given", tlp="green")
    board = told.ask(f"/supports/{hidden['support']}", SLUG_Q)["board"]
    assert (board["state"], board["feedback"], "need" in board) == ("not_matched", "no_change", False)
    board = told.ask(f"/supports/{hidden['support']}", SLUG_L)["board"]
    assert (board["state"], board["ended"], board["holds"]) == ("proposed", "failed", False)
    assert told.ask("/support/totals", SLUG_L)["suppressed"] is False
    about = {
        "about": f"support:{SLUG_L}.B-3",
        "impact": "minor",
        "as_of": "2026-11",
        "method": "expert_judgement",
    }
    send(
        told,
        SLUG_L,
        "impact.assessed",
        {**about, "assessor": f"partner:{SLUG_L}"},
        id="b-impact",
        tlp="green",
    )
    assert "state" not in told.ask(f"/supports/support:{SLUG_L}.B-3", SLUG_Q)["board"]


def test_boards_of_a_past_moment_count_what_was_told_then(told: Told) -> None:
    told.tell(STORIES["s08"])
    then = told.ask(f"/needs/{NEED}", SLUG_L, as_of="2026-10-07")["board"]
    assert (then["state"], then["looks_for"], "proposals" in then) == ("open", ["psychosocial"], False)
    offer = told.ask(f"/offers/{M_OFFER}", SLUG_L, as_of="2026-10-07")["board"]
    assert (offer["given"], offer["paused"]) == (1, [])


def test_the_draft_of_a_need_for_few_is_for_few(told: Told) -> None:
    told.cursor = "begin"
    offer = {"offer": f"offer:{SLUG_M}.D", "by": f"partner:{SLUG_M}", "kinds": ["medical"]}
    send(told, SLUG_M, "offer.made", offer, id="d-offer")
    labels = {
        "red": f"{SLUG_N}/ann",
        "amber+strict": SLUG_N,
    }
    for number, (tlp, audience) in enumerate(labels.items()):
        need = {"need": f"need:{SLUG_L}.D-{number}", "for": f"lawyer:{SLUG_L}.D", "kinds": ["medical"]}
        label = {"tlp": tlp, "audience": audience}
        send(told, SLUG_L, "need.expressed", {**need, "expressed_by": "self"}, id=f"d-{number}", **label)
        item = only(told, need=f"need:{SLUG_L}.D-{number}")
        draft = (item["proposal"] or item["alternatives"][0])["draft"]
        wanted = audience if tlp == "red" else f"{SLUG_M},{SLUG_N}"
        assert (draft["tlp"], draft["audience"]) == (tlp, wanted)


def test_a_page_of_matches_and_those_of_one_offer(told: Told) -> None:
    told.cursor = "begin"
    for number, (urgency, kind) in enumerate(
        [("low", "medical"), ("urgent", "training"), ("high", "medical")]
    ):
        need = {"need": f"need:{SLUG_L}.P-{number}", "for": f"lawyer:{SLUG_L}.P-{number}", "kinds": [kind]}
        send(
            told,
            SLUG_L,
            "need.expressed",
            {**need, "expressed_by": "self", "urgency": urgency},
            id=f"p-{number}",
        )
    offer = {"offer": f"offer:{SLUG_M}.P", "by": f"partner:{SLUG_M}", "kinds": ["medical"], "capacity": 1}
    send(told, SLUG_M, "offer.made", offer, id="p-offer")
    page = told.ask("/matches", SLUG_L, limit="2")
    assert [one["urgency"] for one in page["items"]] == ["urgent", "high"]
    assert (page["total"], page["proposed"], page["next"]) == (3, 1, 2)
    rest = told.ask("/matches", SLUG_L, offset="2")["items"]
    assert (rest[0]["proposal"], rest[0]["missing"]["taken"]) == (None, True)
    assert [one["offer"] for one in rest[0]["alternatives"]] == [offer["offer"]]
    mine = told.ask("/matches", SLUG_M, offer=f"offer:{SLUG_M}.P")
    assert [one["need"] for one in mine["items"]] == [f"need:{SLUG_L}.P-2", f"need:{SLUG_L}.P-0"]
    assert told.ask("/needs/" + f"need:{SLUG_L}.P-2", SLUG_L)["board"]["proposals"] == 1
    assert "draft" not in str(told.ask("/matches", None))


def test_a_need_is_where_the_person_practises_else_where_the_last_threat_was(told: Told) -> None:
    told.cursor = "begin"
    lawyer, need = f"lawyer:{SLUG_L}.W-1", f"need:{SLUG_L}.W-1"
    asked = {"need": need, "for": lawyer, "kinds": ["training"], "expressed_by": "self"}
    send(told, SLUG_L, "need.expressed", asked, id="w-need")

    def where() -> Json:
        [item] = [one for one in told.ask("/matches", SLUG_L)["items"] if one["need"] == need]
        return item["country"]

    assert where() is None
    for number, country in enumerate(("QS", "QT")):
        threat = {
            "threat": f"threat:{SLUG_L}.W-{number}",
            "targets": [lawyer],
            "categories": ["liberty.arrest"],
        }
        send(
            told,
            SLUG_L,
            "threat.reported",
            {**threat, "place": {"country": country}},
            id=f"w-threat-{number}",
        )
        assert where() == country
    profile = {"lawyer": lawyer, "country_of_practice": "QS"}
    send(told, SLUG_L, "lawyer.profiled", profile, id="w-profile")
    assert where() == "QS"
