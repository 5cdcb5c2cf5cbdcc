"""What a desk works with, the same for every transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from events.decisions.aggregate import Decision
from events.decisions.gates import Gate
from events.event import Json
from events.ids import RandomBytes
from events.log import Log
from events.salt import Salt
from events.sealing import Sealing

Hearer = Callable[[Mapping[str, Json]], list[tuple[type[Decision], str]]]


@dataclass(frozen=True, slots=True)
class Means:
    """What a desk works with, the same for every transaction.

    Args:
        log: where decisions are replayed from.
        salt: of the log.
        sealing: tells whether something personal was sent again.
        deciders: event type → the aggregate that decides it.
        random: source of random bytes.
        gates: event type → what must hold by other decisions.
        hearers: type of a report → the aggregate that takes part in it.
    """

    log: Log
    salt: Salt
    sealing: Sealing
    deciders: Mapping[str, type[Decision]]
    random: RandomBytes
    gates: Mapping[str, Gate]
    hearers: Mapping[str, Hearer]
