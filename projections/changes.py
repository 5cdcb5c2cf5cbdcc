"""What one event of the log does to the views."""

from dataclasses import dataclass
from typing import Literal

from events.audience import Label
from events.event import Position, RecordedEvent

Reason = Literal["corrected", "released", "retracted", "narrowed", "erased", "quarantined"]
Past = Literal["kept", "mended", "forgotten"]


@dataclass(frozen=True, slots=True)
class Change:
    """One instruction to every view, settled by `projections/rulings.py` before any view sees it.

    Args:
        kind: `put`: from now on the event reads like this (first time, or again: replaces what it said before);
            `drop`: everything this event said is forgotten.
        event: the event as it reads now: corrections applied, erased fields gone (`event.erased`).
            `event.position` is its own place in the log.
        label: who may see it now.
        at: place in the log of the event that caused this change; equals `event.position` for a first reading.
        reason: why it reads differently now; None for a first reading that stands. A first reading that is
            dropped at once has its reason and no `before`. `erased`: every form in which a view kept the event
            must go.
        before: the label it had until now; None for a first reading.
        erased: pointers of the fields that were erased by then, whether their keys still open them or not (the
            event itself lacks what no key opens any more, at whatever place of the log it is read); the empty
            pointer for all of it.
        past: what becomes of what the event said before. `kept`: it may be looked at as the past, under the present
            label. `mended`: but for what this change put right, which named a wrong person. `forgotten`: none of it.
        past_label: who may look at the past of what was retracted: those who may see the event and why it was
            retracted; None: whoever may see the event.
    """

    kind: Literal["put", "drop"]
    event: RecordedEvent
    label: Label
    at: Position
    reason: Reason | None = None
    before: Label | None = None
    erased: frozenset[str] = frozenset()
    past: Past = "kept"
    past_label: Label | None = None
