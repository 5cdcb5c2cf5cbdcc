from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from projections.reading_room import ReadingRoom
from projections.rule_compiler import compile_rule
from projections.rules import (
    Implied,
    ImpliedValue,
    Readings,
    Rule,
    RuleUnreadable,
    imply,
    load_rules,
    stricter_tlp,
    strictest,
)
from schemas.contract import Contract, Mark
from tests.folding import recorded, registry, rules
from tests.logs import MemoryLog

Json = Any

KINDS = frozenset({"threat", "lawyer", "body", "partner", "case", "place", "standard"})


def contract(*marks: Mark, subject: str | None = "/threat") -> Contract:
    return replace(registry().contract("threat.reported.v1"), marks=marks, subject_pointer=subject)


def rule(raw: Json, *marks: Mark) -> Rule:
    return compile_rule({"stem": "threat.reported.v1", **raw}, contract(*marks), KINDS)


def read(raw: Json, data: Json, *marks: Mark, **envelope: str) -> Implied:
    event = recorded(1, "threat.reported", data, **envelope)
    return imply(rule(raw, *marks), event, contract(*marks))


def props_of(implied: Implied, ref: str) -> dict[str, ImpliedValue]:
    return next(dict(node.props) for node in implied.nodes if node.ref == ref)


def test_a_value_carries_its_place_in_the_payload() -> None:
    raw = {
        "nodes": [
            {
                "ref": "./who",
                "each": "/parties/*",
                "props": {"role": "./role", "court": "/court", "all": "/parties/*/role"},
            },
            {"ref": "/parties/0/who", "props": {"fixed": {"const": "yes"}, "second": "/parties/1/role"}},
        ]
    }
    data = {
        "court": "QM",
        "parties": [{"who": "lawyer:a.1", "role": "defendant"}, {"who": "lawyer:a.2", "role": "witness"}],
    }
    implied = read(raw, data)
    assert props_of(implied, "lawyer:a.2") == {
        "role": ("witness", "/parties/1/role", None),
        "court": ("QM", "/court", None),
        "all": (["defendant", "witness"], "/parties/*/role", None),
    }
    assert props_of(implied, "lawyer:a.1")["fixed"] == ("yes", "", None)
    assert props_of(implied, "lawyer:a.1")["second"] == ("witness", "/parties/1/role", None)


def test_missing_and_null_fields_yield_nothing() -> None:
    raw = {
        "when": ["/occurred", "/told/*"],
        "nodes": [
            {
                "ref": "/threat",
                "props": {"a": "/deep/er", "b": "/list/*", "c": "/list/0/x", "d": "/list/9", "e": "/null"},
            }
        ],
        "ties": [
            {"kind": "TARGETS", "from": "/threat", "to": "/list/*/who"},
            {"kind": "TARGETS", "from": "/list/*/who", "to": "/threat"},
            {"kind": "TARGETS", "each": "/threat/*", "from": "/threat", "to": "."},
        ],
    }
    implied = read(raw, {"threat": "threat:a.1", "deep": "flat", "list": ["text"], "null": None})
    assert implied == ([("threat:a.1", "threat", {"b": (["text"], "/list/*", None)}, None)], [], None, ())


def test_text_that_is_no_reference_and_protected_kinds_never_become_nodes() -> None:
    raw = {"nodes": [{"ref": "/who/*"}], "ties": [{"kind": "ABOUT", "from": "/threat", "to": "/who/*"}]}
    data = {"threat": "threat:a.1", "who": ["person:a.1", "source:a.1", "Ondrivel", "lawyer:", 7, "body:a.1"]}
    implied = read(raw, data)
    assert {node.ref for node in implied.nodes} == {"threat:a.1", "body:a.1"}
    assert [(tie.source, tie.target) for tie in implied.ties] == [("threat:a.1", "body:a.1")]


def test_terms_name_places_norms_the_publisher_and_the_case() -> None:
    raw = {
        "countries": ["/country", "/more/*"],
        "ties": [
            {
                "kind": "OCCURRED_IN",
                "from": "/threat",
                "to": {"place": "/country"},
                "since": "/when",
                "until": {"const": 3},
            },
            {"kind": "ENGAGES", "from": "/threat", "to": {"standard": "/standards/*"}},
            {"kind": "ISSUED", "from": "@publisher", "to": "@case"},
        ],
    }
    data = {
        "threat": "threat:a.1",
        "country": "QM",
        "standards": ["x:1"],
        "when": "2026",
        "more": ["QN", "QM"],
    }
    implied = read(raw, data, correlationid="case:a.1", subject="threat:a.1")
    assert [(tie.source, tie.kind, tie.target) for tie in implied.ties] == [
        ("threat:a.1", "OCCURRED_IN", "place:QM"),
        ("threat:a.1", "ENGAGES", "standard:x:1"),
        ("partner:open-docket", "ISSUED", "case:a.1"),
        ("threat:a.1", "IN_CASE", "case:a.1"),
    ]
    assert implied.ties[0].since == "2026"
    assert implied.ties[0].until is None
    assert implied.countries == ("QM", "QN")


def test_conditions_choose_items() -> None:
    raw = {
        "ties": [
            {
                "kind": "CAUSES",
                "each": "/linked/*",
                "if": {"./how": ["causes"]},
                "from": "/threat",
                "to": "./threat",
            },
            {
                "kind": "TARGETS",
                "if": {"/sure": [True], "/how": ["x"]},
                "from": "/threat",
                "to": "/linked/0/threat",
            },
        ]
    }
    linked = [{"threat": "threat:a.2", "how": "causes"}, {"threat": "threat:a.3", "how": "precedes"}]
    implied = read(raw, {"threat": "threat:a.1", "linked": linked, "sure": True, "how": "y"})
    assert [(tie.kind, tie.target) for tie in implied.ties] == [("CAUSES", "threat:a.2")]


def test_the_subject_is_tied_to_its_case_and_only_a_case() -> None:
    raw: Json = {"nodes": [{"ref": "/threat"}]}
    data = {"threat": "threat:a.1"}
    tied = read(raw, data, correlationid="case:a.1")
    assert [(tie.source, tie.target) for tie in tied.ties] == [("threat:a.1", "case:a.1")]
    for envelope in ({"correlationid": "threat:a.9"}, {"correlationid": "case:a.1", "subject": "person:a.1"}):
        assert read(raw, data, **envelope).ties == []
    assert read(raw, {}, correlationid="case:a.1", subject="case:a.1").ties == []
    event = recorded(1, "threat.reported", data, correlationid="case:a.1")
    assert imply(rule(raw), event, contract(subject=None)).ties == []


def test_what_comes_from_a_marked_field_bears_the_stricter_label() -> None:
    marks = (
        Mark("/narrative", audience="amber+strict"),
        Mark("/parties/*/note", audience="amber"),
        Mark("/hidden", audience="red"),
        Mark("/hidden/country", seal="/threat"),
        Mark("/provenance/reliability", audience="red"),
    )
    raw = {
        "when": ["/hidden/when", "/occurred"],
        "countries": ["/hidden/country", "/country"],
        "nodes": [
            {
                "ref": "/threat",
                "props": {"narrative": "/narrative", "parties": "/parties", "status": "/status"},
            },
            {"ref": "/hidden/who", "props": {"status": "/status"}},
            {"ref": "./who", "each": "/parties/*", "if": {"./note": ["x"]}},
        ],
        "ties": [
            {"kind": "TARGETS", "from": "/threat", "to": "/hidden/who"},
            {
                "kind": "TARGETS",
                "from": "/threat",
                "to": "/lawyer",
                "since": "/narrative",
                "props": {"status": "/status"},
            },
        ],
    }
    data = {
        "threat": "threat:a.1",
        "lawyer": "lawyer:a.1",
        "narrative": "n",
        "status": "ongoing",
        "occurred": "2026",
        "country": "QM",
        "parties": [{"who": "lawyer:a.2", "note": "x"}],
        "hidden": {"who": "body:a.1", "when": "2025", "country": "QN"},
        "provenance": {"reliability": "A"},
    }
    implied = read(raw, data, *marks)
    labels = {node.ref: node.tlp for node in implied.nodes}
    assert labels == {"threat:a.1": None, "body:a.1": "red", "lawyer:a.2": "amber", "lawyer:a.1": None}
    assert {name: value.tlp for name, value in props_of(implied, "threat:a.1").items()} == {
        "narrative": "amber+strict",
        "parties": "amber",
        "status": None,
    }
    assert props_of(implied, "body:a.1")["status"].tlp == "red"
    assert [tie.tlp for tie in implied.ties] == ["red", "amber+strict"]
    assert implied.ties[1].props["status"].tlp == "amber+strict"
    assert (implied.when, implied.countries) == ("2026", ("QM",))
    assert rule(raw, *marks).grades(recorded(1, "threat.reported", data)) == ("F", "6")
    assert rule(raw).grades(recorded(1, "threat.reported", data)) == ("A", "6")
    assert rule(raw).grades(recorded(1, "threat.reported", {"provenance": "sealed"})) == ("F", "6")


def test_a_node_is_as_visible_as_its_most_visible_mention() -> None:
    raw = {"nodes": [{"ref": "/hidden"}, {"ref": "/open", "props": {"status": "/status"}}]}
    implied = read(
        raw, {"hidden": "body:a.1", "open": "body:a.1", "status": "x"}, Mark("/hidden", audience="red")
    )
    assert implied.nodes == [("body:a.1", "body", {"status": ("x", "/status", None)}, None)]


def test_labels_are_ordered_and_unknown_ones_are_strictest() -> None:
    assert strictest(None, "amber", "green") == "amber"
    assert strictest("red", "violet") == "violet"
    marked = contract(Mark("/a/*/b", audience="amber"), Mark("/a", searchable=False))
    assert stricter_tlp(marked, "/a/3/b/c") == "amber"
    assert stricter_tlp(marked, "/a") == "amber"
    assert stricter_tlp(marked, "/a", inside=False) is None
    assert stricter_tlp(marked, "/a/3/c") is None


@pytest.mark.parametrize(
    "raw",
    [
        {"nodes": [{}]},
        {"nodes": [{"ref": "threat"}]},
        {"nodes": [{"ref": {"planet": "/threat"}}]},
        {"nodes": [{"ref": {"place": "/a", "standard": "/b"}}]},
        {"nodes": [{"ref": "/threat", "props": {"a": {"constant": 1}}}]},
        {"nodes": [{"ref": "/threat", "props": {"a": 7}}]},
        {"ties": [7]},
    ],
)
def test_a_rule_that_breaks_the_language_is_refused_with_its_stem(raw: Json) -> None:
    with pytest.raises(RuleUnreadable) as refused:
        rule(raw)
    assert refused.value.stem == "threat.reported.v1"


def test_a_stem_without_a_rule_is_refused_and_further_rules_come_from_a_folder(tmp_path: Path) -> None:
    loaded = registry()
    extended = replace(
        loaded, _contracts={**loaded._contracts, "moon.seen.v1": loaded.contract("threat.reported.v1")}
    )
    with pytest.raises(RuleUnreadable, match=r"moon\.seen\.v1"):
        load_rules(extended)
    with pytest.raises(RuleUnreadable, match=r"moon\.seen\.v1"):
        load_rules(extended, tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "moon.seen.v1.json").write_bytes(
        orjson.dumps({"stem": "moon.seen.v1", "nodes": [{"ref": "/threat"}]})
    )
    assert load_rules(extended, tmp_path)["moon.seen.v1"].stem == "moon.seen.v1"


def test_an_event_is_read_once_and_again_when_it_reads_differently() -> None:
    readings = Readings(registry(), rules())
    event = recorded(1, "threat.reported", {"threat": "threat:a.1", "targets": ["lawyer:a.1"]})
    assert readings.imply(event) is readings.imply(event)
    corrected = recorded(1, "threat.reported", {"threat": "threat:a.1", "targets": ["lawyer:a.2"]})
    assert readings.imply(corrected).ties[0].target == "lawyer:a.2"
    assert readings.rule("embargo.released.v1") is None
    assert readings.imply(recorded(2, "embargo.released", {"until": "2026-11-01T00:00:00Z"})).nodes == []


def test_only_the_latest_readings_are_kept() -> None:
    readings = Readings(registry(), rules())
    first = recorded(1, "threat.reported", {"threat": "threat:a.1", "targets": []})
    kept = readings.imply(first)
    for position in range(2, 1_002):
        readings.imply(recorded(position, "threat.reported", {"threat": "threat:a.1", "targets": []}))
    again = readings.imply(first)
    assert again == kept
    assert again is not kept
    readings.release()
    assert readings.imply(first) == kept
    assert readings.imply(first) is not again


def test_a_hub_keeps_no_reading_once_all_its_views_have_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = Readings(registry(), rules())
    monkeypatch.setattr("projections.shelves.Readings", lambda *_: readings)
    log = MemoryLog()
    log.add("threat.reported", {"threat": "threat:a.1", "targets": ["lawyer:a.1"]})
    room = ReadingRoom(registry(), log, tmp_path / "views.db")
    try:
        room.catch_up()
        assert room.position == 1
        assert readings._kept == {}
    finally:
        room.stop()
