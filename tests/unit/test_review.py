"""What waits for judgement, by urgency, then age; and how much each partner retracted, for stewards."""

from datetime import UTC, datetime
from typing import Any

from events.audience import PUBLIC, Reader
from projections.boards.truth.review import retractions, review
from tests.logs import OWNER, PARTNER, STEWARD, Ask, MemoryLog

Json = Any
NOW = datetime(2026, 12, 31, tzinfo=UTC)
OWN = "harbour-bar-watch"


def waiting(
    ask: Ask, reader: Reader = PARTNER, reason: str | None = None, country: str | None = None
) -> list[Json]:
    found: list[Json] = review(ask(reader).papers(NOW), reason, country, (50, 0))["items"]
    return found


def names(items: list[Json]) -> list[tuple[str, list[str]]]:
    return [(one["ref"].rpartition(".")[2], one["reasons"]) for one in items]


def assess(log: MemoryLog, about: Json, verdict: str, **said: Json) -> Json:
    data = {"about_event": about.id, "about_source": about.source, "verdict": verdict, **said}
    return log.add("claim.assessed", data, "open-docket", tlp="green")


def test_the_most_urgent_comes_first_then_the_oldest(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, urgency="low", tlp="clear", time="2026-11-01T00:00:00Z")
    log.threat(2, tlp="clear", time="2026-11-03T00:00:00Z")
    log.threat(3, urgency="urgent", time="2026-11-04T00:00:00Z")
    log.threat(4, urgency="odd", tlp="clear", time="2026-11-02T00:00:00Z")
    one = ["unverified"]
    assert names(waiting(ask)) == [("3", one), ("4", one), ("2", one), ("1", one)]
    assert names(waiting(ask, PUBLIC)) == [("4", one), ("2", one), ("1", one)]
    assert [one["can_verify"] for one in waiting(ask)] == [True] * 4
    assert not any(one["can_verify"] for one in [*waiting(ask, OWNER), *waiting(ask, PUBLIC)])
    page = review(ask(PARTNER).papers(NOW), None, None, (1, 1))
    assert (page["total"], page["next"], len(page["items"]), page["counts"]["unverified"]) == (4, 2, 1, 4)
    assert page["items"][0]["suggestions"] == f"/api/v1/identity/suggestions?about=threat:{OWN}.4"


def test_what_was_found_right_waits_no_more_and_what_is_doubted_does(log: MemoryLog, ask: Ask) -> None:
    first, second, third = (log.threat(number, tlp="clear") for number in (1, 2, 3))
    assert len(waiting(ask)) == 3
    assess(log, first, "corroborates")
    assess(log, second, "disputes")
    assess(log, third, "refutes")
    assert names(waiting(ask)) == [("2", ["disputed"]), ("3", ["refuted"])]
    assert names(waiting(ask, reason="refuted")) == [("3", ["refuted"])]
    assert (waiting(ask, country="QZ"), len(waiting(ask, country="QM"))) == ([], 2)


def test_two_accounts_that_differ_wait_though_each_was_judged(log: MemoryLog, ask: Ask) -> None:
    event = log.threat(1, tlp="clear")
    assess(log, event, "corroborates")
    moved = {"threat": f"threat:{OWN}.1", "as_of": "2026-11-05"}
    for slug, status in ((OWN, "exiled"), ("open-docket", "dead")):
        log.add("threat.updated", {**moved, "changes": {"victim_status": status}}, slug, tlp="clear")
    assert names(waiting(ask)) == [("1", ["disputed"])]


def test_what_may_be_told_twice_waits_until_somebody_judges(log: MemoryLog, ask: Ask) -> None:
    for number in (1, 2):
        assess(log, log.threat(number, tlp="clear"), "verifies")
    assert waiting(ask) == []
    pair = {
        "left": f"lawyer:{OWN}.1",
        "right": f"lawyer:{OWN}.2",
        "basis": ["name_transliteration"],
        "confidence": 0.5,
    }
    log.add("identity.judged", {**pair, "judgement": "unsure"}, "quill-network", tlp="green")
    assert names(waiting(ask)) == [("1", ["possibly_double"]), ("2", ["possibly_double"])]
    assert waiting(ask)[0]["doubles"] == [f"lawyer:{OWN}.2"]
    log.add("identity.judged", {**pair, "judgement": "different"}, "quill-network", tlp="green")
    assert waiting(ask) == []


def test_what_rests_on_changed_facts_waits_as_urgently_as_its_threat(log: MemoryLog, ask: Ask) -> None:
    assess(log, log.threat(1, tlp="clear", urgency="urgent"), "verifies")
    fact = log.threat(2, tlp="clear")
    assess(log, fact, "verifies")
    said = {"kind": "letter_public", "title": {"en": "Letter"}, "facts_from": [fact.id]}
    for number, about in ((1, f"threat:{OWN}.1"), (2, f"lawyer:{OWN}.77")):
        named = {"statement": f"statement:{OWN}.{number}", "about": [about]}
        log.add("statement.issued", {**said, **named}, tlp="clear", subject=named["statement"])
    proposed = {"action": f"action:{OWN}.1", "purpose": "A letter.", "about": [], "facts_from": [fact.id]}
    log.add("action.proposed", proposed, tlp="clear", subject=proposed["action"])
    assert waiting(ask) == []
    # A threat that is only named waits for nobody.
    named = {"statement": f"statement:{OWN}.3", "about": [f"threat:{OWN}.8"], "facts_from": []}
    log.add("statement.issued", {**said, **named}, tlp="clear")
    assert waiting(ask) == []
    log.correct(fact.id, ("/occurred", "2026-11-03"), tlp="clear")
    found = waiting(ask)
    assert [
        (one["ref"].partition(":")[0], one["urgency"], one["label"], one["country"]) for one in found
    ] == [
        ("statement", "urgent", "Letter", "QM"),
        ("statement", "normal", "Letter", None),
        ("action", "normal", "A letter.", None),
    ]
    assert {tuple(one["reasons"]) for one in found} == {("stale",)}
    assert "suggestions" not in found[0]


def test_stewards_see_how_much_each_partner_retracted_and_why(log: MemoryLog, ask: Ask) -> None:
    for number in (1, 2, 3):
        log.threat(number, tlp="clear")
    log.threat(1, "open-docket")
    log.threat(9, tlp="amber+strict")
    log.retract("e1", "false")
    log.retract("e1", "false")
    log.retract("e2", "unsafe", "stewards", about_source=f"urn:hub:partner:{OWN}")
    log.retract("e3", "false", "open-docket", about_source=f"urn:hub:partner:{OWN}")
    found = {one["partner"]: one for one in retractions(ask(STEWARD).papers(NOW))["items"]}
    mine = found[f"partner:{OWN}"]
    assert (mine["retracted"], mine["reasons"]) == (2, {"false": 1, "unsafe": 1})
    # e1 retracted, e3, two retractions: what is unsafe, and what is not for stewards, is not there for them.
    assert (mine["published"], mine["rate"]) == (4, 0.5)
    assert found["partner:open-docket"]["retracted"] == 0
