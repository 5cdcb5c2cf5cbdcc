"""The assignment of offers to needs is the best there is: held against trying everything, where that can be tried."""

from collections.abc import Mapping
from itertools import product

import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.boards.support.assigning import assign
from projections.boards.support.fitting import Fit
from projections.boards.support.terms import ALL_POINTS, terms

Worth = tuple[int, ...]


def worth(fits: list[Fit], chosen: Mapping[str, str], tiers: Mapping[str, int]) -> Worth:
    """Return how many of each urgency are served, the most urgent first, and the sum of scores."""
    scores = {(one.need, one.offer): one.score for one in fits}
    served = [sum(tiers[need] == tier for need in chosen) for tier in (3, 2, 1, 0)]
    return (*served, sum(scores[pair] for pair in chosen.items()))


def is_within(fits: list[Fit], chosen: Mapping[str, str], room: Mapping[str, int | None]) -> bool:
    units = {(one.need, one.offer): one.units for one in fits}
    for offer, left in room.items():
        own = [need for need, given in chosen.items() if given == offer]
        if len(own) > 1 if left is None else sum(units[need, offer] for need in own) > left:
            return False
    return True


def best(fits: list[Fit], room: Mapping[str, int | None], tiers: Mapping[str, int]) -> Worth:
    """Try everything."""
    choices: dict[str, list[str | None]] = {}
    for one in fits:
        choices.setdefault(one.need, [None]).append(one.offer)
    tried = (
        {need: offer for need, offer in zip(choices, each, strict=True) if offer is not None}
        for each in product(*choices.values())
    )
    return max(worth(fits, one, tiers) for one in tried if is_within(fits, one, room))


@st.composite
def worlds(draw: st.DrawFn, most_units: int = 1) -> tuple[list[Fit], dict[str, int | None], dict[str, int]]:
    needs = [f"need:a.{number}" for number in range(draw(st.integers(1, 5)))]
    room: dict[str, int | None] = {
        f"offer:a.{number}": draw(st.sampled_from([None, 1, 2, 3]))
        for number in range(draw(st.integers(1, 4)))
    }
    units = {need: draw(st.integers(1, most_units)) for need in needs}
    fits = [
        Fit(need, offer, draw(st.integers(0, ALL_POINTS)), units[need])
        for need in needs
        for offer, left in room.items()
        if (left is None or units[need] <= left) and draw(st.booleans())
    ]
    return fits, room, {need: draw(st.integers(0, 3)) for need in needs}


@pytest.mark.parametrize("most_units", [1, 3])
def test_nothing_is_better_than_the_assignment(most_units: int) -> None:
    @settings(max_examples=40, deadline=None)
    @given(worlds(most_units))
    def check(world: tuple[list[Fit], dict[str, int | None], dict[str, int]]) -> None:
        fits, room, tiers = world
        found = assign(fits, room, tiers.__getitem__)
        assert is_within(fits, found.offers, room)
        assert found.is_optimal
        if fits:
            assert worth(fits, found.offers, tiers) == best(fits, room, tiers)

    check()


def test_the_most_urgent_is_served_first_though_others_fit_better() -> None:
    fits = [Fit("need:a.1", "offer:a.1", ALL_POINTS, 1), Fit("need:a.2", "offer:a.1", 0, 1)]
    tiers = {"need:a.1": terms().tier("high"), "need:a.2": terms().tier("urgent")}
    assert assign(fits, {"offer:a.1": 1}, tiers.__getitem__).offers == {"need:a.2": "offer:a.1"}


def test_a_search_that_finds_nothing_in_its_steps_takes_what_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several persons compete for one place more than there is; the search may not even begin."""
    fits = [Fit(f"need:a.{number}", "offer:a.1", 500 + number, 1 + number % 2) for number in range(4)]
    full = assign(fits, {"offer:a.1": 3}, lambda _: 1)
    assert full.is_optimal
    assert sum(one.units for one in fits if one.need in full.offers) <= 3

    class Unsolved:
        x, status = None, 1

    monkeypatch.setattr(scipy.optimize, "milp", lambda *_, **__: Unsolved())
    rough = assign(fits, {"offer:a.1": 3}, lambda _: 1)
    assert rough.offers == {"need:a.3": "offer:a.1", "need:a.2": "offer:a.1"}
    assert not rough.is_optimal


def test_many_pairs_are_weighed_where_places_run_out_and_the_answer_says_so() -> None:
    room: dict[str, int | None] = {f"offer:a.{number:02}": 3 for number in range(30)}
    fits = [
        Fit(f"need:a.{need:03}", offer, 100 + (7 * need + 11 * place) % 800, 1 + need % 3)
        for need in range(80)
        for place, offer in enumerate(room)
    ]
    found = assign(fits, room, lambda _: 1)
    assert is_within(fits, found.offers, room)
    assert not found.is_optimal
    # No assignment serves more than 57 (27 of one person, 27 of two, and 3 places are left).
    assert 50 <= len(found.offers) <= 57
    assert assign(fits, room, lambda _: 1) == found


def test_the_parts_of_a_score_add_up() -> None:
    assert sum(terms().weights.values()) == ALL_POINTS
    assert terms().tier("never heard of") == terms().tier("normal")
