"""STALE_FACT: whoever knows that a fact changed sees it on what rests on the fact; nobody else does."""

from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC, Reader
from events.event import Position
from projections.dossiers import ListQuery
from projections.event_query import EventQuery
from projections.reading_room import ReadingRoom
from projections.sight import Sight
from schemas.registry import Registry
from tests.logs import OWNER, PARTNER, STEWARD, Ask, MemoryLog

Json = Any

AUTHOR = "urn:hub:partner:open-docket"
STATEMENT = "statement:open-docket.1"
LAWYER = "lawyer:harbour-bar-watch.1"
OTHER = Reader("quill-network", "dora", "amber+strict")
FLAGGED = ["STALE_FACT"]


def state(log: MemoryLog, *facts: str, name: str = "s", tlp: str = "clear", **envelope: Json) -> None:
    """Issue a statement that rests on some facts."""
    text = {
        "statement": STATEMENT,
        "kind": "joint_statement",
        "title": {"en": "Free them"},
        "about": [LAWYER],
    }
    log.add(
        "statement.issued",
        {**text, "facts_from": list(facts)},
        "open-docket",
        id=name,
        tlp=tlp,
        subject=STATEMENT,
        **envelope,
    )


def flags(sight: Sight, name: str = "s") -> Json:
    """Return the flags of the statement, which must be the same wherever it is shown."""
    found = sight.event(AUTHOR, name)
    if found is None:
        return None
    dossier = sight.dossier("statements", STATEMENT)
    [item] = sight.listing("statements", ListQuery())["items"]
    [message] = [
        one
        for one in sight.feed(Position(0), 0, EventQuery(), 100).messages
        if (one.kind, one.id) == ("event", name)
    ]
    assert dossier is not None
    assert found.get("flags") == dossier.get("flags") == item.get("flags") == (list(message.flags) or None)
    return found.get("flags")


def told(sight: Sight, after: int, name: str = "s") -> list[tuple[str, int, str | None, tuple[str, ...]]]:
    page = sight.feed(Position(after), 0, EventQuery(), 100)
    return [(one.kind, one.part, one.reason, one.flags) for one in page.messages if one.id == name]


def test_a_retracted_fact_flags_what_rests_on_it(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    state(log, "e1")
    assert flags(ask(PARTNER)) is None
    log.retract("e1")
    assert flags(ask(PARTNER)) == FLAGGED
    assert told(ask(PARTNER), 2) == [("changed", 0, "corrected", ("STALE_FACT",))]
    assert (flags(ask(PUBLIC)), told(ask(PUBLIC), 2)) == (None, [])


def test_a_call_to_act_is_flagged_like_a_statement(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    action = "action:open-docket.1"
    data = {"action": action, "lead": "partner:open-docket", "facts_from": ["e1"]}
    log.add("action.proposed", data, "open-docket", subject=action)
    log.correct("e1", ("/title", "Taken"))
    dossier = ask(PARTNER).dossier("actions", action)
    assert dossier is not None
    assert dossier["flags"] == FLAGGED


def test_a_correction_flags_for_those_who_see_what_it_changed(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear", audience="open-docket")
    state(log, "e1")
    log.correct("e1", ("/narrative", "Taken by five."), tlp="red")
    assert [flags(ask(one)) for one in (PUBLIC, OTHER, PARTNER, OWNER)] == [None, None, FLAGGED, FLAGGED]
    log.correct("e1", ("/title", "Taken"), tlp="red")
    assert [flags(ask(one)) for one in (PUBLIC, OTHER, PARTNER, OWNER)] == [FLAGGED] * 4
    assert told(ask(PARTNER), 3) == []
    assert told(ask(PUBLIC), 3) == [("changed", 0, "corrected", ("STALE_FACT",))]


def test_the_flag_goes_when_every_amendment_was_taken_back(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    state(log, "e1")
    log.correct("e1", ("/title", "Taken"))
    log.correct("e1", ("/occurred", "2026-11-03"))
    log.retract("e3")
    assert flags(ask(PARTNER)) == FLAGGED
    log.retract("e4")
    assert flags(ask(PARTNER)) is None
    assert told(ask(PARTNER), 5) == [("changed", 7, "corrected", ())]


@pytest.mark.parametrize("order", ["fsc", "sfc", "scf", "fcs", "csf", "cfs"])
def test_the_order_of_arrival_does_not_matter(log: MemoryLog, ask: Ask, order: str) -> None:
    for one in order:
        if one == "f":
            log.threat(1, id="fact")
        elif one == "s":
            state(log, "fact")
        else:
            log.correct("fact", ("/title", "Taken"))
    assert flags(ask(PARTNER)) == FLAGGED
    assert flags(ask(PUBLIC)) is None


def test_a_fact_that_was_narrowed_flags_for_those_who_lost_it(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="green", audience="open-docket")
    state(log, "e1")
    log.add("record.corrected", {"about_event": "e1", "tlp": "amber"}, tlp="red")
    assert [flags(ask(one)) for one in (PUBLIC, OTHER, PARTNER)] == [None, FLAGGED, FLAGGED]


def test_a_name_that_may_no_longer_be_used_flags(log: MemoryLog, ask: Ask) -> None:
    log.profile(tlp="clear")
    state(log, "e1")
    log.consent("C5")
    assert [flags(ask(one)) for one in (PUBLIC, OWNER)] == [None, None]
    log.withdraw("restrict_to_pseudonym")
    assert [flags(ask(one)) for one in (PUBLIC, PARTNER, OWNER)] == [FLAGGED, FLAGGED, None]


def test_an_erased_field_flags_for_those_who_could_read_it(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, audience="open-docket")
    state(log, "e1")
    log.correct("e1", ("/narrative", "Taken by five."), tlp="red")
    assert [flags(ask(one)) for one in (PARTNER, OTHER)] == [FLAGGED, None]
    log.erase(LAWYER)
    assert [flags(ask(one)) for one in (PARTNER, OTHER)] == [FLAGGED, None]
    # That it was corrected before nobody can tell any more.
    assert told(ask(PARTNER), 2) == [("changed", 0, "corrected", ("STALE_FACT",))]


def test_a_correction_of_words_that_are_erased_leaves_other_warnings_alone(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, audience="open-docket")
    log.threat(2, audience="open-docket")
    state(log, "e1", "e2")
    log.correct("e2", ("/narrative", "Taken by five."), tlp="red")
    log.correct("e1", ("/title", "Taken"), tlp="red")
    assert flags(ask(PARTNER)) == FLAGGED
    log.erase(LAWYER)
    assert told(ask(PARTNER), 3) == [("changed", 0, "corrected", ("STALE_FACT",))]
    assert told(ask(OTHER), 3) == [("changed", 0, "corrected", ("STALE_FACT",))]


def test_an_erased_report_flags(log: MemoryLog, ask: Ask) -> None:
    log.profile(tlp="green")
    state(log, "e1")
    log.erase(LAWYER)
    assert [flags(ask(one)) for one in (PUBLIC, PARTNER)] == [None, FLAGGED]


def test_a_fact_that_nobody_believes_any_more_flags(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    state(log, "e1")
    since = {"partner": "partner:harbour-bar-watch", "distrust_events_after": "2026-11-05T00:00:00Z"}
    log.add("partner.suspended", since, "stewards", tlp="red")
    assert [flags(ask(one)) for one in (PUBLIC, PARTNER, STEWARD)] == [None, FLAGGED, FLAGGED]


def test_what_changes_with_its_fact_at_once_is_told_once(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, "open-docket")
    state(log, "e1", tlp="green")
    log.add("record.corrected", {"about_event": "s", "tlp": "amber"}, "open-docket", tlp="red")
    log.correct("s", ("/facts_from", ["e1", "e2"]), slug="open-docket", tlp="red")
    log.retract("e1", slug="open-docket")
    log.correct("s", ("/facts_from", []), slug="open-docket", tlp="red", time="2027-01-01T00:00:00Z")
    assert told(ask(PARTNER), 2) == [
        ("changed", 0, "narrowed", ()),
        ("changed", 0, "corrected", ()),
        ("changed", 0, "corrected", ()),
        ("changed", 0, "corrected", ()),
    ]
    assert flags(ask(PARTNER)) is None


def test_a_statement_under_embargo_is_flagged_for_its_publisher_alone(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    state(log, "e1", name="late")
    log.events[1].envelope["notbefore"] = "2027-01-01T00:00:00Z"  # type: ignore[index]
    log.retract("e1")
    assert flags(ask(OTHER), "late") is None
    assert flags(ask(PARTNER), "late") == FLAGGED
    log.release("2027-01-01T00:00:00Z")
    assert flags(ask(OTHER), "late") == FLAGGED
    assert told(ask(OTHER), 2, "late") == [("changed", 0, "released", ("STALE_FACT",))]


def test_what_is_no_list_of_ids_is_no_fact(registry: Registry, tmp_path: Path) -> None:
    log = MemoryLog()
    log.threat(1, id="odd")
    log.add(
        "statement.issued", {"statement": STATEMENT, "facts_from": "odd"}, "open-docket", subject=STATEMENT
    )
    log.add("statement.issued", {"statement": STATEMENT, "facts_from": [7, "e3"]}, "open-docket")
    log.retract("odd")
    room = ReadingRoom(registry, log, tmp_path / "views.db")
    try:
        room.catch_up()
        assert room.stalls() == {}
        for name in ("e2", "e3"):
            found = room.purge(PARTNER).event(AUTHOR, name)
            assert found is not None
            assert "flags" not in found
    finally:
        room.stop()


def judge(log: MemoryLog, judgement: str = "same", **envelope: Json) -> None:
    data = {"left": LAWYER, "right": "lawyer:quill-network.7", "judgement": judgement, "basis": ["photo"]}
    said = {"id": "j", "tlp": "green", **envelope}
    log.add("identity.judged", {**data, "confidence": 0.95}, "quill-network", **said)


def at(second: int) -> str:
    return f"2026-11-05T00:00:{second:02}Z"


def split(log: MemoryLog, **envelope: Json) -> None:
    log.add("record.retracted", {"about_event": "j", "reason": "false"}, "quill-network", **envelope)


def test_what_was_said_of_two_judged_the_same_is_flagged_once_they_are_split(
    log: MemoryLog, ask: Ask
) -> None:
    judge(log)
    state(log)
    assert flags(ask(PARTNER)) is None
    split(log)
    assert flags(ask(PARTNER)) == FLAGGED
    assert told(ask(PARTNER), 2) == [("changed", 0, "corrected", ("STALE_FACT",))]
    assert flags(ask(PUBLIC)) is None


@pytest.mark.parametrize("order", [(1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)])
def test_in_whatever_order_judgement_statement_and_split_arrive(
    log: MemoryLog, ask: Ask, order: tuple[int, ...]
) -> None:
    steps = {
        1: lambda: judge(log, time=at(1)),
        2: lambda: state(log, time=at(2)),
        3: lambda: split(log, time=at(3)),
    }
    for step in order:
        steps[step]()
    assert flags(ask(PARTNER)) == FLAGGED


@pytest.mark.parametrize(("judged", "said", "ended"), [(2, 1, 3), (1, 3, 2), (1, 3, 3)])
def test_what_was_said_before_the_judgement_or_after_its_end_does_not_rest_on_it(
    log: MemoryLog, ask: Ask, judged: int, said: int, ended: int
) -> None:
    state(log, time=at(said))
    judge(log, time=at(judged))
    split(log, time=at(ended))
    assert flags(ask(PARTNER)) is None


def test_nothing_rests_on_a_guess(log: MemoryLog, ask: Ask) -> None:
    judge(log, "unsure")
    state(log)
    split(log)
    assert flags(ask(PARTNER)) is None


def test_whoever_may_not_see_the_judgement_sees_no_flag(log: MemoryLog, ask: Ask) -> None:
    judge(log, tlp="amber+strict", audience="open-docket")
    state(log)
    split(log)
    assert (flags(ask(PARTNER)), flags(ask(OWNER))) == (FLAGGED, None)


def test_a_call_to_act_rests_on_a_judgement_too(log: MemoryLog, ask: Ask) -> None:
    judge(log)
    data = {"action": "action:open-docket.1", "lead": "partner:open-docket", "about": [LAWYER]}
    log.add("action.proposed", data, "open-docket", id="a", subject="action:open-docket.1")
    split(log)
    found = ask(PARTNER).event(AUTHOR, "a")
    assert found is not None
    assert found["flags"] == FLAGGED
