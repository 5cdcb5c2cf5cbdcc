"""Measures of a whole graph as answers: rows with the value, and why in words, with the events behind it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projections.graph.claims import IDENTITIES
from projections.graph.look import Look
from projections.graph.questions.support import events_of
from projections.graph.whole.breaks import Breaks
from projections.graph.whole.cut import Cut
from projections.graph.whole.measures import sources_of
from projections.graph.whole.question import WholeQuestion

Json = Any
Numbers = NDArray[Any]
Row = Callable[[Look, int], Json | None]
"""Writes what one number stands for; None if that has vanished."""

Looking = Callable[[Row, int], Json | None]
"""Lets a row look at the graph as it is now, with the lock held for that row alone."""

MOST_STRONGEST = 3
"""Ties that explain one row."""

MOST_NAMED = 5
"""Nodes that are named where many are meant."""

MOST_PARTS = 10

_MOST_PORTRAITS = 2_000


class Portraits:
    """What is told of the nodes of one cut in every measure, while nothing changes. Hold the view's lock."""

    def __init__(self) -> None:
        self._known: dict[int, Json] = {}
        self._turn = -1

    def follow(self, turn: int) -> None:
        """Let go of all if anything has changed."""
        if turn != self._turn or len(self._known) > _MOST_PORTRAITS:
            self._known.clear()
            self._turn = turn

    def of(self, node: int, make: Callable[[], Json]) -> Json:
        """Return what is told of a node."""
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = make()
        return known


class Ranking:
    """Writes rows about one cut. Whoever has vanished since the cut was made is left out."""

    def __init__(
        self, cut: Cut, looking: Looking, question: WholeQuestion, portraits: Portraits | None = None
    ) -> None:
        self._cut = cut
        self._looking = looking
        self._question = question
        self._portraits = portraits or Portraits()
        self._nodes: dict[str, Json] = {}

    def central(self, values: Numbers) -> Json:
        """Return the nodes of the greatest values, with the strongest ties of each."""
        by, cut = self._question.of, self._cut
        wanted = self._wanted()
        order = _greatest(values, wanted, self._question.limit)
        sources = sources_of(cut) if by == "betweenness" else None

        def row(look: Look, node: int) -> Json | None:
            value = values[node].item()
            return self._central_row(look, node, value, _meaning(by, value, sources))

        rows = self._rows(order.tolist(), row)
        return {"by": by, **self._about(), "sources": sources, "total": len(wanted), "items": rows}

    def _central_row(self, look: Look, node: int, value: float, meaning: str) -> Json | None:
        ref = self._cut.refs[node]
        if not look.sees(ref):
            return None
        near = self._portraits.of(node, lambda: self._portrait(look, node))
        degree, strongest = near["ties"], near["strongest"]
        most = f", by most claims to {_called(strongest[0]['node'])}" if strongest else ""
        why = f"{meaning} Tied to {degree}{most}."
        return {"node": near["node"], "value": value, "ties": degree, "why": why, "strongest": strongest}

    def _portrait(self, look: Look, node: int) -> Json:
        return {
            "node": self._node(look, self._cut.refs[node]),
            "ties": int(self._cut.degrees[node]),
            "strongest": self._strongest(look, node, self._cut.around(node)),
        }

    def communities(self, labels: Numbers) -> Json:
        """Return the largest communities, each with its best-connected members."""
        groups = _Groups(self._cut, labels)
        order = range(len(groups.sizes))[: self._question.limit]
        rows = self._rows(order, lambda look, number: self._community(look, groups, number))
        return {**self._about(), "total": len(groups.sizes), "items": rows}

    def _community(self, look: Look, groups: "_Groups", number: int) -> Json | None:
        members = groups.members(number)
        named = self._named(look, members)
        if not named:
            return None
        size, inside, outside = groups.sizes[number], groups.inside[number], groups.outside[number]
        leader, own = members[0], frozenset(members)
        near = [tie for tie in self._cut.around(leader) if tie[0] in own]
        return {
            "label": " · ".join(one["label"] for one in named[:MOST_STRONGEST]),
            "value": size,
            "size": size,
            "members": named,
            "kinds": dict(sorted(Counter(self._cut.kinds[one] for one in members).items())),
            "inside": inside,
            "outside": outside,
            "why": f"{size} who have {inside} ties among themselves and {outside} to others.",
            "strongest": self._strongest(look, leader, near),
        }

    def bridges(self, found: Breaks) -> Json:
        """Return whose loss, and the loss of which ties, would cut most off."""
        lost = dict(zip(found.points.tolist(), found.lost.tolist(), strict=True))
        most = self._question.limit
        points = self._rows(list(lost)[:most], lambda look, node: self._point(look, found, node, lost[node]))
        pairs = range(len(found.pairs))[:most]
        ties = self._rows(pairs, lambda look, row: self._pair(look, found.pairs[row], found.sides[row]))
        totals = {"points": len(lost), "ties": len(found.pairs)}
        return {**self._about(), "totals": totals, "points": points, "ties": ties}

    def _point(self, look: Look, found: Breaks, node: int, lost: int) -> Json | None:
        ref, near = self._cut.refs[node], self._cut.around(node)
        if not look.sees(ref):
            return None
        losing = set(found.lose(node, [other for other, _ in near]))
        cut_off = [tie for tie in near if tie[0] in losing]
        here, parts, named = (
            self._node(look, ref),
            found.parts(node),
            self._named(look, (one for one, _ in cut_off)),
        )
        whom = _among(named, lost)
        return {
            "node": here,
            "value": lost,
            "parts": parts[:MOST_PARTS],
            "ties": len(near),
            "cut_off": named,
            "why": f"Without {_called(here)}, {len(parts)} parts would be left: {whom} would lose the largest.",
            "strongest": self._strongest(look, node, cut_off),
        }

    def _pair(self, look: Look, ends: Numbers, sides: Numbers) -> Json | None:
        refs = [self._cut.refs[node] for node in ends.tolist()]
        if not all(look.sees(ref) for ref in refs):
            return None
        nodes, counts = [self._node(look, ref) for ref in refs], sides.tolist()
        small = 0 if counts[0] <= counts[1] else 1
        lost, label = counts[small], [_called(node) for node in nodes]
        whom = _among(nodes[small : small + 1], lost)
        return {
            "ends": nodes,
            "value": lost,
            "sides": counts,
            "cut_off": nodes[small],
            "why": f"Nothing else ties {label[0]} and {label[1]}: without it {whom} would lose the rest.",
            "ties": self._proofs(look, *ends.tolist()),
        }

    def _about(self) -> Json:
        return {"nodes": len(self._cut), "pairs": len(self._cut.first)}

    def _wanted(self) -> Numbers:
        """Return the nodes of the kinds that are to be listed."""
        kinds, of = self._question.kinds, self._cut.kinds
        if not kinds:
            return np.arange(len(self._cut))
        return np.flatnonzero(np.array([kind in kinds for kind in of], bool))

    def _node(self, look: Look, ref: str) -> Json:
        """Return the short form of a node, told once in this answer: many rows name the same."""
        known = self._nodes.get(ref)
        if known is None:
            known = self._nodes[ref] = look.node(ref)
        return known

    def _rows(self, order: Iterable[int], row: Row) -> list[Json]:
        told = ((rank, self._looking(row, one)) for rank, one in enumerate(order, 1))
        return [{"rank": rank, **said} for rank, said in told if said is not None]

    def _named(self, look: Look, nodes: Iterable[int]) -> list[Json]:
        refs = (self._cut.refs[node] for node in nodes)
        return [self._node(look, ref) for ref in islice(filter(look.sees, refs), MOST_NAMED)]

    def _strongest(self, look: Look, node: int, near: Iterable[tuple[int, int]]) -> list[Json]:
        """Return the first of some neighbours, each with the ties that prove the acquaintance."""
        refs = self._cut.refs
        seen = ((other, claims) for other, claims in near if look.sees(refs[other]))
        return [
            {"node": self._node(look, refs[other]), "claims": claims, "ties": self._proofs(look, node, other)}
            for other, claims in islice(seen, MOST_STRONGEST)
        ]

    def _proofs(self, look: Look, one: int, other: int) -> list[Json]:
        """Return the ties of a pair, by kind and ends, with events behind each."""
        refs = self._cut.refs
        ties = ((tie, look.claims(*tie)) for tie in _between(look, refs[one], refs[other]))
        return [{**look.edge(*tie, claims), "events": events_of(claims)} for tie, claims in ties if claims]


def _greatest(values: Numbers, among: Numbers, most: int) -> Numbers:
    """Return those of some nodes that have the greatest values, those first, then by number."""
    own = values[among]
    if len(own) > most:
        # Only who may be among the first has to be sorted.
        is_first = own >= np.partition(own, len(own) - most)[len(own) - most]
        own, among = own[is_first], among[is_first]
    found: Numbers = among[np.argsort(-own, kind="stable")[:most]]
    return found


def _between(look: Look, one: str, other: str) -> list[tuple[str, str, str]]:
    """Return the ties between two, whoever sees them, by kind and ends; some have thousands of others."""
    found: set[tuple[str, str, str]] = set()
    for source, target in ((one, other), (other, one)):
        for near, far in product(look.merged.all_of(source), look.merged.all_of(target)):
            kinds = look.network.kinds_between(near, far)
            found.update((source, target, kind) for kind in kinds if kind not in IDENTITIES)
    return sorted(found, key=lambda tie: (tie[2], *tie[:2]))


class _Groups:
    """Sizes, ties and members of communities, by their numbers."""

    def __init__(self, cut: Cut, labels: Numbers) -> None:
        count = int(labels.max(initial=-1)) + 1
        one, other = labels[cut.first], labels[cut.second]
        is_inside = one == other
        self.sizes: list[int] = np.bincount(labels, minlength=count).tolist()
        self.inside: list[int] = np.bincount(one[is_inside], minlength=count).tolist()
        between = np.concatenate([one[~is_inside], other[~is_inside]])
        self.outside: list[int] = np.bincount(between, minlength=count).tolist()
        ends = np.concatenate([cut.first[is_inside], cut.second[is_inside]])
        own = np.bincount(ends, minlength=len(cut))
        self._order = np.lexsort((np.arange(len(cut)), -own, labels))
        self._starts = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)

    def members(self, number: int) -> list[int]:
        """Return the members of a community, those with the most ties inside first."""
        found: list[int] = self._order[self._starts[number] : self._starts[number + 1]].tolist()
        return found


def _among(named: Sequence[Json], count: int) -> str:
    called = dict.fromkeys(map(_called, named))
    names = ", ".join(called)
    return names if count <= len(called) else f"{count}, among them {names},"


def _called(node: Json) -> str:
    """Return the label of a node as a part of a sentence, which has a full stop of its own."""
    label: str = node["label"]
    return label.rstrip(".") or label


def _meaning(by: str, value: float, sources: int | None) -> str:
    if by == "core":
        return f"One of a group in which everybody is tied to at least {value} others of the group."
    if by == "pagerank":
        return f"Whoever follows ties at random comes by {value:.2%} of the time."
    about = "" if sources is None else f" (estimated from {sources} starting points)"
    return f"{value:.2%} of the shortest ways between two others lead through here{about}."
