"""Ties out of rows of the journal, each told once; most of them whole, without a look at their claims."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from projections.graph.around.endings import Endings, Plain

Json = Any
Numbers = NDArray[Any]

Key = tuple[str, str, str]
"""Source, target and kind of a tie."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Visible claims on ties, a row each.

    Args:
        source: rank of the node where the tie begins, as it is read.
        target: of the one where it ends.
        kind: number of its kind.
        place: of the event in the log.
        since: number of the date from which the tie holds by this claim; 0: it does not say.
        until: of the date up to which it does.
        is_assessed: whether anybody said anything of the event.
    """

    source: Numbers
    target: Numbers
    kind: Numbers
    place: Numbers
    since: Numbers
    until: Numbers
    is_assessed: Numbers

    @classmethod
    def of(cls, ends: tuple[Numbers, Numbers], rows: Mapping[str, Numbers], is_assessed: Numbers) -> "Claims":
        """Return claims out of rows of the journal, with their ends as they are read."""
        return cls(*ends, rows["kind"], rows["place"], rows["since"], rows["until"], is_assessed)

    def take(self, rows: Numbers) -> "Claims":
        """Return some of them."""
        columns = (self.source, self.target, self.kind, self.place, self.since, self.until, self.is_assessed)
        return Claims(*(column[rows] for column in columns))


@dataclass(frozen=True, slots=True)
class Names:
    """What numbers stand for.

    Args:
        refs: references of nodes, by their ranks.
        ranked: ranks are less than that; whatever stands for later nodes is in no order.
        kinds: of ties.
        dates: as claims have them.
        are_bare: whether references stand in JSON as they are, between quotes.
        endings: how ties end that were written before.
    """

    refs: Callable[[Numbers], list[str]]
    ranked: int
    kinds: Sequence[str]
    dates: Sequence[str | None]
    are_bare: bool
    endings: Endings


class Ties:
    """Ties in the order of source, kind and target.

    `keys` are the ties, `plain` says of each what it says, or None where its claims have to be weighed.
    """

    def __init__(self, claims: Claims, names: Names) -> None:
        self.keys: list[Key] = []
        self.plain: list[Plain | None] = []
        self._are_bare, self._endings = names.are_bare, names.endings
        if len(claims.source):
            keys, is_in_order = _keys(claims, names)
            order = np.lexsort((claims.place, keys))
            self._tell(keys[order], claims.take(order), names)
            if not is_in_order:
                self._sort()

    def _tell(self, keys: Numbers, claims: Claims, names: Names) -> None:
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        since, one_since = _agreed(claims.since, starts)
        until, one_until = _agreed(claims.until, starts)
        is_plain = one_since & one_until & ~np.logical_or.reduceat(claims.is_assessed, starts)
        is_next = np.diff(claims.place, prepend=-1) != 0
        is_next[starts] = True
        events = np.add.reduceat(is_next, starts, dtype=np.int64)
        kinds, dates = names.kinds, names.dates
        ends = (names.refs(nodes[starts]) for nodes in (claims.source, claims.target))
        self.keys = list(zip(*ends, [kinds[one] for one in claims.kind[starts].tolist()], strict=True))
        told = zip(since.tolist(), until.tolist(), events.tolist(), is_plain.tolist(), strict=True)
        self.plain = [(dates[one], dates[other], many) if plain else None for one, other, many, plain in told]

    def join(self, others: Iterable[Key]) -> None:
        """Add ties whose claims have to be weighed; they may be here already."""
        found = dict(zip(self.keys, self.plain, strict=True)) | dict.fromkeys(others)
        self.keys, self.plain = list(found), list(found.values())
        self._are_bare = False
        self._sort()

    def shown(self, weighed: Callable[[Key], Json]) -> list[Json]:
        """Return the short forms of the ties.

        Args:
            weighed: gives that of a tie whose claims have to be weighed.
        """
        return [
            {
                "from": tie[0],
                "to": tie[1],
                "kind": tie[2],
                "since": plain[0],
                "until": plain[1],
                "claims": plain[2],
                "status": "active",
            }
            if plain
            else weighed(tie)
            for tie, plain in zip(self.keys, self.plain, strict=True)
        ]

    def written(self, weighed: Callable[[Key], Json]) -> bytes:
        """Return the same as `shown`, written as JSON."""
        if not self._are_bare or not self.keys:
            return orjson.dumps(self.shown(weighed))
        froms, tos, kinds = zip(*self.keys, strict=True)
        ends = self._endings.of(zip(kinds, self.plain, strict=True))
        pieces = [_FROM] * (_PIECES * len(ends))
        pieces[1::_PIECES], pieces[3::_PIECES], pieces[4::_PIECES] = froms, tos, ends
        pieces[2::_PIECES] = [_TO] * len(ends)
        for place, plain in enumerate(self.plain):
            if plain is None:
                said = orjson.dumps(weighed(self.keys[place])).decode()
                pieces[place * _PIECES : (place + 1) * _PIECES] = [f",{said}", *[""] * (_PIECES - 1)]
        return f"[{''.join(pieces)[1:]}]".encode()

    def _sort(self) -> None:
        pairs = sorted(zip(self.keys, self.plain, strict=True), key=lambda one: in_order(one[0]))
        self.keys, self.plain = [key for key, _ in pairs], [plain for _, plain in pairs]


_FROM, _TO = ',{"from":"', '","to":"'
_PIECES = 5


def is_among(some: Numbers, ordered: Numbers) -> Numbers:
    """Tell of each number whether it is among others that are sorted: there may be many more of those."""
    if not len(ordered):
        return np.zeros(len(some), bool)
    found: Numbers = ordered[np.minimum(np.searchsorted(ordered, some), len(ordered) - 1)] == some
    return found


def in_order(tie: Key) -> Key:
    """Return what ties are sorted by: source, kind, target."""
    source, target, kind = tie
    return source, kind, target


def _agreed(dates: Numbers, starts: Numbers) -> tuple[Numbers, Numbers]:
    """Return the date that the claims on each tie name, and whether no two of them name different ones."""
    most = np.maximum.reduceat(dates, starts)
    least = np.minimum.reduceat(np.where(dates == 0, np.iinfo(dates.dtype).max, dates), starts)
    return most, (most == 0) | (most == least)


def _keys(claims: Claims, names: Names) -> tuple[Numbers, bool]:
    """Return a number for each claim that is the same for one tie, and whether they stand in the order of ties.

    There are fewer than 2^28 nodes, and fewer than 256 kinds.
    """
    source, target, kind = claims.source, claims.target, claims.kind
    is_ranked = bool(max(source.max(), target.max()) < names.ranked)
    if is_ranked:
        rank_of = np.empty(len(names.kinds), np.int64)
        rank_of[sorted(range(len(names.kinds)), key=names.kinds.__getitem__)] = np.arange(len(names.kinds))
        kind = rank_of[kind]
    return (source.astype(np.int64) << 36) | (kind.astype(np.int64) << 28) | target, is_ranked


@dataclass(frozen=True, slots=True)
class Spans:
    """When ties hold, by the claims on them.

    Args:
        starts: where the claims on each tie begin.
        holds: of each tie, whether it holds, unless its claims have to be weighed.
        is_open: of each tie, whether they have.
    """

    starts: Numbers
    holds: Numbers
    is_open: Numbers

    def of_claims(self, claims: int) -> Numbers:
        """Return of each of so many claims whether its tie holds."""
        held: Numbers = np.repeat(self.holds, np.diff(np.append(self.starts, claims)))
        return held


def spans_of(keys: Numbers, late: Numbers, over: Numbers) -> Spans:
    """Return which ties hold.

    Where claims differ, which of them is shown decides. Where they all say the same, none has to be chosen.

    Args:
        keys: of the tie of each claim; those of one tie follow each other.
        late: whether the tie begins too late by that claim.
        over: whether it ended before.
    """
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    sizes = np.diff(np.append(starts, len(keys)))
    lates, overs = (np.add.reduceat(column, starts, dtype=np.int64) for column in (late, over))
    holds = lates + overs == 0
    return Spans(starts, holds, ~holds & (lates < sizes) & (overs < sizes))


def first_of_each(claims: Claims, node: int, ranked: int, most: int) -> tuple[Claims, int]:
    """Return the claims on the first ties of each kind of a node, by reference, and how many ties are left out.

    Args:
        claims: on ties of that node.
        node: its rank.
        ranked: ranks are less than that; if one is not, nothing is left out.
        most: ties of a kind.
    """
    source, target, kind = claims.source, claims.target, claims.kind
    if len(source) <= most or max(source.max(), target.max()) >= ranked:
        return claims, 0
    other = np.where(source == node, target, source)
    order = np.lexsort((source, other, kind))
    keys = [column[order] for column in (kind, other, source)]
    is_new = np.logical_or.reduce([np.diff(key, prepend=-1) != 0 for key in keys])
    is_kind = np.diff(keys[0], prepend=-1) != 0
    number = np.cumsum(is_new)
    # Of each kind, its ties are numbered from one.
    number -= (number[is_kind] - 1)[np.cumsum(is_kind) - 1]
    is_first = number <= most
    return claims.take(np.sort(order[is_first])), int(is_new[~is_first].sum())
