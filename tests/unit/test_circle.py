"""The circle of a class of readers: kept, and as new as the graph at once."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from events.audience import PUBLIC, Reader
from projections.graph.paths.circles import Circles
from projections.graph.paths.introductions import PathQuery, introductions
from projections.graph.whole.desk import Kept
from projections.labels import Allowed
from tests.folding import Views, recorded, views_in

if TYPE_CHECKING:
    from projections.graph.paths.circle import Circle

Json = Any

NOW = date(2026, 12, 1)
A, B, X, Y = "lawyer:a.1", "lawyer:a.2", "body:a.x", "body:a.y"


def member(position: int, lawyer: str, body: str, **envelope: str) -> Any:
    return recorded(position, "lawyer.profiled", {"lawyer": lawyer, "bar": body}, "lanterns", **envelope)


def threat(position: int, *targets: str, by: str, case: str = "") -> Any:
    data = {"threat": f"threat:a.{position}", "targets": list(targets), "attributed_to": [{"body": by}]}
    return recorded(
        position, "threat.reported", data, "lanterns", **({"correlationid": case} if case else {})
    )


def judged(position: int, left: str, right: str, judgement: str = "same", **more: str) -> Any:
    return recorded(
        position, "identity.judged", {"left": left, "right": right, "judgement": judgement, **more}
    )


class Asking:
    """Readers who ask again and again, so that their circle follows what changes; `met` are the circles there were."""

    def __init__(self, views: Views, reader: Reader = PUBLIC, kept: Kept | None = None) -> None:
        self._circles = Circles(views.graph, Allowed(views.labels, reader), kept or Kept())
        self.met: list[Circle] = []

    def answer(self, source: str = A, target: str = B, **more: Any) -> Json:
        with self._circles.now() as (look, circle):
            if circle not in self.met:
                self.met.append(circle)
            return introductions(look, PathQuery(source, target, NOW, **more), circle)

    def ways(self, source: str = A, target: str = B, **more: Any) -> list[list[str]]:
        paths = self.answer(source, target, **more)["paths"]
        return [[node["ref"] for node in path["nodes"]] for path in paths]


def test_what_comes_and_goes_shows_at_once_and_the_circle_stays(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        first, second = member(1, A, X), member(2, B, X)
        views.put(first)
        asking = Asking(views)
        assert asking.ways(A, X) == [[A, X]]
        views.put(second)
        assert asking.ways() == [[A, X, B]]
        views.put(threat(3, A, by=X))
        assert asking.ways() == []
        assert asking.ways(hostile="ends") == []
        views.put(recorded(4, "body.profiled", {"body": Y, "member_of": [X]}))
        assert asking.ways(Y, X) == [[Y, X]]
        views.put(*(recorded(place, "lawyer.profiled", {"lawyer": lawyer, "country_of_practice": "QM"})
                    for place, lawyer in ((5, A), (6, B))))  # fmt: skip
        assert (asking.ways(A, "place:QM"), asking.ways()) == ([[A, "place:QM"]], [])
        views.drop(threat(3, A, by=X), 10)
        assert asking.ways() == [[A, X, B]]
        views.drop(second, 11)
        views.put(member(12, B, Y))
        assert asking.ways() == [[A, X, Y, B]]
        assert len(asking.met) == 1


def test_what_is_hidden_moves_nothing_and_what_is_not_shows(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(member(1, A, X))
        public, friend = Asking(views), Asking(views, Reader("lanterns", "anna", "amber"))
        assert (public.ways(A, X), friend.ways(A, X)) == ([[A, X]], [[A, X]])
        views.put(member(2, B, X, tlp="amber"), member(3, B, Y))
        assert (public.ways(), friend.ways()) == ([], [[A, X, B]])
        assert (len(public.met), len(friend.met)) == (1, 1)


def test_those_who_are_judged_the_same_are_passed_as_one_until_they_are_not(
    tmp_path: Path,
) -> None:
    with views_in(tmp_path) as views:
        views.put(member(1, A, X), member(2, B, Y))
        asking = Asking(views)
        assert asking.ways() == []
        same = judged(3, X, Y)
        views.put(same)
        assert asking.ways() == [[A, X, B]]
        views.put(member(4, "lawyer:a.3", Y))
        assert asking.ways(A, "lawyer:a.3") == [[A, X, "lawyer:a.3"]]
        views.drop(same, 10)
        assert asking.ways() == []
        assert asking.ways(B, "lawyer:a.3") == [[B, Y, "lawyer:a.3"]]
        assert len(asking.met) == 1


def test_a_group_goes_by_a_name_to_which_nobody_was_tied(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(recorded(1, "body.profiled", {"body": "body:a.0", "name": {"en": "Null"}}))
        views.put(judged(2, "body:a.0", X, preferred="body:a.0"), member(3, A, X), member(4, B, X))
        asking = Asking(views)
        assert asking.ways() == [[A, "body:a.0", B]]
        views.put(member(5, "lawyer:a.3", "body:a.0"))
        assert asking.ways("lawyer:a.3", A) == [["lawyer:a.3", "body:a.0", A]]
        assert len(asking.met) == 1


def test_somebody_to_whom_nobody_is_tied_is_reached_by_nobody(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(member(1, A, X), recorded(2, "body.profiled", {"body": Y, "name": {"en": "Alone"}}))
        asking = Asking(views)
        for source, target in ((A, Y), (Y, A)):
            for hostile in ("any", "ends"):
                assert asking.answer(source, target, hostile=hostile) == {"paths": [], "avoided": []}


def test_there_is_room_for_whoever_comes_later(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(member(1, A, X))
        asking = Asking(views)
        assert asking.ways(A, X) == [[A, X]]
        views.put(*(member(number, f"lawyer:a.{number}", f"body:a.{number}") for number in range(2, 140)))
        views.put(member(140, "lawyer:a.139", X), threat(141, "lawyer:a.9", by="body:a.138"))
        views.put(member(142, "lawyer:a.140", "body:a.138"))
        assert asking.ways(A, "body:a.139") == [[A, X, "lawyer:a.139", "body:a.139"]]
        assert asking.ways("lawyer:a.138", "lawyer:a.140") == []
        assert len(asking.met) == 1


def test_a_judgement_of_two_to_whom_nobody_is_tied_waits_for_the_first_tie(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(member(1, A, Y))
        asking = Asking(views)
        assert asking.ways(A, Y) == [[A, Y]]
        views.put(
            *(recorded(number, "body.profiled", {"body": body}) for number, body in ((2, X), (3, "body:a.z")))
        )
        views.put(judged(4, X, "body:a.z"))
        assert asking.ways(A, X) == []
        views.put(member(5, A, "body:a.z"))
        assert asking.ways(A, X) == [[A, X]]


def test_whoever_gets_too_many_ties_introduces_nobody_until_he_loses_one(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(*(member(number, f"lawyer:a.{number}", X) for number in range(1, 201)))
        asking = Asking(views)
        assert asking.ways() == [[A, X, B]]
        last = member(201, "lawyer:a.201", X)
        views.put(last)
        assert asking.ways() == []
        views.drop(last, 300)
        assert asking.ways() == [[A, X, B]]


def test_what_concerns_an_end_is_told_by_whom_it_targets_and_by_its_case(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(member(1, A, X), member(2, B, X), threat(3, "lawyer:a.9", by=X, case="case:a.1"))
        asking = Asking(views)
        assert asking.ways(hostile="ends") == [[A, X, B]]
        views.put(recorded(4, "lawyer.profiled", {"lawyer": B}, correlationid="case:a.1"))
        assert asking.ways("case:a.1", A, hostile="ends") == []
        assert asking.ways("threat:a.3", A, hostile="ends") == []


def test_a_circle_that_is_far_behind_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.graph.paths.circle._MOST_BEHIND", 3)
    with views_in(tmp_path) as views:
        views.put(member(1, A, X))
        asking = Asking(views)
        assert asking.ways(A, X) == [[A, X]]
        views.put(*(member(number, B, X) for number in range(2, 9)))
        assert asking.ways() == [[A, X, B]]
        assert len(asking.met) == 2
        views.put(member(9, "lawyer:a.3", X))
        assert asking.ways("lawyer:a.3", B) == [["lawyer:a.3", X, B]]
        assert len(asking.met) == 2


def test_where_more_is_written_than_can_be_followed_the_question_is_answered_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.graph.paths.circle._MOST_BEHIND", -1)
    with views_in(tmp_path) as views:
        views.put(member(1, A, X), member(2, B, X))
        assert Asking(views).ways() == [[A, X, B]]


def test_a_graph_that_was_loaded_anew_gets_a_circle_anew(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(member(1, A, X), member(2, B, X))
        asking = Asking(views)
        asking.ways()
        views.graph.load(views.database.writer)
        views.put(member(3, "lawyer:a.3", X))
        assert asking.ways("lawyer:a.3", A) == [["lawyer:a.3", X, A]]
        assert len(asking.met) == 2


def test_sights_of_one_class_share_what_is_kept(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(member(1, A, X))
        kept = Kept()
        one, other = Asking(views, kept=kept), Asking(views, kept=kept)
        assert one.ways(A, X) == other.ways(A, X) == [[A, X]]
        assert one.met == other.met
        # Two nodes of 30 bytes; one tie of 4, in both directions.
        assert one.met[0].weight == 1 + 68 // 40


def test_only_so_many_reasons_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.graph.paths.circle._MOST_ACCOUNTS", 1)
    monkeypatch.setattr("projections.graph.paths.introductions.MOST_REASONS", 1)
    with views_in(tmp_path) as views:
        views.put(member(1, A, X), member(2, A, Y), member(3, B, X), member(4, B, Y))
        views.put(threat(5, A, by=X), threat(6, A, by=Y))
        asking = Asking(views)
        for _ in range(2):
            assert [one["ref"] for one in asking.answer()["avoided"]] == [X, Y]


def test_reasons_that_are_remembered_grow_and_shrink_with_what_is_said(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        first, second = threat(3, A, by=X), threat(4, B, by=X)
        views.put(member(1, A, X), member(2, B, X), first)
        asking = Asking(views)
        told = [[one["threats"] for one in asking.answer()["avoided"]]]
        views.put(second)
        told.append([one["threats"] for one in asking.answer()["avoided"]])
        views.drop(first, 10)
        told.append([one["threats"] for one in asking.answer()["avoided"]])
        assert told == [[["threat:a.3"]], [["threat:a.3", "threat:a.4"]], [["threat:a.4"]]]


def test_accusations_of_those_who_are_read_as_one_are_told_together(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(member(1, A, X), member(2, B, X), threat(3, A, by=X), threat(4, A, by=Y))
        views.put(judged(5, X, Y), judged(6, "threat:a.3", "threat:a.7"))
        [told] = Asking(views).answer()["avoided"]
        assert (told["threats"], told["same"]) == (["threat:a.3", "threat:a.4"], [Y])
        views.put(judged(7, X, Y, "different"))
        [told] = Asking(views).answer()["avoided"]
        assert told["threats"] == ["threat:a.3"]
