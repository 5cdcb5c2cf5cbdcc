"""The cut of one class of readers, brought up to date by what came and went since it was made."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.graph.claims import IDENTITIES
from projections.graph.whole.cut import INTRODUCES_NOBODY, Cut, cut_of

if TYPE_CHECKING:
    from projections.graph.journal import Columns, Journal, Mark

Numbers = NDArray[Any]
Pair = tuple[str, str]

MOST_CHANGED = 10_000
"""Claims; where more came or went, the cut is made anew."""


class Made(NamedTuple):
    """A cut, and what must be known to bring it up to date.

    Args:
        cut: as it was made.
        journal: from which.
        mark: up to where that had come.
        canonical: whom the readers read as whom.
    """

    cut: Cut
    journal: "Journal"
    mark: "Mark"
    canonical: Mapping[str, str]


class Material(NamedTuple):
    """What a cut is made from; gathered while the lock of the view is held, used when it is free.

    Args:
        journal: of all ties.
        mark: up to where it has come.
        columns: of the journal.
        changes: source, target, kind and label of each claim that came or went since a cut was made, those that came
            first; None if there is no such cut.
        came: how many of them came.
        canonical: whom the readers read as whom.
    """

    journal: "Journal"
    mark: "Mark"
    columns: "Columns"
    changes: Sequence[tuple[int, int, str, int]] | None
    came: int
    canonical: Mapping[str, str]


def gathered(journal: "Journal", canonical: Mapping[str, str], known: Made | None) -> Material:
    """Return what the next cut is made from. Hold the view's lock while calling.

    Args:
        journal: of all ties.
        canonical: whom the readers read as whom.
        known: the cut that there is.
    """
    mark, changes, came = journal.mark(), None, 0
    if known is not None and (known.journal, known.canonical) == (journal, canonical):
        came = mark[0] - known.mark[0]
        changes = journal.since(known.mark) if journal.behind(known.mark) <= MOST_CHANGED else None
    return Material(journal, mark, journal.columns(), changes, came, canonical)


def made(material: Material, allowed: frozenset[int], known: Made | None) -> Made:
    """Return the cut of some readers, the same as `cut_of` makes it.

    Args:
        material: gathered for the cut that there is.
        allowed: numbers of the labels that these readers may see.
        known: the cut that there is.
    """
    if known is None or material.changes is None:
        cut = cut_of(material.columns, allowed, material.canonical)
    else:
        cut = renewed(known.cut, _moved(material, allowed))
    return Made(cut, material.journal, material.mark, material.canonical)


def _moved(material: Material, allowed: frozenset[int]) -> dict[Pair, int]:
    """Return how many visible claims more or less tie each pair."""
    changes, moved = material.changes or (), Counter[Pair]()
    for number, (source, target, kind, label) in enumerate(changes):
        if label in allowed and kind not in IDENTITIES:
            one, other = _named(material, source), _named(material, target)
            if one is not None and other is not None and one != other:
                moved[min(one, other), max(one, other)] += 1 if number < material.came else -1
    return {pair: count for pair, count in moved.items() if count}


def _named(material: Material, node: int) -> str | None:
    """Return the reference to go by; None for one that introduces nobody."""
    ref = material.columns.refs[node]
    name = material.canonical.get(ref, ref)
    known = name if name in material.columns.numbers else ref
    return None if known.partition(":")[0] in INTRODUCES_NOBODY else name


def renewed(cut: Cut, moved: Mapping[Pair, int]) -> Cut:
    """Return a cut in which some pairs are tied by more or fewer claims; the other one is left alone.

    Args:
        cut: as it was.
        moved: pair, the lesser reference first → by how many claims more or less it is tied, never 0.
    """
    if not moved:
        return cut
    refs, to = _with(cut.refs, {ref for pair in moved for ref in pair})
    count = len(refs)
    keys = to[cut.first] * count + to[cut.second]
    numbers = {ref: bisect_left(refs, ref) for pair in moved for ref in pair}
    by_key = sorted((numbers[one] * count + numbers[other], more) for (one, other), more in moved.items())
    keys, claims = _added(keys, cut.claims.astype(np.int64), np.array(by_key, np.int64))
    stays = claims > 0
    first, second = np.divmod(keys[stays], count)
    return _used(refs, first, second, claims[stays])


def _with(refs: Sequence[str], more: Iterable[str]) -> tuple[Sequence[str], Numbers]:
    """Return references with others among them, sorted, and old number → new number."""
    there = np.arange(len(refs), dtype=np.int64)
    places = {ref: bisect_left(refs, ref) for ref in more}
    fresh = sorted(ref for ref, place in places.items() if place == len(refs) or refs[place] != ref)
    if not fresh:
        return refs, there
    # Two sorted runs: sorting only merges them.
    return tuple(sorted((*refs, *fresh))), there + np.searchsorted(
        [places[ref] for ref in fresh], there, side="right"
    )


def _added(keys: Numbers, claims: Numbers, more: Numbers) -> tuple[Numbers, Numbers]:
    """Return sorted keys with their counts after others were added to them."""
    names, counts = more[:, 0], more[:, 1]
    places = np.searchsorted(keys, names)
    is_there = np.zeros(len(names), bool)
    inside = places < len(keys)
    is_there[inside] = keys[places[inside]] == names[inside]
    claims[places[is_there]] += counts[is_there]
    fresh = ~is_there
    return np.insert(keys, places[fresh], names[fresh]), np.insert(claims, places[fresh], counts[fresh])


def _used(refs: Sequence[str], first: Numbers, second: Numbers, claims: Numbers) -> Cut:
    """Return a cut without those whom nothing ties any more."""
    is_used = np.zeros(len(refs), bool)
    is_used[first] = is_used[second] = True
    if not is_used.all():
        rank = np.cumsum(is_used) - 1
        first, second = rank[first], rank[second]
        refs = tuple(refs[number] for number in np.flatnonzero(is_used).tolist())
    return Cut(refs, first.astype(np.int32), second.astype(np.int32), claims.astype(np.int32))
