"""Totals of help: by kind and country, and never of fewer persons than a cell may hold.

A cell counts persons and bodies that were helped; one of fewer than `smallest_cell` is left out, whole: its count and
its costs. Each support counts in one cell, and nothing adds up cells: nobody finds what was left out by taking away.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from projections.boards.papers import Papers
from projections.boards.support.rows import Need, Support
from projections.boards.support.standing import Board, standing
from projections.boards.support.terms import terms

Json = Any

_HELPED = frozenset({"delivered", "partly"})
_SEVERAL = "several"


class _Help(NamedTuple):
    whom: str
    country: str | None
    kind: str
    costs: tuple[tuple[str, Decimal], ...]


def totals(papers: Papers) -> Json:
    """Return how many were helped and what it cost, as far as these readers see it.

    Returns:
        `{"smallest_cell", "cells": [{"kind", "country", "helped", "supports", "costs"}], "suppressed"}`; `kind` is
        `several` for help of more than one; `suppressed` says whether anything was left out, never how much.
    """
    board = standing(papers)
    least = terms().said["smallest_cell"]
    cells: defaultdict[tuple[str, str], list[_Help]] = defaultdict(list)
    for one in _helps(board):
        cells[one.kind, one.country or ""].append(one)
    shown = {place: helps for place, helps in sorted(cells.items()) if _count(helps) >= least}
    return {
        "smallest_cell": least,
        "cells": [
            {"kind": kind, "country": country or None, **_sums(helps, least)}
            for (kind, country), helps in shown.items()
        ],
        "suppressed": len(shown) < len(cells),
    }


def _helps(board: Board) -> Iterable[_Help]:
    for support in board.supports.values():
        need = board.needs.get(str(support.data.get("need")))
        if need is not None and any(one.data.get("result") in _HELPED for one in support.given):
            yield _help(support, need)


def _help(support: Support, need: Need) -> _Help:
    costs: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in support.given:
        if (cost := one.data.get("cost")) is not None:
            costs[str(cost["currency"])] += Decimal(cost["amount"])
    kinds = sorted(support.kinds or need.kinds)
    kind = kinds[0] if len(kinds) == 1 else _SEVERAL
    return _Help(need.whom, need.person.country, kind, tuple(sorted(costs.items())))


def _count(helps: Iterable[_Help]) -> int:
    return len({one.whom for one in helps})


def _sums(helps: Sequence[_Help], least: int) -> Mapping[str, Json]:
    costs: defaultdict[str, Decimal] = defaultdict(Decimal)
    persons: defaultdict[str, set[str]] = defaultdict(set)
    for one in helps:
        for currency, amount in one.costs:
            costs[currency] += amount
            persons[currency].add(one.whom)
    told = {
        currency: f"{amount:.2f}"
        for currency, amount in sorted(costs.items())
        if len(persons[currency]) >= least
    }
    return {"helped": _count(helps), "supports": len(helps), "costs": told}
