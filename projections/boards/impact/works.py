"""What works: how actions were assessed, by kind and context. Counts and what they leave out, no word about causes."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from projections.boards.impact.distribution import ASSESSED, newest_of, result_of
from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings
from projections.boards.truth.claims import Said, claims_in, said_of
from projections.paging import further
from projections.shown import shown

Json = Any

FEWEST = 3
"""Cases of a row; one with less may tell of a person, and is for partners only."""

DIMENSIONS = ("kind", "country", "category", "mechanism")

_PROPOSED, _COMPLETED = "action.proposed", "action.completed"
_COUNTRIES: Mapping[str, tuple[str, ...]] = {
    "threat.reported": ("place", "country"),
    "lawyer.profiled": ("country_of_practice",),
    "policy.changed": ("country",),
    "trial.scheduled": ("country",),
    "body.profiled": ("country",),
    "commitment.made": ("country",),
}
"""Where what an action is about says in which country it is."""


class Row(NamedTuple):
    """One action; each dimension may have several values, or none.

    Args:
        places: dimension → its values.
        result: of the assessments; None if there are none.
        is_completed: whether it was.
        lasting: what assessors say about that.
        has_harm: whether one saw unintended harm.
        person_views: what the persons concerned think, as assessors pass it on.
    """

    places: Mapping[str, tuple[str, ...]]
    result: str | None
    is_completed: bool
    lasting: tuple[str, ...]
    has_harm: bool
    person_views: tuple[str, ...]


def _make(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, Row]:
    told = tellings.about(refs, (_PROPOSED, _COMPLETED, ASSESSED))
    proposed = {ref: [one for one in events if one.type == _PROPOSED] for ref, events in told.items()}
    around = tellings.about(
        {one for events in proposed.values() for one in _about(tellings, events)}, _COUNTRIES
    )
    said = said_of(tellings, (one for events in told.values() for one in events))
    found = {}
    for ref, events in told.items():
        if proposed[ref]:
            near = [one for each in sorted(_about(tellings, proposed[ref])) for one in around[each]]
            found[ref] = _row(events, near, said)
    return found


def _about(tellings: Tellings, proposed: Iterable[Telling]) -> set[str]:
    return {tellings.merged.of(str(ref)) for one in proposed for ref in one.data.get("about", ())}


def _row(told: Sequence[Telling], near: Sequence[Telling], said: Said) -> Row:
    newest = newest_of(told, said)
    completed = claims_in(told, {_COMPLETED: "/state"})
    return Row(
        places=_places(told, near, said),
        result=result_of(newest),
        is_completed=bool(completed) and shown(completed, said.lookup).value == "completed",
        lasting=tuple(str(one.data["lasting"]) for one in newest if "lasting" in one.data),
        has_harm=any(one.data.get("unintended_harm") is True for one in newest),
        person_views=tuple(str(one.data["person_view"]) for one in newest if "person_view" in one.data),
    )


def _places(told: Sequence[Telling], near: Sequence[Telling], said: Said) -> Mapping[str, tuple[str, ...]]:
    own = {name: claims_in(told, {_PROPOSED: f"/{name}"}) for name in ("kind", "mechanism", "place")}
    value = {name: shown(claims, said.lookup).value for name, claims in own.items() if claims}
    countries = [value["place"].get("country")] if "place" in value else [_country(one) for one in near]
    categories = [
        code for one in near if one.type == "threat.reported" for code in one.data.get("categories", ())
    ]
    return {
        "kind": _values([value.get("kind")]),
        "mechanism": _values([value.get("mechanism")]),
        "country": _values(countries),
        "category": _values(categories),
    }


def _country(one: Telling) -> Json:
    found: Json = one.data
    for step in _COUNTRIES[one.type]:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _values(said: Iterable[Json]) -> tuple[str, ...]:
    return tuple(sorted({str(one) for one in said if one is not None}))


def _owners(tellings: Tellings, touched: Collection[str]) -> set[str]:
    """Return the actions about what was touched."""
    told = tellings.about([one for one in touched if not one.startswith("action:")], [_PROPOSED])
    return {str(one.data["action"]) for events in told.values() for one in events if "action" in one.data}


ROWS = Rows("what-works", "action", _make, _owners)


class _Sum:
    """One row of the answer."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def as_json(self, key: Mapping[str, str | None]) -> Json:
        """Return the row: every action counts once, what its assessors judge differently as `mixed`."""
        assessed = [row for row in self.rows if row.result is not None]
        completed = [row for row in self.rows if row.is_completed]
        return {
            **key,
            "cases": len(self.rows),
            "results": _counts(row.result for row in assessed),
            "person_view": _counts(view for row in assessed for view in row.person_views),
            "lasting": _counts(said for row in assessed for said in row.lasting),
            "harm": sum(row.has_harm for row in assessed),
            "coverage": {
                "completed": len(completed),
                "assessed": len(assessed),
                "completed_not_assessed": sum(row.result is None for row in completed),
            },
        }


def what_works(
    papers: Papers, by: Sequence[str], wanted: Mapping[str, str | None], page: tuple[int, int]
) -> Json:
    """Return a page of how actions were assessed, by kind and context, most cases first.

    An action with several values of a dimension is counted in the row of each. Whoever is no partner gets no row of
    fewer than `FEWEST` cases; that one can be worked out from others hides nothing: each case is public.

    Args:
        papers: of the readers.
        by: dimensions of a row, among `DIMENSIONS`.
        wanted: dimension → the value that actions must have; None: any.
        page: limit and offset.
    """
    actions = [row for row in papers.rows(ROWS).values() if _fits(row, wanted)]
    sums: defaultdict[tuple[str | None, ...], _Sum] = defaultdict(_Sum)
    for row in actions:
        for key in product(*(row.places[name] or (None,) for name in by)):
            sums[key].rows.append(row)
    is_public = papers.reader is None
    keys = [key for key, one in sums.items() if not is_public or len(one.rows) >= FEWEST]
    keys.sort(key=lambda key: (-len(sums[key].rows), tuple(one or "" for one in key)))
    limit, offset = page
    shown = keys[offset : offset + limit]
    return {
        "by": list(by),
        "items": [sums[key].as_json(dict(zip(by, key, strict=True))) for key in shown],
        "total": len(keys),
        "next": further(offset, len(shown), len(keys)),
        "coverage": None if is_public else _coverage(actions),
        "note": _NOTE,
    }


_NOTE = (
    "Counts of what assessors said, each action once; `mixed` where they differ. Actions that nobody assessed are not"
    " in them. What came after an action need not have come from it."
)


def _coverage(actions: Sequence[Row]) -> Json:
    completed = [row for row in actions if row.is_completed]
    return {
        "actions": len(actions),
        "assessed": sum(row.result is not None for row in actions),
        "completed": len(completed),
        "completed_not_assessed": sum(row.result is None for row in completed),
    }


def _fits(row: Row, wanted: Mapping[str, str | None]) -> bool:
    return all(value is None or value in row.places[name] for name, value in wanted.items())


def _counts(said: Iterable[str | None]) -> Json:
    return dict(sorted(Counter(one for one in said if one is not None).items()))
