"""What one connection may cost, and for how long it may do nothing."""

from dataclasses import dataclass, field
from typing import Protocol

from hub.crowd import Crowd
from hub.settings import Settings

WRITE_BUFFER_BYTES = 16_384
"""Most that waits for one reader in user space: a piece is written only while less than half of it waits."""

HIGH, LOW = WRITE_BUFFER_BYTES // 2, WRITE_BUFFER_BYTES // 8


class Watched(Protocol):
    """A connection whose far end may take too long."""

    def look(self, now: float) -> None:
        """End it if that is so."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one connection may cost, and how many there may be.

    Args:
        head_seconds: for the whole head of a request, from its first byte or from the connection on.
        body_seconds: for the first bytes of a body, and for each pause in it.
        body_bytes_per_second: a body that stays below that for `body_seconds` is too slow.
        slow_seconds: how long a reader may take nothing of what waits for it.
        crowd: who is connected.
        watched: the connections that somebody goes round to look at.
    """

    head_seconds: float
    body_seconds: float
    body_bytes_per_second: int
    slow_seconds: float
    crowd: Crowd
    watched: set[Watched] = field(default_factory=set)

    @classmethod
    def of(cls, settings: Settings, crowd: Crowd) -> "Bounds":
        """Return the bounds that the operator set."""
        return cls(
            settings.head_seconds,
            settings.body_seconds,
            settings.body_bytes_per_second,
            settings.slow_seconds,
            crowd,
        )

    @property
    def round_seconds(self) -> float:
        """How often the watchman must go round, so that nothing is noticed much too late."""
        return min(0.4, min(self.head_seconds, self.body_seconds, self.slow_seconds) / 8)
