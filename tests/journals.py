"""A journal without a network beside it."""

from projections.graph.claims import NUMBERED, Node, Reading
from projections.graph.journal import Journal


def write(journal: Journal, one: Reading) -> None:
    """Write down what an event says; its nodes are met as if for the first time."""
    met = {ref: Node((), ref) for tie in one.ties for ref in tie[1:3]}
    journal.add(one, NUMBERED, met)
