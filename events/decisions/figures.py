"""Figures: what a partner says of one country and period, whatever it said of it before, gives no small count away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from events.decisions.aggregate import Actor, Decision, DecisionRefused, slug_in
from events.disclosure import LEAST, Cell, Group, cells_of
from events.disclosure_audit import SUM_DIFFERS, Finding, audit
from events.disclosure_rules import SAID
from events.disclosure_solver import Budget
from events.event import Json, slug_of
from schemas.edtf import bounds

Version = tuple[str | None, str | None, Json, list[Json]]
"""Dataset, what it supersedes, whom it counts, observations."""


class Figures(Decision):
    """What a partner published on one country and period; what was retracted too, for it was read."""

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """Source, country, first and last day."""
        data = envelope["data"]
        first, last = bounds(data["period"])
        return f"{envelope['source']} {data['country']} {first} {last}"

    def begin(self) -> None:
        """Nothing published."""
        self.versions: list[Version] = []

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """No hidden count follows from a report together with earlier ones of the same persons."""
        version = _version(envelope["data"])
        earlier = _of_the_same(self.versions, version)
        if not earlier:
            return
        for code, pointer in _findings([one[3] for one in earlier], version[3]):
            # Where sums differ the figures were revised: then they cannot be put together.
            if code != SUM_DIFFERS:
                detail, hint = SAID[code]
                said = f"{detail[:-1]}, with those of an earlier report of yours on this period. {hint}"
                raise DecisionRefused(code, pointer, said)

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Remember the figures."""
        self.versions.append(_version(envelope["data"]))


def _version(data: Mapping[str, Json]) -> Version:
    whom = [data.get("subdivision"), data.get("population_definition"), data.get("service_kind")]
    return data["dataset"], data.get("supersedes"), whom, data["observations"]


def _of_the_same(versions: Sequence[Version], new: Version) -> list[Version]:
    """Return which versions count the same persons: a dataset again, what it supersedes, or who is said to be."""
    names = {new[0], new[1]} - {None}
    for dataset, supersedes, _, _ in reversed(versions):
        if dataset in names or (supersedes is not None and supersedes in names):
            names |= {dataset, supersedes} - {None}
    return [one for one in versions if one[0] in names or one[2] == new[2]]


def _findings(earlier: Sequence[list[Json]], new: list[Json]) -> Iterator[Finding]:
    """Yield what follows from all together; where they do not fit, what does from each earlier one and the new."""
    budget = Budget()
    found = audit(list(_together(earlier, new)), budget)
    yield from found
    if len(earlier) > 1 and any(code == SUM_DIFFERS for code, _ in found):
        for one in earlier:
            yield from audit(list(_together([one], new)), budget)


def _together(earlier: Sequence[list[Json]], new: list[Json]) -> Iterator[Cell]:
    """Yield what a reader of all versions knows: the latest clear figure of a cell, else that it is hidden."""
    known: dict[tuple[tuple[str, str, str], Group], Cell] = {}
    tables = {cell.table for cell in cells_of(new, {})}
    for number, observations in enumerate([*earlier, new]):
        is_new = number == len(earlier)
        for cell in cells_of(observations, {}):
            before = known.get((cell.table, cell.group))
            found = cell if is_new else replace(cell, pointer="/data/observations")
            if before is None or _tells_more(found, before):
                known[cell.table, cell.group] = found
            elif is_new:
                known[cell.table, cell.group] = replace(before, pointer=cell.pointer)
    return (cell for (table, _), cell in known.items() if table in tables)


def _tells_more(cell: Cell, before: Cell) -> bool:
    return cell.is_known or (not before.is_known and cell.high - cell.low <= before.high - before.low)


class Smallest(Decision):
    """What everybody knows of a version of an indicator: its smallest count that may be shown, and its formula.

    Only what whoever gave the reference says to all counts: what is hidden must not show in a refusal.
    """

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The indicator's reference."""
        return str(envelope["data"]["indicator"])

    def begin(self) -> None:
        """The hub's own, and nothing agreed."""
        self.least = LEAST
        self.formula: Mapping[str, Json] = {}

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """What was agreed keeps its formula: figures of two formulas are never one series."""
        said = _formula(envelope["data"]) if _is_for_all(envelope) else {}
        for pointer, value in said.items():
            if self.formula.get(pointer, value) != value:
                raise DecisionRefused("already_decided", f"/data{pointer}", _AGREED)

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Keep the strictest count, and the formula that was agreed first."""
        if _is_for_all(envelope):
            data = envelope["data"]
            self.least = max(self.least, data.get("minimum_cell") or LEAST)
            if data.get("status") in _SETTLED:
                self.formula = {**_formula(data), **self.formula}


_SETTLED = frozenset({"agreed", "retired"})
"""States of a version in which its formula stays as it is."""

_AGREED = "The version was agreed as it is. Another formula is a new version, with a reference of its own."


def _is_for_all(envelope: Mapping[str, Json]) -> bool:
    """Tell whether whoever gave an indicator its reference says something of it to everybody."""
    source = slug_of(str(envelope["source"]))
    is_own = slug_in(envelope["data"]["indicator"]) in (None, source)
    return is_own and envelope.get("tlp") == "clear" and "notbefore" not in envelope


def _formula(data: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return what figures on a version mean, by pointer; a translation that is added changes nothing."""
    names = ("code", "version", "unit", "numerator", "denominator")
    said = {f"/{name}": data[name] for name in names if name in data}
    return {**said, **{f"/definition/{language}": text for language, text in data["definition"].items()}}
