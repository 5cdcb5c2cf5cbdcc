"""What one event of the log does to the views."""

from dataclasses import dataclass
from typing import Literal

from events.audience import Label
from events.event import Position, RecordedEvent

Reason = Literal["corrected", "released", "retracted"]


@dataclass(frozen=True, slots=True)
class Change:
    """One instruction to every view, settled by `projections/rulings.py` before any view sees it.

    Args:
        kind: `put`: from now on the event reads like this (first time, or again: replaces what it said before);
            `drop`: everything this event said is forgotten.
        event: the event as it reads now, corrections applied. `event.position` is its own place in the log.
        label: who may see it now.
        at: place in the log of the event that caused this change; equals `event.position` for a first reading.
        reason: why it reads differently now; None for a first reading.
        before: the label it had until now; None for a first reading.
    """

    kind: Literal["put", "drop"]
    event: RecordedEvent
    label: Label
    at: Position
    reason: Reason | None = None
    before: Label | None = None
