"""Who stands alone, ranked, at one state of the log; and what is remembered of it until something changes."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from heapq import nsmallest
from itertools import islice
from typing import Any, NamedTuple

from projections.graph.questions.partners import Profile

Json = Any

MOST_EXAMPLES = 6
"""Lawyers by whom it is shown that a partner helps others."""

_MOST_MOVED = 500

MOST_HELPERS = 20
"""Partners that are looked at because they help others under the same kind of threat."""


class Row(NamedTuple):
    """A lawyer under threat.

    Args:
        ref: who.
        support: what the deeds for him count now, in all.
        urgency: of the most urgent threat, a value of `URGENCIES`.
        countries: where he works, and where it happened, sorted.
        categories: of the threats, sorted.
        threats: that have not ended, sorted.
        hearings: that are near, with their dates, sorted.
        partners: who supports him, sorted.
    """

    ref: str
    support: float
    urgency: int
    countries: tuple[str, ...]
    categories: tuple[str, ...]
    threats: tuple[str, ...]
    hearings: tuple[tuple[str, str], ...]
    partners: tuple[str, ...]


class Helper(NamedTuple):
    """A partner that supports lawyers under a kind of threat: how many, and some of them by reference."""

    partner: str
    number: int
    examples: tuple[str, ...]


class Kept(NamedTuple):
    """What was told of somebody, as long as it cannot have changed.

    Args:
        names: every node on which it rests, beside those that concern him.
        item: what is told.
        near: partners that are near → the way to them, as it is told.
        shunned: who is behind the threats, or helps already.
    """

    names: frozenset[str]
    item: Json
    near: Mapping[str, list[Json]]
    shunned: frozenset[str]


Workers = Mapping[str, list[str]]
"""Partners → in which countries they work."""


class Helpers:
    """Who supports lawyers under which kind of threat: kept as rows come and go."""

    def __init__(self) -> None:
        self._by: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._top: dict[str, list[Helper]] = {}

    def renew(self, gone: Iterable[Row], come: Iterable[Row]) -> Mapping[str, list[Helper]]:
        """Return for each kind of threat who supports most lawyers under it, after some rows went and others came."""
        codes: set[str] = set()
        for row in gone:
            codes.update(row.categories)
            for code in row.categories:
                for partner in row.partners:
                    self._by[code][partner].discard(row.ref)
        for row in come:
            codes.update(row.categories)
            for code in row.categories:
                for partner in row.partners:
                    self._by[code][partner].add(row.ref)
        self._top = {**self._top, **{code: _most(self._by[code]) for code in codes}}
        return self._top


def _most(helped: Mapping[str, set[str]]) -> list[Helper]:
    most = nsmallest(MOST_HELPERS, helped.items(), key=lambda one: (-len(one[1]), one[0]))
    return [Helper(ref, len(some), tuple(nsmallest(MOST_EXAMPLES, some))) for ref, some in most if some]


class Standing:
    """Who stands alone at one state, first who is most alone: by support, urgency, reference.

    Args:
        rows: one for each lawyer under threat, in that order.
        profiles: of all visible partners.
        helpers: for each kind of threat, who supports most lawyers under it.
        kept: what was told of some lawyers and still holds.
    """

    def __init__(
        self,
        rows: list[Row],
        profiles: Mapping[str, Profile],
        helpers: Mapping[str, list[Helper]],
        kept: Mapping[str, Kept],
    ) -> None:
        self.rows = rows
        self.profiles = profiles
        self.helpers = helpers
        self.kept = kept
        self.told: dict[str, Json] = {}
        self._of_country: dict[str, list[Row]] = {}
        self._workers: dict[tuple[str, ...], Workers] = {}

    def renewed(
        self,
        rows: list[Row],
        profiles: Mapping[str, Profile],
        helpers: Mapping[str, list[Helper]],
        touched: Set[str],
    ) -> "Standing":
        """Return the next state; what rests on nothing of what was touched is kept."""
        kept = {
            ref: one for ref, one in self.kept.items() if ref not in touched and one.names.isdisjoint(touched)
        }
        following = Standing(rows, profiles, helpers, kept)
        if profiles is self.profiles:
            following._workers = self._workers
        return following

    def of(self, country: str | None) -> list[Row]:
        """Return the rows of a country, or all."""
        if country is None:
            return self.rows
        if country not in self._of_country:
            self._of_country[country] = [row for row in self.rows if country in row.countries]
        return self._of_country[country]

    def is_open(self, partner: str) -> bool:
        """Tell whether a partner may be proposed: one that is known and not suspended."""
        known = self.profiles.get(partner)
        return known is not None and "suspended" not in known.status

    def workers(self, countries: tuple[str, ...]) -> Workers:
        """Return the partners that work in some of the countries and may be proposed, those in most of them first.

        Returns:
            Each with the countries in which it works, in their order.
        """
        found = self._workers.get(countries)
        if found is None:
            shared = {
                ref: [code for code in countries if code in known.countries]
                for ref, known in self.profiles.items()
                if self.is_open(ref)
            }
            order = sorted((ref for ref in shared if shared[ref]), key=lambda ref: (-len(shared[ref]), ref))
            found = self._workers[countries] = {ref: shared[ref] for ref in order}
        return found

    def page(self, country: str | None, limit: int, offset: int) -> tuple[list[Row], int]:
        """Return some rows, and how many there are."""
        found = self.of(country)
        return list(islice(found, offset, offset + limit)), len(found)


def place_of(row: Row) -> tuple[float, int, str]:
    """Return what rows are sorted by: least support, most urgent, reference."""
    return row.support, -row.urgency, row.ref


def resorted(rows: list[Row], gone: Collection[Row], come: Collection[Row]) -> list[Row]:
    """Return sorted rows without some and with others; they are left alone."""
    if len(gone) + len(come) > _MOST_MOVED:
        left = set(gone)
        return sorted([*(row for row in rows if row not in left), *come], key=place_of)
    found = list(rows)
    for row in gone:
        del found[bisect_left(found, place_of(row), key=place_of)]
    for row in come:
        insort(found, row, key=place_of)
    return found
