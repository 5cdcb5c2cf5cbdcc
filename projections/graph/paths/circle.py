"""Who may introduce whom for one class of readers: kept by numbers, and brought up to date with what has changed.

Numbers are those of the journal, and are never shown. Of several references that are read as one, only the one to go
by is tied to anybody here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.claims import SEPARATES
from projections.graph.eyes import Tie
from projections.graph.journal import Columns, Journal, Mark
from projections.graph.look import Look
from projections.graph.merging import Merged, parted
from projections.graph.paths.hostile import ACCUSED, ACCUSES, IS_BODY, PART_OF, belongings, concerns
from projections.graph.paths.passing import CLOSED, HOSTILE, OPEN, Passing
from projections.graph.paths.paths import HUB_TIES
from projections.graph.paths.walking import Walking
from projections.graph.paths.ways import Pairs, distinct
from projections.graph.whole.cut import INTRODUCES_NOBODY

Json = Any
Numbers = NDArray[Any]

_MOST_BEHIND = 5_000
"""Claims that are read one by one to catch up, or a twentieth of all; with more, to begin anew is faster."""

_MOST_ACCOUNTS = 2_000
"""Of whom it is remembered why they are hostile; to read hundreds of claims for one answer is slow."""

_TELLING = frozenset({ACCUSES, IS_BODY, PART_OF})
"""Ties that tell who is hostile."""

_BYTES_OF_A_NODE = 30
_BYTES_OF_A_PAIR = 4
_ROOM = 64


class Circle:
    """Who is tied to whom, who introduces nobody, and who is hostile. Hold the view's lock, but to make one.

    `reasons` holds what was told of some who are hostile, for as long as nothing changes in who is.

    Args:
        columns: of the journal.
        mark: up to where the journal had come then.
        allowed: numbers of the labels that these readers may see.
        merged: whom they read as one.
    """

    def __init__(self, columns: Columns, mark: Mark, allowed: frozenset[int], merged: Merged) -> None:
        self._refs = columns.refs
        self._numbers = columns.numbers
        self._mark = mark
        self._merged = merged
        self._known = len(columns.kind_of)
        self._is_closed = _roomy(_of_kinds(columns, INTRODUCES_NOBODY))
        self._can_be_hostile = _roomy(_of_kinds(columns, ACCUSED))
        self._by_any: Numbers | None = None
        self._accounts: dict[str, list[Tie]] = {}
        self.reasons: dict[str, Json] = {}
        rows = columns.alive & np.isin(columns.label, list(allowed)) & ~_of_ties(columns, SEPARATES)
        kinds = [_of_ties(columns, {kind})[rows] for kind in (ACCUSES, PART_OF, IS_BODY)]
        source, target, to = columns.source[rows], columns.target[rows], self._read_as()
        self._is_closed[_hubs(to, (source, target, columns.kind[rows]))] = True
        source, target = to[source], to[target]
        self._near = self._pairs((source, target), (target, source))
        accusing, part, body = ((source[of], target[of]) for of in kinds)
        self._accusing, self._accused = self._pairs(accusing), self._pairs(accusing[::-1])
        self._wholes = self._pairs(part, body, body[::-1])
        self._parts = self._pairs(part[::-1], body, body[::-1])

    def _read_as(self) -> Numbers:
        """Return number → number of the one that it is read as."""
        to = np.arange(self._known, dtype=np.int32)
        for name, members in self._merged.members.items():
            # Whoever was judged is in the journal, by that tie.
            to[[self._numbers[one] for one in members]] = self._numbers[name]
        return to

    def _pairs(self, *ways: tuple[Numbers, Numbers]) -> Pairs:
        first, second = (np.concatenate(column) for column in zip(*ways, strict=True))
        return Pairs(first, second, self._known)

    @property
    def size(self) -> int:
        """Numbers are less than that."""
        return self._known

    @property
    def weight(self) -> int:
        """How heavy it is, as `Kept` counts: one for 40 bytes."""
        return 1 + (_BYTES_OF_A_NODE * self._known + _BYTES_OF_A_PAIR * len(self._near)) // 40

    def ref(self, number: int) -> str:
        """Return what a number stands for."""
        return self._refs[number]

    def number(self, ref: str) -> int | None:
        """Return the number of a reference to go by; None if nobody was ever tied to it."""
        return self._numbers.get(ref)

    def of_all(self, some: Numbers) -> tuple[Numbers, Numbers]:
        """Return every tie of some as two arrays, in no order."""
        return self._near.of_all(some)

    def concerning(self, look: Look, ends: Iterable[str]) -> Set[str]:
        """Return the threats against some, or in some cases, that are attributed to anybody; see `passing`."""
        found = set(ends)
        for end in tuple(found):
            number = self.number(end)
            near = () if number is None else self._accusing.of_all(self._near.of(number))[0].tolist()
            found |= {ref for one in set(near) if concerns(look, ref := self.ref(one), end)}
        return found

    def accounts(self, look: Look, ref: str) -> list[Tie]:
        """Return the ties by which somebody is accused, or belongs to others."""
        known = self._accounts.get(ref)
        if known is None:
            if len(self._accounts) >= _MOST_ACCOUNTS:
                self._accounts.clear()
            known = self._accounts[ref] = list(self._read_accounts(look, ref))
        return known

    def _read_accounts(self, look: Look, ref: str) -> Iterator[Tie]:
        number, walking = self._numbers[ref], Walking(look)
        yield from _accusations(look, ref, map(self.ref, self._accused.of(number).tolist()))
        for whole in map(self.ref, self._wholes.of(number).tolist()):
            yield from (tie for tie in walking.between(ref, whole) if belongings(tie))

    def passing(self, threats: Set[str] | None) -> Passing:
        """Return who may introduce others, and who is hostile by some threats; None: by any."""
        if threats is not None:
            numbers = {number for one in threats if (number := self.number(one)) is not None}
            accused = self._accusing.of_all(np.array(sorted(numbers), np.int32))[1]
            return Passing(self._stands(self._belonging(accused)))
        if self._by_any is None:
            self._by_any = self._stands(self._belonging(self._accusing.seconds))
        return Passing(self._by_any.copy())

    def _stands(self, is_hostile: Numbers) -> Numbers:
        return np.where(self._is_closed, CLOSED, np.where(is_hostile, HOSTILE, OPEN)).astype(np.int8)

    def _belonging(self, frontier: Numbers) -> Numbers:
        """Tell of each number whether it is one of some, or belongs to one."""
        found = np.zeros(len(self._can_be_hostile), bool)
        while len(frontier):
            found[frontier] = True
            _, parts = self._parts.of_all(np.unique(frontier))
            frontier = parts[~found[parts]]
        return found & self._can_be_hostile

    def is_behind(self, journal: Journal) -> bool:
        """Tell whether so much has changed that to begin anew is faster than to follow."""
        return journal.behind(self._mark) > max(_MOST_BEHIND, len(journal) // 20)

    def follow(self, journal: Journal, look: Look) -> None:
        """Read again what has changed.

        Args:
            journal: the one that the columns came from.
            look: of the same readers, at now.
        """
        changed = set() if look.merged is self._merged else parted(self._merged, look.merged)
        if not changed and journal.mark() == self._mark:
            return
        walking = Walking(look)
        rows = journal.since(self._mark)
        self._mark = journal.mark()
        self._by_any = None
        self._stretch(len(self._refs))
        self._merge(walking, changed, look.merged)
        ties = {row[:3] for row in rows if row[3] in look.allowed and row[2] not in SEPARATES}
        pairs: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for start, end, kind in ties:
            pairs[self._name(start), self._name(end)].add(kind)
        for (name, other), kinds in pairs.items():
            if name != other:
                self._learn(walking, name, other, kinds)
        self._count(walking, set(chain(*pairs)))

    def _name(self, number: int) -> str:
        return self._merged.of(self._refs[number])

    def _stretch(self, known: int) -> None:
        if known > len(self._is_closed):
            self._is_closed, self._can_be_hostile = (
                _roomy(mask, known * 9 // 8) for mask in (self._is_closed, self._can_be_hostile)
            )
        for number in range(self._known, known):
            kind = self._refs[number].partition(":")[0]
            self._is_closed[number] = kind in INTRODUCES_NOBODY
            self._can_be_hostile[number] = kind in ACCUSED
        self._known = known

    def _merge(self, walking: Walking, changed: Set[str], after: Merged) -> None:
        """Read some references as others than before."""
        for name in set(map(self._merged.of, changed)):
            self._forget(name)
        self._merged = after
        names = set(map(after.of, changed))
        for name in names:
            for other in walking.others(name):
                self._learn(walking, name, other, _TELLING)
        self._count(walking, names)

    def _forget(self, name: str) -> None:
        self._accounts.pop(name, None)
        self.reasons.clear()
        number = self._numbers[name]
        for other in self._near.of(number).tolist():
            for pairs in (self._near, self._accusing, self._accused, self._wholes, self._parts):
                pairs.drop(number, other)
                pairs.drop(other, number)

    def _learn(self, walking: Walking, name: str, other: str, kinds: Set[str]) -> None:
        """Read again what ties two, by ties of some kinds at least."""
        ties = walking.between(name, other)
        one, end = self._numbers[name], self._numbers[other]
        for way in ((one, end), (end, one)):
            _set(self._near, way, bool(ties))
        if kinds.isdisjoint(_TELLING):
            return
        self.reasons.clear()
        accusing = {tie[:2] for tie in ties if tie[2] == ACCUSES}
        wholes = {pair for tie in ties for pair in belongings(tie)}
        said = (self._accusing, self._accused, accusing), (self._wholes, self._parts, wholes)
        for refs, way in (((name, other), (one, end)), ((other, name), (end, one))):
            self._accounts.pop(refs[0], None)
            for onward, back, ways in said:
                _set(onward, way, refs in ways)
                _set(back, way[::-1], refs in ways)

    def _count(self, walking: Walking, names: Iterable[str]) -> None:
        """Tell anew which of some introduce nobody; kinds that never do keep out."""
        for name in names:
            if name.partition(":")[0] not in INTRODUCES_NOBODY:
                self._is_closed[self._numbers[name]] = walking.is_hub(name, HUB_TIES)


def _accusations(look: Look, ref: str, threats: Iterable[str]) -> Iterator[Tie]:
    """Yield the ties by which threats are attributed to somebody, each with its visible claims."""
    allowed, merged = look.allowed, look.merged
    node = None if ref in merged.members else look.network.nodes.get(ref)
    into = {} if node is None else node.into
    for threat in threats:
        # Most are read as nobody else; then the claims are found at once. There may be thousands.
        held = into[threat].get(ACCUSES) if threat in into and threat not in merged.canonical else None
        if held is None:
            yield threat, ref, ACCUSES, look.claims(threat, ref, ACCUSES)
        else:
            yield threat, ref, ACCUSES, [claim for claim in held.claims if claim.label in allowed]


def _set(pairs: Pairs, way: tuple[int, ...], is_there: bool) -> None:
    (pairs.put if is_there else pairs.drop)(*way)


def _of_kinds(columns: Columns, kinds: Set[str]) -> Numbers:
    """Tell of each node whether it is of some kinds."""
    return np.array([kind in kinds for kind in columns.node_kinds], bool)[columns.kind_of]


def _of_ties(columns: Columns, kinds: Set[str]) -> Numbers:
    """Tell of each row whether its tie is of some kinds."""
    return np.array([kind in kinds for kind in columns.kinds], bool)[columns.kind]


def _roomy(mask: Numbers, size: int = 0) -> Numbers:
    found = np.zeros(max(size, len(mask)) + _ROOM, bool)
    found[: len(mask)] = mask
    return found


def _hubs(to: Numbers, ties: tuple[Numbers, Numbers, Numbers]) -> Numbers:
    """Return who has more than `HUB_TIES` ties: of one kind and direction between two references each counts once.

    Args:
        to: node → the node that it is read as.
        ties: source, target and kind of each claim.
    """
    claims = _counts(to, ties[0], ties[1])
    # Whoever has few claims has few ties; to tell ties from claims is slow.
    is_big = claims > HUB_TIES
    rows = np.flatnonzero(is_big[to[ties[0]]] | is_big[to[ties[1]]])
    source, target, kind = (column[rows].astype(np.int64) for column in ties)
    kinds = int(kind.max(initial=0)) + 1
    pairs = distinct((source * len(to) + target) * kinds + kind) // kinds
    counts = _counts(to, *np.divmod(pairs, max(len(to), 1)))
    return np.flatnonzero(is_big & (counts > HUB_TIES))


def _counts(to: Numbers, source: Numbers, target: Numbers) -> Numbers:
    return np.bincount(to[source], minlength=len(to)) + np.bincount(to[target], minlength=len(to))
