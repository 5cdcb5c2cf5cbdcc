"""The risk of a lawyer: points, each with what it comes from, by what one class of readers sees."""

from datetime import UTC, datetime
from typing import Any

from events.audience import PUBLIC, Reader
from projections.boards.catalogue import BOARDS
from projections.boards.risk.board import read_weights, risk_of
from tests.logs import OWNER, PARTNER, Ask, MemoryLog
from tests.running import registry

Json = Any
NOW = datetime(2026, 12, 1, tzinfo=UTC)
OWN, DOCKET = "harbour-bar-watch", "open-docket"
ONE, TWO = f"lawyer:{OWN}.1", f"lawyer:{OWN}.2"


def risk(ask: Ask, ref: str = ONE, reader: Reader = PARTNER) -> tuple[int, list[tuple[str, str, int]]]:
    found = risk_of(ask(reader).papers(NOW).tellings, ref)
    return found["score"], [(one["kind"], one["value"], one["points"]) for one in found["inputs"]]


def report(log: MemoryLog, no: int = 1, tlp: str = "green", **said: Json) -> Json:
    told = {"targets": [ONE], "categories": ["liberty.arrest"], "occurred": "2026-11-01", **said}
    data = {"threat": f"threat:{OWN}.{no}", **told}
    return log.add("threat.reported", data, tlp=tlp, id=f"r{no}", subject=data["threat"])


def update(log: MemoryLog, slug: str = OWN, tlp: str = "green", **said: Json) -> Json:
    changes = {name: said.pop(name) for name in ("status", "victim_status", "urgency") if name in said}
    data = {"threat": f"threat:{OWN}.1", "changes": changes, **said}
    return log.add("threat.updated", data, slug, tlp=tlp, subject=data["threat"])


def test_every_situation_and_urgency_there_is_has_its_points_or_is_no_risk() -> None:
    weights, known = read_weights(), registry().vocabularies
    harmless = {"at_liberty", "released.unconditional", "acquitted", "dead"}
    assert set(known["victim_status"].codes) == {*weights["situation"], *harmless}
    assert set(known["urgency"].codes) == set(weights["threat"])


def test_nothing_known_is_no_risk_and_the_public_has_no_board(log: MemoryLog, ask: Ask) -> None:
    log.add("lawyer.profiled", {"lawyer": ONE, "country_of_practice": "QM"}, tlp="clear")
    assert risk(ask) == (0, [])
    assert BOARDS["lawyer"](ask(PUBLIC).papers(NOW), ONE) == {}
    assert BOARDS["lawyer"](ask(PARTNER).papers(NOW), ONE)["risk"]["score"] == 0


def test_the_worst_situation_counts_once_and_each_threat_that_has_not_ended(log: MemoryLog, ask: Ask) -> None:
    report(log, 1, status="ongoing", victim_status="released.bail", urgency="low")
    report(log, 2, status="ongoing", victim_status="disappeared", urgency="urgent")
    report(log, 3, status="ended", victim_status="at_liberty", urgency="urgent")
    report(log, 4)
    score, inputs = risk(ask)
    assert inputs == [
        ("situation", "disappeared", 60),
        ("threat", "urgent", 30),
        ("threat", "normal", 10),
        ("threat", "low", 5),
    ]
    assert score == 100 < sum(points for _, _, points in inputs)


def test_of_a_disputed_value_the_worst_counts_and_says_so(log: MemoryLog, ask: Ask) -> None:
    report(log, status="ended", victim_status="detained.trial")
    for slug, value in ((OWN, "at_liberty"), (DOCKET, "house_arrest")):
        update(log, slug, victim_status=value, as_of="2026-11-02")
    [one] = risk_of(ask(PARTNER).papers(NOW).tellings, ONE)["inputs"]
    assert (one["value"], one["disputed"], len(one["because"])) == ("house_arrest", True, 2)


def test_what_was_refuted_and_what_is_said_of_another_counts_for_nothing(log: MemoryLog, ask: Ask) -> None:
    event = report(log, victim_status="disappeared", targets=[ONE, TWO])
    update(log, victim_status="exiled", targets=[TWO], status="ended", as_of="2026-11-02")
    assert risk(ask)[1][0] == ("situation", "disappeared", 60)
    assert risk(ask, TWO) == (15, [("situation", "exiled", 15)])
    refuted = {"about_event": event.id, "about_source": event.source, "verdict": "refutes"}
    log.add("claim.assessed", refuted, DOCKET, tlp="green")
    assert risk(ask) == (0, [])


def test_each_reader_has_the_risk_that_follows_from_what_he_sees(log: MemoryLog, ask: Ask) -> None:
    report(log, victim_status="house_arrest", urgency="low", status="ongoing")
    before = risk(ask)
    update(log, tlp="amber+strict", victim_status="disappeared", as_of="2026-11-02")
    assert risk(ask) == before == (40, [("situation", "house_arrest", 35), ("threat", "low", 5)])
    assert risk(ask, reader=OWNER)[0] == 65
