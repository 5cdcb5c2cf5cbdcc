from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from events.audience import PUBLIC, Reader
from projections.graph.look import look_at
from projections.graph.query import ALL
from projections.graph.whole.breaks import breaks
from projections.graph.whole.cut import Cut
from projections.graph.whole.desk import Desk
from projections.graph.whole.measures import Abandoned
from projections.graph.whole.measuring import MeasureSight
from projections.graph.whole.question import Pending, WholeQuestion
from projections.graph.whole.ranking import Ranking
from projections.labels import Allowed
from tests.folding import Views, recorded, views_in

Json = Any

LANTERNS = Reader("lanterns", "anna", "amber")
ALL_MEASURES = ("pagerank", "betweenness", "core", "communities", "bridges")


def threat(position: int, number: int, *targets: str, **more: Any) -> Any:
    partner, tlp = more.pop("partner", "lanterns"), more.pop("tlp", "clear")
    body = {
        "threat": f"threat:a.{number}",
        "targets": list(targets),
        "categories": ["liberty.arrest"],
        **more,
    }
    return recorded(position, "threat.reported", body, partner, tlp=tlp)


def member(position: int, lawyer: str, bar: str, **more: str) -> Any:
    return recorded(position, "lawyer.profiled", {"lawyer": lawyer, "bar": bar}, **more)


class Asking:
    """Views with one desk."""

    def __init__(self, views: Views, desk: Desk) -> None:
        self.views = views
        self.desk = desk

    def sight(self, reader: Reader = PUBLIC) -> MeasureSight:
        return MeasureSight(self.views.graph, Allowed(self.views.labels, reader), self.desk)

    def ask(self, of: Any, reader: Reader = PUBLIC, **more: Any) -> Json:
        return self.sight(reader).answer(WholeQuestion(of, **more))


@contextmanager
def asking(path: Path) -> Iterator[Asking]:
    desk = Desk()
    try:
        with views_in(path) as views:
            yield Asking(views, desk)
    finally:
        desk.close()


def two_bars(views: Views) -> None:
    """Two bars of three lawyers; a threat to one of each is all that ties them."""
    views.put(
        *(member(number, f"lawyer:a.{number}", "body:a.1") for number in (1, 2, 3)),
        *(member(number, f"lawyer:a.{number}", "body:a.2") for number in (4, 5, 6)),
        threat(7, 1, "lawyer:a.3", "lawyer:a.4", place={"country": "QM"}),
        threat(8, 1, "lawyer:a.3", partner="harbour"),
    )


def test_who_is_central_is_told_with_reasons_and_events(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        two_bars(asked.views)
        told = asked.ask("betweenness", limit=3)
        assert (told["by"], told["nodes"], told["pairs"], told["total"]) == ("betweenness", 9, 8, 9)
        assert told["sources"] is None
        rows = told["items"]
        assert [(row["rank"], row["node"]["ref"], row["ties"]) for row in rows] == [
            (1, "threat:a.1", 2),
            (2, "lawyer:a.3", 2),
            (3, "lawyer:a.4", 2),
        ]
        assert rows[0]["value"] == pytest.approx(16 / 28)
        assert rows[0]["why"] == (
            "57.14% of the shortest ways between two others lead through here. "
            "Tied to 2, by most claims to lawyer:a.3."
        )
        near = rows[0]["strongest"]
        assert [(one["node"]["ref"], one["claims"]) for one in near] == [("lawyer:a.3", 2), ("lawyer:a.4", 1)]
        assert [event["id"] for event in near[0]["ties"][0]["events"]] == ["event-7", "event-8"]


def test_kinds_choose_the_rows_not_what_is_measured(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        two_bars(asked.views)
        told = asked.ask("core", kinds=("body", "place"))
        assert (told["nodes"], told["total"]) == (9, 2)
        assert [row["node"]["ref"] for row in told["items"]] == ["body:a.1", "body:a.2"]
        assert told["items"][0]["why"].startswith("One of a group in which everybody is tied to at least 1")
        assert asked.ask("pagerank")["items"][0]["why"].startswith("Whoever follows ties at random comes by ")


def test_communities_are_named_by_their_best_connected_members(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        two_bars(asked.views)
        told = asked.ask("communities")
        first, second, third = told["items"]
        assert (first["label"], first["size"], first["inside"], first["outside"]) == (
            "body:a.1 · lawyer:a.1 · lawyer:a.2",
            3,
            2,
            1,
        )
        assert first["kinds"] == {"body": 1, "lawyer": 2}
        assert first["why"] == "3 who have 2 ties among themselves and 1 to others."
        assert [one["ref"] for one in second["members"]] == ["body:a.2", "lawyer:a.5", "lawyer:a.6"]
        assert third["strongest"][0]["node"]["ref"] == "lawyer:a.3"
        assert [event["id"] for event in third["strongest"][0]["ties"][0]["events"]] == ["event-7", "event-8"]
        assert len(asked.ask("communities", limit=1)["items"]) == 1


def test_bridges_say_what_would_be_cut_off(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        two_bars(asked.views)
        told = asked.ask("bridges")
        assert told["totals"] == {"points": 5, "ties": 8}
        points = told["points"]
        assert [(row["node"]["ref"], row["value"]) for row in points] == [
            ("body:a.1", 2),
            ("body:a.2", 2),
            ("threat:a.1", 4),
            ("lawyer:a.3", 3),
            ("lawyer:a.4", 3),
        ]
        assert points[0]["parts"] == [6, 1, 1]
        assert points[0]["why"] == (
            "Without body:a.1, 3 parts would be left: lawyer:a.1, lawyer:a.2 would lose the largest."
        )
        assert points[3]["why"] == (
            "Without lawyer:a.3, 2 parts would be left: 3, among them body:a.1, would lose the largest."
        )
        assert [one["node"]["ref"] for one in points[3]["strongest"]] == ["body:a.1"]
        first = told["ties"][0]
        assert ([one["ref"] for one in first["ends"]], first["sides"]) == (
            ["lawyer:a.3", "threat:a.1"],
            [4, 5],
        )
        assert first["why"] == (
            "Nothing else ties lawyer:a.3 and threat:a.1: "
            "without it 4, among them lawyer:a.3, would lose the rest."
        )
        assert first["ties"][0]["events"][0]["type"] == "threat.reported"
        last = told["ties"][-1]
        assert last["cut_off"]["ref"] == "lawyer:a.6"
        assert [len(asked.ask("bridges", limit=2)[name]) for name in ("points", "ties")] == [2, 2]


def admitted(position: int, slug: str) -> Any:
    body = {
        "partner": f"partner:{slug}",
        "body": f"body:a.{slug}",
        "name": {"en": slug.title()},
        "roles": ["monitor"],
    }
    return recorded(position, "partner.admitted", body, "stewards")


def test_the_loss_of_a_partner_cuts_off_no_body_that_it_is_itself(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        asked.views.put(admitted(1, "quill"), admitted(2, "docket"), admitted(3, "harbour"))
        # Nobody is tied to anybody else.
        told = asked.ask("bridges")
        assert (told["nodes"], told["pairs"], told["points"], told["ties"]) == (0, 0, [], [])
        statement = {
            "statement": "statement:a.1",
            "kind": "joint_statement",
            "title": {"en": "Let them work."},
        }
        signed = [
            {"who": one, "capacity": "co_signatory"}
            for one in ("partner:docket", "body:a.harbour", "body:a.9")
        ]
        said = {**statement, "authors": ["partner:quill"], "about": ["lawyer:a.1"], "signatories": signed}
        asked.views.put(
            recorded(4, "statement.issued", {**said, "issued": "2026-11-10"}, "quill"),
            threat(5, 1, "lawyer:a.1"),
        )
        told = asked.ask("bridges")
        # The body of harbour signed, so that harbour is reached by it; those of the others are they themselves.
        assert [(row["node"]["ref"], row["value"]) for row in told["points"]] == [
            ("body:a.harbour", 1),
            ("statement:a.1", 5),
            ("lawyer:a.1", 1),
        ]
        assert told["points"][1]["why"].startswith("Without Let them work, 5 parts would be left")
        refs = {one["ref"] for row in told["ties"] for one in row["ends"]}
        assert not refs & {"body:a.quill", "body:a.docket"}
        assert "partner:harbour" in refs
        twins = [
            {**statement, "statement": f"statement:a.{number}", "authors": ["partner:quill"]}
            for number in (2, 3)
        ]
        asked.views.put(
            *(
                recorded(5 + number, "statement.issued", {**one, "issued": "2026-11-11"}, "quill")
                for number, one in enumerate(twins, 1)
            )
        )
        (quill,) = (row for row in asked.ask("bridges")["points"] if row["node"]["ref"] == "partner:quill")
        # Two of one name are named once, and counted.
        assert quill["why"] == (
            "Without Quill, 3 parts would be left: 2, among them Let them work, would lose the largest."
        )


@pytest.mark.parametrize("of", ALL_MEASURES)
def test_a_graph_without_ties_has_an_empty_answer(of: str, tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        told = asked.ask(of)
        assert (told["nodes"], told["pairs"]) == (0, 0)
        assert told.get("items", []) == told.get("points", []) == []


def test_what_is_hidden_changes_no_byte(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        two_bars(asked.views)
        before = [asked.ask(of) for of in ALL_MEASURES]
        hidden = threat(9, 2, "lawyer:a.1", "lawyer:a.6", "body:a.0", tlp="amber")
        asked.views.put(hidden)
        assert [asked.ask(of) for of in ALL_MEASURES] == before
        assert asked.ask("bridges", LANTERNS) != before[-1]
        asked.views.drop(hidden, at=10)
        assert asked.ask("bridges", LANTERNS) == before[-1]


def test_who_is_judged_the_same_is_one_node_until_the_judgement_goes(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        two_bars(asked.views)
        before = asked.ask("pagerank")
        data = {"left": "lawyer:a.1", "right": "lawyer:a.6", "judgement": "same", "basis": ["bar_number"],
                "confidence": 1}  # fmt: skip
        judged = recorded(9, "identity.judged", data)
        asked.views.put(judged)
        merged = asked.ask("pagerank")
        assert merged["nodes"] == before["nodes"] - 1
        assert {row["ties"] for row in merged["items"] if row["node"]["ref"] == "lawyer:a.1"} == {2}
        asked.views.drop(judged, at=10)
        assert asked.ask("pagerank") == before


def test_what_was_computed_before_the_graph_was_read_anew_is_not_taken_for_what_is_there_now(
    tmp_path: Path,
) -> None:
    with asking(tmp_path) as asked:
        views = asked.views
        told = [threat(number, number, f"lawyer:a.{number}") for number in range(1, 6)]
        views.put(*told[:4])
        views.drop(told[0], at=7)
        assert "threat:a.2" in {row["node"]["ref"] for row in asked.ask("core")["items"]}
        views.graph.load(views.database.writer)
        # By now as much has come and gone since it was read as had before it was asked.
        views.put(told[4])
        views.drop(told[1], at=8)
        refs = {row["node"]["ref"] for row in asked.ask("core")["items"]}
        assert refs == {f"{kind}:a.{number}" for kind in ("threat", "lawyer") for number in (3, 4, 5)}


def finish(asked: Asking, pending: Pending, reader: Reader = PUBLIC) -> Json | None:
    job = asked.desk.job(Allowed(asked.views.labels, reader).reader, pending.job)
    assert job is not None
    job.result.result(30)
    return asked.sight(reader).job(pending.job)


def test_a_large_graph_is_measured_by_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with asking(tmp_path) as asked:
        two_bars(asked.views)
        expected = [asked.ask(of) for of in ALL_MEASURES]
        asked.desk.forget()
        monkeypatch.setattr("projections.graph.whole.measuring.MOST_WORK", 0)
        for of, told in zip(ALL_MEASURES, expected, strict=True):
            pending = asked.ask(of)
            assert isinstance(pending, Pending)
            assert asked.ask(of).job == pending.job
            assert finish(asked, pending) == told
            assert asked.sight(LANTERNS).job(pending.job) is None
            assert not asked.sight(LANTERNS).cancel(pending.job)
            assert asked.sight().cancel(pending.job)
            assert asked.sight().job(pending.job) is None


def test_the_same_graph_gives_a_job_the_same_name_whatever_is_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.graph.whole.measuring.MOST_WORK", 0)
    names = []
    for number, hidden in enumerate([[], [threat(9, 2, "lawyer:a.0", tlp="amber")]]):
        folder = tmp_path / str(number)
        folder.mkdir()
        with asking(folder) as asked:
            two_bars(asked.views)
            asked.views.put(*hidden)
            names.append((asked.ask("core").job, asked.ask("core", limit=1).job))
    assert names[0] == names[1]
    assert names[0][0] != names[0][1]


def test_a_job_goes_on_beside_what_is_new_and_is_gone_with_what_it_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with asking(tmp_path) as asked:
        two_bars(asked.views)
        expected = asked.ask("core")
        monkeypatch.setattr("projections.graph.whole.measuring.MOST_WORK", 0)
        pending = asked.ask("core")
        asked.views.put(threat(9, 2, "lawyer:a.1", "lawyer:a.6"))
        assert finish(asked, pending) == expected
        asked.views.drop(member(1, "lawyer:a.1", "body:a.1"), at=10)
        assert asked.sight().job(pending.job) is None
        assert not asked.sight().cancel(pending.job)


def test_a_job_that_runs_says_how_far_it_is_and_one_that_was_ended_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.graph.whole.measuring.MOST_WORK", 0)
    with asking(tmp_path) as asked:
        two_bars(asked.views)
        # The desk is busy with another answer meanwhile: the slot of this one is taken.
        reader = Allowed(asked.views.labels, PUBLIC).reader
        pending = asked.ask("core")
        job = asked.desk.job(reader, pending.job)
        assert job is not None
        job.result.result(30)
        job.result = type(job.result)()
        # Whoever is told that all is done expects an answer.
        assert asked.sight().job(pending.job) == Pending(pending.job, 0.99)
        job.result.set_exception(Abandoned())
        assert asked.sight().job(pending.job) is None


def test_whoever_has_vanished_since_the_cut_is_left_out(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        two_bars(asked.views)
        refs = ("body:a.1", "lawyer:a.1", "lawyer:z.1", "lawyer:z.2", "lawyer:z.3")
        first, second = np.array([0, 0, 1, 3], np.int32), np.array([1, 2, 2, 4], np.int32)
        cut = Cut(refs, first, second, np.ones(4, np.int32))

        def looking(row: Any, number: int) -> Json:
            with asked.views.graph.lock:
                return row(look_at(asked.views.graph, frozenset(range(99)), ALL), number)

        def rank(of: Any) -> Ranking:
            return Ranking(cut, looking, WholeQuestion(of))

        central = rank("core").central(np.array([2, 2, 2, 1, 1]))["items"]
        assert [(row["rank"], row["node"]["ref"]) for row in central] == [(1, "body:a.1"), (2, "lawyer:a.1")]
        assert [one["node"]["ref"] for one in central[0]["strongest"]] == ["lawyer:a.1"]
        groups = rank("communities").communities(np.array([0, 0, 0, 1, 1]))["items"]
        assert [[one["ref"] for one in row["members"]] for row in groups] == [["body:a.1", "lawyer:a.1"]]
        assert rank("bridges").bridges(breaks(cut, lambda _: None))["ties"] == []
        ends = np.array([0, 1], np.int32)
        path = Cut(refs[1:4], ends, ends + 1, np.ones(2, np.int32))
        gone = Ranking(path, looking, WholeQuestion("bridges")).bridges(breaks(path, lambda _: None))
        assert (gone["points"], gone["ties"]) == ([], [])
