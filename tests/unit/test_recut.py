"""A cut that is brought up to date is, byte by byte, the cut made anew."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.graph.claims import Reading
from projections.graph.journal import Journal
from projections.graph.whole import recut
from projections.graph.whole.cut import Cut, cut_of
from projections.graph.whole.recut import Made, gathered, made
from projections.shown import Origin
from tests.journals import write

Json = Any
ALLOWED = frozenset({1, 2})


def reading(position: int, *ties: tuple[str, str, str, int]) -> Reading:
    origin = Origin(position, "urn:hub:partner:x", f"e-{position}", "t", "2031-05-04", None, "A", "1")
    rows: list[Json] = [[kind, one, other, label, None, None, []] for kind, one, other, label in ties]
    return Reading(origin, 1, [], rows, None)


def bytes_of(cut: Cut) -> Any:
    columns = cut.first, cut.second, cut.claims
    return tuple(cut.refs), [(one.dtype, one.tobytes()) for one in columns], cut.digest


def renew(journal: Journal, canonical: dict[str, str], known: Made | None) -> Made:
    return made(gathered(journal, canonical, known), ALLOWED, known)


refs = st.builds(
    "{}:a.{}".format, st.sampled_from(("lawyer", "partner", "threat", "place")), st.integers(0, 6)
)
kinds = st.sampled_from(("TARGETS", "IN_CASE", "SAME_AS"))
ties = st.lists(st.tuples(kinds, refs, refs, st.integers(1, 3)), max_size=6)
acts = st.lists(st.one_of(ties, st.integers(0, 20)), max_size=6)
merges = st.sampled_from(
    ({}, {"lawyer:a.1": "lawyer:a.0", "lawyer:a.0": "lawyer:a.0"}, {"lawyer:a.2": "lawyer:a.9"})
)


@given(st.lists(acts, max_size=6), merges)
def test_what_came_and_went_is_all_that_changes(story: list[list[Any]], canonical: dict[str, str]) -> None:
    journal, known = Journal(), None
    alive: list[Reading] = []
    for number, step in enumerate(story):
        for place, act in enumerate(step):
            if isinstance(act, int):
                if alive:
                    journal.remove(alive.pop(act % len(alive)))
            else:
                alive.append(reading(number * 100 + place + 1, *act))
                write(journal, alive[-1])
        known = renew(journal, canonical, known)
        assert bytes_of(known.cut) == bytes_of(cut_of(journal.columns(), ALLOWED, canonical))


def test_nothing_visible_changes_nothing() -> None:
    journal = Journal()
    write(journal, reading(1, ("TARGETS", "threat:a.1", "lawyer:a.1", 1)))
    known = renew(journal, {}, None)
    write(journal, reading(2, ("TARGETS", "threat:a.2", "lawyer:a.1", 3)))
    assert renew(journal, {}, known).cut is known.cut


def test_another_journal_other_names_or_too_much_that_is_new_begin_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journal = Journal()
    write(
        journal,
        reading(1, ("TARGETS", "threat:a.1", "lawyer:a.1", 1), ("TARGETS", "threat:a.1", "lawyer:a.2", 1)),
    )
    known = renew(journal, {}, None)
    assert gathered(journal, {}, known).changes == []
    assert gathered(Journal(), {}, known).changes is None
    named = {"lawyer:a.2": "lawyer:a.1"}
    assert gathered(journal, named, known).changes is None
    assert renew(journal, named, known).cut.claims.tolist() == [2]
    monkeypatch.setattr(recut, "MOST_CHANGED", 0)
    write(journal, reading(2, ("IN_CASE", "threat:a.1", "case:a.1", 1)))
    assert gathered(journal, {}, known).changes is None
    assert len(renew(journal, {}, known).cut) == 4
