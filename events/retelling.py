"""Retelling: how reports that decisions hear of read by now, as their publishers have corrected or retracted them."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

from events.audience import label_of
from events.checks import about_of
from events.corrections import corrected
from events.decisions.amended import CORRECTED, RETRACTED, Amended
from events.event import Json, name_of
from events.moments import read_moment
from schemas.registry import Registry

AMENDMENTS = frozenset({CORRECTED, RETRACTED})

RETOLD = frozenset({"need.expressed", "offer.made", "support.matched"})
"""Reports that decisions hear of, and matches, which whoever said so may correct or take back."""

_REFERENCES = ("need", "offer", "support")


class Heard(NamedTuple):
    """An event as a decision hears it: type, and envelope; `RETRACTED` with that of a report that was taken back."""

    type: str
    envelope: Mapping[str, Json]

    @property
    def name(self) -> str:
        """Source and id."""
        return name_of(self.envelope)


class Retelling:
    """Reads reports as they stand within one transaction.

    Args:
        find: returns an event by source and id; None if it is not here yet.
        amended: returns what is known of amendments of an event, by source and id as one text.
    """

    def __init__(self, find: Callable[[str, str], Heard | None], amended: Callable[[str], Amended]) -> None:
        self._find = find
        self._amended = amended

    def target(self, event: Heard) -> Heard | None:
        """Return the report that an amendment is about, also by way of a correction that it takes back."""
        about = about_of(event.type, event.envelope["data"], str(event.envelope["source"]))
        found = None if about is None else self._find(*about)
        if found is not None and found.type == CORRECTED and event.type == RETRACTED:
            return self.target(found)
        return found if found is not None and found.type in RETOLD else None

    def reads(self, event: Heard) -> Heard:
        """Return what a decision hears of an event: of an amendment, the report that it amends."""
        report = self.target(event) if event.type in AMENDMENTS else event
        if report is None or report.type not in RETOLD:
            return event
        amended = self._amended(report.name)
        if amended.is_retracted:
            return Heard(RETRACTED, report.envelope)
        standing = [
            Heard(CORRECTED, one)
            for one in amended.corrections
            if not self._amended(Heard(CORRECTED, one).name).is_retracted
        ]
        return _corrected(report, sorted(standing, key=_asserted)) if standing else report


def _corrected(report: Heard, corrections: list[Heard]) -> Heard:
    envelope = report.envelope
    data = corrected(
        envelope["data"],
        [one.envelope["data"].get("changes") for one in corrections],
        lambda said: _references(said) == _references(envelope["data"]) and _is_sound(envelope, said),
    )
    label = label_of(envelope, embargoed=False)
    for one in corrections:
        label = label.stricter(one.envelope["data"].get("tlp", label.tlp))
    return Heard(report.type, {**envelope, "data": data, "tlp": label.tlp})


def _references(data: Json) -> list[Json]:
    """Return what a report is about, which stays."""
    return [data.get(name) for name in _REFERENCES]


def _is_sound(envelope: Mapping[str, Json], data: Json) -> bool:
    return not contracts().contract(stem_named(str(envelope["dataschema"]))).check(data)


def stem_named(schema: str) -> str:
    """Return the stem that the address of a schema names."""
    kind, _, version = schema.removesuffix("/").rpartition("/")
    return f"{kind.rpartition('/')[2]}.v{version}"


@cache
def contracts() -> Registry:
    """Return the package's contracts: those of reports that decisions hear of are among them."""
    return Registry.load()


def _asserted(one: Heard) -> tuple[str, str]:
    """Order corrections by when their publisher asserts them, then by id."""
    said = read_moment(str(one.envelope.get("time", "")))
    return "" if said is None else said.isoformat(), str(one.envelope["id"])
