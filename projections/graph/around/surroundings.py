"""The visible ties of many nodes at once, found in the columns of the journal: for neighbourhoods.

The same ties as `Eyes.ties` gives, which reads the claims of one node after the other. Nodes go by their ranks, which
are never shown (see `projections.graph.by_node`); whoever is known from the past alone, or by a name that no tie bears,
gets a number behind them for as long as one question takes.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.around.members import Members, members_of
from projections.graph.around.remembered import Remembered
from projections.graph.around.ties import Claims, Key, Names, Ties, first_of_each, is_among, spans_of
from projections.graph.by_node import File, keys_of
from projections.graph.eyes import Eyes
from projections.graph.paths.ways import distinct

Numbers = NDArray[Any]
Meant = tuple[Numbers | None, Numbers | None]
"""Tables of the ranks that a source and a target may have; None: any."""


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
        self.asked = self.ranks(refs)
        self._members = self._read_members()
        # Whoever else gets a number is known to the past.
        self._most = len(self._refs) + len(self._more_refs) + (self._past.most if self._past else 0)

    def rank(self, ref: str) -> int:
        """Return the rank of a reference; one that has none gets a number behind all."""
        number = self._numbers.get(ref)
        if number is not None:
            return self._by_node.rank(number)
        number = self._more.get(ref)
        if number is None:
            number = self._more[ref] = len(self._refs) + len(self._more_refs)
            self._more_refs.append(ref)
        return number

    def ranks(self, refs: Iterable[str]) -> Numbers:
        """Return the ranks of some references: of those asked about, or found."""
        every = list(refs)
        found = list(map(self._numbers.get, every))
        # Nearly always all are known; to look for each by a method of ours takes five times as long.
        if None in found:
            return np.array([self.rank(ref) for ref in every], np.int32)
        return self._by_node.ranks(np.array(found, np.int32))

    def refs(self, ranks: Numbers) -> list[str]:
        """Return what some ranks stand for."""
        numbers: list[int] = self._by_node.numbers(ranks).tolist()
        if not self._more_refs or max(numbers, default=0) < len(self._refs):
            return list(map(self._refs.__getitem__, numbers))
        return list(map(self._named, numbers))

    def _named(self, number: int) -> str:
        known = len(self._refs)
        return self._refs[number] if number < known else self._more_refs[number - known]

    def numbers(self, ranks: Numbers) -> list[int]:
        """Return the numbers of some ranks; those of the journal stay, others are behind them."""
        found: list[int] = self._by_node.numbers(ranks).tolist()
        return found

    def renamed(self, ranks: Numbers) -> list[int]:
        """Return the places of those among some that stand for others as well."""
        return np.flatnonzero(self._members.are_names(ranks)).tolist() if self._members else []

    def of_kinds(self, nodes: Numbers, kinds: frozenset[str]) -> Numbers:
        """Return those of some nodes that are of some kinds."""
        is_one = [ref.partition(":")[0] in kinds for ref in self.refs(nodes)]
        found: Numbers = nodes[np.array(is_one, bool)]
        return found

    def mask(self) -> Numbers:
        """Return a table with one place for each rank that there is or may come, all False."""
        return np.zeros(self._most, bool)

    def first(self, nodes: Numbers, most: int) -> Numbers:
        """Return those of some nodes whose references come first, in order.

        Args:
            nodes: ranks, ascending, each once.
            most: how many.
        """
        ranked = int(np.searchsorted(nodes, self._by_node.ranked))
        if ranked == len(nodes):
            return nodes[: max(most, 0)]
        some = np.concatenate([nodes[:ranked][: max(most, 0)], nodes[ranked:]])
        found = sorted(zip(self.refs(some), some.tolist(), strict=True))
        return np.array([rank for _, rank in found[: max(most, 0)]], np.int32)

    def _read_members(self) -> Members:
        merged, by_node, numbers = self._eyes.merged, self._by_node, self._numbers
        try:
            return self._eyes.journal.members.of(merged, by_node.turn, lambda ref: by_node.rank(numbers[ref]))
        except KeyError:
            # Somebody is known from the past alone.
            return members_of(merged, self.rank)

    def _all_of(self, nodes: Numbers) -> Numbers:
        """Return every rank that some nodes to go by stand for, each once."""
        if not self._members:
            return nodes
        found: Numbers = np.concatenate([nodes, self._members.behind(self._marked(nodes))])
        return found

    def _marked(self, nodes: Numbers) -> Numbers:
        is_meant = self.mask()
        is_meant[nodes] = True
        return is_meant

    def near(self, nodes: Numbers) -> Numbers:
        """Return a table of the ranks to which some nodes are tied, perhaps the nodes themselves."""
        every, is_near = self._all_of(nodes), self.mask()
        if self._eyes.then:
            for files, end in ((self._by_node.leaving, "target"), (self._by_node.arriving, "source")):
                is_near[self._ranks_in(end, self._found(files, every))] = True
            for tie in self._once(every) if self._past else ():
                is_near[[self.rank(end) for end in tie[:2]]] = True
        else:
            is_meant = self._marked(every)
            for file in (*self._by_node.leaving, *self._by_node.arriving):
                places = file.places(every, is_meant)
                is_near[file.far[places][self._are_seen(file, places)]] = True
        if self._members:
            self._members.rename(is_near)
        return is_near

    def among(self, nodes: Numbers) -> Ties:
        """Return the ties between some nodes."""
        every, is_meant = self._all_of(nodes), self._marked(nodes)
        rows = self._found(self._by_node.leaving, every, self._marked(every))
        return self._told(every, rows, (is_meant, is_meant))

    def leaving(self, nodes: Numbers) -> Ties:
        """Return the ties that begin at some nodes."""
        every = self._all_of(nodes)
        return self._told(every, self._found(self._by_node.leaving, every), (self._marked(nodes), None))

    def arriving(self, nodes: Numbers) -> Ties:
        """Return the ties that end at some nodes."""
        every = self._all_of(nodes)
        return self._told(every, self._found(self._by_node.arriving, every), (None, self._marked(nodes)))

    def listed(self, most: int) -> tuple[Ties, int]:
        """Return ties of the node asked about, and how many more it has.

        Args:
            most: ties of a kind, those with the first other ends, that are surely among them.
        """
        every = self._all_of(self.asked)
        files = self._by_node.leaving, self._by_node.arriving
        rows = distinct(np.concatenate([self._found(one, every) for one in files]))
        if self._past:
            return self._told(every, rows, (None, None)), 0
        few, left_out = first_of_each(
            self._claims(rows, (None, None)), int(self.asked[0]), self._by_node.ranked, most
        )
        return Ties(few, self._names()), left_out

    def _claims(self, found: Numbers, meant: Meant) -> Claims:
        """Return the claims in some rows on ties whose ends are both meant."""
        rows = self._rows
        source, target = (self._ranks_in(end, found) for end in ("source", "target"))
        kept = np.ones(len(found), bool)
        if self._members:
            # That two who are one are tied is nothing; that somebody is tied to himself was said.
            is_loop = source == target
            to = self._members.table(self._most)
            source, target = to[source], to[target]
            kept = (source != target) | is_loop
        for end, is_meant in zip((source, target), meant, strict=True):
            if is_meant is not None:
                kept &= is_meant[end]
        found = found[kept]
        columns = {name: rows[name][found] for name in ("kind", "place", "since", "until", "name")}
        is_assessed = is_among(columns["name"], self._assessed)
        return Claims.of((source[kept], target[kept]), columns, is_assessed)

    def _ranks_in(self, column: str, rows: Numbers) -> Numbers:
        return self._by_node.ranks(self._rows[column][rows])

    def _names(self) -> Names:
        journal = self._eyes.journal
        own = journal.dates.texts, journal.are_bare, journal.endings
        return Names(self.refs, self._by_node.ranked, self._kinds, *own)

    def _told(self, nodes: Numbers, rows: Numbers, meant: Meant) -> Ties:
        """Return ties out of their claims, and of what was said once of some nodes those whose ends are both meant."""
        ties = Ties(self._claims(rows, meant), self._names())
        if self._past:
            ties.join({tie for tie in self._once(nodes) if self._is_meant(tie, meant)})
        return ties

    def _is_meant(self, tie: Key, meant: Meant) -> bool:
        ends = zip(tie, meant, strict=False)
        return all(is_meant is None or is_meant[self.rank(ref)] for ref, is_meant in ends)

    def _once(self, nodes: Numbers) -> Iterator[Key]:
        """Yield the ties of some nodes by what events said once, under the references to go by."""
        of = self._eyes.merged.of
        for said, target_said, kind in self._past.ties(self.refs(nodes)) if self._past else ():
            source, target = of(said), of(target_said)
            if source != target or said == target_said:
                yield source, target, kind

    def _found(self, files: Sequence[File], nodes: Numbers, is_far: Numbers | None = None) -> Numbers:
        """Return the rows of some nodes that these readers may see and whose ties hold at the moment.

        Args:
            files: in which to look.
            nodes: ranks, each once.
            is_far: of each rank, whether it is wanted as the other end; None: all are.
        """
        is_meant, rows = self._marked(nodes), []
        for file in files:
            places = file.places(nodes, is_meant)
            if is_far is not None:
                places = places[is_far[file.far[places]]]
            rows.append(file.row[places[self._are_seen(file, places)]])
        found: Numbers = np.concatenate(rows)
        return found if self._eyes.then.days is None or not len(found) else self._dated(nodes, found)

    def _are_seen(self, file: File, places: Numbers) -> Numbers:
        """Tell of some claims in a file whether these readers may see them, and knew of them at the moment."""
        rows, kept = self._rows, self._seen[file.label[places]]
        if self._by_node.has_dead:
            kept &= ~rows["died"][file.row[places]]
        if self._wanted is not None:
            kept &= self._wanted[rows["kind"][file.row[places]]]
        if self._past is not None:
            kept &= self._past.were_known(rows["place"][file.row[places]])
        return kept

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
        ties = [tie for ref in self.refs(nodes) if ref in past.nodes for tie in past.ties(ref)]
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
        return self._refs[source], self._refs[target], self._kinds[kind]


def _assessed(eyes: Eyes) -> Numbers:
    """Return what the journal has for the names of all events that anybody assessed, sorted."""
    now = eyes.network.assessed_events()
    if eyes.then.upto is None:
        return now
    found: Numbers = np.union1d(now, eyes.history.network.assessed_events())
    return found
