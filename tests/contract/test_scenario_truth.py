"""The stories told to a real hub: what the domain says must follow of claims, replies, impunity and impact."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_scenarios import STORIES, Told, hub

Json = Any
TOLD = ("s01", "s02", "s04", "s06", "s10", "s12")
H, L, O = "harbour-bar-watch", "lanterns-for-counsel", "open-docket"  # noqa: E741  # as the domain calls it
NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Give one hub to which the stories were told that need no moment of their own."""
    with hub(tmp_path_factory.mktemp("truth")) as told:
        for name in TOLD:
            told.tell(STORIES[name])
        yield told


def board(told: Told, ref: str, reader: str | None = "stewards") -> Json:
    kind = ref.partition(":")[0]
    found = told.ask(f"/{kind}s/{ref}", reader)
    return None if found is None else found["board"]


def late(story: Any) -> tuple[Json, ...]:
    """Return the events of the first story in an order in which what corroborates comes before what it is about."""
    events = [event for event in story.events if event["id"] != "s01-03"]
    assessed = next(event for event in story.events if event["id"] == "s01-03")
    return (events[0], assessed, *events[1:])


def test_s1_the_corroboration_counts_whenever_it_was_delivered(told: Told, tmp_path: Path) -> None:
    threat, letter = f"threat:{L}.T-0101", f"statement:{L}.ST-0101"
    mine = [board(told, ref) for ref in (threat, letter)]
    truth = mine[0]["truth"]
    assert truth["verification"] == "corroborated"
    [voice] = truth["claims"][0]["corroborated_by"]
    assert (voice["by"], voice["reliability"], voice["credibility"]) == (H, "B", "2")
    assert (truth["claims"][0]["reliability"], truth["claims"][0]["credibility"]) == ("B", "3")
    with hub(tmp_path) as other:
        other.tell(replace(STORIES["s01"], events=late(STORIES["s01"])))
        assert [board(other, ref) for ref in (threat, letter)] == mine


def test_s1_the_demand_that_was_met_and_the_one_that_was_answered(told: Told) -> None:
    letter = board(told, f"statement:{L}.ST-0101")
    access, release = letter["demands"]
    assert (access["state"], release["state"]) == ("answered", "achieved")
    assert {one["event"]["id"] for one in release["answers"]} >= {"s01-14", "s01-17"}
    assert (letter["clock"]["clock"], letter["clock"]["due"], letter["clock"]["state"]) == (
        "own",
        "2026-11-20",
        "stopped",
    )
    assert [one["in_time"] for one in letter["replies"]] == [True]


def test_s1_a_complaint_moves_the_impunity_clock_and_does_not_stop_it(told: Told) -> None:
    found = board(told, f"threat:{L}.T-0101")["accountability"]
    assert [one["step"] for one in found["steps"]] == ["complaint_filed"]
    assert (found["clock"]["state"], found["clock"]["counts_from"], found["clock"]["since"]) == (
        "running", "complaint_filed", "2026-11-16",
    )  # fmt: skip
    listed = told.ask("/impunity", country="QM")
    assert [one["ref"] for one in listed["items"]] == [f"threat:{L}.T-0101"]


def test_s2_a_statement_signed_between_the_judgements_waits_for_review(told: Told) -> None:
    statement = f"statement:{L}.ST-0201"
    assert board(told, statement)["banner"]["code"] == "STALE_FACT"
    waits = told.ask("/review", L, reason="stale")["items"]
    assert statement in {one["ref"] for one in waits}


def test_s2_who_may_be_one_is_counted_as_two_within_a_range(tmp_path: Path) -> None:
    with hub(tmp_path) as told:
        told.tell(STORIES["s02"], "s02-03")
        assert told.ask("/impunity", country="QN")["units"] == {"count": 2, "range": [2, 2]}
        judged = {"left": f"threat:{L}.T-0201", "right": f"threat:{O}.T-0202", "judgement": "unsure"}
        event = {
            "specversion": "1.0",
            "id": "x-1",
            "source": f"urn:hub:partner:{H}",
            "type": "identity.judged",
        }
        answer = told.send({**event, "data": {**judged, "basis": ["same_incident"], "confidence": 0.5}})
        told.cursor = answer.json()["cursor"]
        assert told.ask("/impunity", country="QN")["units"] == {"count": 2, "range": [1, 2]}
        assert all("possibly_double" in one["reasons"] for one in told.ask("/review", country="QN")["items"])
        told.tell(STORIES["s02"], "s02-04")
        assert told.ask("/impunity", country="QN")["units"]["count"] == 2


def test_s4_the_statement_stays_under_a_banner_with_the_notice(told: Told) -> None:
    statement = f"statement:{L}.ST-0401"
    for reader in ("stewards", None):
        found = board(told, statement, reader)
        banner = found["banner"]
        assert (banner["code"], banner["facts"]) == ("FACTS_WITHDRAWN", ["s04-00b"])
        [notice] = banner["notices"]
        assert notice["public_notice"].startswith("We reported an attempt")
        address = notice["link"].removeprefix("/api/v1")
        assert told.ask(address, reader)["event"]["id"] == "s04-01"
        assert [(one["id"], one["state"]) for one in found["facts"]] == [("s04-00b", "retracted")]
        assert [one["statement"] for one in found["later"]] == [f"statement:{L}.ST-0402"]
        assert [one["event"]["id"] for one in found["corrections"]] == ["s04-04"]
    quill = next(
        one for one in board(told, statement)["signatories"] if one["who"] == "partner:quill-network"
    )
    assert (quill["withdrew"]["on"], quill["withdrew"]["reason"]) == ("2026-08-03T10:00:00Z", "facts_changed")
    assert quill["withdrew"]["remove_from_published"] is True


def test_s4_the_threat_counts_for_nothing_any_more(told: Told) -> None:
    threat = f"threat:{O}.T-0401"
    assert threat not in str(told.ask("/impunity")["items"])
    assert board(told, threat)["truth"]["units"]["count"] == 0
    assert threat not in {one["ref"] for one in told.ask("/review")["items"]}


def test_s4_stewards_alone_see_how_much_a_partner_retracts(told: Told) -> None:
    rates = {one["partner"]: one for one in told.ask("/retractions")["items"]}
    assert (rates[f"partner:{O}"]["retracted"], rates[f"partner:{O}"]["reasons"]) == (1, {"false": 1})
    assert 0 < rates[f"partner:{O}"]["rate"] < 1
    assert [told.ask("/retractions", reader) for reader in (O, H, None)] == [None] * 3
    # Its reliability stays what it said of each event.
    assert board(told, f"threat:{O}.T-0202")["truth"]["claims"][0]["reliability"] != "F"


def seen(told: Told, reader: str | None) -> Json:
    return told.ask(f"/threats/threat:{L}.T-0501", reader)


def marked(told: Told) -> list[Json]:
    """Return what the timekeeper says, once it has: it looks once a second."""
    for _ in range(5_000):
        answer = told.client.get("/api/v1/events", params={"type": "claim.assessed"}, headers=told.bearer(O))
        found: list[Json] = answer.json()["events"]
        if found:
            return found
    raise AssertionError("The timekeeper said nothing.")


def test_s5_a_claim_whose_only_source_was_erased_is_unsupported_until_verified(tmp_path: Path) -> None:
    story = STORIES["s05"]
    with hub(tmp_path, NOW) as told:
        told.tell(story, "s05-00e")
        assert seen(told, None) is not None
        told.tell(story, "s05-03b")
        marks = marked(told)
        assert [(one["source"], one["data"]["about_event"]) for one in marks] == [
            ("urn:hub:partner:hub", "s05-00c")
        ]
        assert seen(told, None) is None
        assert "T-0501" not in str(told.ask("/events", None, limit="500"))
        assert seen(told, O)["board"]["truth"]["verification"] == "unsupported"
        waits = told.ask("/review", O, reason="unsupported")["items"]
        assert [one["ref"] for one in waits] == [f"threat:{L}.T-0501"]
        # Two that others support too stand as they did.
        assert board(told, f"threat:{L}.T-0502", O)["truth"]["verification"] == "unverified"
        told.tell(story)
        assert seen(told, None)["board"]["truth"]["claims"][0]["event"]["id"] == "s05-00c"
        assert seen(told, O)["board"]["truth"]["verification"] == "verified"
        assert told.ask("/review", O, reason="unsupported")["items"] == []


def test_s6_between_dispute_and_corroboration_nothing_is_picked_silently(tmp_path: Path) -> None:
    threat = f"threat:{L}.T-0601"
    with hub(tmp_path) as told:
        told.tell(STORIES["s06"], "s06-04c")
        for reader in (H, None):
            card = board(told, threat, reader)["truth"]["card"]["victim_status"]
            assert card["says"] == (
                "disputed: released.conditional (2026-10-01) / detained.investigation (2026-10-02)"
                " / denied by authority"
            )
            assert "value" not in card
        undisputed = card["undisputed"]
        assert (undisputed["value"], undisputed["as_of"]) == ("detained.investigation", "2026-08-30")
        assert told.ask("/review", H, reason="disputed")["items"][0]["ref"] == threat
        told.tell(STORIES["s06"], "s06-05")
        card = board(told, threat, H)["truth"]["card"]["victim_status"]
        assert (card["disputed"], card["value"]) == (False, "detained.investigation")


def test_s6_history_keeps_both_intervals_and_the_denial_its_own_grade(told: Told) -> None:
    truth = board(told, f"threat:{L}.T-0601", H)["truth"]
    rows = [(one["value"], one["since"], one["until"]) for one in truth["history"]["victim_status"]]
    assert ("released.conditional", "2026-10-01", "2026-10-02") in rows
    assert ("detained.trial", "2026-10-02", None) in rows
    [denial] = truth["denied"]
    assert (denial["by"], denial["kind"]) == (f"body:{H}.qt-ministry-of-justice", "denies_facts")
    assert (denial["reliability"], denial["credibility"], denial["verification"]) == ("D", "5", "unverified")
    assert truth["units"] == {"count": 1, "range": [1, 1]}


@pytest.mark.parametrize("source", [{}, {"about_source": f"urn:hub:partner:{L}"}])
def test_nobody_verifies_his_own_event(told: Told, source: Json) -> None:
    data = {
        "about_event": "s06-01",
        **source,
        "verdict": "verifies",
        "provenance": {"source_kind": "court_record"},
    }
    event = {"specversion": "1.0", "id": "own-1", "source": f"urn:hub:partner:{L}", "type": "claim.assessed"}
    answer = told.send({**event, "data": data})
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/data/about_source", "own_event")
    ]


def test_verified_needs_two_independent_sources_or_an_official_document(told: Told) -> None:
    event = {"specversion": "1.0", "id": "one-1", "source": f"urn:hub:partner:{H}", "type": "claim.assessed"}
    data = {"about_event": "s06-01", "about_source": f"urn:hub:partner:{L}", "verdict": "verifies"}
    for provenance in (
        {"source_kind": "witness", "credibility": "2"},
        {"credibility": "1", "independent_sources": 1},
    ):
        assert told.send({**event, "data": {**data, "provenance": provenance}}).status_code == 422


def test_s10_the_pledge_links_back_to_the_demand_and_no_clock_starts(told: Told) -> None:
    statement, promise = f"statement:{L}.ST-1002", f"commitment:{H}.CM-1001"
    for reader in ("stewards", None):
        found = board(told, statement, reader)
        [demand] = found["demands"]
        assert demand["state"] == "pledged"
        assert promise in [one.get("commitment") for one in demand["answers"]]
        assert (found["clock"]["state"], found["clock"]["due"], found["clock"]["days"]) == (
            "none",
            None,
            None,
        )
        [back] = board(told, promise, reader)["answers"]
        assert (back["statement"], back["demand"]["id"]) == (statement, "d1")


def test_the_scoreboard_counts_what_its_reader_sees(told: Told) -> None:
    ministry = f"body:{H}.qn-ministry-of-justice"
    lines = {one["key"]: one for one in told.ask("/replies", None)["items"]}
    assert (lines[ministry]["asked"], lines[ministry]["answered"], lines[ministry]["median_days"]) == (
        1,
        1,
        11,
    )
    assert f"body:{L}.qm-prosecution" not in lines
    kinds = {one["key"]: one["asked"] for one in told.ask("/replies", by="kind")["items"]}
    assert (kinds["letter_private"], kinds["oral_statement_hrc"]) == (2, 1)


def test_s12_impact_is_a_distribution_and_counts_once_as_mixed(told: Told) -> None:
    found = board(told, f"action:{L}.A-1201")["impact"]
    assert found["distribution"] == {"minor": 1, "strong_positive": 1}
    assert found["by_assessor"] == {"lead": {"strong_positive": 1}, "verifier": {"minor": 1}} or (
        found["by_assessor"] == {"lead": {"strong_positive": 1}, "other": {"minor": 1}}
    )
    works = told.ask("/what-works", by="kind,country")
    row = next(one for one in works["items"] if one["kind"] == "law_reform_advocacy")
    assert (row["country"], row["cases"], row["results"]) == ("QP", 1, {"mixed": 1})
    assert works["coverage"]["completed_not_assessed"] == 0
    assert told.ask("/what-works", None)["items"] == []


def test_a_parameter_with_a_word_that_is_none_of_its_own_is_refused(told: Told) -> None:
    for address in (
        "/replies?by=colour",
        "/review?reason=dull",
        "/what-works?by=colour",
        "/what-works?kind=A",
    ):
        assert told.client.get(f"/api/v1{address}", headers=told.bearer("stewards")).status_code == 400
