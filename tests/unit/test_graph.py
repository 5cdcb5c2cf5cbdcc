from datetime import date
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC, Reader, label_of
from events.event import Position
from projections.changes import Change
from projections.graph.look import plain
from projections.graph.paths.introductions import PathQuery
from projections.graph.query import GraphQuery
from projections.graph.sight import MOST_TIES
from schemas.edtf import NotEdtf
from tests.folding import Views, recorded, views_in

Json = Any

LANTERNS = Reader("lanterns", "anna", "amber")


def threat(position: int, number: int, *targets: str, **data: Any) -> Any:
    partner = data.pop("partner", "lanterns")
    envelope = {name: data.pop(name) for name in ("tlp", "correlationid") if name in data}
    body = {
        "threat": f"threat:a.{number}",
        "targets": list(targets),
        "categories": ["liberty.arrest"],
        **data,
    }
    return recorded(position, "threat.reported", body, partner, **envelope)


def joined(position: int, partner: str, action: str = "action:a.1", **envelope: str) -> Any:
    data = {
        "action": action,
        "partner": f"partner:{partner}",
        "role": "signatory",
        "joined": f"2026-11-{position % 28 + 1:02}",
    }
    return recorded(position, "action.joined", data, partner, **envelope)


def asked(source: str, target: str, **more: Any) -> PathQuery:
    return PathQuery(source, target, date(2026, 12, 1), **more)


def refs(answer: Json) -> list[str]:
    return [node["ref"] for node in answer["nodes"]]


def ties(answer: Json) -> list[tuple[str, str, str]]:
    return [(edge["from"], edge["kind"], edge["to"]) for edge in answer["edges"]]


def test_a_tie_exists_while_a_claim_supports_it(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        first, second = threat(1, 1, "lawyer:a.1"), threat(2, 1, "lawyer:a.1", partner="harbour")
        views.put(first, second)
        sight = views.graph_of()
        query = GraphQuery(about=["lawyer:a.1"])
        assert sight.graph(query) == {
            "nodes": [
                {"ref": "lawyer:a.1", "kind": "lawyer", "label": "lawyer:a.1"},
                {"ref": "threat:a.1", "kind": "threat", "label": "threat:a.1"},
            ],
            "edges": [
                {
                    "from": "threat:a.1",
                    "to": "lawyer:a.1",
                    "kind": "TARGETS",
                    "since": None,
                    "until": None,
                    "claims": 2,
                    "status": "active",
                }
            ],
            "truncated": 0,
        }
        views.drop(first, at=3)
        assert sight.graph(query)["edges"][0]["claims"] == 1
        views.drop(second, at=4)
        assert sight.graph(query) == {"nodes": [], "edges": [], "truncated": 0}
        assert sight.node("lawyer:a.1") is None
        assert sight.ties("lawyer:a.1") is None
        assert sight.edge("threat:a.1", "lawyer:a.1", "TARGETS") is None


def test_reading_an_event_again_replaces_what_it_said(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(threat(1, 1, "lawyer:a.1", place={"country": "QM"}), threat(2, 2, "lawyer:a.2"))
        views.put(threat(1, 1, "lawyer:a.9"), at=3)
        views.put(threat(1, 1, "lawyer:a.9"), at=4)
        sight = views.graph_of()
        assert ties(sight.graph(GraphQuery())) == [
            ("threat:a.1", "TARGETS", "lawyer:a.9"),
            ("threat:a.2", "TARGETS", "lawyer:a.2"),
        ]
        assert sight.graph(GraphQuery())["edges"][0]["claims"] == 1
        assert refs(sight.graph(GraphQuery(country="QM"))) == []


def test_changes_of_one_event_within_one_batch_follow_each_other(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        event, other = threat(1, 1, "lawyer:a.1"), threat(1, 1, "lawyer:a.2")
        label = label_of(event.envelope, embargoed=False)
        views.fold(
            Change("put", event, label, Position(1)),
            Change("put", other, label, Position(2), "corrected", label),
            Change("drop", other, label, Position(3), "retracted", label),
            Change("put", event, label, Position(4), "corrected", label),
            Change("drop", threat(5, 5, "lawyer:a.5"), label, Position(5), "retracted"),
        )
        assert refs(views.graph_of().graph(GraphQuery())) == ["lawyer:a.1", "threat:a.1"]
        assert views.dossiers_of().dossier("lawyers", "lawyer:a.2") is None


def test_the_graph_loads_without_the_log(tmp_path: Path) -> None:
    events = [threat(1, 1, "lawyer:a.1"), threat(2, 2, "lawyer:a.1", title="Two")]
    judged = recorded(
        3,
        "claim.assessed",
        {"about_event": "event-2", "about_source": "urn:hub:partner:lanterns", "verdict": "disputes"},
    )
    with views_in(tmp_path) as views:
        views.put(*events, judged)
        whole = views.graph_of().graph(GraphQuery())
        assert [edge["status"] for edge in whole["edges"]] == ["active", "disputed"]
    with views_in(tmp_path) as views:
        assert views.graph_of().graph(GraphQuery()) == whole
        views.drop(judged, at=4)
        views.drop(events[0], at=5)
        edges = views.graph_of().graph(GraphQuery())["edges"]
        assert [(edge["from"], edge["status"]) for edge in edges] == [("threat:a.2", "active")]


def test_only_visible_claims_make_nodes_ties_labels_and_counts(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(
            threat(1, 1, "lawyer:a.1", status="ongoing", tlp="amber", title="Open"),
            threat(2, 1, "lawyer:a.1", status="ended", tlp="clear", partner="harbour"),
            threat(3, 3, "lawyer:a.1", "lawyer:a.3", tlp="amber"),
        )
        public = views.graph_of(PUBLIC)
        assert public.graph(GraphQuery()) == {
            "nodes": [
                {"ref": "lawyer:a.1", "kind": "lawyer", "label": "lawyer:a.1"},
                {"ref": "threat:a.1", "kind": "threat", "label": "threat:a.1", "status": "ended"},
            ],
            "edges": [
                {
                    "from": "threat:a.1",
                    "to": "lawyer:a.1",
                    "kind": "TARGETS",
                    "since": None,
                    "until": None,
                    "claims": 1,
                    "status": "active",
                }
            ],
            "truncated": 0,
        }
        assert public.graph(GraphQuery(limit=1))["truncated"] == 1
        assert public.node("lawyer:a.3") is None
        assert public.edge("threat:a.3", "lawyer:a.1", "TARGETS") is None
        assert public.paths(asked("lawyer:a.1", "lawyer:a.3")) is None
        cleared = views.graph_of(LANTERNS)
        named = {node["ref"]: node for node in cleared.graph(GraphQuery())["nodes"]}
        assert named["threat:a.1"] == {
            "ref": "threat:a.1",
            "kind": "threat",
            "label": "Open",
            "status": "ongoing",
            "disputed": ["status"],
        } | {"status": named["threat:a.1"]["status"]}
        assert cleared.graph(GraphQuery(limit=1))["truncated"] == 4 - 1


def test_a_stricter_field_of_a_visible_event_stays_hidden(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(threat(1, 1, "lawyer:a.1", narrative="private", title="Open", tlp="clear"))
        public = views.graph_of().node("threat:a.1")
        own = views.graph_of(Reader("lanterns", "anna", "amber+strict")).node("threat:a.1")
        assert public is not None
        assert own is not None
        assert "narrative" not in public["props"]
        assert own["props"]["narrative"]["value"] == "private"


def test_a_node_tells_every_value_with_its_claims_and_its_ties_by_kind(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        grades = {"reliability": "B", "credibility": "3"}
        views.put(
            threat(1, 1, "lawyer:a.1", status="ongoing", occurred="2026-11-02~", provenance=grades),
            threat(2, 1, "lawyer:a.1", status="ended", partner="harbour"),
        )
        told = views.graph_of().node("threat:a.1")
        assert told is not None
        assert told["props"]["status"] == {
            "disputed": True,
            "values": ["ongoing", "ended"],
            "claims": [
                {
                    "value": "ongoing",
                    "event": {
                        "source": "urn:hub:partner:lanterns",
                        "id": "event-1",
                        "type": "threat.reported",
                    },
                    "as_of": "2026-11-02~",
                    "reliability": "B",
                    "credibility": "3",
                    "verification": "unverified",
                },
                {
                    "value": "ended",
                    "event": {
                        "source": "urn:hub:partner:harbour",
                        "id": "event-2",
                        "type": "threat.reported",
                    },
                    "as_of": None,
                    "reliability": "F",
                    "credibility": "6",
                    "verification": "unverified",
                },
            ],
        }
        (tie,) = told["ties"]["TARGETS"]
        assert (tie["to"], tie["claims"], tie["since"], tie["other"]["ref"]) == (
            "lawyer:a.1",
            2,
            "2026-11-02~",
            "lawyer:a.1",
        )
        assert told["truncated"] == 0
        assert views.graph_of().ties("threat:a.1") == {"ties": told["ties"], "truncated": 0}


def test_a_tie_tells_its_claims_since_and_until(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        left = {"action": "action:a.1", "partner": "partner:quill", "left": "2026-11-20"}
        views.put(joined(1, "quill"), recorded(2, "action.left", left, "quill"))
        told = views.graph_of().edge("partner:quill", "action:a.1", "JOINS")
        assert told is not None
        assert (told["since"], told["until"], told["status"]) == ("2026-11-02", "2026-11-20", "active")
        assert told["props"]["role"]["value"] == "signatory"
        assert told["props"]["until"]["value"] == "2026-11-20"
        assert [one["event"]["type"] for one in told["claims"]] == ["action.left", "action.joined"]
        assert "value" not in told["claims"][0]


def test_a_tie_of_which_all_claims_are_doubted_is_disputed(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        about = {"about_event": "event-1", "about_source": "urn:hub:partner:lanterns", "verdict": "refutes"}
        views.put(threat(1, 1, "lawyer:a.1"), recorded(2, "claim.assessed", about, tlp="amber"))
        query = GraphQuery(about=["threat:a.1"])
        assert views.graph_of().graph(query)["edges"][0]["status"] == "active"
        assert views.graph_of(LANTERNS).graph(query)["edges"][0]["status"] == "disputed"
        views.put(threat(3, 1, "lawyer:a.1", partner="harbour"))
        assert views.graph_of(LANTERNS).graph(query)["edges"][0]["status"] == "active"


def chain(views: Views) -> None:
    """Let a.1 - a.2 - a.3 - a.4 be lawyers tied by threats."""
    for number in range(1, 4):
        views.put(threat(number, number, f"lawyer:a.{number}", f"lawyer:a.{number + 1}"))


def test_a_neighbourhood_grows_by_hops_nearest_first_and_says_what_it_left_out(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        chain(views)
        sight = views.graph_of()
        assert refs(sight.graph(GraphQuery(about=["lawyer:a.1"], hops=0))) == ["lawyer:a.1"]
        assert refs(sight.graph(GraphQuery(about=["lawyer:a.1"], hops=2))) == [
            "lawyer:a.1",
            "threat:a.1",
            "lawyer:a.2",
        ]
        farthest = sight.graph(GraphQuery(about=["lawyer:a.1"], hops=9, limit=3))
        assert refs(farthest) == ["lawyer:a.1", "threat:a.1", "lawyer:a.2"]
        assert farthest["truncated"] == 2
        assert ties(farthest) == [
            ("threat:a.1", "TARGETS", "lawyer:a.1"),
            ("threat:a.1", "TARGETS", "lawyer:a.2"),
        ]
        assert refs(sight.graph(GraphQuery(about=["lawyer:a.1", "lawyer:a.4", "lawyer:a.77"], hops=0))) == [
            "lawyer:a.1",
            "lawyer:a.4",
        ]


def test_kinds_and_ties_reduce_the_graph(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(threat(1, 1, "lawyer:a.1", "body:a.1", place={"country": "QM"}, correlationid="case:a.1"))
        sight = views.graph_of()
        assert refs(sight.graph(GraphQuery(about=["threat:a.1"], kinds=["lawyer", "case"]))) == [
            "threat:a.1",
            "case:a.1",
            "lawyer:a.1",
        ]
        walked = sight.graph(GraphQuery(about=["threat:a.1"], ties=["OCCURRED_IN"]))
        assert refs(walked) == ["threat:a.1", "place:QM"]
        assert ties(walked) == [("threat:a.1", "OCCURRED_IN", "place:QM")]
        assert refs(sight.graph(GraphQuery(kinds=["lawyer", "place"]))) == ["lawyer:a.1", "place:QM"]


def test_a_country_keeps_what_is_shown_there_or_tied_to_its_places(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        profile = {"lawyer": "lawyer:a.2", "country_of_practice": "QN"}
        views.put(
            threat(1, 1, "lawyer:a.1", place={"country": "QM", "subdivision": "QM-02"}),
            threat(2, 2, "lawyer:a.2", place={"country": "QN"}),
            recorded(3, "lawyer.profiled", profile),
            threat(4, 1, "lawyer:a.1", place={"country": "QN"}, partner="harbour", tlp="amber"),
            threat(5, 1, "lawyer:a.1", place={"country": "QM"}, partner="open-docket"),
        )
        sight = views.graph_of()
        assert refs(sight.graph(GraphQuery(country="QM"))) == ["place:QM", "place:QM-02", "threat:a.1"]
        assert refs(sight.graph(GraphQuery(country="QN"))) == ["lawyer:a.2", "place:QN", "threat:a.2"]
        first = sight.graph(GraphQuery(country="QM", limit=2))
        assert (len(first["nodes"]), first["truncated"]) == (2, 1)
        assert refs(sight.graph(GraphQuery(about=["lawyer:a.1"], hops=4, country="QM"))) == [
            "lawyer:a.1",
            "threat:a.1",
            "place:QM",
            "place:QM-02",
        ]
        cleared = views.graph_of(LANTERNS)
        assert "threat:a.1" in refs(cleared.graph(GraphQuery(country="QN")))


def test_a_country_that_a_better_claim_contradicts_is_not_shown(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        about = {"about_event": "event-2", "about_source": "urn:hub:partner:harbour", "verdict": "verifies"}
        views.put(
            recorded(1, "lawyer.profiled", {"lawyer": "lawyer:a.1", "country_of_practice": "QM"}, "lanterns"),
            recorded(2, "lawyer.profiled", {"lawyer": "lawyer:a.1", "country_of_practice": "QN"}, "harbour"),
            recorded(3, "claim.assessed", about),
        )
        sight = views.graph_of()
        shown = {node["ref"]: node for node in sight.graph(GraphQuery())["nodes"]}
        assert shown["lawyer:a.1"]["country"] == "QN"
        assert "lawyer:a.1" in refs(sight.graph(GraphQuery(country="QN")))
        # The first profile still ties the lawyer to a place of QM; the property of a trial is no tie.
        assert "lawyer:a.1" in refs(sight.graph(GraphQuery(country="QM")))


def test_the_country_of_a_disputed_property_counts_only_while_it_is_shown(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        for position, (partner, country) in enumerate([("lanterns", "QM"), ("harbour", "QN")], 1):
            data = {"policy": "policy:a.1", "country": country, "title": {"en": "Bill"}}
            views.put(recorded(position, "policy.changed", data, partner))
        sight = views.graph_of()
        assert refs(sight.graph(GraphQuery(country="QM", kinds=["policy"]))) == ["policy:a.1"]
        about = {"about_event": "event-2", "about_source": "urn:hub:partner:harbour", "verdict": "verifies"}
        views.put(recorded(3, "claim.assessed", about))
        assert refs(sight.graph(GraphQuery(country="QN", kinds=["policy"]))) == ["policy:a.1"]


def test_as_of_a_date_leaves_out_ties_that_do_not_hold_then(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        left = {"action": "action:a.1", "partner": "partner:quill", "left": "2026-11-20T10:00:00.5Z"}
        views.put(
            joined(1, "quill"),
            recorded(2, "action.left", left, "quill"),
            joined(3, "lanterns"),
            threat(4, 1, "lawyer:a.1"),
        )
        sight = views.graph_of()

        def then(when: str) -> list[str]:
            return [edge["from"] for edge in sight.graph(GraphQuery(as_of=when))["edges"]]

        assert then("2026-11-03") == ["partner:quill", "threat:a.1"]
        assert then("2026-11-20") == ["partner:lanterns", "partner:quill", "threat:a.1"]
        assert then("2026-11-21") == ["partner:lanterns", "threat:a.1"]
        assert then("2026-10") == ["threat:a.1"]
        assert then("2026") == ["partner:lanterns", "partner:quill", "threat:a.1"]
        with pytest.raises(NotEdtf):
            sight.graph(GraphQuery(as_of="yesterday"))


def test_without_a_start_the_newest_visible_nodes_come_first(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(
            threat(1, 1, "lawyer:a.1"), threat(2, 2, "lawyer:a.2"), threat(3, 3, "lawyer:a.3", tlp="amber")
        )
        cut = views.graph_of().graph(GraphQuery(limit=2))
        assert (refs(cut), cut["truncated"]) == (["lawyer:a.2", "threat:a.2"], 2)
        few = views.graph_of().graph(GraphQuery(limit=2, kinds=["lawyer"]))
        assert (refs(few), few["truncated"]) == (["lawyer:a.1", "lawyer:a.2"], 0)


def test_older_nodes_fill_up_when_the_newest_events_name_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.graph.sight._MOST_WALKED", 1)
    with views_in(tmp_path) as views:
        chain(views)
        views.put(threat(4, 4, "lawyer:a.9", tlp="amber"))
        assert refs(views.graph_of().graph(GraphQuery(limit=4))) == [
            "lawyer:a.1",
            "lawyer:a.3",
            "lawyer:a.4",
            "threat:a.3",
        ]


def test_many_ties_of_one_kind_are_cut_and_counted(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(threat(1, 1, *(f"lawyer:a.{number:03}" for number in range(MOST_TIES + 3))))
        told = views.graph_of().node("threat:a.1")
        assert told is not None
        assert len(told["ties"]["TARGETS"]) == MOST_TIES
        assert told["truncated"] == 3


def test_paths_prove_each_step_and_avoid_whom_one_asks_to(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        chain(views)
        views.put(
            threat(4, 9, "lawyer:a.1", "lawyer:a.3", place={"country": "QM"}),
            threat(5, 8, "lawyer:a.8", place={"country": "QM"}),
        )
        sight = views.graph_of()
        answer = sight.paths(asked("lawyer:a.1", "lawyer:a.3", k=5))
        assert answer is not None
        assert [[node["ref"] for node in path["nodes"]] for path in answer["paths"]] == [
            ["lawyer:a.1", "threat:a.9", "lawyer:a.3"],
            ["lawyer:a.1", "threat:a.1", "lawyer:a.2", "threat:a.2", "lawyer:a.3"],
        ]
        step = answer["paths"][0]["steps"][0]
        assert (step["from"], step["to"]) == ("lawyer:a.1", "threat:a.9")
        assert step["ties"][0]["events"] == [
            {"source": "urn:hub:partner:lanterns", "id": "event-4", "type": "threat.reported"}
        ]
        around = sight.paths(asked("lawyer:a.1", "lawyer:a.3", avoid=["threat:a.9", "lawyer:a.2"]))
        assert around == {"paths": [], "avoided": []}
        assert sight.paths(asked("lawyer:a.1", "lawyer:a.8")) == {"paths": [], "avoided": []}
        assert sight.paths(asked("lawyer:a.1", "lawyer:a.1")) == {"paths": [], "avoided": []}
        assert sight.paths(asked("lawyer:a.1", "lawyer:a.77")) is None


def test_a_hub_introduces_nobody_but_may_be_reached(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        crowd = [f"lawyer:a.{number:03}" for number in range(201)]
        views.put(threat(1, 1, *crowd))
        sight = views.graph_of()
        assert sight.paths(asked("lawyer:a.000", "lawyer:a.001")) == {"paths": [], "avoided": []}
        reached = sight.paths(asked("lawyer:a.000", "threat:a.1"))
        assert reached is not None
        assert reached["paths"][0]["hops"] == 1


def test_who_is_said_to_be_another_introduces_nobody(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        data = {
            "left": "lawyer:a.1",
            "right": "lawyer:a.2",
            "judgement": "different",
            "basis": ["bar_number"],
            "confidence": 1,
        }
        views.put(recorded(1, "identity.judged", data))
        assert views.graph_of().paths(asked("lawyer:a.1", "lawyer:a.2")) == {"paths": [], "avoided": []}


def test_a_label_is_one_text_in_english_if_there_is_one() -> None:
    assert plain({"qaa": "x", "en": "y"}) == "y"
    assert plain({"qab": "x", "qaa": "z"}) == "z"
    assert plain({"kid": "k", "alg": "a", "ct": "c"}) == ""
    assert plain({}) == ""
    assert plain(["x"]) == ""
    assert plain("x") == "x"
