"""Short forms of nodes, kept for each class of readers until anything else is said of the node."""

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

from projections.graph.claims import NodeClaim
from projections.graph.network import Network

if TYPE_CHECKING:
    from projections.graph.look import Look

Json = Any

MOST_BRIEFS = 100_000
"""Kept for all readers together, at about 400 bytes each."""

_Brief = tuple[list[NodeClaim], int, int, Json]
"""The claims on a node, how many there were, as of which turn of the assessments nobody assessed them, and the form."""


class Briefs:
    """The shelves of all classes of readers. Hold the view's lock.

    Args:
        most: kept together; with more all are let go, and made anew as they are asked for.
    """

    def __init__(self, most: int = MOST_BRIEFS) -> None:
        self._most = most
        self._shelves: dict[Hashable, Shelf] = {}
        self._count = 0

    def of(self, reader: Hashable) -> "Shelf":
        """Return the shelf of a class of readers."""
        shelf = self._shelves.get(reader)
        if shelf is None:
            shelf = self._shelves[reader] = Shelf(self)
        return shelf

    def forget(self) -> None:
        """Let go of all: the names of the erased are among them."""
        for shelf in self._shelves.values():
            shelf.forget()
        self._shelves.clear()
        self._count = 0

    def make_room(self) -> None:
        """Make room for one more: where there are too many, let go of all."""
        if self._count >= self._most:
            self.forget()
        self._count += 1


class Shelf:
    """What one class of readers gets, now, of nodes that are read as nobody else.

    A short form holds as long as a node has the same claims and nobody assessed their events: which of the claims
    that are there a class of readers may see never changes.
    """

    def __init__(self, briefs: Briefs) -> None:
        self._briefs = briefs
        self._kept: dict[str, _Brief] = {}

    def forget(self) -> None:
        """Let go of all."""
        self._kept.clear()

    def node(self, look: "Look", ref: str) -> Json:
        """Return the short form of a node, which whoever gets it may change.

        Args:
            look: of these readers, at now.
            ref: of a node that is read as nobody else.
        """
        network = look.network
        node = network.nodes.get(ref)
        if node is None:
            return look.short(ref)
        kept, told, turn = self._kept.get(ref), node.told, network.assessed_turn
        if kept is not None and kept[0] is told and kept[1] == len(told):
            said: Json = kept[3]
            if kept[2] == turn:
                return said.copy()
            if not _is_assessed(network, told):
                self._kept[ref] = told, len(told), turn, said
                return said.copy()
        said = look.short(ref)
        if not _is_assessed(network, told):
            if kept is None:
                self._briefs.make_room()
            self._kept[ref] = told, len(told), turn, said.copy()
        return said


def _is_assessed(network: Network, told: Iterable[NodeClaim]) -> bool:
    return any(network.assessed(claim.origin.id) for claim in told)
