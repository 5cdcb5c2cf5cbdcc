"""What is claimed of a threat: verification, both sides of a dispute, history, denials, counts."""

from datetime import UTC, datetime
from typing import Any

from events.audience import PUBLIC, Reader
from projections.boards.catalogue import BOARDS
from projections.boards.truth.board import truth_of
from projections.boards.truth.units import count_of, units_of
from projections.graph.query import GraphQuery
from tests.logs import OWNER, PARTNER, Ask, MemoryLog

Json = Any
NOW = datetime(2026, 12, 1, tzinfo=UTC)
OWN, DOCKET, QUILL = "harbour-bar-watch", "open-docket", "quill-network"
THREAT, LAWYER = f"threat:{OWN}.1", f"lawyer:{OWN}.1"
ST, BODY = f"statement:{OWN}.1", f"body:{OWN}.ministry"


def board(ask: Ask, reader: Reader = PARTNER, ref: str = THREAT) -> Json:
    return truth_of(ask(reader).papers(NOW), ref)


def report(log: MemoryLog, no: int = 1, **said: Json) -> Json:
    """Record a report whose event is called `r` and its number."""
    data = {
        "threat": f"threat:{OWN}.{no}",
        "targets": [f"lawyer:{OWN}.{no}"],
        "categories": ["liberty.arrest"],
        **said,
    }
    return log.add("threat.reported", data, tlp="clear", id=f"r{no}", subject=data["threat"])


def moved(log: MemoryLog, status: str, as_of: str | None, slug: str = OWN, **said: Json) -> Json:
    data = {
        "threat": THREAT,
        "changes": {"victim_status": status},
        **({"as_of": as_of} if as_of else {}),
        **said,
    }
    return log.add("threat.updated", data, slug, tlp="clear", subject=THREAT)


def assess(log: MemoryLog, event: Json, verdict: str, slug: str = DOCKET, **said: Json) -> Json:
    data = {"about_event": event.id, "about_source": event.source, "verdict": verdict, **said}
    return log.add("claim.assessed", data, slug, tlp="green")


def test_two_axes_stay_two_and_nobody_raises_his_own_claim(log: MemoryLog, ask: Ask) -> None:
    event = report(log, provenance={"source_kind": "witness", "reliability": "B", "credibility": "3"})
    assess(log, event, "verifies", OWN)
    found = board(ask)
    assert found["verification"] == "unverified"
    [claim] = found["claims"]
    grade = {name: claim[name] for name in ("reliability", "credibility", "source_kind", "by")}
    assert grade == {"reliability": "B", "credibility": "3", "source_kind": "witness", "by": OWN}
    assert [one["own"] for one in claim["corroborated_by"]] == [True]


def test_a_claim_bears_who_speaks_for_and_against_it(log: MemoryLog, ask: Ask) -> None:
    event = report(log)
    for verdict in ("corroborates", "disputes", "refutes", "cannot_judge"):
        assess(log, event, verdict, QUILL, note=verdict, fields=["/occurred"])
    assess(log, event, "unheard", DOCKET)
    [claim] = board(ask)["claims"]
    said = {name: [one["note"] for one in claim[name]] for name in claim if name.endswith("_by")}
    assert said == {
        "corroborated_by": ["corroborates"], "disputed_by": ["disputes"], "refuted_by": ["refutes"],
        "judged_by": ["cannot_judge"],
    }  # fmt: skip
    [voice] = claim["disputed_by"]
    assert (voice["by"], voice["fields"], voice["reliability"], "own" in voice) == (
        QUILL,
        ["/occurred"],
        "F",
        False,
    )
    assert (claim["verification"], board(ask, PUBLIC)["verification"]) == ("disputed", "unverified")
    assert board(ask, PUBLIC)["claims"][0]["disputed_by"] == []


def test_one_field_that_is_wrong_does_not_undo_the_act_and_one_that_is_right_does_not_bring_it_back(
    log: MemoryLog, ask: Ask
) -> None:
    event = report(log)
    assess(log, event, "refutes", fields=["/urgency"])
    found = board(ask)
    assert (found["verification"], found["units"]["count"]) == ("disputed", 1)
    assess(log, event, "refutes", QUILL)
    assert (board(ask)["verification"], board(ask)["units"]["count"]) == ("refuted", 0)
    assess(log, event, "corroborates", fields=["/occurred"])
    assert (board(ask)["verification"], board(ask)["units"]["count"]) == ("refuted", 0)
    assess(log, event, "corroborates", QUILL)
    assert (board(ask)["verification"], board(ask)["units"]["count"]) == ("corroborated", 1)


def test_a_dispute_shows_both_sides_the_denial_and_what_was_before(log: MemoryLog, ask: Ask) -> None:
    event = report(log, victim_status="detained.investigation", occurred="2026-10-20")
    log.add("statement.issued", {"statement": ST, "kind": "letter_public", "title": {"en": "x"}, "about": [THREAT]},
            tlp="clear")  # fmt: skip
    moved(log, "released.conditional", "2026-11-01")
    assert board(ask)["card"]["victim_status"]["says"] == "released.conditional (2026-11-01)"
    moved(log, "detained.trial", "2026-11-02", DOCKET)
    denied = {"about_event": event.id, "pointer": "/victim_status", "alternative": "at_liberty"}
    graded = {"source_kind": "official_document", "reliability": "D", "credibility": "5"}
    reply = {
        "statement": ST,
        "kind": "denies_facts",
        "from": BODY,
        "received": "2026-11-03",
        "provenance": graded,
    }
    log.add("response.received", {**reply, "claims_disputed": [denied]}, QUILL, tlp="clear")
    log.add("response.received", {**reply, "kind": "justifies"}, QUILL, tlp="clear")
    card = board(ask)["card"]["victim_status"]
    assert card["says"] == (
        "disputed: released.conditional (2026-11-01) / detained.trial (2026-11-02) / denied by authority"
    )
    assert "value" not in card
    assert card["undisputed"]["value"] == "detained.investigation"
    [denial] = card["denied"]
    assert (denial["by"], denial["reliability"], denial["credibility"], denial["on"]) == (
        BODY,
        "D",
        "5",
        "2026-11-03",
    )
    history = board(ask)["history"]["victim_status"]
    assert [(one["value"], one["since"], one["until"]) for one in history] == [
        ("detained.investigation", "2026-10-20", "2026-11-01"),
        ("released.conditional", "2026-11-01", "2026-11-02"),
        ("detained.trial", "2026-11-02", None),
    ]


def test_a_denial_is_no_veto_and_one_of_another_question_stays_away(log: MemoryLog, ask: Ask) -> None:
    event = report(log, victim_status="detained.trial", status="ongoing", occurred="2026-10-20")
    report(log, 2)
    statement = {"statement": ST, "kind": "letter_public", "title": {"en": "x"}, "about": [THREAT]}
    log.add("statement.issued", statement, tlp="clear")
    reply = {"statement": ST, "kind": "denies_facts", "from": BODY}
    mine = {"about_event": event.id, "about_source": event.source}
    log.add("response.received", {**reply, "claims_disputed": [{**mine, "pointer": "/status"}]}, tlp="clear")
    elsewhere = [{"about_event": event.id, "about_source": "urn:hub:partner:nobody"}, {"about_event": "r2"}]
    log.add("response.received", {**reply, "claims_disputed": elsewhere}, tlp="clear")
    card = board(ask)["card"]
    assert (card["status"]["value"], card["status"]["disputed"]) == ("ongoing", False)
    assert card["status"]["says"] == "ongoing (2026-10-20) / denied by authority"
    assert card["victim_status"]["denied"] == []
    assert len(board(ask)["denied"]) == 1


def test_where_every_claim_is_doubted_nothing_is_undisputed(log: MemoryLog, ask: Ask) -> None:
    first = report(log, victim_status="detained.trial", occurred="2026-10-20")
    other = moved(log, "released.bail", "2026-11-01", DOCKET)
    for event in (first, other):
        assess(log, event, "disputes", QUILL)
    card = board(ask)["card"]["victim_status"]
    assert (card["disputed"], card["undisputed"]) == (True, None)
    assert board(ask)["verification"] == "disputed"


def test_what_was_refuted_is_no_part_of_history_and_one_time_may_have_two_accounts(
    log: MemoryLog, ask: Ask
) -> None:
    report(log)
    wrong = moved(log, "exiled", "2026-11-01")
    assess(log, wrong, "refutes")
    moved(log, "released.bail", "2026-11-02")
    moved(log, "detained.trial", "2026-11-02", DOCKET)
    moved(log, "detained.trial", "2026-11-03", DOCKET)
    rows = board(ask)["history"]["victim_status"]
    assert [(one["value"], one["until"], one.get("disputed", False), len(one["events"])) for one in rows] == [
        ("released.bail", None, True, 1),
        ("detained.trial", None, True, 2),
    ]


def test_a_claim_without_a_date_is_worded_without_one(log: MemoryLog, ask: Ask) -> None:
    moved(log, "released.bail", None)
    assert board(ask)["card"]["victim_status"]["says"] == "released.bail"


def test_of_several_targets_each_has_a_card_of_its_own(log: MemoryLog, ask: Ask) -> None:
    one, two = LAWYER, f"lawyer:{OWN}.2"
    report(log, targets=[one, two], victim_status="detained.trial", status="ongoing", occurred="2026-10-20")
    moved(log, "released.bail", "2026-11-01", targets=[one])
    found = board(ask)
    cards = found["card"]["victim_status"]["by_target"]
    assert {ref: card["value"] for ref, card in cards.items()} == {
        one: "released.bail",
        two: "detained.trial",
    }
    assert found["card"]["status"]["value"] == "ongoing"
    assert len(found["history"]["victim_status"]["by_target"][one]) == 2
    assert found["units"] == {"count": 2, "range": [2, 2]}


def test_a_threat_that_nobody_reported_has_an_empty_board(log: MemoryLog, ask: Ask) -> None:
    found = BOARDS["threat"](ask(OWNER).papers(NOW), "threat:nobody.1")["truth"]
    assert (found["verification"], found["claims"], found["card"], found["units"]["count"]) == (
        "unverified",
        [],
        {},
        0,
    )


def judge(log: MemoryLog, left: str, right: str, judgement: str, **more: Json) -> Json:
    data = {
        "left": left,
        "right": right,
        "judgement": judgement,
        "basis": ["court_file"],
        "confidence": 0.9,
        **more,
    }
    return log.add("identity.judged", data, QUILL, tlp="green")


def units(ask: Ask, *threats: int) -> Json:
    tellings = ask(PARTNER).papers(NOW).tellings
    return count_of(tellings, units_of(tellings, [f"threat:{OWN}.{one}" for one in threats]))


def test_who_may_be_the_same_is_counted_apart_within_a_range(log: MemoryLog, ask: Ask) -> None:
    refuted = report(log, 3)
    assess(log, refuted, "refutes")
    report(log, 1)
    report(log, 2)
    assert units(ask, 1, 2, 3) == {"count": 2, "range": [2, 2]}
    two, four = f"lawyer:{OWN}.2", f"lawyer:{OWN}.4"
    judge(log, LAWYER, two, "unsure")
    judge(log, f"threat:{OWN}.1", f"threat:{OWN}.2", "unsure")
    judge(log, two, LAWYER, "unsure")
    judge(log, two, four, "unsure")
    judge(log, LAWYER, four, "unsure")
    assert units(ask, 1, 2) == {"count": 2, "range": [1, 2]}
    for other in (two, four):
        judge(log, LAWYER, other, "different")
    assert units(ask, 1, 2) == {"count": 2, "range": [2, 2]}


def test_who_was_judged_the_same_is_one(log: MemoryLog, ask: Ask) -> None:
    report(log, 1)
    report(log, 2)
    judge(log, LAWYER, f"lawyer:{OWN}.2", "same", preferred=LAWYER)
    assert units(ask, 1, 2)["count"] == 2
    judge(log, THREAT, f"threat:{OWN}.2", "same", preferred=THREAT)
    assert units(ask, 1, 2) == {"count": 1, "range": [1, 1]}


def test_of_very_many_things_every_judgement_is_read_at_once(log: MemoryLog, ask: Ask) -> None:
    tellings = ask(PARTNER).papers(NOW).tellings
    many = [(f"threat:{OWN}.{one}", f"lawyer:{OWN}.{one}") for one in range(300)]
    judge(log, many[0][0], many[1][0], "unsure")
    judge(log, many[0][1], many[1][1], "unsure")
    judge(log, f"lawyer:{OWN}.998", f"lawyer:{OWN}.999", "unsure")
    ask(PARTNER)
    assert count_of(tellings, many) == {"count": 300, "range": [299, 300]}


def test_the_board_of_a_past_moment_knows_what_was_known_then(log: MemoryLog, ask: Ask) -> None:
    report(log, victim_status="detained.trial", occurred="2026-10-20")
    moved(log, "released.bail", "2026-11-01")
    papers = ask(PARTNER).papers(NOW, GraphQuery(as_of="2026-10-25"))
    assert truth_of(papers, THREAT)["card"]["victim_status"]["value"] == "detained.trial"
