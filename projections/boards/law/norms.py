"""Which provisions of which norms are engaged by how many visible events, and which by none."""

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import orjson

from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.tellings import Tellings

Json = Any

KINDS: Mapping[str, tuple[str, ...]] = {
    "action": ("action.proposed",),
    "commitment": ("commitment.made",),
    "hearing": ("hearing.reported",),
    "indicator": ("indicator.defined",),
    "policy": ("policy.changed",),
    "statement": ("statement.issued",),
    "threat": ("threat.reported", "threat.updated"),
    "trial": ("trial.scheduled",),
}
"""Kinds of things, and the events about them that name provisions."""

_LISTS = frozenset({"standards", "standards_added"})
_ONE = "right"


class Engaged(NamedTuple):
    """One event that touches norms."""

    source: str
    id: str
    type: str
    when: str | None
    country: str | None
    standards: tuple[str, ...]


class Provision(NamedTuple):
    """What a listed provision says.

    Args:
        label: in a few English words.
        within: the vocabulary whose labels are those of its norm, else the norm: among them the label means one thing.
    """

    label: str
    within: str


@cache
def norms() -> Sequence[Json]:
    """Return the norms that are listed whole: `{"norm", "title", "provisions": [{"standard", "label", "group"}]}`.

    Of a norm whose provisions are the codes of a vocabulary, `vocabulary` names it.
    """
    found: Sequence[Json] = orjson.loads((files(__package__) / "norms.json").read_bytes())["norms"]
    return found


@cache
def _provisions() -> Mapping[str, Provision]:
    return {
        one["standard"]: Provision(one["label"], norm.get("vocabulary", norm["norm"]))
        for norm in norms()
        for one in norm["provisions"]
    }


def provision(standard: str) -> Provision | None:
    """Return the listed provision that one is, or is a part of; None of another norm."""
    listed = _listed(standard, _provisions())
    return None if listed is None else _provisions()[listed]


def standards_in(data: Json) -> Iterator[str]:
    """Yield the provisions that a payload names, however deep."""
    if isinstance(data, list):
        for one in data:
            yield from standards_in(one)
    if not isinstance(data, Mapping):
        return
    for name, value in data.items():
        if name in _LISTS and isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))
        elif name == _ONE and isinstance(value, str):
            yield value
        else:
            yield from standards_in(value)


def _maker(types: Sequence[str]) -> Callable[[Tellings, Sequence[str]], Mapping[str, tuple[Engaged, ...]]]:
    def make(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, tuple[Engaged, ...]]:
        rows = {}
        for ref, told in tellings.about(refs, types).items():
            engaged = []
            for one in told:
                named = tuple(sorted(set(standards_in(one.data))))
                if named:
                    engaged.append(Engaged(*one.name, one.type, one.when, _country(one.data), named))
            if engaged:
                rows[ref] = tuple(engaged)
        return rows

    return make


def _country(data: Mapping[str, Json]) -> str | None:
    place = data.get("place")
    found = data.get("country") or (place.get("country") if isinstance(place, Mapping) else None)
    return None if found is None else str(found)


ROWS: Sequence[Rows] = tuple(Rows(f"standards {kind}", kind, _maker(KINDS[kind])) for kind in sorted(KINDS))
"""What touches norms, by the things it is about."""


Counts = Mapping[str, Mapping[tuple[str, str], Engaged]]
"""What touches each standard."""


class _Made(NamedTuple):
    """What follows of all rows: the events by country, None: wherever; and the answers that were asked for."""

    counts: Mapping[str | None, Counts]
    answers: dict[str | None, Json]


def standards(papers: Papers, norm: str | None, country: str | None) -> Json:
    """Return each listed provision with the events that touch it, and what is touched besides.

    Args:
        papers: of the readers.
        norm: only this one, e.g. `un-bprl`.
        country: only events that say they are about this country.

    Returns:
        `{"norms": [{"norm", "title", "engaged", "provisions": [...]}], "others": [...]}`.
    """
    rows = tuple(papers.rows(one) for one in ROWS)
    made: _Made = papers.keeping.remembered("standards", rows, lambda _: _Made(_counted(rows), {}))
    by_standard = made.counts.get(country, {})
    if norm is not None or not by_standard:
        return _answer(by_standard, norm)
    if country not in made.answers:
        made.answers[country] = _answer(by_standard, None)
    return made.answers[country]


def _answer(by_standard: Counts, norm: str | None) -> Json:
    listed = [_norm(one, by_standard) for one in norms() if norm in (None, one["norm"])]
    known = _provisions()
    others = [
        {"standard": standard, **_told(by_standard[standard])}
        for standard in sorted(by_standard)
        if norm in (None, standard.partition(":")[0]) and _listed(standard, known) is None
    ]
    return {"norms": listed, "others": others}


def _counted(rows: Iterable[Mapping[str, Sequence[Engaged]]]) -> Mapping[str | None, Counts]:
    """Return by country, None: wherever, what touches each standard."""
    found: dict[str | None, defaultdict[str, dict[tuple[str, str], Engaged]]] = {}
    for of_kind in rows:
        for engaged in of_kind.values():
            for one in engaged:
                for standard in one.standards:
                    for country in {None, one.country}:
                        of_country = found.setdefault(country, defaultdict(dict))
                        of_country[standard][one.source, one.id] = one
    return found


def _norm(norm: Json, by_standard: Mapping[str, Mapping[tuple[str, str], Engaged]]) -> Json:
    known = {one["standard"] for one in norm["provisions"]}
    whole: defaultdict[str, dict[tuple[str, str], Engaged]] = defaultdict(dict)
    parts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for standard, events in by_standard.items():
        listed = _listed(standard, known)
        if listed is not None:
            whole[listed].update(events)
            if listed != standard:
                parts[listed][standard] = len(events)
    provisions = [
        {
            **one,
            **_told(whole.get(one["standard"], {})),
            "parts": dict(sorted(parts[one["standard"]].items())),
        }
        for one in norm["provisions"]
    ]
    engaged = sum(one["events"] > 0 for one in provisions)
    named = {"norm": norm["norm"], "title": norm["title"]}
    return {**named, "of": len(provisions), "engaged": engaged, "provisions": provisions}


def _listed(standard: str, known: Container[str]) -> str | None:
    """Return the listed provision that one is, or is a part of: `un-bprl:16c` of `un-bprl:16`."""
    if standard in known:
        return standard
    shorter = standard.rstrip("abcdefghijklmnopqrstuvwxyz")
    return shorter if shorter in known else None


def _told(events: Mapping[tuple[str, str], Engaged]) -> Json:
    last = max((one.when for one in events.values() if one.when is not None), default=None)
    types = Counter(one.type for one in events.values())
    return {"events": len(events), "by_type": dict(sorted(types.items())), "last": last}
