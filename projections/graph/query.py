"""Which part of the graph is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_HOPS = 4


@dataclass(frozen=True, slots=True)
class GraphQuery:
    """Which part of the graph is asked for.

    Args:
        about: references to start from; none: everything, the newest first if it must be cut.
        hops: how far from `about`, at most `MOST_HOPS`.
        kinds: kinds of node to keep, beside `about`; none: all.
        ties: kinds of tie to keep and to walk along; none: all.
        country: keep only nodes, beside `about`, that are shown in this country or tied to a place of it.
        as_of: world date (EDTF); ties known to begin after it or to end before it are left out.
        limit: most nodes.
    """

    about: Sequence[str] = ()
    hops: int = 1
    kinds: Sequence[str] = ()
    ties: Sequence[str] = ()
    country: str | None = None
    as_of: str | None = None
    limit: int = 500
