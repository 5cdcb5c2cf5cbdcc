"""Questions about a whole graph, and what stands for an answer that is not there yet."""

from dataclasses import dataclass
from typing import Literal

Measure = Literal["pagerank", "betweenness", "core", "communities", "bridges"]


@dataclass(frozen=True, slots=True)
class WholeQuestion:
    """What is asked of the whole graph that a reader may see.

    Args:
        of: the measure.
        kinds: list only nodes of these kinds, measured among all; none: all.
        limit: most rows.
    """

    of: Measure
    kinds: tuple[str, ...] = ()
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Pending:
    """An answer that is being computed: how to ask for it again, and which share is done, 0 to 1."""

    job: str
    progress: float
