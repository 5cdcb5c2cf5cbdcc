"""The graph at an earlier moment: what may be looked at as the past, and what may not."""

from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC, Reader
from events.event import Position
from projections.dossier_sight import ListQuery
from projections.graph import changed
from projections.graph.query import GraphQuery
from projections.reading_room import ReadingRoom
from schemas.registry import Registry
from tests.folding import recorded, views_in
from tests.logs import OWNER, PARTNER, Ask, MemoryLog

Json = Any

OWN = "harbour-bar-watch"
THREAT, LAWYER = f"threat:{OWN}.1", f"lawyer:{OWN}.1"


def report(log: MemoryLog, **more: Json) -> None:
    said = {"threat": THREAT, "targets": [LAWYER], "categories": ["liberty.arrest"], "occurred": "2026-11-02"}
    attributes = {name: more.pop(name) for name in ("tlp", "recordedtime", "audience") if name in more}
    log.add("threat.reported", {**said, **more}, subject=THREAT, **attributes)


def judge_same(log: MemoryLog) -> None:
    """Record that lawyers 1 and 2 are one."""
    data = {
        "left": LAWYER,
        "right": f"lawyer:{OWN}.2",
        "judgement": "same",
        "basis": ["photo"],
        "confidence": 0.9,
    }
    log.add("identity.judged", data, "open-docket")


def status(ask: Ask, upto: int, reader: Any = PARTNER) -> Json:
    found = ask(reader).node(THREAT, GraphQuery(upto=upto))
    return None if found is None else found["props"]["status"]["value"]


def test_a_mistake_about_the_world_stays_the_past(ask: Ask, log: MemoryLog) -> None:
    report(log, status="ongoing")
    log.correct("e1", ("/status", "ended"))
    log.correct("e1", ("/targets", [f"lawyer:{OWN}.2"]))
    assert [status(ask, upto) for upto in range(4)] == [None, "ongoing", "ended", "ended"]
    assert ask(PARTNER).edge(THREAT, LAWYER, "TARGETS", GraphQuery(upto=2)) is not None
    assert ask(PARTNER).edge(THREAT, LAWYER, "TARGETS") is None


@pytest.mark.parametrize(
    "reason", ["unsafe", "consent_missing", "published_in_error", "source_withdrew", "legal_order"]
)
def test_what_should_never_have_been_known_has_no_past(ask: Ask, log: MemoryLog, reason: str) -> None:
    report(log, status="ongoing")
    log.correct("e1", ("/status", "ended"))
    log.retract("e1", reason)
    assert [status(ask, upto) for upto in (1, 2, 3)] == [None, None, None]
    assert ask(PARTNER).changes(Position(1), 10)[0]["nodes"] == []
    assert ask(PARTNER).edge(THREAT, LAWYER, "TARGETS", GraphQuery(past=True)) is None


@pytest.mark.parametrize("reason", ["false", "duplicate_of", "superseded"])
def test_what_was_wrong_or_said_twice_stays_the_past(ask: Ask, log: MemoryLog, reason: str) -> None:
    report(log, status="ongoing")
    log.correct("e1", ("/status", "ended"))
    log.retract("e1", reason)
    assert [status(ask, upto) for upto in (1, 2, 3)] == ["ongoing", "ended", None]
    changes = ask(PARTNER).changes(Position(2), 10)[0]
    assert [(one["change"], one["node"]["ref"]) for one in changes["nodes"]] == [
        ("gone", LAWYER),
        ("gone", THREAT),
    ]
    edge = ask(PARTNER).edge(THREAT, LAWYER, "TARGETS", GraphQuery(past=True))
    assert edge is not None
    assert (edge["status"], [one["event"]["id"] for one in edge["claims"]]) == ("retracted", ["e1"])
    assert ask(PARTNER).edge(THREAT, LAWYER, "TARGETS") is None


def test_a_tie_is_retracted_when_every_claim_on_it_was(ask: Ask, log: MemoryLog) -> None:
    report(log)
    report(log)
    log.retract("e1", "false")
    log.correct("e2", ("/targets", [f"lawyer:{OWN}.2"]))

    def shown() -> Json:
        edge = ask(PARTNER).edge(THREAT, LAWYER, "TARGETS", GraphQuery(past=True))
        return None if edge is None else edge["status"]

    assert shown() == "superseded"
    log.retract("e2", "false")
    assert shown() == "retracted"


def test_the_past_of_what_was_retracted_is_for_those_who_may_know_why(ask: Ask, log: MemoryLog) -> None:
    report(log, tlp="clear")
    retraction = {"about_event": "e1", "reason": "false"}
    log.add("record.retracted", retraction, tlp="amber+strict", audience="open-docket")
    past = GraphQuery(upto=1)
    other = Reader("quill-network", "quinn", "red")
    assert [ask(one).node(THREAT, past) is None for one in (PARTNER, OWNER)] == [False, False]
    assert [ask(one).node(THREAT, past) for one in (PUBLIC, other)] == [None, None]
    log.add("record.corrected", {"about_event": "e2", "tlp": "red"})
    assert ask(PARTNER).node(THREAT, past) is None


def test_what_a_second_retraction_says_changes_no_past(ask: Ask, log: MemoryLog) -> None:
    report(log)
    log.retract("e1", "false")
    before = ask(PARTNER).node(THREAT, GraphQuery(upto=1))
    assert before is not None
    log.add("record.retracted", {"about_event": "e1", "reason": "legal_order"}, tlp="red")
    assert ask(PARTNER).node(THREAT, GraphQuery(upto=1)) == before
    assert ask(PARTNER).changes(Position(2), 10)[0] == {"nodes": [], "ties": [], "truncated": 0}


def test_what_is_said_again_after_a_retraction_begins_again(ask: Ask, log: MemoryLog) -> None:
    report(log)
    log.retract("e1", "false")
    # The retraction was made by whoever seized the partner.
    seized = {"partner": f"partner:{OWN}", "distrust_events_after": "2026-11-05T00:00:01.500Z"}
    log.add("partner.suspended", seized, "stewards")
    known = [ask(PARTNER).node(THREAT, GraphQuery(upto=upto)) is not None for upto in range(4)]
    assert known == [False, True, False, True]
    edge = ask(PARTNER).edge(THREAT, LAWYER, "TARGETS", GraphQuery(past=True))
    assert edge is not None
    assert edge["status"] == "active"


def test_what_named_the_wrong_person_has_no_past(ask: Ask, log: MemoryLog) -> None:
    report(log)
    wrong = [{"pointer": "/targets", "to": [f"lawyer:{OWN}.2"]}]
    log.add("record.corrected", {"about_event": "e1", "reason": "wrong_person", "changes": wrong})
    for upto, there in ((1, []), (2, [f"lawyer:{OWN}.2"])):
        nodes = ask(PARTNER).graph(GraphQuery(kinds=["lawyer"], upto=upto))["nodes"]
        assert [node["ref"] for node in nodes] == there


def test_whoever_lost_sight_has_lost_the_past_too(ask: Ask, log: MemoryLog) -> None:
    report(log, status="ongoing")
    log.correct("e1", ("/status", "ended"))
    log.add("record.corrected", {"about_event": "e1", "tlp": "red"})
    assert [status(ask, upto) for upto in (1, 2, 3)] == [None, None, None]
    assert [status(ask, upto, OWNER) for upto in (1, 2, 3)] == ["ongoing", "ended", "ended"]


def test_an_erased_person_has_no_past(ask: Ask, log: MemoryLog) -> None:
    log.profile(tlp="clear", protection={"consent_level": "C5", "scopes": ["media"]})
    log.correct("e1", ("/practice_status", "suspended"))
    log.erase(LAWYER)
    sight = ask(PUBLIC)
    assert [sight.node(LAWYER, GraphQuery(upto=upto)) for upto in (1, 2, 3)] == [None, None, None]


def test_lists_and_dossiers_show_an_earlier_moment(ask: Ask, log: MemoryLog) -> None:
    report(log, status="ongoing", recordedtime="2026-11-05T10:00:00.000000Z")
    log.correct("e1", ("/status", "ended"), recordedtime="2026-11-07T10:00:00.000000Z")
    sight = ask(PARTNER)

    def listed(**more: Json) -> int:
        total: int = sight.listing("threats", ListQuery(**more))["total"]
        return total

    assert listed(known_on="2026-11-04") == 0
    assert listed(known_on="2026-11-05", status="ongoing") == 1
    assert listed(known_on="2026-11-06", status="ended") == 0
    assert listed(known_on="2026-11-07", status="ended", sort="status") == 1
    assert listed(known_on="9999-12-31", status="ended", about=LAWYER) == 1
    assert listed(as_of="2026-11-01") == 0
    assert listed(as_of="2026-11-02") == 1
    then = sight.dossier("threats", THREAT, GraphQuery(known_on="2026-11-06"))
    assert then is not None
    assert then["props"]["status"]["value"] == "ongoing"
    assert [one["event"]["id"] for one in then["timeline"]["log"]["items"]] == ["e1"]
    assert sight.dossier("threats", THREAT, GraphQuery(known_on="2026-11-04")) is None
    assert sight.dossier("lawyers", THREAT, GraphQuery(known_on="2026-11-06")) is None
    early = sight.dossier("threats", THREAT, GraphQuery(as_of="2026-11-03"))
    assert early is not None
    assert early["props"]["status"]["value"] == "ended"


def test_an_assessment_counts_from_when_it_was_known(ask: Ask, log: MemoryLog) -> None:
    report(log, status="ongoing")
    about = {"about_event": "e1", "about_source": f"urn:hub:partner:{OWN}"}
    log.add("claim.assessed", {**about, "verdict": "disputes"}, "open-docket")
    log.correct("e2", ("/verdict", "corroborates"), slug="open-docket")
    edges = [ask(PARTNER).edge(THREAT, LAWYER, "TARGETS", GraphQuery(upto=upto)) or {} for upto in (1, 2, 3)]
    states = [edge.get("status") for edge in edges]
    assert states == ["active", "disputed", "active"]


def test_a_country_of_the_past_is_found(ask: Ask, log: MemoryLog) -> None:
    report(log, place={"country": "QM"})
    log.correct("e1", ("/place/country", "QN"))
    sight = ask(PARTNER)

    def there(country: str, upto: int) -> list[str]:
        found = sight.graph(GraphQuery(country=country, kinds=["threat"], upto=upto))
        return [node["ref"] for node in found["nodes"]]

    assert (there("QM", 1), there("QN", 1), there("QM", 2), there("QN", 2)) == ([THREAT], [], [], [THREAT])


def test_who_was_away_long_is_told_a_part_at_a_time(
    ask: Ask, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changed, "MOST_EVENTS", 2)
    for number in range(1, 6):
        log.threat(number)
    sight, place, seen = ask(PARTNER), Position(0), set()
    for _ in range(4):
        found, place = sight.changes(place, 100)
        seen |= {one["node"]["ref"] for one in found["nodes"]}
    assert {f"threat:{OWN}.{number}" for number in range(1, 6)} <= seen
    assert place == 5
    assert sight.changes(place, 1)[1] == 5


def test_the_limit_of_changes_says_what_it_leaves_out(ask: Ask, log: MemoryLog) -> None:
    report(log)
    found, _ = ask(PARTNER).changes(Position(0), 1)
    assert (len(found["nodes"]), len(found["ties"]), found["truncated"]) == (1, 1, 1)


def test_history_survives_a_restart(registry: Registry, log: MemoryLog, tmp_path: Any) -> None:
    report(log, status="ongoing")
    log.correct("e1", ("/status", "ended"))
    answers = []
    for _ in range(2):
        room = ReadingRoom(registry, log, tmp_path / "again.db")
        room.catch_up()
        sight = room.purge(PARTNER)
        answers.append([sight.node(THREAT, GraphQuery(upto=upto)) or {} for upto in range(3)])
        room.stop()
    assert answers[0] == answers[1]
    assert answers[0][1]["props"]["status"]["value"] == "ongoing"


def test_an_assessment_that_judges_nothing_any_more_is_told_as_a_change(ask: Ask, log: MemoryLog) -> None:
    report(log)
    about = {"about_event": "e1", "about_source": f"urn:hub:partner:{OWN}"}
    log.add("claim.assessed", {**about, "verdict": "disputes"}, "open-docket")
    log.correct("e2", ("/verdict", "cannot_judge"), slug="open-docket")
    sight = ask(PARTNER)
    status = [
        (sight.edge(THREAT, LAWYER, "TARGETS", GraphQuery(upto=upto)) or {})["status"] for upto in (2, 3)
    ]
    assert status == ["disputed", "active"]
    assert sight.changes(Position(2), 10)[1] == 3


def test_a_hidden_correction_is_no_news(ask: Ask, log: MemoryLog) -> None:
    report(log, narrative="They came at night.")
    log.correct("e1", ("/narrative", "They came at dawn."), tlp="red")
    sight = ask(PARTNER)
    assert sight.changes(Position(1), 10) == ({"nodes": [], "ties": [], "truncated": 0}, 1)


def test_what_is_one_now_is_news_with_the_judgement_behind_it(ask: Ask, log: MemoryLog) -> None:
    report(log)
    log.threat(2)
    judge_same(log)
    found, _ = ask(PARTNER).changes(Position(2), 10)
    told = {one["node"]["ref"]: (one["change"], one["events"][0]["id"]) for one in found["nodes"]}
    assert told == {LAWYER: ("changed", "e3"), f"lawyer:{OWN}.2": ("gone", "e3")}
    moved = {(one["change"], one["tie"]["from"], one["tie"]["to"]) for one in found["ties"]}
    assert moved == {("gone", f"threat:{OWN}.2", f"lawyer:{OWN}.2"), ("new", f"threat:{OWN}.2", LAWYER)}


def test_many_moments_are_not_remembered_for_ever(ask: Ask, log: MemoryLog) -> None:
    report(log)
    log.threat(2)
    judge_same(log)
    sight = ask(PARTNER)
    for upto in range(3, 80):
        assert len(sight.graph(GraphQuery(kinds=["lawyer"], upto=upto))["nodes"]) == 1


def test_ties_that_are_said_no_more_are_shown_on_request(ask: Ask, log: MemoryLog) -> None:
    report(log, place={"country": "QM"})
    log.correct("e1", ("/place/country", "QN"))
    log.threat(3, recordedtime="2026-11-06T00:00:00Z")
    data = {"threat": f"threat:{OWN}.4", "targets": [LAWYER], "categories": ["liberty.arrest"]}
    log.add("threat.reported", {**data, "place": {"country": "QM"}})

    def states(**more: Json) -> dict[tuple[str, str, str], str]:
        found = ask(PARTNER).graph(GraphQuery(**more))["edges"]
        return {(edge["from"], edge["kind"], edge["to"]): edge["status"] for edge in found}

    ended = (THREAT, "OCCURRED_IN", "place:QM")
    assert ended not in states()
    assert states(past=True)[ended] == "superseded"
    assert ended not in states(past=True, ties=["TARGETS"])
    assert states(past=True).keys() - states().keys() == {ended}
    edge = ask(PARTNER).edge(*ended[::2], "OCCURRED_IN", GraphQuery(past=True))
    assert edge is not None
    assert (edge["status"], [one["event"]["id"] for one in edge["claims"]]) == ("superseded", ["e1"])
    assert ask(PARTNER).edge(*ended[::2], "OCCURRED_IN") is None


def test_two_ties_of_one_event_between_the_same_two_are_one(ask: Ask, log: MemoryLog) -> None:
    body = {"body": "body:open-docket.1"}
    report(log, attributed_to=[body, {**body, "degree": "suspected"}])
    assert len(ask(PARTNER).graph(GraphQuery(about=[body["body"]]))["edges"]) == 1
    log.retract("e1")
    assert ask(PARTNER).graph(GraphQuery())["edges"] == []


@pytest.mark.parametrize("said", ["in the event", "in a correction"])
def test_an_erased_name_is_in_no_past(ask: Ask, log: MemoryLog, said: str) -> None:
    names: Json = {"names": [{"full": "Pellamine Dovrask"}]}
    other: Json = {"names": [{"full": "Isvael Korrendt"}]}
    log.profile(tlp="clear", identity=names if said == "in the event" else other)
    if said == "in a correction":
        log.correct("e1", ("/identity", names))
    log.correct("e1", ("/practice_status", "suspended"))
    before = [ask(OWNER).node(LAWYER, GraphQuery(upto=upto)) for upto in (1, 2, 3)]
    assert "Dovrask" in str(before)
    log.withdraw("erase", slug="open-docket")
    log.erase(LAWYER)
    sight = ask(OWNER)
    assert "Dovrask" not in str([sight.node(LAWYER, GraphQuery(upto=upto)) for upto in range(1, 7)])


def test_whom_a_judgement_of_the_past_alone_names_is_read_as_one_after_a_restart(tmp_path: Path) -> None:
    def judged(left: str) -> Json:
        data = {
            "left": left,
            "right": f"{left}-too",
            "judgement": "same",
            "basis": ["photo"],
            "confidence": 0.9,
        }
        return recorded(1, "identity.judged", data)

    query = GraphQuery(about=(f"{LAWYER}-too",), hops=1, upto=1)
    with views_in(tmp_path) as views:
        views.put(judged(LAWYER))
        views.put(judged(f"lawyer:{OWN}.2"), at=2)
        before = views.graph_of().graph(query)
        views.graph.load(views.database.writer)
        assert views.graph_of().graph(query) == before
    assert [one["same"] for one in before["nodes"]] == [[f"{LAWYER}-too"]]
