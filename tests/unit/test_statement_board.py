"""The board of a statement: what became of demands, who replied in time, whether the facts hold, who withdrew."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from events.audience import PUBLIC, Reader
from projections.boards.catalogue import BOARDS
from projections.boards.statements.board import statement_board
from projections.boards.statements.clocks import load_clocks
from projections.boards.statements.scoreboard import scoreboard
from projections.reading_room import ReadingRoom
from schemas.registry import Registry
from tests.logs import PARTNER, Ask, MemoryLog

Json = Any
NOW = datetime(2026, 12, 1, tzinfo=UTC)
ST, BODY, COURT = (
    "statement:harbour-bar-watch.1",
    "body:harbour-bar-watch.ministry",
    "body:harbour-bar-watch.court",
)
THREAT, ACTION = "threat:harbour-bar-watch.1", "action:harbour-bar-watch.1"
PROMISE, POLICY = "commitment:harbour-bar-watch.1", "policy:harbour-bar-watch.1"
DEMANDS = [
    {"id": "d1", "text": {"en": "Release counsel."}, "outcome_sought": "released"},
    {"id": "d2", "text": {"en": "Change the law."}, "outcome_sought": "law_improved"},
]


def issue(log: MemoryLog, **said: Json) -> Json:
    data = {"statement": ST, "kind": "letter_public", "issued": "2026-11-06", "title": {"en": "Letter"},
            "about": [THREAT], "addressees": [BODY], "demands": DEMANDS}  # fmt: skip
    envelope = {name: said.pop(name) for name in ("tlp", "id", "time") if name in said}
    data = {name: value for name, value in {**data, **said}.items() if value is not None}
    return log.add("statement.issued", data, subject=data["statement"], **{"tlp": "clear", **envelope})


def reply(log: MemoryLog, kind: str, received: str, slug: str = "harbour-bar-watch", **said: Json) -> Json:
    data = {"statement": ST, "kind": kind, "received": received, "from": BODY, **said}
    return log.add("response.received", data, slug, tlp="clear", subject=ST)


def board(ask: Ask, reader: Reader = PUBLIC, now: datetime = NOW, ref: str = ST) -> Json:
    return statement_board(ask(reader).papers(now), ref)


def states(ask: Ask, reader: Reader = PUBLIC) -> list[str]:
    return [one["state"] for one in board(ask, reader)["demands"]]


def test_demands_are_open_until_somebody_answers(log: MemoryLog, ask: Ask) -> None:
    issue(log)
    assert states(ask) == ["open", "open"]
    reply(log, "no_reply_by_deadline", "2026-11-20")
    assert states(ask) == ["unanswered", "unanswered"]
    reply(log, "acknowledged_receipt", "2026-11-21")
    assert states(ask) == ["answered", "answered"]
    reply(log, "favourable", "2026-11-22", demands=["d1"])
    assert states(ask) == ["accepted", "answered"]
    # The last word counts, by world date and not by arrival.
    reply(log, "justifies", "2026-11-30")
    reply(log, "pledge_help", "2026-11-24")
    assert states(ask) == ["refused", "refused"]
    assert [one["kind"] for one in board(ask)["replies"]] == [
        "no_reply_by_deadline", "acknowledged_receipt", "favourable", "pledge_help", "justifies",
    ]  # fmt: skip


def test_a_promise_that_a_reply_names_answers_the_demand_and_is_followed(log: MemoryLog, ask: Ask) -> None:
    issue(log)
    reply(log, "pledge_law_reform", "2026-11-20", demands=["d2"], pledges=[PROMISE])
    promise = {"commitment": PROMISE, "by": BODY, "text": {"en": "A bill."}, "made": "2026-11-20"}
    log.add("commitment.made", promise, tlp="clear", subject=PROMISE)
    assert states(ask) == ["open", "pledged"]
    [_, demand] = board(ask)["demands"]
    assert [one["by"] for one in demand["answers"]] == ["reply", "commitment"]
    [back] = BOARDS["commitment"](ask(PUBLIC).papers(NOW), PROMISE)["answers"]
    assert (back["statement"], back["demand"]["id"]) == (ST, "d2")
    for state, reporter, expected in (("on_track", "self", "pledged"), ("fulfilled", "self", "kept"),
                                      ("broken", "independent", "disputed"), ("fulfilled", "independent", "kept"),
                                      ("withdrawn", "self", "disputed"), ("broken", "independent", "disputed"),
                                      ("broken", "self", "broken")):  # fmt: skip
        said = {"commitment": PROMISE, "state": state, "reporter": reporter, "by": "partner:open-docket"}
        log.add("commitment.progressed", said, tlp="clear", subject=PROMISE)
        assert states(ask) == ["open", expected]


def test_a_promise_that_serves_what_a_statement_is_about_answers_it_if_it_came_later(
    log: MemoryLog, ask: Ask
) -> None:
    issue(log, about=[POLICY])
    for number, made in ((2, "2026-11-01"), (3, "2026-11-09")):
        promise = {"commitment": f"{PROMISE[:-1]}{number}", "by": BODY, "made": made, "supports": [POLICY]}
        log.add("commitment.made", {**promise, "text": {"en": "A bill."}}, tlp="clear")
    [first, _] = board(ask)["demands"]
    assert [one.get("commitment") for one in first["answers"]] == [f"{PROMISE[:-1]}3"]


def test_what_happened_since_is_told_beside_a_demand(log: MemoryLog, ask: Ask) -> None:
    issue(log, about=[THREAT, POLICY], action=ACTION)
    moved = {"threat": THREAT, "changes": {"status": "ended"}, "outcome": ["released"]}
    log.add("threat.updated", {**moved, "as_of": "2026-11-01"}, tlp="clear")
    assert states(ask) == ["open", "open"]
    log.add("threat.updated", {**moved, "as_of": "2026-11-09"}, tlp="clear")
    assert states(ask) == ["achieved", "open"]
    law = {"policy": POLICY, "title": {"en": "Act"}, "instrument": "statute", "country": "QM"}
    log.add(
        "policy.changed",
        {**law, "stage": "draft", "direction": "strengthens", "as_of": "2026-11-10"},
        tlp="clear",
    )
    log.add(
        "policy.changed",
        {**law, "stage": "adopted", "direction": "mixed", "as_of": "2026-11-11"},
        tlp="clear",
    )
    log.add(
        "policy.changed",
        {**law, "stage": "repealed", "direction": "weakens", "as_of": "2026-11-12"},
        tlp="clear",
    )
    assert states(ask) == ["achieved", "open"]
    log.add(
        "policy.changed",
        {**law, "stage": "in_force", "direction": "strengthens", "as_of": "2026-11-13"},
        tlp="clear",
    )
    assert states(ask) == ["achieved", "achieved"]
    assert [one["by"] for one in board(ask)["demands"][1]["answers"]] == ["policy"]


def test_an_outcome_that_was_refuted_is_none(log: MemoryLog, ask: Ask) -> None:
    issue(log)
    moved = {"threat": THREAT, "changes": {"status": "ended"}, "outcome": ["released"], "as_of": "2026-11-09"}
    event = log.add("threat.updated", moved, tlp="clear")
    about = {"about_event": event.id, "about_source": event.source, "verdict": "refutes"}
    log.add("claim.assessed", about, "open-docket", tlp="green")
    assert (states(ask), states(ask, PARTNER)) == (["achieved", "open"], ["open", "open"])


def test_the_clock_runs_stops_and_runs_out_by_the_hubs_moment(log: MemoryLog, ask: Ask) -> None:
    issue(log, kind="wgad_communication")
    clock = board(ask)["clock"]
    assert (clock["state"], clock["due"], clock["left"], clock["days"]) == ("running", "2027-01-05", 35, 60)
    last, after = datetime(2027, 1, 5, 23, tzinfo=UTC), datetime(2027, 1, 6, tzinfo=UTC)
    assert board(ask, now=last)["clock"]["state"] == "running"
    assert board(ask, now=after)["clock"]["state"] == "run_out"
    reply(log, "acknowledged_receipt", "2026-12-01")
    assert board(ask, now=after)["clock"]["state"] == "run_out"
    late = reply(log, "justifies", "2027-01-06")
    clock = board(ask, now=after)["clock"]
    assert (clock["state"], clock["reply"]["id"]) == ("late", late.id)
    reply(log, "denies_facts", "2026-12-24")
    found = board(ask, now=after)
    assert found["clock"]["state"] == "stopped"
    assert [one["in_time"] for one in found["replies"]] == [True, True, False]
    assert found["addressees"] == [{"body": BODY, "reply": "justifies"}]


def test_what_is_said_at_a_session_of_the_council_starts_no_clock(log: MemoryLog, ask: Ask) -> None:
    issue(log, kind="oral_statement_hrc", session={"mechanism": COURT}, addressees=None)
    found = board(ask)
    assert (found["clock"]["state"], found["clock"]["due"]) == ("none", None)
    assert found["addressees"] == [{"body": COURT, "reply": None}]
    reply(log, "favourable", "2026-11-20")
    assert "in_time" not in board(ask)["replies"][0]


def test_a_deadline_that_the_timekeeper_says_has_passed_leaves_demands_unanswered(
    log: MemoryLog, ask: Ask
) -> None:
    event = issue(log, reply_expected_by="2026-11-20")
    passed = {"kind": "reply_due", "about_event": {"source": event.source, "id": event.id}, "ref": ST}
    log.add("deadline.passed", {**passed, "due": "2026-11-21T00:00:00Z"}, "hub", tlp="red", subject=ST)
    found = board(ask)
    told = [one["state"] for one in found["demands"]]
    assert told == (["unanswered", "unanswered"] if "passed" in found["clock"] else ["open", "open"])
    assert found["clock"]["state"] == "run_out"


def test_kinds_of_bodies_decide_where_a_clock_asks_for_them(
    registry: Registry, log: MemoryLog, tmp_path: Path
) -> None:
    (tmp_path / "clocks.json").write_text(
        '{"clocks": [{"name": "courts", "body_kinds": ["court"], "days": 10}]}'
    )
    room = ReadingRoom(registry, log, tmp_path / "own.db", reply_clocks=load_clocks(tmp_path / "clocks.json"))
    try:
        issue(log)
        room.catch_up()
        assert statement_board(room.purge(PUBLIC).papers(NOW), ST)["clock"]["state"] == "none"
        log.add(
            "body.profiled",
            {"body": BODY, "kind": "court", "name": {"en": "Court"}, "country": "QM"},
            tlp="green",
        )
        room.catch_up()
        assert statement_board(room.purge(PUBLIC).papers(NOW), ST)["clock"]["state"] == "none"
        assert statement_board(room.purge(PARTNER).papers(NOW), ST)["clock"]["due"] == "2026-11-16"
    finally:
        room.stop()


def test_facts_bear_their_present_state_and_hidden_ones_none(log: MemoryLog, ask: Ask) -> None:
    for number in range(1, 6):
        log.threat(number, tlp="clear", id=f"f{number}")
    log.threat(6, tlp="amber+strict", id="f6")
    issue(log, facts_from=["f1", "f2", "f3", "f4", "f6", "f9"])
    assert {one["state"] for one in board(ask)["facts"]} == {"active", "not_seen"}
    assert board(ask)["banner"] is None
    log.correct("f2", ("/occurred", "2026-11-03"), tlp="clear")
    about = {"about_event": "f3", "about_source": "urn:hub:partner:harbour-bar-watch", "verdict": "disputes"}
    log.add("claim.assessed", about, "open-docket", tlp="green")
    found = board(ask)
    assert [one["state"] for one in found["facts"]] == [
        "active",
        "corrected",
        "active",
        "active",
        "not_seen",
        "not_seen",
    ]
    assert found["facts"][1]["changed"] == ["/occurred"]
    assert (found["banner"]["code"], found["banner"]["facts"]) == ("STALE_FACT", ["f2"])
    assert board(ask, PARTNER)["facts"][2]["state"] == "disputed"
    log.retract("f4", public_notice="It did not happen.")
    # The notice is green.
    assert board(ask)["banner"] == {"code": "FACTS_WITHDRAWN", "facts": ["f4"], "notices": []}
    withdrawn = board(ask, PARTNER)["banner"]
    assert (withdrawn["code"], withdrawn["facts"]) == ("FACTS_WITHDRAWN", ["f4"])
    assert withdrawn["notices"][0]["public_notice"] == "It did not happen."
    assert withdrawn["notices"][0]["link"].startswith("/api/v1/events/urn:hub:partner:harbour-bar-watch/e")


def test_a_fact_that_was_said_twice_is_stale_and_not_withdrawn(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear", id="f1")
    issue(log, facts_from=["f1"])
    log.retract("f1", "duplicate_of")
    banner = board(ask, PARTNER)["banner"]
    assert (banner["code"], banner["notices"][0]["reason"]) == ("STALE_FACT", "duplicate_of")


def test_corrections_and_later_statements_stand_beside_a_statement(log: MemoryLog, ask: Ask) -> None:
    first = issue(log)
    issue(log, statement=f"{ST[:-1]}2", about=[ST], title={"en": "Correction"}, kind="press_release")
    log.correct(first.id, ("/title", {"en": "Withdrawn"}), tlp="clear")
    found = board(ask)
    assert [one["changed"] for one in found["corrections"]] == [["/title"]]
    assert [one["statement"] for one in found["later"]] == [f"{ST[:-1]}2"]


def test_who_withdrew_stays_and_is_said_to_have_withdrawn(log: MemoryLog, ask: Ask) -> None:
    signed = [
        {"who": f"partner:{one}", "capacity": "co_signatory"} for one in ("quill-network", "open-docket")
    ]
    issue(log, action=ACTION, signatories=signed)
    for slug in ("quill-network", "open-docket"):
        mine = {"action": ACTION, "partner": f"partner:{slug}"}
        log.add("action.joined", {**mine, "role": "signatory", "joined": "2026-11-05T10:00:00Z"}, slug)
        log.add("action.left", {**mine, "left": "2026-11-08T10:00:00Z", "reason": "facts_changed"}, slug)
    log.add("action.joined", {"action": ACTION, "partner": "partner:open-docket", "role": "signatory",
                              "joined": "2026-11-09T10:00:00Z"}, "open-docket")  # fmt: skip
    quill, docket = board(ask, PARTNER)["signatories"]
    assert (quill["who"], quill["withdrew"]["on"], quill["withdrew"]["reason"]) == (
        "partner:quill-network", "2026-11-08T10:00:00Z", "facts_changed",
    )  # fmt: skip
    assert "withdrew" not in docket
    assert all("withdrew" not in one for one in board(ask)["signatories"])


def test_a_reply_without_a_date_came_when_it_was_told(log: MemoryLog, ask: Ask) -> None:
    issue(log, reply_expected_by="2026-11-05")
    log.add(
        "response.received", {"statement": ST, "kind": "justifies", "from": BODY}, tlp="clear", subject=ST
    )
    assert board(ask)["clock"]["state"] == "stopped"
    assert line(ask, "body", BODY)["median_days"] == 0


def test_a_statement_that_is_only_named_has_an_empty_board(log: MemoryLog, ask: Ask) -> None:
    reply(log, "favourable", "2026-11-20")
    found = board(ask)
    assert (found["demands"], found["facts"], found["signatories"], found["addressees"]) == ([], [], [], [])
    assert [one["kind"] for one in found["replies"]] == ["favourable"]


def line(ask: Ask, by: Any, key: str, reader: Reader = PUBLIC) -> Json:
    found = scoreboard(ask(reader).papers(NOW), by, 50, 0)
    return next(one for one in found["items"] if one["key"] == key)


def test_the_scoreboard_counts_what_was_asked_answered_and_how_soon(log: MemoryLog, ask: Ask) -> None:
    issue(log)
    assert line(ask, "body", BODY)["demands"] == {"open": 2}
    issue(log, statement=f"{ST[:-1]}2", reply_expected_by="2026-11-20", session={"mechanism": COURT})
    issue(log, statement=f"{ST[:-1]}3", tlp="green")
    issue(log, statement=f"{ST[:-1]}4", addressees=None, demands=None, kind="petition")
    reply(log, "justifies", "2026-11-16")
    reply(log, "favourable", "2026-11-18")
    asked = line(ask, "body", BODY)
    assert {name: asked[name] for name in ("asked", "answered", "run_out", "median_days")} == {
        "asked": 2, "answered": 1, "run_out": 1, "median_days": 10,
    }  # fmt: skip
    assert (asked["replies"], asked["demands"]) == (
        {"favourable": 1, "justifies": 1},
        {"accepted": 2, "open": 2},
    )
    assert line(ask, "body", BODY, PARTNER)["asked"] == 3
    assert line(ask, "mechanism", COURT)["asked"] == 1
    assert line(ask, "kind", "petition")["answered"] == 0
    assert line(ask, "body", "none")["asked"] == 1
    page = scoreboard(ask(PUBLIC).papers(NOW), "kind", 1, 0)
    assert (page["total"], page["next"], page["items"][0]["key"]) == (2, 1, "letter_public")


def test_the_scoreboard_follows_promises_and_what_happens(log: MemoryLog, ask: Ask) -> None:
    issue(log, about=[POLICY])
    reply(log, "pledge_law_reform", "2026-11-20", pledges=[PROMISE])
    assert line(ask, "body", BODY)["demands"] == {"pledged": 2}
    promise = {"commitment": PROMISE, "by": BODY, "text": {"en": "A bill."}, "made": "2026-11-20"}
    log.add("commitment.made", promise, tlp="clear")
    said = {"commitment": PROMISE, "state": "fulfilled", "reporter": "self", "by": "partner:open-docket"}
    log.add("commitment.progressed", said, tlp="clear")
    assert line(ask, "body", BODY)["demands"] == {"kept": 2}
    served = {**promise, "commitment": f"{PROMISE[:-1]}2", "supports": [POLICY]}
    log.add("commitment.made", served, tlp="clear")
    assert line(ask, "body", BODY)["demands"] == {"kept": 2}
    broken = {**said, "commitment": f"{PROMISE[:-1]}2", "state": "broken"}
    log.add("commitment.progressed", broken, tlp="clear")
    assert line(ask, "body", BODY)["demands"] == {"broken": 2}
    law = {
        "policy": POLICY,
        "title": {"en": "Act"},
        "instrument": "statute",
        "country": "QM",
        "as_of": "2026-11-22",
    }
    log.add("policy.changed", {**law, "stage": "in_force", "direction": "strengthens"}, tlp="clear")
    assert line(ask, "body", BODY)["demands"] == {"achieved": 1, "broken": 1}


def story(log: MemoryLog, chance: Random) -> None:
    """Tell of a statement, its replies and promises; ids and times are those of the story, not of the telling."""
    steps: list[tuple[str, Json, str]] = [
        ("statement.issued", {"statement": ST, "kind": "wgad_communication", "title": {"en": "Letter"},
                              "about": [THREAT], "addressees": [BODY], "demands": DEMANDS,
                              "issued": "2026-11-06"}, "clear"),
        ("response.received", {"statement": ST, "kind": "justifies", "from": BODY, "received": "2026-11-10"}, "clear"),
        ("response.received", {"statement": ST, "kind": "pledge_help", "from": BODY, "received": "2026-11-10",
                               "pledges": [PROMISE]}, "green"),
        ("commitment.made", {"commitment": PROMISE, "by": BODY, "text": {"en": "Aid."}, "made": "2026-11-10"}, "clear"),
        ("threat.updated", {"threat": THREAT, "changes": {"status": "ended"}, "outcome": ["released"],
                            "as_of": "2026-11-12"}, "clear"),
    ]  # fmt: skip
    told = [(f"x{place}", f"2026-11-{place + 10}T08:00:00Z", *step) for place, step in enumerate(steps)]
    chance.shuffle(told)
    for name, time, kind, data, tlp in told:
        log.add(kind, data, tlp=tlp, id=name, time=time)


@pytest.mark.parametrize("number", range(4))
def test_reports_in_any_order_make_the_same_board(registry: Registry, tmp_path: Path, number: int) -> None:
    found = []
    for turn in range(2):
        log = MemoryLog()
        story(log, Random(10 * number + turn))
        room = ReadingRoom(registry, log, tmp_path / f"{number}-{turn}.db")
        room.catch_up()
        found.append([statement_board(room.purge(one).papers(NOW), ST) for one in (PUBLIC, PARTNER)])
        room.stop()
    assert found[0] == found[1]
    assert [one["state"] for one in found[0][0]["demands"]] == ["achieved", "refused"]
    assert [one["state"] for one in found[0][1]["demands"]] == ["achieved", "pledged"]
