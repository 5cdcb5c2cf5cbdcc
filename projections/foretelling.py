"""Who would see an event if it were recorded now, by the very rule that decides it afterwards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from events.audience import Label, label_of
from events.event import Position, RecordedEvent
from projections.amendments import LONG_AGO, embargoed_until
from projections.protections import consent_of, consent_subject
from schemas.contract import Contract

Json = Any


@dataclass(frozen=True, slots=True)
class Foretold:
    """What labels an event and its stricter fields would bear.

    Args:
        whole: of the event.
        fields: pointer of each field that is there and demands more → its label.
        asks_consent: what the person allowed before counts too.
    """

    whole: Label
    fields: Mapping[str, Label]
    asks_consent: bool


def foretell(envelope: Mapping[str, Json], stem: str, contract: Contract) -> Foretold:
    """Return the labels of an event by what it says itself; nothing that was said before is looked at.

    Args:
        envelope: of a submission that was checked, defaults filled in.
        stem: its type and version.
        contract: of that stem.
    """
    event = RecordedEvent(Position(0), stem, {**envelope, "recordedtime": envelope["time"]})
    label = label_of(envelope, embargoed=embargoed_until(event) > LONG_AGO)
    is_personal = consent_subject(event, contract) is not None
    whole = consent_of(event, (), LONG_AGO).on(label) if is_personal else label
    fields = {
        pointer: whole.stricter(mark.level)
        for mark in contract.marks
        if mark.level is not None
        for pointer in _present(event.data, mark.pointer.split("/")[1:])
    }
    return Foretold(whole, {place: one for place, one in fields.items() if one != whole}, is_personal)


def _present(value: Json, steps: list[str], place: str = "") -> Iterator[str]:
    """Yield the pointer of each place of a payload that a mark's pointer names."""
    if not steps:
        yield place
        return
    step, rest = steps[0], steps[1:]
    inside: dict[str, Json] = {}
    if isinstance(value, list) and step == "*":
        inside = {str(no): item for no, item in enumerate(value)}
    elif isinstance(value, Mapping):
        inside = dict(value) if step == "*" else {step: value[step]} if step in value else {}
    for name, inner in inside.items():
        yield from _present(inner, rest, f"{place}/{name}")
