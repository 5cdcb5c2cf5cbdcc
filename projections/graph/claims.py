"""What the graph in memory consists of: claims on nodes and on ties, and what one event says."""

from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, ClassVar, NamedTuple

from projections.shown import Assessment, Origin

Json = Any
Marks = Collection[int]
"""Numbers of labels, each once."""

Forms = Mapping[Any, int]
"""What fields demand (`amber+strict`, `C2`, None) → the number of the label that they bear by that."""

LIGHT = frozenset({"label", "country", "status"})
"""Properties kept in memory, since every answer shows them; the others are read from the table."""

CODED_KINDS = frozenset({"place", "standard"})
"""Kinds whose reference says it all; thousands of events name them, so their properties are not kept."""

IDENTITIES = frozenset({"SAME_AS", "NOT_SAME_AS", "POSSIBLY_SAME_AS"})
"""Ties that say who is who, not who knows whom."""

SEPARATES = IDENTITIES - {"SAME_AS"}
"""Ties that make nobody acquainted."""


class Prop(NamedTuple):
    """A property as one event gives it; `label` is the number of the label it bears."""

    name: str
    value: Json
    pointer: str
    label: int


class NodeClaim(NamedTuple):
    """That an event says something about a node; `light` are those of its properties that stay in memory."""

    origin: Origin
    label: int
    light: tuple[Prop, ...]


class EdgeClaim(NamedTuple):
    """That an event says a tie exists, and since and until when."""

    origin: Origin
    label: int
    since: str | None
    until: str | None


class Judgement(NamedTuple):
    """That an event says whether two references mean the same.

    Args:
        kind: `SAME_AS`, `NOT_SAME_AS` or `POSSIBLY_SAME_AS`.
        claim: on that tie.
        preferred: the reference to go by, if it names one.
    """

    kind: str
    claim: EdgeClaim
    preferred: str | None


def pair_of(left: str, right: str) -> tuple[str, str]:
    """Return two references in their own order, whichever stood left."""
    return (left, right) if left < right else (right, left)


class Reading(NamedTuple):
    """What one event says, labels as numbers; the form in which it is stored.

    Args:
        origin: the event.
        label: its own label.
        nodes: `[ref, label, [[name, value, pointer, label], ...]]` each, as lists or tuples.
        ties: `[kind, source, target, label, since, until, [[name, value, pointer, label], ...]]` each, likewise.
        assessment: if it assesses the claims of another.
    """

    origin: Origin
    label: int
    nodes: list[Json]
    ties: list[Json]
    assessment: Assessment | None


def numbered(said: Reading, forms: Forms) -> Reading:
    """Return a reading in which labels stand as numbers.

    Args:
        said: a reading in which there stands, where a number belongs, what a field demands (`amber+strict`, `C2`), or
            None for the event's own label.
        forms: the numbers of the event's label.
    """
    nodes = [[ref, forms[level], _props(props, forms)] for ref, level, props in said.nodes]
    ties = [[*tie[:3], forms[tie[3]], *tie[4:6], _props(tie[6], forms)] for tie in said.ties]
    return said._replace(label=forms[None], nodes=nodes, ties=ties)


def _props(props: Sequence[Json], forms: Forms) -> Sequence[Json]:
    # Most have none; they share the empty list, and nobody changes a reading.
    return [[name, value, at, forms[level]] for name, value, at, level in props] if props else props


class _Numbered(dict[Json, int]):
    """The forms of what is a number already."""

    def __missing__(self, number: int) -> int:
        return number


NUMBERED: Forms = _Numbered()
"""For readings in which labels stand as numbers."""


class _Attributes(MutableMapping[str, Json]):
    """What networkx takes for the dictionary of attributes of a node or an edge, at a quarter of its size: slots.

    `names` are those of the attributes.
    """

    __slots__ = ()
    names: ClassVar[tuple[str, ...]] = ()

    def __getitem__(self, name: str) -> Json:
        if name not in self.names:
            raise KeyError(name)
        return getattr(self, name)

    def __setitem__(self, name: str, value: Json) -> None:
        if name not in self.names:
            raise KeyError(name)
        setattr(self, name, value)

    def __delitem__(self, name: str) -> None:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def copy(self) -> dict[str, Json]:
        """Return the attributes as networkx copies them, from one graph into another."""
        return dict(self)


_NONE_TOLD: list[NodeClaim] = []
"""Shared by nodes of which nothing is said; nobody changes it."""


class Node(_Attributes):
    """What is known of a node.

    Args:
        labels: that its mentions bear, each once, in order: a tuple, or the keys of a dictionary where there are many.
        again: label → how many mentions bear it besides the first; None: none does.
        told: the claims that say something about it, in order.
        ref: its reference, the one copy of it that all its ties go by.
        out_of: its outgoing ties by their target, as the graph holds them.
        into: its incoming ties by their source, likewise.
        number: in the journal beside the graph; -1: it has none yet.
    """

    __slots__ = ("again", "into", "labels", "number", "out_of", "ref", "told")
    names = ("again", "labels", "told")

    def __init__(self, labels: tuple[int, ...] = (), ref: str = "") -> None:
        self.labels: tuple[int, ...] | dict[int, None] = labels
        self.again: dict[int, int] | None = None
        self.told: list[NodeClaim] = _NONE_TOLD
        self.ref = ref
        self.out_of: dict[str, Parallel] = {}
        self.into: dict[str, Parallel] = {}
        self.number = -1

    def repeat(self, label: int) -> None:
        """Count a mention under a label that the node bears already."""
        if self.again is None:
            self.again = {label: 1}
        else:
            self.again[label] = self.again.get(label, 0) + 1


_FEW_CLAIMS = 8
"""Claims on one tie up to which they are copied to add one; with more that costs more than a list of their own."""


class Held(_Attributes):
    """What is known of an edge: the claims behind it, in order.

    As long as they are few they are a tuple that nobody changes: then most ties that one event claims share it.
    """

    __slots__ = ("claims",)
    names = ("claims",)

    def __init__(self, claims: tuple[EdgeClaim, ...] | list[EdgeClaim] = ()) -> None:
        self.claims = claims

    def joined(self, claim: EdgeClaim) -> "Held":
        """Return what is known with one claim more."""
        claims = self.claims
        if type(claims) is list:
            claims.append(claim)
            return self
        more = (*claims, claim)
        return Held(more if len(more) <= _FEW_CLAIMS else list(more))


Parallel = Mapping[str, Held]
"""The ties of one direction between two nodes, by their kind. Nobody changes it: who adds a tie puts another there."""
