"""The board of one partner: everything that waits for it, in groups, in the order in which it is due."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from events.submission import STEWARDS
from projections.boards.mine import answering, helping, reviewing, signing, stewarding
from projections.boards.mine.items import Item, in_order
from projections.boards.mine.reviewing import Own
from projections.boards.papers import Papers

Json = Any

GROUPS = ("sign", "resign", "confirm", "review", "acknowledge", "seats", "replies", "unmatched")
"""What waits for any partner."""

OF_STEWARDS = ("harm", "erasures", "conflicts", "quarantined", "members")
"""What waits for the stewards besides."""

MOST_IN_GROUP = 200


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies on a partner's desk besides papers, all of it as its readers see it.

    Args:
        own: finds what became of its events.
        erasures: as `ErasureSight` tells them.
        conflicts: as `ConflictSight` tells them.
    """

    own: Own
    erasures: Json
    conflicts: Json


def board(papers: Papers, desk: Desk, slug: str) -> Json:
    """Return what waits for a partner.

    Returns:
        `{"partner", "countries", "counts": {group: N}, "groups": {group: [item]}}`; of each group the first
        `MOST_IN_GROUP`.
    """
    countries = countries_of(papers, slug)
    found = in_order(_items(papers, desk, slug, countries))
    names = (*GROUPS, *OF_STEWARDS) if slug == STEWARDS else GROUPS
    groups = {name: [one for one in found if one.group == name] for name in names}
    return {
        "partner": f"partner:{slug}",
        "countries": sorted(countries),
        "counts": {name: len(group) for name, group in groups.items()},
        "groups": {name: [one.as_json() for one in group[:MOST_IN_GROUP]] for name, group in groups.items()},
    }


def countries_of(papers: Papers, slug: str) -> frozenset[str]:
    """Return where a partner works, as it was last admitted."""
    ref = f"partner:{slug}"
    admitted = papers.tellings.about([ref], ("partner.admitted",))[papers.tellings.merged.of(ref)]
    said = [one.data.get("countries_of_work", ()) for one in admitted if one.data.get("partner") == ref]
    return frozenset(map(str, said[-1])) if said else frozenset()


def _items(papers: Papers, desk: Desk, slug: str, countries: frozenset[str]) -> Iterable[Item]:
    yield from signing.items(papers, slug, countries)
    yield from helping.items(papers, slug)
    yield from reviewing.items(papers, desk.own, slug)
    yield from answering.erasures(desk.erasures, slug)
    yield from answering.seats(papers, slug)
    yield from answering.replies(papers, desk.own, slug)
    if slug == STEWARDS:
        yield from stewarding.items(papers, desk.own, desk.erasures, desk.conflicts)
