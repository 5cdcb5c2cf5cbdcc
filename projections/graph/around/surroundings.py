"""The visible ties of many nodes at once, found in the columns of the journal: for neighbourhoods.

The same ties as `Eyes.ties` gives, which reads the claims of one node after the other. Nodes go by the numbers of the
journal, which are never shown; whoever is known from the past alone, or by a name that no tie bears, gets a number
behind them for as long as one question takes.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.around.members import Members, members_of
from projections.graph.around.remembered import Remembered
from projections.graph.around.ties import Claims, Key, Names, Ties, first_of_each, is_among, spans_of
from projections.graph.by_node import keys_of
from projections.graph.eyes import Eyes
from projections.graph.paths.ways import distinct

Numbers = NDArray[Any]
Meant = tuple[Numbers | None, Numbers | None]
"""Tables of the numbers that a source and a target may have; None: any."""


class Surroundings:
    """Ties as one class of readers sees them at a moment. Hold the view's lock while making and using it.

    Args:
        eyes: with which to look.
        kinds: of the ties wanted; none: all.
        refs: that will be asked about, those to go by.
    """

    def __init__(self, eyes: Eyes, kinds: frozenset[str], refs: Iterable[str]) -> None:
        self._eyes = eyes
        self._by_node, self._rows = eyes.journal.by_node()
        self._refs, self._numbers, self._kinds = eyes.journal.names
        self._more: dict[str, int] = {}
        self._more_refs: list[str] = []
        self._wanted = np.array([kind in kinds for kind in self._kinds], bool) if kinds else None
        self._assessed = _assessed(eyes)
        self._seen = eyes.journal.seen(eyes.allowed)
        self._past = None if eyes.then.upto is None else Remembered(eyes, kinds)
        self.asked = self.numbers(refs)
        self._members = self._read_members()
        self._to = self._members.table(len(self.mask())) if self._members else None

    def number(self, ref: str) -> int:
        """Return the number of a reference; one that has none gets one."""
        number = self._numbers.get(ref)
        if number is None:
            number = self._more.get(ref)
        if number is None:
            number = self._more[ref] = len(self._refs) + len(self._more_refs)
            self._more_refs.append(ref)
        return number

    def numbers(self, refs: Iterable[str]) -> Numbers:
        """Return the numbers of some references: of those asked about, or found."""
        every = list(refs)
        found = list(map(self._numbers.get, every))
        # Nearly always all are known; to look for each by a method of ours takes five times as long.
        return np.array([self.number(ref) for ref in every] if None in found else found, np.int32)

    def refs(self, numbers: Sequence[int]) -> list[str]:
        """Return what some numbers stand for."""
        if not self._more_refs or max(numbers, default=0) < len(self._refs):
            return list(map(self._refs.__getitem__, numbers))
        return list(map(self.ref, numbers))

    def ref(self, number: int) -> str:
        """Return what a number stands for."""
        known = len(self._refs)
        return self._refs[number] if number < known else self._more_refs[number - known]

    def of_kinds(self, nodes: Numbers, kinds: frozenset[str]) -> Numbers:
        """Return those of some nodes that are of some kinds."""
        is_one = [ref.partition(":")[0] in kinds for ref in self._named(nodes)]
        found: Numbers = nodes[np.array(is_one, bool)]
        return found

    def mask(self) -> Numbers:
        """Return a table with one place for each number that there is or may come, all False."""
        most = len(self._refs) + len(self._more_refs) + (0 if self._past is None else self._past.most)
        return np.zeros(most, bool)

    def first(self, nodes: Numbers, most: int) -> list[int]:
        """Return those of some nodes whose references come first, in order."""
        return self._by_node.first(nodes, self.ref, most)

    def _read_members(self) -> Members:
        merged = self._eyes.merged
        try:
            return self._eyes.journal.members.of(merged, self._numbers)
        except KeyError:
            # Somebody is known from the past alone.
            return members_of(merged, {ref: self.number(ref) for ref in merged.canonical})

    def _all_of(self, nodes: Numbers) -> Numbers:
        """Return every number that some nodes to go by stand for, each once."""
        if not self._members:
            return nodes
        is_meant = self.mask()
        is_meant[nodes] = True
        found: Numbers = np.concatenate([nodes, self._members.behind(is_meant)])
        return found

    def near(self, nodes: Numbers) -> Numbers:
        """Return to whom some nodes are tied: in no order, some repeatedly, perhaps the nodes themselves."""
        every = self._all_of(nodes)
        leaving, arriving = self._leaving(every), self._arriving(every)
        found: Numbers = np.concatenate([self._rows["target"][leaving], self._rows["source"][arriving]])
        if self._past:
            ends = [self.number(end) for tie in self._once(every) for end in tie[:2]]
            found = np.concatenate([found, np.array(ends, np.int32)])
        return found if self._to is None else self._to[found]

    def _named(self, nodes: Numbers) -> list[str]:
        return self.refs(nodes.tolist())

    def among(self, nodes: Numbers) -> Ties:
        """Return the ties between some nodes."""
        is_meant = self.mask()
        is_meant[nodes] = True
        every = self._all_of(nodes)
        meant = (is_meant, is_meant)
        return self._told(every, self._claims(self._leaving(every), meant), meant)

    def leaving(self, nodes: Numbers) -> Ties:
        """Return the ties that begin at some nodes."""
        is_meant = self.mask()
        is_meant[nodes] = True
        every = self._all_of(nodes)
        meant = (is_meant, None)
        return self._told(every, self._claims(self._leaving(every), meant), meant)

    def arriving(self, nodes: Numbers) -> Ties:
        """Return the ties that end at some nodes."""
        is_meant = self.mask()
        is_meant[nodes] = True
        every = self._all_of(nodes)
        meant = (None, is_meant)
        return self._told(every, self._claims(self._arriving(every), meant), meant)

    def listed(self, most: int) -> tuple[Ties, int]:
        """Return ties of the node asked about, and how many more it has.

        Args:
            most: ties of a kind, those with the first other ends, that are surely among them.
        """
        every = self._all_of(self.asked)
        both = np.concatenate([self._leaving(every), self._arriving(every)])
        claims = self._claims(distinct(both), (None, None))
        if self._past:
            return self._told(every, claims, (None, None)), 0
        few, left_out = first_of_each(claims, int(self.asked[0]), self._by_node.ranks, most)
        return self._told(every, few, (None, None)), left_out

    def _claims(self, found: Numbers, meant: Meant) -> Claims:
        """Return the claims in some rows on ties whose ends are both meant."""
        rows = self._rows
        source, target = rows["source"][found], rows["target"][found]
        kept = np.ones(len(found), bool)
        if self._to is not None:
            # That two who are one are tied is nothing; that somebody is tied to himself was said.
            is_loop = source == target
            source, target = self._to[source], self._to[target]
            kept = (source != target) | is_loop
        for end, is_meant in zip((source, target), meant, strict=True):
            if is_meant is not None:
                kept &= is_meant[end]
        found = found[kept]
        columns = {name: rows[name][found] for name in ("kind", "place", "since", "until", "name")}
        is_assessed = is_among(columns["name"], self._assessed)
        return Claims.of((source[kept], target[kept]), columns, is_assessed)

    def _told(self, nodes: Numbers, claims: Claims, meant: Meant) -> Ties:
        """Return ties out of their claims, and of what was said once of some nodes those whose ends are both meant."""
        dates = self._eyes.journal.dates.texts
        ties = Ties(claims, Names(self.refs, self._by_node.ranks, self._kinds, dates))
        if self._past:
            ties.join({tie for tie in self._once(nodes) if self._is_meant(tie, meant)})
        return ties

    def _is_meant(self, tie: Key, meant: Meant) -> bool:
        ends = zip(tie, meant, strict=False)
        return all(is_meant is None or is_meant[self.number(ref)] for ref, is_meant in ends)

    def _once(self, nodes: Numbers) -> Iterator[Key]:
        """Yield the ties of some nodes by what events said once, under the references to go by."""
        of = self._eyes.merged.of
        for said, target_said, kind in self._past.ties(self._named(nodes)) if self._past else ():
            source, target = of(said), of(target_said)
            if source != target or said == target_said:
                yield source, target, kind

    def _leaving(self, nodes: Numbers) -> Numbers:
        return self._holding(nodes, self._by_node.leaving(nodes, self._rows))

    def _arriving(self, nodes: Numbers) -> Numbers:
        return self._holding(nodes, self._by_node.arriving(nodes, self._rows))

    def _holding(self, nodes: Numbers, found: Numbers) -> Numbers:
        """Return those of some nodes' rows that these readers may see and whose ties hold at the moment."""
        rows, then = self._rows, self._eyes.then
        kept = self._seen[np.minimum(rows["label"][found], len(self._seen) - 1)]
        kept &= ~rows["died"][found]
        if self._wanted is not None:
            kept &= self._wanted[rows["kind"][found]]
        if self._past is not None:
            kept &= self._past.were_known(rows["place"][found])
        found = found[kept]
        return found if then.days is None or not len(found) else self._dated(nodes, found)

    def _dated(self, nodes: Numbers, found: Numbers) -> Numbers:
        """Return those of some nodes' visible rows whose ties hold on the days looked at."""
        rows, dates = self._rows, self._eyes.journal.dates
        first, last = (day.toordinal() if day else 0 for day in self._eyes.then.days or ())
        if found.max() >= self._by_node.filed:
            found = found[np.argsort(self._keys(found), kind="stable")]
        begins, ends = dates.first(rows["since"][found]), dates.last(rows["until"][found])
        late = begins > last if last else np.zeros(len(found), bool)
        keys = self._keys(found)
        spans = spans_of(keys, late, (ends > 0) & (ends < first))
        is_open = spans.is_open
        if self._past:
            is_open = is_open | np.isin(keys[spans.starts], self._spoken_of(nodes))
        for place in np.flatnonzero(is_open).tolist():
            spans.holds[place] = bool(self._eyes.said(*self._tie(int(found[spans.starts[place]]))))
        return found[spans.of_claims(len(found))]

    def _spoken_of(self, nodes: Numbers) -> Numbers:
        """Return the keys of those ties of some nodes of which events once said something else than now."""
        past, numbers = self._eyes.history.network, self._numbers
        kinds = {kind: number for number, kind in enumerate(self._kinds)}
        ties = [tie for ref in self._named(nodes) if ref in past.nodes for tie in past.ties(ref)]
        known = [
            (numbers[source], numbers[target], kinds[kind])
            for source, target, kind, _ in ties
            if source in numbers and target in numbers and kind in kinds
        ]
        near, far, kind_of = np.array(known, np.int64).reshape(-1, 3).T
        return keys_of(near, far, kind_of)

    def _keys(self, found: Numbers) -> Numbers:
        near, far, kind = (self._rows[name][found] for name in ("source", "target", "kind"))
        return keys_of(near, far, kind)

    def _tie(self, row: int) -> Key:
        source, target, kind = (int(self._rows[name][row]) for name in ("source", "target", "kind"))
        return self.ref(source), self.ref(target), self._kinds[kind]


def _assessed(eyes: Eyes) -> Numbers:
    """Return what the journal has for the names of all events that anybody assessed, sorted."""
    now = eyes.network.assessed_events()
    if eyes.then.upto is None:
        return now
    found: Numbers = np.union1d(now, eyes.history.network.assessed_events())
    return found
