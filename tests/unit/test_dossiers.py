from pathlib import Path
from typing import Any

import pytest

from events.audience import Reader
from projections.dossier_reading import MOST_RENEWED
from projections.dossier_sight import ListQuery
from tests.folding import recorded, views_in

Json = Any

LANTERNS = Reader("lanterns", "anna", "amber")


def threat(position: int, number: int, partner: str = "lanterns", tlp: str = "clear", **data: Any) -> Any:
    body = {
        "threat": f"threat:a.{number}",
        "targets": ["lawyer:a.1"],
        "categories": ["liberty.arrest"],
        **data,
    }
    return recorded(position, "threat.reported", body, partner, tlp=tlp)


def refs(page: Json) -> list[str]:
    return [item["ref"].removeprefix("threat:") for item in page["items"]]


def test_a_list_shows_each_item_with_its_values_and_disputes(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(
            threat(1, 1, title="One", status="ongoing"),
            threat(2, 1, "harbour", title="One", status="ended"),
            threat(3, 2),
        )
        assert views.dossiers_of().listing("threats", ListQuery()) == {
            "items": [
                {
                    "ref": "threat:a.1",
                    "kind": "threat",
                    "label": "One",
                    "title": "One",
                    "categories": ["liberty.arrest"],
                    "status": {"disputed": True, "values": ["ended", "ongoing"]},
                    "disputed": ["status"],
                },
                {
                    "ref": "threat:a.2",
                    "kind": "threat",
                    "label": "threat:a.2",
                    "categories": ["liberty.arrest"],
                    "disputed": [],
                },
            ],
            "total": 2,
            "next": None,
        }


def test_a_property_called_kind_does_not_hide_the_kind_of_node(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        data = {"action": "action:a.1", "kind": "joint_letter", "purpose": "Write", "about": ["lawyer:a.1"]}
        views.put(recorded(1, "action.proposed", data))
        (item,) = views.dossiers_of().listing("actions", ListQuery())["items"]
        assert (item["kind"], item["of_kind"]) == ("action", "joint_letter")


def test_pages_follow_each_other(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(*(threat(number, number) for number in range(1, 6)))
        sight = views.dossiers_of()
        first = sight.listing("threats", ListQuery(limit=2))
        assert (refs(first), first["total"], first["next"]) == (["a.1", "a.2"], 5, 2)
        last = sight.listing("threats", ListQuery(limit=2, offset=4))
        assert (refs(last), last["next"]) == (["a.5"], None)
        beyond = sight.listing("threats", ListQuery(offset=9))
        assert (refs(beyond), beyond["total"], beyond["next"]) == ([], 5, None)
        assert refs(sight.listing("threats", ListQuery(descending=True, limit=2))) == ["a.5", "a.4"]


def test_filters_keep_what_is_shown_so(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(
            threat(1, 1, status="ongoing", place={"country": "QM"}),
            threat(2, 2, status="ended", place={"country": "QM"}),
            threat(3, 2, "harbour", status="ongoing"),
            threat(
                4,
                3,
                status="ended",
                place={"country": "QN"},
                targets=["lawyer:a.7"],
                categories=["judicial.conviction"],
            ),
        )
        sight = views.dossiers_of()
        assert refs(sight.listing("threats", ListQuery(status="ongoing"))) == ["a.1", "a.2"]
        assert refs(sight.listing("threats", ListQuery(country="QM", status="ended"))) == ["a.2"]
        assert refs(sight.listing("threats", ListQuery(where={"categories": "liberty"}))) == ["a.1", "a.2"]
        assert refs(sight.listing("threats", ListQuery(about="lawyer:a.7"))) == ["a.3"]
        assert refs(sight.listing("threats", ListQuery(where={"nothing": "x"}))) == []


def test_items_are_sorted_by_what_is_shown_and_those_without_come_last(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(
            threat(1, 1, occurred="2026-03"),
            threat(2, 2),
            threat(3, 3, occurred="2026-01"),
            threat(4, 4, occurred="2026-03"),
        )
        sight = views.dossiers_of()
        assert refs(sight.listing("threats", ListQuery(sort="occurred"))) == ["a.3", "a.1", "a.4", "a.2"]
        assert refs(sight.listing("threats", ListQuery(sort="occurred", descending=True))) == [
            "a.1",
            "a.4",
            "a.3",
            "a.2",
        ]
        assert refs(sight.listing("threats", ListQuery(sort="occurred", limit=2))) == ["a.3", "a.1"]


def test_numbers_and_truth_values_sort_and_filter_too(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        for number, (final, decided) in enumerate([(True, "2026-02"), (False, "2026-01")], 1):
            data = {"trial": f"trial:a.{number}", "outcome": [], "final": final, "decided": decided}
            views.put(recorded(number, "trial.concluded", data))
        sight = views.dossiers_of()
        final = sight.listing("trials", ListQuery(where={"final": "true"}))
        assert [item["ref"] for item in final["items"]] == ["trial:a.1"]
        assert [item["ref"] for item in sight.listing("trials", ListQuery(sort="final"))["items"]] == [
            "trial:a.2",
            "trial:a.1",
        ]


def test_lists_count_and_show_only_what_the_reader_may_see(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(
            threat(1, 1, status="ongoing"),
            threat(2, 1, "harbour", "amber", status="ended"),
            threat(3, 2, tlp="amber", status="ongoing", targets=["lawyer:a.2"]),
            threat(4, 3, narrative="private"),
        )
        public, cleared = views.dossiers_of(), views.dossiers_of(LANTERNS)
        assert public.listing("threats", ListQuery())["total"] == 2
        assert cleared.listing("threats", ListQuery())["total"] == 3
        assert refs(public.listing("threats", ListQuery(status="ended"))) == []
        assert refs(cleared.listing("threats", ListQuery(status="ended"))) == ["a.1"]
        assert refs(public.listing("threats", ListQuery(about="lawyer:a.2"))) == []
        assert public.dossier("threats", "threat:a.2") is None
        assert public.listing("threats", ListQuery())["items"][0]["status"] == "ongoing"
        strict = views.dossiers_of(Reader("lanterns", "anna", "amber+strict"))
        assert "narrative" not in cleared.listing("threats", ListQuery())["items"][2]
        assert strict.listing("threats", ListQuery())["items"][2]["narrative"] == "private"


def test_what_a_sight_has_kept_follows_later_events(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        sight = views.dossiers_of()
        assert sight.listing("threats", ListQuery())["total"] == 0
        first, second = threat(1, 1, status="ongoing"), threat(2, 2, status="ongoing")
        views.put(first, second)
        ongoing = ListQuery(status="ongoing")
        assert refs(sight.listing("threats", ongoing)) == ["a.1", "a.2"]
        views.put(recorded(3, "lawyer.profiled", {"lawyer": "lawyer:a.5", "country_of_practice": "QM"}))
        assert refs(sight.listing("threats", ongoing)) == ["a.1", "a.2"]
        views.put(threat(1, 1, status="ended"), at=4)
        assert refs(sight.listing("threats", ongoing)) == ["a.2"]
        views.put(threat(5, 0, status="ongoing"), threat(6, 9, status="ongoing", tlp="amber"))
        assert refs(sight.listing("threats", ongoing)) == ["a.0", "a.2"]
        views.drop(second, at=7)
        assert refs(sight.listing("threats", ongoing)) == ["a.0"]
        assert sight.listing("threats", ListQuery())["total"] == 2


def test_an_assessment_changes_what_lists_show_and_goes_away_with_its_event(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        about = {"about_event": "event-1", "about_source": "urn:hub:partner:lanterns", "verdict": "verifies"}
        judged = recorded(3, "claim.assessed", about)
        views.put(threat(1, 1, status="ongoing"), threat(2, 1, "harbour", status="ended"))
        sight = views.dossiers_of()
        assert sight.listing("threats", ListQuery(status="ended"))["total"] == 1
        views.put(judged)
        assert sight.listing("threats", ListQuery(status="ended"))["total"] == 0
        dossier = sight.dossier("threats", "threat:a.1")
        assert dossier is not None
        assert dossier["props"]["status"]["verification"] == "verified"
        assert dossier["disputed"] == []
        views.drop(judged, at=4)
        assert sight.listing("threats", ListQuery(status="ended"))["total"] == 1


def test_a_large_change_makes_a_sight_start_anew(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        sight = views.dossiers_of()
        views.put(threat(1, 1))
        assert sight.listing("threats", ListQuery())["total"] == 1
        views.put(*(threat(number, number) for number in range(2, MOST_RENEWED + 3)))
        assert sight.listing("threats", ListQuery())["total"] == MOST_RENEWED + 2


def test_a_rebuilt_view_makes_a_sight_start_anew(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        sight = views.dossiers_of()
        views.put(threat(1, 1), threat(2, 2))
        assert sight.listing("threats", ListQuery())["total"] == 2
        for table in ("events", "facts", "refs", "assessments"):
            views.database.writer.execute(f"DELETE FROM dossiers_{table}")
        views.put(threat(1, 1))
        assert sight.listing("threats", ListQuery())["total"] == 1


def test_only_some_columns_are_kept(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(threat(1, 1, status="ongoing"))
        sight = views.dossiers_of()
        for number in range(12):
            assert sight.listing("threats", ListQuery(sort=f"prop{number}"))["total"] == 1
        assert len(sight._shelves["threat"].columns) == 8


def test_a_dossier_holds_each_value_with_the_claims_behind_it(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(threat(1, 1, title="One", occurred="2026-11"))
        sight = views.dossiers_of()
        dossier = sight.dossier("threats", "threat:a.1")
        assert dossier is not None
        assert {name: dossier[name] for name in ("ref", "kind", "label", "disputed")} == {
            "ref": "threat:a.1",
            "kind": "threat",
            "label": "One",
            "disputed": [],
        }
        assert dossier["props"]["title"]["claims"][0]["as_of"] == "2026-11"
        assert sight.dossier("lawyers", "lawyer:a.1") == {
            "ref": "lawyer:a.1",
            "kind": "lawyer",
            "label": "lawyer:a.1",
            "props": {},
            "disputed": [],
        }
        assert sight.dossier("lawyers", "threat:a.1") is None
        assert sight.dossier("moons", "moon:a.1") is None
        with pytest.raises(KeyError):
            sight.listing("moons", ListQuery())


def test_what_concerns_no_list_leaves_no_trace(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.fold()
        views.put(recorded(1, "embargo.released", {"until": "2026-11-01T00:00:00Z"}, "hub"))
        assert views.database.writer.execute("SELECT count(*) FROM dossiers_events").fetchone() == (0,)


def test_structured_values_sort_and_filter_by_their_text(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        data = {
            "need": "need:a.1",
            "for": "lawyer:a.1",
            "kinds": [],
            "amount": {"amount": "5.00", "currency": "XTS"},
        }
        views.put(recorded(1, "need.expressed", data))
        own = views.dossiers_of(Reader("open-docket", "anna", "amber+strict"))
        assert (
            own.listing("needs", ListQuery(sort="amount", where={"amount": "amount 5.00\ncurrency XTS"}))[
                "total"
            ]
            == 1
        )
        assert own.listing("needs", ListQuery(sort="kinds"))["total"] == 1
