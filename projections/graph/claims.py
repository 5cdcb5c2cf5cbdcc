"""What the graph in memory consists of: claims on nodes and on ties, and what one event says."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from projections.shown import Assessment, Origin

Json = Any

LIGHT = frozenset({"label", "country", "status"})
"""Properties kept in memory, since every answer shows them; the others are read from the table."""

CODED_KINDS = frozenset({"place", "standard"})
"""Kinds whose reference says it all; thousands of events name them, so their properties are not kept."""


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
        nodes: `[ref, label, [[name, value, pointer, label], ...]]` each.
        ties: `[kind, source, target, label, since, until, [[name, value, pointer, label], ...]]` each.
        assessment: if it assesses the claims of another.
    """

    origin: Origin
    label: int
    nodes: list[Json]
    ties: list[Json]
    assessment: Assessment | None


def numbered(said: Reading, number: Callable[[str | None], int]) -> Reading:
    """Return a reading in which labels stand as numbers.

    Args:
        said: a reading in which there stands, where a number belongs, what a field demands (`amber+strict`, `C2`), or
            None for the event's own label.
        number: gives the number of the label of whatever demands that.
    """
    nodes = [[ref, number(level), _props(props, number)] for ref, level, props in said.nodes]
    ties = [[*tie[:3], number(tie[3]), *tie[4:6], _props(tie[6], number)] for tie in said.ties]
    return said._replace(label=number(None), nodes=nodes, ties=ties)


def _props(props: list[Json], number: Callable[[str | None], int]) -> list[Json]:
    # Most have none; they share the empty list, and nobody changes a reading.
    return [[name, value, at, number(level)] for name, value, at, level in props] if props else props


class Node:
    """What is known of a node: how many claims bear which label, and those that say something about it."""

    __slots__ = ("labels", "told")

    def __init__(self) -> None:
        self.labels: dict[int, int] = {}
        self.told: list[NodeClaim] = []


Parallel = Mapping[str, Mapping[str, list[EdgeClaim]]]
"""The ties of one direction between two nodes: kind → `claims` → the claims."""
