from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.graph.claims import IDENTITIES, Reading
from projections.graph.journal import Journal
from projections.graph.whole.cut import INTRODUCES_NOBODY, Cut
from projections.shown import Origin
from tests.journals import write

KINDS = ("lawyer", "partner", "body", "threat", "place", "standard", "indicator")
TIES = ("TARGETS", "IN_CASE", "OCCURRED_IN", *sorted(IDENTITIES))
Tie = tuple[str, str, str, int]


def reading(position: int, *ties: Tie, as_of: str | None = "2026-11-01", since: str | None = None) -> Reading:
    origin = Origin(
        position, "urn:hub:partner:x", f"e-{position}", "t", "2026-12-24T00:00:00Z", as_of, "A", "1"
    )
    rows: list[Any] = [[kind, source, target, label, since, None, []] for kind, source, target, label in ties]
    return Reading(origin, 1, [], rows, None)


def journal_of(*readings: Reading) -> Journal:
    journal = Journal()
    for one in readings:
        write(journal, one)
    return journal


def said(cut: Cut) -> dict[tuple[str, str], int]:
    rows = zip(cut.first.tolist(), cut.second.tolist(), cut.claims.tolist(), strict=True)
    return {(cut.refs[one], cut.refs[other]): claims for one, other, claims in rows}


def whole(cut: Cut) -> tuple[Sequence[str], bytes, bytes, bytes]:
    return cut.refs, cut.first.tobytes(), cut.second.tobytes(), cut.claims.tobytes()


refs = st.builds(lambda kind, number: f"{kind}:a.{number}", st.sampled_from(KINDS), st.integers(0, 5))
ties = st.tuples(st.sampled_from(TIES), refs, refs, st.integers(1, 4))
stories = st.lists(st.lists(ties, max_size=5), max_size=12)


def networkx_of(readings: list[Reading], allowed: frozenset[int], canonical: dict[str, str]) -> Any:
    graph: Any = nx.Graph()
    for one in readings:
        for kind, source, target, label, *_ in one.ties:
            ends = [canonical.get(ref, ref) for ref in (source, target)]
            of = {ref.partition(":")[0] for ref in ends}
            is_left_out = kind in IDENTITIES or of & INTRODUCES_NOBODY or ends[0] == ends[1]
            if label in allowed and not is_left_out:
                known = graph.get_edge_data(*ends, {"claims": 0})["claims"]
                graph.add_edge(*ends, claims=known + 1)
    return graph


@given(stories, st.frozensets(st.integers(1, 5)), st.dictionaries(st.integers(0, 3), st.integers(4, 8)))
def test_a_cut_is_the_graph_of_the_visible_claims(
    story: list[list[Tie]], allowed: frozenset[int], same: dict[int, int]
) -> None:
    readings = [reading(number, *ties) for number, ties in enumerate(story, 1)]
    canonical = {f"lawyer:a.{one}": f"lawyer:a.{other}" for one, other in same.items()}
    cut = journal_of(*readings).cut(allowed, canonical)
    graph = networkx_of(readings, allowed, canonical)
    assert cut.refs == tuple(sorted(graph))
    expected = {tuple(sorted(ends)): data["claims"] for *ends, data in graph.edges(data=True)}
    assert said(cut) == expected
    assert list(said(cut)) == sorted(expected)
    assert cut.degrees.tolist() == [graph.degree(ref) for ref in cut.refs]
    assert cut.size == len(graph) + graph.number_of_edges()
    for number, ref in enumerate(cut.refs):
        near = sorted(graph[ref].items(), key=lambda one: (-one[1]["claims"], one[0]))
        assert [(cut.refs[other], claims) for other, claims in cut.around(number)] == [
            (other, data["claims"]) for other, data in near
        ]


@given(stories, stories, st.randoms(use_true_random=False))
def test_hidden_claims_change_no_byte(story: list[list[Tie]], hidden: list[list[Tie]], random: Any) -> None:
    allowed = frozenset({1, 2, 3, 4})
    plain, mixed = Journal(), Journal()
    everything: list[list[Tie]] = [*story]
    for number, one in enumerate(story, 1):
        write(plain, reading(number, *one))
    for strange in hidden:
        everything.insert(random.randint(0, len(everything)), [(*tie[:3], tie[3] + 10) for tie in strange])
    for number, one in enumerate(everything, 1):
        write(mixed, reading(number, *one))
    bare, full = plain.cut(allowed), mixed.cut(allowed)
    assert whole(bare) == whole(full)
    assert bare.digest == full.digest
    assert plain.version(allowed) == mixed.version(allowed)


@given(stories, st.data())
def test_taking_away_and_bringing_back_restores(story: list[list[Tie]], data: st.DataObject) -> None:
    allowed = frozenset({1, 2, 3})
    readings = [reading(number, *ties) for number, ties in enumerate(story, 1)]
    journal = journal_of(*readings)
    before = journal.cut(allowed)
    gone = data.draw(st.permutations(readings))[: len(readings) // 2]
    for one in gone:
        journal.remove(one)
    left = [one for one in readings if one not in gone]
    assert said(journal.cut(allowed)) == said(journal_of(*left).cut(allowed))
    for one in gone:
        write(journal, one)
    assert whole(journal.cut(allowed)) == whole(before)
    for one in gone:
        journal.remove(one)
    assert said(journal.cut(allowed)) == said(journal_of(*left).cut(allowed))


def test_columns_do_not_change_when_the_journal_goes_on() -> None:
    first = reading(1, ("TARGETS", "threat:a.1", "lawyer:a.1", 1))
    journal = journal_of(first, reading(2))
    columns = journal.columns()
    journal.remove(first)
    write(journal, reading(4, ("TARGETS", "threat:a.2", "lawyer:a.2", 1)))
    assert columns.alive.tolist() == [True]
    assert journal.columns().alive.tolist() == [False, True]
    assert len(columns.source) == 1
    assert len(journal) == 2
    journal.remove(reading(2))


def test_the_version_moves_with_what_is_visible_alone() -> None:
    journal = journal_of(reading(1, ("TARGETS", "threat:a.1", "lawyer:a.1", 1)))
    hidden = reading(2, ("TARGETS", "threat:a.1", "lawyer:a.2", 2))
    before = journal.version(frozenset({1})), journal.version(frozenset({1, 2}))
    write(journal, hidden)
    journal.remove(hidden)
    assert journal.version(frozenset({1})) == before[0]
    assert journal.version(frozenset({1, 2})) == before[1] + 2


def test_a_cut_may_be_kept_to_some_kinds() -> None:
    one = reading(1, ("TARGETS", "threat:a.1", "lawyer:a.1", 1), ("X", "lawyer:a.1", "lawyer:a.2", 1))
    cut = journal_of(one).cut(frozenset({1, 99}), kinds=frozenset({"lawyer", "place"}))
    assert said(cut) == {("lawyer:a.1", "lawyer:a.2"): 1}
    assert cut.kinds == ["lawyer", "lawyer"]


def test_two_read_as_a_third_whom_no_tie_has_brought_are_that_one() -> None:
    one = reading(1, ("X", "lawyer:a.1", "body:a.1", 1), ("X", "lawyer:a.2", "body:a.1", 1))
    canonical = {"lawyer:a.1": "lawyer:b.1", "lawyer:a.2": "lawyer:b.1", "lawyer:a.9": "lawyer:b.1"}
    assert said(journal_of(one).cut(frozenset({1}), canonical)) == {("body:a.1", "lawyer:b.1"): 2}


def test_a_cut_tells_whether_it_includes_another() -> None:
    few = reading(1, ("X", "lawyer:a.2", "lawyer:a.3", 1))
    more = reading(2, ("X", "lawyer:a.1", "lawyer:a.3", 1), ("X", "lawyer:a.1", "lawyer:a.2", 1))
    apart = reading(1, ("X", "lawyer:a.1", "lawyer:a.2", 1), ("X", "lawyer:a.1", "lawyer:a.3", 1))
    small, large = journal_of(few).cut(frozenset({1})), journal_of(few, more).cut(frozenset({1}))
    assert large.includes(small)
    assert large.includes(journal_of(few, more).cut(frozenset({1})))
    assert not small.includes(large)
    assert not journal_of(apart).cut(frozenset({1})).includes(small)


def test_many_rows_and_references_are_settled_and_sorted_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("projections.graph.whole.cut._RUN", 7)
    monkeypatch.setattr("projections.graph.journal._MOST_FRESH", 5)
    readings = [
        reading(number, ("X", f"lawyer:a.{number * 7 % 50:02}", f"body:a.{number % 9}", 1))
        for number in range(1, 60)
    ]
    cut = journal_of(*readings).cut(frozenset({1}))
    assert list(cut.refs) == sorted(cut.refs)
    assert said(cut) == {
        tuple(sorted(ends)): data["claims"]
        for *ends, data in networkx_of(readings, frozenset({1}), {}).edges(data=True)
    }
    assert cut.first.dtype == np.int32


def test_what_was_erased_leaves_no_date_behind() -> None:
    tie: Tie = ("TARGETS", "threat:a.1", "lawyer:a.1", 1)
    kept, gone = (reading(no, tie, since=since) for no, since in ((1, "2026-03-01"), (2, "2025-07-09")))
    journal = journal_of(kept, gone)
    number = journal.dates.number("2025-07-09")
    journal.remove(gone)
    journal.forget()
    assert set(journal.dates.texts) == {None, "2026-03-01"}
    assert journal.dates.first(np.array([number])).tolist() == [0]
    assert journal.dates.number("2025-07-09") != number
    assert journal.dates.first(np.array([journal.dates.number("2026-03-01")])).tolist() != [0]
