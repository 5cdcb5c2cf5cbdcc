"""Short forms of nodes, written as JSON and kept for each class of readers until anything else is said of the node."""

from collections.abc import Collection, Hashable, Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

import orjson

from projections.graph.claims import NodeClaim
from projections.graph.network import Network

if TYPE_CHECKING:
    from projections.graph.around.surroundings import Numbers, Surroundings
    from projections.graph.look import Look

Json = Any

MOST_BRIEFS = 100_000
"""Kept for all readers together, at about 400 bytes each."""

_MOST_TURNS = 8_192
"""Events that are remembered; whoever asks less often than that finds nothing that was kept."""


class Briefs:
    """The shelves of all classes of readers. Hold the view's lock.

    Args:
        most: kept together; with more all are let go, and made anew as they are asked for.
        turns: events that are remembered at most.
    """

    def __init__(self, most: int = MOST_BRIEFS, turns: int = _MOST_TURNS) -> None:
        self._most = most
        self._most_turns = turns
        self._shelves: dict[Hashable, Shelf] = {}
        self._count = 0
        self._named: list[Collection[str]] = []
        self._forgotten = 0

    def of(self, reader: Hashable) -> "Shelf":
        """Return the shelf of a class of readers."""
        shelf = self._shelves.get(reader)
        if shelf is None:
            shelf = self._shelves[reader] = Shelf(self)
        return shelf

    def note(self, named: Collection[str]) -> None:
        """Note that an event says something else than before of some nodes.

        Args:
            named: their references.
        """
        if self._count:
            self._named.append(named)
            if len(self._named) > self._most_turns:
                del self._named[: self._most_turns // 2]
                self._forgotten += self._most_turns // 2

    @property
    def turn(self) -> int:
        """How many events were noted."""
        return self._forgotten + len(self._named)

    def since(self, turn: int) -> Iterable[Collection[str]] | None:
        """Return what was noted since a turn; None where that is not remembered."""
        return self._named[turn - self._forgotten :] if turn >= self._forgotten else None

    def forget(self) -> None:
        """Let go of all: the names of the erased are among them."""
        for shelf in self._shelves.values():
            shelf.forget()
        self._shelves.clear()
        self._count = 0

    def lost(self, some: int) -> None:
        """Note that so many were let go."""
        self._count -= some

    def make_room(self) -> None:
        """Make room for one more: where there are too many, let go of all."""
        if self._count >= self._most:
            for shelf in self._shelves.values():
                shelf.forget()
            self._count = 0
        self._count += 1


class Shelf:
    """What one class of readers gets, now, of nodes that are read as nobody else.

    A short form holds until an event says something else of its node, or somebody assessed an event that says something
    of it: which of the claims that are there a class of readers may see never changes.
    """

    def __init__(self, briefs: Briefs) -> None:
        self._briefs = briefs
        self._kept: dict[int, bytes] = {}
        self._doubtful: dict[int, bytes] = {}
        self._turn = briefs.turn
        self._assessed = 0

    def forget(self) -> None:
        """Let go of all."""
        self._kept.clear()
        self._doubtful.clear()

    def node(self, look: "Look", ref: str) -> Json:
        """Return the short form of a node, which whoever gets it may change.

        Args:
            look: of these readers, at now.
            ref: of a node that is read as nobody else.
        """
        number = look.journal.number(ref)
        if number is None:
            return look.short(ref)
        self._follow(look)
        return orjson.loads(self._kept.get(number) or self._written(look, ref, number))

    def written(self, look: "Look", near: "Surroundings", ranks: "Numbers") -> list[bytes]:
        """Return the short forms of nodes as JSON.

        Args:
            look: of these readers, at now.
            near: that knows their ranks.
            ranks: of the nodes to go by.
        """
        self._follow(look)
        numbers = near.numbers(ranks)
        found = list(map(self._kept.get, numbers))
        for place in near.renamed(ranks):
            found[place] = None
        if None not in found:
            return found  # type: ignore[return-value]
        refs = near.refs(ranks)
        return [
            kept or self._written(look, ref, number)
            for kept, ref, number in zip(found, refs, numbers, strict=True)
        ]

    def _written(self, look: "Look", ref: str, number: int) -> bytes:
        """Write a short form anew, or take one that did hold before anything was assessed."""
        network = look.network
        node = network.nodes.get(ref)
        if node is None or node.number != number or ref in look.merged.members:
            return orjson.dumps(look.short(ref))
        doubtful = self._doubtful.pop(number, None)
        said = doubtful or orjson.dumps(look.short(ref))
        if _is_assessed(network, node.told):
            return orjson.dumps(look.short(ref))
        if doubtful is None:
            self._briefs.make_room()
        self._kept[number] = said
        return said

    def _follow(self, look: "Look") -> None:
        """Let go of what holds no more."""
        if self._turn != self._briefs.turn:
            self._let_go(look)
        if self._assessed != look.network.assessed_turn:
            self._assessed = look.network.assessed_turn
            self._doubtful.update(self._kept)
            self._kept.clear()

    def _let_go(self, look: "Look") -> None:
        named = self._briefs.since(self._turn)
        self._turn = self._briefs.turn
        if named is None:
            self._briefs.lost(len(self._kept) + len(self._doubtful))
            self.forget()
        for ref in chain.from_iterable(named or ()):
            # By the number that the journal has: one who is gone keeps it, and may come back.
            number = look.journal.number(ref)
            if number is not None:
                gone = [kept.pop(number, None) is not None for kept in (self._kept, self._doubtful)]
                self._briefs.lost(sum(gone))


def _is_assessed(network: Network, told: Iterable[NodeClaim]) -> bool:
    return any(network.assessed(claim.origin.id) for claim in told)
