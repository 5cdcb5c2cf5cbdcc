"""What boards are made from: visible events behind references, and rows that are kept and renewed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from events.audience import PUBLIC
from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.tellings import Tellings, in_time
from projections.graph.query import GraphQuery
from projections.sight import Sight
from tests.logs import PARTNER, Ask, MemoryLog

NOW = datetime(2026, 11, 6, tzinfo=UTC)
THREAT = "threat:harbour-bar-watch.1"
LAWYER = "lawyer:harbour-bar-watch.1"
SOURCE = "urn:hub:partner:harbour-bar-watch"


def papers(sight: Sight, **query: str) -> Papers:
    return sight.papers(NOW, GraphQuery(**query))  # type: ignore[arg-type]


def ids(found: Mapping[str, Sequence[object]]) -> dict[str, list[str]]:
    return {ref: [one.event["id"] for one in told] for ref, told in found.items()}  # type: ignore[attr-defined]


def test_a_reference_is_told_of_by_visible_active_events_alone(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear")
    log.threat(1, tlp="green")
    log.threat(2, tlp="clear")
    log.retract("e3")
    asked = [THREAT, "threat:harbour-bar-watch.2", "threat:nobody.1"]
    nothing: dict[str, list[str]] = {"threat:harbour-bar-watch.2": [], "threat:nobody.1": []}
    assert ids(papers(ask(PUBLIC)).tellings.about(asked)) == {THREAT: ["e1"], **nothing}
    assert ids(papers(ask(PARTNER)).tellings.about(asked)) == {THREAT: ["e1", "e2"], **nothing}
    assert ids(papers(ask(PARTNER)).tellings.about([THREAT], ["trial.scheduled"])) == {THREAT: []}


def test_a_telling_reads_as_corrected_and_names_its_proof(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear")
    log.correct("e1", ("/title", "New"), tlp="clear")
    tellings = papers(ask(PUBLIC)).tellings
    [one] = tellings.about([THREAT])[THREAT]
    assert (one.type, one.partner, one.name) == ("threat.reported", "harbour-bar-watch", (SOURCE, "e1"))
    assert one.data["title"] == "New"
    assert one.proof == {"source": SOURCE, "id": "e1", "type": "threat.reported", "when": "2026-11-02"}
    said = tellings.on([one.name])
    assert {name: [telling.type for telling in told] for name, told in said.items()} == {
        one.name: ["record.corrected"]
    }


def test_what_is_all_closed_has_an_empty_payload(log: MemoryLog, ask: Ask) -> None:
    log.add("threat.reported", {"narrative": "All of it."}, tlp="green")
    [one] = papers(ask(PARTNER)).tellings.of_types(["threat.reported"])
    assert one.data == {}


def test_references_that_are_judged_the_same_are_told_of_as_one(log: MemoryLog, ask: Ask) -> None:
    other = "lawyer:harbour-bar-watch.2"
    log.threat(1, tlp="clear")
    log.threat(2, tlp="clear")
    judged = {"left": LAWYER, "right": other, "judgement": "same", "basis": ["court_file"], "confidence": 0.9}
    log.add("identity.judged", {**judged, "preferred": LAWYER}, tlp="clear")
    assert ids(papers(ask(PUBLIC)).tellings.about([other])) == {LAWYER: ["e1", "e2", "e3"]}


def test_a_past_moment_leaves_out_what_came_later(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear")
    log.threat(1, tlp="clear")
    log.correct("e2", ("/occurred", "2026-11-04"), tlp="clear")
    told = papers(ask(PUBLIC), as_of="2026-11-03").tellings.about([THREAT])
    assert ids(told) == {THREAT: ["e1"]}
    assert ids(papers(ask(PUBLIC), known_on="2026-11-04").tellings.about([THREAT])) == {THREAT: []}


def test_tellings_can_be_put_in_an_order_that_arrival_does_not_change(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear", time="2026-11-05T09:00:00Z")
    log.threat(1, tlp="clear", time="2026-11-05T08:00:00Z")
    told = papers(ask(PUBLIC)).tellings.of_types(["threat.reported"])
    assert [one.event["id"] for one in told] == ["e1", "e2"]
    assert [one.event["id"] for one in in_time(told)] == ["e2", "e1"]


def test_kept_rows_follow_what_was_touched_and_nothing_else(log: MemoryLog, ask: Ask) -> None:
    made: list[list[str]] = []

    def count(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, int]:
        made.append(list(refs))
        return {ref: len(told) for ref, told in tellings.about(refs).items() if len(told) != 2}

    def of_lawyers(_: Tellings, touched: Collection[str]) -> set[str]:
        return {"threat:harbour-bar-watch.1"} if "lawyer:harbour-bar-watch.9" in touched else set()

    rows = Rows("counts", "threat", count, of_lawyers)
    log.threat(2, tlp="clear")
    log.threat(1, tlp="clear")
    second = "threat:harbour-bar-watch.2"
    assert papers(ask(PUBLIC)).rows(rows) == {THREAT: 1, second: 1}
    assert papers(ask(PUBLIC)).rows(rows) == {THREAT: 1, second: 1}
    assert made == [[THREAT, second]]
    log.threat(1, tlp="clear")
    # A row for which there is nothing to keep goes.
    assert papers(ask(PUBLIC)).rows(rows) == {second: 1}
    assert made[1:] == [[THREAT]]
    log.threat(9, tlp="clear")
    assert list(papers(ask(PUBLIC)).rows(rows)) == [second, "threat:harbour-bar-watch.9"]
    assert made[2:] == [[THREAT, "threat:harbour-bar-watch.9"]]
    judged = {
        "left": THREAT,
        "right": second,
        "judgement": "same",
        "basis": ["court_file"],
        "confidence": 0.9,
    }
    log.add("identity.judged", {**judged, "preferred": THREAT}, tlp="clear")
    assert papers(ask(PUBLIC)).rows(rows)[THREAT] == 4
    assert len(made[3:]) == 1


def test_rows_that_depend_on_nothing_else_need_no_owners(log: MemoryLog, ask: Ask) -> None:
    rows = Rows("names", "threat", lambda tellings, refs: {ref: ref for ref in tellings.about(refs)})
    log.threat(1, tlp="clear")
    assert papers(ask(PUBLIC)).rows(rows) == {THREAT: THREAT}
    log.threat(2, tlp="clear")
    assert len(papers(ask(PUBLIC)).rows(rows)) == 2
