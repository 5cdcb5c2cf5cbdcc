"""The assignment: which offer for which need, so that the most urgent are served first and the scores are greatest.

Every served need counts more than all scores together, and by how urgent it is. The sets of needs that can be served
together are those of a matching, so that any weights that fall with urgency serve as many of the most urgent as can
be, then as many of the next. Why these solvers: docs/decisions/0025.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.boards.support.fitting import Fit
from projections.boards.support.terms import ALL_POINTS

Numbers = NDArray[np.int64]

_BEST = 10
"""Offers of each need that are weighed exactly where needs of several persons compete for the same places."""

_PAIRS = 2_000
"""Pairs up to which all of them are weighed exactly then."""

_NODES = 200
"""Most steps of that search: a number and no time, so that everybody gets the same answer."""


class Assignment(NamedTuple):
    """Which offer is proposed for which need.

    Args:
        offers: need → offer.
        is_optimal: no assignment is better; else this is the best that was found.
    """

    offers: Mapping[str, str]
    is_optimal: bool


class _Problem(NamedTuple):
    """Pairs as numbers: of need, of offer, what each is worth and takes; and the room of each offer."""

    needs: Numbers
    offers: Numbers
    worth: Numbers
    units: Numbers
    room: Numbers


def assign(fits: Sequence[Fit], room: Mapping[str, int | None], tier: Callable[[str], int]) -> Assignment:
    """Return the best assignment: each need gets one offer at most, no offer more than it has room for.

    Args:
        fits: pairs that fit, each of which its offer has room for, in an order that does not depend on arrival.
        room: offer → how much is left; None: nobody says, then it is proposed for one need.
        tier: need → how urgent, from 0.
    """
    if not fits:
        return Assignment({}, is_optimal=True)
    problem = _problem(fits, room, tier)
    chosen, is_optimal = _relaxed(problem), True
    if (_used(problem, chosen) > problem.room).any():
        bound = problem.worth[chosen].sum()
        chosen, is_optimal = _exact(problem)
        is_optimal = is_optimal or bool(problem.worth[chosen].sum() == bound)
    return Assignment({fits[no].need: fits[no].offer for no in chosen}, is_optimal)


def _problem(fits: Sequence[Fit], room: Mapping[str, int | None], tier: Callable[[str], int]) -> _Problem:
    needs = {ref: no for no, ref in enumerate(dict.fromkeys(one.need for one in fits))}
    offers = {ref: no for no, ref in enumerate(sorted({one.offer for one in fits}))}
    served = ALL_POINTS * len(needs) + 1
    tiers = {ref: (tier(ref) + 1) * served for ref in needs}
    rooms = [room[ref] for ref in offers]
    return _Problem(
        np.array([needs[one.need] for one in fits]),
        np.array([offers[one.offer] for one in fits]),
        np.array([tiers[one.need] + one.score for one in fits]),
        np.array([1 if room[one.offer] is None else one.units for one in fits]),
        np.array([1 if left is None else left for left in rooms]),
    )


def _relaxed(problem: _Problem) -> Numbers:
    """Return the best pairs if every need took as little of an offer as the smallest does: as good as any, or better.

    Each offer stands in as many columns as needs it could serve; a column of its own lets a need go unserved.
    """
    # Imported on first need: it takes half a second of the start of every hub and every command.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    least = np.full(len(problem.room), np.iinfo(np.int64).max)
    np.minimum.at(least, problem.offers, problem.units)
    seats = np.minimum(problem.room // least, np.bincount(problem.offers, minlength=len(problem.room)))
    starts = np.cumsum(seats) - seats
    repeats = seats[problem.offers]
    pairs = np.repeat(np.arange(len(problem.needs)), repeats)
    seat = np.arange(len(pairs)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    columns = starts[problem.offers[pairs]] + seat
    count, width = int(problem.needs.max()) + 1, int(seats.sum())
    dear = int(problem.worth.max()) + 1
    cost = np.concatenate([dear - problem.worth[pairs], np.full(count, dear)]).astype(np.float64)
    rows = np.concatenate([problem.needs[pairs], np.arange(count)])
    places = np.concatenate([columns, width + np.arange(count)])
    table = coo_array((cost, (rows, places)), shape=(count, width + count)).tocsr()
    found = dict(zip(*min_weight_full_bipartite_matching(table), strict=True))
    owner = np.repeat(np.arange(len(seats)), seats)
    taken = {(need, owner[column]) for need, column in found.items() if column < width}
    is_taken = [pair in taken for pair in zip(problem.needs, problem.offers, strict=True)]
    return np.flatnonzero(is_taken)


def _used(problem: _Problem, chosen: Numbers) -> Numbers:
    used = np.zeros(len(problem.room), np.int64)
    np.add.at(used, problem.offers[chosen], problem.units[chosen])
    return used


def _exact(problem: _Problem) -> tuple[Numbers, bool]:
    """Return the best pairs where offers are asked for too much, and whether there are no better ones.

    Where there are many pairs, the best offers of each need are weighed, then of what is left the best, and so on.
    """
    if len(problem.needs) <= _PAIRS:
        return _solved(problem)
    chosen, room = np.array([], np.int64), problem.room
    free = np.arange(len(problem.needs))
    while len(free):
        kept = free[_best(_part(problem, free, room))]
        found, _ = _solved(_part(problem, kept, room))
        chosen = np.concatenate([chosen, kept[found]])
        room = problem.room - _used(problem, chosen)
        is_served = np.isin(problem.needs[free], problem.needs[chosen])
        free = free[~is_served & (problem.units[free] <= room[problem.offers[free]])]
    return np.sort(chosen), False


def _part(problem: _Problem, pairs: Numbers, room: Numbers) -> _Problem:
    needs, offers, worth, units = (column[pairs] for column in problem[:4])
    return _Problem(needs, offers, worth, units, room)


def _solved(few: _Problem) -> tuple[Numbers, bool]:
    """Return the best pairs of a small problem, and whether the search came to its end."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    count, size = int(few.needs.max()) + 1, len(few.needs)
    rows = np.concatenate([few.needs, count + few.offers])
    takes = np.concatenate([np.ones(size, np.int64), few.units])
    table = coo_array((takes, (rows, np.tile(np.arange(size), 2))), shape=(count + len(few.room), size))
    most = np.concatenate([np.ones(count), few.room])
    solved = milp(
        -few.worth.astype(np.float64),
        constraints=LinearConstraint(table.tocsr(), -np.inf, most),
        integrality=np.ones(size),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0, "node_limit": _NODES},
    )
    chosen = _in_turn(few) if solved.x is None else np.flatnonzero(solved.x > 0.5)
    return chosen, bool(solved.status == 0)


def _best(problem: _Problem) -> Numbers:
    """Return the dearest pairs of each need."""
    order = np.lexsort((problem.offers, -problem.worth, problem.needs))
    needs = problem.needs[order]
    place = np.arange(len(order)) - np.searchsorted(needs, needs)
    return np.sort(order[place < _BEST])


def _in_turn(problem: _Problem) -> Numbers:
    """Return pairs as they come, the dearest first, as long as there is room."""
    left, served, chosen = problem.room.copy(), set[int](), []
    for no in np.lexsort((problem.offers, problem.needs, -problem.worth)):
        need, offer, units = int(problem.needs[no]), int(problem.offers[no]), int(problem.units[no])
        if need not in served and units <= left[offer]:
            left[offer] -= units
            served.add(need)
            chosen.append(int(no))
    return np.array(sorted(chosen), np.int64)
