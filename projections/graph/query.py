"""Which part of the graph is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from schemas.edtf import bounds

MOST_HOPS = 4
Days = tuple[date | None, date | None]


@dataclass(frozen=True, slots=True)
class GraphQuery:
    """Which part of the graph is asked for.

    Args:
        about: references to start from; none: everything, the newest first if it must be cut.
        hops: how far from `about`, at most `MOST_HOPS`.
        kinds: kinds of node to keep, beside `about`; none: all.
        ties: kinds of tie to keep and to walk along; none: all.
        country: keep only nodes, beside `about`, that are shown in this country or tied to a place of it.
        as_of: world date (EDTF); ties known to begin after it or to end before it are left out, and what is said of a
            node as of a later date.
        known_on: day; the graph as the hub knew it at the end of that day (UTC), as far as it may still be shown.
        upto: the same by a place of the log; None: now. A sight finds it for `known_on`.
        merge: read references that people judged to be the same as one.
        past: also ties that were put right, `superseded`, as far as they may still be shown.
        limit: most nodes.
    """

    about: Sequence[str] = ()
    hops: int = 1
    kinds: Sequence[str] = ()
    ties: Sequence[str] = ()
    country: str | None = None
    as_of: str | None = None
    known_on: str | None = None
    upto: int | None = None
    merge: bool = True
    past: bool = False
    limit: int = 500


ALL = GraphQuery()
"""The whole graph as it is now."""


@dataclass(frozen=True, slots=True)
class Then:
    """Which moment is looked at; now, if nothing is said.

    Args:
        days: first and last day, in the world, of a date (EDTF); ends that are not known are None.
        upto: place of the log up to which the hub knew what it knew.
    """

    days: Days | None = None
    upto: int | None = None

    def __bool__(self) -> bool:
        return self.days is not None or self.upto is not None


NOW = Then()


def then_of(query: GraphQuery) -> Then:
    """Return which moment a query is about.

    Raises:
        NotEdtf: `as_of` is no date.
    """
    return Then(None if query.as_of is None else bounds(query.as_of), query.upto)
