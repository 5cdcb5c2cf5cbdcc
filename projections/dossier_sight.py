"""Lists and dossiers as one class of readers may see them. Only visible claims count for anything."""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest, nsmallest
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from projections.dossier_reading import Claims, DossierReading
from projections.graph.look import plain
from projections.graph.merging import NOBODY, Merged
from projections.labels import Allowed
from projections.paging import further
from projections.shelf import Shelf
from projections.shown import Assessments, Claim, Shown, shown, told

if TYPE_CHECKING:
    from projections.dossiers import Dossiers

Json = Any

LISTS: Mapping[str, str] = MappingProxyType(
    {
        "lawyers": "lawyer",
        "cases": "case",
        "trials": "trial",
        "hearings": "hearing",
        "statements": "statement",
        "actions": "action",
        "needs": "need",
        "offers": "offer",
        "policies": "policy",
        "commitments": "commitment",
        "indicators": "indicator",
        "partners": "partner",
        "bodies": "body",
        "threats": "threat",
        "supports": "support",
        "datasets": "dataset",
    }
)
"""The lists there are, and the kind of node in each."""

MOST_ITEMS = 200
"""Items on one page."""

_NAMES = ("label", "name", "title")


class Reading(Protocol):
    """One state of what is claimed, as one class of readers may see it: of the tables, or of the graph's past."""

    merged: Merged

    def of_kind(self, kind: str) -> list[str]:
        """Return all visible references of a kind, sorted."""

    def existing(self, refs: Collection[str]) -> list[str]:
        """Return those that are visible, and not read as another."""

    def with_events_about(self, about: str) -> set[str]:
        """Return the visible references that visible events name together with another."""

    def claims(self, refs: Collection[str]) -> Claims:
        """Return the visible claims by reference and property."""

    def assessments(self, claims: Claims) -> Assessments:
        """Return the lookup of visible assessments of the events behind some claims."""

    def columns(self, refs: Collection[str], props: Iterable[str]) -> dict[str, dict[str, list[Json]]]:
        """Return for each property the shown values of some references."""

    def column(self, kind: str, prop: str) -> dict[str, list[Json]]:
        """Return the shown values of one property for all of a kind."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which items of a list are asked for, and in which order.

    Args:
        country: keep what is shown there.
        status: keep what is shown with this status.
        about: keep what a visible event names together with this reference.
        where: property → text; keep what is shown with that value, or a code below it (`liberty` finds
            `liberty.arrest`), or with a list that holds it. `true` and `false` for booleans.
        sort: property to sort by, or `ref`; items without it come last; equal ones by reference.
        descending: the greatest first.
        limit: items on the page, at most `MOST_ITEMS`.
        offset: items to skip.
        as_of: world date (EDTF): what is said as of a later date is left out.
        known_on: day: what the hub knew at its end (UTC), as far as it may still be shown.
        among: keep these references alone; None: all.
    """

    country: str | None = None
    status: str | None = None
    about: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    sort: str = "ref"
    descending: bool = False
    limit: int = 50
    offset: int = 0
    as_of: str | None = None
    known_on: str | None = None
    among: Collection[str] | None = None

    def wanted(self) -> dict[str, str]:
        """Return every property that must have a value."""
        named = {"country": self.country, "status": self.status}
        return {**self.where, **{name: value for name, value in named.items() if value is not None}}


class DossierSight:
    """Answers from the claims that one class of readers may see, as if there were no others."""

    def __init__(
        self, view: "Dossiers", allowed: Allowed, merged: Callable[[], Merged] = lambda: NOBODY
    ) -> None:
        self._view = view
        self._allowed = allowed
        self._merged = merged
        self._shelves: dict[str, Shelf] = {}
        self._lock = threading.Lock()

    def listing(self, name: str, query: ListQuery) -> Json:
        """Return a page of a list.

        An item holds `ref`, `kind` (of node), `label`, every shown property (one called `kind` as `of_kind`,
        one that is disputed as `{"disputed": true, "values": [...]}`), and in `disputed` their names.

        Args:
            name: a key of `LISTS`.
            query: which items.

        Returns:
            `{"items": [...], "total": N, "next": offset or None}`.

        Raises:
            KeyError: there is no such list.
        """
        kind = LISTS[name]
        with self._view.database.snapshot() as db:
            reading = DossierReading(db, self._allowed, self._merged())
            with self._lock:
                return _page((self._shelf(kind, reading), kind, reading), query)

    def dossier(self, name: str, ref: str) -> Json | None:
        """Return what is claimed about one thing: each shown value with the claims behind it.

        Args:
            name: a key of `LISTS`.
            ref: of that kind.

        Returns:
            `{"ref", "kind", "label", "props": {name: {..., "claims": [...]}}, "disputed": [names]}`; None if
            this reader knows no such thing.
        """
        kind = LISTS.get(name)
        if kind is None or ref.partition(":")[0] != kind:
            return None
        with self._view.database.snapshot() as db:
            return dossier_in(DossierReading(db, self._allowed, self._merged()), ref)

    def touched(self, since: int, most: int) -> list[str] | None:
        """Return every reference that changed after a place of the log; None if they are more than `most`."""
        with self._view.database.snapshot() as db:
            return DossierReading(db, self._allowed).touched("", since, most)

    def moved(self, since: int) -> tuple[int, list[str] | None]:
        """Return the last turn at which anything changed, and what changed after another; None if it is too much."""
        with self._view.database.snapshot() as db:
            reading = DossierReading(db, self._allowed)
            return reading.turn(), reading.touched("", since)

    def of_kind(self, kind: str) -> list[str]:
        """Return every reference of a kind of node that these readers know, sorted; of those read as one, the one."""
        with self._view.database.snapshot() as db:
            return DossierReading(db, self._allowed, self._merged()).of_kind(kind)

    def existing(self, refs: Collection[str]) -> list[str]:
        """Return those references that these readers know and that are not read as another, sorted."""
        with self._view.database.snapshot() as db:
            return DossierReading(db, self._allowed, self._merged()).existing(refs)

    def shown(self, refs: Collection[str]) -> dict[str, dict[str, Shown]]:
        """Return the shown value of every property of some things, by reference."""
        with self._view.database.snapshot() as db:
            reading = DossierReading(db, self._allowed, self._merged())
            claims = reading.claims(refs)
            assessments = reading.assessments(claims)
            return {ref: _shown(own, assessments) for ref, own in claims.items()}

    def _shelf(self, kind: str, reading: DossierReading) -> Shelf:
        """Return the shelf of a kind, true at the state that `reading` sees."""
        turn = reading.turn()
        shelf = self._shelves.get(kind)
        touched = None if shelf is None or shelf.turn > turn else reading.touched(kind, shelf.turn)
        if shelf is None or touched is None or shelf.merged != reading.merged:
            shelf = self._shelves[kind] = Shelf(reading.of_kind(kind), reading.merged)
        elif touched:
            renewed = sorted({*touched, *map(reading.merged.of, touched)})
            existing = reading.existing(renewed)
            shelf.renew(renewed, existing, reading.columns(existing, shelf.columns))
        shelf.turn = turn
        return shelf


def dossier_in(reading: Reading, ref: str) -> Json | None:
    """Return the dossier of one thing as a reading has it; None if there is no such thing in it."""
    ref = reading.merged.of(ref)
    if not reading.existing([ref]):
        return None
    claims = reading.claims([ref])
    assessments = reading.assessments(claims)
    own = claims.get(ref, {})
    values = _shown(own, assessments)
    said = {
        "ref": ref,
        "kind": ref.partition(":")[0],
        "label": _label(ref, values),
        "props": {prop: told(own[prop], assessments) for prop in sorted(own)},
        "disputed": sorted(prop for prop, one in values.items() if one.disputed),
    }
    others = [one for one in reading.merged.all_of(ref) if one != ref]
    return {**said, "same": others} if others else said


def listing_in(reading: Reading, name: str, query: ListQuery) -> Json:
    """Return a page of a list as a reading has it, in the form of `DossierSight.listing`."""
    kind = LISTS[name]
    return _page((Shelf(reading.of_kind(kind), reading.merged), kind, reading), query)


def _page(place: tuple[Shelf, str, Reading], query: ListQuery) -> Json:
    shelf, kind, reading = place
    limit, offset = max(0, min(query.limit, MOST_ITEMS)), max(0, query.offset)
    refs = _matching(shelf, kind, reading, query)
    page = _ordered(place, refs, query, offset + limit)[offset:]
    items = shelf.items(page, lambda missing: _items(missing, kind, reading))
    return {"items": items, "total": len(refs), "next": further(offset, len(page), len(refs))}


def _items(refs: Sequence[str], kind: str, reading: Reading) -> dict[str, Json]:
    claims = reading.claims(refs)
    assessments = reading.assessments(claims)
    items = {ref: _item(ref, kind, _shown(claims.get(ref, {}), assessments)) for ref in refs}
    for ref, item in items.items():
        if others := [one for one in reading.merged.all_of(ref) if one != ref]:
            item["same"] = others
    return items


def _matching(shelf: Shelf, kind: str, reading: Reading, query: ListQuery) -> list[str]:
    """Return the references that fit a query, sorted."""
    refs = shelf.refs
    if query.among is not None:
        refs = [ref for ref in refs if ref in query.among]
    if query.about is not None:
        named = reading.with_events_about(query.about)
        refs = [ref for ref in refs if ref in named]
    for prop, text in sorted(query.wanted().items()):
        column = shelf.column(prop, lambda name: reading.column(kind, name))
        having = column.having(text)
        refs = [ref for ref in refs if ref in having]
    return refs


def _ordered(
    place: tuple[Shelf, str, Reading], refs: Sequence[str], query: ListQuery, most: int
) -> list[str]:
    """Return the first `most` of sorted references in the order that a query asks for."""
    shelf, kind, reading = place
    if query.sort == "ref":
        return list(islice(reversed(refs) if query.descending else refs, most))
    keys = shelf.column(query.sort, lambda name: reading.column(kind, name)).keys
    having = [ref for ref in refs if ref in keys]
    first = (nlargest if query.descending else nsmallest)(most, having, key=keys.__getitem__)
    if len(first) < most:
        first += islice((ref for ref in refs if ref not in keys), most - len(first))
    return first


def _shown(own: Mapping[str, Sequence[Claim]], assessments: Assessments) -> dict[str, Shown]:
    return {prop: shown(own[prop], assessments) for prop in sorted(own)}


def _label(ref: str, values: Mapping[str, Shown]) -> str:
    texts = (plain(values[name].value) for name in _NAMES if name in values)
    return next(filter(None, texts), ref)


def _item(ref: str, kind: str, values: Mapping[str, Shown]) -> Json:
    said = {
        "of_kind" if prop == "kind" else prop: {"disputed": True, "values": one.values}
        if len(one.values) > 1
        else one.value
        for prop, one in values.items()
    }
    disputed = [prop for prop, one in values.items() if one.disputed]
    return {**said, "ref": ref, "kind": kind, "label": _label(ref, values), "disputed": disputed}
