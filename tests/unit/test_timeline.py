"""The timeline: what each class of readers is told about events."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from events.audience import PUBLIC, Reader
from events.event import Position
from projections.dossiers import ListQuery
from projections.event_query import EventQuery
from projections.graph.paths.introductions import PathQuery
from projections.graph.query import GraphQuery
from projections.reading_room import ReadingRoom
from projections.sight import Sight
from schemas.registry import Registry
from tests.logs import OWNER, PARTNER, Ask, MemoryLog

SOURCE = "urn:hub:partner:harbour-bar-watch"


def ids(sight: Sight, **query: Any) -> list[str]:
    return [event["id"] for event in sight.events(EventQuery(**query)).events]


def test_events_come_in_append_order_page_by_page(log: MemoryLog, ask: Ask) -> None:
    for no in range(3):
        log.threat(no, tlp="clear")
    first = ask(PUBLIC).events(EventQuery(limit=2))
    assert ([one["id"] for one in first.events], first.positions, first.next) == (["e1", "e2"], [1, 2], 2)
    last = ask(PUBLIC).events(EventQuery(after=Position(2), limit=2))
    assert ([one["id"] for one in last.events], last.next) == (["e3"], None)


def test_each_class_of_readers_sees_its_own_events(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear")
    log.threat(2, tlp="green")
    log.threat(3, tlp="amber+strict")
    log.threat(4, tlp="red", audience="open-docket/anna")
    assert ids(ask(PUBLIC)) == ["e1"]
    assert ids(ask(PARTNER)) == ["e1", "e2"]
    assert ids(ask(Reader("open-docket", "anna", "red"))) == ["e1", "e2", "e4"]
    assert ids(ask(Reader("open-docket", "carl", "red"))) == ["e1", "e2"]
    assert ids(ask(OWNER)) == ["e1", "e2", "e3", "e4"]


def test_a_stricter_field_is_shown_to_those_who_may_see_it(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear", audience="open-docket")
    assert "narrative" not in ask(PUBLIC).events(EventQuery()).events[0]["data"]
    assert ask(PARTNER).events(EventQuery()).events[0]["data"] == log.events[0].data


def test_an_event_that_is_nothing_but_strict_fields_reads_empty(log: MemoryLog, ask: Ask) -> None:
    log.add("threat.reported", {"narrative": "All of it."})
    assert ask(PARTNER).events(EventQuery()).events[0]["data"] == {}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"types": ("threat.*",)}, ["e1", "e2"]),
        ({"types": ("claim.assessed", "no.such")}, ["e3"]),
        ({"types": ("no.such",)}, []),
        ({"countries": ("QM", "QN")}, ["e1", "e2"]),
        ({"countries": ("QN",)}, ["e2"]),
        ({"partners": ("open-docket",)}, ["e3"]),
        ({"about": ("lawyer:harbour-bar-watch.1",)}, ["e1"]),
        ({"about": ("lawyer:harbour-bar-watch.1", "threat:harbour-bar-watch.2")}, ["e1", "e2"]),
        ({"about": ("lawyer:harbour-bar-watch.1",), "countries": ("QN",)}, []),
        ({"types": ("threat.*",), "countries": ("QN",), "partners": ("harbour-bar-watch",)}, ["e2"]),
        ({"countries": tuple(f"Q{one}" for one in "MNOPQRSTUVWXYZ") * 4}, ["e1", "e2"]),
        ({"since": "2026-11-05"}, ["e1", "e2", "e3"]),
        ({"since": "2026-11-06"}, []),
        ({"until": "2026-11-05"}, ["e1", "e2", "e3"]),
        ({"until": "2026-11-04"}, []),
        ({"since": "2026-11-05T00:00:02", "until": "2026-11-05T00:00:02.500000Z"}, ["e2"]),
        ({"types": ("threat.*",), "since": "2026-11-05T00:00:02"}, ["e2"]),
    ],
)
def test_filters_find_what_they_name(
    log: MemoryLog, ask: Ask, query: dict[str, Any], found: list[str]
) -> None:
    log.threat(1)
    log.threat(2)
    log.events[1].envelope["data"]["place"] = {"country": "QN"}
    log.add(
        "claim.assessed",
        {"about_event": "e1", "about_source": SOURCE, "verdict": "corroborates"},
        "open-docket",
    )
    assert ids(ask(PARTNER), **query) == found


def test_one_event_comes_with_what_was_said_about_it(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    log.correct("e1", ("/occurred", "2026-11-03"))
    data = {"about_event": "e1", "about_source": SOURCE, "verdict": "corroborates"}
    log.add("claim.assessed", data, "open-docket")
    log.add("claim.assessed", data, "quill-network", tlp="amber+strict")
    log.add("record.corrected", data, "open-docket")
    answer = ask(PARTNER).event(SOURCE, "e1")
    assert answer is not None
    assert answer["event"]["data"]["occurred"] == "2026-11-03"
    assert [one["id"] for one in answer["corrections"]] == ["e2"]
    assert [one["id"] for one in answer["assessments"]] == ["e3"]
    assert (answer["status"], answer["recorded"]) == ("active", "2026-11-05T00:00:01.000000Z")
    assert "retraction" not in answer


def test_the_digest_is_of_what_was_recorded_as_far_as_the_reader_sees_it(log: MemoryLog, ask: Ask) -> None:
    event = log.threat(1)
    log.correct("e1", ("/occurred", "2026-11-03"))
    whole, partly = ask(OWNER).event(SOURCE, "e1"), ask(PARTNER).event(SOURCE, "e1")
    assert whole is not None
    assert partly is not None
    assert whole["digest"] == log.digest(event)
    shown = {name: value for name, value in event.data.items() if name != "narrative"}
    assert partly["digest"] == log.digest(replace(event, envelope={**event.envelope, "data": shown}))


@pytest.mark.parametrize("source", [SOURCE, "harbour-bar-watch", "urn:hub:partner:open-docket"])
def test_a_hidden_event_is_as_absent_as_one_that_never_was(log: MemoryLog, ask: Ask, source: str) -> None:
    log.threat(1)
    assert ask(PUBLIC).event(source, "e1") is None
    assert ask(PUBLIC).event(source, "e2") is None
    assert (ask(PARTNER).event(source, "e1") is not None) == (source == SOURCE)


def test_a_retracted_event_leaves_the_lists_and_shows_its_retraction(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    log.retract("e1")
    answer = ask(PARTNER).event(SOURCE, "e1")
    assert answer is not None
    assert (answer["status"], answer["retraction"]["id"]) == ("retracted", "e2")
    assert ids(ask(PARTNER)) == ["e2"]
    assert ask(PARTNER).timeline("lawyer:harbour-bar-watch.1") is None


def test_a_retraction_that_may_not_be_seen_is_not_shown(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    log.retract("e1", slug="stewards", about_source=SOURCE)
    log.events[1].envelope["tlp"] = "red"  # type: ignore[index]  # not yet read by anybody
    answer = ask(PARTNER).event(SOURCE, "e1")
    assert answer is not None
    assert (answer["status"], answer["retraction"]) == ("retracted", None)


def test_an_unsafe_retraction_hides_from_all_but_the_publisher(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear")
    log.correct("e1", ("/occurred", "2026-11-03"), tlp="clear")
    log.retract("e1", "unsafe", slug="stewards", about_source=SOURCE)
    assert [
        ask(PUBLIC).event(SOURCE, "e1"),
        ask(PARTNER).event(SOURCE, "e1"),
        ask(PARTNER).event(SOURCE, "e2"),
    ] == [None] * 3
    assert ids(ask(PARTNER)) == ["e3"]
    answer = ask(OWNER).event(SOURCE, "e1")
    assert answer is not None
    assert answer["status"] == "retracted"


def test_an_embargoed_event_is_its_publishers_alone_until_released(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear", notbefore="2027-01-01T00:00:00Z")
    assert [ids(ask(PUBLIC)), ids(ask(OWNER))] == [[], ["e1"]]
    log.release("2027-01-01T00:00:00Z")
    assert ids(ask(PUBLIC)) == ["e1"]


def test_a_corrected_event_is_found_by_what_it_says_now(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    log.correct("e1", ("/targets", ["lawyer:harbour-bar-watch.9"]), ("/place/country", "QN"))
    sight = ask(PARTNER)
    assert ids(sight, about=("lawyer:harbour-bar-watch.9",)) == ids(sight, countries=("QN",)) == ["e1"]
    assert ids(sight, about=("lawyer:harbour-bar-watch.1",)) == ids(sight, countries=("QM",)) == []


def test_a_timeline_follows_the_world_or_the_log(log: MemoryLog, ask: Ask) -> None:
    about = {"threat": "threat:harbour-bar-watch.1"}
    log.threat(1)
    log.threat(1)
    log.events[1].envelope["data"]["occurred"] = "2026-10-01"
    log.add("threat.updated", {**about, "status": "ended"}, time="2026-10-15T00:00:00Z")
    log.add("threat.updated", {**about, "as_of": "2026-10-20T10:00:00.5Z"}, time="soon")
    sight = ask(PARTNER)
    ref = "threat:harbour-bar-watch.1"
    world, by_log = sight.timeline(ref), sight.timeline(ref, "log")
    assert world is not None
    assert by_log is not None
    assert [one["event"]["id"] for one in world["items"]] == ["e2", "e3", "e1", "e4"]
    assert [one["event"]["id"] for one in by_log["items"]] == ["e1", "e2", "e3", "e4"]
    assert [one["when"] for one in world["items"]] == [
        "2026-10-01",
        None,
        "2026-11-02",
        "2026-10-20T10:00:00.5Z",
    ]
    page = sight.timeline(ref, "log", limit=1, offset=1)
    assert page is not None
    assert ([one["event"]["id"] for one in page["items"]], page["total"], page["next"]) == (["e2"], 4, 2)
    assert sight.timeline("lawyer:harbour-bar-watch.404") is None


VISIT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://solidarity-hub.example/schemas/visit.reported/1",
    "title": "A visit",
    "x-class": "report",
    "x-publishers": ["any"],
    "x-tlp": "green",
    "type": "object",
    "properties": {
        "threat": {"$ref": "https://solidarity-hub.example/schemas/common#/$defs/ref_threat"},
        "host": {
            "$ref": "https://solidarity-hub.example/schemas/common#/$defs/ref_lawyer",
            "x-audience": "amber+strict",
        },
    },
    "unevaluatedProperties": False,
    "examples": [{"threat": "threat:harbour-bar-watch.1"}],
}


def test_a_reference_in_a_strict_field_is_found_only_by_those_who_see_it(
    log: MemoryLog, tmp_path: Path
) -> None:
    for folder, content in (
        ("types", VISIT),
        ("rules", {"stem": "visit.reported.v1", "nodes": [{"ref": "/threat"}, {"ref": "/host"}]}),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "visit.reported.v1.json").write_bytes(orjson.dumps(content))
    threat, host = "threat:harbour-bar-watch.1", "lawyer:harbour-bar-watch.1"
    log.add("visit.reported", {"threat": threat, "host": host})
    room = ReadingRoom(Registry.load(tmp_path), log, tmp_path / "views.db", tmp_path)
    try:
        room.catch_up()
        assert [ids(room.purge(reader), about=(host,)) for reader in (PARTNER, OWNER)] == [[], ["e1"]]
        assert [ids(room.purge(reader), about=(threat,)) for reader in (PARTNER, OWNER)] == [["e1"], ["e1"]]
        touches = [
            room.purge(one).feed(Position(0), 0, EventQuery(), 1).messages[0].touches
            for one in (PARTNER, OWNER)
        ]
        assert touches == [(threat,), (threat, host)]
    finally:
        room.stop()


def test_sights_are_shared_by_readers_who_cannot_be_told_apart(log: MemoryLog, ask: Ask) -> None:
    assert ask(Reader("a-b", "x", "green")) is ask(Reader("a-b", "y", "green"))
    assert ask(Reader("a-b", "x", "red")) is not ask(Reader("a-b", "y", "red"))
    kept = ask(PUBLIC)
    for no in range(300):
        ask(Reader(f"partner-{no}"))
    assert ask(PUBLIC) is not kept


def test_the_room_follows_the_log_by_itself(registry: Registry, tmp_path: Path) -> None:
    log = MemoryLog()
    heard: list[int] = []
    with ReadingRoom(registry, log, tmp_path / "views.db") as room:
        room.subscribe(heard.append)
        log.threat(1, tlp="clear", notbefore="2027-01-01T00:00:00Z")
        assert room.wait_for(Position(1), 30)
        room.rebuild("timeline")
        log.threat(2)
        assert room.wait_for(Position(2), 30)
        assert room.position == room.purge(PUBLIC).position == 2
        assert str(room.next_release()) == "2027-01-01 00:00:00+00:00"
        assert (room.trouble, {one.state for one in room.status()}) == (None, {"live"})
    assert heard[-1] == 2


def test_a_sight_answers_from_every_view(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear")
    sight = ask(PUBLIC)
    threat, lawyer = "threat:harbour-bar-watch.1", "lawyer:harbour-bar-watch.1"
    assert sight.node(threat) is not None
    assert sight.edge(threat, lawyer, "TARGETS") is not None
    assert sight.paths(PathQuery(threat, lawyer, date(2026, 12, 1))) is not None
    assert len(sight.graph(GraphQuery())["nodes"]) == 3
    assert b"".join(sight.export("json"))
    assert sight.listing("lawyers", ListQuery())["total"] == 1
    assert sight.dossier("lawyers", lawyer) is not None
    assert sight.dossier("lawyers", "lawyer:harbour-bar-watch.404") is None
    assert sight.search("bail")["total"] == 1
