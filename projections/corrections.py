"""Applies corrections to a payload: pure, and never to the point of breaking its contract."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from events.corrections import corrected
from events.decisions.settled import keeps_settled
from events.event import RecordedEvent
from schemas.contract import Contract

Json = Any


def corrected_event(
    event: RecordedEvent, contract: Contract, corrections: Sequence[RecordedEvent]
) -> RecordedEvent:
    """Return an event as it reads after all corrections, in the order given; what is settled stays.

    Settled is what it is about, and what `events/decisions/settled.py` says.

    Args:
        event: as recorded.
        contract: of its stem, which it keeps to.
        corrections: `record.corrected` of it.
    """
    subject = (contract.subject_pointer or "/").split("/")[1:]

    def accepts(data: Json) -> bool:
        is_one = _at(data, subject) == _at(event.data, subject)
        return is_one and keeps_settled(contract.type, event.data, data) and not contract.check(data)

    data = corrected(event.data, [one.data.get("changes") for one in corrections], accepts)
    return replace(event, envelope={**event.envelope, "data": data})


def _at(data: Json, steps: Sequence[str]) -> Json:
    for step in steps:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data
